"""The call distributor: events and the time in, effects out, over all queues and agents.

``receive(event, now)`` and ``handle_timeout(now)`` change the state; afterwards drain ``effects()`` and arm one timer
for ``next_deadline()``. Instants are seconds on any clock that does not go backwards. After every call no idle agent
and waiting caller who fit each other are left; that, and the rest of :mod:`acd.invariants`, always holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acd import effects as fx
from acd import events as ev
from acd.agent import Agent, Input, Wish
from acd.calls import Calls
from acd.floor import Floor, Outbox
from acd.journal import CLOCK, record_of
from acd.model import AcdConfig, QueueConfig, config_from_plain, plain_config
from acd.ticket import OUT_OF_THE_ROOM, Ticket
from acd.timers import Timer, Timers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.offers import Offer


class Dispatcher:
    """All queues, agents and queued calls of the switch."""

    def __init__(self, config: AcdConfig, *, now: float = 0.0) -> None:
        self._now = now
        self._out = Outbox()
        self._timers = Timers()
        self._floor = Floor(self._timers, self._out)
        self._calls = Calls(self._floor, self._timers, self._out)
        self._configure(config, now)

    # --- the verbs

    def receive(self, event: ev.Event, now: float) -> None:
        """Something happened. Timers that were due before it are fired first."""
        now = max(now, self._now)
        self.handle_timeout(now)
        self._now = now
        self._out.put(fx.Journal(record_of(event, now)))
        match event:
            case ev.Reconfigured(config):
                self._configure(config, now)
                self._calls.place_all(now)
            case ev.Restarted():
                self._floor.restarted()
                self._calls.receive(event, now)
                self._floor.sync_all(now)
            case (
                ev.AgentLoggedIn()
                | ev.AgentLoggedOut()
                | ev.AgentBreakStarted()
                | ev.AgentBreakEnded()
                | ev.AgentReachable()
                | ev.AgentUnreachable()
                | ev.AgentBusy()
                | ev.AgentFree()
                | ev.AgentQueueLeft()
                | ev.AgentQueueJoined()
                | ev.AgentSkillsChanged()
                | ev.WrapUpEnded()
                | ev.WrapUpExtended()
            ):
                self._agent_event(event, now)
            case _:
                self._calls.receive(event, now)
        self._calls.settle(now)

    def next_deadline(self) -> float | None:
        return self._timers.next()

    def handle_timeout(self, now: float) -> None:
        """Fire what is due. A late wake-up acts as of *now*, so nobody is offered a call in the past."""
        deadline = self._timers.next()
        if deadline is None or deadline > now:
            return
        self._now = now = max(now, self._now)
        self._out.put(fx.Journal({"kind": CLOCK, "at": now}))
        while (due := self._timers.pop_due(now)) is not None:
            self._fire(*due, now)
        self._calls.settle(now)

    def effects(self) -> list[fx.Effect]:
        """Take all effects since the last call, in the order in which to carry them out."""
        return self._out.drain()

    def rename_customers(self, names: Mapping[str, str]) -> None:
        """Those who may come back are known by other names from now on: a customer who is to be forgotten by one that
        means nothing. A replay of records in which the same names were replaced comes to the same state."""
        self._calls.rename_customers(names)

    # --- looking in

    @property
    def now(self) -> float:
        return self._now

    @property
    def config(self) -> AcdConfig:
        """As in force: with queues that were removed but still have callers."""
        return AcdConfig(tuple(self._calls.waiting.queues.values()), self._config.agents, self._config.offers)

    @property
    def closing(self) -> frozenset[str]:
        """Queues that were removed from the configuration and still have callers."""
        return frozenset(self._calls.waiting.closing)

    @property
    def paused(self) -> Mapping[str, float]:
        """Queues whose customers are not called back, and until when at the latest. Read only."""
        return self._calls.waiting.paused

    @property
    def ending(self) -> frozenset[str]:
        """Queues that are about to close."""
        return frozenset(self._calls.waiting.ending)

    @property
    def agents(self) -> Mapping[str, Agent]:
        """Read only."""
        return self._floor.agents

    @property
    def tickets(self) -> Mapping[str, Ticket]:
        """Calls that wait, are offered or talk. Read only."""
        return self._calls.waiting.tickets

    @property
    def offers(self) -> Mapping[int, Offer]:
        """Offers that ring, or were answered and the two talk. Read only."""
        return self._calls.offers.offers

    def queue(self, queue: str) -> QueueConfig:
        return self._calls.waiting.queues[queue]

    def waiting(self, queue: str) -> list[Ticket]:
        """Callers of the queue who do not talk yet, the next one first."""
        queued = [t for t in self.tickets.values() if t.queue == queue and t.place not in OUT_OF_THE_ROOM]
        return sorted(queued, key=lambda ticket: ticket.order)

    def refuses(self, event: ev.CallJoined, now: float) -> bool:
        """Whether the queue would not take this caller now: full, or nobody there. Asking changes nothing, so that it
        can be asked before a conversation is given up for the queue."""
        return self._calls.refuses(event, now)

    def order_of(self, call: str) -> Ticket | None:
        """The callback that rests because its customer has called again in this call."""
        return self._calls.waiting.order_of(call)

    def ahead_of(self, call: str) -> int | None:
        """How many callers are to be served before this one in its queue; None if it does not wait."""
        return self._calls.ahead_of(call)

    def expected(self, call: str, now: float) -> fx.Box | None:
        """The box of the wait that a customer who orders a callback may be told; None: nobody can tell."""
        return self._calls.expected(call, now)

    # --- agents

    def _agent_event(self, event: ev.AgentEvent, now: float) -> None:
        agent = self._floor.agents.get(event.agent)
        if agent is None or agent.removed:
            return
        match event:
            case ev.AgentLoggedIn():
                self._log_in(agent, event, now)
            case ev.AgentLoggedOut(reason=reason):
                self._log_out(agent, reason, now)
                self._calls.waiting.leave_empty_queues(now)
            case ev.AgentBreakStarted(reason=reason):
                agent.wish(Wish.START_BREAK, now, reason=reason)
            case ev.AgentBreakEnded():
                agent.wish(Wish.END_BREAK, now)
            case ev.AgentReachable():
                agent.reachable = True
                self._floor.rested(agent, ev.FailReason.UNREACHABLE.value)
            case ev.AgentUnreachable():
                agent.reachable = False
            case ev.AgentBusy():
                agent.busy = True
            case ev.AgentFree():
                agent.busy = False
                self._floor.rested(agent, ev.FailReason.BUSY.value)
            case ev.WrapUpEnded():
                agent.handle(Input.WRAP_UP_ENDED, now)
            case ev.WrapUpExtended(seconds=seconds):
                agent.handle(Input.EXTEND_WRAP_UP, now, wrap_up=seconds)
            case ev.AgentQueueLeft(queue=queue):
                agent.left |= self._calls.waiting.queues.keys() & {queue}
                self._calls.agent_changed(agent, now)
            case ev.AgentQueueJoined(queue=queue):
                agent.left -= {queue}
                self._calls.agent_changed(agent, now)
            case ev.AgentSkillsChanged(skills=skills):
                agent.skills = agent.live_skills = dict(skills)
                self._calls.agent_changed(agent, now)
        self._calls.offers.withdraw_from(agent, now)
        self._floor.sync(agent, now)

    def _log_in(self, agent: Agent, event: ev.AgentLoggedIn, now: float) -> None:
        for other in self._floor.others_at(event.phone, agent):
            self._log_out(other, f"{agent.id} logged in at {event.phone}", now)
        if agent.phone != event.phone:
            self._calls.offers.withdraw_from(agent, now, moved=True)
        left = agent.left
        self._floor.log_in(agent, event, now)
        self._floor.sync(agent, now)
        if agent.left != left:
            self._calls.agent_changed(agent, now)
        self._calls.waiting.leave_empty_queues(now)

    def _log_out(self, agent: Agent, reason: str, now: float) -> None:
        self._floor.log_out(agent, reason, now)
        self._calls.offers.withdraw_from(agent, now)
        self._floor.sync(agent, now)

    def _fire(self, timer: Timer, key: str, now: float) -> None:
        match timer:
            case Timer.WRAP_UP:
                self._floor.agents[key].handle(Input.WRAP_UP_ENDED, now)
                self._floor.sync(self._floor.agents[key], now)
            case Timer.REST:
                self._floor.rested(self._floor.agents[key])
                self._floor.sync(self._floor.agents[key], now)
            case _:
                self._calls.fire(timer, key, now)

    # --- configuration, writing down and reading back

    def _configure(self, config: AcdConfig, now: float) -> None:
        self._config = config
        for agent in self._floor.leaving(config.agents):
            self._log_out(agent, "removed", now)
        self._floor.configure(config.agents)
        self._calls.configure(config.queues, config.offers)

    def snapshot(self) -> dict[str, Any]:
        """The whole state as JSON-able data. Take it when the effects are drained."""
        return {
            "now": self._now,
            "config": plain_config(self.config),
            "agents": self._floor.plain(),
            "calls": self._calls.plain(),
        }

    @classmethod
    def restore(cls, plain: Mapping[str, Any], *, shift: float = 0.0) -> Dispatcher:
        """The dispatcher that :meth:`snapshot` wrote down, without effects.

        ``shift`` is added to every instant, for a clock that started anew. A changed configuration is applied
        afterwards, as a Reconfigured event.
        """
        self = cls(config_from_plain(plain["config"]), now=plain["now"] + shift)
        self._floor.restore(plain["agents"], plain["now"], shift)
        self._calls.restore(plain["calls"], shift)
        return self
