"""Ordering a callback by key while waiting in a queue.

The caller hears that the order was taken only when the journal has it, and may hang up as soon as it was given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import CallbackCancelled, CallbackRequested
from softswitch.call.callbacks.memory import Memory
from softswitch.call.callbacks.numbers import NumberDialogues
from softswitch.call.queues.customers import can_be_called
from softswitch.speech import phrases

if TYPE_CHECKING:
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.config.words.waiting import OfferCallback

MARK = "callback:"


class CallbackOrders:
    """All callers who are ordering a callback now: what `softswitch.call.callbacks.numbers` calls an asker."""

    def __init__(self, control: CallControl, config: Config) -> None:
        self._control = control
        self._config = config
        self._numbers = NumberDialogues(control, self)
        self._offers: dict[str, OfferCallback] = {}  # what the caller was offered, whatever the file says now

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config

    def __len__(self) -> int:
        return len(self._numbers)

    def ask(self, call: Call, now: float) -> None:
        """The key was pressed; the caller, who is aside, says which number."""
        queue = None if call.queue is None else self._config.queues.get(call.queue)
        if queue is None or queue.offer_callback is None:  # taken out of the configuration since it was made
            self._go_back(call, now)
            return
        offer = self._offers[call.call] = queue.offer_callback
        if not self._numbers.begin(call, now, another_allowed=offer.another_number):
            self._numbers.say(call, (phrases.callback_failed(),), now, lambda at: self._go_back(call, at))

    def pressed(self, call: Call, digit: str, now: float) -> bool:
        """A key of a caller who is aside; False when it is the menu's."""
        return self._numbers.pressed(call, digit, now)

    def may_be_called(self, call: Call, number: str) -> bool:
        known, offer = self._config, self._offers[call.call]
        return can_be_called(number, offer.numbers, phones=known.phones, trunks=known.trunks, never=offer.never)

    def take(self, call: Call, number: str, now: float) -> None:
        """The caller is told only when the order has been written down."""
        control = self._control
        control.note("callback.ordered", call, now, queue=call.queue, number=number)
        control.queues.receive(CallbackRequested(call.queued_as, number, Memory.of_call(call).pairs()), now)
        control.keep(MARK + call.call)

    def kept(self, mark: str, kept: bool, now: float) -> None:
        """The order that *mark* names has been written down, or (not *kept*) will never be."""
        if mark.startswith(MARK):
            self._numbers.kept(mark.removeprefix(MARK), kept, now)

    def not_kept(self, call: Call, now: float) -> None:
        self._control.queues.take_back(call, CallbackCancelled(call.queued_as, "not written down"), now)

    def taken(self, call: Call, now: float) -> None:
        box = self._control.queues.expected(call, now)
        expected = None if box is None else phrases.callback_expected(box)
        said = (phrases.callback_confirmed(),) if expected is None else (expected, phrases.callback_confirmed())
        self._numbers.say(call, said, now, lambda at: self._goodbye(call, at))

    def _goodbye(self, call: Call, now: float) -> None:
        self._control.endings.call_over(call, now, by="switch", cause="callback-ordered")

    def go_back(self, call: Call, now: float, *, apology: bool) -> None:
        if apology:
            self._control.later(now, lambda at: self._apologise(call, at), call=call.call)
        self._go_back(call, now)

    def _apologise(self, call: Call, now: float) -> None:
        self._control.waiting.announce(call, phrases.callback_failed(), now)

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
        self._numbers.forget(call)
        self._offers.pop(call.call, None)

    def ordered(self, call: Call) -> bool:
        """The caller may hang up: the callback stays."""
        return self._numbers.ordered(call)

    # ------------------------------------------------------------------------------------------------ timers
    def next_deadline(self) -> float | None:
        return self._numbers.next_deadline()

    def handle_timeout(self, now: float) -> None:
        """Silence."""
        self._numbers.handle_timeout(now)
