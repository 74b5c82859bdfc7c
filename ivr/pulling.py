"""Control points of the menu just entered: what is bound there, and what somebody else says for this very caller.

Whoever is asked has until the menu comes to the slot's place, and a moment more (`Slot.wait`). Then the caller hears
what the answer says, or without an answer what is bound to the slot; whatever is answered later is not heard here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ivr import effects as fx
from ivr.decisions import expected_next
from ivr.events import Pulled
from ivr.machine import Input
from ivr.nodes import Menu
from ivr.slots import Expected
from ivr.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivr.slots import Voiced
    from ivr.steps import MessageLookup


class Pulling(Steps):
    """Whatever changes later, a caller hears what there was when the menu was entered, or its place was reached."""

    _messages: MessageLookup | None

    def _look_up_messages(self, now: float) -> None:
        p, node = self.progress, self._node()
        p.voiced = []
        if not isinstance(node, Menu) or not node.slots or self._messages is None:
            return
        known = p.public | {"language": p.language}
        found = tuple(map(self._usable, self._messages(node.slots, known, now)))
        for slot in node.slots:
            standing = tuple(message for message in found if message.slot == slot.id)
            if slot.asks:
                p.pulls += 1
                p.voiced.append(Expected(slot.id, p.pulls, slot.after, slot.barge_in, slot.wait, standing))
                self._emit(fx.Pull(p.pulls, slot.id, slot.asks, dict(p.data) | {"language": p.language}))
            else:
                p.voiced += standing
                self._note_voiced(standing, now)

    def _usable(self, message: Voiced) -> Voiced:
        """Its key leads to a place that there is for this caller; if it leads to none, where the slot itself leads."""
        if message.target is None or self.flow.find(message.target) is not None:
            return message
        node = self._node()
        slots = node.slots if isinstance(node, Menu) else ()
        own = (target for slot in slots if slot.id == message.slot for target in slot.targets)
        target = next((target for target in own if self.flow.find(target) is not None), None)
        return replace(message, key="" if target is None else message.key, target=target)

    def _note_voiced(self, messages: Sequence[Voiced], now: float) -> None:
        p = self.progress
        for message in messages:
            segment = p.public.get("segment", "")
            self._journal(now, fx.MessageVoiced(p.target, message.slot, message.campaign, message.version, segment))

    def _keep_pulled(self, now: float) -> None:
        """The answer is kept until the menu comes to its place."""
        assert isinstance(self._event, Pulled)
        pulled = self._event
        messages = None if pulled.messages is None else tuple(map(self._usable, pulled.messages))
        self.progress.voiced = [
            replace(one, over=True, answer=messages)
            if isinstance(one, Expected) and one.request == pulled.request
            else one
            for one in self.progress.voiced
        ]

    def _start_expecting(self, now: float) -> None:
        expected = expected_next(self.flow, self.progress)
        assert expected is not None
        self.progress.deadlines[Input.EXPECT_LIMIT] = now + expected.wait

    def _settle_slot(self, now: float) -> None:
        """The place is reached: from now on there is in it what this caller hears."""
        p = self.progress
        expected = expected_next(self.flow, p)
        assert expected is not None
        messages = expected.standing if expected.answer is None else expected.answer
        place = p.voiced.index(expected)
        p.voiced[place : place + 1] = messages
        self._note_voiced(messages, now)
