"""The lexical rules of RFC 3261 §25.1 as regular expressions, and the names of header fields.

Every expression is linear on any input: repetitions are possessive (``*+``), so nothing is tried twice. Digits are
always ``[0-9]``: ``\\d``, ``str.isdigit`` and ``int`` take digits of other scripts, signs, blanks and underscores.
"""

from __future__ import annotations

import re
from typing import Final

from sip.errors import ParseError

#: Limits of one message; what is above is refused, not cut.
MAX_MESSAGE: Final = 65_536
MAX_OF_A_KIND: Final = 100
MAX_HEADER_LINES: Final = 512
MAX_PARAMETERS: Final = 100

#: token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~")
TOKEN_CHARS: Final = r"A-Za-z0-9\-.!%*_+`'~"
TOKEN: Final = re.compile(rf"[{TOKEN_CHARS}]++")

#: quoted-string, without its leading LWS. A quoted-pair may hold any ASCII character but CR and LF, NUL included.
QUOTED: Final = r'"[^"\\]*+(?:\\[\x00-\x7f][^"\\]*+)*+"'

#: One element of a comma list: commas inside quotes and angle brackets do not count.
LIST_ELEMENT: Final = re.compile(rf'(?:[^,"<]++|{QUOTED}|<[^>]*+>)*+')

#: SEMI generic-param. Values outside quotes are taken more widely than the RFC's token / host, as phones write them.
PARAMETER: Final = re.compile(
    rf"[ \t]*+;[ \t]*+([{TOKEN_CHARS}]++)(?:[ \t]*+=[ \t]*+({QUOTED}|[!#-+\-./0-:=?-~]*+))?+", re.DOTALL
)

#: host: a name (underscores are met in the field), an IPv4 address, or an IPv6 reference.
HOST: Final = r"\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9_.\-]++"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


METHODS: Final = _words(
    "INVITE ACK BYE CANCEL REGISTER OPTIONS INFO MESSAGE SUBSCRIBE NOTIFY REFER UPDATE PRACK PUBLISH"
)

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_NEEDS_PAIR = re.compile(r'[\\"\x00]')
_NUMBER = re.compile(r"[0-9]++")


def parse_number(text: str, maximum: int, what: str) -> int:
    """A run of ASCII digits not above *maximum*; leading zeros are allowed, signs and blanks are not."""
    if not _NUMBER.fullmatch(text):
        raise ParseError(f"{what} is not a number")
    if len(text) > 10:
        text = text.lstrip("0") or "0"
    if len(text) > 10 or (number := int(text)) > maximum:
        raise ParseError(f"{what} is above {maximum}")
    return number


def unescape(text: str) -> str:
    """Undo %XX once. What is not UTF-8 afterwards is refused: it could not be shown, stored or compared."""
    if "%" not in text:
        return text
    if _BROKEN_ESCAPE.search(text):
        raise ParseError("broken %-escape in a URI")
    head, *rest = text.split("%")
    octets = bytearray(head.encode("utf-8"))
    for piece in rest:
        octets.append(int(piece[:2], 16))
        octets += piece[2:].encode("utf-8")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise ParseError("%-escapes in a URI are not UTF-8") from None


def escape(text: str, allowed: str) -> str:
    """%XX for every octet of the UTF-8 form that is neither alphanumeric nor in *allowed*."""
    if text.isascii() and text.isalnum():
        return text
    return "".join(
        c if c.isascii() and (c.isalnum() or c in allowed) else "".join(f"%{octet:02X}" for octet in c.encode("utf-8"))
        for c in text
    )


def unquote(text: str) -> str:
    """The content of a quoted-string; other text as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    text = text[1:-1]
    return _QUOTED_PAIR.sub(r"\1", text) if "\\" in text else text


def quote(text: str) -> str:
    """As a quoted-string. NUL becomes a quoted-pair, which is legal; CR and LF are left to the serialiser to refuse."""
    return '"' + _NEEDS_PAIR.sub(r"\\\g<0>", text) + '"'


def printable(text: str) -> str:
    """*text* with octets that were not UTF-8 on the wire (kept as lone surrogates) shown as U+FFFD."""
    return text if text.isascii() else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def parse_parameters(text: str, position: int) -> tuple[tuple[str, str | None], ...]:
    """``;name=value`` … up to the end of *text*. Names in lower case, values as written (quotes stay)."""
    parameters: list[tuple[str, str | None]] = []
    end = len(text)
    while position < end:
        match = PARAMETER.match(text, position)
        if match is None:
            if not text[position:].strip(" \t"):
                break
            raise ParseError("malformed header parameter")
        name, value = match.groups()
        parameters.append((name.lower(), value))
        if len(parameters) > MAX_PARAMETERS:
            raise ParseError("too many header parameters")
        position = match.end()
    return tuple(parameters)


def split_list(value: str) -> list[str]:
    """The elements of a comma list, stripped, empty ones left out.

    From a broken quote on, and after one element more than the limit of a kind, the rest is one element: whoever reads
    it typed sees that it is malformed or too long.
    """
    if "," not in value:
        return [value] if value else []
    if '"' not in value and "<" not in value:
        parts = value.split(",", MAX_OF_A_KIND)
    else:
        parts = []
        position = 0
        while len(parts) < MAX_OF_A_KIND:
            end = LIST_ELEMENT.match(value, position).end()  # type: ignore[union-attr]  # it matches the empty string
            if end >= len(value) or value[end] != ",":
                break
            parts.append(value[position:end])
            position = end + 1
        parts.append(value[position:])
    return [stripped for part in parts if (stripped := part.strip(" \t"))]


#: Header fields whose values are comma lists; only these are split.
LISTS: Final = _words(
    """Accept Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Call-Info Contact Content-Encoding
    Content-Language Diversion Error-Info History-Info In-Reply-To P-Asserted-Identity P-Associated-URI
    P-Preferred-Identity Path Proxy-Require Reason Record-Route Require Route Security-Client Security-Server
    Security-Verify Service-Route Supported Unsupported Via Warning"""
)

_COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}

_SPELLED = (
    LISTS
    | frozenset(_COMPACT.values())
    | _words(
        """Authentication-Info Authorization CSeq Content-Disposition Date Expires Info-Package MIME-Version
        Max-Expires Max-Forwards Min-Expires Min-SE Organization Priority Privacy Proxy-Authenticate
        Proxy-Authentication-Info Proxy-Authorization RAck RSeq Recv-Info Refer-Sub Replaces Reply-To Retry-After
        SIP-ETag SIP-If-Match Server Subscription-State Timestamp User-Agent WWW-Authenticate"""
    )
)

#: Spellings that need no work → canonical name: the usual ones and all-lower-case ones.
CANONICAL: Final[dict[str, str]] = {
    **{name: name for name in _SPELLED},
    **{name.lower(): name for name in _SPELLED},
    **_COMPACT,
    **{letter.upper(): name for letter, name in _COMPACT.items()},
}


def canonical_name(name: str) -> str:
    """One spelling for every way to write a header name: compact forms, any case, blanks before the colon."""
    known = CANONICAL.get(name)
    if known is not None:
        return known
    name = name.strip(" \t")
    if not TOKEN.fullmatch(name):
        raise ParseError("malformed header name")
    return CANONICAL.get(name.lower()) or "-".join(part.capitalize() for part in name.split("-"))
