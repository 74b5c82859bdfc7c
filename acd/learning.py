"""What records of the journal teach about people: the newest samples, and counts that decay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from acd.patience import Patience
from acd.people import AgentLoad, Kind, QueueLoad
from acd.samples import Lognormal, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: Of conversations, before anything is known: mean seconds and coefficient of variation.
TALKING = Lognormal(180.0, 0.9)
#: Kinds of records that teach something; the others may be left out.
LEARNT_FROM = frozenset(
    {
        *("call_joined", "queued", "offer", "offer_over", "connect", "returned"),
        *("callback_requested", "call_over", "changed", "agent"),
    }
)
SAMPLES = ("talking", "ringing", "wrap_up", "breaks")
NUMBERS = ("offers", "missed", "breaks_begun", "available")
_NOT_TAKEN = frozenset({"no_answer", "rejected", "busy", "unreachable", "dropped"})
#: Agents' seconds after which what was learnt about breaks counts half.
_MEMORY_OF_BREAKS = 50 * 8 * 3600.0
_AGENTS = 20_000
_CALLS = 50_000


@dataclass(slots=True)
class Open:
    """A call that is not over."""

    queue: str
    since: float  # counts for patience
    seen: float | None  # waits on the line since then; None: has ordered a callback
    connected: float | None = None
    agent: str = ""


class Learning:
    """Feed it records one by one. ``now`` is the clock of the records."""

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
        self._open: dict[str, Open] = {}
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
            "changed": self._changed,
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

    def learn_all(self, records: Iterable[Mapping[str, Any]]) -> Self:
        for record in records:
            self.learn(record)
        return self

    def recall(self, older: Learning) -> None:
        """Take in what was learnt before this began, on whatever clock: what people do, not what goes on."""
        for name in SAMPLES:
            setattr(self, name, getattr(older, name).followed_by(getattr(self, name)))
        self.patience.merge(older.patience)
        for name in NUMBERS:
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
        self.queue(record["queue"]).arrivals.add(Kind.of(record), at)

    def _queued(self, record: Mapping[str, Any], at: float) -> None:
        if len(self._open) >= _CALLS:
            del self._open[next(iter(self._open))]
        kept = max(0.0, record["at"] - record.get("since", record["at"]))
        self._open[record["call"]] = Open(record["queue"], at - kept, at)

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

    def _changed(self, record: Mapping[str, Any], at: float) -> None:
        call = self._open.get(record["call"])
        if call is not None:
            call.queue = record["queue"]

    def _waited(self, call: Open, at: float, *, gave_up: bool) -> None:
        if call.seen is None:
            return
        begin, end = call.seen - call.since, at - call.since
        self.queue(call.queue).patience.add(begin, end, gave_up=gave_up)
        self.patience.add(begin, end, gave_up=gave_up)

    def _talked(self, call: Open, seconds: float) -> None:
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

    def mean_talk(self, queue: str) -> float:
        """Seconds of conversation in this queue."""
        overall = self.talking.mean(TALKING.mean)
        known = self.queues.get(queue)
        return overall if known is None else known.talking.mean(overall)
