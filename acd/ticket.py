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

from acd.model import DialFirst, Strategy
from acd.skills import EVERYBODY, Expression, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.model import QueueConfig
    from acd.room import Ladder, Line


class Place(StrEnum):
    WAITING = "waiting"
    AWAY = "away"  # in the exit menu
    OFFERED = "offered"
    TALKING = "talking"
    CALLBACK = "callback"  # has hung up and keeps the place
    CALLBACK_OFFERED = "callback_offered"  # an agent is rung before the customer
    DIALLING = "dialling"
    CALLED_AGAIN = "called_again"  # is on the line elsewhere, and what becomes of that is not known yet
    GONE = "gone"


#: The caller is on the line and waits.
LISTENING = frozenset({Place.WAITING, Place.AWAY, Place.OFFERED})
#: The customer has hung up and is to be called back.
CALLED_BACK = frozenset({Place.CALLBACK, Place.CALLBACK_OFFERED, Place.DIALLING, Place.CALLED_AGAIN})
#: Has no place in the order: talks, or waits elsewhere.
OUT_OF_THE_ROOM = frozenset({Place.TALKING, Place.CALLED_AGAIN})


class Turn(StrEnum):
    """Inputs of the table."""

    OFFER = "offer"
    LAST_OFFER_OVER = "last_offer_over"
    ANSWER = "answer"
    LEG_LOST = "leg_lost"  # the agent's, before or during the conversation
    LEAVE = "leave"
    TIME_OUT = "time_out"
    OVERFLOW = "overflow"
    NOBODY_LEFT = "nobody_left"  # who could ever serve is logged in
    CALL_ENDED = "call_ended"
    GO_AWAY = "go_away"
    RETURN = "return"
    ORDER_CALLBACK = "order_callback"
    DIAL = "dial"
    REACHED = "reached"  # the customer answered, no agent is on the line yet
    CONNECT = "connect"  # the customer answered, the agent was waiting for it
    NOT_REACHED = "not_reached"
    CALL_AGAIN = "call_again"  # the customer does, before the callback was made
    SEND_ON = "send_on"  # somebody has sent the customer, who is on the line, elsewhere
    COME_BACK = "come_back"  # from there: nobody took the customer
    LINE_FREE = "line_free"  # the call to or from elsewhere is over and came to nothing
    GIVE_UP = "give_up"  # the callback: cancelled, expired, tried often enough


class Step(StrEnum):
    """Actions of the table."""

    STOP_WAITING = "stop_waiting"
    WAIT_AGAIN = "wait_again"  # same age, same place
    LISTEN_AGAIN = "listen_again"  # what fell due meanwhile is made up for
    NO_MORE_OFFERS = "no_more_offers"


class Exit(StrEnum):
    """The way out of a caller who waited long enough."""

    TIMED_OUT = "timed_out"
    OVERFLOW = "overflow"


P, X, A = Place, Turn, Step

#: Sorts the callers of one queue: customers who answered a callback, then those at the cap by arrival, then the others
#: by points; then arrival and id.
Order = tuple[int, float, float, str]

