"""The demonstration from beginning to end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Final

from rich.text import Text

from softswitch.demo import verdict
from softswitch.demo.caller import CallerAtPhone
from softswitch.demo.desk import Desk
from softswitch.demo.script import AGENTS, CALLERS, DOMAIN
from softswitch.demo.stage import Stage
from softswitch.demo.switch import DemoError, SwitchProcess
from softswitch.demo.timeline import SWITCH, Timeline
from softswitch.demo.voices import Voices
from softswitch.phones.call import PhoneError
from softswitch.phones.ticker import Ticker
from softswitch.store.database import StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rich.console import Console

#: The whole of it, in seconds; it takes about a minute.
_LONGEST: Final = 110.0


async def run_demo(output: Path, console: Console) -> int:
    """Play it, write a WAV of what each caller heard into *output*; 0, or 1 when something expected did not happen."""
    demo = _Demo(output, Timeline(console))
    try:
        async with asyncio.timeout(_LONGEST), _ended_by_sigterm():
            await demo.run()
    except TimeoutError:
        demo.failures.append(f"it was not over within {_LONGEST:g} s")
    except (DemoError, PhoneError, StoreError, OSError) as error:
        demo.failures.append(str(error))
    return demo.end()


@contextlib.asynccontextmanager
async def _ended_by_sigterm() -> AsyncIterator[None]:
    """SIGTERM ends what is inside as Ctrl-C would: no switch is left running. Raises DemoError then."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    told = False

    def tell() -> None:
        nonlocal told
        told = True
        if task is not None:
            task.cancel()

    loop.add_signal_handler(signal.SIGTERM, tell)
    try:
        yield
    except asyncio.CancelledError:
        if not told or task is None:
            raise
        task.uncancel()
        raise DemoError("it was told to end") from None
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


class _Demo:
    def __init__(self, output: Path, timeline: Timeline) -> None:
        self._output = output
        self._timeline = timeline
        self._switch = SwitchProcess(output / "switch")
        self._files: dict[str, Path] = {}  # by number
        #: What should have happened and did not, in plain words.
        self.failures: list[str] = []

    async def run(self) -> None:
        """Raises DemoError, PhoneError, StoreError and OSError for what ends the demonstration early."""
        timeline, switch = self._timeline, self._switch
        switch.prepare()
        timeline.print(Text("Two agents, six callers, four languages: a contact centre in a minute.", style="bold"))
        voices = Voices(switch.data / "speech")
        await voices.render()
        timeline.say(SWITCH, "everything that will be said is rendered")
        try:
            pid = await switch.start()
            host, port = switch.address
            timeline.say(SWITCH, f"softswitch run is up as process {pid}: SIP on {host}:{port}, real RTP")
            await self._while_it_runs(voices)
        finally:
            await switch.stop()
        timeline.say(SWITCH, "the switch has stopped; every call is on record")
        records = verdict.read_records(switch.data)
        timeline.print("")
        timeline.print(verdict.summary(records))
        self.failures += verdict.wrong_records(records)
        self.failures += verdict.wrong_recordings(self._files, voices)
        self.failures += [f"the switch logged: {line}" for line in switch.complaints()]

    async def _while_it_runs(self, voices: Voices) -> None:
        """The play, which ends early when the switch does."""
        play = asyncio.create_task(self._play(voices), name="the play")
        ended = asyncio.create_task(self._switch.ended(), name="end of the switch")
        try:
            await asyncio.wait({play, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not play.done():
                raise DemoError("the switch ended in the middle of it")
        finally:
            ended.cancel()
            if not play.done():
                play.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await play
        await play

    async def _play(self, voices: Voices) -> None:
        """Everybody plays their part. The recordings are written whatever happens."""
        stage = Stage(
            self._timeline, voices, Ticker(), self._switch.address, DOMAIN, self._switch.passwords, self.failures
        )
        stage.desks = [Desk(stage, agent) for agent in AGENTS]
        stage.callers = {caller.number: CallerAtPhone(stage, caller) for caller in CALLERS}
        phones = [*(desk.phone for desk in stage.desks), *(caller.phone for caller in stage.callers.values())]
        try:
            for phone in phones:
                await phone.start()
            await asyncio.gather(*(desk.log_in() for desk in stage.desks))
            results = await asyncio.gather(
                *(caller.play() for caller in stage.callers.values()), return_exceptions=True
            )
            self._note(results)
            await asyncio.gather(*(desk.idle() for desk in stage.desks))
        finally:
            self._write_recordings(stage)
            self._note(await asyncio.gather(*(phone.close() for phone in phones), return_exceptions=True))

    def _note(self, results: list[BaseException | None]) -> None:
        """What people complain of is written down; anything else is a fault of the program."""
        for result in results:
            if isinstance(result, PhoneError):
                self.failures.append(str(result))
            elif result is not None:
                raise result

    def _write_recordings(self, stage: Stage) -> None:
        for place, (number, caller) in enumerate(stage.callers.items(), start=1):
            if caller.call is not None:
                file = self._output / f"{place}-{caller.caller.name.lower()}-{caller.caller.language}.wav"
                caller.call.line.heard.write(file)
                self._files[number] = file

    def end(self) -> int:
        """The last lines; the exit code."""
        say = self._timeline.print
        say("")
        if self._files:
            say(Text("What each caller heard", style="bold"))
            for file in self._files.values():
                say(Text(f"  {file}"))
        if self._switch.config.exists():
            say(Text(f"The records again: softswitch calls --config {self._switch.config}", style="dim"))
        say("")
        seconds = self._timeline.seconds
        if not self.failures:
            said = (
                f"All as it should be after {seconds:.0f} s: everybody was served by an agent who speaks their "
                "language, and the recordings hold the menu, the music, the places in the queue and the agents' voices."
            )
            say(Text(said, style="bold green"))
            return 0
        say(Text(f"The demonstration failed after {seconds:.0f} s:", style="bold red"))
        for failure in self.failures:
            say(Text(f"  {failure}", style="red"))
        if self._switch.log.exists():
            say(Text(f"  The log of the switch: {self._switch.log}", style="dim"))
        return 1
