"""Stays: one caller's time in one queue, read from journal records.

A stay begins when the caller enters the queue and ends when they leave it or, if an agent served them, when that
agent's wrap-up is over. A call has several stays when it overflows or is transferred into another queue; each has its
own outcome, and :func:`merged` makes one account of them, so that nobody is counted twice.

Whom somebody sends from the queue to a telephone by hand goes on waiting there until it is answered, and has talked for
this queue then.

Records of :mod:`acd.journal` are read, with or without the prefix ``acd.``, ``leg.held``/``leg.resumed`` of the agent's
leg, and of calls that were sent on what became of them. Unknown kinds are passed over. Instants are microseconds on the
records' clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from acd.figures.clock import SECOND, micros

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Outcome(StrEnum):
    """What became of a caller in a queue: exactly one of these."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    CALLBACK = "callback"  # hung up to be called back; whether that came to anything is `Stay.called_back`
    OVERFLOWED = "overflowed"  # the queue sent the caller on
    LEFT = "left"  # by key, or moved elsewhere while waiting
    REFUSED = "refused"  # was not let in
    CUT = "cut"  # the switch stopped
    WAITING = "waiting"  # the journal ends here
    LISTED = "listed"  # had given up before and is listed to be called back; was offered once already


#: The switch begins to run: whatever was going on before was cut off when it ended, with or without a record.
STARTED, STOPPED = "switch.started", "switch.stopped"

_OUTCOMES = {
    "served": Outcome.ANSWERED,
    "abandoned": Outcome.ABANDONED,
    "timed_out": Outcome.OVERFLOWED,
    "overflowed": Outcome.OVERFLOWED,
    "overflow": Outcome.OVERFLOWED,
    "restart": Outcome.CUT,
    "empty": Outcome.OVERFLOWED,
    "full": Outcome.OVERFLOWED,
    "waiting": Outcome.WAITING,
    "cut": Outcome.CUT,
}


@dataclass(slots=True)
class Stay:
    """Lengths are microseconds. ``waited`` is without the time in which the caller talked with somebody who was lost,
    and for a callback until the caller hung up; ``ring`` is its last part, while the agent rang who answered."""

    call: str
    queue: str
    arrived: int
    outcome: Outcome = Outcome.WAITING
    how: str = ""  # as the journal says it
    waited: int = 0
    ring: int = 0
    talk: int = 0
    hold: int = 0
    wrap_up: int = 0
    agent: str = ""  # who talked with the caller last
    offers: int = 0
    no_answers: int = 0
    conversations: int = 0  # more than one when an agent's telephone was lost and another one took over
    transfers: int = 0  # conversations that ended by one
    called_back: bool = False
    virtual_wait: int = 0  # from the request to be called back until an agent talked

    @property
    def served(self) -> bool:
        """Talked with an agent, also when called back."""
        return self.outcome is Outcome.ANSWERED or self.called_back


@dataclass(slots=True)
class _Open:
    stay: Stay
    waits_since: int | None
    talks_since: int | None = None
    held_since: int | None = None
    asked_at: int | None = None  # for a callback
    wraps_since: int | None = None
    elsewhere: bool = False  # sent to a telephone by hand
    rings: dict[object, int] = field(default_factory=dict)

    def stop(self, at: int) -> None:
        """Close whatever is going on."""
        stay = self.stay
        self.resumed(at)
        if self.waits_since is not None:
            stay.waited += max(at - self.waits_since, 0)
        if self.talks_since is not None:
            stay.talk += max(at - self.talks_since, 0)
        if self.wraps_since is not None:
            stay.wrap_up += max(at - self.wraps_since, 0)
        self.waits_since = self.talks_since = self.wraps_since = None

    def resumed(self, at: int) -> None:
        """The hold is over: it was no talk."""
        if self.held_since is not None:
            held, self.held_since = max(at - self.held_since, 0), None
            self.stay.hold += held
            self.stay.talk -= held


