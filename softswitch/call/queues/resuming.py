"""The first minute after a restart: the distributor's memory and the world are brought together again.

The distributor comes with agents, counters, callbacks and tickets as they were. What is not as it was: nobody's legs
are left, the configuration may have changed, and phones may be gone. Nobody is offered a call before it is known who
can be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.agent import Status
from acd.events import AgentFree, AgentLoggedOut, AgentReachable, AgentUnreachable, Reconfigured, Restarted
from acd.model import plain_config
from softswitch.call.reconfiguring import with_queues
from softswitch.call.settings import Settings
from softswitch.config import Queue
from softswitch.config.flows import flow
from softswitch.config.words.waiting import OfferCallback

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acd.agent import Agent
    from acd.dispatcher import Dispatcher
    from acd.events import AgentEvent
    from acd.model import AcdConfig
    from softswitch.call.control import CallControl
    from softswitch.config import Config


class Resuming:
    """Two steps: `remember` before the sockets open, `look_around` when phones can be reached."""

    def __init__(self, control: CallControl, dispatcher: Dispatcher, config: Config, queues: AcdConfig) -> None:
        """*queues*: the distributor's part of *config*."""
        self._control = control
        self._dispatcher = dispatcher
        self._config = config
        self._queues = queues

    def remember(self, now: float, *, restarted: bool, agents: Iterable[AgentEvent] = ()) -> None:
        """Take over the state. *restarted*: it is that of a process before; *agents*: what else is known of them."""
        receive = self._control.queues.receive
        for agent in self._logged_in():
            if agent.reachable:
                receive(AgentUnreachable(agent.id), now)
            if agent.busy:
                receive(AgentFree(agent.id), now)
        cut_off = self._control.callbacks.cut_off(now) if restarted else []
        if restarted:
            receive(Restarted(), now)
        if plain_config(self._dispatcher.config) != plain_config(self._queues):
            receive(Reconfigured(self._queues), now)
        for call, order in cut_off:
            self._control.journal_line(
                "callback.ordered", call, now, {"queue": order.queue, "number": order.number, "ticket": order.call}
            )
            receive(order, now)
        for event in agents:
            if event.agent in self._dispatcher.agents:
                receive(event, now)
        for agent in self._logged_in():
            if agent.phone not in self._config.phones:
                receive(AgentLoggedOut(agent.id, f"phone {agent.phone} is gone"), now)
        self._adopt(now)
        self._control.workplaces.adopt(now)

    def _adopt(self, now: float) -> None:
        """Queues that the file no longer has: of what they said only the name is left."""
        known = {queue.id: queue for queue in self._dispatcher.config.queues}
        gone = {
            name: Queue(label=known[name].label, offer_callback=OfferCallback())
            for name in sorted(self._dispatcher.closing)
        }
        if gone:
            config = with_queues(self._config, gone)
            self._control.reconfiguring.adopt(Settings(config, flow(config)), gone, now)

    def look_around(self, now: float) -> None:
        """Offer again to who can be reached; log in who is to be logged in from the start."""
        for agent in self._logged_in():
            if self._control.phones.reachable(agent.phone, now):
                self._control.queues.receive(AgentReachable(agent.id), now)
        for configured in self._config.agents.values():
            agent = self._dispatcher.agents[configured.id]
            # who logged out, or was logged out, has a reason for it and stays so
            if configured.logged_in and agent.status is Status.LOGGED_OUT and not agent.reason:
                self._control.log_in(configured.id, configured.phone, now)

    def _logged_in(self) -> list[Agent]:
        agents = sorted(self._dispatcher.agents.values(), key=lambda agent: agent.id)
        return [agent for agent in agents if agent.status is not Status.LOGGED_OUT]
