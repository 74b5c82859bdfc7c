"""The SIP endpoint: bytes and time in, bytes and events out.

Five verbs drive it: ``receive_datagram`` (or ``receive_message``, ``transport_failed``), ``next_deadline``,
``handle_timeout``, and the two outputs ``next_transmit`` and ``next_event``, which are to be drained until both are
empty after every call of any method. ``now`` is in seconds of one clock that never goes back.

Nothing here raises on what came from the network; an exception is a bug, and costs the message at hand only.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sip.dialog import Dialog
from sip.errors import ParseError, SerializeError
from sip.events import RequestReceived
from sip.flow import Flow, Transmit, Transport
from sip.local import METHODS, LocalAgent
from sip.message import Request, Response
from sip.parser import parse_message
from sip.requests import OwnRequest, Requests
from sip.responses import ResponseTemplate
from sip.screening import objection_to
from sip.serializer import serialize
from sip.signalling import Signalling
from sip.subscriptions import Subscription, Subscriptions
from sip.transactions.effects import (
    ClientFailed,
    Failure,
    Overloaded,
    PassAck,
    PassCancel,
    PassRequest,
    PassResponse,
    ServerFailed,
)
from sip.transactions.layer import TransactionLayer
from sip.usage import Sent
from sip.usages import Usages
from sip.watchers import LIMIT as MAX_WATCHERS
from sip.watchers import Watcher, Watchers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sip.auth import Credentials
    from sip.events import Event, UsageId
    from sip.flow import Address
    from sip.headers import NameAddr
    from sip.ids import Ids
    from sip.refer import DialogId
    from sip.signalling import Owner
    from sip.subscriptions import SubscriptionId
    from sip.transactions.effects import Effect
    from sip.uri import Uri
    from sip.watchers import WatcherId

__all__ = ["Flow", "Load", "SipEndpoint", "Transmit", "Transport"]

_SDP = "application/sdp"
#: Methods that make, use or end dialogs.
_OF_DIALOGS = frozenset({"INVITE", "ACK", "CANCEL", "BYE"})


class Load(NamedTuple):
    """What the endpoint holds at the moment."""

    usages: int
    transactions: int


class SipEndpoint:
    """*local* gives the address under which the peer of a flow can reach us, for Via and Contact.

    Above *max_usages* calls or *max_transactions* unanswered requests, new ones are refused with 503 and a Retry-After
    spread over 5 to 30 s; what belongs to calls that are up is never refused.
    """

    def __init__(
        self,
        *,
        ids: Ids,
        local: Callable[[Flow], Address],
        user_agent: str = "softswitch",
        methods: tuple[str, ...] = METHODS,
        extensions: tuple[str, ...] = (),
        max_usages: int = 20_000,
        max_transactions: int = 30_000,
    ) -> None:
        self._ids = ids
        self._local = LocalAgent(ids, local, user_agent, methods, extensions)
        self._events: deque[Event] = deque()
        self._layer: TransactionLayer[Owner] = TransactionLayer(ids.tag, limit=max_transactions)
        self._signalling = Signalling(self._layer, self._local, self._events)
        self._usages = Usages(self._signalling)
        self._subscriptions = Subscriptions(self._signalling)
        self._watchers = Watchers(self._signalling)
        self._requests = Requests(self._layer, self._local, self._events.append)
        self._max_usages = max_usages

    @property
    def load(self) -> Load:
        return Load(len(self._usages), len(self._layer))

    # --- inputs -------------------------------------------------------------------------------------------------

    def receive_datagram(self, data: bytes, flow: Flow, now: float) -> None:
        """One datagram. Keep-alives of blanks and NULs are taken silently."""
        if len(data) < 16 and not data.strip(b"\r\n\x00 "):
            return
        self.receive_message(data, flow, now)

    def receive_message(self, data: bytes, flow: Flow, now: float) -> None:
        """One whole message, as a stream's framing cut it out."""
        try:
            message = parse_message(data)
        except ParseError as error:
            self._refuse_malformed(error, flow)
            return
        if isinstance(message, Request):
            self._layer.receive_request(message, flow, now)
        elif len(message.headers.get_all("Via")) == 1:  # with more it is for somebody else (§8.1.3.3)
            self._layer.receive_response(message, flow, now)
        self._work(now)

    def refuse_malformed(self, error: ParseError, flow: Flow) -> None:
        """Answer what a stream's framing gave up on, if it can be answered."""
        self._refuse_malformed(error, flow)

    def transport_failed(self, flow: Flow, now: float) -> None:
        """What was sent on *flow* cannot arrive, or its connection is gone."""
        if flow.transport is not Transport.UDP:
            self._signalling.connection_lost(flow)
        self._layer.transport_failed(flow, now)
        self._work(now)

    # --- time and outputs ---------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """When ``handle_timeout`` is to be called at the latest; None: not until something else happens."""
        parts = (self._layer.next_deadline(), self._usages.next_deadline(), self._watchers.next_deadline())
        return min((at for at in parts if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        try:
            self._layer.handle_timeout(now)
            self._work(now)
        finally:
            self._usages.handle_timeout(now)
            self._watchers.handle_timeout(now)
            self._work(now)

    def next_transmit(self) -> Transmit | None:
        transmits = self._layer.transmits
        return transmits.popleft() if transmits else None

    def next_event(self) -> Event | None:
        return self._events.popleft() if self._events else None

    # --- the user's verbs ---------------------------------------------------------------------------------------
    # Each raises SerializeError when a header of the user's holds CR, LF or NUL, and has done nothing then.

    def respond(
        self,
        transaction: str,
        status: int,
        reason: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "",
        *,
        now: float,
    ) -> None:
        """Answer a ``RequestReceived``. Nothing happens when its transaction is over.

        A 2xx to OPTIONS says by itself what we can do (RFC 3261 §11.2).
        """
        template, request = self._layer.template_of(transaction), self._layer.request_of(transaction)
        if template is not None and request is not None:
            own: tuple[tuple[str, str], ...] = (("Server", self._local.product),) if status >= 200 else ()
            if request.method == "OPTIONS" and 200 <= status < 300:
                own += (*self._local.abilities, ("Accept", _SDP))
            response = template.response(status, reason, (*own, *headers), body, content_type)
            self._layer.respond(transaction, status, serialize(response), now)
            self._work(now)

    def invite(
        self,
        *,
        uri: Uri,
        flow: Flow,
        from_: NameAddr,
        to: NameAddr,
        contact_user: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = _SDP,
        max_forwards: int = 70,
        now: float,
        auth: Credentials | None = None,
        routes: Sequence[NameAddr] = (),
    ) -> UsageId:
        """Call *uri* on *flow*. Without *body* the peer makes the offer, and ``ack`` must carry the answer.

        With *auth*, challenges are answered here. *from_* and *to* come without tags.
        """
        usage = self._usages.invite(
            uri=uri,
            flow=flow,
            from_=from_,
            to=to,
            contact_user=contact_user,
            headers=tuple(headers),
            body=body,
            content_type=content_type,
            max_forwards=max_forwards,
            auth=auth,
            routes=routes,
            now=now,
        )
        self._work(now)
        return usage

    def ring(
        self,
        usage: UsageId,
        status: int = 180,
        *,
        body: bytes = b"",
        headers: Sequence[tuple[str, str]] = (),
        content_type: str = _SDP,
        now: float,
    ) -> None:
        """A provisional response, 101 to 199, to an incoming call; repeated every minute by itself."""
        if not 100 < status < 200:
            raise ValueError("a provisional status is 101 to 199")
        self._usages.ring(usage, status, tuple(headers), body, content_type, now)
        self._work(now)

    def answer(
        self,
        usage: UsageId,
        *,
        body: bytes,
        headers: Sequence[tuple[str, str]] = (),
        content_type: str = _SDP,
        now: float,
    ) -> None:
        """200 to an incoming call, repeated until its ACK comes: ``Confirmed``, or ``Ended`` after 32 s without one."""
        self._usages.answer(usage, tuple(headers), body, content_type, now)
        self._work(now)

    def reject(
        self,
        usage: UsageId,
        status: int,
        reason: str = "",
        headers: Sequence[tuple[str, str]] = (),
        *,
        now: float,
    ) -> None:
        """A final response other than 2xx to an incoming call, challenges (401, 407) included."""
        if not 300 <= status < 700:
            raise ValueError("a rejection is 300 to 699")
        self._usages.reject(usage, status, reason, tuple(headers), now)
        self._work(now)

    def hang_up(self, usage: UsageId, *, headers: Sequence[tuple[str, str]] = (), now: float) -> None:
        """End the call by whatever its state asks for: BYE, CANCEL or 603. *headers* (Reason …) go with it."""
        fields = tuple(headers)
        if any(char in text for field in fields for text in field for char in "\r\n\x00"):
            raise SerializeError("CR, LF or NUL inside a field")
        self._usages.hang_up(usage, fields, now)
        self._work(now)

    def was_heard(self, usage: UsageId) -> bool:
        """Whether anything has come from the peer of a call that we make, 100 Trying included; True when it is over."""
        return self._usages.was_heard(usage)

    def reinvite(self, usage: UsageId, *, body: bytes, now: float) -> None:
        """Offer *body* in a re-INVITE as soon as the call allows; it replaces an offer that has not gone out yet."""
        self._usages.reinvite(usage, body, now)
        self._work(now)

    def accept_reinvite(self, usage: UsageId, *, body: bytes, content_type: str = _SDP, now: float) -> None:
        self._usages.answer_reinvite(usage, 200, (), body, content_type, now)
        self._work(now)

    def reject_reinvite(
        self, usage: UsageId, status: int, *, headers: Sequence[tuple[str, str]] = (), now: float
    ) -> None:
        if not 300 <= status < 700:
            raise ValueError("a rejection is 300 to 699")
        self._usages.answer_reinvite(usage, status, tuple(headers), b"", "", now)
        self._work(now)

    def ack(self, usage: UsageId, *, body: bytes, now: float) -> None:
        """The answer to the offer in ``Answered``, when our INVITE had none."""
        self._usages.ack(usage, body, now)
        self._work(now)

    def info(self, usage: UsageId, *, body: bytes, content_type: str, now: float) -> None:
        """An INFO request in a confirmed call."""
        self._usages.info(usage, body, content_type, now)
        self._work(now)

    def refer(self, usage: UsageId, refer_to: str, *, headers: Sequence[tuple[str, str]] = (), now: float) -> str:
        """Ask the peer of a confirmed call to call somebody else; ``ResponseReceived`` or ``RequestFailed`` follows for
        the id, then NOTIFYs as ``RequestReceived``. "" while the call is not confirmed.
        """
        request = self._usages.refer(usage, refer_to, tuple(headers), now)
        self._work(now)
        return request

    def request(
        self,
        method: str,
        *,
        uri: Uri,
        flow: Flow,
        from_: NameAddr,
        to: NameAddr,
        contact_user: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "",
        auth: Credentials | None = None,
        call_id: str = "",
        cseq: int = 1,
        now: float,
    ) -> str:
        """Send a request outside dialogs (REGISTER, OPTIONS …); ``ResponseReceived`` or ``RequestFailed`` tells of it.

        With *contact_user* it carries our Contact. With *auth*, challenges are answered here, each with the next CSeq.
        A later REGISTER for the same AOR takes the *call_id* of the one before and a higher *cseq* (RFC 3261 §10.2).
        """
        if method in _OF_DIALOGS:
            raise ValueError(f"{method} has a verb of its own")
        request = self._requests.send(
            method,
            uri=uri,
            flow=flow,
            from_=from_,
            to=to,
            contact_user=contact_user,
            headers=tuple(headers),
            body=body,
            content_type=content_type,
            auth=auth,
            call_id=call_id,
            cseq=cseq,
            now=now,
        )
        self._work(now)
        return request

    def usage_of(self, dialog: DialogId) -> UsageId | None:
        """The call that Replaces or Target-Dialog names; None when there is none, or it is over (RFC 3891 §3)."""
        return self._usages.named(dialog)

    def accept_refer(self, transaction: str, flow: Flow, *, subscribe: bool = True, now: float) -> SubscriptionId:
        """202 to a REFER; *flow* is that of its ``RequestReceived``. ``tell_referrer`` says how it goes, and must have
        a last word, unless not to *subscribe* was asked for (RFC 4488): then the subscription is "". Raises ParseError.
        """
        template, request = self._layer.template_of(transaction), self._layer.request_of(transaction)
        if template is None or request is None:
            return ""
        usage = self._usages.find(request)
        if usage is not None and usage.dialog is not None:
            dialog, contact = usage.dialog, usage.contact
        else:
            dialog = Dialog.of_server(request, template.to, template.to_tag, flow)
            contact = self._local.contact(request.uri.user, flow)
        headers: tuple[tuple[str, str], ...] = (("Contact", contact),)
        if not subscribe:
            self.respond(transaction, 202, headers=(*headers, ("Refer-Sub", "false")), now=now)
            return ""
        name = self._subscriptions.add(dialog, contact, request.cseq.number)
        self.respond(transaction, 202, headers=headers, now=now)
        return name

    def tell_referrer(
        self, subscription: SubscriptionId, status: int, reason: str = "", *, last: bool = False, now: float
    ) -> None:
        """How the call that a REFER led to goes: the status of the response to its INVITE. Nothing after the *last*."""
        self._subscriptions.tell(subscription, status, reason, last=last, now=now)
        self._work(now)

    def accept_subscription(
        self, transaction: str, flow: Flow, *, event: str, expires: int, body: bytes, content_type: str, now: float
    ) -> WatcherId:
        """200 to a SUBSCRIBE, the first or one inside its dialog, and the state at once (RFC 6665 §4.2.1).

        *expires* 0 ends it. Returns whom to tell of changes: the same name for a renewal, "" when there is no room.
        Raises ParseError.
        """
        template, request = self._layer.template_of(transaction), self._layer.request_of(transaction)
        if template is None or request is None:
            return ""
        watcher = self._watchers.find(request)
        if watcher is None and len(self._watchers) >= MAX_WATCHERS:
            self.respond(transaction, 503, headers=(self._retry_after(),), now=now)
            return ""
        if watcher is None:
            dialog = Dialog.of_server(request, template.to, template.to_tag, flow)
            contact = self._local.contact(request.uri.user, flow)
            watcher = self._watchers.add(dialog, contact, request.headers.get("Event") or event, now + expires)
        else:
            self._watchers.renew(watcher, now + expires)
            watcher.dialog.refresh_target(request)
        self.respond(transaction, 200, headers=(("Contact", watcher.contact), ("Expires", str(expires))), now=now)
        watcher.body, watcher.content_type = body, content_type
        if expires:
            self._watchers.tell(watcher.id, body, content_type, now)
        else:
            self._watchers.end(watcher, "timeout", now)
        self._work(now)
        return watcher.id

    def tell_watcher(self, watcher: WatcherId, body: bytes, content_type: str, *, now: float) -> bool:
        """The newest state to somebody who subscribed; False when they watch no more."""
        told = self._watchers.tell(watcher, body, content_type, now)
        self._work(now)
        return told

    # --- inside -------------------------------------------------------------------------------------------------

    def _work(self, now: float) -> None:
        effects = self._layer.effects
        while effects:
            self._handle(effects.popleft(), now)

    def _handle(self, effect: Effect[Owner], now: float) -> None:
        match effect:
            case PassResponse(owner=OwnRequest() as own):
                self._requests.receive_response(own, effect.response, now)
            case ClientFailed(owner=OwnRequest() as own):
                self._requests.failed(own, effect.failure)
            case PassResponse(owner=Subscription() as subscription):
                if effect.response.status >= 200:
                    self._subscriptions.answered(subscription, effect.response.status, now)
            case ClientFailed(owner=Subscription() as subscription):
                self._subscriptions.answered(subscription, 0, now)
            case PassResponse(owner=Watcher() as watcher):
                if effect.response.status >= 200:
                    self._watchers.answered(watcher, effect.response.status, now)
            case ClientFailed(owner=Watcher() as watcher):
                self._watchers.answered(watcher, 0, now)
            case PassRequest():
                self._receive_request(effect.transaction, effect.request, effect.flow, now)
            case PassAck():
                self._usages.receive_ack(effect.request, now)
            case PassResponse(owner=Sent() as sent):
                self._usages.receive_response(sent, effect.response, effect.flow, now)
            case PassCancel():
                self._receive_cancel(effect, now)
            case ClientFailed(owner=Sent() as sent):
                self._usages.request_failed(sent, effect.failure, now)
            case ServerFailed():
                if effect.failure is Failure.TRANSPORT:
                    self._usages.response_failed(effect.transaction, now)
            case Overloaded():
                self._refuse_statelessly(effect.request, effect.flow)

    def _receive_request(self, transaction: str, request: Request, flow: Flow, now: float) -> None:
        try:
            objection = objection_to(request, self._local)
            if objection is not None:
                self.respond(transaction, objection.status, headers=objection.headers, now=now)
            elif request.to.tag and request.method != "REGISTER":
                self._receive_in_dialog(transaction, request, flow, now)
            elif request.method == "INVITE":
                if len(self._usages) >= self._max_usages:
                    self.respond(transaction, 503, headers=(self._retry_after(),), now=now)
                else:
                    self._usages.receive_invite(transaction, request, flow)
            elif request.method == "BYE":
                self.respond(transaction, 481, now=now)
            else:
                self._events.append(RequestReceived(transaction, request, flow))
        except ParseError as error:
            self.respond(transaction, error.status, f"Bad Request ({error.reason})", now=now)

    def _receive_in_dialog(self, transaction: str, request: Request, flow: Flow, now: float) -> None:
        watcher = self._watchers.find(request) if request.method == "SUBSCRIBE" else None
        if watcher is not None:
            if watcher.dialog.accept(request, flow):
                self._events.append(RequestReceived(transaction, request, flow))
            else:
                self.respond(transaction, 500, "Out of Order", now=now)
            return
        usage = self._usages.find(request)
        if usage is None or usage.dialog is None:
            self.respond(transaction, 481, now=now)
        elif not usage.dialog.accept(request, flow):
            self.respond(transaction, 500, "Out of Order", now=now)
        elif request.method == "BYE":
            self.respond(transaction, 200, now=now)
            self._usages.receive_bye(usage, request, now)
        elif request.method == "INVITE":
            status = self._usages.receive_reinvite(usage, transaction, request, now)
            if status:
                fields = (("Retry-After", str(int(self._ids.fraction() * 11))),) if status == 500 else ()
                self.respond(transaction, status, headers=fields, now=now)
        else:
            self._events.append(RequestReceived(transaction, request, flow, usage.id))

    def _receive_cancel(self, cancel: PassCancel, now: float) -> None:
        template = self._layer.template_of(cancel.transaction)
        if cancel.invite is None or template is None:
            self.respond(cancel.transaction, 481, now=now)
            return
        usage = self._signalling.pending.get(cancel.invite)
        if usage is not None and not cancel.request.to.tag:
            template.to_tag = usage.local_tag  # the same tag as in the INVITE's responses (§9.2)
        self.respond(cancel.transaction, 200, now=now)
        self._usages.receive_cancel(cancel.invite, now)

    def _refuse_malformed(self, error: ParseError, flow: Flow) -> None:
        if error.partial is not None:
            template = ResponseTemplate(error.partial, flow, self._ids.tag())
            reason = f"Bad Request ({error.reason})" if error.status == 400 else ""
            self._reply(error.partial, flow, template.response(error.status, reason))

    def _refuse_statelessly(self, request: Request, flow: Flow) -> None:
        template = ResponseTemplate(request, flow, self._ids.tag())
        self._reply(request, flow, template.response(503, headers=(self._retry_after(),)))

    def _reply(self, request: Request, flow: Flow, response: Response) -> None:
        with suppress(ParseError, SerializeError):  # what cannot be copied into an answer gets none
            self._layer.reply_statelessly(request, flow, response)

    def _retry_after(self) -> tuple[str, str]:
        return ("Retry-After", str(5 + int(self._ids.fraction() * 26)))