# fmt: off
TRANSITIONS: dict[tuple[Place, Turn], tuple[Place, tuple[Step, ...]]] = {
    (P.WAITING, X.OFFER):           (P.OFFERED,  ()),
    (P.WAITING, X.LEAVE):           (P.GONE,     (A.STOP_WAITING,)),
    (P.WAITING, X.TIME_OUT):        (P.GONE,     (A.STOP_WAITING,)),
    (P.WAITING, X.OVERFLOW):        (P.GONE,     (A.STOP_WAITING,)),
    (P.WAITING, X.NOBODY_LEFT):     (P.GONE,     (A.STOP_WAITING,)),
    (P.WAITING, X.GO_AWAY):         (P.AWAY,     ()),
    (P.WAITING, X.ORDER_CALLBACK):  (P.CALLBACK, ()),
    (P.WAITING, X.SEND_ON):         (P.CALLED_AGAIN, (A.STOP_WAITING,)),
    (P.OFFERED, X.OFFER):           (P.OFFERED,  ()),  # ring-all
    (P.OFFERED, X.LAST_OFFER_OVER): (P.WAITING,  (A.LISTEN_AGAIN,)),
    (P.OFFERED, X.ANSWER):          (P.TALKING,  (A.STOP_WAITING,)),
    (P.OFFERED, X.LEAVE):           (P.GONE,     (A.STOP_WAITING,)),
    (P.OFFERED, X.TIME_OUT):        (P.OFFERED,  (A.NO_MORE_OFFERS,)),  # who rings now may still answer
    (P.OFFERED, X.OVERFLOW):        (P.OFFERED,  (A.NO_MORE_OFFERS,)),
    (P.OFFERED, X.GO_AWAY):         (P.AWAY,     ()),
    (P.OFFERED, X.ORDER_CALLBACK):  (P.CALLBACK, ()),
    (P.OFFERED, X.SEND_ON):         (P.CALLED_AGAIN, (A.STOP_WAITING,)),
    (P.TALKING, X.LEG_LOST):        (P.WAITING,  (A.WAIT_AGAIN,)),
    (P.TALKING, X.CALL_ENDED):      (P.GONE,     ()),
    (P.AWAY,    X.RETURN):          (P.WAITING,  (A.LISTEN_AGAIN,)),
    (P.AWAY,    X.LEAVE):           (P.GONE,     (A.STOP_WAITING,)),
    (P.AWAY,    X.ORDER_CALLBACK):  (P.CALLBACK, ()),
    (P.AWAY,    X.SEND_ON):         (P.CALLED_AGAIN, (A.STOP_WAITING,)),
    (P.CALLBACK, X.OFFER):          (P.CALLBACK_OFFERED, ()),
    (P.CALLBACK, X.DIAL):           (P.DIALLING, ()),
    (P.CALLBACK, X.ORDER_CALLBACK): (P.CALLBACK, ()),  # at another number
    (P.CALLBACK, X.CALL_AGAIN):     (P.CALLED_AGAIN, (A.STOP_WAITING,)),
    (P.CALLBACK, X.GIVE_UP):        (P.GONE,     (A.STOP_WAITING,)),
    (P.CALLBACK_OFFERED, X.OFFER):           (P.CALLBACK_OFFERED, ()),  # ring-all
    (P.CALLBACK_OFFERED, X.LAST_OFFER_OVER): (P.CALLBACK, ()),
    (P.CALLBACK_OFFERED, X.ANSWER):          (P.DIALLING, ()),
    (P.CALLBACK_OFFERED, X.ORDER_CALLBACK):  (P.CALLBACK_OFFERED, ()),
    (P.CALLBACK_OFFERED, X.GIVE_UP):         (P.GONE,     (A.STOP_WAITING,)),
    (P.DIALLING, X.LEG_LOST):       (P.DIALLING, ()),  # of the agent who was there first; another one will be found
    (P.DIALLING, X.REACHED):        (P.WAITING,  ()),
    (P.DIALLING, X.CONNECT):        (P.TALKING,  (A.STOP_WAITING,)),
    (P.DIALLING, X.NOT_REACHED):    (P.CALLBACK, ()),
    (P.DIALLING, X.GIVE_UP):        (P.GONE,     (A.STOP_WAITING,)),
    (P.CALLED_AGAIN, X.LINE_FREE):  (P.CALLBACK, ()),
    (P.CALLED_AGAIN, X.COME_BACK):  (P.WAITING,  ()),
    (P.CALLED_AGAIN, X.GIVE_UP):    (P.GONE,     ()),
}
# fmt: on

#: A key pressed twice, a key pressed while the agent's answer was under way, and the hang-up after ordering a callback.
IGNORED: frozenset[tuple[Place, Turn]] = frozenset(
    {
        *product([P.TALKING, P.AWAY, *CALLED_BACK], [X.GO_AWAY]),
        *product([P.WAITING, P.OFFERED, P.TALKING, *CALLED_BACK], [X.RETURN]),
        *product([P.TALKING, P.DIALLING, P.CALLED_AGAIN], [X.ORDER_CALLBACK]),
        *product(CALLED_BACK, [X.LEAVE]),
    }
)

