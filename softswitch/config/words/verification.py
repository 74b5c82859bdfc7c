"""How agents make sure that callers are who they say."""

from __future__ import annotations

from softswitch.config.fields import Word
from softswitch.config.words.values import Section, Spoken


class Verification(Section):
    """A question that the agent puts to the caller at the beginning, and marks as passed or not."""

    ask: Spoken
    """Whispered to the agent before the caller is put through. ``{variables}`` of the call may stand in it."""
    show: Word = ""
    """Shown on the agent's telephone (the Subject of the call) in every language, as ``"Maiden name: {maiden}"``."""
