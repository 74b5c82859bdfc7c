"""The agents' floor: who is there, who is idle, who became idle since the last decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acd.agent import DID_NOT_ANSWER, Agent, Input, State, Status, Wish
from acd.effects import AgentStateChanged, Effect, Journal
from acd.events import AgentLoggedIn, FailReason
from acd.limits import rest_after
from acd.timers import Timer
from acd.timesheet import Timesheet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from acd.model import AgentConfig, OfferRules
    from acd.timers import Timers


class Outbox:
    """Effects in the order in which they are to be carried out."""

    def __init__(self) -> None:
        self._effects: list[Effect] = []

    def put(self, effect: Effect) -> None:
        self._effects.append(effect)

    def journal(self, kind: str, at: float, **fields: Any) -> None:
        self._effects.append(Journal({"kind": kind, "at": at, **fields}))

    def drain(self) -> list[Effect]:
        drained, self._effects = self._effects, []
        return drained


class Floor:
    """All agents. After a change to an agent call :meth:`sync`."""

    def __init__(self, timers: Timers, outbox: Outbox) -> None:
        self.agents: dict[str, Agent] = {}
        self.idle: set[str] = set()
        self.freed: set[str] = set()
        self._configs: dict[str, AgentConfig] = {}
        self._timers = timers
        self._outbox = outbox

    def leaving(self, configs: Collection[AgentConfig]) -> list[Agent]:
        """Agents who are not in the new configuration."""
        staying = {config.id for config in configs}
        return [self.agents[agent] for agent in sorted(self.agents.keys() - staying)]

    def configure(self, configs: Collection[AgentConfig]) -> None:
        """Add and update agents; whoever is not among them has to be logged out before."""
        for agent in self.leaving(configs):
            agent.removed = True
            self.forget_removed(agent)
        for config in configs:
            known = self.agents.get(config.id)
            if known is None:
                self.agents[config.id] = Agent.of(config)
            else:
                known.configure(config, self._configs.get(config.id))
        self._configs = {config.id: config for config in configs}
        self.freed |= self.idle

    def forget_removed(self, agent: Agent) -> None:
        """Drop an agent who is no longer configured, once nothing is going on."""
        if agent.removed and agent.state is State.IDLE:
            del self.agents[agent.id]
            self.idle.discard(agent.id)
            self.freed.discard(agent.id)
            self._timers.set(Timer.REST, agent.id, None)

    def somebody(self, agents: Iterable[str]) -> bool:
        """Whether one of these is logged in."""
        return any(self.agents[agent].status is not Status.LOGGED_OUT for agent in agents)

    def others_at(self, phone: str, agent: Agent) -> list[Agent]:
        """Who else is logged in at this phone."""
        return [
            other
            for other in self.agents.values()
            if other is not agent and other.phone == phone and other.status is not Status.LOGGED_OUT
        ]

    def log_in(self, agent: Agent, event: AgentLoggedIn, now: float) -> None:
        if agent.status is Status.LOGGED_OUT:
            others = [other for other in self.agents.values() if other.status is not Status.LOGGED_OUT]
            agent.calls, agent.credit = 0, min((other.load for other in others), default=0)
            agent.talk_credit = min((other.talk_load for other in others), default=0.0)
            agent.left = frozenset()
        agent.phone, agent.reachable, agent.busy = event.phone, event.reachable, event.busy
        agent.wish(Wish.LOG_IN, now)

    def log_out(self, agent: Agent, reason: str, now: float) -> None:
        """A conversation goes on; wrap-up does not."""
        agent.wish(Wish.LOG_OUT, now, reason=reason)
        if agent.state is State.WRAP_UP:
            agent.handle(Input.WRAP_UP_ENDED, now)

    def missed(self, agent: Agent, reason: FailReason, rules: OfferRules, now: float) -> None:
        """An offer came to nothing: rest, and after too many unanswered ones in a row a break."""
        agent.no_answers = agent.no_answers + 1 if reason is FailReason.NO_ANSWER else 0
        pause = rest_after(rules, reason)
        if pause > 0:
            agent.resting_until, agent.resting_for = now + pause, reason.value
        if rules.no_answer_limit and agent.no_answers >= rules.no_answer_limit:
            agent.wish(Wish.START_BREAK, now, reason=DID_NOT_ANSWER)

    def rested(self, agent: Agent, reason: str | None = None) -> None:
        """End the pause: it is over, or (with ``reason``) what it was for is."""
        if reason in (None, agent.resting_for):
            agent.resting_until, agent.resting_for = None, ""

    def restarted(self) -> None:
        """The phones' own calls are gone with the process. :meth:`sync_all` follows."""
        for agent in self.agents.values():
            agent.busy = False

    def sync_all(self, now: float) -> None:
        for agent in sorted(self.agents):
            self.sync(self.agents[agent], now)

    def sync(self, agent: Agent, now: float) -> None:
        """Bring timers, the set of idle agents and the outside world's picture up to the agent's state."""
        self._track(agent)
        self._book(agent, now)
        if agent.visible != agent.shown:
            agent.shown = agent.visible
            self._outbox.put(AgentStateChanged(agent.id, *agent.visible))
            self._outbox.journal(
                "agent",
                now,
                agent=agent.id,
                status=agent.status.value,
                state=agent.state.value,
                reachable=agent.reachable,
                busy=agent.busy,
                phone=agent.phone,
                reason=agent.reason,
                call=agent.call,
                until=agent.wrap_up_until,
            )

    def _book(self, agent: Agent, now: float) -> None:
        """Keep the time sheet; when the agent has logged out, write it down."""
        if agent.status is not Status.LOGGED_OUT:
            if agent.sheet is None:
                agent.sheet = Timesheet.opened(now, agent.activity)
            agent.sheet.turn(agent.activity, now)
        elif agent.sheet is not None:
            sheet, agent.sheet = agent.sheet, None
            spent = [[*activity, length] for activity, length in sorted(sheet.close(now).items())]
            logged_in = sheet.logged_in(now)
            self._outbox.journal("shift", now, agent=agent.id, logged_in=logged_in, spent=spent, calls=agent.calls)

    def plain(self) -> list[dict[str, Any]]:
        return [self.agents[agent].plain() for agent in sorted(self.agents)]

    def restore(self, plain: Iterable[Mapping[str, Any]], now: float, shift: float) -> None:
        for state in plain:
            agent = self.agents.setdefault(state["id"], Agent(state["id"], {}))
            agent.restore(state, now, shift)
            self._track(agent)
        self.freed.clear()

    def _track(self, agent: Agent) -> None:
        self._timers.set(Timer.WRAP_UP, agent.id, agent.wrap_up_until)
        self._timers.set(Timer.REST, agent.id, agent.resting_until)
        if not agent.takes_offers:
            self.idle.discard(agent.id)
            self.freed.discard(agent.id)
        elif agent.id not in self.idle:
            self.idle.add(agent.id)
            self.freed.add(agent.id)
