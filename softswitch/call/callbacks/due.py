"""Requests to be called back, until they are due: when that is, and how they come to their queue.

A request is a row that outlives everything. When it is due it becomes an order in its queue, and the row is deleted
only when the journal has that: killed in between, the switch finds both, and knows them for one. Those who are due
together come one after another, in the order of their asking.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acd.events import CallJoined
from acd.skills import parse
from ivr.customers import CUSTOMER_ID
from ivr.nodes import Hours
from ivr.targets import Target
from softswitch.call.callbacks.memory import Memory
from softswitch.call.hours.opening import OPEN, Opening
from softswitch.call.model import Caller
from softswitch.call.queues.customers import customer_of, why_not_called

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from ivr.nodes import Flow
    from softswitch.call.control import CallControl
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.config.words.messages import CallbackRequest
    from softswitch.messages import Request
    from softswitch.ports import Clock
    from softswitch.voicemail.boxes import Boxes

MARK = "callback-due:"
#: Seconds after which it is looked at again when it is not known how long it stays closed; when nothing opens at all.
LATER, MUCH_LATER = 60.0, 86_400.0
#: Seconds that a request which is due waits for its mail to be safe.
MAILING = 60.0
#: What capacity is counted by, in seconds, and so many of them are looked at for one with room.
QUARTER = 900.0
_FAR = 5000
#: Seconds of difference between two clocks that show the same.
SAME = 0.001


@dataclass(frozen=True, slots=True)
class Due:
    """*at*: wall time, in seconds. Not *known*: it is only when to look again, and nothing to tell a customer."""

    at: float
    known: bool = True


class DueRequests:
    """All who have asked and are not due yet."""

    def __init__(self, control: CallControl, config: Config, flow: Flow, boxes: Boxes, clock: Clock) -> None:
        self._control = control
        self._config = config
        self._flow = flow
        self._boxes = boxes
        self._clock = clock
        self._former: dict[str, CallbackRequest] = {}  # kinds of request that there were before a reload
        self._gaps: dict[str, float] = {}  # seconds between those of one kind who are due together
        self._not_before: dict[str, float] = {}
        self._handed: set[str] = set()  # they are in their queue, and it is being written down
        self.unsafe: Collection[str] = ()
        """Requests whose own rows are being written down."""
        self._wake: float | None = None

    def __len__(self) -> int:
        return len(self._handed)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        known, now_there = self._former | dict(self._config.callback_requests), settings.config.callback_requests
        self._former = {kind: words for kind, words in known.items() if kind not in now_there}
        self._config, self._flow = settings.config, settings.flow
        self.look(now)

    def words_of(self, kind: str) -> CallbackRequest | None:
        """What was promised holds, although it is promised to nobody any more."""
        return self._config.callback_requests.get(kind) or self._former.get(kind)

    def may_be_called(self, number: str, words: CallbackRequest) -> bool:
        return not self.why_not_called(number, words)

    def why_not_called(self, number: str, words: CallbackRequest) -> str:
        """Why *number* may not, as what follows "the number"; empty when it may."""
        known = self._config
        queue = known.queues.get(words.queue or "")
        never = () if queue is None or queue.offer_callback is None else queue.offer_callback.never
        return why_not_called(number, words.numbers, phones=known.phones, trunks=known.trunks, never=never)

    # ------------------------------------------------------------------------------------------------ when
    def due(self, words: CallbackRequest, now: float, flow: Flow | None = None) -> Due:
        """Now while it is open, else the next opening, by the hours' own time zone. *flow*: whose hours they are."""
        wall = self._clock.wall(now)
        opening = Opening(self._flow if flow is None else flow, self._clock.local, self._control.forcing.at)
        try:
            if not words.hours or opening.at(words.hours, now).state == OPEN:
                return Due(wall)
        except KeyError:
            return Due(wall)
        start, forced = now, self._control.forcing.at(words.hours, now)
        if forced is not None:
            if forced.until is None:
                return Due(wall + LATER, known=False)
            start = now + forced.until - wall
            if opening.by_rules(words.hours, start).state == OPEN:
                return Due(forced.until)
        change = opening.next_change(words.hours, start)
        return Due(wall + MUCH_LATER, known=False) if change is None else Due(change)

    def due_from(self, words: CallbackRequest, at: float, now: float) -> Due:
        """As `due`, for who wants to be called not before *at* (wall time): exactly then while it is open."""
        found = self.due(words, now + at - self._clock.wall(now))
        return replace(found, at=at) if found.known and abs(found.at - at) < SAME else found

    def local(self, words: CallbackRequest, wall: float, now: float, flow: Flow | None = None) -> datetime:
        """The wall time of an instant, as the clock shows it where the hours of these requests are."""
        node = (self._flow if flow is None else flow).find(Target(Hours.kind, words.hours))
        zone = node.timezone if isinstance(node, Hours) else ""
        return self._clock.local(now + wall - self._clock.wall(now), zone)

    def with_room(self, kind: str, words: CallbackRequest, due: Due, now: float, *, without: str = "") -> Due:
        """*due*, or the next time at which one more may be due: so many in a quarter of an hour, evenly in it."""
        most = words.most_per_quarter
        if most is None or not due.known:
            return due
        at = due.at
        for _ in range(_FAR):
            if self.has_room(kind, words, at, without=without):
                return self.in_quarter(kind, words, at, without=without)
            start = at // QUARTER * QUARTER
            again = self.due_from(words, start + QUARTER, now)
            if not again.known:
                break
            at = again.at
        return replace(due, known=False)

    def has_room(self, kind: str, words: CallbackRequest, at: float, *, without: str = "") -> bool:
        """Whether one more may be due in the quarter of an hour of *at* (wall time), at that time or later."""
        return words.most_per_quarter is None or bool(self._places(kind, words.most_per_quarter, at, without))

    def in_quarter(self, kind: str, words: CallbackRequest, at: float, *, without: str = "") -> Due:
        """The first place from *at* on in a quarter of an hour that has room."""
        if words.most_per_quarter is None:
            return Due(at)
        return Due(max(at, self._places(kind, words.most_per_quarter, at, without)[0]))

    def _places(self, kind: str, most: int, at: float, without: str) -> list[float]:
        """Those in the quarter of *at* that are free and not over; each place has one request."""
        start, width = at // QUARTER * QUARTER, QUARTER / most
        taken = {int((due - start) / width + 1e-6) for due in self._taken(kind, start, without)}
        free = [start + n * width for n in range(most) if n not in taken]
        return [place for place in free if place + width > at]

    def _taken(self, kind: str, start: float, without: str = "") -> list[float]:
        """When those of this kind are due who are in the quarter of an hour from *start* on."""
        return [
            request.due
            for request in self._boxes.requests()
            if request.kind == kind and start <= request.due < start + QUARTER and request.id != without
        ]

    def clear_over(self, kind: str, number: str, now: float) -> None:
        """Who asks again asks anew, once the time has come at which whoever reads the mail was to call."""
        wall = self._clock.wall(now)
        for request in self._boxes.requests():
            if (request.kind, request.number) != (kind, number) or self._queue_of(request) or not request.mailed:
                continue
            if wall >= (max(request.due, request.at + MUCH_LATER) if request.vague else request.due):
                self._boxes.remove_request(request)
                self._control.journal_line("callback_request.forgotten", None, now, {"request": request.id})

    # ------------------------------------------------------------------------------------------------ being due
    def look(self, now: float) -> None:
        """Set the clock for whoever is due next."""
        wall = self._clock.wall(now)
        times = [
            max(now + request.due - wall, self._not_before.get(request.kind, now), self._safe_at(request, now))
            for request in self._boxes.requests()
            if self._queue_of(request) and request.id not in self._handed and request.id not in self.unsafe
        ]
        self._wake = min(times, default=None)

    def _queue_of(self, request: Request) -> str:
        """Who calls back; empty when that is only in the mail."""
        words = self.words_of(request.kind)
        queue = "" if words is None else words.queue or ""
        return queue if queue in self._config.queues else ""

    def _safe_at(self, request: Request, now: float) -> float:
        """When the row may go although nobody has been told by mail."""
        words = self.words_of(request.kind)
        if request.mailed or self._config.mail is None or words is None or not words.mail_to:
            return now
        return now + request.at + MAILING - self._clock.wall(now)

    def _release(self, now: float) -> None:
        """Let the earliest of each kind who is due come to its queue."""
        wall = self._clock.wall(now)
        due: dict[str, list[Request]] = {}
        for request in self._boxes.requests():
            if self._control.queues.has(request.id) and request.id not in self._handed:
                self._boxes.remove_request(request)  # killed between the order and the deletion
                continue
            waits = request.id in self._handed or request.id in self.unsafe or self._safe_at(request, now) > now
            if request.due <= wall and self._queue_of(request) and not waits:
                due.setdefault(request.kind, []).append(request)
        for kind, together in due.items():
            words = self.words_of(kind)
            if words is None or now < self._not_before.get(kind, now):
                continue
            later = self.due(words, now)
            if later.at > wall:
                self._put_off(kind, words, together, later, now)
                continue
            if len(together) > 1:
                self._not_before[kind] = now + self._gaps.setdefault(kind, words.spread / len(together))
            else:
                self._gaps.pop(kind, None)
                self._not_before.pop(kind, None)
            first = min(together, key=lambda request: (request.at, request.id))
            with self._control.contain(None, now):
                self._to_queue(first, words.queue or "", now)

    def _put_off(self, kind: str, words: CallbackRequest, requests: list[Request], later: Due, now: float) -> None:
        """It is closed now: all of them, the earliest first."""
        for request in sorted(requests, key=lambda request: (request.at, request.id)):
            found = self.with_room(kind, words, later, now, without=request.id)
            self._boxes.put_request(replace(request, due=found.at, vague=not found.known))

    def _to_queue(self, request: Request, queue: str, now: float) -> None:
        """From here on it is a callback like any other, which the distributor keeps over restarts."""
        control = self._control
        phone = request.number if request.number in self._config.phones else None
        caller = Caller(request.number, request.name, phone=phone, trunk=request.trunk or None)
        brought = request.merits
        data = {"request": request.id, "name": request.kind, "queue": queue, "number": request.number}
        self._handed.add(request.id)
        control.journal_line("callback_request.due", None, now, data)
        control.queues.receive(
            CallJoined(
                request.id,
                queue,
                language=request.language,
                priority=brought.priority,
                needs=parse(brought.needs),
                preferred=parse(brought.prefer),
                variables=brought.variables,
                customer=request.known.get(CUSTOMER_ID) or customer_of(caller),
                number=request.number,
                about=Memory.of_request(request).pairs(),
            ),
            now,
        )
        control.keep(MARK + request.id)

    def kept(self, mark: str, kept: bool, now: float) -> None:
        """The order that *mark* names has been written down: the row has done its duty. Not *kept*: it stays."""
        if not mark.startswith(MARK) or not kept:
            return
        name = mark.removeprefix(MARK)
        self._handed.discard(name)
        if (request := self._boxes.request(name)) is not None:
            self._boxes.remove_request(request)

    # ------------------------------------------------------------------------------------------------ time
    def next_deadline(self) -> float | None:
        return self._wake

    def handle_timeout(self, now: float) -> None:
        if self._wake is not None and self._wake <= now:
            self._release(now)
            self.look(now)
            if self._wake is not None:
                self._wake = max(self._wake, now + 0.01)
