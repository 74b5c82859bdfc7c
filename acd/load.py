"""What the journal teaches about people: how long they talk, wait, ring and rest, and how many call.

A :class:`Load` is fed with journal records one by one (:meth:`Load.learn`) and keeps a bounded amount: the newest
samples and decaying counts. Where little is known it leans on what all queues have in common, and where nothing is
known on the priors below. It is drawn from by :mod:`acd.forward`, and its means feed :func:`acd.estimates.ql_a`.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acd.patience import Patience
from acd.samples import Lognormal, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from acd.samples import Draws

#: Before anything is known: talking, ringing, wrap-up ended by key, breaks. Mean seconds and coefficient of variation.
TALKING = Lognormal(180.0, 0.9)
RINGING = Lognormal(4.0, 0.7)
WRAP_UP = Lognormal(30.0, 0.7)
BREAK = Lognormal(900.0, 0.8)
#: So many calls of an agent are imagined at everybody's pace, so that one long call does not make a slow agent.
_PACE_CALLS = 10.0
#: Of how arrivals are forgotten, seconds.
_ARRIVALS_MEMORY = 1800.0
_KINDS = 64
_AGENTS = 20_000
_CALLS = 50_000


@dataclass(frozen=True, slots=True)
class Kind:
    """What distinguishes the callers of one queue: drawn as they came."""

    priority: float = 0.0
    language: str = ""
    needs: str = ""
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Arrivals:
    """How many call: an exponentially forgetting count, and the kinds of the last ones."""

    since: float | None = None
    at: float = 0.0
    count: float = 0.0
    kinds: deque[Kind] = field(default_factory=lambda: deque(maxlen=_KINDS))

    def add(self, kind: Kind, now: float) -> None:
        if self.since is None:
            self.since = self.at = now
        self.count = self._decayed(now) + 1.0
        self.at = max(self.at, now)
        self.kinds.append(kind)

    def rate(self, now: float) -> float:
        """Calls per second."""
        if self.since is None:
            return 0.0
        seen = -math.expm1(-(now - self.since) / _ARRIVALS_MEMORY) * _ARRIVALS_MEMORY
        # the first call started the clock, and says nothing about how many come after it
        return max(0.0, self._decayed(now) - 1.0) / max(seen, 60.0)

    def _decayed(self, now: float) -> float:
        return self.count * math.exp(-max(0.0, now - self.at) / _ARRIVALS_MEMORY)


@dataclass(slots=True)
class QueueLoad:
    """Of one queue."""

    talking: Sample = field(default_factory=Sample)
    patience: Patience = field(default_factory=Patience)
    arrivals: Arrivals = field(default_factory=Arrivals)


@dataclass(slots=True)
class AgentLoad:
    """Of one agent: calls' lengths against what was to be expected, and what the agent does since when."""

    talked: float = 0.0
    expected: float = 0.0
    status: str = ""
    status_since: float = 0.0
    state: str = ""
    state_since: float = 0.0


@dataclass(slots=True)
class _Open:
    """A call that is not over."""

    queue: str
    since: float  # counts for patience
    seen: float | None  # waits on the line since then; None: has ordered a callback
    connected: float | None = None
    agent: str = ""


