"""A dispatcher on virtual time that checks every invariant after every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from acd import invariants
from acd.dispatcher import Dispatcher
from acd.effects import Effect, Journal, OfferCall
from acd.events import AgentLoggedIn, CallJoined
from acd.model import AcdConfig, AgentConfig, OfferRules, QueueConfig

if TYPE_CHECKING:
    from acd.agent import State, Status
    from acd.events import Event

E = TypeVar("E")


class Desk:
    """``do(event)`` now, ``wait(seconds)``; effects of the last call in ``.last``, all of them in ``.seen``."""

    def __init__(
        self, *queues: QueueConfig, agents: dict[str, dict[str, int]], rules: OfferRules | None = None
    ) -> None:
        staff = tuple(AgentConfig(a, skills=skills, position=i) for i, (a, skills) in enumerate(agents.items()))
        self.acd = Dispatcher(AcdConfig(queues, staff, rules or OfferRules()))
        self.now = 0.0
        self.last: list[Effect] = []
        self.seen: list[tuple[float, Effect]] = []

    def do(self, *events: Event) -> list[Effect]:
        effects: list[Effect] = []
        for event in events:
            self.acd.receive(event, self.now)
            effects += self._look()
        self.last = effects
        return effects

    def wait(self, seconds: float) -> list[Effect]:
        """Let time pass, firing each deadline at its instant."""
        until, effects = self.now + seconds, []
        while (at := self.acd.next_deadline()) is not None and at <= until:
            self.now = at
            self.acd.handle_timeout(at)
            effects += self._look()
        self.now = until
        self.last = effects
        return effects

    def _look(self) -> list[Effect]:
        effects = self.acd.effects()
        self.seen += [(self.now, effect) for effect in effects]
        invariants.check(self.acd)
        invariants.nobody_is_overtaken(self.acd, effects)
        invariants.overtaking_is_bounded(self.acd, effects)
        return effects

    def log_in(self, *agents: str) -> None:
        self.do(*(AgentLoggedIn(agent, f"phone-{agent}") for agent in agents))

    def join(self, call: str, queue: str, **more: object) -> list[Effect]:
        return self.do(CallJoined(call, queue, **more))  # type: ignore[arg-type]

    def got(self, kind: type[E]) -> list[E]:
        """Effects of this type from the last call."""
        return [effect for effect in self.last if isinstance(effect, kind)]

    def offered(self) -> list[tuple[str, str]]:
        """Call and agent of the last call's offers."""
        return [(offer.call, offer.agent) for offer in self.got(OfferCall)]

    def offer(self, agent: str) -> int:
        """The offer that this agent rings for or talks in."""
        offer = self.acd.agents[agent].offer
        assert offer is not None
        return offer

    def of(self, agent: str) -> tuple[Status, State]:
        return self.acd.agents[agent].status, self.acd.agents[agent].state

    def records(self) -> list[dict[str, object]]:
        return [effect.record for _, effect in self.seen if isinstance(effect, Journal)]
