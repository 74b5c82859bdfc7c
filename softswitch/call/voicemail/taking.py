"""Taking messages: the table of `softswitch.call.voicemail.taking_states`, carried out.

A message is a row, an audio file and, for whoever wants one, a mail; the row and the file are safe before the caller
is thanked and before the mail is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ivr.events import Returned
from ivr.labels import LABELS
from ivr.nodes import Prompt, Result
from rtp.legs import Silence
from softswitch.call.menus.handlers import Handler
from softswitch.call.timers import Timers
from softswitch.call.voicemail.taking_states import TRANSITIONS, Action, Input, State
from softswitch.messages import Message
from softswitch.messages import State as Kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.effects import Ask, HandOver
    from rtp.legs import Recorded
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.config.words.messages import Voicemail
    from softswitch.ports import Clock, Mailroom
    from softswitch.voicemail.boxes import Boxes

MARK = "voicemail:"
BEEP = "tone:beep"
#: Seconds in which a file must have been finished, and a row written down.
FINISHING, KEEPING = 10.0, 10.0


@dataclass(slots=True)
class Taking:
    """One message that is being taken."""

    message: Message
    words: Voicemail
    leg: int
    state: State = State.GREETING


class Mailboxes(Handler):
    """All callers who leave a message now."""

    def __init__(self, control: CallControl, boxes: Boxes, mailroom: Mailroom, clock: Clock) -> None:
        self._control = control
        self._boxes = boxes
        self._mailroom = mailroom
        self._clock = clock
        self._takings: dict[str, Taking] = {}  # by message
        self._of_call: dict[str, str] = {}
        self._timers: Timers[str] = Timers()
        self._last = 0

    def __len__(self) -> int:
        return len(self._takings) + len(self._timers)

    # ------------------------------------------------------------------------------------------------ the caller
    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """The caller is in front of a box."""
        control, words = self._control, call.config.voicemails.get(effect.name)
        control.queues.leave_place(call, now)
        control.answer(call, leg, now)
        leg.detect_inband = True
        control.transfers.took(call, now)
        trouble = self._mailroom.trouble
        if words is None or trouble:
            control.note("voicemail.refused", call, now, box=effect.name, why=trouble or "there is no such box")
            self._say(call, (Prompt("voicemail-unavailable"),), now, lambda at: self._return(call, Result.FAILED, at))
            return
        self._last += 1
        message = Message(
            f"{effect.name}~{call.call}~{self._last}",
            effect.name,
            self._clock.wall(now),
            call=call.call,
            number=call.caller.number,
            name=call.caller.name,
            path=path_of(call),
            language=call.language,
        )
        self._takings[message.id] = taking = Taking(message, words, leg.leg)
        self._of_call[call.call] = message.id
        if words.greeting_file is not None:
            self._sound(taking, (str(words.greeting_file.absolute()), BEEP), now)
        else:
            greeting = greeting_of(effect.name, words)
            self._say(call, (greeting,), now, lambda at: self._sound(taking, (BEEP,), at))

    def pressed(self, call: Call, digit: str, now: float) -> None:
        """Any key ends the greeting, or the message."""
        if (taking := self._of(call)) is not None:
            self._feed(taking, Input.KEY, now)

    def cancel(self, call: Call, now: float) -> None:
        """The caller is gone, or somewhere else."""
        if (taking := self._of(call)) is not None:
            self._feed(taking, Input.GONE, now)
        self._of_call.pop(call.call, None)

    def _of(self, call: Call) -> Taking | None:
        return self._takings.get(self._of_call.get(call.call, ""))

    # ------------------------------------------------------------------------------------------------ what happens
    def _recorded(self, taking: Taking, event: Recorded, now: float) -> None:
        """The file is complete."""
        taking.message = replace(taking.message, seconds=event.seconds)
        short = event.seconds < taking.words.min_seconds
        failed = bool(event.problem) and short
        if event.problem:
            data = {"box": taking.message.box, "message": taking.message.id, "why": event.problem}
            self._control.journal_line("voicemail.trouble", taking.message.call, now, data)
        self._feed(taking, Input.BAD if failed else Input.SHORT if short else Input.GOOD, now)

    def kept(self, mark: str, kept: bool, now: float) -> None:
        """The row that *mark* names has been written down or, not *kept*, will never be."""
        taking = self._takings.get(mark.removeprefix(MARK)) if mark.startswith(MARK) else None
        if taking is not None:
            self._feed(taking, Input.KEPT if kept else Input.NOT_KEPT, now)

    def next_deadline(self) -> float | None:
        return self._timers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (name := self._timers.pop_due(now)) is not None:
            if (taking := self._takings.get(name)) is not None:
                with self._control.contain(taking.message.call, now):
                    self._feed(taking, Input.LATE, now)

    # ------------------------------------------------------------------------------------------------ the table
    def _feed(self, taking: Taking, event: Input, now: float) -> None:
        transition = TRANSITIONS.get((taking.state, event))
        if transition is None:
            return
        taking.state, actions = transition
        for action in actions:
            self._act(taking, action, now)
        if taking.state is State.OVER:
            self._takings.pop(taking.message.id, None)
            self._timers.set(taking.message.id, None)

    def _act(self, taking: Taking, action: Action, now: float) -> None:
        message, call = taking.message, self._control.calls.get(taking.message.call)
        match action:
            case Action.RECORD:
                self._record(taking, now)
            case Action.STOP:
                self._timers.set(message.id, now + FINISHING)
                if (leg := self._control.legs.get(taking.leg)) is not None:
                    self._control.recordings.stop(leg, now)
            case Action.KEEP:
                self._keep(taking, now)
            case Action.DROP:
                self._timers.set(message.id, None)
                self._boxes.remove(message)
                self._mailroom.discard(message)
                data = {"box": message.box, "message": message.id, "seconds": round(message.seconds, 1)}
                self._control.journal_line("voicemail.dropped", message.call, now, data)
            case Action.SALVAGE:
                self._mailroom.salvage(message)
            case Action.POST:
                self._timers.set(message.id, None)
                self._mailroom.post(message)
            case Action.LEAVE:
                self._of_call.pop(message.call, None)
            case _ if call is not None:
                self._speak(taking, call, action, now)

    def _speak(self, taking: Taking, call: Call, action: Action, now: float) -> None:
        match action:
            case Action.SKIP_GREETING:
                self._sound(taking, (BEEP,), now)
            case Action.THANK:
                self._tell(taking, call, Prompt("voicemail-thanks"), now)
            case Action.SAY_SHORT:
                self._tell(taking, call, Prompt("voicemail-too-short"), now)
            case Action.APOLOGISE:
                self._timers.set(taking.message.id, None)
                self._tell(taking, call, Prompt("voicemail-unavailable"), now)
            case Action.RETURN_DONE:
                self._return(call, Result.DONE, now)
            case Action.RETURN_FAILED:
                self._return(call, Result.FAILED, now)

    def _sound(self, taking: Taking, paths: tuple[str, ...], now: float) -> None:
        """The tone, perhaps after a recorded greeting."""
        if (leg := self._control.legs.get(taking.leg)) is not None:
            self._control.prompts.sound(leg, paths, now, lambda at: self._feed(taking, Input.GREETED, at))

    def _tell(self, taking: Taking, call: Call, prompt: Prompt, now: float) -> None:
        self._say(call, (prompt,), now, lambda at: self._feed(taking, Input.SAID, at))

    def _say(self, call: Call, prompts: tuple[Prompt, ...], now: float, finished: Callable[[float], None]) -> None:
        self._control.prompts.say(call, prompts, call.language, now, finished)

    def _return(self, call: Call, result: Result, now: float) -> None:
        self._of_call.pop(call.call, None)
        self._control.menus.receive(call, Returned(result), now)

    def _record(self, taking: Taking, now: float) -> None:
        """The row comes first: it says whose message it is, should this process end before its caller."""
        message, words = taking.message, taking.words
        taking.message = self._boxes.put(replace(message, at=self._clock.wall(now)))
        self._timers.set(message.id, now + words.max_seconds + FINISHING)
        if (leg := self._control.legs.get(taking.leg)) is not None:
            self._control.legs.hear(leg, Silence())
            self._control.recordings.start(
                leg,
                self._mailroom.path(message),
                lambda event, at: self._recorded(taking, event, at),
                most_seconds=words.max_seconds,
                quiet_after=words.quiet_seconds,
                quiet=lambda at: self._feed(taking, Input.QUIET, at),
            )

    def _keep(self, taking: Taking, now: float) -> None:
        message = taking.message = self._boxes.put(replace(taking.message, state=Kept.NEW))
        data = {"box": message.box, "message": message.id, "seconds": round(message.seconds, 1)}
        self._control.journal_line("voicemail.left", message.call, now, data)
        self._timers.set(message.id, now + KEEPING)
        self._control.keep(MARK + message.id)


def greeting_of(name: str, words: Voicemail) -> Prompt:
    """What callers hear before the tone."""
    if words.greeting is not None:
        return Prompt(f"voicemail.{name}", text=dict(words.greeting))
    return Prompt("voicemail-greeting")


def path_of(call: Call) -> str:
    """What the caller chose on the way, in the words of the menus' labels; without labels, which menus they were."""
    chosen = call.session.progress.public.get(LABELS, "")
    return chosen or " > ".join(target.name for target in call.session.progress.trail if target.kind == "menu")
