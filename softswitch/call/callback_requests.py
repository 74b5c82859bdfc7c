"""Being called back when it is open again: the dialogue of `softswitch.call.callback_dialogue`, and what comes of it.

The request is a row that outlives everything; the caller hears that it was taken only when the row is there. When it is
due it becomes a ticket in its queue: those who are due together come one after another, in the order of their asking.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from acd.events import CallbackRequested, CallJoined
from ivr.events import Returned
from ivr.nodes import Hours, Prompt, Result
from ivr.targets import Target
from rtp.legs import Silence
from softswitch.call.callback_dialogue import BETWEEN, FIRST, Action, Dialogue, Input, State
from softswitch.call.customers import can_be_called, customer_of
from softswitch.call.handlers import Handler
from softswitch.call.mailboxes import path_of
from softswitch.call.model import Caller
from softswitch.call.timers import Timers
from softswitch.messages import Request
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.effects import Ask, HandOver
    from ivr.nodes import Flow
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.opening import Opening
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.config.words.messages import CallbackRequest
    from softswitch.ports import Clock, Mailroom
    from softswitch.voicemail.boxes import Boxes

MARK = "callback-request:"
#: Seconds in which a request must have been written down, or the caller is told that it was not taken.
KEEPING = 10.0
#: A due request is looked at again after so many seconds when there is no queue for it now.
LATER = 60.0


class CallbackRequests(Handler):
    """All callers who ask now, and all who have asked."""

    def __init__(
        self,
        control: CallControl,
        config: Config,
        flow: Flow,
        opening: Opening,
        boxes: Boxes,
        mailroom: Mailroom,
        clock: Clock,
    ) -> None:
        self._control = control
        self._config = config
        self._flow = flow
        self._opening = opening
        self._boxes = boxes
        self._mailroom = mailroom
        self._clock = clock
        self._dialogues: dict[str, tuple[Dialogue, str]] = {}
        self._asked: dict[str, str] = {}  # call → request
        self._timers: Timers[str] = Timers()
        self._gaps: dict[str, float] = {}  # seconds between those of one kind who are due together
        self._not_before: dict[str, float] = {}
        self._wake: float | None = None
        self._former: dict[str, CallbackRequest] = {}  # kinds of request that there were before a reload

    def __len__(self) -> int:
        return len(self._dialogues) + len(self._timers)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._former |= self._config.callback_requests
        self._config, self._flow = settings.config, settings.flow
        self.look(now)

    # ------------------------------------------------------------------------------------------------ asking
    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """The caller wants to be called back."""
        control, words = self._control, call.config.callback_requests.get(effect.name)
        control.queues.leave_place(call, now)
        control.answer(call, leg, now)
        leg.detect_inband = True
        control.transfers.took(call, now)
        known = call.caller.phone or call.caller.number
        number = known if words is not None and self._can_be_called(known, words) else ""
        if words is None or (not number and not words.ask_number):
            self._apologise(call, now)
            return
        dialogue, actions = Dialogue.begin(number, another_allowed=words.ask_number)
        self._dialogues[call.call] = dialogue, effect.name
        self._act(call, dialogue, actions, now)

    def cancel(self, call: Call, now: float) -> None:
        """The caller is gone; what was asked for stays."""
        self._dialogues.pop(call.call, None)
        self._timers.set(call.call, None)

    def pressed(self, call: Call, digit: str, now: float) -> None:
        dialogue, name = self._dialogues.get(call.call, (None, ""))
        if dialogue is None:
            return
        event = dialogue.key(digit)
        if event is None:
            good = self._can_be_called(dialogue.entered, call.config.callback_requests[name])
            event = Input.GOOD if good else Input.BAD
        if actions := dialogue.handle(event):
            self._control.prompts.stop(call)
            self._act(call, dialogue, actions, now, digit)

    def _act(self, call: Call, dialogue: Dialogue, actions: tuple[Action, ...], now: float, digit: str = "") -> None:
        for action in actions:
            match action:
                case Action.READ_OUT:
                    first = call.caller.phone or call.caller.number
                    read = phrases.callback_number if dialogue.number == first else phrases.read_back
                    self._question(call, (read(dialogue.number), phrases.confirm_number()), now)
                case Action.ASK_NUMBER:
                    self._question(call, (phrases.enter_callback_number(),), now)
                case Action.REFUSE_NUMBER:
                    self._question(call, (phrases.callback_number_invalid(), phrases.enter_callback_number()), now)
                case Action.ADD_FIGURE:
                    dialogue.add(digit)
                    self._hush(call)
                    self._timers.set(call.call, now + BETWEEN)
                case Action.ORDER:
                    self._take_down(call, dialogue.number, now)
                case Action.SAY_GOODBYE:
                    self._confirm(call, now)
                case Action.GO_BACK:
                    self.cancel(call, now)
                    self._apologise(call, now)

    def _take_down(self, call: Call, number: str, now: float) -> None:
        name = self._dialogues[call.call][1]
        wall = self._clock.wall(now)
        request = Request(
            f"{name}~{call.call}",
            name,
            wall,
            self._due(call.config.callback_requests[name], call.session.flow, now),
            number,
            call.caller.name,
            path_of(call),
            call.language,
            call.caller.trunk or "",
            call.dialled,
        )
        request, new = self._boxes.ask(request)
        self._asked[call.call] = request.id
        kind = "callback_request.taken" if new else "callback_request.again"
        self._control.note(
            kind, call, now, request=request.id, name=name, number=number, due=request.due, asked=request.asked
        )
        self._hush(call)
        self._timers.set(call.call, now + KEEPING)
        self._control.keep(MARK + call.call)
        self.look(now)

    def kept(self, mark: str, kept: bool, now: float) -> None:
        """The row is there or, not *kept*, will never be."""
        if not mark.startswith(MARK):
            return
        name = mark.removeprefix(MARK)
        request = self._boxes.request(self._asked.get(name, ""))
        if request is not None and kept and not request.mailed:
            self._mailroom.post(request)
        call, (dialogue, _) = self._control.calls.get(name), self._dialogues.get(name, (None, ""))
        if call is None or dialogue is None:
            self._asked.pop(name, None)
            return
        if actions := dialogue.handle(Input.KEPT if kept else Input.NOT_KEPT):
            self._timers.set(name, None)
            self._act(call, dialogue, actions, now)

    def _confirm(self, call: Call, now: float) -> None:
        name = self._dialogues[call.call][1]
        words, request = call.config.callback_requests.get(name), self._boxes.request(self._asked.get(call.call, ""))
        prompt = Prompt("callback-request-taken")
        if words is not None and words.confirm is not None:
            prompt = Prompt(f"callback.{name}", text=dict(words.confirm))
        elif request is not None and request.due > self._clock.wall(now):
            local = self._clock.local(now)
            prompt = phrases.callback_due(self._clock.local(now + request.due - self._clock.wall(now)), local)
        self._say(call, (prompt,), now, lambda at: self._return(call, Result.DONE, at))

    def _apologise(self, call: Call, now: float) -> None:
        self._say(call, (Prompt("callback-request-failed"),), now, lambda at: self._return(call, Result.FAILED, at))

    def _return(self, call: Call, result: Result, now: float) -> None:
        self.cancel(call, now)
        self._asked.pop(call.call, None)
        self._control.menus.receive(call, Returned(result), now)

    def _question(self, call: Call, prompts: tuple[Prompt, ...], now: float) -> None:
        self._timers.set(call.call, None)
        self._say(call, prompts, now, lambda at: self._timers.set(call.call, at + FIRST))

    def _say(self, call: Call, prompts: tuple[Prompt, ...], now: float, finished: Callable[[float], None]) -> None:
        self._control.prompts.say(call, prompts, call.language, now, finished)

    def _hush(self, call: Call) -> None:
        self._control.prompts.stop(call)
        if (leg := self._control.legs.get(call.a_leg)) is not None:
            self._control.legs.hear(leg, Silence())

    def _can_be_called(self, number: str, words: CallbackRequest) -> bool:
        known = self._config
        queue = known.queues.get(words.queue or "")
        never = () if queue is None or queue.offer_callback is None else queue.offer_callback.never
        return can_be_called(number, words.numbers, phones=known.phones, trunks=known.trunks, never=never)

    # ------------------------------------------------------------------------------------------------ when
    def _due(self, words: CallbackRequest, flow: Flow, now: float) -> float:
        """Wall time: now while it is open, else the next opening; a day later when none is in sight."""
        wall, node = self._clock.wall(now), flow.find(Target(Hours.kind, words.hours))
        if not isinstance(node, Hours):
            return wall
        local = self._clock.local(now, node.timezone)
        is_open = self._is_open(words, now)
        if node.rules.at(local).open if is_open is None else is_open:
            return wall
        if node.rules.at(local).open:  # somebody has closed it by hand; when that ends is not known
            return wall + LATER
        opening = node.rules.next_change(local)
        return wall + 86_400.0 if opening is None else opening.astimezone(UTC).timestamp()

    def _is_open(self, words: CallbackRequest, now: float) -> bool | None:
        """None: there are no such hours any more."""
        try:
            return not words.hours or self._opening.at(words.hours, now).state == "open"
        except KeyError:
            return None

    # ------------------------------------------------------------------------------------------------ being due
    def look(self, now: float) -> None:
        """Set the clock for whoever is due next."""
        wall = self._clock.wall(now)
        times = [
            max(now + request.due - wall, self._not_before.get(request.kind, now))
            for request in self._boxes.requests()
            if self._queue_of(request)
        ]
        self._wake = min(times, default=None)

    def _queue_of(self, request: Request) -> str:
        """Who calls back; empty when that is only in the mail."""
        words = self._words_of(request.kind)
        queue = "" if words is None else words.queue or ""
        return queue if queue in self._config.queues else ""

    def _words_of(self, kind: str) -> CallbackRequest | None:
        """What was promised holds, although it is promised to nobody any more."""
        return self._config.callback_requests.get(kind) or self._former.get(kind)

    def _release(self, now: float) -> None:
        """Let the earliest of each kind who is due come to its queue."""
        wall = self._clock.wall(now)
        due: dict[str, list[Request]] = {}
        for request in self._boxes.requests():
            if request.due <= wall and self._queue_of(request):
                due.setdefault(request.kind, []).append(request)
        for kind, together in due.items():
            words = self._words_of(kind)
            if words is None or now < self._not_before.get(kind, now):
                continue
            if self._is_open(words, now) is False:
                later = self._due(words, self._flow, now)
                for request in together:
                    self._boxes.put_request(replace(request, due=later))
                continue
            if len(together) > 1:
                self._not_before[kind] = now + self._gaps.setdefault(kind, words.spread / len(together))
            else:
                self._gaps.pop(kind, None)
                self._not_before.pop(kind, None)
            first = min(together, key=lambda request: (request.at, request.id))
            with self._control.contain(None, now):
                self._to_queue(first, words.queue or "", now)

    def _to_queue(self, request: Request, queue: str, now: float) -> None:
        """From here on it is a callback like any other, which the distributor keeps over restarts."""
        phone = request.number if request.number in self._config.phones else None
        caller = Caller(request.number, request.name, phone=phone, trunk=request.trunk or None)
        self._control.callbacks.expect(request.id, request)
        joined = CallJoined(request.id, queue, language=request.language, customer=customer_of(caller))
        data = {"request": request.id, "name": request.kind, "queue": queue, "number": request.number}
        self._control.journal_line("callback_request.due", None, now, data)
        self._boxes.remove_request(request)
        self._control.queues.receive_together((joined, CallbackRequested(request.id, request.number)), now)

    # ------------------------------------------------------------------------------------------------ time
    def next_deadline(self) -> float | None:
        times = (self._timers.next_deadline(), self._wake)
        return min((at for at in times if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        while (name := self._timers.pop_due(now)) is not None:
            call, (dialogue, _) = self._control.calls.get(name), self._dialogues.get(name, (None, ""))
            if call is not None and dialogue is not None:
                with self._control.contain(name, now):
                    self._silent(call, dialogue, now)
        if self._wake is not None and self._wake <= now:
            self._release(now)
            self.look(now)
            if self._wake is not None:
                self._wake = max(self._wake, now + 0.01)

    def _silent(self, call: Call, dialogue: Dialogue, now: float) -> None:
        if dialogue.state is State.REGISTERING:
            self.kept(MARK + call.call, False, now)
        elif dialogue.entered:
            self.pressed(call, "#", now)
        else:
            self._act(call, dialogue, dialogue.handle(Input.SILENT), now)
