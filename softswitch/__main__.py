"""The command line: run, check, calls, demo."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from softswitch.config import Config, ConfigError, load_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from softswitch.admin.commands import Drawing

cli = typer.Typer(
    name="softswitch",
    help="A SIP switch with a voice menu and queues. Everything is configured in one TOML file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ConfigPath = Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")]
DEFAULT_CONFIG = Path("config.toml")


def _load(path: Path, *, warn: bool = True) -> Config:
    """The configuration, or every error of it at once and exit code 2. Warnings go to stderr, if wanted."""
    try:
        config = load_config(path)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    for warning in config.warnings if warn else ():
        typer.echo(warning.render(str(path)), err=True)
    return config


def _check_speech(config: Config) -> int:
    """Tell what catalogues and recordings lack; the number of warnings, or exit code 2 for errors."""
    from softswitch.voice import check_speech

    errors, warnings = check_speech(config)
    for message in (*errors, *(f"warning: {warning}" for warning in warnings)):
        typer.echo(message, err=True)
    if errors:
        raise typer.Exit(2)
    return len(warnings)


@cli.command()
def run(
    config: ConfigPath = DEFAULT_CONFIG,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every call's steps.")] = False,
) -> None:
    """Run the switch until Ctrl-C or SIGTERM."""
    from softswitch.app import StartError, serve

    loaded = _load(config)
    _check_speech(loaded)
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # its debug lines repeat every record
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it repeats URLs, with what callers have entered
    try:
        asyncio.run(serve(loaded, announce=typer.echo))
    except StartError as error:
        typer.echo(f"softswitch cannot start: {error}", err=True)
        raise typer.Exit(1) from None


@cli.command()
def check(
    config: ConfigPath = DEFAULT_CONFIG,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 if there are warnings.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document with every finding and its code.")] = False,
) -> None:
    """Check a configuration with the loader that `run` uses; exit code 2 if it has errors. See docs/checking.md."""
    from softswitch.tryout.check import check as look

    def complain(text: str) -> None:
        typer.echo(text, err=True)

    if code := look(config, typer.echo, complain, as_json=json, strict=strict):
        raise typer.Exit(code)


@cli.command()
def calls(
    config: ConfigPath = DEFAULT_CONFIG,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest calls.")] = 20,
    call: Annotated[str, typer.Option(help="Only this call, with every step of its path.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """List calls: who, when, the path through menus and queues, wait, talk time, who hung up."""
    from softswitch.store.database import StoreError
    from softswitch.store.listing import show_calls

    loaded = _load(config)
    try:
        found = show_calls(
            loaded.server.data_dir,
            Console(),
            last=last,
            call=call or None,
            as_json=json,
            zone=loaded.server.timezone,
        )
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if not found:
        raise typer.Exit(1)


@cli.command()
def voicemail(
    box: Annotated[str, typer.Argument(help="Only this box.", show_default="all")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    json: Annotated[bool, typer.Option("--json", help="One JSON document, with the files of the audio.")] = False,
) -> None:
    """List the messages that callers have left: who, when, how long, heard or not, and whether the mail was sent."""
    from softswitch.store.database import StoreError
    from softswitch.store.message_listing import show_messages

    loaded = _load(config, warn=False)
    if box not in ("", *loaded.voicemails):
        typer.echo(f'there is no box "{box}"; there are: {", ".join(loaded.voicemails) or "none"}', err=True)
        raise typer.Exit(2)
    server = loaded.server
    try:
        folder = server.data_dir / "voicemail"
        show_messages(server.data_dir, folder, Console(), box=box, as_json=json, zone=server.timezone)
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@cli.command()
def report(
    what: Annotated[
        str,
        typer.Argument(
            help='"containment": what menus do for callers; "survey": what they answer; "listening": how messages of '
            "campaigns are heard. Without: calls and agents."
        ),
    ] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    begin: Annotated[str, typer.Option("--from", help="A date, a time, today, yesterday.", show_default="today")] = "",
    end: Annotated[
        str, typer.Option("--to", help="The same; a date means its end.", show_default="end of the day")
    ] = "",
    by: Annotated[
        str,
        typer.Option(
            help="queue, agent, interval, or call (one line each). Of containment: topic, path, did, segment, "
            "language, version, node; of survey: question, queue, agent, path, node, did, language, interval, call.",
            show_default="queue, topic, question",
        ),
    ] = "",
    interval: Annotated[int, typer.Option(help="Cut the period into so many minutes: 15, 30 or 60.")] = 0,
    queue: Annotated[str, typer.Option(help="Only this queue.")] = "",
    definition: Annotated[str, typer.Option(help="Service level by F1 … F6 instead of what the queues say.")] = "",
    csv: Annotated[Path | None, typer.Option(help="Write a CSV file with every figure.")] = None,
    campaign: Annotated[str, typer.Option(help="Of `report listening`: only this one.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON document with definitions.")] = False,
) -> None:
    """Service level, waits, handling times, occupancy: what the journal adds up to. See docs/reports.md."""
    from softswitch.clock import SystemClock
    from softswitch.reports import special
    from softswitch.reports.command import ReportError, Request
    from softswitch.reports.command import report as make_report
    from softswitch.store.database import StoreError

    loaded, clock = _load(config), SystemClock()
    request = Request(by, begin, end, interval, definition, queue, csv, json)
    now = clock.wall(clock.now())
    try:
        match what:
            case "":
                make_report(loaded, request, Console(), now)
            case "listening":
                special.listening(loaded, request, campaign, Console(), now)
            case "containment":
                special.containment(loaded, request, Console(), now)
            case "survey":
                special.surveys(loaded, request, Console(), now)
            case _:
                typer.echo(f'there is no report "{what}"; there are: containment, survey, listening', err=True)
                raise typer.Exit(2)
    except ReportError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


explanations = typer.Typer(help="Why things went as they went, from the journal.", no_args_is_help=True)
cli.add_typer(explanations, name="explain")


@explanations.command("call")
def explain_call(
    call: Annotated[str, typer.Argument(help='The id of a call, the beginning of it, or "last".')],
    config: ConfigPath = DEFAULT_CONFIG,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Tell in sentences what happened with a call: menus, queues, every offer with its reasons, who hung up."""
    from softswitch.explain.command import ExplainError
    from softswitch.explain.command import explain_call as tell
    from softswitch.store.database import StoreError

    loaded = _load(config)
    try:
        tell(loaded, call, Console(), json=json)
    except (ExplainError, StoreError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@explanations.command("route")
def explain_route(
    did: Annotated[str, typer.Option(help="The number that is dialled.")],
    config: ConfigPath = DEFAULT_CONFIG,
    ani: Annotated[str, typer.Option(help='The number that calls; without, or "withheld": none is told.')] = "",
    at: Annotated[str, typer.Option(help='When: "2026-12-25 10:00" or "10:00".', show_default="now")] = "",
    trunk: Annotated[str, typer.Option(help="Where the call comes in.", show_default="the first trunk")] = "",
    phone: Annotated[str, typer.Option(help="The phone that calls, when it is one of our own.")] = "",
) -> None:
    """Tell which route takes a call and why others do not, what lists and hours say, and where the caller lands."""
    from softswitch.call.supposed import QuestionError
    from softswitch.clock import SystemClock
    from softswitch.explain.route import Question
    from softswitch.explain.route import explain_route as explain

    loaded, clock = _load(config), SystemClock()
    try:
        told = explain(loaded, Question(did, ani, at, trunk, phone), clock.local(clock.now(), ""))
    except QuestionError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    for line in told.lines(did):
        typer.echo(line)
    if told.destination is None:
        raise typer.Exit(1)


@explanations.command("replay")
def explain_replay(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Replay the journal and compare every decision; exit code 1 if one differs."""
    from softswitch.explain.command import ExplainError
    from softswitch.explain.command import explain_replay as prove
    from softswitch.store.database import StoreError

    loaded = _load(config)
    try:
        exact = prove(loaded, Console())
    except (ExplainError, StoreError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if not exact:
        raise typer.Exit(1)


@cli.command()
def callbacks(
    config: ConfigPath = DEFAULT_CONFIG,
    hours: Annotated[float, typer.Option(min=0.01, help="How far to look back.")] = 24.0,
    json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
    cancel: Annotated[
        str, typer.Option(help="Take this one back: the beginning of its call, in the running switch.")
    ] = "",
) -> None:
    """List whom to call back: who waited in vain and was not served since, and callbacks that are not made yet."""
    from softswitch.store.database import StoreError
    from softswitch.store.missed_listing import show_callbacks

    loaded = _load(config)
    if cancel:
        _cancel_callback(loaded.server.data_dir, cancel)
        return
    try:
        show_callbacks(
            loaded.server.data_dir,
            Console(),
            since=time.time() - hours * 3600,
            as_json=json,
            short={name: queue.service_level.short_abandon for name, queue in loaded.queues.items()},
            zone=loaded.server.timezone,
        )
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _cancel_callback(data_dir: Path, beginning: str) -> None:
    from softswitch.admin.client import NotRunning
    from softswitch.admin.commands import change
    from softswitch.admin.protocol import AdminError

    try:
        done = change(data_dir, "callback.cancel", callback=beginning)
        typer.echo(f"{done['cancelled']} is not called back any more")
    except (NotRunning, AdminError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@cli.command()
def queues(
    config: ConfigPath = DEFAULT_CONFIG,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again every second, until Ctrl-C.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="JSON instead of a table; with --watch one line a look.")
    ] = False,
) -> None:
    """Show the queues of the running switch: who waits how long, who could serve them, today's service level."""
    from softswitch.admin.tables import queues_table

    _show("queues", queues_table, config, watch=watch, as_json=json)


@cli.command()
def agents(
    config: ConfigPath = DEFAULT_CONFIG,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Look again every second, until Ctrl-C.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="JSON instead of a table; with --watch one line a look.")
    ] = False,
) -> None:
    """Show the agents of the running switch: what they do, since when, at which phone, with whom."""
    from softswitch.admin.tables import agents_table

    _show("agents", agents_table, config, watch=watch, as_json=json)


