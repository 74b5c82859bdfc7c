"""Carries out the actions of the table in ``reinvite``, and takes what comes for it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sip.errors import ParseError
from sip.events import ReinviteAnswered, ReinviteConfirmed, ReinviteReceived, ReinviteRejected
from sip.message import Request, Response
from sip.reinvite import Action, Input, State
from sip.usage import Incoming, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.signalling import Signalling
    from sip.usage import Fields, Sent, Usage

#: How often a re-INVITE that met the peer's is tried again.
_MAX_GLARES = 6


class Reinvites:
    """``give_up_peer`` is called when the peer never acknowledged our 2xx."""

    def __init__(self, signalling: Signalling, give_up_peer: Callable[[Usage, float], None]) -> None:
        self._signalling = signalling
        self._give_up_peer = give_up_peer
        self._perform: dict[Action, Callable[[Usage, float], None]] = {
            Action.SEND_INVITE: self._send_invite,
            Action.SEND_ACK: self._send_ack,
            Action.SEND_2XX: self._send_response,
            Action.SEND_FAILURE: self._send_response,
            Action.REPEAT_2XX: self._repeat_2xx,
            Action.REFUSE_491: self._refuse_491,
            Action.REFUSE_500: self._refuse_500,
            Action.SEND_487: self._send_487,
            Action.TELL_RECEIVED: self._tell_received,
            Action.TELL_CONFIRMED: self._tell_confirmed,
            Action.TELL_ANSWERED: self._tell_answered,
            Action.TELL_REJECTED: self._tell_rejected,
            Action.GIVE_UP_PEER: give_up_peer,
            Action.NEXT: self.start,
        }

    def _run(self, usage: Usage, event: Input, now: float) -> None:
        for action in usage.change.machine.handle(event, now):
            carry_out = self._perform.get(action)
            if carry_out is not None:  # the others are the machine's own timers
                carry_out(usage, now)

    # --- inputs -------------------------------------------------------------------------------------------------

    def start(self, usage: Usage, now: float) -> None:
        """Send what the user wants, as soon as nothing else is on its way."""
        if usage.change.wanted is not None:
            self._run(usage, Input.DO_REINVITE, now)

    def answer(self, usage: Usage, status: int, headers: Fields, body: bytes, content_type: str, now: float) -> None:
        """The user's final response to the peer's re-INVITE. Raises SerializeError."""
        change = usage.change
        if change.incoming is None or change.machine.state is not State.RECEIVED:
            return  # crossed by a CANCEL or the end of the call
        self._signalling.prepare(usage, change.incoming, status, "", headers, body, content_type)
        self._run(usage, Input.DO_ACCEPT if status < 300 else Input.DO_REJECT, now)

    def receive(self, usage: Usage, transaction: str, request: Request, now: float) -> None:
        """An INVITE in the dialog. Raises ParseError before anything changes."""
        template = self._signalling.layer.template_of(transaction)
        if template is None or usage.dialog is None:
            return
        _ = request.contacts
        change = usage.change
        incoming, change.refused = Incoming(transaction, template, request.cseq.number), None
        if change.machine.state in (State.IDLE, State.WAITING):
            usage.dialog.refresh_target(request)
            change.incoming, change.request = incoming, request
            self._signalling.pending[transaction] = usage
        else:
            change.refused = incoming
        self._run(usage, Input.RX_INVITE, now)
        change.refused = None

    def receive_ack(self, usage: Usage, request: Request, now: float) -> None:
        change = usage.change
        if change.incoming is not None and change.incoming.cseq == request.cseq.number:
            change.request = request
            self._run(usage, Input.RX_ACK, now)

    def receive_cancel(self, usage: Usage, now: float) -> None:
        self._run(usage, Input.RX_CANCEL, now)

    def receive_response(self, sent: Sent, response: Response, now: float) -> bool:
        """A response to a re-INVITE of ours; False when it says that the dialog is gone."""
        usage, change, status = sent.usage, sent.usage.change, response.status
        if sent.ack is not None:
            if 200 <= status < 300:
                self._signalling.repeat(sent.ack)
            return True
        if status < 200 or sent is not change.sent:
            return True
        if status < 300:
            if usage.dialog is not None and "Contact" in response.headers:
                with suppress(ParseError):  # it must be acknowledged all the same: where the INVITE went
                    usage.dialog.refresh_target(response)
            self._run(usage, Input.RX_2XX, now)
        elif status in (408, 481):
            return False
        elif status == 491 and change.glares < _MAX_GLARES:
            change.glares += 1
            change.machine.retry_after = self._retry_after(usage)
            if change.wanted is None:
                change.wanted = change.offered
            self._run(usage, Input.RX_491, now)
        elif (authorization := self._signalling.authorize(sent, response)) is not None:
            usage.authorization = authorization
            self._run(usage, Input.RX_CHALLENGE, now)
        else:
            self._run(usage, Input.RX_FAILURE, now)
        return True

    def close(self, usage: Usage, now: float) -> None:
        """The call ends."""
        usage.change.wanted = None
        if usage.change.machine.state is State.SENT and usage.change.sent is not None:
            self._signalling.layer.leave(usage.change.sent.transaction, now)
        self._run(usage, Input.CLOSE, now)

    def fire(self, usage: Usage, now: float) -> None:
        deadlines = usage.change.machine.deadlines
        for timer, at in sorted(deadlines.items(), key=lambda item: item[1]):
            if at <= now and deadlines.get(timer) == at:
                del deadlines[timer]
                self._run(usage, timer, now)

    def _retry_after(self, usage: Usage) -> float:
        """RFC 3261 §14.1: the side that made the Call-ID waits longer; in units of 10 ms."""
        low, high = (2.1, 4.0) if usage.sent is not None else (0.0, 2.0)
        steps = round((high - low) * 100)
        return low + int(self._signalling.local.ids.fraction() * (steps + 1)) / 100

    # --- actions ------------------------------------------------------------------------------------------------

    def _send_invite(self, usage: Usage, now: float) -> None:
        change, local = usage.change, self._signalling.local
        challenged = change.sent is not None and usage.change.machine.state is State.SENT and change.wanted is None
        if challenged and change.sent is not None and usage.authorization is not None:
            change.sent = self._signalling.log_in(change.sent, usage.authorization, now)
            return
        if change.wanted is None or usage.dialog is None:
            return
        change.offered, change.wanted = change.wanted, None
        request, flow = self._signalling.in_dialog(usage.dialog, "INVITE")
        request.headers.add("Contact", usage.contact)
        for field in local.abilities:
            request.headers.add(*field)
        if change.offered:
            request.headers.add("Content-Type", "application/sdp")
            request.body = change.offered
        change.sent = self._signalling.send(usage, Purpose.REINVITE, request, flow, now)

    def _send_ack(self, usage: Usage, now: float) -> None:
        sent = usage.change.sent
        if sent is not None and usage.dialog is not None:
            ack, flow = self._signalling.in_dialog(usage.dialog, "ACK", sent.request.cseq.number)
            sent.ack = self._signalling.transmit(ack, flow)

    def _send_response(self, usage: Usage, now: float) -> None:
        if usage.change.incoming is not None:
            self._signalling.respond(usage.change.incoming, now)

    def _repeat_2xx(self, usage: Usage, now: float) -> None:
        if usage.change.incoming is not None:
            self._signalling.repeat(usage.change.incoming.sent)

    def _refuse_491(self, usage: Usage, now: float) -> None:
        self._refuse(usage, usage.change.refused, 491, (), now)

    def _refuse_500(self, usage: Usage, now: float) -> None:
        seconds = int(self._signalling.local.ids.fraction() * 11)
        self._refuse(usage, usage.change.refused, 500, (("Retry-After", str(seconds)),), now)

    def _send_487(self, usage: Usage, now: float) -> None:
        self._refuse(usage, usage.change.incoming, 487, (), now)

    def _refuse(self, usage: Usage, incoming: Incoming | None, status: int, headers: Fields, now: float) -> None:
        if incoming is not None:
            self._signalling.prepare(usage, incoming, status, headers=headers)
            self._signalling.respond(incoming, now)

    def _tell_received(self, usage: Usage, now: float) -> None:
        if usage.change.request is not None:
            self._signalling.tell(ReinviteReceived(usage.id, usage.change.request))

    def _tell_confirmed(self, usage: Usage, now: float) -> None:
        if usage.change.request is not None:
            self._signalling.tell(ReinviteConfirmed(usage.id, usage.change.request))

    def _tell_answered(self, usage: Usage, now: float) -> None:
        if isinstance(usage.received, Response):
            self._signalling.tell(ReinviteAnswered(usage.id, usage.received, usage.change.offered))

    def _tell_rejected(self, usage: Usage, now: float) -> None:
        if isinstance(usage.received, Response):
            self._signalling.tell(ReinviteRejected(usage.id, usage.received.status))
