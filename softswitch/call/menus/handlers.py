"""Whoever does something for an IVR session besides call control itself: one handler for each kind of node.

A handler is told to `begin`; it ends by calling `Menus.receive` with `Answered` (to an `Ask`) or `Returned` (to a
`HandOver`), at once or later, and not at all after `cancel`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr.effects import Ask, HandOver

if TYPE_CHECKING:
    from softswitch.call.model import Call, Leg


class Handler:
    """What `Menus.handlers` holds, by the kind of node."""

    def begin(self, call: Call, leg: Leg, effect: Ask | HandOver, now: float) -> None:
        """Do what *effect* asks for; *leg* is the caller's."""
        raise NotImplementedError

    def cancel(self, call: Call, now: float) -> None:
        """The caller is gone, was sent elsewhere, or nobody waits for the answer: stop, and tell nobody."""

    def pressed(self, call: Call, digit: str, now: float) -> None:
        """The caller, who was handed over, has pressed a key."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a handler does for a call at present."""

    handler: Handler
    effect: Ask | HandOver

    @property
    def hears_digits(self) -> bool:
        """Digits of a caller who waits for an answer are kept by the session."""
        return isinstance(self.effect, HandOver)
