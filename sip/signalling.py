"""What INVITE usages send and tell: the transaction layer below them, the event queue above, and our own names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.auth import answer_challenge
from sip.flow import Flow, Transmit
from sip.requests import MAX_LOGINS, OwnRequest, with_credentials
from sip.routing import next_hop
from sip.serializer import serialize
from sip.subscriptions import Subscription
from sip.usage import Incoming, Purpose, Sent, Usage
from sip.watchers import Watcher

if TYPE_CHECKING:
    from collections import deque

    from sip.auth import Authorization
    from sip.dialog import Dialog
    from sip.events import Event
    from sip.local import LocalAgent
    from sip.message import Request, Response
    from sip.transactions.layer import TransactionLayer

#: Whose a request of ours is.
Owner = Sent | OwnRequest | Subscription | Watcher

#: Closed connections that are remembered, so that nothing more is sent to them.
_MAX_DEAD = 4096


class Signalling:
    def __init__(self, layer: TransactionLayer[Owner], local: LocalAgent, events: deque[Event]) -> None:
        self.layer = layer
        self.local = local
        self.tell = events.append
        #: INVITEs that wait for our final response, by their server transaction.
        self.pending: dict[str, Usage] = {}
        self._dead: dict[int, None] = {}

    # --- requests -----------------------------------------------------------------------------------------------

    def send(self, usage: Usage, purpose: Purpose, request: Request, flow: Flow, now: float, logins: int = 0) -> Sent:
        """Raises SerializeError before anything is kept."""
        sent = Sent(usage, purpose, request, flow, logins=logins)
        sent.id = sent.transaction = self.layer.request(request, flow, sent, now)
        return sent

    def in_dialog(self, dialog: Dialog, method: str, cseq: int | None = None) -> tuple[Request, Flow]:
        flow = self.flow_of(dialog)
        return dialog.request(method, self.local.via(flow), cseq), flow

    def transmit(self, request: Request, flow: Flow) -> Transmit:
        """An ACK of a 2xx, which has no transaction."""
        transmit = Transmit(serialize(request), flow)
        self.layer.transmits.append(transmit)
        return transmit

    def repeat(self, transmit: Transmit | None) -> None:
        if transmit is not None:
            self.layer.transmits.append(transmit)

    def authorize(self, sent: Sent, response: Response) -> Authorization | None:
        """The answer to a challenge, if we may give it.

        The first INVITE of a usage decides whom we log in with. What is challenged later in the dialog is answered
        only to the same host and realm: the far end of a call must not get a digest that is meant for our provider.
        """
        usage = sent.usage
        if response.status not in (401, 407) or usage.credentials is None or sent.logins >= MAX_LOGINS:
            return None
        ids = self.local.ids
        authorization = answer_challenge(
            response, usage.credentials, method=sent.request.method, uri=str(sent.request.uri), cnonce=ids.cnonce()
        )
        if authorization is None or sent.purpose is Purpose.INVITE:
            return authorization
        known = usage.authorization
        if known is None or (known.name, known.realm) != (authorization.name, authorization.realm):
            return None
        return authorization if sent.flow.remote == usage.flow.remote else None

    def log_in(self, sent: Sent, authorization: Authorization, now: float) -> Sent:
        """Send the request again with credentials: a new transaction with the next CSeq (RFC 3261 §22.2)."""
        usage, old = sent.usage, sent.request
        if usage.dialog is not None:
            usage.dialog.local_cseq += 1
            number = usage.dialog.local_cseq
        else:
            number = old.cseq.number + 1
        request = with_credentials(old, authorization, self.local.via(sent.flow), number)
        again = self.send(usage, sent.purpose, request, sent.flow, now, sent.logins + 1)
        again.id = sent.id
        return again

    # --- responses ----------------------------------------------------------------------------------------------

    def prepare(
        self,
        usage: Usage,
        incoming: Incoming,
        status: int,
        reason: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        content_type: str = "",
    ) -> None:
        """Make the response to an INVITE that ``respond`` sends. Raises SerializeError."""
        own: tuple[tuple[str, str], ...] = (("Contact", usage.contact),) if status < 300 else ()
        if 200 <= status < 300:
            own += self.local.abilities
        if status >= 200:
            own += (("Server", self.local.product),)
        response = incoming.template.response(status, reason, (*own, *headers), body, content_type)
        incoming.data = serialize(response)
        incoming.status = status

    def respond(self, incoming: Incoming, now: float) -> None:
        incoming.sent = self.layer.respond(incoming.transaction, incoming.status, incoming.data, now)
        if incoming.status >= 200:
            self.pending.pop(incoming.transaction, None)

    # --- connections --------------------------------------------------------------------------------------------

    def connection_lost(self, flow: Flow) -> None:
        """Nothing is sent on *flow* any more; what is to be sent makes a new connection."""
        if flow.connection:
            self._dead[flow.connection] = None
            if len(self._dead) > _MAX_DEAD:
                del self._dead[next(iter(self._dead))]

    def flow_of(self, dialog: Dialog) -> Flow:
        flow = dialog.target_flow()
        if flow.connection in self._dead:
            hop = next_hop(dialog.routes[0].uri if dialog.routes else dialog.remote_target, flow.transport)
            if hop is not None and hop.address is not None and hop.transport is flow.transport:
                return Flow(flow.transport, flow.local, hop.address)
        return flow
