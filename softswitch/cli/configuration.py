"""Commands that give the running switch another configuration: `diff` and `reload`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softswitch.cli.options import DEFAULT_CONFIG, ConfigPath, compare_with

commands = typer.Typer()


@commands.command()
def reload(
    config: ConfigPath = DEFAULT_CONFIG,
    data_dir: Annotated[
        Path | None, typer.Option(help="Of the running switch, when the file names another one.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Have the running switch take over its file as it is now, and tell what changed; a bad file changes nothing.

    Calls, registrations and agents go on. Exit code 2 if the file has errors.
    """
    from softswitch.admin.reload_commands import reload as take_over

    compare_with(take_over, config, data_dir, json)


@commands.command()
def diff(
    config: ConfigPath = DEFAULT_CONFIG,
    data_dir: Annotated[
        Path | None, typer.Option(help="Of the running switch, when the file names another one.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Show what a reload would change, and what would wait for a restart.

    Exit code 0 if nothing is different, 1 if something is, 2 if the file has errors.
    """
    from softswitch.admin.reload_commands import diff as compare

    compare_with(compare, config, data_dir, json)
