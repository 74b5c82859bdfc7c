"""What callers leave instead of waiting: a message, a number to be called back on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ivr.nodes import HandOff

VOICEMAIL, MAILBOX, CALLBACK = "voicemail", "mailbox", "callback"


@dataclass(frozen=True, slots=True)
class Voicemail(HandOff):
    """Take a message (name = box)."""

    kind: ClassVar[str] = VOICEMAIL


@dataclass(frozen=True, slots=True)
class Mailbox(HandOff):
    """Let the caller listen to messages (name = phone whose box it is; empty: which one is asked)."""

    kind: ClassVar[str] = MAILBOX


@dataclass(frozen=True, slots=True)
class CallbackRequest(HandOff):
    """Take down on which number the caller wants to be called back (name = which kind of request)."""

    kind: ClassVar[str] = CALLBACK
