"""Commands to the running switch: `status`, `queues`, `agents`, `call`, `agent`, `verify`, `hours`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from softswitch.cli.options import DEFAULT_CONFIG, ConfigPath, change_live, show_live, tell

commands = typer.Typer()

Watch = Annotated[bool, typer.Option("--watch", "-w", help="Look again every second, until Ctrl-C.")]
LooksAsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table; with --watch one line a look.")]


@commands.command()
def status(config: ConfigPath = DEFAULT_CONFIG, watch: Watch = False, json: LooksAsJson = False) -> None:
    """Show how the running switch is: alarms of journal, events, mail and disk; its process, file and version."""
    from softswitch.admin.status_table import status_table

    show_live("status", status_table, config, watch=watch, as_json=json)


@commands.command()
def queues(config: ConfigPath = DEFAULT_CONFIG, watch: Watch = False, json: LooksAsJson = False) -> None:
    """Show the queues of the running switch: who waits how long, who could serve them, today's service level."""
    from softswitch.admin.tables import queues_table

    show_live("queues", queues_table, config, watch=watch, as_json=json)


@commands.command()
def agents(config: ConfigPath = DEFAULT_CONFIG, watch: Watch = False, json: LooksAsJson = False) -> None:
    """Show the agents of the running switch: what they do, since when, at which phone, with whom."""
    from softswitch.admin.tables import agents_table

    show_live("agents", agents_table, config, watch=watch, as_json=json)


@commands.command()
def call(
    call: Annotated[
        str,
        typer.Argument(
            help="The call's id as `softswitch queues` shows it; its beginning will do. Several with commas; "
            "queue:NAME: all who wait there."
        ),
    ],
    config: ConfigPath = DEFAULT_CONFIG,
    priority: Annotated[
        float | None, typer.Option(help="The caller's own points, in place of the present ones.")
    ] = None,
    queue: Annotated[str | None, typer.Option(help="Move to this queue; the age is kept.")] = None,
    needs: Annotated[str | None, typer.Option(help='Skills that this caller needs as well: "pl >= 50".')] = None,
    preferred: Annotated[str | None, typer.Option(help="Agents with these skills are asked first.")] = None,
    to: Annotated[
        str | None,
        typer.Option(help="Send on: agent:olena, phone:1001, menu:main…; who is not taken there waits again."),
    ] = None,
    only_in: Annotated[str | None, typer.Option(help="Nothing is done unless the caller is in this queue.")] = None,
) -> None:
    """Change callers who wait in queues, or send them on; all who wait are sorted anew at once."""
    from softswitch.admin.tables import changed_call

    several = "," in call or call.startswith("queue:")
    changed = change_live(
        config,
        "calls.change" if several else "call.change",
        call=call,
        priority=priority,
        queue=queue,
        needs=needs,
        preferred=preferred,
        to=to,
        only_in=only_in,
    )
    tell(changed if several else {"changed": [changed], "refused": []}, "call", changed_call)


class Verified(StrEnum):
    PASSED = "passed"
    FAILED = "failed"


@commands.command()
def verify(
    call: Annotated[str, typer.Argument(help="The call's id; its beginning will do.")],
    result: Annotated[Verified, typer.Argument(help="Whether the caller is who they say.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Mark whether a caller is who they say, in place of the agent; see docs/callers.md."""
    changed = change_live(config, "call.verify", call=call, result=result.value)
    typer.echo(f"{changed['call']}: {changed['verified']}")


class Hours(StrEnum):
    """What hours are to be."""

    OPEN = "open"
    CLOSED = "closed"
    SPECIAL = "special"
    AUTO = "auto"


@commands.command()
def hours(
    hours: Annotated[str, typer.Argument(metavar="[NAME]", help="Hours to set; without: show all of them.")] = "",
    to: Annotated[Hours | None, typer.Argument(help="Set by hand, or auto: what the rules say.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    until: Annotated[
        str | None,
        typer.Option(help='17:30, "2026-12-24 17:30", 45m, 2h, or released (no end); without: until the rules change.'),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Show the opening hours of the running switch: what they are, why, until when; or set them by hand."""
    from softswitch.admin.hours_tables import changed_hours, hours_table

    if not hours:
        show_live("hours", hours_table, config, watch=False, as_json=json)
        return
    if to is None:
        raise typer.BadParameter(f"say what {hours} is to be: {', '.join(Hours)}")
    typer.echo(changed_hours(change_live(config, "hours.change", hours=hours, to=to.value, until=until)))


class To(StrEnum):
    """What an agent is to do."""

    LOGIN = "login"
    LOGOUT = "logout"
    BREAK = "break"
    BACK = "back"
    DONE = "done"
    JOIN = "join"
    LEAVE = "leave"
    SKILLS = "skills"


@commands.command()
def agent(
    agents: Annotated[
        str,
        typer.Argument(
            help="The agent's id; several with commas; queue:NAME: all who could serve there; or all.", metavar="AGENT"
        ),
    ],
    to: Annotated[
        To,
        typer.Argument(
            help="login, logout, break, back (from a break), done (with the wrap-up), join or leave (a queue), skills."
        ),
    ],
    config: ConfigPath = DEFAULT_CONFIG,
    phone: Annotated[str | None, typer.Option(help="Where to log in; without: at the usual phone.")] = None,
    reason: Annotated[str | None, typer.Option(help="Of the break or the logout.")] = None,
    queue: Annotated[str | None, typer.Option(help="To join or to leave.")] = None,
    skill: Annotated[list[str] | None, typer.Option(help="As sales=80; 0 takes it away. May be repeated.")] = None,
) -> None:
    """Log agents in or out, send them on a break and back, change their queues and skills.

    A conversation is never interrupted. Changed skills last until the configuration of that agent's skills changes.
    """
    from softswitch.admin.tables import changed_agent

    done = change_live(
        config,
        "agents.change",
        agent=agents,
        to=to.value,
        phone=phone,
        reason=reason,
        queue=queue,
        skills=_levels(skill or []),
    )
    tell(done, "agent", changed_agent)


def _levels(written: list[str]) -> dict[str, int] | None:
    """`["sales=80"]` as levels; None when there are none."""
    levels = {}
    for text in written:
        name, _, level = text.partition("=")
        if not name or not level.isdecimal() or int(level) > 100:
            raise typer.BadParameter(f'"{text}" is not a skill with a level from 0 to 100; write sales=80')
        levels[name] = int(level)
    return levels or None
