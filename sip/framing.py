"""Messages out of a byte stream (RFC 3261 §18.3; keep-alives RFC 5626 §3.5.1)."""

from __future__ import annotations

import re
from typing import Final

from sip.errors import FramingError
from sip.grammar import MAX_MESSAGE
from sip.parser import partial_request

#: What answers a keep-alive of two empty lines.
PONG: Final = b"\r\n"

# Every way to write the field: compact, any case, blanks and folds around the colon and after the value. The parser
# unfolds in the same way, so both always see the same length.
_LENGTH = re.compile(rb"\r\n(?:content-length|l)(?:[ \t]|\r\n[ \t])*+:((?:[^\r\n]|\r\n[ \t])*+)", re.IGNORECASE)
_DIGITS = re.compile(rb"[0-9]++")


class StreamFramer:
    """Feed it chunks as they come; any chunking gives the same messages.

    ``pings`` counts keep-alives (two empty lines between messages) not yet taken by ``take_pings``; each deserves a
    ``PONG``. ``pending`` tells whether a message has begun, which is what a slow-header deadline needs.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._wanted: int | None = None
        self._breaks = 0
        self._broken = False
        self.pings = 0

    @property
    def pending(self) -> int:
        """Octets of a message that is not whole yet."""
        return len(self._buffer)

    def take_pings(self) -> int:
        pings, self.pings = self.pings, 0
        return pings

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that *data* completed.

        Raises FramingError when the boundaries are lost: no, several, negative or absurd Content-Length, or a message
        above the limit. The connection must be closed then; the framer takes no more.
        """
        if self._broken:
            return []
        self._buffer += data
        messages: list[bytes] = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except FramingError as error:
            self._broken = True
            self._buffer.clear()
            error.messages = tuple(messages)
            raise
        return messages

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if self._wanted is None:
            self._skip_breaks()
            end = buffer.find(b"\r\n\r\n", self._searched)
            if end < 0:
                if len(buffer) > MAX_MESSAGE:
                    raise FramingError("header too large", 513, partial_request(bytes(buffer[:MAX_MESSAGE])))
                self._searched = max(0, len(buffer) - 3)
                return None
            self._wanted = end + 4 + self._length(bytes(buffer[:end]))
        if len(buffer) < self._wanted:
            return None
        message = bytes(buffer[: self._wanted])
        del buffer[: self._wanted]
        self._searched, self._wanted, self._breaks = 0, None, 0
        return message

    def _skip_breaks(self) -> None:
        if self._searched:
            return
        buffer = self._buffer
        skipped = 0
        while buffer.startswith(b"\r\n", skipped):
            skipped += 2
            self._breaks += 1
            if self._breaks == 2:
                self.pings += 1
                self._breaks = 0
        del buffer[:skipped]

    def _length(self, header: bytes) -> int:
        """The Content-Length in *header*, which ends before its empty line."""
        if len(header) > MAX_MESSAGE:
            raise FramingError("header too large", 513, partial_request(header[:MAX_MESSAGE]))
        found = _LENGTH.findall(header)
        if len(found) != 1:
            reason = "more than one Content-Length" if found else "no Content-Length on a stream"
            raise FramingError(reason, 400, partial_request(header))
        value = _FOLDS.sub(b" ", found[0]).strip(b" \t")
        if not _DIGITS.fullmatch(value):
            raise FramingError("malformed Content-Length", 400, partial_request(header))
        value = value.lstrip(b"0") or b"0"
        if len(value) > 5 or len(header) + 4 + int(value) > MAX_MESSAGE:
            raise FramingError("message too large", 513, partial_request(header))
        return int(value)


_FOLDS = re.compile(rb"\r\n[ \t]++")
