"""Call records: what the journal says about a call, as one account from INVITE to hang-up.

Pure functions of journal records. Unknown kinds are passed over and missing ones do no harm, so journals of older and
newer versions can be read. The path is a ledger: its segments follow each other without a gap from the beginning of the
call to its end, so that their lengths add up to that of the call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any

from acd.figures.stays import TELEPHONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the journal. ``at`` is wall time in seconds since the epoch."""

    seq: int
    at: float
    kind: str
    call: str | None
    data: Mapping[str, Any]


class Disposition(StrEnum):
    """What became of a call."""

    SERVED = "served"  # talked with an agent
    CONNECTED = "connected"  # talked with a phone
    CALLBACK = "callback ordered"  # hung up, and keeps the place in the queue
    ABANDONED = "abandoned"  # hung up while waiting in a queue, or for the phone to which somebody sent them from there
    NOT_SERVED = "not served"  # a queue gave the caller back: full, timed out, nobody there
    SELF_SERVICE = "self-service"  # menus, texts and services only
    NO_ANSWER = "no answer"  # a phone did not answer, was busy, declined or was not there
    FAILED = "failed"  # ended before the switch answered
    IN_PROGRESS = "in progress"
    CUT = "cut by restart"


@dataclass(frozen=True, slots=True)
class Offer:
    """An agent who was rung for a waiting caller. ``how``: connected, no_answer, rejected, withdrawn…"""

    agent: str
    began: float
    ended: float
    how: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of a call.

    ``kind``: menu, say, hours, goto, queue, phone (ringing), talk, echo, music, answer, and all other places of a menu;
    dialling (a customer is called back and has not answered yet), or switch (nothing of that: the switch's own time).
    ``name``: of the node, or of the agent or phone talked with. ``keys``: digits pressed. ``via``: what led out.
    """

    kind: str
    name: str
    began: float
    ended: float
    keys: str = ""
    via: str = ""
    detail: str = ""
    offers: tuple[Offer, ...] = ()

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call. Instants are wall time in seconds since the epoch, lengths are seconds."""

    call: str
    caller: str
    name: str
    dialled: str
    phone: str
    trunk: str
    language: str
    started: float
    answered: float | None
    ended: float | None
    path: tuple[Segment, ...]
    disposition: Disposition
    ended_by: str
    cause: str
    sip_status: int | None
    q850: int | None
    queue: str
    agent: str
    waited: float
    talked: float
    raw: str = ""  # the caller's number as the trunk wrote it, where that differs
    withheld: bool = False
    label: str = ""  # what a list, a route or a place on the way calls the caller, and the key pressed last
    menu_path: str = ""  # "main 2 > support 1"
    customer_id: str = ""  # what a list, a lookup or a web service has said of who calls; the last word
    verified: str = ""  # "passed" or "failed": what came of making sure who the caller is; the last word

    @property
    def seconds(self) -> float:
        """From the INVITE to the end, or to the last that is known."""
        return (self.path[-1].ended if self.path else self.started) - self.started


def call_records(records: Iterable[Record]) -> list[CallRecord]:
    """Every call among *records* exactly once, in the order in which they began.

    Lines without a call matter too: ``switch.started`` tells a call that goes on from one that a restart cut.
    """
    ordered = sorted(records, key=lambda record: record.seq)
    restarted = max((record.seq for record in ordered if record.kind == "switch.started"), default=0)
    of_calls = sorted((r for r in ordered if r.call is not None), key=lambda r: (r.call or "", r.seq))
    found = [call_record(list(lines), restarted) for _, lines in groupby(of_calls, key=lambda r: r.call)]
    return sorted((record for record in found if record is not None), key=lambda record: (record.started, record.call))


def call_record(records: list[Record], restarted: int = 0) -> CallRecord | None:
    """The account of one call from its lines in order; None when none of them shows that it began.

    *restarted*: number of the last ``switch.started`` line; a call that has no end and no line of its own after it was
    cut. What the distributor tidies up after the restart is not the call's.
    """
    own = max((record.seq for record in records if not record.kind.startswith("acd.")), default=0)
    account = _Account()
    for record in records:
        if record.seq < restarted or own > restarted:
            account.read(record)
    return account.close(restarted)


@dataclass(slots=True)
class _Open:
    """The segment that is going on."""

    kind: str
    name: str
    began: float
    keys: str = ""
    via: str = ""
    detail: str = ""
    offers: dict[object, tuple[str, float]] = field(default_factory=dict)
    over: list[Offer] = field(default_factory=list)


#: Kinds of segments that are no places of a menu.
SWITCH, DIALLING = "switch", "dialling"
_NO_ANSWER = frozenset({"busy", "no-answer", "unavailable", "rejected"})
_GAVE_BACK = frozenset({"full", "timed-out", "empty", "timed_out"})


class _Account:
    """Reads the lines of one call in order."""

    def __init__(self) -> None:
        self._call = ""
        self._start: Mapping[str, Any] = {}
        self._end: Mapping[str, Any] = {}
        self._started: float | None = None
        self._answered: float | None = None
        self._ended: float | None = None
        self._last_at = 0.0
        self._last_seq = 0
        self._open: _Open | None = None
        self._path: list[Segment] = []
        self._queue = self._agent = ""
        self._waited = self._talked = 0.0
        self._abandoned = self._gave_back = self._no_answer = self._with_agent = self._with_phone = False
        self._to_be_called_back = False
        self._sent_to = ("", "")  # by hand, out of a queue
        self._verified = self._customer_id = ""

    def read(self, record: Record) -> None:
        if self._ended is not None:
            return  # a call ends once; what follows is other people's tidying up
        at = max(record.at, self._last_at)  # the wall clock may be set back during a call
        self._last_at, self._last_seq, self._call = at, record.seq, record.call or ""
        kind = record.kind.removeprefix("acd.")
        data = record.data
        if self._started is None:
            self._started = at
            self._open = _Open(SWITCH, "", at)
        match kind:
            case "call.started":
                self._start = data
                self._customer_id = _string(data, "customer_id") or self._customer_id
                if data.get("callback_of") and self._open is not None and self._open.kind == SWITCH:
                    self._open.kind, self._open.name = DIALLING, _string(data, "caller")
            case "call.answered":
                self._answered = at if self._answered is None else self._answered
            case "ivr.node_entered":
                self._enter(*_target(data.get("node")), at)
            case "ivr.node_left":
                self._left(_target(data.get("node")), data, at)
            case "ivr.digit_pressed":
                if self._open is not None:
                    self._open.keys += str(data.get("digit", ""))
            case "queued" | "call_joined" | "returned":
                if kind == "returned":  # the agent was lost, so the caller has not been served
                    self._with_agent = False
                self._join(str(data.get("queue", "")), at)
            case "queue.sent_on":
                self._sent_to = _target(data.get("target"))
            case "changed":
                self._queue = _string(data, "queue") or self._queue
            case "offer":
                if self._open is not None:
                    self._open.offers[data.get("offer")] = (str(data.get("agent", "")), at)
            case "offer_over" | "connect":
                self._offer_over(data, str(data.get("how", "connected")), at)
            case "call_over":
                self._left_queue(data)
            case "callback.ordered":
                self._to_be_called_back = self._to_be_called_back or "ticket" not in data  # else nobody asked for it
            case "call.connected":
                self._connected(data, at)
            case "call.identified":
                self._customer_id = _string(data, "customer_id") or self._customer_id
            case "call.verified":
                self._verified = _string(data, "result")
            case "call.parted":
                self._enter(SWITCH, "", at)
            case "call.ended":
                self._end, self._ended = data, at
                self._shut(at)

    def close(self, restarted: int) -> CallRecord | None:
        if self._started is None or not self._start:
            return None
        if self._ended is None:
            self._shut(self._last_at)
        start, end = self._start, self._end
        return CallRecord(
            call=self._call,
            caller=_string(start, "caller"),
            name=_string(start, "name"),
            dialled=_string(start, "dialled"),
            phone=_string(start, "phone"),
            trunk=_string(start, "trunk"),
            language=_string(start, "language"),
            started=self._started,
            answered=self._answered,
            ended=self._ended,
            path=tuple(self._path),
            disposition=self._disposition(restarted),
            ended_by=_string(end, "by"),
            cause=_string(end, "cause"),
            sip_status=_integer(end, "sip_status"),
            q850=_integer(end, "q850"),
            queue=self._queue,
            agent=self._agent,
            waited=self._waited,
            talked=self._talked,
            raw=_string(start, "raw"),
            withheld=start.get("withheld") is True,
            label=" ".join(filter(None, (_string(end, "label"), _string(end, "menu_label")))),
            menu_path=_string(end, "menu_path"),
            customer_id=self._customer_id,
            verified=self._verified,
        )

    def _disposition(self, restarted: int) -> Disposition:
        if self._ended is None:
            return Disposition.CUT if self._last_seq < restarted else Disposition.IN_PROGRESS
        for true, disposition in (
            (self._with_agent, Disposition.SERVED),
            (self._with_phone, Disposition.CONNECTED),
            (self._to_be_called_back, Disposition.CALLBACK),
            (self._abandoned, Disposition.ABANDONED),
            (self._gave_back, Disposition.NOT_SERVED),
            (self._no_answer, Disposition.NO_ANSWER),
            (self._answered is not None, Disposition.SELF_SERVICE),
        ):
            if true:
                return disposition
        return Disposition.FAILED

    # --- the ledger

    def _enter(self, kind: str, name: str, at: float) -> None:
        self._shut(at)
        self._open = _Open(kind, name, at)

    def _shut(self, at: float) -> None:
        """Close the segment that is going on; nothing is kept of the switch's own time when it took none."""
        segment, self._open = self._open, None
        if segment is None or (segment.kind == SWITCH and at <= segment.began):
            return
        offers = [*segment.over, *(Offer(agent, began, at, "ended") for agent, began in segment.offers.values())]
        done = Segment(
            segment.kind,
            segment.name,
            segment.began,
            at,
            segment.keys,
            segment.via,
            segment.detail,
            tuple(offers),
        )
        self._path.append(done)
        if done.kind == "queue":
            self._waited += done.seconds
        elif done.kind == "talk":
            self._talked += done.seconds

    def _left(self, node: tuple[str, str], data: Mapping[str, Any], at: float) -> None:
        via, detail = _string(data, "via"), _string(data, "detail")
        if self._open is not None and (self._open.kind, self._open.name) == node:
            self._open.via, self._open.detail = via, detail
            self._enter(SWITCH, "", at)
        if node[0] == "phone" and via in _NO_ANSWER:
            self._no_answer = True
        if node == self._sent_to:
            self._abandoned = self._abandoned or (node[0] in TELEPHONES and via == "hung-up")
        if node[0] == "queue":
            self._gave_back = self._gave_back or via in _GAVE_BACK
            # also while the agent, who had answered already, was being told who it is
            self._abandoned = self._abandoned or via == "hung-up"

    def _join(self, queue: str, at: float) -> None:
        self._queue = queue or self._queue
        if self._open is None or (self._open.kind, self._open.name) != ("queue", queue):
            self._enter("queue", queue, at)

    def _offer_over(self, data: Mapping[str, Any], how: str, at: float) -> None:
        if self._open is not None and (offer := self._open.offers.pop(data.get("offer"), None)):
            self._open.over.append(Offer(offer[0], offer[1], at, how))

    def _left_queue(self, data: Mapping[str, Any]) -> None:
        how = _string(data, "how")
        self._queue = _string(data, "queue") or self._queue
        self._abandoned = self._abandoned or how == "abandoned"
        self._gave_back = self._gave_back or how in _GAVE_BACK

    def _connected(self, data: Mapping[str, Any], at: float) -> None:
        agent, phone = _string(data, "agent"), _string(data, "phone")
        self._agent = agent or self._agent
        self._queue = _string(data, "queue") or self._queue  # of a callback the distributor's lines are another call's
        self._with_agent, self._with_phone = self._with_agent or bool(agent), self._with_phone or not agent
        self._enter("talk", agent or phone, at)
        if self._open is not None:
            self._open.detail = "agent" if agent else "phone"


def _target(text: object) -> tuple[str, str]:
    kind, _, name = str(text or "").partition(":")
    return kind or SWITCH, name


def _string(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return "" if value is None else str(value)


def _integer(data: Mapping[str, Any], key: str) -> int | None:
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
