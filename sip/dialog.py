"""Dialogs (RFC 3261 §12): the state two user agents share, from which requests inside it are made.

A dialog comes into being confirmed. Of early ones nothing needs to be kept: requests are sent in confirmed dialogs
only, and an early UAS dialog is its INVITE's server transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sip.errors import ParseError
from sip.headers import Headers
from sip.ids import MAGIC_COOKIE
from sip.message import Request, Response
from sip.routing import in_dialog_flow

if TYPE_CHECKING:
    from sip.flow import Flow
    from sip.headers import NameAddr
    from sip.uri import Uri


@dataclass(slots=True)
class Dialog:
    """``local`` and ``remote`` are From and To as they go on the wire, tags included.

    ``flow`` is where the peer's last message came from, ``alias`` the host it calls itself there (``routing``).
    """

    call_id: str
    local: str
    local_tag: str
    remote: str
    remote_tag: str
    local_cseq: int
    remote_cseq: int
    remote_target: Uri
    routes: tuple[NameAddr, ...]
    flow: Flow
    alias: str

    @classmethod
    def of_server(cls, invite: Request, to: str, to_tag: str, flow: Flow) -> Self:
        """The UAS side (§12.1.1); *to* and *to_tag* are those of our responses. Raises ParseError."""
        return cls(
            call_id=invite.call_id,
            local=to,
            local_tag=to_tag,
            remote=invite.headers.get("From") or "",
            remote_tag=invite.from_.tag or "",
            local_cseq=0,
            remote_cseq=invite.cseq.number,
            remote_target=contact_of(invite),
            routes=invite.record_routes,
            flow=flow,
            alias=invite.top_via.host if len(invite.vias) == 1 else "",
        )

    @classmethod
    def of_client(cls, invite: Request, response: Response, flow: Flow) -> Self:
        """The UAC side (§12.1.2), from the 2xx to our *invite*.

        A 2xx whose Contact or Record-Route cannot be read must be acknowledged all the same: where the INVITE went.
        """
        try:
            target, routes = contact_of(response), response.record_routes[::-1]
        except ParseError:
            target, routes = invite.uri, ()
        return cls(
            call_id=invite.call_id,
            local=invite.headers.get("From") or "",
            local_tag=invite.from_.tag or "",
            remote=response.headers.get("To") or "",
            remote_tag=response.to.tag or "",
            local_cseq=invite.cseq.number,
            remote_cseq=-1,
            remote_target=target,
            routes=routes,
            flow=flow,
            alias=invite.uri.host,
        )

    def target_flow(self) -> Flow:
        return in_dialog_flow(self.remote_target, self.routes, self.flow, self.alias)

    def request(self, method: str, via: str, cseq: int | None = None) -> Request:
        """A request inside the dialog (§12.2.1.1). *cseq* is given for an ACK: that of its INVITE."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        uri = self.remote_target
        fields = [("Via", via)]
        if self.routes:
            hops = [str(route) for route in self.routes]
            if self.routes[0].uri.param("lr") is None:  # a strict router of RFC 2543 wants to be the Request-URI
                uri = self.routes[0].uri
                hops = [*hops[1:], f"<{self.remote_target}>"]
            fields += [("Route", hop) for hop in hops]
        fields += [
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
        ]
        return Request(method, uri, Headers.of_canonical(fields))

    def accept(self, request: Request, flow: Flow) -> bool:
        """Note the CSeq of a new request from the peer; False when it is out of order (§12.2.2: answer 500)."""
        if request.cseq.number <= self.remote_cseq:
            return False
        self.remote_cseq = request.cseq.number
        self.flow = flow
        return True

    def refresh_target(self, message: Request | Response) -> None:
        """A re-INVITE and its 2xx may move the remote target (§12.2). Raises ParseError."""
        if message.contacts:
            self.remote_target = message.contacts[0].uri


def contact_of(message: Request | Response) -> Uri:
    """The remote target. Raises ParseError where there is none that a request could be sent to."""
    contacts = message.contacts
    if contacts:
        uri = contacts[0].uri
    elif "Contact" not in message.headers and not (message.top_via.branch or "").startswith(MAGIC_COOKIE):
        uri = message.from_.uri  # a client of RFC 2543, which did not ask for a Contact
    else:
        raise ParseError("no Contact")
    if uri.scheme != "sip" or not uri.host:
        raise ParseError("a Contact that is no SIP URI", 416 if isinstance(message, Request) else 400)
    return uri
