"""Building responses (RFC 3261 §8.2.6), and the requests that repeat parts of an INVITE: ACK and CANCEL (§9, §17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.grammar import split_list
from sip.headers import Headers, Via
from sip.message import REASONS, Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sip.flow import Flow

Fields = list[tuple[str, str]]

_COPIED = frozenset({"Call-ID", "CSeq"})


class ResponseTemplate:
    """What every response to one request has in common, worked out once.

    The topmost Via says where the request really came from (RFC 3261 §18.2.1, RFC 3581). ``to_tag`` is ours, put on
    all responses but 100 unless To has one. Works for the partial request of a ParseError.
    """

    __slots__ = ("_head", "_record_routes", "_tail", "_timestamps", "_to", "to_tag")

    def __init__(self, request: Request, flow: Flow, to_tag: str) -> None:
        vias: Fields = []
        head: Fields = []
        tail: Fields = []
        record_routes: Fields = []
        timestamps: Fields = []
        to = ""
        for name, value in request.headers:
            if name == "Via":
                vias.append((name, value if vias else _reached(request, value, flow)))
            elif name == "From":
                head.append((name, value))
            elif name in _COPIED:
                tail.append((name, value))
            elif name == "To":
                to = to or value
            elif name == "Record-Route":
                record_routes.append((name, value))
            elif name == "Timestamp":
                timestamps.append((name, value))
        self._head, self._tail, self._to = vias + head, tail, to
        self._record_routes, self._timestamps = record_routes, timestamps
        tag = _tag_of(request)
        self.to_tag = to_tag if tag == "" else ""
        if tag:
            self.to_tag = tag

    @property
    def to(self) -> str:
        """The To of every response that carries a tag."""
        return self._to if not self.to_tag or f"tag={self.to_tag}" in self._to else f"{self._to};tag={self.to_tag}"

    def response(
        self,
        status: int,
        reason: str = "",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "",
    ) -> Response:
        fields = [*self._head, ("To", self.to if status > 100 else self._to), *self._tail]
        if self._record_routes and 100 < status < 300:
            fields += self._record_routes
        if self._timestamps:
            fields += self._timestamps
        result = Response(status, reason or default_reason(status), Headers.of_canonical(fields), body)
        for name, value in headers:
            result.headers.add(name, value)
        if body and content_type:
            result.headers.add("Content-Type", content_type)
        return result


def default_reason(status: int) -> str:
    return REASONS.get(status) or REASONS.get(status // 100 * 100) or "Unknown"


def _tag_of(request: Request) -> str | None:
    """The tag of To, "" when it has none, None when To cannot be read."""
    try:
        return request.to.tag or ""
    except ValueError:
        return None


def _reached(request: Request, line: str, flow: Flow) -> str:
    """The first Via line with ``received`` and ``rport`` in its first value, the rest as it came."""
    via = request.top_via
    host, port = flow.remote
    wants_rport = via.param("rport") is not None
    if not wants_rport and via.host.strip("[]") == host and via.param("received") is None:
        return line
    params = [(name, value) for name, value in via.params if name not in ("received", "rport")]
    params.append(("received", host))
    if wants_rport:
        params.append(("rport", str(port)))
    marked = str(Via(via.transport, via.host, via.port, tuple(params)))
    return marked if "," not in line else ", ".join([marked, *split_list(line)[1:]])


def _repeat(request: Request, method: str, to: str) -> Request:
    """A request that goes the very way of *request*: same URI, topmost Via, Route and CSeq number."""
    headers = request.headers
    fields: Fields = [("Via", headers.get_all("Via")[0])]
    fields += [("Route", value) for value in headers.get_all("Route")]
    fields += [
        ("Max-Forwards", "70"),
        ("From", headers.get("From") or ""),
        ("To", to),
        ("Call-ID", request.call_id),
        ("CSeq", f"{request.cseq.number} {method}"),
    ]
    return Request(method, request.uri, Headers.of_canonical(fields))


def ack_of_failure(invite: Request, response: Response) -> Request:
    """The ACK of a 3xx-6xx, which belongs to the INVITE's transaction (RFC 3261 §17.1.1.3)."""
    return _repeat(invite, "ACK", response.headers.get("To") or "")


def cancel_of(invite: Request) -> Request:
    """RFC 3261 §9.1."""
    return _repeat(invite, "CANCEL", invite.headers.get("To") or "")
