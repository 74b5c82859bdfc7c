"""An agent: one *status* (what they want) and one *state* (what they are doing), two tables, one clock each.

A status change never ends a conversation: break and logout during a call are remembered and show when it is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product
from typing import TYPE_CHECKING, Any

from acd.timesheet import MICROSECONDS, Activity, Timesheet, microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.model import AgentConfig, QueueConfig


#: The reason of a break after too many unanswered offers.
DID_NOT_ANSWER = "did not answer"


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
    RESERVED = "reserved"  # for a customer who is being called back
    OFFERED = "offered"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


class Input(StrEnum):
    """Inputs of the state table."""

    RESERVE = "reserve"
    RELEASE = "release"  # the customer was not reached, or somebody else is reserved
    OFFER = "offer"
    ANSWER = "answer"
    HOLD = "hold"  # answered, and the customer is dialled now
    CONNECT = "connect"  # the customer whom the agent waited for is on the line
    OFFER_OVER = "offer_over"  # failed or withdrawn
    LEG_LOST = "leg_lost"  # answered, then gone; the caller is still there
    CALL_ENDED = "call_ended"  # wrap-up follows
    CALL_ENDED_NO_WRAP_UP = "call_ended_no_wrap_up"
    EXTEND_WRAP_UP = "extend_wrap_up"
    WRAP_UP_ENDED = "wrap_up_ended"  # by the clock or by key


class Action(StrEnum):
    START_IDLE_CLOCK = "start_idle_clock"
    START_WRAP_UP_CLOCK = "start_wrap_up_clock"
    EXTEND_WRAP_UP_CLOCK = "extend_wrap_up_clock"
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
    (S.IDLE,     X.OFFER):                 (S.OFFERED,  ()),
    (S.IDLE,     X.RESERVE):               (S.RESERVED, ()),
    (S.RESERVED, X.RELEASE):               (S.IDLE,     ()),
    (S.RESERVED, X.OFFER):                 (S.OFFERED,  ()),
    (S.RESERVED, X.CONNECT):               (S.TALKING,  (A.COUNT_CALL,)),
    (S.RESERVED, X.LEG_LOST):              (S.IDLE,     ()),
    (S.OFFERED,  X.ANSWER):                (S.TALKING,  (A.COUNT_CALL, A.FORGIVE)),
    (S.OFFERED,  X.HOLD):                  (S.RESERVED, (A.FORGIVE,)),
    (S.OFFERED,  X.OFFER_OVER):            (S.IDLE,     ()),
    (S.TALKING,  X.LEG_LOST):              (S.IDLE,     (A.UNCOUNT_CALL,)),
    (S.TALKING,  X.CALL_ENDED):            (S.WRAP_UP,  (A.START_WRAP_UP_CLOCK,)),
    (S.TALKING,  X.CALL_ENDED_NO_WRAP_UP): (S.IDLE,     (A.START_IDLE_CLOCK,)),
    (S.WRAP_UP,  X.EXTEND_WRAP_UP):        (S.WRAP_UP,  (A.EXTEND_WRAP_UP_CLOCK,)),
    (S.WRAP_UP,  X.WRAP_UP_ENDED):         (S.IDLE,     (A.STOP_WRAP_UP_CLOCK, A.START_IDLE_CLOCK)),
}
# fmt: on

#: The keys for "done" and "more time" pressed when there is no wrap-up.
IGNORED: frozenset[tuple[State, Input]] = frozenset(
    product([S.IDLE, S.RESERVED, S.OFFERED, S.TALKING], [X.EXTEND_WRAP_UP, X.WRAP_UP_ENDED])
)

#: Cannot happen: the dispatcher offers only to idle agents and knows every offer, reservation and conversation.
IMPOSSIBLE: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.OFFERED, S.TALKING, S.WRAP_UP], [X.OFFER]),
        *product([S.RESERVED, S.OFFERED, S.TALKING, S.WRAP_UP], [X.RESERVE]),
        *product([S.IDLE, S.OFFERED, S.TALKING, S.WRAP_UP], [X.RELEASE, X.CONNECT]),
        *product([S.IDLE, S.RESERVED, S.TALKING, S.WRAP_UP], [X.ANSWER, X.HOLD, X.OFFER_OVER]),
        *product([S.IDLE, S.OFFERED, S.WRAP_UP], [X.LEG_LOST]),
        *product([S.IDLE, S.RESERVED, S.OFFERED, S.WRAP_UP], [X.CALL_ENDED, X.CALL_ENDED_NO_WRAP_UP]),
    }
)

#: States in which an agent is occupied with a call.
OCCUPIED = (S.RESERVED, S.OFFERED, S.TALKING, S.WRAP_UP)

#: What the outside world is shown: status, state, reachable, busy, phone, reason, call, when the wrap-up ends.
Visible = tuple[Status, State, bool, bool, str, str, str | None, float | None]


@dataclass(slots=True)
class Agent:
    """Everything the dispatcher knows about one agent. Times are seconds on the dispatcher's clock."""

    id: str
    skills: Mapping[str, int]
    position: int = 0
    min_wrap_up: float = 0.0
    max_wrap_up: float | None = None
    live_skills: Mapping[str, int] | None = None  # set while working; None: those of the configuration
    left: frozenset[str] = frozenset()  # queues whose calls the agent does not take at present
    status: Status = Status.LOGGED_OUT
    state: State = State.IDLE
    phone: str = ""
    reason: str = ""  # of the break or the logout
    reachable: bool = False
    busy: bool = False  # the phone is in a call that the dispatcher did not make
    idle_since: float = 0.0  # one clock over all queues; breaks and missed offers do not move it
    calls: int = 0  # answered since login
    credit: int = 0  # see `Agent.load`
    talk_credit: float = 0.0  # see `Agent.talk_load`
    no_answers: int = 0  # in a row
    resting_until: float | None = None  # no offers before, after one that came to nothing
    resting_for: str = ""
    wrap_up_until: float | None = None  # in wrap-up None: until the agent is done
    wrap_up_limit: float | None = None  # extensions end here
    sheet: Timesheet | None = None  # while logged in
    offer: int | None = None
    call: str | None = None
    removed: bool = False  # no longer configured; forgotten when the conversation is over
    shown: Visible | None = field(default=None, compare=False)

    @classmethod
    def of(cls, config: AgentConfig) -> Agent:
        agent = cls(config.id, config.skills)
        agent.configure(config, None)
        agent.shown = agent.visible
        return agent

    def configure(self, config: AgentConfig, before: AgentConfig | None) -> None:
        """Take over the configuration; levels set while working stay unless their configuration has changed."""
        if before is None or before.skills != config.skills:
            self.live_skills = None
        if self.live_skills is None:
            self.skills = config.skills
        self.position = config.position
        self.min_wrap_up, self.max_wrap_up = config.min_wrap_up, config.max_wrap_up
        self.removed = False

    @property
    def takes_offers(self) -> bool:
        """Whether a call may be offered now."""
        return self.willing and self.state is State.IDLE and self.resting_until is None

    @property
    def serves(self) -> bool:
        """Whether calls come to an end with this agent, now or after the present one."""
        return self.status is Status.AVAILABLE and self.reachable

    @property
    def visible(self) -> Visible:
        return (
            self.status,
            self.state,
            self.reachable,
            self.busy,
            self.phone,
            self.reason,
            self.call,
            self.wrap_up_until,
        )

    @property
    def willing(self) -> bool:
        """Whether a phone that rings may go on ringing."""
        return self.status is Status.AVAILABLE and self.reachable and not self.busy

    @property
    def load(self) -> int:
        """Calls for the fewest-calls strategy. Who logs in late starts level with the least loaded, not at nothing:
        otherwise every call would go to the newcomer until the day's lead of the others is made up."""
        return self.calls + self.credit

    @property
    def talk_load(self) -> float:
        """Seconds of talk for the least-talk strategy; who logs in late starts level, as with :attr:`load`."""
        return self.talk_seconds() + self.talk_credit

    def talk_seconds(self, now: float | None = None) -> float:
        """Since login; without ``now`` only of conversations that are over."""
        return 0.0 if self.sheet is None else self.sheet.total(_talks, now) / MICROSECONDS

    def occupancy(self, now: float) -> float:
        """Part of the shift, breaks left out, that was spent with calls: 0 to 1."""
        if self.sheet is None:
            return 0.0
        there = self.sheet.logged_in(now) - self.sheet.total(_is_away, now)
        return self.sheet.total(_is_occupied, now) / there if there > 0 else 0.0

    @property
    def activity(self) -> Activity:
        """For the time sheet. Somebody idle who is not offered calls has a reason, too."""
        reason = self.reason if self.status is Status.ON_BREAK else ""
        if self.status is Status.AVAILABLE and self.state is State.IDLE:
            if not self.reachable:
                reason = "unreachable"
            elif self.busy:
                reason = "another call"
            elif self.resting_until is not None:
                reason = self.resting_for
        return Activity(self.status.value, self.state.value, reason)

    def wish(self, wish: Wish, now: float, *, reason: str = "") -> bool:
        """Apply a status change; False if it means nothing in this status."""
        transition = STATUS.get((self.status, wish))
        if transition is None:
            return False
        self.status, actions = transition
        self.reason = reason
        self._run(actions, now, 0.0, None)
        return True

    def handle(
        self, event: Input, now: float, *, wrap_up: float | None = 0.0, wrap_up_limit: float | None = None
    ) -> bool:
        """Apply what happened; False if it is ignored, RuntimeError if it cannot happen.

        ``wrap_up`` seconds follow a call or are asked for (None: until done), at most until ``wrap_up_limit``.
        """
        transition = TRANSITIONS.get((self.state, event))
        if transition is None:
            if (self.state, event) in IGNORED:
                return False
            raise RuntimeError(f"agent {self.id}: {event} while {self.state}")
        self.state, actions = transition
        self._run(actions, now, wrap_up, wrap_up_limit)
        return True

    def wrap_up(self, queue: QueueConfig, now: float) -> tuple[float | None, float | None]:
        """The wrap-up after a call of this queue in seconds (None: until done), and when it ends at the latest."""
        limits = [limit for limit in (queue.max_wrap_up, self.max_wrap_up) if limit is not None]
        most = min(limits, default=None)
        length = queue.wrap_up
        if length is not None:
            length = max(length, self.min_wrap_up)
            if self.max_wrap_up is not None:
                length = min(length, self.max_wrap_up)
        return length, None if most is None else now + max(most, length or 0.0)

    def _run(self, actions: tuple[Action, ...], now: float, wrap_up: float | None, limit: float | None) -> None:
        for action in actions:
            match action:
                case Action.START_IDLE_CLOCK:
                    self.idle_since = now
                case Action.START_WRAP_UP_CLOCK:
                    self.wrap_up_limit = limit
                    self.wrap_up_until = limit if wrap_up is None else now + wrap_up
                case Action.EXTEND_WRAP_UP_CLOCK:
                    self._extend_wrap_up(None if wrap_up is None else now + wrap_up)
                case Action.STOP_WRAP_UP_CLOCK:
                    self.wrap_up_until = self.wrap_up_limit = None
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

    def _extend_wrap_up(self, until: float | None) -> None:
        """Never shorter than it was, never beyond the limit."""
        if self.wrap_up_until is None:
            return
        if self.wrap_up_limit is None:
            self.wrap_up_until = None if until is None else max(until, self.wrap_up_until)
        else:
            asked = self.wrap_up_limit if until is None else until
            self.wrap_up_until = min(max(asked, self.wrap_up_until), self.wrap_up_limit)

    def plain(self) -> dict[str, Any]:
        """State (not configuration) as JSON-able data."""
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__ if name not in _NOT_STATE},
            "status": self.status.value,
            "state": self.state.value,
            "left": sorted(self.left),
            "live_skills": None if self.live_skills is None else dict(sorted(self.live_skills.items())),
            "sheet": None if self.sheet is None else self.sheet.plain(),
        }

    def restore(self, plain: Mapping[str, Any], now: float, shift: float) -> None:
        """Take over what :meth:`plain` wrote down at ``now``; ``shift`` is added to every instant."""
        for name, value in plain.items():
            setattr(self, name, value + shift if name in _INSTANTS and value is not None else value)
        self.status, self.state, self.left = Status(self.status), State(self.state), frozenset(plain["left"])
        if self.live_skills is not None:
            self.skills = self.live_skills
        if plain["sheet"] is not None:
            self.sheet = Timesheet.from_plain(plain["sheet"], microseconds(now + shift) - microseconds(now))
        self.shown = self.visible


def _talks(activity: Activity) -> bool:
    return activity.state == State.TALKING


def _is_occupied(activity: Activity) -> bool:
    return activity.state in OCCUPIED


def _is_away(activity: Activity) -> bool:
    return activity.status == Status.ON_BREAK and activity.state == State.IDLE


_NOT_STATE = frozenset({"skills", "position", "min_wrap_up", "max_wrap_up", "shown"})
#: Fields that hold an instant, moved when a snapshot is restored on another clock.
_INSTANTS = ("idle_since", "resting_until", "wrap_up_until", "wrap_up_limit")
