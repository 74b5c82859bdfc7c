"""What can be wrong with bytes from the network, and with a message of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sip.message import Request


class ParseError(ValueError):
    """Received text breaks the grammar or a fixed limit.

    ``status`` is the response a request deserves for it. ``partial`` is the request as far as it could be read, set
    only when it has the header fields that a response copies (Via, From, To, Call-ID, CSeq); its typed properties may
    raise ``ParseError`` again. Malformed responses never have one: they are dropped (RFC 3261 §18.1.2).
    """

    def __init__(self, reason: str, status: int = 400, partial: Request | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.partial = partial


class FramingError(ParseError):
    """The boundaries of messages on a stream are lost: answer ``partial`` if there is one, then close.

    ``messages`` are the whole messages that came before the defect in the same chunk.
    """

    def __init__(
        self, reason: str, status: int = 400, partial: Request | None = None, messages: tuple[bytes, ...] = ()
    ) -> None:
        super().__init__(reason, status, partial)
        self.messages = messages


class SerializeError(ValueError):
    """A message of ours holds what must never reach the wire: CR, LF or NUL in a field, or text that is no Unicode."""
