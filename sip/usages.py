"""All INVITE usages of one endpoint: finds the one a message or a verb is for, and runs its machine.

A verb that comes too late, or for a usage that is over, does nothing: it crossed what the user has not seen yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.dialog import Dialog
from sip.events import EndCause, InviteReceived, RequestFailed, ResponseReceived
from sip.headers import Headers
from sip.invite import Input, InviteMachine, State
from sip.invite_actions import InviteActions
from sip.message import Request
from sip.reinvites import Reinvites
from sip.timers import DeadlineHeap
from sip.transactions.effects import Failure
from sip.usage import Fields, Incoming, Purpose, Sent, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sip.auth import Credentials
    from sip.events import UsageId
    from sip.flow import Flow
    from sip.headers import NameAddr
    from sip.message import Response
    from sip.refer import DialogId
    from sip.signalling import Signalling
    from sip.uri import Uri


class Usages:
    def __init__(self, signalling: Signalling) -> None:
        self._signalling = signalling
        self._by_id: dict[UsageId, Usage] = {}
        self._by_dialog: dict[tuple[str, str], Usage] = {}
        self._heap: DeadlineHeap[Usage] = DeadlineHeap()
        self._actions = InviteActions(signalling)
        self._reinvites = Reinvites(signalling, self._never_acknowledged)

    def __len__(self) -> int:
        return len(self._by_id)

    # --- time ---------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        return self._heap.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (usage := self._heap.pop_due(now)) is not None:
            try:
                self._fire(usage, now)
            finally:
                self._heap.update(usage)

    def _fire(self, usage: Usage, now: float) -> None:
        deadlines = usage.machine.deadlines
        for timer, at in sorted(deadlines.items(), key=lambda item: item[1]):
            if at <= now and deadlines.get(timer) == at:
                del deadlines[timer]
                usage.fields, usage.body = (), b""
                if timer is Input.TIMER_ACK:
                    usage.cause = EndCause.ACK_TIMEOUT
                self._run(usage, timer, now)
        self._reinvites.fire(usage, now)
        self._settle(usage, now)

    def _never_acknowledged(self, usage: Usage, now: float) -> None:
        usage.cause, usage.received, usage.fields = EndCause.ACK_TIMEOUT, None, ()
        self._run(usage, Input.PEER_SILENT, now)

    # --- the user's verbs ---------------------------------------------------------------------------------------

    def invite(
        self,
        *,
        uri: Uri,
        flow: Flow,
        from_: NameAddr,
        to: NameAddr,
        contact_user: str,
        headers: Fields,
        body: bytes,
        content_type: str,
        max_forwards: int,
        auth: Credentials | None,
        routes: Sequence[NameAddr],
        now: float,
    ) -> UsageId:
        local = self._signalling.local
        tag, call_id = local.ids.tag(), local.ids.call_id()
        contact = local.contact(contact_user or from_.uri.user, flow)
        request = Request(
            "INVITE",
            uri,
            Headers(
                [
                    ("Via", local.via(flow)),
                    *(("Route", str(route)) for route in routes),
                    ("Max-Forwards", str(max_forwards)),
                    ("From", str(from_.with_tag(tag))),
                    ("To", str(to)),
                    ("Call-ID", call_id),
                    ("CSeq", "1 INVITE"),
                    ("Contact", contact),
                    *local.abilities,
                    ("User-Agent", local.product),
                    *headers,
                    *([("Content-Type", content_type)] if body else []),
                ]
            ),
            body,
        )
        usage = Usage(local.ids.usage(), InviteMachine(State.CALLING), flow, call_id, tag, contact)
        usage.late_offer = not body
        usage.credentials = auth
        usage.sent = self._signalling.send(usage, Purpose.INVITE, request, flow, now)
        self._by_id[usage.id] = self._by_dialog[call_id, tag] = usage
        return usage.id

    def ring(self, usage_id: UsageId, status: int, headers: Fields, body: bytes, content_type: str, now: float) -> None:
        self._respond(Input.DO_RING, usage_id, status, "", headers, body, content_type, now)

    def answer(self, usage_id: UsageId, headers: Fields, body: bytes, content_type: str, now: float) -> None:
        self._respond(Input.DO_ANSWER, usage_id, 200, "", headers, body, content_type, now)

    def reject(self, usage_id: UsageId, status: int, reason: str, headers: Fields, now: float) -> None:
        self._respond(Input.DO_REJECT, usage_id, status, reason, headers, b"", "", now)

    def _respond(
        self,
        verb: Input,
        usage_id: UsageId,
        status: int,
        reason: str,
        headers: Fields,
        body: bytes,
        content_type: str,
        now: float,
    ) -> None:
        usage = self._by_id.get(usage_id)
        if usage is not None and usage.incoming is not None and usage.machine.state is State.INCOMING:
            self._signalling.prepare(usage, usage.incoming, status, reason, headers, body, content_type)
            usage.cause = EndCause.LOCAL
            self._run(usage, verb, now)

    def hang_up(self, usage_id: UsageId, headers: Fields, now: float) -> None:
        usage = self._by_id.get(usage_id)
        if usage is not None:
            usage.fields, usage.body, usage.cause = headers, b"", EndCause.LOCAL
            self._run(usage, Input.DO_HANG_UP, now)

    def ack(self, usage_id: UsageId, body: bytes, now: float) -> None:
        usage = self._by_id.get(usage_id)
        if usage is not None:
            usage.body = body
            self._run(usage, Input.DO_ACK, now)

    def info(self, usage_id: UsageId, body: bytes, content_type: str, now: float) -> None:
        usage = self._by_id.get(usage_id)
        if usage is not None and usage.dialog is not None and usage.machine.state is State.CONFIRMED:
            request, flow = self._signalling.in_dialog(usage.dialog, "INFO")
            request.headers.add("Content-Type", content_type)
            request.body = body
            self._signalling.send(usage, Purpose.INFO, request, flow, now)

    def refer(self, usage_id: UsageId, refer_to: str, headers: Fields, now: float) -> str:
        usage = self._by_id.get(usage_id)
        if usage is None or usage.dialog is None or usage.machine.state is not State.CONFIRMED:
            return ""
        request, flow = self._signalling.in_dialog(usage.dialog, "REFER")
        for name, value in (("Contact", usage.contact), ("Refer-To", refer_to), *headers):
            request.headers.add(name, value)
        return self._signalling.send(usage, Purpose.REFER, request, flow, now).id

    def reinvite(self, usage_id: UsageId, body: bytes, now: float) -> None:
        usage = self._by_id.get(usage_id)
        if usage is not None:
            usage.change.wanted, usage.change.glares = body, 0
            self._settle(usage, now)

    def answer_reinvite(
        self, usage_id: UsageId, status: int, headers: Fields, body: bytes, content_type: str, now: float
    ) -> None:
        usage = self._by_id.get(usage_id)
        if usage is not None:
            self._reinvites.answer(usage, status, headers, body, content_type, now)
            self._settle(usage, now)

    def was_heard(self, usage_id: UsageId) -> bool:
        usage = self._by_id.get(usage_id)
        return usage is None or usage.machine.state is not State.CALLING or usage.authorization is not None

    # --- from the network ---------------------------------------------------------------------------------------

    def receive_invite(self, transaction: str, request: Request, flow: Flow) -> None:
        """A call comes in. Raises ParseError before anything is kept."""
        template = self._signalling.layer.template_of(transaction)
        if template is None:
            return
        local = self._signalling.local
        dialog = Dialog.of_server(request, template.to, template.to_tag, flow)
        usage = Usage(
            id=local.ids.usage(),
            machine=InviteMachine(State.INCOMING),
            flow=flow,
            call_id=dialog.call_id,
            local_tag=dialog.local_tag,
            contact=local.contact(request.uri.user, flow),
            dialog=dialog,
            incoming=Incoming(transaction, template, request.cseq.number),
        )
        self._by_id[usage.id] = self._by_dialog[usage.call_id, usage.local_tag] = usage
        self._signalling.pending[transaction] = usage
        self._signalling.tell(InviteReceived(usage.id, request, flow))

    def find(self, request: Request) -> Usage | None:
        """The usage in whose dialog *request* came."""
        usage = self._by_dialog.get((request.call_id, request.to.tag or ""))
        if usage is None or usage.dialog is None or usage.dialog.remote_tag != (request.from_.tag or ""):
            return None
        return usage

    def named(self, dialog: DialogId) -> UsageId | None:
        usage = self._by_dialog.get((dialog.call_id, dialog.to_tag))
        if usage is None or usage.dialog is None or usage.dialog.remote_tag != dialog.from_tag:
            return None
        over = usage.machine.state in (State.CLOSING, State.ENDING, State.ENDED)
        return None if over else usage.id

    def receive_bye(self, usage: Usage, request: Request, now: float) -> None:
        """A BYE in the dialog of *usage*, already answered."""
        usage.received, usage.cause = request, EndCause.REMOTE
        self._run(usage, Input.RX_BYE, now)

    def receive_reinvite(self, usage: Usage, transaction: str, request: Request, now: float) -> int:
        """An INVITE in the dialog of *usage*: the status to refuse it with, or 0. Raises ParseError."""
        match usage.machine.state:
            case State.CONFIRMED:
                self._reinvites.receive(usage, transaction, request, now)
                self._settle(usage, now)
                return 0
            case State.INCOMING:
                return 500
            case State.ANSWERED | State.ACK_OWED:
                return 491
            case _:
                return 481

    def receive_ack(self, request: Request, now: float) -> None:
        usage = self.find(request)
        if usage is None:
            return
        if usage.incoming is not None and request.cseq.number == usage.incoming.cseq:
            usage.received = request
            self._run(usage, Input.RX_ACK, now)
        else:
            self._reinvites.receive_ack(usage, request, now)
            self._settle(usage, now)

    def receive_cancel(self, invite: str, now: float) -> None:
        """A CANCEL, already answered, for the INVITE of the server transaction *invite*."""
        usage = self._signalling.pending.get(invite)
        if usage is None:
            return
        if usage.incoming is not None and usage.incoming.transaction == invite:
            self._run(usage, Input.RX_CANCEL, now)
        else:
            self._reinvites.receive_cancel(usage, now)
            self._settle(usage, now)

    def response_failed(self, transaction: str, now: float) -> None:
        """The response of an INVITE's server transaction cannot be delivered."""
        usage = self._signalling.pending.get(transaction)
        if usage is not None and usage.incoming is not None and usage.incoming.transaction == transaction:
            usage.cause = EndCause.TRANSPORT
            self._run(usage, Input.TRANSPORT_ERROR, now)

    def receive_response(self, sent: Sent, response: Response, flow: Flow, now: float) -> None:
        usage, status = sent.usage, response.status
        usage.received, usage.received_flow = response, flow
        match sent.purpose:
            case Purpose.INVITE:
                self._invite_response(sent, response, now)
            case Purpose.REINVITE:
                if self._reinvites.receive_response(sent, response, now):
                    self._settle(usage, now)
                else:
                    self._lose_peer(usage, status, now)
            case Purpose.BYE | Purpose.INFO | Purpose.REFER if status >= 200:
                authorization = self._signalling.authorize(sent, response)
                if authorization is not None:
                    self._signalling.log_in(sent, authorization, now)
                    return
                if sent.purpose is Purpose.REFER:
                    self._signalling.tell(ResponseReceived(sent.id, response))
                if sent.purpose is Purpose.BYE:
                    self._run(usage, Input.BYE_DONE, now)
                elif status in (408, 481):
                    self._lose_peer(usage, status, now)
            case _:
                pass

    def _invite_response(self, sent: Sent, response: Response, now: float) -> None:
        usage, status = sent.usage, response.status
        if sent is not usage.sent:
            return  # what it answers has been sent again with credentials
        usage.body = b""
        if status < 200:
            event = Input.RX_1XX
        elif status < 300:
            if usage.dialog is None:
                event = Input.RX_2XX_OFFER if usage.late_offer else Input.RX_2XX
            else:
                event = Input.RX_2XX if (response.to.tag or "") == usage.dialog.remote_tag else Input.RX_FORK_2XX
        elif (authorization := self._signalling.authorize(sent, response)) is not None:
            usage.authorization = authorization
            event = Input.RX_CHALLENGE
        else:
            event = Input.RX_FAILURE
        self._run(usage, event, now)

    def request_failed(self, sent: Sent, failure: Failure, now: float) -> None:
        """A request of ours will have no response."""
        usage = sent.usage
        match sent.purpose:
            case Purpose.INVITE:
                if sent is usage.sent:
                    usage.received = None
                    usage.failure = (408, "no response") if failure is Failure.TIMEOUT else (503, "not reachable")
                    self._run(usage, Input.RX_FAILURE, now)
            case Purpose.BYE:
                self._run(usage, Input.BYE_DONE, now)
            case Purpose.REINVITE | Purpose.INFO | Purpose.REFER:
                if sent.purpose is Purpose.REFER:
                    self._signalling.tell(RequestFailed(sent.id, 408, "no response"))
                self._lose_peer(usage, 408, now)
            case Purpose.CANCEL | Purpose.FORK_BYE:
                pass

    # --- running a machine --------------------------------------------------------------------------------------

    def _run(self, usage: Usage, event: Input, now: float) -> None:
        self._actions.perform(usage.machine.handle(event, now), usage, now)
        self._settle(usage, now)

    def _settle(self, usage: Usage, now: float) -> None:
        """After every change: what follows from the state the usage is in now."""
        state = usage.machine.state
        if state is State.CONFIRMED:
            self._reinvites.start(usage, now)
        elif state in (State.ENDING, State.ENDED):
            self._reinvites.close(usage, now)
            if state is State.ENDED:
                self._release(usage)
        self._heap.update(usage)

    def _lose_peer(self, usage: Usage, status: int, now: float) -> None:
        usage.cause, usage.received, usage.fields = EndCause.PEER_GONE, None, ()
        self._run(usage, Input.PEER_GONE if status == 481 else Input.PEER_SILENT, now)

    def _release(self, usage: Usage) -> None:
        if self._by_id.pop(usage.id, None) is not None:
            del self._by_dialog[usage.call_id, usage.local_tag]
