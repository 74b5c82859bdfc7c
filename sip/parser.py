"""Bytes → message (RFC 3261 §7, §18.3; what RFC 4475 teaches about being strict).

The start line, the names of the header fields and the fields that every message needs are checked at once; all other
fields when they are read. The work is linear in the size of the message.
"""

from __future__ import annotations

import re
from typing import Final

from sip.errors import ParseError
from sip.grammar import (
    CANONICAL,
    MAX_HEADER_LINES,
    MAX_MESSAGE,
    MAX_OF_A_KIND,
    TOKEN_CHARS,
    canonical_name,
    parse_number,
)
from sip.headers import Headers, Via, single
from sip.message import Message, Request, Response
from sip.uri import Uri

# Request-Line = Method SP Request-URI SP SIP-Version: single blanks and nothing after the version.
_REQUEST_LINE = re.compile(rf"([{TOKEN_CHARS}]++) ([^ ]++) (SIP/[0-9]++\.[0-9]++)", re.IGNORECASE)
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: ([^\r\n\x00]*+))?", re.IGNORECASE)
_METHOD = re.compile(rf"([{TOKEN_CHARS}]++)[ \t]")
_FOLD = re.compile(r"\r\n[ \t]++")
_BARE_NUL = re.compile(r"(?<!\\)\x00")

#: Stands for a Request-URI that could not be read, in the partial request of an error.
_UNREADABLE: Final = Uri("sip", host="unreadable.invalid")


def parse_message(data: bytes) -> Message:
    """One message: a datagram, or a frame from ``StreamFramer``.

    Bytes after Content-Length are noise, a Content-Length beyond the data is an error, and without one the body runs
    to the end (RFC 3261 §18.3). Raises ParseError and nothing else.
    """
    if len(data) > MAX_MESSAGE:
        raise ParseError("message too large", 513, partial_request(data[:MAX_MESSAGE]))
    start = 0
    while data.startswith(b"\r\n", start):  # §7.5: empty lines before the start line are skipped
        start += 2
    end = data.find(b"\r\n\r\n", start)
    if end < 0:
        raise ParseError("no empty line after the header fields", partial=partial_request(data))
    text = data[start:end].decode("utf-8", "surrogateescape")
    if text[:4].upper() == "SIP/":
        return _parse_response(text, data, end + 4)
    return _parse_request(text, data, end + 4)


def _parse_request(text: str, data: bytes, body_at: int) -> Request:
    line, _, rest = text.partition("\r\n")
    problem: ParseError | None = None
    method = uri = None
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        problem = ParseError("malformed request line")
    else:
        method = match[1]
        if match[3].upper() != "SIP/2.0":
            problem = ParseError("not SIP/2.0", 505)
        try:
            uri = Uri.parse(match[2])
            if uri.headers:
                raise ParseError("header fields in the Request-URI")  # RFC 3261 §19.1.1, table 1
        except ParseError as error:
            problem = problem or error
    try:
        headers = _parse_headers(rest)
    except ParseError as error:
        error.partial = partial_request(data)
        raise
    request = Request(method or _method_of(line), uri or _UNREADABLE, headers)
    try:
        if problem is not None:
            raise problem
        _check_mandatory(request)
        if request.cseq.method != method:
            raise ParseError("the method in CSeq is not that of the request")
        if "Max-Forwards" in headers:
            _ = request.max_forwards
        request.body = _body(headers, data, body_at)
    except ParseError as error:
        error.partial = _answerable(request)
        raise
    return request


def _parse_response(text: str, data: bytes, body_at: int) -> Response:
    line, _, rest = text.partition("\r\n")
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise ParseError("malformed status line")
    response = Response(int(match[1]), match[2] or "", _parse_headers(rest))
    _check_mandatory(response)
    response.body = _body(response.headers, data, body_at)
    return response


def _parse_headers(text: str) -> Headers:
    """The lines after the start line. Raises ParseError on what is no header field, on bare CR, LF or NUL."""
    if text.startswith((" ", "\t")):
        raise ParseError("the start line is folded")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n") if text else []
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        raise ParseError("a bare CR or LF in the header")
    if "\x00" in text and _BARE_NUL.search(text):
        raise ParseError("NUL in the header")
    if len(lines) > MAX_HEADER_LINES:
        raise ParseError("too many header fields", 513)
    items: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ParseError("a header field without a colon")
        items.append((CANONICAL.get(name) or canonical_name(name), value.strip(" \t")))
    if len(items) > MAX_OF_A_KIND:
        _check_kinds(items)
    return Headers.of_canonical(items)


def _check_kinds(items: list[tuple[str, str]]) -> None:
    counts: dict[str, int] = {}
    for name, _ in items:
        counts[name] = counts.get(name, 0) + 1
    if max(counts.values()) > MAX_OF_A_KIND:
        raise ParseError("too many header fields of a kind", 513)


def _check_mandatory(message: Message) -> None:
    # The values are cached in the message, so the transaction layer gets them for nothing.
    _ = message.top_via, message.from_, message.to, message.call_id, message.cseq


def _body(headers: Headers, data: bytes, body_at: int) -> bytes:
    body = data[body_at:]
    if "Content-Length" not in headers:
        return body
    length = parse_number(single(headers, "Content-Length"), MAX_MESSAGE, "Content-Length")
    if length > len(body):
        raise ParseError("Content-Length beyond the end of the message")
    return body[:length]


def _method_of(line: str) -> str:
    match = _METHOD.match(line)
    return match[1] if match else "UNREADABLE"


def _answerable(request: Request) -> Request | None:
    """*request* if a response to it can be built and will find its way, its topmost Via cut at a defect; else None."""
    headers = request.headers
    if request.method == "ACK" or any(name not in headers for name in ("Via", "From", "To", "Call-ID", "CSeq")):
        return None
    try:
        _ = request.top_via
    except ParseError:
        lines = headers.get_all("Via")
        try:
            via = str(Via.readable_part(lines[0] if lines else ""))
        except ParseError:
            return None
        headers.set("Via", via)
    return request


def partial_request(data: bytes) -> Request | None:
    """What can be read of a damaged request, if that is enough to answer it; None for responses and noise."""
    text = data.partition(b"\r\n\r\n")[0].decode("utf-8", "surrogateescape").lstrip("\r\n")
    line, _, rest = text.partition("\r\n")
    if not _METHOD.match(line) or line[:4].upper() == "SIP/":
        return None
    items: list[tuple[str, str]] = []
    for field in _FOLD.sub(" ", rest).split("\r\n")[:MAX_HEADER_LINES]:
        name, colon, value = field.partition(":")
        if colon and "\r" not in field and "\n" not in field and not _BARE_NUL.search(field):
            try:
                items.append((canonical_name(name), value.strip(" \t")))
            except ParseError:
                continue
    request = Request(_method_of(line), _UNREADABLE, Headers.of_canonical(items))
    return _answerable(request)
