"""Asking callers at which number to call them back: the dialogue of `softswitch.call.callbacks.dialogue`, carried out.

What the answer is for, and what comes of it, is the affair of whoever asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rtp.legs import Silence
from softswitch.call.callbacks.dialogue import BETWEEN, FIRST, Action, Dialogue, Input, State
from softswitch.call.timers import Timers
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.nodes import Prompt
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call

#: Seconds in which an order must have been written down, or the caller is told that it was not taken.
KEEPING = 10.0


class Asker(Protocol):
    """Who wants to know."""

    def may_be_called(self, call: Call, number: str) -> bool: ...

    def take(self, call: Call, number: str, now: float) -> None:
        """The caller has confirmed *number*: write it down, then `NumberDialogues.kept`."""

    def taken(self, call: Call, now: float) -> None:
        """It is written down: say so."""

    def not_kept(self, call: Call, now: float) -> None:
        """It cannot be written down: what was done about it is undone."""

    def go_back(self, call: Call, now: float, *, apology: bool) -> None:
        """The dialogue is over without an order."""


class NumberDialogues:
    """All callers who are asked by one asker now."""

    def __init__(self, control: CallControl, asker: Asker) -> None:
        self._control = control
        self._asker = asker
        self._dialogues: dict[str, Dialogue] = {}
        self._timers: Timers[str] = Timers()

    def __len__(self) -> int:
        return len(self._dialogues) + len(self._timers)

    def begin(self, call: Call, now: float, *, another_allowed: bool) -> bool:
        """False: the number of the caller cannot be called, and no other may be given."""
        known = call.caller.phone or call.caller.number
        number = known if self._asker.may_be_called(call, known) else ""
        if not number and not another_allowed:
            return False
        self._dialogues[call.call], actions = Dialogue.begin(number, another_allowed=another_allowed)
        self._act(call, actions, now)
        return True

    def forget(self, call: Call) -> None:
        """The call is over, or the dialogue."""
        self._dialogues.pop(call.call, None)
        self._timers.set(call.call, None)

    def pressed(self, call: Call, digit: str, now: float) -> bool:
        """False: this caller is not being asked."""
        dialogue = self._dialogues.get(call.call)
        if dialogue is None:
            return False
        event = dialogue.key(digit)
        if event is None:
            event = Input.GOOD if self._asker.may_be_called(call, dialogue.entered) else Input.BAD
        if actions := dialogue.handle(event):
            self._control.prompts.stop(call)
            self._act(call, actions, now, digit)
        return True

    def kept(self, call_id: str, kept: bool, now: float) -> None:
        """The order has been written down or, not *kept*, will never be."""
        call, dialogue = self._control.calls.get(call_id), self._dialogues.get(call_id)
        if call is None or dialogue is None:
            return
        if actions := dialogue.handle(Input.KEPT if kept else Input.NOT_KEPT):
            self._timers.set(call_id, None)
            if not kept:
                self._asker.not_kept(call, now)
            self._act(call, actions, now)

    def ordered(self, call: Call) -> bool:
        """The caller may hang up: what was ordered stays."""
        dialogue = self._dialogues.get(call.call)
        return dialogue is not None and dialogue.state in (State.REGISTERING, State.DONE)

    def _act(self, call: Call, actions: tuple[Action, ...], now: float, digit: str = "") -> None:
        dialogue = self._dialogues[call.call]
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
                    self._hush(call)
                    self._timers.set(call.call, now + KEEPING)
                    self._asker.take(call, dialogue.number, now)
                case Action.SAY_GOODBYE:
                    self._asker.taken(call, now)
                case Action.GO_BACK:
                    self._asker.go_back(call, now, apology=Action.APOLOGISE in actions)

    def _question(self, call: Call, prompts: tuple[Prompt, ...], now: float) -> None:
        self._timers.set(call.call, None)
        self.say(call, prompts, now, lambda at: self._timers.set(call.call, at + FIRST))

    def say(self, call: Call, prompts: tuple[Prompt, ...], now: float, finished: Callable[[float], None]) -> None:
        if (leg := self._control.legs.get(call.a_leg)) is not None:
            leg.detect_inband = True
        self._control.prompts.say(call, prompts, call.language, now, finished)

    def _hush(self, call: Call) -> None:
        self._control.prompts.stop(call)
        if (leg := self._control.legs.get(call.a_leg)) is not None:
            self._control.legs.hear(leg, Silence())

    # ------------------------------------------------------------------------------------------------ timers
    def next_deadline(self) -> float | None:
        return self._timers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        """Silence."""
        while (call_id := self._timers.pop_due(now)) is not None:
            call, dialogue = self._control.calls.get(call_id), self._dialogues.get(call_id)
            if call is not None and dialogue is not None:
                with self._control.contain(call_id, now):
                    self._silent(call, dialogue, now)

    def _silent(self, call: Call, dialogue: Dialogue, now: float) -> None:
        if dialogue.state is State.REGISTERING:
            self.kept(call.call, False, now)
        elif dialogue.entered:
            self.pressed(call, "#", now)
        else:
            self._act(call, dialogue.handle(Input.SILENT), now)
