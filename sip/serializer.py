"""Message → bytes. The last gate: nothing that could start a line of its own passes (header injection)."""

from __future__ import annotations

import re

from sip.errors import SerializeError
from sip.grammar import TOKEN
from sip.message import Message, Request

_BARE_NUL = re.compile(r"(?<!\\)\x00")  # after a backslash it is a quoted-pair, which RFC 3261 allows


def serialize(message: Message) -> bytes:
    """Content-Length is always ours, and last. Raises SerializeError on CR, LF or NUL in a field."""
    if isinstance(message, Request):
        if not TOKEN.fullmatch(message.method):
            raise SerializeError("a method that is no token")
        uri = str(message.uri)
        if " " in uri:
            raise SerializeError("a blank in the Request-URI")
        start = f"{message.method} {uri} SIP/2.0"
    else:
        if not 100 <= message.status <= 699:
            raise SerializeError("a status that is no status")
        start = f"SIP/2.0 {message.status} {message.reason}"
    lines = [start]
    lines += [f"{name}: {value}" for name, value in message.headers if name != "Content-Length"]
    lines.append(f"Content-Length: {len(message.body)}\r\n\r\n")
    text = "\r\n".join(lines)
    breaks = len(lines) + 1
    if text.count("\r") != breaks or text.count("\n") != breaks:
        raise SerializeError("CR or LF inside a field")
    if "\x00" in text and _BARE_NUL.search(text):
        raise SerializeError("NUL inside a field")
    try:
        return text.encode("utf-8", "surrogateescape") + message.body
    except UnicodeEncodeError:
        raise SerializeError("text that is no Unicode") from None
