"""Requests and responses (RFC 3261 §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sip.errors import ParseError
from sip.grammar import parse_number
from sip.headers import CSeq, Headers, NameAddr, Via, media_type, several, single

if TYPE_CHECKING:
    from sip.uri import Uri

EXPIRES_MAX: Final = 2**32 - 1


class _Fields:
    """Typed views of the header fields, parsed when first asked for and again after a change.

    Each raises ParseError when its field is malformed. A mandatory one raises when it is missing or there twice.
    """

    __slots__ = ()
    headers: Headers

    @property
    def vias(self) -> tuple[Via, ...]:
        """All Via values, topmost first."""
        return self.headers.parsed("vias", _vias)

    @property
    def top_via(self) -> Via:
        return self.headers.parsed("top_via", _top_via)

    @property
    def from_(self) -> NameAddr:
        return self.headers.parsed("from", _from)

    @property
    def to(self) -> NameAddr:
        return self.headers.parsed("to", _to)

    @property
    def call_id(self) -> str:
        return self.headers.parsed("call_id", _call_id)

    @property
    def cseq(self) -> CSeq:
        return self.headers.parsed("cseq", _cseq)

    @property
    def contacts(self) -> tuple[NameAddr, ...]:
        """Empty for ``Contact: *``, which ``contact_star`` tells."""
        return self.headers.parsed("contacts", _contacts)

    @property
    def contact_star(self) -> bool:
        """``Contact: *`` (RFC 3261 §10.2.2)."""
        return self.headers.get_all("Contact") == ["*"]

    @property
    def max_forwards(self) -> int | None:
        return self.headers.parsed("max_forwards", _max_forwards)

    @property
    def expires(self) -> int | None:
        """Seconds; None where there is no such field."""
        return self.headers.parsed("expires", _expires)

    @property
    def content_type(self) -> str:
        """``application/sdp``: lower case, without parameters; "" where there is none."""
        return self.headers.parsed("content_type", _content_type)

    @property
    def routes(self) -> tuple[NameAddr, ...]:
        return self.headers.parsed("routes", _routes)

    @property
    def record_routes(self) -> tuple[NameAddr, ...]:
        return self.headers.parsed("record_routes", _record_routes)


@dataclass(slots=True)
class Request(_Fields):
    method: str
    uri: Uri
    headers: Headers = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Response(_Fields):
    status: int
    reason: str = ""
    headers: Headers = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)


Message = Request | Response


#: Default reason phrases (RFC 3261 §21 and the RFCs that added codes); each class has one for codes not listed.
REASONS: Final = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    305: "Use Proxy",
    380: "Alternative Service",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    412: "Conditional Request Failed",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    469: "Bad Info Package",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    493: "Undecipherable",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    580: "Precondition Failure",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}


def _vias(headers: Headers) -> tuple[Via, ...]:
    return several(headers, "Via", Via.parse)


def _top_via(headers: Headers) -> Via:
    lines = headers.get_all("Via")
    if not lines:
        raise ParseError("no Via")
    return Via.parse(lines[0])


def _from(headers: Headers) -> NameAddr:
    return NameAddr.parse(single(headers, "From"))


def _to(headers: Headers) -> NameAddr:
    return NameAddr.parse(single(headers, "To"))


def _call_id(headers: Headers) -> str:
    value = single(headers, "Call-ID")
    if not value or " " in value or "\t" in value:
        raise ParseError("malformed Call-ID")
    return value


def _cseq(headers: Headers) -> CSeq:
    return CSeq.parse(single(headers, "CSeq"))


def _contacts(headers: Headers) -> tuple[NameAddr, ...]:
    if headers.get_all("Contact") == ["*"]:
        return ()
    return several(headers, "Contact", NameAddr.parse)


def _max_forwards(headers: Headers) -> int | None:
    if "Max-Forwards" not in headers:
        return None
    return parse_number(single(headers, "Max-Forwards"), 255, "Max-Forwards")


def _expires(headers: Headers) -> int | None:
    if "Expires" not in headers:
        return None
    return parse_number(single(headers, "Expires"), EXPIRES_MAX, "Expires")


def _content_type(headers: Headers) -> str:
    if "Content-Type" not in headers:
        return ""
    return media_type(single(headers, "Content-Type"))


def _routes(headers: Headers) -> tuple[NameAddr, ...]:
    return several(headers, "Route", NameAddr.parse)


def _record_routes(headers: Headers) -> tuple[NameAddr, ...]:
    return several(headers, "Record-Route", NameAddr.parse)
