"""The command `softswitch`: the groups of `softswitch.cli` in one."""

from __future__ import annotations

import typer

from softswitch.cli import campaigns, configuration, erasing, live, past, switch, trying

cli = typer.Typer(
    name="softswitch",
    help="A SIP switch with a voice menu and queues. Everything is configured in one TOML file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (switch, past, live, campaigns, configuration, trying, erasing):
    cli.add_typer(group.commands)


def main() -> None:
    """Entry point of the `softswitch` command."""
    cli()


if __name__ == "__main__":
    main()
