"""Commands about what campaigns do: `optouts`, `rollout`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from softswitch.cli.options import DEFAULT_CONFIG, ConfigPath, asking
from softswitch.cli.running import server_of

commands = typer.Typer()


@commands.command()
def optouts(
    number: Annotated[
        str, typer.Argument(metavar="[NUMBER]", help='A customer, or "+38044*" for all numbers that begin so.')
    ] = "",
    to: Annotated[
        str, typer.Argument(metavar="[out|in]", help="out: no offers any more; in: offers again.", show_default=False)
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    campaign: Annotated[str, typer.Option(help="Only offers of this campaign.")] = "",
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Show who wants no offers from campaigns, or note that somebody does not, or does again."""
    from softswitch.admin import campaign_commands as commands

    if to not in ("", "out", "in"):
        raise typer.BadParameter(f'"{to}" is neither out nor in')
    server = server_of(config)
    with asking():
        if to:
            typer.echo(commands.opt(server.data_dir, number, campaign, out=to == "out"))
        else:
            commands.optouts(server.data_dir, number, Console(), zone=server.timezone, as_json=json)


@commands.command()
def rollout(
    place: Annotated[str, typer.Argument(metavar="[PLACE]", help='As in "menu:main"; without: show all.')] = "",
    to: Annotated[
        str, typer.Argument(metavar="[VERSION=PERCENT|back]", help="menu:new=25, or back.", show_default=False)
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Show which versions of menus callers come to, let more callers come to one, or go back at once."""
    from softswitch.admin import campaign_commands as commands

    server = server_of(config)
    version, _, percent = to.rpartition("=")
    if place and to != "back" and not (version and percent.replace(".", "", 1).isdecimal()):
        raise typer.BadParameter('write "menu:new=25", or "back"')
    with asking():
        if not place:
            commands.rollouts(server.data_dir, Console(), zone=server.timezone, as_json=json)
            return
        share = None if to == "back" else float(percent)
        typer.echo(commands.roll_out(server.data_dir, place, version or None, share))
