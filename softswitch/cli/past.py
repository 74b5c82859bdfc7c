"""Commands that read the journal: `calls`, `callbacks`, `report`, `explain`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from softswitch.cli.options import DEFAULT_CONFIG, ConfigPath, load
from softswitch.cli.running import server_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from softswitch.messages import Message

commands = typer.Typer()


explanations = typer.Typer(no_args_is_help=True)
commands.add_typer(explanations, name="explain")


@commands.command()
def calls(
    config: ConfigPath = DEFAULT_CONFIG,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest calls.")] = 20,
    call: Annotated[str, typer.Option(help="Only this call, with every step of its path.")] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """List calls: who, when, the path through menus and queues, wait, talk time, who hung up."""
    from softswitch.store.database import StoreError
    from softswitch.store.listing import show_calls

    loaded = load(config)
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


@commands.command()
def voicemail(
    box: Annotated[str, typer.Argument(help="Only this box.", show_default="all")] = "",
    config: ConfigPath = DEFAULT_CONFIG,
    json: Annotated[bool, typer.Option("--json", help="One JSON document, with the files of the audio.")] = False,
) -> None:
    """List the messages that callers have left: who, when, how long, heard or not, mail sent or not, what is said."""
    from softswitch.store.database import StoreError
    from softswitch.store.message_listing import show_messages
    from softswitch.voicemail.standing import Letters, wants_mail

    loaded = load(config, warn=False)
    if box not in ("", *loaded.voicemails):
        typer.echo(f'there is no box "{box}"; there are: {", ".join(loaded.voicemails) or "none"}', err=True)
        raise typer.Exit(2)
    server, letters = loaded.server, Letters(loaded.server.data_dir / "mail")

    def mail(messages: Sequence[Message]) -> Mapping[str, str]:
        return letters.of(messages, lambda message: wants_mail(loaded, message.box))

    try:
        folder = server.data_dir / "voicemail"
        show_messages(server.data_dir, folder, Console(), mail=mail, box=box, as_json=json, zone=server.timezone)
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@commands.command()
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

    loaded, clock = load(config), SystemClock()
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

    loaded = load(config)
    try:
        tell(loaded, call, Console(), json=json)
    except (ExplainError, StoreError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


Did = Annotated[str, typer.Option(help="The number that is dialled.")]
Ani = Annotated[str, typer.Option(help='The number that calls; without, or "withheld": none is told.')]
At = Annotated[str, typer.Option(help='When: "2026-12-25 10:00" or "10:00".', show_default="now")]
Trunk = Annotated[str, typer.Option(help="Where the call comes in.", show_default="the first trunk")]
Phone = Annotated[str, typer.Option(help="The phone that calls, when it is one of our own.")]
Hours = Annotated[
    list[str] | None,
    typer.Option(
        help='Hours as set by hand: "office=closed" (open, special; auto: by their rules).',
        show_default="what is set in the switch",
    ),
]


@explanations.callback(invoke_without_command=True)
def explain(
    context: typer.Context,
    config: ConfigPath = DEFAULT_CONFIG,
    did: Did = "",
    ani: Ani = "",
    at: At = "",
    trunk: Trunk = "",
    phone: Phone = "",
    hours: Hours = None,
) -> None:
    """Why things went as they went, from the journal. With --did and no command: where a call would go (`route`)."""
    if context.invoked_subcommand is None:
        if not did:
            raise typer.BadParameter("say which number is dialled", param_hint="--did")
        _explain_route(config, did, ani, at, trunk, phone, hours)
    elif any(value not in ("", None, DEFAULT_CONFIG) for value in (config, did, ani, at, trunk, phone, hours)):
        command = context.invoked_subcommand
        raise typer.BadParameter(f"write the options after the command: softswitch explain {command} …")


@explanations.command("route")
def explain_route(
    did: Did,
    config: ConfigPath = DEFAULT_CONFIG,
    ani: Ani = "",
    at: At = "",
    trunk: Trunk = "",
    phone: Phone = "",
    hours: Hours = None,
) -> None:
    """Tell which route takes a call and why others do not, what lists and hours say, and where the caller lands."""
    _explain_route(config, did, ani, at, trunk, phone, hours)


def _explain_route(config: Path, did: str, ani: str, at: str, trunk: str, phone: str, hours: list[str] | None) -> None:
    from softswitch.call.supposed import QuestionError
    from softswitch.clock import SystemClock
    from softswitch.explain.route import Question
    from softswitch.explain.route import explain_route as explain

    loaded, clock = load(config), SystemClock()
    try:
        question = Question(did, ani, at, trunk, phone, hours or (), by_hand=True)
        told = explain(loaded, question, clock.local(clock.now(), ""))
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

    loaded = load(config)
    try:
        exact = prove(loaded, Console())
    except (ExplainError, StoreError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if not exact:
        raise typer.Exit(1)


@commands.command()
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

    if cancel:
        _cancel_callback(server_of(config).data_dir, cancel)
        return
    loaded = load(config)
    try:
        show_callbacks(
            loaded.server.data_dir,
            Console(),
            since=time.time() - hours * 3600,
            as_json=json,
            short={name: queue.service_level.short_abandon for name, queue in loaded.queues.items()},
            queues={name: request.queue or "" for name, request in loaded.callback_requests.items()},
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