def _show(verb: str, draw: Drawing, path: Path, *, watch: bool, as_json: bool) -> None:
    from softswitch.admin.client import NotRunning
    from softswitch.admin.commands import show
    from softswitch.admin.protocol import AdminError

    server = _load(path).server
    try:
        show(server.data_dir, verb, draw, Console(), zone=server.timezone, as_json=as_json, watch=watch)
    except (NotRunning, AdminError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@cli.command()
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
    changed = _change(
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
    _tell(changed if several else {"changed": [changed], "refused": []}, "call", changed_call)


def _tell(done: dict[str, Any], who: str, told: Callable[[Mapping[str, Any]], str]) -> None:
    """What was done to each, and what could not be."""
    for changed in done["changed"]:
        typer.echo(told(changed))
    for refused in done["refused"]:
        typer.echo(f"{refused[who]}: {refused['why']}", err=True)
    if not done["changed"] and not done["refused"]:
        typer.echo("there is nobody")
    if done["refused"]:
        raise typer.Exit(1)


class Verified(StrEnum):
    PASSED = "passed"
    FAILED = "failed"


@cli.command()
def verify(
    call: Annotated[str, typer.Argument(help="The call's id; its beginning will do.")],
    result: Annotated[Verified, typer.Argument(help="Whether the caller is who they say.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Mark whether a caller is who they say, in place of the agent; see docs/callers.md."""
    changed = _change(config, "call.verify", call=call, result=result.value)
    typer.echo(f"{changed['call']}: {changed['verified']}")


class Hours(StrEnum):
    """What hours are to be."""

    OPEN = "open"
    CLOSED = "closed"
    SPECIAL = "special"
    AUTO = "auto"


@cli.command()
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
        _show("hours", hours_table, config, watch=False, as_json=json)
        return
    if to is None:
        raise typer.BadParameter(f"say what {hours} is to be: {', '.join(Hours)}")
    typer.echo(changed_hours(_change(config, "hours.change", hours=hours, to=to.value, until=until)))


@cli.command()
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
    server = _load(config).server
    with _asking():
        if to:
            typer.echo(commands.opt(server.data_dir, number, campaign, out=to == "out"))
        else:
            commands.optouts(server.data_dir, number, Console(), zone=server.timezone, as_json=json)


@cli.command()
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

    server = _load(config).server
    version, _, percent = to.rpartition("=")
    if place and to != "back" and not (version and percent.replace(".", "", 1).isdecimal()):
        raise typer.BadParameter('write "menu:new=25", or "back"')
    with _asking():
        if not place:
            commands.rollouts(server.data_dir, Console(), zone=server.timezone, as_json=json)
            return
        share = None if to == "back" else float(percent)
        typer.echo(commands.roll_out(server.data_dir, place, version or None, share))


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


@cli.command()
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

    done = _change(
        config,
        "agents.change",
        agent=agents,
        to=to.value,
        phone=phone,
        reason=reason,
        queue=queue,
        skills=_levels(skill or []),
    )
    _tell(done, "agent", changed_agent)


def _levels(written: list[str]) -> dict[str, int] | None:
    """`["sales=80"]` as levels; None when there are none."""
    levels = {}
    for text in written:
        name, _, level = text.partition("=")
        if not name or not level.isdecimal() or int(level) > 100:
            raise typer.BadParameter(f'"{text}" is not a skill with a level from 0 to 100; write sales=80')
        levels[name] = int(level)
    return levels or None


@contextmanager
def _asking() -> Iterator[None]:
    """Exit code 1 when the switch does not run, or refuses."""
    from softswitch.admin.client import NotRunning
    from softswitch.admin.protocol import AdminError

    try:
        yield
    except (NotRunning, AdminError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _change(path: Path, verb: str, **args: object) -> dict[str, Any]:
    from softswitch.admin.client import NotRunning
    from softswitch.admin.commands import change
    from softswitch.admin.protocol import AdminError

    try:
        return change(_load(path).server.data_dir, verb, **args)
    except (NotRunning, AdminError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@cli.command()
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

    _ask(take_over, config, data_dir, json)


@cli.command()
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

    _ask(compare, config, data_dir, json)


def _ask(command: Callable[..., int], path: Path, data_dir: Path | None, as_json: bool) -> None:
    from softswitch.admin.client import NotRunning
    from softswitch.admin.protocol import AdminError

    try:
        # the switch tells of the warnings
        code = command(data_dir or _load(path, warn=False).server.data_dir, path, Console(), as_json=as_json)
    except (NotRunning, AdminError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(3) from None
    if code:
        raise typer.Exit(code)


@cli.command("try")
def try_(
    did: Annotated[str, typer.Option(help="The number that is dialled.")],
    config: ConfigPath = DEFAULT_CONFIG,
    ani: Annotated[str, typer.Option(help='The number that calls; without, or "withheld": none is told.')] = "",
    digits: Annotated[
        str, typer.Option(help='What is pressed each time keys are wanted: "1,2"; "-" nothing; "1@2.5" after 2.5 s.')
    ] = "",
    at: Annotated[str, typer.Option(help='When: "2026-12-25 10:00" or "10:00".', show_default="now")] = "",
    trunk: Annotated[str, typer.Option(help="The trunk that the call comes from.", show_default="the first")] = "",
    phone: Annotated[str, typer.Option(help="The phone that calls, when it is one of our own.")] = "",
    answer: Annotated[
        list[str] | None,
        typer.Option(help='What a queue, phone or service does: "queue:sales=timed-out", "webservice:x=ok,sum=5".'),
    ] = None,
    hang_up: Annotated[float | None, typer.Option(help="Seconds after which the caller hangs up.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Try a call without making one: its path, what is said, which keys are pressed, and why. See docs/checking.md."""
    from softswitch.call.supposed import QuestionError
    from softswitch.clock import SystemClock
    from softswitch.tryout.command import Request, try_call

    loaded, clock = _load(config, warn=False), SystemClock()
    request = Request(did, ani, trunk, phone, at, digits, tuple(answer or ()), hang_up)
    try:
        try_call(loaded, request, clock.local(clock.now(), ""), typer.echo, as_json=json)
    except QuestionError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


@cli.command("test")
def calltests(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files of calls. Without: *.calltest.toml beside the configuration.")
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Try calls and compare what comes of them with what is expected; exit code 1 if something differs."""
    from softswitch.clock import SystemClock
    from softswitch.tryout.calltest import CallTestError
    from softswitch.tryout.testing import files_beside, run_tests

    loaded, clock = _load(config, warn=False), SystemClock()
    try:
        code = run_tests(loaded, files or files_beside(config), clock.local(clock.now(), ""), typer.echo, as_json=json)
    except CallTestError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if code:
        raise typer.Exit(code)


@cli.command()
def simulate(
    config: ConfigPath = DEFAULT_CONFIG,
    arrivals: Annotated[
        Path | None, typer.Option(help="Who calls when: a TOML or CSV file, see examples/arrivals.toml.")
    ] = None,
    learn: Annotated[bool, typer.Option("--learn", help="Who calls when, from the journal. The default.")] = False,
    day: Annotated[str, typer.Option(help="A date, today, yesterday, tomorrow.")] = "today",
    seed: Annotated[int, typer.Option(help="The same seed brings the same callers.")] = 1,
    days: Annotated[
        int, typer.Option(min=1, max=1000, help="Play the day so often; tells how sure the figures are.")
    ] = 1,
    what_if: Annotated[
        bool, typer.Option("--what-if/--no-what-if", help="Also with one agent more or less of each group.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """A virtual day with the configured queues and agents: service level, waits, one agent more or less."""
    from softswitch.clock import SystemClock
    from softswitch.simulation.command import Request, SimulationError
    from softswitch.simulation.command import simulate as play
    from softswitch.store.database import StoreError

    if arrivals is not None and learn:
        typer.echo("--arrivals and --learn exclude each other: give one of them", err=True)
        raise typer.Exit(2)
    loaded, clock = _load(config), SystemClock()
    try:
        play(loaded, Request(arrivals, day, seed, days, what_if, json), Console(), clock.wall(clock.now()))
    except SimulationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@cli.command()
def demo(
    output: Annotated[Path, typer.Option(help="Folder for what each caller heard.")] = Path("demo-output"),
) -> None:
    """Two agents, six callers in four languages, the real switch on loopback: watch them being served."""
    from softswitch.demo.show import run_demo

    raise typer.Exit(asyncio.run(run_demo(output, Console())))


def main() -> None:
    """Entry point of the `softswitch` command."""
    cli()


if __name__ == "__main__":
    main()
