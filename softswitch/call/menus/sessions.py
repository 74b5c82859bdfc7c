"""Carrying out what IVR sessions ask for, and telling them what happened."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ivr.effects import (
    Ask,
    CallNumber,
    CallPhone,
    Connect,
    EnterQueue,
    FlowEnded,
    HandOver,
    HangUp,
    Journal,
    LanguageChosen,
    OptOut,
    PlayMusic,
    PlayPrompts,
    PromptsEnded,
    PromptsStarted,
    Pull,
    StopAsking,
    StopPrompts,
    Survey,
    Trouble,
)
from ivr.events import Answered, Digit, HungUp, Moved, PromptsTimed, Requeued, Returned
from ivr.labels import PATH
from ivr.nodes import Answer, Echo, Music, Result
from ivr.slots import PREFIX as SLOT_PREFIX
from rtp.legs import Echo as EchoSource
from rtp.legs import Music as MusicSource
from rtp.legs import Silence
from softswitch.call.menus.handlers import Task
from softswitch.call.model import Stage
from softswitch.call.records import ivr_record
from softswitch.call.settings import Reconfigurable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivr.effects import Effect
    from ivr.events import Event
    from rtp.legs import Source
    from softswitch.call.control import CallControl
    from softswitch.call.menus.handlers import Handler
    from softswitch.call.model import Call, Leg
    from softswitch.call.settings import Settings

log = logging.getLogger(__name__)

#: What a caller whose call was never answered is told when a phone gave them back (RFC 3261 §21.4).
_STATUS_OF = {
    Result.BUSY: 486,
    Result.REJECTED: 603,
    Result.NO_ANSWER: 480,
    Result.UNAVAILABLE: 480,
}


class Menus:
    """The IVR's side of every call."""

    def __init__(self, control: CallControl) -> None:
        self._control = control
        self.handlers: dict[str, Handler] = {}
        """Who carries out `Ask` and `HandOver`, by their kind."""
        self._tasks: dict[str, Task] = {}  # by call

    def __len__(self) -> int:
        return len(self._tasks)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        for handler in self.handlers.values():
            if isinstance(handler, Reconfigurable):
                handler.reconfigure(settings, now)

    def receive(self, call: Call, event: Event, now: float) -> None:
        """Tell the IVR; what a transfer brings back is the transfer's affair first."""
        if isinstance(event, Returned) and self._control.transfers.returned(call, event.result, now):
            return
        match event:
            case Moved(to) | Requeued(queue=to) if call.session.flow.find(to) is None:
                now_in_force = self._control.reconfiguring.settings
                call.session.renew(now_in_force.flow)
                call.config = now_in_force.config
        task = self._tasks.get(call.call)
        match event:
            case Digit(digit) if task is not None and task.hears_digits:
                task.handler.pressed(call, digit, now)
                return
            case Answered() | Returned():
                self._tasks.pop(call.call, None)
            case HungUp() | Moved():
                self._cancel(call, now)
        call.session.receive(event, now)
        self.drain(call, now)

    def timed(self, call_id: str, play: int, lengths: Sequence[float | None], now: float) -> None:
        """Tell how long what begins to sound takes, where that is known of all of it."""
        call, known = self._control.calls.get(call_id), [seconds for seconds in lengths if seconds is not None]
        if call is not None and len(known) == len(lengths):
            call.session.receive(PromptsTimed(play, sum(known)), now)  # it wants nothing
            self._control.session_timers.set(call.call, call.session.next_deadline())

    def forget(self, call: Call, now: float) -> None:
        """The call cannot be relied on any more."""
        self._control.prompts.over(call)
        self._control.pulling.over(call)
        self._cancel(call, now)

    def _cancel(self, call: Call, now: float) -> None:
        if (task := self._tasks.pop(call.call, None)) is not None:
            task.handler.cancel(call, now)

    def _begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """Give the call to whoever carries out nodes of that kind; when there is nobody that is the answer."""
        handler = self.handlers.get(effect.kind)
        if handler is not None:
            self._tasks[call.call] = Task(handler, effect)
            handler.begin(call, leg, effect, now)
            return
        none = Answered(effect.request, "unavailable") if isinstance(effect, Ask) else Returned(Result.UNAVAILABLE)
        self._control.later(now, lambda at: self.receive(call, none, at), call=call.call)

    def handle_timeout(self, call: Call, now: float) -> None:
        call.session.handle_timeout(now)
        self.drain(call, now)

    def drain(self, call: Call, now: float) -> None:
        while (effect := call.session.next_effect()) is not None:
            self._carry_out(call, effect, now)
        self._control.session_timers.set(call.call, call.session.next_deadline())

    def _carry_out(self, call: Call, effect: Effect, now: float) -> None:
        control = self._control
        leg = control.legs.get(call.a_leg)
        match effect:
            case Journal(at, record):
                kind, data = ivr_record(record)
                match record:
                    case PromptsEnded(play=play, interrupted_by=by):
                        data |= control.prompts.heard(call, play, at, interrupted=bool(by))
                        data["completed"] = not by
                    case Survey():
                        agent, queue = call.served_by
                        way = call.session.progress.public.get(PATH, "")
                        data |= {"agent": agent, "queue": queue, "menu_path": way}
                    case LanguageChosen(language=chosen):
                        call.language = chosen
                    case PromptsStarted(keys=(key,)) if key.startswith(SLOT_PREFIX):
                        control.pulling.told(call, key, at)
                    case FlowEnded():
                        control.prompts.over(call)
                        control.pulling.over(call)
                    case Trouble(node, what):
                        log.warning("%s: %s", node, what)
                control.note(kind, call, at, **data)
            case HangUp(reason, result):
                control.endings.call_over(
                    call,
                    now,
                    by="switch",
                    cause=str(reason),
                    status=call.refusal or 480 if result is None else _STATUS_OF.get(result, 480),
                )
            case StopAsking():
                self._cancel(call, now)
            case OptOut(out):
                control.pulling.wishes.opted(call, now, out=out)
            case Pull():
                control.pulling.pull(call, effect, now)
            case _ if leg is None:
                pass  # the caller is gone; the session will be told
            case PlayPrompts(play, prompts, language):
                control.answer(call, leg, now)
                leg.detect_inband = True  # a key may come as tones, whatever was negotiated
                control.prompts.play(call, play, prompts, language, now)
                control.transfers.took(call, now)
            case StopPrompts():
                control.prompts.stop(call)
                control.legs.hear(leg, Silence())
            case PlayMusic(channel):
                control.answer(call, leg, now)
                control.legs.hear(leg, MusicSource(channel), detect_inband=True)
            case Ask() | HandOver():
                self._begin(call, leg, effect, now)
            case EnterQueue(name):
                control.answer(call, leg, now)
                control.queues.join(call, leg, name, now)
                if call.stage is Stage.QUEUED:
                    control.transfers.took(call, now)
            case CallPhone(name, ring_timeout):
                control.queues.leave_place(call, now)
                control.desks.ring(call, leg, name, ring_timeout, now)
            case CallNumber(number, trunk, ring_timeout):
                control.queues.leave_place(call, now)
                control.desks.ring_number(call, leg, number, trunk, ring_timeout, now)
            case Connect(service):
                control.queues.leave_place(call, now)
                control.answer(call, leg, now)
                control.legs.hear(leg, _source(service), detect_inband=False)
                control.transfers.took(call, now)


def _source(service: Echo | Music | Answer) -> Source:
    match service:
        case Echo():
            return EchoSource()
        case Music(name=channel):
            return MusicSource(channel)
    return Silence()