#: Cannot happen: offers, dials and conversations are known by id, timers stop with what they are for, and an offered
#: caller has somebody logged in.
IMPOSSIBLE: frozenset[tuple[Place, Turn]] = frozenset(
    {
        *product([P.GONE], Turn),
        *product([P.WAITING, P.AWAY, P.CALLBACK], [X.LAST_OFFER_OVER, X.ANSWER, X.LEG_LOST, X.CALL_ENDED]),
        *product([P.OFFERED, P.CALLBACK_OFFERED], [X.LEG_LOST, X.CALL_ENDED]),
        *product([P.TALKING, P.DIALLING], [X.OFFER, X.LAST_OFFER_OVER, X.ANSWER]),
        *product([P.AWAY], [X.OFFER]),
        *product([P.DIALLING], [X.CALL_ENDED]),
        *product([P.TALKING], [X.LEAVE]),
        *product([P.OFFERED], [X.NOBODY_LEFT]),
        *product([P.TALKING, P.AWAY, *CALLED_BACK], [X.TIME_OUT, X.OVERFLOW, X.NOBODY_LEFT]),
        *product([P.WAITING, P.AWAY, P.OFFERED, P.TALKING], [X.DIAL, X.REACHED, X.CONNECT, X.NOT_REACHED, X.GIVE_UP]),
        *product([P.CALLBACK, P.CALLBACK_OFFERED], [X.REACHED, X.CONNECT, X.NOT_REACHED]),
        *product([P.CALLBACK_OFFERED, P.DIALLING], [X.DIAL, X.CALL_AGAIN]),
        *product([P.WAITING, P.AWAY, P.OFFERED, P.TALKING, P.CALLED_AGAIN], [X.CALL_AGAIN]),
        *product([P.WAITING, P.AWAY, P.OFFERED, P.TALKING, P.CALLBACK, P.CALLBACK_OFFERED, P.DIALLING], [X.LINE_FREE]),
        *product([P.CALLED_AGAIN], [X.OFFER, X.LAST_OFFER_OVER, X.ANSWER, X.LEG_LOST, X.CALL_ENDED]),
        *product([P.CALLED_AGAIN], [X.DIAL, X.REACHED, X.CONNECT, X.NOT_REACHED]),
        *product([P.TALKING, *CALLED_BACK], [X.SEND_ON]),
        *product([P.WAITING, P.AWAY, P.OFFERED, P.TALKING, P.CALLBACK, P.CALLBACK_OFFERED, P.DIALLING], [X.COME_BACK]),
    }
)

