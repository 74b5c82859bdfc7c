"""From journal records to sums by queue, agent and interval. One pass, in memory only what is going on.

Calls belong to the interval in which they arrived, whenever they were answered; agents' time is cut at the edges.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acd.figures import agents as agent_figures
from acd.figures import stays as stay_figures
from acd.figures.agents import AgentTimes, Duty
from acd.figures.clock import micros
from acd.figures.definitions import figure
from acd.figures.stays import Stay, Stays, merged
from acd.figures.tally import Standard, Tally
from softswitch.reports import containment
from softswitch.reports.containment import Containment, Judge, Visit, Visits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acd.figures.definitions import Figure
    from softswitch.store.cdr import Record

_ACD = stay_figures.KINDS | agent_figures.KINDS
#: Kinds that a report is made of; others need not be read from the disk.
KINDS = frozenset(k if "." in k else f"acd.{k}" for k in _ACD) | containment.KINDS | {"call.transferred"}

#: Seconds within which the line about a transfer follows the end of the sender's conversation.
_SETTLED = 1.0


@dataclass(slots=True)
class Work:
    """What one agent did in one interval, counted when it happened."""

    offers: int = 0
    answered: int = 0
    no_answers: int = 0
    rejected: int = 0
    missed_otherwise: int = 0  # busy, unreachable, lost
    transfers: int = 0

    def __iadd__(self, other: Work) -> Work:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def figures(self) -> dict[str, Figure]:
        found = (
            figure("offered", self.offers),
            figure("answered", self.answered),
            figure("no_answers", self.no_answers, self.offers),
            figure("transfers", self.transfers, self.answered),
        )
        return {one.name: one for one in found}


_MISSED = {"no_answer": "no_answers", "rejected": "rejected"} | dict.fromkeys(
    ("busy", "unreachable", "dropped"), "missed_otherwise"
)


@dataclass(slots=True)
class Collected:
    """Sums by (name, number of the interval)."""

    edges: tuple[int, ...]
    queues: defaultdict[tuple[str, int], Tally] = field(default_factory=lambda: defaultdict(Tally))
    calls: defaultdict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))  # each caller once
    duties: defaultdict[tuple[str, int], Duty] = field(default_factory=lambda: defaultdict(Duty))
    work: defaultdict[tuple[str, int], Work] = field(default_factory=lambda: defaultdict(Work))
    menus: defaultdict[int, Containment] = field(default_factory=lambda: defaultdict(Containment))
    stays: list[Stay] = field(default_factory=list)  # only when they are asked for
    records: int = 0

    @property
    def empty(self) -> bool:
        return not (self.queues or self.duties or self.menus)


class Collector:
    """Feed it everything from before the period's first call to after its last one's end."""

    def __init__(
        self,
        edges: tuple[int, ...],
        standards: Mapping[str, Standard],
        *,
        otherwise: Standard | None = None,
        queue: str = "",
        keep_stays: bool = False,
    ) -> None:
        """*otherwise* is the standard of queues that are not configured any more; *queue*: only this one."""
        self.result = Collected(edges)
        self._standards, self._otherwise = standards, otherwise or Standard()
        self._queue, self._keep_stays = queue, keep_stays
        self._stays, self._agents, self._visits = Stays(), AgentTimes(), Visits()
        self._over: list[tuple[float, Stay]] = []  # the line about a transfer may still follow
        self._heir: dict[str, str] = {}  # a call that was joined to another one by an attended transfer → that one
        self._of_call: dict[str, list[Stay]] = {}
        self._ended: set[str] = set()
        self._known: set[str] = set()  # agents, to tell them from phones
        self._judge = Judge(self._count)

    def read(self, record: Record) -> None:
        """Records of the period."""
        self.result.records += 1
        self._agents.read(record.kind, record.at, record.call, record.data)
        self._counted(record)
        for span in self._agents.done():
            for cell in self._cells(span.began, span.ended):
                self.result.duties[span.agent, cell].add(span, *self.result.edges[cell : cell + 2])
        self.follow(record)

    def follow(self, record: Record) -> None:
        """Records after the period, about calls that arrived in it."""
        self._stays.read(record.kind, record.at, record.call, record.data)
        self._over += [(record.at, stay) for stay in self._stays.done()]
        if record.kind == "call.transferred" and record.call is not None:
            self._transferred(record.call, record.data)
        while self._over and not record.at - self._over[0][0] < _SETTLED:
            self._stay(self._over.pop(0)[1])
        if record.kind == "call.ended" and record.call is not None:
            self._call_ended(record.call)
        self._judge.read(record)
        self._visits.read(record)
        for visit in self._visits.done():
            self._judge.over(visit)

    def called(self, record: Record) -> None:
        """Somebody called after all that: perhaps again."""
        self._judge.read(record)

    def unfinished(self, *, callbacks: bool = True) -> bool:
        """Whether calls that arrived in the period have not come to their end yet."""
        first, last = self.result.edges[0], self.result.edges[-1]
        going_on = [*self._stays.going_on(callbacks=callbacks), *(stay for _, stay in self._over)]
        if any(first <= stay.arrived < last for stay in going_on):
            return True
        return any(first <= micros(visit.began) < last for visit in self._visits)

    def close_agents(self, at: float) -> None:
        """What the agents do now goes on until *at*, the end of what is known about the period."""
        self._agents.close(at)
        for span in self._agents.done():
            for cell in self._cells(span.began, span.ended):
                self.result.duties[span.agent, cell].add(span, *self.result.edges[cell : cell + 2])

    def close(self, at: float, *, cut: bool = False) -> Collected:
        """Everything has been read; *cut*: the switch does not run."""
        self._stays.close(at, cut=cut)
        for stay in (*(stay for _, stay in self._over), *self._stays.done()):
            self._stay(stay)
        self._over.clear()
        for call in list(self._of_call):
            self._tell(call)
        self._judge.close()
        return self.result

    # --- calls

    def _standard(self, queue: str) -> Standard:
        return self._standards.get(queue, self._otherwise)

    def _stay(self, stay: Stay) -> None:
        call = self._heir.get(stay.call, stay.call)
        self._of_call.setdefault(call, []).append(stay)
        cell = self._cell(stay.arrived)
        if cell is not None and self._queue in ("", stay.queue):
            self.result.queues[stay.queue, cell].add(stay, self._standard(stay.queue))
            if self._keep_stays:
                self.result.stays.append(stay)
        if call in self._ended and not self._goes_on(call):
            self._tell(call)

    def _transferred(self, call: str, data: Mapping[str, Any]) -> None:
        """An agent has sent a caller on, perhaps into a conversation that began as a call of its own."""
        agent = str(data.get("by") or "")
        if not self._stays.transferred(call, agent):
            for _, stay in self._over:
                if (stay.call, stay.agent) == (call, agent):
                    stay.transfers = 1
        if data.get("consult"):
            consult = str(data["consult"])
            self._heir[consult] = call
            self._of_call.setdefault(call, []).extend(self._of_call.pop(consult, ()))

    def _goes_on(self, call: str) -> bool:
        names = {call} | {consult for consult, heir in self._heir.items() if heir == call}
        return any(self._stays.has(name) for name in names) or any(stay.call in names for _, stay in self._over)

    def _call_ended(self, call: str) -> None:
        if call in self._heir:
            return  # it goes on in the other one
        if self._goes_on(call):
            self._ended.add(call)  # the wrap-up is still to come
        elif call in self._of_call:
            self._tell(call)

    def _tell(self, call: str) -> None:
        """Count a call that is over as one, however many queues it went through."""
        self._ended.discard(call)
        self._heir = {consult: heir for consult, heir in self._heir.items() if heir != call}
        stays = [stay for stay in self._of_call.pop(call) if self._queue in ("", stay.queue)]
        if stays:
            whole = merged(sorted(stays, key=lambda stay: stay.arrived))
            cell = self._cell(whole.arrived)
            if cell is not None:
                self.result.calls[cell].add(whole, self._standard(whole.queue))

    # --- menus

    def _count(self, visit: Visit, again: bool) -> None:
        cell = self._cell(micros(visit.began))
        if cell is not None and not self._queue:
            self.result.menus[cell].add(visit, again=again)

    # --- agents

    def _counted(self, record: Record) -> None:
        what = ""
        match record.kind:
            case "acd.offer":
                what = "offers"
            case "acd.connect":
                what = "answered"
            case "acd.offer_over":
                what = _MISSED.get(str(record.data.get("how")), "")
            case "call.transferred" if record.data.get("by") in self._known:
                what = "transfers"
            case "acd.agent":
                self._known.add(str(record.data.get("agent")))
        agent = record.data.get("by") if what == "transfers" else record.data.get("agent")
        cell = self._cell(micros(record.at)) if what and agent else None
        if cell is not None:
            work = self.result.work[str(agent), cell]
            setattr(work, what, getattr(work, what) + 1)

    # --- intervals

    def _cell(self, at: int) -> int | None:
        edges = self.result.edges
        return bisect_right(edges, at) - 1 if edges[0] <= at < edges[-1] else None

    def _cells(self, began: int, ended: int) -> Iterable[int]:
        """Intervals that a span touches."""
        edges = self.result.edges
        first = max(bisect_right(edges, began) - 1, 0)
        return range(first, min(bisect_right(edges, ended - 1), len(edges) - 1))
