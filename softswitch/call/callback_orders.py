"""Ordering a callback by key: the dialogue of `softswitch.call.callback_dialogue`, carried out.

The caller hears that the order was taken only when the journal has it, and may hang up as soon as it was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import CallbackCancelled, CallbackRequested
from rtp.legs import Silence
from softswitch.call.callback_dialogue import BETWEEN, FIRST, Action, Dialogue, Input, State
from softswitch.call.customers import can_be_called
from softswitch.call.timers import Timers
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.nodes import Prompt
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.config.words.waiting import OfferCallback

#: Seconds in which an order must have been written down, or the caller is told that it was not taken.
KEEPING = 10.0
MARK = "callback:"


class CallbackOrders:
    """All callers who are ordering a callback now."""

    def __init__(self, control: CallControl, config: Config) -> None:
        self._control = control
        self._config = config
        self._dialogues: dict[str, Dialogue] = {}
        self._offers: dict[str, OfferCallback] = {}  # what the caller was offered, whatever the file says now
        self._timers: Timers[str] = Timers()

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config

    def __len__(self) -> int:
        return len(self._dialogues) + len(self._timers)

    def ask(self, call: Call, now: float) -> None:
        """The key was pressed; the caller, who is aside, says which number."""
        offer = None if call.queue is None else self._config.queues[call.queue].offer_callback
        if offer is None:  # taken out of the configuration since it was made
            self._go_back(call, now)
            return
        self._offers[call.call] = offer
        known = call.caller.phone or call.caller.number
        number = known if self._can_be_called(known, offer) else ""
        dialogue, actions = Dialogue.begin(number, another_allowed=offer.another_number)
        if not number and not offer.another_number:
            self._say(call, (phrases.callback_failed(),), now, lambda at: self._go_back(call, at))
            return
        self._dialogues[call.call] = dialogue
        self._act(call, dialogue, actions, now)

    def pressed(self, call: Call, digit: str, now: float) -> bool:
        """A key of a caller who is aside; False when it is the menu's."""
        dialogue = self._dialogues.get(call.call)
        if dialogue is None:
            return False
        event = dialogue.key(digit)
        if event is None:
            event = Input.GOOD if self._can_be_called(dialogue.entered, self._offers[call.call]) else Input.BAD
        actions = dialogue.handle(event)
        if actions:
            self._control.prompts.stop(call)
            self._act(call, dialogue, actions, now, digit)
        return True

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
                    self._order(call, dialogue, now)
                case Action.SAY_GOODBYE:
                    self._say(call, (phrases.callback_confirmed(),), now, lambda at: self._goodbye(call, at))
                case Action.APOLOGISE:
                    self._control.later(now, lambda at: self._apologise(call, at), call=call.call)
                case Action.GO_BACK:
                    self._go_back(call, now)

    def _question(self, call: Call, prompts: tuple[Prompt, ...], now: float) -> None:
        self._timers.set(call.call, None)
        self._say(call, prompts, now, lambda at: self._timers.set(call.call, at + FIRST))

    def _say(self, call: Call, prompts: tuple[Prompt, ...], now: float, finished: Callable[[float], None]) -> None:
        if (leg := self._control.legs.get(call.a_leg)) is not None:
            leg.detect_inband = True
        self._control.prompts.say(call, prompts, call.language, now, finished)

    def _hush(self, call: Call) -> None:
        self._control.prompts.stop(call)
        if (leg := self._control.legs.get(call.a_leg)) is not None:
            self._control.legs.hear(leg, Silence())

    def _order(self, call: Call, dialogue: Dialogue, now: float) -> None:
        """The caller is told only when the order has been written down."""
        control = self._control
        self._hush(call)
        self._timers.set(call.call, now + KEEPING)
        control.callbacks.remember(call)
        control.note("callback.ordered", call, now, queue=call.queue, number=dialogue.number)
        control.queues.receive(CallbackRequested(call.queued_as, dialogue.number), now)
        control.keep(MARK + call.call)

    def kept(self, mark: str, kept: bool, now: float) -> None:
        """The order that *mark* names has been written down, or (not *kept*) will never be."""
        call_id = mark.removeprefix(MARK)
        call, dialogue = self._control.calls.get(call_id), self._dialogues.get(call_id)
        if call is None or dialogue is None:
            return
        if actions := dialogue.handle(Input.KEPT if kept else Input.NOT_KEPT):
            self._timers.set(call_id, None)
            if not kept:
                self._control.queues.take_back(call, CallbackCancelled(call.queued_as, "not written down"), now)
            self._act(call, dialogue, actions, now)

    def _apologise(self, call: Call, now: float) -> None:
        self._control.waiting.announce(call, phrases.callback_failed(), now)

    def _goodbye(self, call: Call, now: float) -> None:
        self._control.endings.call_over(call, now, by="switch", cause="callback-ordered")

    def _go_back(self, call: Call, now: float) -> None:
        """To the music, in the old place."""
        control = self._control
        self.forget(call)
        leg = control.legs.get(call.a_leg)
        if leg is not None and call.queue is not None:
            control.prompts.stop(call)
            control.queues.join(call, leg, call.queue, now, silently=True)

    def forget(self, call: Call) -> None:
        """The call is over, or the dialogue."""
        self._dialogues.pop(call.call, None)
        self._offers.pop(call.call, None)
        self._timers.set(call.call, None)

    def _can_be_called(self, number: str, offer: OfferCallback) -> bool:
        known = self._config
        return can_be_called(number, offer.numbers, phones=known.phones, trunks=known.trunks, never=offer.never)

    def ordered(self, call: Call) -> bool:
        """The caller may hang up: the callback stays."""
        dialogue = self._dialogues.get(call.call)
        return dialogue is not None and dialogue.state in (State.REGISTERING, State.DONE)

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
            self.kept(MARK + call.call, False, now)
        elif dialogue.entered:
            self.pressed(call, "#", now)
        else:
            self._act(call, dialogue, dialogue.handle(Input.SILENT), now)
