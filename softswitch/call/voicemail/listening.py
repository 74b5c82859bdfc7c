"""Listening to messages by phone: the table of `softswitch.call.voicemail.listening_states`, carried out.

Keys: 1 again, 2 next, 3 delete, 7 call the caller back, star leaves. Numbers and PINs end with hash or a pause; what is
keyed reaches no record.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ivr.events import Moved, Returned
from ivr.nodes import Prompt, Result
from ivr.targets import EXTERNAL, Target
from rtp.legs import Silence
from softswitch.call.menus.handlers import Handler
from softswitch.call.queues.customers import can_be_called
from softswitch.call.timers import Timers
from softswitch.call.voicemail.listening_states import TRANSITIONS, Action, Input, State
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.effects import Ask, HandOver
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.config.words.messages import Voicemail
    from softswitch.messages import Message
    from softswitch.ports import Clock, Mailroom
    from softswitch.voicemail.boxes import Boxes

#: Seconds of silence after a question, and after a figure.
FIRST, BETWEEN = 8.0, 4.0
#: How often a PIN may be wrong; then the box opens to nobody with a PIN for so many seconds.
TRIES, CLOSED = 3, 600.0
#: How often a question is asked again.
PATIENCE = 2
LONGEST = 12
_CHOICES = {"1": Input.AGAIN, "2": Input.NEXT, "3": Input.DELETE, "7": Input.CALL, "*": Input.LEAVE}
_ENTERING = (State.BOX, State.PIN)


@dataclass(slots=True)
class Sitting:
    """Somebody who listens. `left` are the messages still to be heard, the one at hand first."""

    call: str
    leg: int
    state: State
    box: str = ""
    number: str = ""
    entered: str = field(default="", repr=False)
    left: list[str] = field(default_factory=list)
    silences: int = 0
    wrong: int = 0


class Listening(Handler):
    """All who listen to messages now."""

    def __init__(self, control: CallControl, config: Config, boxes: Boxes, mailroom: Mailroom, clock: Clock) -> None:
        self._control = control
        self._config = config
        self._boxes = boxes
        self._mailroom = mailroom
        self._clock = clock
        self._sittings: dict[str, Sitting] = {}
        self._timers: Timers[str] = Timers()
        self._failed: dict[str, list[float]] = {}  # by the number of a box: when its PIN was wrong

    def __len__(self) -> int:
        return len(self._sittings) + len(self._timers)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config

    # ------------------------------------------------------------------------------------------------ boxes
    def own(self, phone: str) -> str:
        """The box of *phone*, one with new messages first; empty when there is none."""
        names = [name for name, words in self._config.voicemails.items() if phone in words.phone]
        return next((name for name in names if self._boxes.counts(name)[0]), names[0] if names else "")

    def _box_of(self, number: str) -> tuple[str, Voicemail] | None:
        """By its number, or that of a phone whose it is."""
        for name, words in self._config.voicemails.items():
            if words.number == number:
                return name, words
        return next(((name, words) for name, words in self._config.voicemails.items() if number in words.phone), None)

    # ------------------------------------------------------------------------------------------------ the listener
    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """Somebody wants to listen; *effect* names the phone whose box it is, or nothing."""
        control, phone = self._control, effect.name
        control.answer(call, leg, now)
        leg.detect_inband = True
        box = self.own(phone) if phone else ""
        if phone and not box:
            control.note("voicemail.no_box", call, now, phone=phone)
            self._say(call, (Prompt("voicemail-no-box"),), now, lambda at: self._return(call, at))
            return
        sitting = Sitting(call.call, leg.leg, State.COUNTING if box else State.BOX, box)
        self._sittings[call.call] = sitting
        self._act(sitting, call, Action.COUNT if box else Action.ASK_BOX, now)

    def cancel(self, call: Call, now: float) -> None:
        """The listener is gone."""
        if (sitting := self._sittings.get(call.call)) is not None:
            self._feed(sitting, Input.GONE, now)

    def pressed(self, call: Call, digit: str, now: float) -> None:
        sitting = self._sittings.get(call.call)
        if sitting is None:
            return
        if sitting.state in _ENTERING and digit != "*":
            self._feed(sitting, self._complete(sitting, now) if digit == "#" else Input.FIGURE, now, digit)
            return
        self._feed(sitting, self._choice(sitting, digit), now)

    def _choice(self, sitting: Sitting, digit: str) -> Input:
        choice = _CHOICES.get(digit, Input.WRONG)
        if choice is Input.NEXT and len(sitting.left) < 2:
            return Input.LAST
        if choice is Input.DELETE and len(sitting.left) < 2:
            return Input.DELETE_LAST
        if choice is Input.CALL and self._target(sitting) is None:
            return Input.WRONG
        return choice

    def _complete(self, sitting: Sitting, now: float) -> Input:
        """What was keyed is all of it."""
        if not sitting.entered:
            return self._silence(sitting)
        if sitting.state is State.BOX:
            sitting.number = sitting.entered
            return Input.ENTERED
        return self._try_pin(sitting, now)

    def _try_pin(self, sitting: Sitting, now: float) -> Input:
        """Every box is asked for its PIN alike, those that are not there too."""
        found = self._box_of(sitting.number)
        pin = None if found is None or found[1].pin is None else found[1].pin.reveal()
        failed = [at for at in self._failed.get(sitting.number, []) if now - at < CLOSED]
        right = hmac.compare_digest((pin or "\0").encode(), sitting.entered.encode())
        call = self._control.calls[sitting.call]
        if found is not None and right and len(failed) < TRIES:
            self._failed.pop(sitting.number, None)
            sitting.box = found[0]
            return Input.RIGHT
        if found is not None:
            self._failed[sitting.number] = [*failed, now][-TRIES:]
        sitting.wrong += 1
        self._control.note("voicemail.pin_refused", call, now, number=sitting.number, closed=len(failed) >= TRIES)
        return Input.TRIED_OFTEN if sitting.wrong >= TRIES else Input.WRONG_PIN

    def _silence(self, sitting: Sitting) -> Input:
        sitting.silences += 1
        return Input.TRIED_OFTEN if sitting.silences > PATIENCE else Input.SILENT

    # ------------------------------------------------------------------------------------------------ time
    def next_deadline(self) -> float | None:
        return self._timers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (name := self._timers.pop_due(now)) is not None:
            if (sitting := self._sittings.get(name)) is not None:
                with self._control.contain(name, now):
                    entered = sitting.state in _ENTERING and sitting.entered
                    self._feed(sitting, self._complete(sitting, now) if entered else self._silence(sitting), now)

    # ------------------------------------------------------------------------------------------------ the table
    def _feed(self, sitting: Sitting, event: Input, now: float, digit: str = "") -> None:
        transition = TRANSITIONS.get((sitting.state, event))
        if transition is None:
            return
        sitting.state, actions = transition
        call = self._control.calls.get(sitting.call)
        if sitting.state is State.OVER:
            self._sittings.pop(sitting.call, None)
            self._timers.set(sitting.call, None)
        for action in actions:
            if call is not None:
                self._act(sitting, call, action, now, digit)

    def _act(self, sitting: Sitting, call: Call, action: Action, now: float, digit: str = "") -> None:
        match action:
            case Action.ADD:
                sitting.entered = (sitting.entered + digit)[:LONGEST]
                self._hush(sitting, call)
                self._timers.set(sitting.call, now + BETWEEN)
            case Action.ASK_BOX | Action.ASK_PIN | Action.REFUSE | Action.OFFER:
                sitting.entered = ""
                self._question(sitting, call, _QUESTIONS[action], now)
            case Action.COUNT:
                self._count(sitting, call, now)
            case Action.HEAD:
                self._head(sitting, call, now)
            case Action.PLAY:
                self._play(sitting, call, now)
            case Action.HEARD:
                self._boxes.heard(sitting.left[0])
                self._control.note("voicemail.heard", call, now, box=sitting.box, message=sitting.left[0])
            case Action.ADVANCE:
                sitting.left.pop(0)
            case Action.DELETE:
                self._delete(sitting, call, now)
            case Action.SAY_LAST:
                self._tell(sitting, call, (Prompt("voicemail-no-more"),), now)
            case Action.CALL:
                target = self._target(sitting)
                self._control.note("voicemail.called_back", call, now, box=sitting.box, message=sitting.left[0])
                self._hush(sitting, call)
                self._control.menus.receive(call, Returned(Result.DONE) if target is None else Moved(target), now)
            case Action.RETURN:
                self._return(call, now)

    def _count(self, sitting: Sitting, call: Call, now: float) -> None:
        self._timers.set(sitting.call, None)
        sitting.left = [message.id for message in self._boxes.messages(sitting.box)]
        new, old = self._boxes.counts(sitting.box)
        self._control.note("voicemail.opened", call, now, box=sitting.box, new=new, old=old)
        self._tell(sitting, call, phrases.messages(new, old), now, Input.SAID if sitting.left else Input.NOTHING)

    def _head(self, sitting: Sitting, call: Call, now: float) -> None:
        self._timers.set(sitting.call, None)
        message = self._at_hand(sitting)
        if message is None:
            self._feed(sitting, Input.LAST, now)
            return
        zone = self._clock.local(now).tzinfo
        received = datetime.fromtimestamp(message.at, zone)
        self._tell(sitting, call, phrases.message_from(message.number, received), now)

    def _play(self, sitting: Sitting, call: Call, now: float) -> None:
        leg, message = self._control.legs.get(sitting.leg), self._at_hand(sitting)
        if leg is not None and message is not None:
            path = self._mailroom.path(message)
            self._control.prompts.sound(leg, (path,), now, lambda at: self._feed(sitting, Input.SAID, at))
        elif message is None:
            self._feed(sitting, Input.LAST, now)

    def _at_hand(self, sitting: Sitting) -> Message | None:
        """The message at hand; those that somebody else has deleted meanwhile are passed over."""
        while sitting.left and self._boxes.message(sitting.left[0]) is None:
            sitting.left.pop(0)
        return self._boxes.message(sitting.left[0]) if sitting.left else None

    def _delete(self, sitting: Sitting, call: Call, now: float) -> None:
        message = self._boxes.message(sitting.left.pop(0))
        if message is not None:
            self._boxes.remove(message)
            self._mailroom.discard(message)
            self._control.note("voicemail.deleted", call, now, box=message.box, message=message.id, why="by phone")

    def _target(self, sitting: Sitting) -> Target | None:
        """Whoever left the message at hand, when they can be called."""
        message = self._boxes.message(sitting.left[0]) if sitting.left else None
        config, number = self._config, "" if message is None else message.number
        if not can_be_called(number, (), phones=config.phones, trunks=config.trunks):
            return None
        return Target("phone", number) if number in config.phones else Target(EXTERNAL, number)

    # ------------------------------------------------------------------------------------------------ words
    def _question(self, sitting: Sitting, call: Call, prompts: tuple[Prompt, ...], now: float) -> None:
        self._timers.set(sitting.call, None)
        self._say(call, prompts, now, lambda at: self._timers.set(sitting.call, at + FIRST))

    def _tell(
        self, sitting: Sitting, call: Call, prompts: tuple[Prompt, ...], now: float, event: Input = Input.SAID
    ) -> None:
        self._say(call, prompts, now, lambda at: self._feed(sitting, event, at))

    def _say(self, call: Call, prompts: tuple[Prompt, ...], now: float, finished: Callable[[float], None]) -> None:
        self._control.prompts.say(call, prompts, call.language, now, finished)

    def _hush(self, sitting: Sitting, call: Call) -> None:
        self._control.prompts.stop(call)
        if (leg := self._control.legs.get(sitting.leg)) is not None:
            self._control.legs.hear(leg, Silence())

    def _return(self, call: Call, now: float) -> None:
        self._control.menus.receive(call, Returned(Result.DONE), now)


_QUESTIONS = {
    Action.ASK_BOX: (Prompt("voicemail-enter-box"),),
    Action.ASK_PIN: (Prompt("voicemail-enter-pin"),),
    Action.REFUSE: (Prompt("voicemail-wrong-pin"), Prompt("voicemail-enter-box")),
    Action.OFFER: (Prompt("voicemail-choices"),),
}
