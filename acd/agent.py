"""An agent: one *status* (what they want) and one *state* (what they are doing), two tables, one clock each.

A status change never ends a conversation: break and logout during a call are remembered and show when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.model import AgentConfig


class Status(StrEnum):
    LOGGED_OUT = "logged_out"
    AVAILABLE = "available"
    ON_BREAK = "on_break"


class Wish(StrEnum):
    """Inputs of the status table."""

    LOG_IN = "log_in"
    LOG_OUT = "log_out"
    START_BREAK = "start_break"
    END_BREAK = "end_break"


class State(StrEnum):
    IDLE = "idle"
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class Input(StrEnum):
    """Inputs of the state table."""

    OFFER = "offer"
    ANSWER = "answer"
    OFFER_OVER = "offer_over"  # failed or withdrawn
    LEG_LOST = "leg_lost"  # answered, then gone; the caller is still there
    CALL_ENDED = "call_ended"  # wrap-up follows
    CALL_ENDED_NO_WRAP_UP = "call_ended_no_wrap_up"
    WRAP_UP_ENDED = "wrap_up_ended"  # by the clock or by key


class Action(StrEnum):
    START_IDLE_CLOCK = "start_idle_clock"
    START_WRAP_UP_CLOCK = "start_wrap_up_clock"
    STOP_WRAP_UP_CLOCK = "stop_wrap_up_clock"
    COUNT_CALL = "count_call"
    UNCOUNT_CALL = "uncount_call"
    FORGIVE = "forgive"  # missed offers and the pause after them
    LEAVE_PHONE = "leave_phone"


S, X, A, W, T = State, Input, Action, Wish, Status

# fmt: off
STATUS: dict[tuple[Status, Wish], tuple[Status, tuple[Action, ...]]] = {
    (T.LOGGED_OUT, W.LOG_IN):      (T.AVAILABLE,  (A.FORGIVE, A.START_IDLE_CLOCK)),
    (T.AVAILABLE,  W.LOG_IN):      (T.AVAILABLE,  (A.FORGIVE,)),  # moves to another phone
    (T.AVAILABLE,  W.START_BREAK): (T.ON_BREAK,   ()),
    (T.AVAILABLE,  W.LOG_OUT):     (T.LOGGED_OUT, (A.FORGIVE, A.LEAVE_PHONE)),
    (T.ON_BREAK,   W.LOG_IN):      (T.AVAILABLE,  (A.FORGIVE,)),
    (T.ON_BREAK,   W.START_BREAK): (T.ON_BREAK,   ()),  # another reason
    (T.ON_BREAK,   W.END_BREAK):   (T.AVAILABLE,  (A.FORGIVE,)),
    (T.ON_BREAK,   W.LOG_OUT):     (T.LOGGED_OUT, (A.FORGIVE, A.LEAVE_PHONE)),
}
# fmt: on

#: Feature codes dialled in the wrong status: nothing to do.
STATUS_IGNORED: frozenset[tuple[Status, Wish]] = frozenset(
    {
        *product([T.LOGGED_OUT], [W.LOG_OUT, W.START_BREAK, W.END_BREAK]),
        (T.AVAILABLE, W.END_BREAK),
    }
)

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.IDLE,    X.OFFER):                 (S.OFFERED, ()),
    (S.OFFERED, X.ANSWER):                (S.TALKING, (A.COUNT_CALL, A.FORGIVE)),
    (S.OFFERED, X.OFFER_OVER):            (S.IDLE,    ()),
    (S.TALKING, X.LEG_LOST):              (S.IDLE,    (A.UNCOUNT_CALL,)),
    (S.TALKING, X.CALL_ENDED):            (S.WRAP_UP, (A.START_WRAP_UP_CLOCK,)),
    (S.TALKING, X.CALL_ENDED_NO_WRAP_UP): (S.IDLE,    (A.START_IDLE_CLOCK,)),
    (S.WRAP_UP, X.WRAP_UP_ENDED):         (S.IDLE,    (A.STOP_WRAP_UP_CLOCK, A.START_IDLE_CLOCK)),
}
# fmt: on

#: The key for "done" pressed when there is no wrap-up.
IGNORED: frozenset[tuple[State, Input]] = frozenset(product([S.IDLE, S.OFFERED, S.TALKING], [X.WRAP_UP_ENDED]))

#: Cannot happen: the dispatcher offers only to idle agents and knows every offer and conversation by its id.
IMPOSSIBLE: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.OFFERED, S.TALKING, S.WRAP_UP], [X.OFFER]),
        *product([S.IDLE, S.TALKING, S.WRAP_UP], [X.ANSWER, X.OFFER_OVER]),
        *product([S.IDLE, S.OFFERED, S.WRAP_UP], [X.LEG_LOST, X.CALL_ENDED, X.CALL_ENDED_NO_WRAP_UP]),
    }
)


@dataclass(slots=True)
class Agent:
    """Everything the dispatcher knows about one agent. Times are seconds on the dispatcher's clock."""

    id: str
    skills: Mapping[str, int]
    position: int = 0
    status: Status = Status.LOGGED_OUT
    state: State = State.IDLE
    phone: str = ""
    reason: str = ""  # of the break or the logout
    reachable: bool = False
    busy: bool = False  # the phone is in a call that the dispatcher did not make
    idle_since: float = 0.0  # one clock over all queues; breaks and missed offers do not move it
    calls: int = 0  # answered since login
    credit: int = 0  # see `Agent.load`
    no_answers: int = 0  # in a row
    resting_until: float | None = None  # no offers before, after one that came to nothing
    resting_for: str = ""
    wrap_up_until: float | None = None
    offer: int | None = None
    call: str | None = None
    removed: bool = False  # no longer configured; forgotten when the conversation is over
    shown: tuple[Status, State, bool, bool, str, str, str | None] | None = field(default=None, compare=False)

    @classmethod
    def of(cls, config: AgentConfig) -> Agent:
        agent = cls(config.id, config.skills, config.position)
        agent.shown = agent.visible
        return agent

    @property
    def talk_load(self) -> float:
        """Seconds of talk for the least-talk strategy; like :attr:`load`."""
        return 0.0

    def occupancy(self, now: float) -> float:
        """Part of the shift spent with calls, 0 to 1; breaks do not count."""
        return 0.0

    @property
    def takes_offers(self) -> bool:
        """Whether a call may be offered now."""
        return (
            self.status is Status.AVAILABLE
            and self.state is State.IDLE
            and self.reachable
            and not self.busy
            and self.resting_until is None
        )

    @property
    def visible(self) -> tuple[Status, State, bool, bool, str, str, str | None]:
        """What the outside world is shown."""
        return (self.status, self.state, self.reachable, self.busy, self.phone, self.reason, self.call)

    @property
    def load(self) -> int:
        """Calls for the fewest-calls strategy. Who logs in late starts level with the least loaded, not at nothing:
        otherwise every call would go to the newcomer until the day's lead of the others is made up."""
        return self.calls + self.credit

    def wish(self, wish: Wish, now: float, *, reason: str = "") -> bool:
        """Apply a status change; False if it means nothing in this status."""
        transition = STATUS.get((self.status, wish))
        if transition is None:
            return False
        self.status, actions = transition
        self.reason = reason
        self._run(actions, now, 0.0)
        return True

    def handle(self, event: Input, now: float, *, wrap_up: float = 0.0) -> bool:
        """Apply what happened; False if it is ignored, RuntimeError if it cannot happen."""
        transition = TRANSITIONS.get((self.state, event))
        if transition is None:
            if (self.state, event) in IGNORED:
                return False
            raise RuntimeError(f"agent {self.id}: {event} while {self.state}")
        self.state, actions = transition
        self._run(actions, now, wrap_up)
        return True

    def _run(self, actions: tuple[Action, ...], now: float, wrap_up: float) -> None:
        for action in actions:
            match action:
                case Action.START_IDLE_CLOCK:
                    self.idle_since = now
                case Action.START_WRAP_UP_CLOCK:
                    self.wrap_up_until = now + wrap_up
                case Action.STOP_WRAP_UP_CLOCK:
                    self.wrap_up_until = None
                case Action.COUNT_CALL:
                    self.calls += 1
                case Action.UNCOUNT_CALL:
                    self.calls = max(0, self.calls - 1)  # may have logged in anew meanwhile
                case Action.FORGIVE:
                    self.no_answers = 0
                    self.resting_until = None
                    self.resting_for = ""
                case Action.LEAVE_PHONE:
                    self.phone = ""
                    self.busy = False

    def plain(self) -> dict[str, Any]:
        """State (not configuration) as JSON-able data."""
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__ if name not in _NOT_STATE},
            "status": self.status.value,
            "state": self.state.value,
        }


_NOT_STATE = frozenset({"skills", "position", "shown"})
#: Fields that hold an instant, moved when a snapshot is restored on another clock.
INSTANTS = ("idle_since", "resting_until", "wrap_up_until")