class Stays:
    """Feed :meth:`read` with records in order; :meth:`done` gives the stays that are over, each once."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._served: dict[str, _Open] = {}  # agent → the stay whose wrap-up is to come or goes on
        self._sent_on: dict[str, str] = {}  # call → the name under which it was in the queue
        self._done: list[Stay] = []
        self._last = 0.0

    def read(self, kind: str, at: float, call: str | None, data: Mapping[str, Any]) -> None:
        """One record; *at* is in seconds."""
        if kind in (STARTED, STOPPED):
            self.close(self._last if kind == STARTED else at, cut=True)
        self._last = at
        handler = _HANDLERS.get(kind.removeprefix("acd."))
        if handler is not None:
            handler(self, micros(at), call or str(data.get("call") or ""), data)

    def done(self) -> list[Stay]:
        """Take those that are over since the last time."""
        done, self._done = self._done, []
        return done

    def has(self, call: str) -> bool:
        """Whether this call is in a queue, talks, or is being wrapped up."""
        return call in self._open or any(open_.stay.call == call for open_ in self._served.values())

    def going_on(self, *, callbacks: bool = True) -> list[Stay]:
        """Those of which something is still to come."""
        waiting = (open_ for open_ in self._open.values() if callbacks or open_.asked_at is None)
        return [open_.stay for open_ in (*waiting, *self._served.values())]

    def transferred(self, call: str, agent: str) -> bool:
        """The agent has sent the caller on; False when that conversation is none that goes on or is wrapped up."""
        open_ = self._served.get(agent, self._open.get(call))
        if open_ is None or open_.stay.call != call or open_.stay.agent != agent:
            return False
        open_.stay.transfers = 1
        return True

    def close(self, at: float, *, cut: bool = False) -> None:
        """Nothing more comes: the records end here, or (*cut*) the switch did. Callbacks are kept over its restart."""
        for agent in list(self._served):
            self._wrapped_up(agent, micros(at))
        self._sent_on.clear()
        for call, open_ in list(self._open.items()):
            talking, open_.elsewhere = open_.talks_since is not None, False
            if cut and open_.asked_at is not None and not talking:
                continue
            del self._open[call]
            open_.stop(micros(at))
            if open_.asked_at is None and not talking:
                open_.stay.outcome = Outcome.CUT if cut else Outcome.WAITING
            self._over(open_, "cut" if cut else "waiting")

    # --- callers

    def _queued(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        queue = str(data.get("queue", ""))
        before = self._open.get(call)
        if before is not None and before.elsewhere and before.talks_since is None and before.stay.queue == queue:
            before.elsewhere = False  # nobody has taken the caller there
            return
        if (before := self._open.pop(call, None)) is not None:
            before.stop(at)
            if before.stay.outcome is Outcome.WAITING:
                before.stay.outcome = Outcome.LEFT
            self._over(before, "moved")
        self._open[call] = _Open(Stay(call, queue, at), at)

    def _offer(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        if (open_ := self._open.get(call)) is not None:
            open_.rings[data.get("offer")] = at
            open_.stay.offers += 1

    def _offer_over(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        if (open_ := self._open.get(call)) is not None:
            open_.rings.pop(data.get("offer"), None)
            open_.stay.no_answers += data.get("how") == "no_answer"

    def _connect(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        open_ = self._open.get(call)
        if open_ is None:
            return
        stay = open_.stay
        rang = open_.rings.pop(data.get("offer"), at)
        open_.stop(at)
        open_.talks_since = at
        stay.agent = str(data.get("agent", ""))
        stay.conversations += 1
        if open_.asked_at is not None:
            stay.called_back, stay.virtual_wait = True, at - open_.asked_at
        else:
            stay.outcome, stay.ring = Outcome.ANSWERED, min(at - rang, stay.waited)

    def _returned(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        """The agent was lost: the caller waits again and has not been served."""
        if (open_ := self._open.get(call)) is not None:
            open_.stop(at)
            stay = open_.stay
            stay.agent, stay.ring = "", 0
            if open_.asked_at is None:
                stay.outcome, open_.waits_since = Outcome.WAITING, at
            else:
                stay.called_back = False

    def _callback_ordered(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        """Also who hung up while waiting and had ordered one before."""
        open_ = self._open.get(call)
        if open_ is not None and open_.talks_since is None and open_.asked_at is None:
            open_.stop(at)
            listed = at - open_.stay.arrived < _AT_ONCE
            open_.asked_at, open_.stay.outcome = at, Outcome.LISTED if listed else Outcome.CALLBACK

    def _moved(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        """A waiting caller was put into another queue."""
        open_ = self._open.get(call)
        if open_ is not None and data.get("moved_from") and open_.asked_at is None:
            self._queued(at, call, data)

    def _sent(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        """By hand. Where no telephone rings the caller has left."""
        name = str(data.get("ticket") or call)
        if (open_ := self._open.get(name)) is not None:
            open_.elsewhere = str(data.get("target", "")).partition(":")[0] in TELEPHONES
            self._sent_on[call] = name

    def _rejoined(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        """A customer who was called back, and whom nobody has taken there."""
        if (open_ := self._open.get(call)) is not None:
            open_.elsewhere = False

    def _connected(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        """Somebody has answered to whom the caller was sent."""
        open_ = self._elsewhere(call)
        if open_ is not None and open_.talks_since is None:
            open_.stop(at)
            open_.talks_since = at
            open_.stay.conversations += 1
            if open_.asked_at is None:
                open_.stay.outcome = Outcome.ANSWERED
            else:
                open_.stay.called_back, open_.stay.virtual_wait = True, at - open_.asked_at

    def _parted(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        """That is over, or the caller has hung up."""
        open_, name = self._elsewhere(call), self._sent_on.pop(call, "")
        if open_ is None:
            return
        talking, open_.elsewhere = open_.talks_since is not None, False
        if open_.asked_at is not None and not talking:
            return  # is still to be called back
        del self._open[name]
        open_.stop(at)
        if not talking:
            open_.stay.outcome = Outcome.ABANDONED
        self._over(open_, "served" if talking else "abandoned")

    def _elsewhere(self, call: str) -> _Open | None:
        open_ = self._open.get(self._sent_on.get(call, ""))
        return open_ if open_ is not None and open_.elsewhere else None

    def _call_over(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        how = str(data.get("how", ""))
        if how in _ELSEWHERE and call in self._open and self._open[call].elsewhere:
            return  # only the place in the queue is given up
        open_ = self._open.pop(call, None)
        if open_ is None:
            if how in _REFUSED and not data.get("waited"):  # otherwise the call came before the first record
                self._done.append(Stay(call, str(data.get("queue", "")), at, Outcome.REFUSED, how))
            return
        talking = open_.talks_since is not None
        open_.stop(at)
        stay = open_.stay
        if open_.asked_at is None:
            stay.outcome = Outcome.ANSWERED if talking else _OUTCOMES.get(how, Outcome.LEFT)
        if talking:
            stay.transfers = int(stay.transfers or how in TRANSFERRED)
            stay.agent = str(data.get("agent") or stay.agent)
            stay.how = how
            if (still := self._served.pop(stay.agent, None)) is not None:
                still.stop(at)
                self._over(still, still.stay.how)
            self._served[stay.agent] = open_
        else:
            self._over(open_, how)

    def _over(self, open_: _Open, how: str) -> None:
        open_.stay.how = how
        self._done.append(open_.stay)

    # --- agents

    def _agent(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        agent = str(data.get("agent", ""))
        open_ = self._served.get(agent)
        if open_ is None:
            return
        if data.get("state") != "wrap_up":
            self._wrapped_up(agent, at)
        elif open_.wraps_since is None:
            open_.wraps_since = at

    def _wrapped_up(self, agent: str, at: int) -> None:
        open_ = self._served.pop(agent)
        open_.stop(at)
        self._over(open_, open_.stay.how)

    def _held(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        open_ = self._open.get(call)
        if open_ is not None and data.get("leg") == "agent" and open_.talks_since is not None:
            open_.held_since = at if open_.held_since is None else open_.held_since

    def _resumed(self, at: int, call: str, data: Mapping[str, Any]) -> None:
        if (open_ := self._open.get(call)) is not None and data.get("leg") == "agent":
            open_.resumed(at)


#: How a conversation ends that somebody else goes on with.
TRANSFERRED = frozenset({"transferred"})
#: Nobody orders a callback so soon after coming: who is listed afterwards joins and orders in one.
_AT_ONCE = SECOND // 100
_REFUSED = frozenset({"full", "empty"})
#: Kinds of targets at which somebody is rung.
TELEPHONES = frozenset({"agent", "phone", "external", "findme"})
#: How the distributor parts with who is sent there, or talks there.
_ELSEWHERE = frozenset({"transferred", "served"})

_HANDLERS = {
    "queued": Stays._queued,
    "offer": Stays._offer,
    "offer_over": Stays._offer_over,
    "connect": Stays._connect,
    "returned": Stays._returned,
    "callback_requested": Stays._callback_ordered,
    "callback_ordered": Stays._callback_ordered,
    "callback_kept": Stays._callback_ordered,
    "changed": Stays._moved,
    "call_over": Stays._call_over,
    "agent": Stays._agent,
    "queue.sent_on": Stays._sent,
    "rejoined": Stays._rejoined,
    "call.connected": Stays._connected,
    "call.parted": Stays._parted,
    "call.ended": Stays._parted,
    "leg.held": Stays._held,
    "leg.resumed": Stays._resumed,
}

#: Kinds that matter here, without the prefix; others need not be read from the disk.
KINDS = frozenset(_HANDLERS) | {STARTED, STOPPED}


def merged(stays: Sequence[Stay]) -> Stay:
    """One account of a call's stays, in their order: the caller arrived once, waited in all, and has one outcome.

    It is counted for the queue where the caller arrived. Whoever talked with an agent in any of them was answered, and
    what they waited afterwards (transferred into another queue) is not part of the speed of the answer.
    """
    first = stays[0]
    whole = Stay(first.call, first.queue, first.arrived)
    for stay in stays:
        if not whole.served:
            whole.outcome, whole.how, whole.ring = stay.outcome, stay.how, stay.ring
            whole.waited += stay.waited
            whole.called_back, whole.virtual_wait = stay.called_back, stay.virtual_wait
        whole.agent = stay.agent or whole.agent
        for name in ("talk", "hold", "wrap_up", "offers", "no_answers", "conversations", "transfers"):
            setattr(whole, name, getattr(whole, name) + getattr(stay, name))
    return whole
