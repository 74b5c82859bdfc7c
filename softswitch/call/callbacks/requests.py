"""Asking to be called back when it is open again, by key in an IVR.

The request is a row; the caller hears that it was taken only when the row is there. What becomes of it is in
`softswitch.call.callbacks.due`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.events import Returned
from ivr.nodes import Prompt, Result
from softswitch.call.callbacks.due import DueRequests
from softswitch.call.callbacks.memory import Memory
from softswitch.call.callbacks.numbers import NumberDialogues
from softswitch.call.menus.handlers import Handler
from softswitch.call.voicemail.taking import path_of
from softswitch.messages import Brought, Request
from softswitch.speech import phrases

if TYPE_CHECKING:
    from ivr.effects import Ask, HandOver
    from ivr.nodes import Flow
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.config.words.messages import CallbackRequest
    from softswitch.ports import Clock, Mailroom
    from softswitch.voicemail.boxes import Boxes

MARK = "callback-request:"


class CallbackRequests(Handler):
    """All callers who ask now: what `softswitch.call.callbacks.numbers` calls an asker. `due`: all who have asked."""

    def __init__(
        self, control: CallControl, config: Config, flow: Flow, boxes: Boxes, mailroom: Mailroom, clock: Clock
    ) -> None:
        self._control = control
        self._boxes = boxes
        self._mailroom = mailroom
        self._clock = clock
        self._numbers = NumberDialogues(control, self)
        self._kinds: dict[str, str] = {}  # call → what it asks for
        self._asked: dict[str, tuple[Request, bool]] = {}  # call → its request, being written down; whether it is new
        self.due = DueRequests(control, config, flow, boxes, clock)

    def __len__(self) -> int:
        return len(self._numbers) + len(self.due)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self.due.reconfigure(settings, now)

    # ------------------------------------------------------------------------------------------------ asking
    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """The caller wants to be called back."""
        control, words = self._control, call.config.callback_requests.get(effect.name)
        control.queues.leave_place(call, now)
        control.answer(call, leg, now)
        control.transfers.took(call, now)
        self._kinds[call.call] = effect.name
        if words is None or not self._numbers.begin(call, now, another_allowed=words.ask_number):
            self._apologise(call, now)

    def cancel(self, call: Call, now: float) -> None:
        """The caller is gone; what was asked for stays."""
        self._numbers.forget(call)
        self._kinds.pop(call.call, None)

    def pressed(self, call: Call, digit: str, now: float) -> None:
        self._numbers.pressed(call, digit, now)

    def _words(self, call: Call) -> CallbackRequest:
        return call.config.callback_requests[self._kinds[call.call]]

    def may_be_called(self, call: Call, number: str) -> bool:
        return self.due.may_be_called(number, self._words(call))

    def take(self, call: Call, number: str, now: float) -> None:
        """The row, which is written down together with the line of the journal about it."""
        control, name, words = self._control, self._kinds[call.call], self._words(call)
        merits, known = control.queues.merits(call), tuple(Memory.of_call(call).known.items())
        self.due.clear_over(name, number, now)
        due = self.due.due(words, now, call.session.flow)
        due = self.due.with_room(name, words, due, now)
        request = Request(
            f"{name}~{call.call}",
            name,
            self._clock.wall(now),
            due.at,
            number,
            call.caller.name,
            path_of(call),
            call.language,
            call.caller.trunk or "",
            call.dialled,
            vague=not due.known,
            brought=Brought(
                merits.priority,
                merits.needs,
                merits.prefer,
                merits.variables,
                known,
            ).written(),
        )
        request, new = self._boxes.ask(request)
        self._asked[call.call] = request, new
        self.due.unsafe = {asked.id for asked, _ in self._asked.values()}
        kind = "callback_request.taken" if new else "callback_request.again"
        control.note(
            kind, call, now, request=request.id, name=name, number=number, due=request.due, asked=request.asked
        )
        control.keep(MARK + call.call)

    def kept(self, mark: str, kept: bool, now: float) -> None:
        """The row is there or, not *kept*, will never be."""
        self.due.kept(mark, kept, now)
        if not mark.startswith(MARK):
            return
        name = mark.removeprefix(MARK)
        request, _ = self._asked.get(name, (None, False))
        if request is not None and kept and not request.mailed:
            self._mailroom.post(request)
        self._numbers.kept(name, kept, now)
        if name not in self._kinds:
            self._safe(name, now)

    def not_kept(self, call: Call, now: float) -> None:
        """The caller hears that nothing was taken, so nothing must come of it."""
        request, new = self._asked.pop(call.call)
        if new:
            self._boxes.remove_request(request)
            self._control.note("callback_request.withdrawn", call, now, request=request.id)
        self._safe(call.call, now)

    def _safe(self, call: str, now: float) -> None:
        self._asked.pop(call, None)
        self.due.unsafe = {asked.id for asked, _ in self._asked.values()}
        self.due.look(now)

    def taken(self, call: Call, now: float) -> None:
        """Said honestly: the time only when it is known."""
        words, (request, _) = self._words(call), self._asked[call.call]
        self._safe(call.call, now)
        prompt = Prompt("callback-request-taken")
        if words.confirm is not None:
            prompt = Prompt(f"callback.{self._kinds[call.call]}", text=dict(words.confirm))
        elif not request.vague and request.due > self._clock.wall(now):
            there, flow = self.due.local, call.session.flow
            here = there(words, self._clock.wall(now), now, flow)
            prompt = phrases.callback_due(there(words, request.due, now, flow), here)
        self._numbers.say(call, (prompt,), now, lambda at: self._return(call, Result.DONE, at))

    def go_back(self, call: Call, now: float, *, apology: bool) -> None:
        self._numbers.forget(call)
        self._apologise(call, now)

    def _apologise(self, call: Call, now: float) -> None:
        prompt = Prompt("callback-request-failed")
        self._numbers.say(call, (prompt,), now, lambda at: self._return(call, Result.FAILED, at))

    def _return(self, call: Call, result: Result, now: float) -> None:
        self.cancel(call, now)
        self._control.menus.receive(call, Returned(result), now)

    # ------------------------------------------------------------------------------------------------ time
    def look(self, now: float) -> None:
        """What was left before this life is known."""
        self.due.look(now)

    def next_deadline(self) -> float | None:
        times = (self._numbers.next_deadline(), self.due.next_deadline())
        return min((at for at in times if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        self._numbers.handle_timeout(now)
        self.due.handle_timeout(now)