class Load:
    """Everything learnt. ``now`` is the clock of the records."""

    def __init__(self) -> None:
        self.queues: dict[str, QueueLoad] = {}
        self.agents: dict[str, AgentLoad] = {}
        self.talking = Sample()  # of all queues
        self.patience = Patience()
        self.ringing = Sample()
        self.wrap_up = Sample()
        self.breaks = Sample()
        self.offers = 0.0  # of late, and how many of them were not answered
        self.missed = 0.0
        self.breaks_begun = 0.0
        self.available = 0.0  # agents' seconds, for the rate at which breaks begin
        self._open: dict[str, _Open] = {}
        self._ringing: dict[int, float] = {}  # offer → since
        self._learn: dict[str, Callable[[Mapping[str, Any], float], None]] = {
            "call_joined": self._joined,
            "queued": self._queued,
            "offer": self._offered,
            "offer_over": self._offer_over,
            "connect": self._connected,
            "returned": self._returned,
            "callback_requested": self._hung_up,
            "call_over": self._over,
            "agent": self._agent,
        }

    # --- learning

    def learn(self, record: Mapping[str, Any], at: float | None = None) -> None:
        """Take in one record; ``at`` instead of its own instant (which starts anew with the switch)."""
        self.take(record["kind"], record, record["at"] if at is None else at)

    def take(self, kind: str, record: Mapping[str, Any], at: float) -> None:
        """Take in one record of this kind; returns at once for the kinds that teach nothing."""
        learn = self._learn.get(kind)
        if learn is not None:
            learn(record, at)

    def learn_all(self, records: Iterable[Mapping[str, Any]]) -> Load:
        for record in records:
            self.learn(record)
        return self

    def recall(self, older: Load) -> None:
        """Take in what was learnt before this began, on whatever clock: what people do, not what goes on."""
        for name in _SAMPLES:
            setattr(self, name, getattr(older, name).followed_by(getattr(self, name)))
        self.patience.merge(older.patience)
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(older, name))
        for name, queue in older.queues.items():
            known = self.queue(name)
            known.talking = queue.talking.followed_by(known.talking)
            known.patience.merge(queue.patience)
            known.arrivals.kinds.extendleft(reversed(queue.arrivals.kinds))
        for name, agent in older.agents.items():
            mine = self._agent_load(name)
            mine.talked += agent.talked
            mine.expected += agent.expected

    def interrupted(self) -> None:
        """The switch stopped: what was going on is not over, but will not be heard of again."""
        self._open.clear()
        self._ringing.clear()
        for agent in self.agents.values():
            agent.status = agent.state = ""

    def queue(self, queue: str) -> QueueLoad:
        known = self.queues.get(queue)
        if known is None:
            known = self.queues[queue] = QueueLoad()
        return known

    def _joined(self, record: Mapping[str, Any], at: float) -> None:
        kind = Kind(
            float(record.get("priority", 0.0)),
            str(record.get("language", "")),
            str(record.get("needs", "")),
            tuple((str(name), str(value)) for name, value in record.get("variables", ())),
        )
        self.queue(record["queue"]).arrivals.add(kind, at)

    def _queued(self, record: Mapping[str, Any], at: float) -> None:
        if len(self._open) >= _CALLS:
            del self._open[next(iter(self._open))]
        kept = max(0.0, record["at"] - record.get("since", record["at"]))
        self._open[record["call"]] = _Open(record["queue"], at - kept, at)

    def _offered(self, record: Mapping[str, Any], at: float) -> None:
        if len(self._ringing) >= _CALLS:
            del self._ringing[next(iter(self._ringing))]
        self._ringing[record["offer"]] = at

    def _offer_over(self, record: Mapping[str, Any], at: float) -> None:
        """Only an agent who did not take a call tells something about agents; other offers were withdrawn."""
        since = self._ringing.pop(record["offer"], None)
        if since is not None and record.get("how") in _NOT_TAKEN:
            self._count_offer(missed=1.0)

    def _connected(self, record: Mapping[str, Any], at: float) -> None:
        rang = self._ringing.pop(record["offer"], None)
        if rang is not None:
            self.ringing.add(at - rang)
            self._count_offer(missed=0.0)
        call = self._open.get(record["call"])
        if call is not None:
            self._waited(call, at, gave_up=False)
            call.connected, call.agent = at, record["agent"]

    def _count_offer(self, missed: float) -> None:
        fade = 1 - 1 / 500
        self.offers = self.offers * fade + 1.0
        self.missed = self.missed * fade + missed

    def _returned(self, record: Mapping[str, Any], at: float) -> None:
        call = self._open.get(record["call"])
        if call is not None:
            call.connected, call.seen = None, at

    def _hung_up(self, record: Mapping[str, Any], at: float) -> None:
        """Whoever is to be called back does not lose patience any more."""
        call = self._open.get(record["call"])
        if call is not None and call.connected is None:
            self._waited(call, at, gave_up=False)
            call.seen = None

    def _over(self, record: Mapping[str, Any], at: float) -> None:
        call = self._open.pop(record["call"], None)
        if call is None:
            return
        if call.connected is None:
            self._waited(call, at, gave_up=record.get("how") == "abandoned")
        else:
            self._talked(call, at - call.connected)

    def _waited(self, call: _Open, at: float, *, gave_up: bool) -> None:
        if call.seen is None:
            return
        begin, end = call.seen - call.since, at - call.since
        self.queue(call.queue).patience.add(begin, end, gave_up=gave_up)
        self.patience.add(begin, end, gave_up=gave_up)

    def _talked(self, call: _Open, seconds: float) -> None:
        agent = self._agent_load(call.agent)
        fade = 1 - 1 / 200
        agent.expected = agent.expected * fade + self.mean_talk(call.queue)
        agent.talked = agent.talked * fade + seconds
        self.queue(call.queue).talking.add(seconds)
        self.talking.add(seconds)

    def _agent(self, record: Mapping[str, Any], at: float) -> None:
        agent = self._agent_load(record["agent"])
        status, state = record["status"], record["state"]
        if status != agent.status:
            if agent.status == "on_break" and status == "available":
                self.breaks.add(at - agent.status_since)
            elif agent.status == "available":
                self.available += at - agent.status_since
                self.breaks_begun += status == "on_break"
                if self.available > _MEMORY_OF_BREAKS:
                    self.available /= 2
                    self.breaks_begun /= 2
            agent.status, agent.status_since = status, at
        if state != agent.state:
            if agent.state == "wrap_up" and status == "available":
                self.wrap_up.add(at - agent.state_since)
            agent.state, agent.state_since = state, at

    def _agent_load(self, agent: str) -> AgentLoad:
        known = self.agents.pop(agent, None) or AgentLoad()
        if len(self.agents) >= _AGENTS:
            del self.agents[next(iter(self.agents))]
        self.agents[agent] = known  # the one not heard of for longest comes first
        return known

    # --- telling

    def mean_talk(self, queue: str) -> float:
        """Seconds of conversation in this queue."""
        overall = self.talking.mean(TALKING.mean)
        known = self.queues.get(queue)
        return overall if known is None else known.talking.mean(overall)

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
                    "arrivals": {
                        "since": queue.arrivals.since,
                        "at": queue.arrivals.at,
                        "count": queue.arrivals.count,
                        "kinds": [[k.priority, k.language, k.needs, list(k.variables)] for k in queue.arrivals.kinds],
                    },
                }
                for name, queue in self.queues.items()
            },
            "agents": {
                name: [a.talked, a.expected, a.status, a.status_since, a.state, a.state_since]
                for name, a in self.agents.items()
            },
            "patience": self.patience.plain(),
            **{name: getattr(self, name).plain() for name in _SAMPLES},
            **{name: getattr(self, name) for name in _NUMBERS},
            "open": {c: [o.queue, o.since, o.seen, o.connected, o.agent] for c, o in self._open.items()},
            "rings": [[offer, since] for offer, since in self._ringing.items()],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Load:
        self = cls()
        for name, queue in plain["queues"].items():
            arrivals = queue["arrivals"]
            known = self.queue(name)
            known.talking = Sample.from_plain(queue["talking"])
            known.patience = Patience.from_plain(queue["patience"])
            known.arrivals = Arrivals(arrivals["since"], arrivals["at"], arrivals["count"])
            known.arrivals.kinds.extend(
                Kind(priority, language, needs, tuple((n, v) for n, v in variables))
                for priority, language, needs, variables in arrivals["kinds"]
            )
        self.agents = {name: AgentLoad(*agent) for name, agent in plain["agents"].items()}
        self.patience = Patience.from_plain(plain["patience"])
        for name in _SAMPLES:
            setattr(self, name, Sample.from_plain(plain[name]))
        for name in _NUMBERS:
            setattr(self, name, plain[name])
        self._open = {call: _Open(*known) for call, known in plain["open"].items()}
        self._ringing = {offer: since for offer, since in plain["rings"]}
        return self


#: Kinds of records that teach something; the others may be left out.
LEARNT_FROM = frozenset(
    {"call_joined", "queued", "offer", "offer_over", "connect", "returned", "callback_requested", "call_over", "agent"}
)
_NOT_TAKEN = frozenset({"no_answer", "rejected", "busy", "unreachable", "dropped"})
#: Agents' seconds after which what was learnt about breaks counts half.
_MEMORY_OF_BREAKS = 50 * 8 * 3600.0
_SAMPLES = ("talking", "ringing", "wrap_up", "breaks")
_NUMBERS = ("offers", "missed", "breaks_begun", "available")
