"""Requests of our own outside any dialog: REGISTER to another registrar, OPTIONS to see whether a peer is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sip.auth import answer_challenge
from sip.events import RequestFailed, ResponseReceived
from sip.headers import Headers
from sip.message import Request
from sip.transactions.effects import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.auth import Authorization, Credentials
    from sip.events import Event
    from sip.flow import Flow
    from sip.headers import NameAddr
    from sip.local import LocalAgent
    from sip.message import Response
    from sip.signalling import Owner
    from sip.transactions.layer import TransactionLayer
    from sip.uri import Uri

#: How often a request of ours is sent again with credentials.
MAX_LOGINS = 2


@dataclass(slots=True, eq=False)
class OwnRequest:
    """A request outside dialogs that waits for its final response; ``id`` is the user's handle of it."""

    id: str
    request: Request
    flow: Flow
    credentials: Credentials | None = field(default=None, repr=False)
    logins: int = 0


def with_credentials(request: Request, authorization: Authorization, via: str, cseq: int) -> Request:
    """*request* once more, answering its challenge: a new topmost Via and the next CSeq (RFC 3261 §22.2)."""
    headers = request.headers.copy()
    rest = headers.get_all("Via")[1:]
    headers.remove("Via")
    for value in [*reversed(rest), via]:
        headers.prepend("Via", value)
    headers.set("CSeq", f"{cseq} {request.method}")
    headers.remove(authorization.name)
    headers.add(authorization.name, authorization.value)
    return Request(request.method, request.uri, headers, request.body)


class Requests:
    """Each request ends with one ``ResponseReceived`` (a final response) or one ``RequestFailed``."""

    def __init__(self, layer: TransactionLayer[Owner], local: LocalAgent, tell: Callable[[Event], None]) -> None:
        self._layer = layer
        self._local = local
        self._tell = tell

    def send(
        self,
        method: str,
        *,
        uri: Uri,
        flow: Flow,
        from_: NameAddr,
        to: NameAddr,
        contact_user: str,
        headers: tuple[tuple[str, str], ...],
        body: bytes,
        content_type: str,
        auth: Credentials | None,
        call_id: str,
        cseq: int,
        now: float,
    ) -> str:
        local = self._local
        request = Request(
            method,
            uri,
            Headers(
                [
                    ("Via", local.via(flow)),
                    ("Max-Forwards", "70"),
                    ("From", str(from_.with_tag(local.ids.tag()))),
                    ("To", str(to)),
                    ("Call-ID", call_id or local.ids.call_id()),
                    ("CSeq", f"{cseq} {method}"),
                    *([("Contact", local.contact(contact_user, flow))] if contact_user else []),
                    ("User-Agent", local.product),
                    *headers,
                    *([("Content-Type", content_type)] if body and content_type else []),
                ]
            ),
            body,
        )
        own = OwnRequest(local.ids.usage(), request, flow, auth)
        self._layer.request(request, flow, own, now)
        return own.id

    def receive_response(self, own: OwnRequest, response: Response, now: float) -> None:
        """Provisional responses only stop the retransmissions, which the transaction has done."""
        if response.status < 200:
            return
        authorization = self._authorization(own, response)
        if authorization is None:
            self._tell(ResponseReceived(own.id, response))
            return
        cseq = own.request.cseq.number + 1
        own.request = with_credentials(own.request, authorization, self._local.via(own.flow), cseq)
        own.logins += 1
        self._layer.request(own.request, own.flow, own, now)

    def failed(self, own: OwnRequest, failure: Failure) -> None:
        """There will be no response."""
        if failure is Failure.TIMEOUT:
            self._tell(RequestFailed(own.id, 408, "no response"))
        else:
            self._tell(RequestFailed(own.id, 503, "not reachable"))

    def _authorization(self, own: OwnRequest, response: Response) -> Authorization | None:
        if response.status not in (401, 407) or own.credentials is None or own.logins >= MAX_LOGINS:
            return None
        return answer_challenge(
            response,
            own.credentials,
            method=own.request.method,
            uri=str(own.request.uri),
            cnonce=self._local.ids.cnonce(),
        )
