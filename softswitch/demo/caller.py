"""A caller: dials, listens to the menu, presses keys, waits, and talks or gives up."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from ivr.nodes import Prompt
from softswitch.demo.ear import Ear
from softswitch.demo.script import KEYS, LANGUAGES, MENU, NUMBERS, QUEUES
from softswitch.demo.timeline import quoted
from softswitch.phones.call import PhoneError
from softswitch.speech.phrases import position

if TYPE_CHECKING:
    from rich.text import Text

    from softswitch.demo.script import Agent, Caller
    from softswitch.demo.stage import Stage
    from softswitch.phones.call import PhoneCall

#: How much of the menu people listen to before they press a key, in seconds.
_MENU_HEARD: Final = 2.5
_SOON: Final = 8.0
_LONGEST: Final = 90.0
_ORDINALS: Final = {2: "2nd", 3: "3rd"}
_CARRIAGES: Final = {"rfc4733": "", "info": ", by SIP INFO", "inband": ", as a tone"}


class CallerAtPhone:
    """*call* is None until they dial; *told*: how many callers the switch said were before them."""

    def __init__(self, stage: Stage, caller: Caller) -> None:
        self._stage = stage
        self._loop = asyncio.get_running_loop()
        self.caller = caller
        codecs = ("PCMU", "PCMA") if caller.codec == "PCMU" else ("PCMA", "PCMU")
        self.phone = stage.phone(caller, caller.name, codecs=codecs)
        self.call: PhoneCall | None = None
        self.served_by: Agent | None = None
        self.told: list[int] = []
        self._answered = asyncio.Event()
        self._placed = asyncio.Event()

    def served(self, agent: Agent) -> None:
        """*agent* has answered."""
        self.served_by = agent
        self._answered.set()

    async def play(self) -> None:
        """The caller's whole part. Raises PhoneError when the call goes wrong."""
        await asyncio.sleep(self.caller.starts)
        number = NUMBERS[self.caller.language]
        call = self.call = self.phone.dial(number)
        self._say(f"calls {number}")
        await call.answered()
        ear = Ear(call)
        await self._choose(call, ear)
        waiting = asyncio.create_task(self._wait(call, ear), name=f"{self.caller.name} waits")
        try:
            if self.caller.patience is None:
                await call.ended(_LONGEST)
            else:
                await self._give_up(call, self.caller.patience)
        finally:
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting

    async def _choose(self, call: PhoneCall, ear: Ear) -> None:
        language, voices = self.caller.language, self._stage.voices
        if not await ear.hears(voices.menu(language).beginning(_MENU_HEARD), since=call.began, within=_SOON):
            self._missed(f"did not hear the menu in {LANGUAGES[language]}")
        self._say("hears: ", quoted(f"{MENU[language].partition('.')[0]}…"))
        for key in self.caller.keys:
            pressed = self._loop.time()
            target = KEYS.get(key)
            means = QUEUES[target] if target else "there is nothing behind that key"
            self._say(f"presses {key} → {means}{_CARRIAGES[self.caller.carriage]}")
            await call.press(key, self.caller.carriage)
            if target is None:
                sorry = Prompt("invalid-choice")
                if not await ear.hears(voices.prompt(sorry, language), since=pressed, within=_SOON):
                    self._missed("was not told that the key was wrong")
                self._say("hears: ", self._stage.spoken(sorry, language))

    async def _wait(self, call: PhoneCall, ear: Ear) -> None:
        """Music and the places told, until somebody answers."""
        if self.caller.ahead is None:
            return
        language, voices = self.caller.language, self._stage.voices
        if await ear.hears_music(voices.music, within=_SOON):
            others = [d.agent.name for d in self._stage.desks if d.free and not d.agent.speaks(language)]
            but = f"; {others[0]} is free, but speaks no {LANGUAGES[language]}" if others else ""
            self._say(f"waits and hears music{but}")
        else:
            self._missed("heard no music")
        async for ahead in ear.announcements(voices.places(language)):
            self.told.append(ahead)
            self._placed.set()
            place = "is next" if not ahead else f"is {_ORDINALS.get(ahead + 1, f'{ahead + 1}th')} in the queue"
            self._say(f"{place} and hears: ", self._stage.spoken(position(ahead), language))

    async def _give_up(self, call: PhoneCall, patience: float) -> None:
        """Hang up *patience* seconds after the place was told, unless somebody answers before."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._placed.wait(), _LONGEST / 3)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._answered.wait(), patience)
        if call.end is not None:
            raise PhoneError(f"the call of {self.caller.name} ended before they gave up: {call.end.why}")
        if self.served_by is None:
            self._say("has waited long enough and hangs up")
        call.hang_up()
        await call.ended()

    def _say(self, *what: str | Text) -> None:
        self._stage.timeline.say(self.caller.label, *what)

    def _missed(self, what: str) -> None:
        self._stage.failures.append(f"{self.caller.name} {what}")
