"""Calls to an agent outside of queues: at the phone where they are logged in, and only while they are free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.events import Returned
from ivr.nodes import Result
from softswitch.call.menus.handlers import Handler

if TYPE_CHECKING:
    from ivr.effects import Ask, HandOver
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.ringing.availability import Availability


class AgentCalls(Handler):
    """Rings the agent whom a node names; the caller hears it ring and nothing else."""

    def __init__(self, control: CallControl, availability: Availability) -> None:
        self._control = control
        self._availability = availability

    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """Ring, or give the caller back at once without an INVITE."""
        control, agent = self._control, effect.name
        control.queues.leave_place(call, now)
        why = self._availability.agent(agent, now)
        if why:
            control.note("agent.unavailable", call, now, agent=agent, why=why)
            control.later(now, lambda at: control.menus.receive(call, Returned(Result.UNAVAILABLE), at), call=call.call)
            return
        phone = self._availability.phone_of(agent)
        control.desks.ring(call, leg, phone, control.phones[phone].ring_timeout, now, agent=agent)

    def cancel(self, call: Call, now: float) -> None:
        """The caller is gone or was sent elsewhere: stop ringing."""
        self._control.desks.stop(call, now)
