"""A queued call: its table, its place in the order, and what it has been through.

The order over all queues: first the higher band; inside a band a caller's standing, ``priority + ageing * seconds
waited`` but at most the queue's cap, the highest first (an accumulating priority queue: Kleinrock 1964; Stanford,
Taylor, Ziedins 2014); among equals whoever came first. So in a queue without a cap nobody is overtaken by a caller who
came later by more than the difference of their priorities divided by the ageing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, Any

from acd.model import Strategy
from acd.skills import EVERYBODY, Expression, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.model import QueueConfig
    from acd.room import Ladder, Line


class Place(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    TALKING = "talking"
    GONE = "gone"


class Turn(StrEnum):
    """Inputs of the table."""

    OFFER = "offer"
    LAST_OFFER_OVER = "last_offer_over"
    ANSWER = "answer"
    LEG_LOST = "leg_lost"  # the agent's, before or during the conversation
    LEAVE = "leave"
    TIME_OUT = "time_out"
    NOBODY_LEFT = "nobody_left"  # who could ever serve is logged in
    CALL_ENDED = "call_ended"


class Step(StrEnum):
    """Actions of the table."""

    STOP_WAITING = "stop_waiting"
    WAIT_AGAIN = "wait_again"  # same age, same place
    NO_MORE_OFFERS = "no_more_offers"


P, X, A = Place, Turn, Step

#: Sorts the callers of one queue: those at the cap by arrival, then the others by points; then arrival and id.
Order = tuple[int, float, float, str]

# fmt: off
TRANSITIONS: dict[tuple[Place, Turn], tuple[Place, tuple[Step, ...]]] = {
    (P.WAITING, X.OFFER):           (P.OFFERED, ()),
    (P.WAITING, X.LEAVE):           (P.GONE,    (A.STOP_WAITING,)),
    (P.WAITING, X.TIME_OUT):        (P.GONE,    (A.STOP_WAITING,)),
    (P.WAITING, X.NOBODY_LEFT):     (P.GONE,    (A.STOP_WAITING,)),
    (P.OFFERED, X.OFFER):           (P.OFFERED, ()),  # ring-all
    (P.OFFERED, X.LAST_OFFER_OVER): (P.WAITING, ()),
    (P.OFFERED, X.ANSWER):          (P.TALKING, (A.STOP_WAITING,)),
    (P.OFFERED, X.LEAVE):           (P.GONE,    (A.STOP_WAITING,)),
    (P.OFFERED, X.TIME_OUT):        (P.OFFERED, (A.NO_MORE_OFFERS,)),  # who rings now may still answer
    (P.TALKING, X.LEG_LOST):        (P.WAITING, (A.WAIT_AGAIN,)),
    (P.TALKING, X.CALL_ENDED):      (P.GONE,    ()),
}
# fmt: on

#: Cannot happen: offers and conversations are known by id, timers stop with the waiting, and an offered caller has
#: somebody logged in.
IMPOSSIBLE: frozenset[tuple[Place, Turn]] = frozenset(
    {
        *product([P.GONE], Turn),
        *product([P.WAITING], [X.LAST_OFFER_OVER, X.ANSWER, X.LEG_LOST, X.CALL_ENDED]),
        *product([P.OFFERED], [X.LEG_LOST, X.NOBODY_LEFT, X.CALL_ENDED]),
        *product([P.TALKING], [X.OFFER, X.LAST_OFFER_OVER, X.ANSWER, X.LEAVE, X.TIME_OUT, X.NOBODY_LEFT]),
    }
)


@dataclass(slots=True, eq=False)
class Ticket:
    """One caller's stay in one queue. Times are seconds on the dispatcher's clock."""

    call: str
    queue: str
    since: float  # counts for the order and the relaxation; earlier than `joined_at` when the age was kept
    joined_at: float
    priority: float  # the caller's own, on top of the queue's
    needs: Expression = EVERYBODY
    variables: Mapping[str, str] = field(default_factory=dict)
    place: Place = Place.WAITING
    offers: list[int] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)  # agent → which failed offer of this call was the last
    step: int = 0  # of the relaxation ladder
    expired: bool = False  # max_wait is over, only the offers that ring may still be answered
    told: int | None = None  # the last announced number of callers ahead
    announce_at: float | None = None
    preferred: Expression = EVERYBODY  # agents who satisfy it are asked first
    agent: str = ""  # asked before all others while idle
    capped: bool = False  # has all the points that the queue gives
    more_at: float | None = None  # when one more agent may ring; None while offered: now
    # Derived from the queue's configuration when the ticket is placed:
    ladder: Ladder | None = field(default=None, repr=False)
    line: Line | None = field(default=None, repr=False)
    ageing: float = 0.0
    band: int = 0
    cap: float | None = None
    capped_at: float | None = None  # None: never
    first: float = 0.0
    order: Order = (1, 0.0, 0.0, "")
    ring_all: bool = False
    ring_step: float | None = None  # of ring-progressively, seconds

    def place_in(self, queue: QueueConfig, ladder: Ladder, now: float | None) -> None:
        """Take over what the queue says about order and skills. ``now`` is None: as of when it was written down."""
        self.ladder = ladder
        self.ageing, self.band, self.cap = queue.ageing, queue.band, queue.priority_cap
        self.ring_all = queue.strategy is Strategy.RING_ALL
        self.ring_step = queue.ring_step if queue.strategy is Strategy.RING_PROGRESSIVELY else None
        priority = queue.priority + self.priority
        # Callers of one queue age alike, so their order is fixed: by the instant at which their standing was zero.
        self.first = self.since - priority / queue.ageing if queue.ageing else -priority
        if self.cap is None or (priority < self.cap and not queue.ageing):
            self.capped_at = None
        else:
            self.capped_at = self.since + (max(0.0, self.cap - priority) / queue.ageing if queue.ageing else 0.0)
        if self.ring_step is None:
            self.more_at = None
        if now is not None:
            self.capped = self.capped_at is not None and self.capped_at <= now
        self.sort()

    def sort(self) -> None:
        """Bring ``order`` up to ``capped``: at the cap all have the same points, so the arrival decides."""
        self.order = (0, self.since, self.since, self.call) if self.capped else (1, self.first, self.since, self.call)

    def standing(self, now: float) -> float:
        """Points at this instant; comparable over all queues of a band."""
        if self.cap is not None and self.capped:
            return self.cap
        points = self.ageing * (now - self.first) if self.ageing else -self.first
        return points if self.cap is None else min(points, self.cap)

    def rung(self, now: float) -> None:
        """One more agent rings; under ring-progressively the next one after a while."""
        self.more_at = None if self.ring_step is None else now + self.ring_step

    @property
    def rings_several(self) -> bool:
        """Whether more than one agent may ring for this caller at a time."""
        return self.ring_all or self.ring_step is not None

    @property
    def wants_offers(self) -> bool:
        """Whether another idle agent should be offered this caller."""
        if self.expired or self.place not in (Place.WAITING, Place.OFFERED):
            return False
        return self.place is Place.WAITING or self.ring_all or (self.ring_step is not None and self.more_at is None)

    def handle(self, turn: Turn) -> tuple[Step, ...]:
        transition = TRANSITIONS.get((self.place, turn))
        if transition is None:
            raise RuntimeError(f"call {self.call}: {turn} while {self.place}")
        self.place, steps = transition
        if self.place is not Place.OFFERED:
            self.more_at = None
        return steps

    def plain(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "needs": str(self.needs),
            "preferred": str(self.preferred),
            "variables": dict(sorted(self.variables.items())),
            "place": self.place.value,
            "offers": list(self.offers),
            "failures": dict(sorted(self.failures.items())),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], shift: float) -> Ticket:
        announce_at, more_at = plain["announce_at"], plain["more_at"]
        return cls(
            **{
                **plain,
                "needs": parse(plain["needs"]),
                "preferred": parse(plain["preferred"]),
                "place": Place(plain["place"]),
                "since": plain["since"] + shift,
                "joined_at": plain["joined_at"] + shift,
                "announce_at": None if announce_at is None else announce_at + shift,
                "more_at": None if more_at is None else more_at + shift,
            }
        )


_PLAIN = (
    "call", "queue", "since", "joined_at", "priority", "step", "expired", "told", "announce_at",
    "agent", "capped", "more_at",
)  # fmt: skip

#: Sorts callers of all queues, the next one to be served first; inside a queue it is the order of `Ticket.order`.
DecisionKey = tuple[int, float, float, str]


def decision_key(ticket: Ticket, now: float) -> DecisionKey:
    return (-ticket.band, -ticket.standing(now), ticket.since, ticket.call)
