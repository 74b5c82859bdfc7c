"""What the journal teaches about people: how long they talk, wait, ring and rest, and how many call.

A :class:`Load` is fed with journal records one by one (:meth:`Load.learn`) and keeps a bounded amount: the newest
samples and decaying counts. Where little is known it leans on what all queues have in common, and where nothing is
known on the priors below. It is drawn from by :mod:`acd.forward`, and its means feed :func:`acd.estimates.ql_a`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from acd.learning import LEARNT_FROM, NUMBERS, SAMPLES, TALKING, Learning, Open
from acd.patience import Patience
from acd.people import AgentLoad, Arrivals, Kind
from acd.samples import Lognormal, Sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.samples import Draws

__all__ = ["BREAK", "LEARNT_FROM", "RINGING", "TALKING", "WRAP_UP", "Kind", "Load"]

#: Before anything is known: ringing, wrap-up ended by key, breaks. Mean seconds and coefficient of variation.
RINGING = Lognormal(4.0, 0.7)
WRAP_UP = Lognormal(30.0, 0.7)
BREAK = Lognormal(900.0, 0.8)
#: So many calls of an agent are imagined at everybody's pace, so that one long call does not make a slow agent.
_PACE_CALLS = 10.0


class Load(Learning):
    """Everything learnt, told and drawn from. ``now`` is the clock of the records."""

    # --- telling

    def mean_handling(self, queue: str, wrap_up: float | None) -> float:
        """Seconds that a call keeps an agent; ``wrap_up`` as configured, None: until the agent is done."""
        if wrap_up is None or (self.wrap_up and wrap_up > 0):
            learnt = self.wrap_up.mean(WRAP_UP.mean if wrap_up is None else wrap_up)
            wrap_up = learnt if wrap_up is None else min(wrap_up, learnt)
        return self.ringing.mean(RINGING.mean) + self.mean_talk(queue) + wrap_up

    def mean_patience(self, queue: str) -> float:
        """Seconds after which a caller hangs up, were nobody served before."""
        overall = self.patience.mean()
        known = self.queues.get(queue)
        return overall if known is None else known.patience.mean(overall)

    def pace(self, agent: str) -> float:
        """How much longer than others this agent talks: 1 as long."""
        known = self.agents.get(agent)
        if known is None:
            return 1.0
        usual = _PACE_CALLS * self.talking.mean(TALKING.mean)
        return min(2.5, max(0.4, (known.talked + usual) / (known.expected + usual)))

    def connected_at(self, call: str) -> float | None:
        """Since when this call talks, on the clock of the records."""
        known = self._open.get(call)
        return None if known is None else known.connected

    def ringing_since(self, offer: int, otherwise: float) -> float:
        """Since when this offer rings, on the clock of the records."""
        return self._ringing.get(offer, otherwise)

    def in_wrap_up_for(self, agent: str, now: float) -> float:
        """Seconds that this agent has been in wrap-up, as far as is known."""
        known = self.agents.get(agent)
        return max(0.0, now - known.state_since) if known is not None and known.state == "wrap_up" else 0.0

    # --- drawing

    def draw_talk(self, queue: str, agent: str, draws: Draws, elapsed: float = 0.0) -> float:
        """Seconds of conversation that are still to come after ``elapsed``."""
        pace = self.pace(agent)
        known = self.queues.get(queue)
        if known is None:
            return pace * self.talking.draw(draws, TALKING, elapsed / pace)
        return pace * known.talking.draw(draws, TALKING, elapsed / pace, self.talking)

    def draw_patience(self, queue: str, draws: Draws, waited: float = 0.0) -> float:
        """Seconds until a caller who has waited so long gives up."""
        known = self.queues.get(queue)
        if known is None:
            return self.patience.draw(draws, waited)
        return known.patience.draw(draws, waited, self.patience.mean())

    def draw_ring(self, draws: Draws, elapsed: float = 0.0) -> float:
        """Seconds until an agent whose phone rings answers; infinite when not."""
        if draws.random() * (self.offers + 20.0) < self.missed + 0.2:
            return math.inf
        return self.ringing.draw(draws, RINGING, elapsed)

    def draw_wrap_up(self, draws: Draws, elapsed: float = 0.0) -> float:
        """Seconds until an agent says to be done."""
        return self.wrap_up.draw(draws, WRAP_UP, elapsed)

    def draw_break(self, agent: str, now: float, draws: Draws) -> float:
        """Seconds until an agent on break comes back."""
        known = self.agents.get(agent)
        elapsed = now - known.status_since if known is not None and known.status == "on_break" else 0.0
        return self.breaks.draw(draws, BREAK, elapsed)

    @property
    def break_rate(self) -> float:
        """Breaks that an available agent begins per second."""
        return self.breaks_begun / (self.available + 3600.0)

    # --- writing down and reading back

    def plain(self) -> dict[str, Any]:
        """Everything as JSON-able data."""
        return {
            "queues": {
                name: {
                    "talking": queue.talking.plain(),
                    "patience": queue.patience.plain(),
                    "arrivals": queue.arrivals.plain(),
                }
                for name, queue in self.queues.items()
            },
            "agents": {
                name: [a.talked, a.expected, a.status, a.status_since, a.state, a.state_since]
                for name, a in self.agents.items()
            },
            "patience": self.patience.plain(),
            **{name: getattr(self, name).plain() for name in SAMPLES},
            **{name: getattr(self, name) for name in NUMBERS},
            "open": {c: [o.queue, o.since, o.seen, o.connected, o.agent] for c, o in self._open.items()},
            "rings": [[offer, since] for offer, since in self._ringing.items()],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Load:
        self = cls()
        for name, queue in plain["queues"].items():
            known = self.queue(name)
            known.talking = Sample.from_plain(queue["talking"])
            known.patience = Patience.from_plain(queue["patience"])
            known.arrivals = Arrivals.from_plain(queue["arrivals"])
        self.agents = {name: AgentLoad(*agent) for name, agent in plain["agents"].items()}
        self.patience = Patience.from_plain(plain["patience"])
        for name in SAMPLES:
            setattr(self, name, Sample.from_plain(plain[name]))
        for name in NUMBERS:
            setattr(self, name, plain[name])
        self._open = {call: Open(*known) for call, known in plain["open"].items()}
        self._ringing = {offer: since for offer, since in plain["rings"]}
        return self
