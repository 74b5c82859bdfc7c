"""Callbacks as people and programs outside see them: listed, ordered for a time of one's choice, taken back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from acd.events import CallbackCancelled
from acd.skills import parse, variables
from acd.ticket import CALLED_BACK
from softswitch.call.callbacks.due import QUARTER, SAME
from softswitch.messages import Brought, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acd.dispatcher import Dispatcher
    from softswitch.call.callbacks.due import DueRequests
    from softswitch.call.control import CallControl
    from softswitch.config import Config
    from softswitch.config.words.messages import CallbackRequest
    from softswitch.ports import Clock

#: How far ahead a callback may be ordered, in seconds, and so many free times are told.
AHEAD = 60 * 86_400.0
MOST_FREE = 200
#: So many are told who asked for a time that is taken.
_NEAREST = 4


class UnknownKind(KeyError):
    """There is no such ``[callback.NAME]``."""


class Refused(Exception):
    """The callback cannot be promised. ``free``: times that can, in seconds since the epoch."""

    def __init__(self, why: str, field: str, free: tuple[float, ...] = ()) -> None:
        super().__init__(why)
        self.field = field
        self.free = free


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody outside orders. *at*: seconds since the epoch, None: as soon as it is open."""

    kind: str
    number: str
    at: float | None = None
    name: str = ""
    language: str = ""
    known: Mapping[str, str] = field(default_factory=dict)


