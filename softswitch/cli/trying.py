"""Commands that play calls without phones: `try`, `test`, `simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from softswitch.cli.options import DEFAULT_CONFIG, ConfigPath, load

commands = typer.Typer()


@commands.command("try")
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
    hours: Annotated[
        list[str] | None,
        typer.Option(
            help='Hours as set by hand: "office=closed" (open, special; auto: by their rules).',
            show_default="what is set in the switch",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Try a call without making one: its path, what is said, which keys are pressed, and why. See docs/checking.md."""
    from softswitch.call.supposed import QuestionError
    from softswitch.clock import SystemClock
    from softswitch.tryout.command import Request, try_call

    loaded, clock = load(config, warn=False), SystemClock()
    request = Request(did, ani, trunk, phone, at, digits, tuple(answer or ()), hang_up, hours or (), by_hand=True)
    try:
        try_call(loaded, request, clock.local(clock.now(), ""), typer.echo, as_json=json)
    except QuestionError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


@commands.command("test")
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

    loaded, clock = load(config, warn=False), SystemClock()
    try:
        code = run_tests(loaded, files or files_beside(config), clock.local(clock.now(), ""), typer.echo, as_json=json)
    except CallTestError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if code:
        raise typer.Exit(code)


@commands.command()
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
    loaded, clock = load(config), SystemClock()
    try:
        play(loaded, Request(arrivals, day, seed, days, what_if, json), Console(), clock.wall(clock.now()))
    except SimulationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
