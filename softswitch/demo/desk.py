"""An agent at a desk: logs in by dialling, answers what rings, talks with the caller."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ivr.nodes import Prompt
from softswitch.demo.conversation import converse
from softswitch.demo.ear import Ear
from softswitch.demo.script import LANGUAGES, LOGIN
from softswitch.demo.switch import DemoError

if TYPE_CHECKING:
    from softswitch.demo.script import Agent
    from softswitch.demo.stage import Stage
    from softswitch.phones.call import PhoneCall

#: From the sound of the bell to the hand on the handset, in seconds.
_PICK_UP: Final = 1.5
_SOON: Final = 10.0


class Desk:
    def __init__(self, stage: Stage, agent: Agent) -> None:
        self._stage = stage
        self.agent = agent
        self.phone = stage.phone(agent, agent.full_name, policy=self._answer)
        self._logged_in = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def free(self) -> bool:
        """Logged in, and not on the telephone."""
        return self._logged_in and self._idle.is_set()

    async def log_in(self) -> None:
        """Register the phone, then dial the code. Raises PhoneError, DemoError."""
        agent, say = self.agent, self._stage.timeline.say
        await self.phone.register()
        speaks = " and ".join(LANGUAGES[language] for language in LANGUAGES if agent.speaks(language))
        say(agent.name, f"switches on phone {agent.number}; works for sales and support, speaks {speaks}")
        call = self.phone.dial(LOGIN)
        await call.answered()
        done = Prompt("agent-logged-in")
        clip = self._stage.voices.prompt(done, agent.language)
        if await Ear(call).hears(clip, since=call.began, within=_SOON) is None:
            raise DemoError(f"{agent.name} dialled {LOGIN} and did not hear that the login was done")
        say(agent.name, f"dials {LOGIN} and hears: ", self._stage.spoken(done, agent.language))
        await call.ended(_SOON)
        self._logged_in = True

    async def idle(self) -> None:
        """Until the last conversation is over at this end, too."""
        await self._idle.wait()

    async def _answer(self, call: PhoneCall) -> None:
        """What happens when the phone rings."""
        say, name = self._stage.timeline.say, self.agent.name
        caller = self._stage.callers.get(call.remote.uri.user or "")
        if caller is None or caller.call is None:
            raise DemoError(f"{name} is called by a stranger, {call.remote}")
        self._idle.clear()
        try:
            say(name, f"the phone rings and shows “{call.remote_name}”")
            await asyncio.sleep(_PICK_UP)
            call.answer()
            await call.answered()
            caller.served(self.agent)
            say(name, f"answers {caller.caller.name}")
            await converse(self._stage, self.agent, call, caller.caller, caller.call)
            await call.ended(_SOON)
        finally:
            self._idle.set()
