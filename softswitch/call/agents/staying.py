"""Agents who stay on the line: one call from login to logout, and callers are put through to it without ringing.

The agent's own call is their *home*. While they serve somebody their leg belongs to that caller's call, like that of
any agent who was rung; whoever hangs up on them there sends the leg home. Star begins and ends a break, 0 ends the work
after a call. Who hangs up is logged out; who is lost is an agent who is rung from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acd.agent import State, Status
from acd.events import AgentBreakEnded, AgentBreakStarted, AgentLoggedIn, AgentLoggedOut, WrapUpEnded
from ivr.nodes import Prompt
from rtp.legs import Music, Silence
from softswitch.call.menus.handlers import Handler
from softswitch.call.model import Role
from softswitch.speech import phrases

if TYPE_CHECKING:
    from acd.dispatcher import Dispatcher
    from ivr.effects import Ask, HandOver
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.settings import Settings
    from softswitch.config import Config

LOGGED_IN, BREAK_ENDED = Prompt("agent-logged-in"), Prompt("agent-break-ended")
BREAK_KEY, DONE_KEY = "*", "0"


@dataclass(frozen=True, slots=True)
class Stay:
    """One agent on the line."""

    agent: str
    call: Call
    leg: int


class Staying(Handler):
    """Everybody who stays on the line, by their home call."""

    def __init__(self, control: CallControl, config: Config, dispatcher: Dispatcher) -> None:
        self._control = control
        self._config = config
        self._dispatcher = dispatcher
        self._stays: dict[str, Stay] = {}
        control.legs.on_home = self._came_home

    def __len__(self) -> int:
        return len(self._stays)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config

    # ------------------------------------------------------------------------------------------------ beginning
    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """The agent who is named has logged in by this call."""
        control, agent = self._control, effect.name
        for other in [stay for stay in self._stays.values() if stay.agent == agent]:
            self._end(other, now)
        control.answer(call, leg, now)
        control.phones.release(leg.phone, leg.leg)  # it is no call of the phone's own: others are put through to it
        leg.home, leg.detect_inband = call.call, True
        self._stays[call.call] = stay = Stay(agent, call, leg.leg)
        control.note("agent.stays", call, now, agent=agent, phone=leg.phone)
        self._say(stay, leg, LOGGED_IN, now)
        phone = leg.phone or ""
        joined = AgentLoggedIn(agent, phone, busy=control.phones.busy(phone))
        control.later(now, lambda at: control.queues.receive(joined, at), call=call.call)

    def ends(self, call: Call) -> None:
        """*call* is about to end. If it is a home, a leg that serves somebody stays with them until that is over."""
        stay = self._stays.get(call.call)
        leg = None if stay is None else self._control.legs.get(stay.leg)
        if leg is not None:
            if leg.call != leg.home:
                call.a_leg = 0
            leg.home = ""

    def cancel(self, call: Call, now: float) -> None:
        """The home call is over."""
        stay = self._stays.pop(call.call, None)
        if stay is not None:
            self._control.note("agent.stays_no_more", call, now, agent=stay.agent)

    # ------------------------------------------------------------------------------------------------ callers
    def take(self, agent: str, phone: str, call: Call) -> Leg | None:
        """The leg of an agent who waits on the line, which is *call*'s from now on; None: the phone has to ring."""
        stay = next((stay for stay in self._stays.values() if stay.agent == agent), None)
        leg = None if stay is None else self._control.legs.get(stay.leg)
        if leg is None or leg.phone != phone or leg.call != leg.home or leg.settings is None:
            return None
        self._control.prompts.forget(leg.leg)
        leg.call, leg.role = call.call, Role.AGENT
        self._control.legs.hear(leg, Silence(), detect_inband=False)
        return leg

    def _came_home(self, leg: Leg, now: float) -> None:
        """The caller is gone, or was taken elsewhere."""
        leg.role = Role.CALLER
        self._control.prompts.forget(leg.leg)
        self._control.offers.leg_over(leg)
        self._quiet(leg)

    def _quiet(self, leg: Leg) -> None:
        channel = self._config.features.stay_music
        self._control.legs.hear(leg, Music(channel) if channel else Silence(), detect_inband=True)

    # ------------------------------------------------------------------------------------------------ keys
    def pressed(self, call: Call, digit: str, now: float) -> None:
        """A key of an agent who waits."""
        stay = self._stays.get(call.call)
        leg = None if stay is None else self._control.legs.get(stay.leg)
        if stay is None or leg is None or leg.call != leg.home:
            return
        agent, queues = self._dispatcher.agents[stay.agent], self._control.queues
        if digit == BREAK_KEY and agent.status is Status.AVAILABLE:
            self._say(stay, leg, phrases.break_started(), now)
            queues.receive(AgentBreakStarted(stay.agent, "dialled"), now)
        elif digit == BREAK_KEY and agent.status is Status.ON_BREAK:
            self._say(stay, leg, BREAK_ENDED, now)
            queues.receive(AgentBreakEnded(stay.agent), now)
        elif digit == DONE_KEY and agent.state is State.WRAP_UP:
            self._say(stay, leg, phrases.wrap_up_ended(), now)
            queues.receive(WrapUpEnded(stay.agent), now)

    def _say(self, stay: Stay, leg: Leg, prompt: Prompt, now: float) -> None:
        known = self._config.agents.get(stay.agent)
        language = (known.language if known is not None else None) or self._config.server.language
        self._control.prompts.say_to(leg, (prompt,), language, now, lambda at: self._quiet(leg))

    # ------------------------------------------------------------------------------------------------ ending
    def leaves(self, leg: Leg) -> Stay | None:
        """*leg* is over, wherever it is: it goes home no more."""
        stay = self._stays.get(leg.home)
        leg.home = ""
        return stay

    def left(self, stay: Stay, now: float, *, hung_up: bool, cause: str) -> None:
        """The leg of *stay* is over and what that meant for its caller is done."""
        if stay.call.call in self._control.calls:
            self._control.endings.call_over(stay.call, now, by="agent", cause=cause, caller_gone=True)
        if hung_up and self._dispatcher.agents[stay.agent].phone == stay.call.caller.phone:
            self._control.queues.receive(AgentLoggedOut(stay.agent, "hung up"), now)

    def moved(self, agent: str, phone: str | None, now: float) -> None:
        """The agent works at *phone* now, or (None) no longer: a leg at another one is of no use."""
        for stay in [stay for stay in self._stays.values() if stay.agent == agent]:
            if stay.call.caller.phone != phone:
                self._control.later(now, lambda at, stay=stay: self._end(stay, at))  # type: ignore[misc]

    def _end(self, stay: Stay, now: float) -> None:
        if stay.call.call in self._control.calls:
            self._control.endings.call_over(stay.call, now, by="switch", cause="agent-logged-out")
