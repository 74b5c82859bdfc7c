"""The demonstration from beginning to end."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from rich.text import Text

from softswitch.demo import verdict
from softswitch.demo.caller import CallerAtPhone
from softswitch.demo.desk import Desk
from softswitch.demo.script import AGENTS, CALLERS, DOMAIN
from softswitch.demo.stage import Stage
from softswitch.demo.switch import DemoError, SwitchProcess
from softswitch.demo.timeline import STAGE, Timeline
from softswitch.demo.voices import Voices
from softswitch.phones.call import PhoneError
from softswitch.phones.ticker import Ticker
from softswitch.store.database import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

#: The whole of it, in seconds; it takes about a minute.
_LONGEST: Final = 110.0


async def run_demo(output: Path, console: Console) -> int:
    """Play it, write a WAV of what each caller heard into *output*; 0, or 1 when something expected did not happen."""
    timeline = Timeline(console)
    switch = SwitchProcess(output / "switch")
    failures: list[str] = []
    files: dict[str, Path] = {}
    try:
        async with asyncio.timeout(_LONGEST):
            switch.prepare()
            timeline.print(
                Text("Two agents, six callers, four languages: a contact centre in about a minute.", style="bold")
            )
            voices = Voices(switch.data / "speech")
            await voices.render()
            timeline.say(STAGE, "everything that will be said is rendered")
            try:
                pid = await switch.start()
                host, port = switch.address
                timeline.say(STAGE, f"softswitch run is up as process {pid}: SIP on {host}:{port}, real RTP")
                failures += await _play(switch, timeline, voices, output, files)
            finally:
                await switch.stop()
            timeline.say(STAGE, "the switch has stopped; every call is on record")
            failures += _judge(switch, timeline, voices, files)
    except TimeoutError:
        failures.append(f"it was not over within {_LONGEST:g} s")
    except (DemoError, PhoneError, StoreError, OSError) as error:
        failures.append(str(error))
    return _end(switch, timeline, failures, files)


async def _play(
    switch: SwitchProcess, timeline: Timeline, voices: Voices, output: Path, files: dict[str, Path]
) -> list[str]:
    """Everybody plays their part; returns what went wrong. The recordings are written whatever happens."""
    stage = Stage(timeline, voices, Ticker(), switch.address, DOMAIN, switch.passwords)
    stage.desks = [Desk(stage, agent) for agent in AGENTS]
    stage.callers = {caller.number: CallerAtPhone(stage, caller) for caller in CALLERS}
    phones = [*(desk.phone for desk in stage.desks), *(caller.phone for caller in stage.callers.values())]
    try:
        async with AsyncExitStack() as stack:
            for phone in phones:
                await stack.enter_async_context(phone)
            await asyncio.gather(*(desk.log_in() for desk in stage.desks))
            results = await asyncio.gather(
                *(caller.play() for caller in stage.callers.values()), return_exceptions=True
            )
            for result in results:
                if isinstance(result, PhoneError):
                    stage.failures.append(str(result))
                elif isinstance(result, BaseException):
                    raise result
    finally:
        for place, (number, caller) in enumerate(stage.callers.items(), start=1):
            if caller.call is not None:
                path = output / f"{place}-{caller.caller.name.lower()}-{caller.caller.language}.wav"
                caller.call.line.heard.write(path)
                files[number] = path
    return stage.failures


def _judge(switch: SwitchProcess, timeline: Timeline, voices: Voices, files: Mapping[str, Path]) -> list[str]:
    """Show the records; returns what they and the recordings should say and do not."""
    records = verdict.read_records(switch.data)
    timeline.print("")
    timeline.print(verdict.summary(records))
    found = [*verdict.wrong_records(records), *verdict.wrong_recordings(files, voices)]
    return found + [f"the switch logged: {line}" for line in switch.complaints()]


def _end(switch: SwitchProcess, timeline: Timeline, failures: Sequence[str], files: Mapping[str, Path]) -> int:
    timeline.print("")
    if files:
        timeline.print(Text("What each caller heard", style="bold"))
        for path in files.values():
            timeline.print(Text(f"  {path}"))
    if switch.config.exists():
        timeline.print(Text(f"The records again: softswitch calls --config {switch.config}", style="dim"))
    if failures:
        timeline.print(Text(f"\nThe demonstration failed after {timeline.seconds:.0f} s:", style="bold red"))
        for failure in failures:
            timeline.print(Text(f"  {failure}", style="red"))
        timeline.print(Text(f"  The log of the switch is in {switch.log}.", style="dim"))
        return 1
    timeline.print(
        Text(
            f"\nAll as it should be after {timeline.seconds:.0f} s: everybody was served by an agent who speaks their "
            "language, and the recordings hold the menu, the music, the places in the queue and both voices.",
            style="bold green",
        )
    )
    return 0