#: Added to the band of customers who have answered a callback and must not wait: before everybody else.
_ANSWERED = 1 << 30


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
    exit: Exit | None = None  # has waited long enough, only the offers that ring may still be answered
    told: int | None = None  # the last announced number of callers ahead
    announce_at: float | None = None
    preferred: Expression = EVERYBODY  # agents who satisfy it are asked first
    agent: str = ""  # asked before all others while idle
    capped: bool = False  # has all the points that the queue gives
    more_at: float | None = None  # when one more agent may ring; None while offered: now
    customer: str = ""
    came_from: tuple[str, ...] = ()  # queues in which this wait has been before
    number: str = ""  # to be called back at; stays when the customer is on the line again
    about: Mapping[str, str] = field(default_factory=dict)  # the customer's affair, for whoever dials
    beside: str = ""  # the call in which the customer is on the line elsewhere; `call`: was sent there from here
    picked: bool = False  # the agent who rings was chosen by hand
    ordered_at: float | None = None  # the callback
    expires_at: float | None = None  # the callback
    tries: int = 0  # dialled so often
    due_at: float | None = None  # not dialled before, after a try that failed or while nobody is to be called
    dial_until: float | None = None
    held: str | None = None  # agent who is kept for the customer while it is dialled
    urgent: bool = False  # answered a callback: before everybody else
    estimate: tuple[float, float, float] | None = None  # P50 and P80 of the wait to come (seconds), spread
    estimated_at: float | None = None
    told_box: int | None = None  # the last announced wait, see `acd.announcements`
    comfort_at: float | None = None
    offer_callback_at: float | None = None
    callback_offered: bool = False
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
    agent_first: bool = False
    ring_step: float | None = None  # of ring-progressively, seconds

    def place_in(self, queue: QueueConfig, ladder: Ladder, now: float | None) -> None:
        """Take over what the queue says about order and skills. ``now`` is None: as of when it was written down."""
        self.ladder = ladder
        self.ageing, self.band, self.cap = queue.ageing, queue.band, queue.priority_cap
        if self.urgent:
            self.band += _ANSWERED
        self.ring_all = queue.strategy is Strategy.RING_ALL
        self.agent_first = queue.callback is not None and queue.callback.first is DialFirst.AGENT
        self.ring_step = queue.ring_step if queue.strategy is Strategy.RING_PROGRESSIVELY else None
        priority = queue.priority + self.priority
        if queue.callback is not None and self.place in CALLED_BACK:
            priority += queue.callback.priority
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
        rank = -2 if self.urgent else 0
        if self.capped:
            self.order = (rank, self.since, self.since, self.call)
        else:
            self.order = (rank + 1, self.first, self.since, self.call)

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
    def takes_one(self) -> bool:
        """Whether one agent is reserved for the customer, whatever the strategy."""
        return self.place is Place.DIALLING or (self.place is Place.CALLBACK and not self.agent_first)

    @property
    def expired(self) -> bool:
        """Has waited long enough; leaves as soon as nobody rings."""
        return self.exit is not None

    @property
    def wants_offers(self) -> bool:
        """Whether another idle agent should be offered this caller, or reserved for this customer."""
        match self.place:
            case Place.WAITING:
                return not self.expired
            case Place.OFFERED | Place.CALLBACK_OFFERED:
                one_more = self.ring_all or (self.ring_step is not None and self.more_at is None)
                return one_more and not self.expired and not self.picked
            case Place.CALLBACK:
                return self.due_at is None
            case Place.DIALLING:
                return self.held is None
        return False

    def handle(self, turn: Turn) -> tuple[Step, ...] | None:
        """Apply what happened; None if it is ignored, RuntimeError if it cannot happen."""
        transition = TRANSITIONS.get((self.place, turn))
        if transition is None:
            if (self.place, turn) in IGNORED:
                return None
            raise RuntimeError(f"call {self.call}: {turn} while {self.place}")
        self.place, steps = transition
        if self.place not in (Place.OFFERED, Place.CALLBACK_OFFERED):
            self.more_at, self.picked = None, False
        if self.place is not Place.DIALLING:
            self.dial_until = self.held = None
        return steps

    def plain(self) -> dict[str, Any]:
        """State as JSON-able data."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "needs": str(self.needs),
            "preferred": str(self.preferred),
            "variables": dict(sorted(self.variables.items())),
            "about": dict(sorted(self.about.items())),
            "place": self.place.value,
            "exit": None if self.exit is None else self.exit.value,
            "offers": list(self.offers),
            "came_from": list(self.came_from),
            "failures": dict(sorted(self.failures.items())),
            "estimate": None if self.estimate is None else list(self.estimate),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], shift: float) -> Ticket:
        estimate = plain["estimate"]
        return cls(
            **{
                **plain,
                **{name: plain[name] + shift for name in _INSTANTS if plain[name] is not None},
                "needs": parse(plain["needs"]),
                "preferred": parse(plain["preferred"]),
                "place": Place(plain["place"]),
                "came_from": tuple(plain.get("came_from", ())),
                "exit": None if plain["exit"] is None else Exit(plain["exit"]),
                "estimate": None if estimate is None else (estimate[0], estimate[1], estimate[2]),
            }
        )


_PLAIN = (
    "call", "queue", "since", "joined_at", "priority", "step", "told", "announce_at", "agent", "capped", "more_at",
    "customer", "number", "ordered_at", "expires_at", "tries", "due_at", "dial_until", "held", "urgent",
    "estimated_at", "told_box", "comfort_at", "offer_callback_at", "callback_offered", "beside", "picked",
)  # fmt: skip
_INSTANTS = (
    "since", "joined_at", "announce_at", "more_at", "ordered_at", "expires_at", "due_at", "dial_until",
    "estimated_at", "comfort_at", "offer_callback_at",
)  # fmt: skip

#: Sorts callers of all queues, the next one to be served first; inside a queue it is the order of `Ticket.order`.
DecisionKey = tuple[int, float, float, str]


def decision_key(ticket: Ticket, now: float) -> DecisionKey:
    return (-ticket.band, -ticket.standing(now), ticket.since, ticket.call)
