"""What agents' phones do besides the calls of queues: the distributor is told when one is busy, free, gone or back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import AgentBusy, AgentFree, AgentReachable, AgentUnreachable
from softswitch.call.model import Role

if TYPE_CHECKING:
    from softswitch.call.control import CallControl
    from softswitch.call.model import Leg


class Occupancy:
    """Listens to legs and registrations; a phone without an agent is nobody's business."""

    def __init__(self, control: CallControl) -> None:
        self._control = control

    def opened(self, leg: Leg, now: float) -> None:
        """A phone is in a call that the distributor did not make: its agent can take no other."""
        control = self._control
        if leg.role is not Role.AGENT and control.phones.occupy(leg.phone, leg.leg):
            agent = control.workplaces.agent_at(leg.phone)
            if agent is not None:
                control.later(now, lambda at: control.queues.receive(AgentBusy(agent), at))

    def dropped(self, leg: Leg, now: float) -> None:
        """The call is over."""
        control = self._control
        if control.phones.release(leg.phone, leg.leg):
            agent = control.workplaces.agent_at(leg.phone)
            if agent is not None:
                control.later(now, lambda at: control.queues.receive(AgentFree(agent), at))

    def reachable(self, phone: str, reachable: bool, now: float) -> None:
        """The phone has registered, answers again, or is gone."""
        queues, places = self._control.queues, self._control.workplaces
        agent = places.agent_at(phone)
        if agent is not None and places.is_reachable(agent) != reachable:
            queues.receive(AgentReachable(agent) if reachable else AgentUnreachable(agent), now)