class CallbackDesk:
    """*settle* is called after a change, for what it makes the switch send."""

    def __init__(
        self,
        control: CallControl,
        dispatcher: Dispatcher,
        *,
        clock: Clock,
        now: Callable[[], float],
        new_id: Callable[[], str],
        settle: Callable[[], None],
    ) -> None:
        self._control = control
        self._dispatcher = dispatcher
        self._clock = clock
        self._now = now
        self._new_id = new_id
        self._settle = settle

    @property
    def _config(self) -> Config:
        return self._control.reconfiguring.settings.config

    @property
    def _due(self) -> DueRequests:
        return self._control.left.requests.due

    def _words(self, kind: str) -> CallbackRequest:
        found = self._config.callback_requests.get(kind)
        if found is None:
            raise UnknownKind(kind)
        return found

    # ------------------------------------------------------------------------------------------------ looking
    def listed(self) -> list[dict[str, Any]]:
        """Everybody who is to be called back: those who are due first, in their order; then the others, the next
        first. Instants are seconds since the epoch."""
        now, config = self._now(), self._config
        found: list[dict[str, Any]] = []
        for ticket in sorted(self._dispatcher.tickets.values(), key=lambda ticket: (ticket.queue, ticket.order)):
            if ticket.place in CALLED_BACK:
                due = self._clock.wall(now if ticket.due_at is None else max(now, ticket.due_at))
                ordered = self._clock.wall(now if ticket.ordered_at is None else ticket.ordered_at)
                found.append(
                    {
                        "id": ticket.call,
                        "state": ticket.place.value,
                        "callback": ticket.call.partition("~")[0] if "~" in ticket.call else "",
                        "queue": ticket.queue,
                        "number": ticket.number,
                        "name": ticket.about.get("name", ""),
                        "asked_at": ordered,
                        "due": due,
                        "tries": ticket.tries,
                    }
                )
        for request in self._control.left.boxes.requests():
            if request.id not in self._dispatcher.tickets:
                words = config.callback_requests.get(request.kind)
                found.append(
                    {
                        "id": request.id,
                        "state": "asked",
                        "callback": request.kind,
                        "queue": "" if words is None else words.queue or "",
                        "number": request.number,
                        "name": request.name,
                        "asked_at": request.at,
                        "due": None if request.vague else request.due,
                        "tries": 0,
                    }
                )
        return found

    def free(self, kind: str, *, after: float | None = None, most: int = MOST_FREE) -> list[float]:
        """Quarters of an hour in which a callback can still be promised, by when they begin."""
        words, now = self._words(kind), self._now()
        wall = self._clock.wall(now)
        begin = max(wall, wall if after is None else after)
        at, found = begin, list[float]()
        while len(found) < most and at < wall + AHEAD:  # none can be ordered for later
            again = self._due.due_from(words, at, now)
            if not again.known:
                break
            if again.at > at:
                at = again.at
                continue
            if self._due.has_room(kind, words, at):
                found.append(at)
            at = at // QUARTER * QUARTER + QUARTER
        return found

    # ------------------------------------------------------------------------------------------------ ordering
    def order(self, wanted: Wanted, *, by: str) -> tuple[Request, bool]:
        """The request, and whether it is new: somebody who has asked before has the new time. Raises UnknownKind and
        Refused."""
        words, now = self._words(wanted.kind), self._now()
        boxes, number = self._control.left.boxes, self._config.plan.read(wanted.number).dialable
        if why := self._due.why_not_called(number, words):
            raise Refused(why, "number")
        self._due.clear_over(wanted.kind, number, now)
        before = next((r for r in boxes.requests() if (r.kind, r.number) == (wanted.kind, number)), None)
        old = "" if before is None else before.id
        if wanted.at is None:
            due = self._due.with_room(wanted.kind, words, self._due.due(words, now), now, without=old)
        else:
            self._check_time(wanted.kind, words, wanted.at, now, old)
            due = self._due.in_quarter(wanted.kind, words, wanted.at, without=old)
        language = wanted.language or self._config.server.language
        request = Request(
            f"{wanted.kind}~{self._new_id()}" if before is None else before.id,
            wanted.kind,
            self._clock.wall(now) if before is None else before.at,
            due.at,
            number,
            wanted.name or ("" if before is None else before.name),
            language=language,
            asked=1 if before is None else before.asked + 1,
            vague=not due.known,
            brought=self._brought(words, wanted.known),
        )
        if before is not None:
            same = request.vague == before.vague and abs(request.due - before.due) < SAME
            request = replace(
                request,
                path=before.path,
                trunk=before.trunk,
                dialled=before.dialled,
                mailed=before.mailed and same,  # who was told another time is told this one
            )
        boxes.put_request(request)
        kind = "callback_request.taken" if before is None else "callback_request.again"
        data = {"request": request.id, "name": request.kind, "number": number, "due": request.due}
        self._control.journal_line(kind, None, now, data | {"asked": request.asked, "by": by})
        self._due.look(now)
        self._settle()
        return request, before is None

    def _brought(self, words: CallbackRequest, known: Mapping[str, str]) -> str:
        """Who serves the queue may depend on some of the variables."""
        queue = self._config.queues.get(words.queue or "")
        asked = [] if queue is None else [queue.needs, queue.prefer, *(step.needs for step in queue.relax)]
        named = frozenset().union(*(variables(parse(text)) for text in asked)) - {"language"}
        mentioned = tuple((name, value) for name, value in sorted(known.items()) if name in named)
        return Brought(variables=mentioned, known=tuple(sorted(known.items()))).written()

    def _check_time(self, kind: str, words: CallbackRequest, at: float, now: float, without: str) -> None:
        wall = self._clock.wall(now)
        if not wall - 1.0 <= at <= wall + AHEAD:
            raise Refused(f"is not within the next {AHEAD / 86_400:g} days", "at")
        again = self._due.due_from(words, at, now)
        if not again.known or again.at > at:
            raise Refused("is a time at which it is closed", "at", tuple(self.free(kind, after=at, most=_NEAREST)))
        if not self._due.has_room(kind, words, at, without=without):
            raise Refused("is a time for which all callbacks are taken", "at", self._others(kind, at))

    def _others(self, kind: str, at: float) -> tuple[float, ...]:
        return tuple(self.free(kind, after=at, most=_NEAREST))

    def mail(self, request: Request) -> None:
        """The request is durable: the department may hear of it."""
        if not request.mailed:
            self._control.left.office.post(request)

    def cancel(self, beginning: str, *, by: str) -> str:
        """Nobody calls back any more; the id of what was taken back. Raises KeyError when there is no such callback, or
        the *beginning* of the id, or of its part after "~", is that of several."""
        now, boxes = self._now(), self._control.left.boxes
        tickets = [ticket.call for ticket in self._dispatcher.tickets.values() if ticket.place in CALLED_BACK]
        ids = sorted({*tickets, *(request.id for request in boxes.requests())})
        found = [name for name in ids if name == beginning] or [
            name for name in ids if name.startswith(beginning) or name.partition("~")[2].startswith(beginning)
        ]
        if len(found) != 1:
            raise KeyError(f"no callback has an id that begins with {beginning}" if not found else "several do")
        (name,) = found
        if (request := boxes.request(name)) is not None:
            boxes.remove_request(request)
            if name not in self._dispatcher.tickets:
                self._control.left.office.withdraw(request)
            self._control.journal_line("callback_request.withdrawn", None, now, {"request": name, "by": by})
            self._due.look(now)
        if name in self._dispatcher.tickets:
            self._control.queues.receive(CallbackCancelled(name, f"by {by}"), now)
        self._settle()
        return name
