"""Where identifiers and chance come from: the world hands them in, so that a run can be repeated byte for byte."""

from __future__ import annotations

from typing import Protocol

#: What every branch of an RFC 3261 element begins with (§8.1.1.7).
MAGIC_COOKIE = "z9hG4bK"


class Ids(Protocol):
    """Everything but ``fraction`` must be unique for ever and impossible to guess for a stranger (64 bits or more)."""

    def branch(self) -> str:
        """A Via branch, the magic cookie in front."""
        ...

    def tag(self) -> str:
        """A From or To tag."""
        ...

    def call_id(self) -> str: ...

    def usage(self) -> str:
        """The handle of one INVITE usage."""
        ...

    def cnonce(self) -> str:
        """The client's nonce of digest authentication."""
        ...

    def fraction(self) -> float:
        """Evenly distributed in [0, 1): spreads retries."""
        ...
