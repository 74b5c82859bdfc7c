"""Carries out the actions of the table in ``invite``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sip.dialog import Dialog
from sip.events import Answered, Cancelled, Confirmed, EndCause, Ended, Rejected, Ringing
from sip.invite import Action
from sip.message import Request, Response
from sip.responses import cancel_of
from sip.usage import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.signalling import Signalling
    from sip.usage import Usage

#: Parties beyond the first whose repeated 2xx are acknowledged.
_MAX_FORKS = 8

_Q850 = re.compile(r"[ \t]*Q\.850[ \t]*;(?:[^,;]*;)*?[ \t]*cause[ \t]*=[ \t]*([0-9]{1,3})(?![0-9])", re.IGNORECASE)


def q850_cause(message: Request | Response) -> int | None:
    """The Q.850 cause value of the Reason field (RFC 3326)."""
    for value in message.headers.get_all("Reason"):
        match = _Q850.match(value)
        if match is not None:
            return int(match[1])
    return None


class InviteActions:
    def __init__(self, signalling: Signalling) -> None:
        self._signalling = signalling
        self._perform: dict[Action, Callable[[Usage, float], None]] = {
            Action.SEND_INVITE: self._send_invite_again,
            Action.SEND_CANCEL: self._send_cancel,
            Action.TAKE_DIALOG: self._take_dialog,
            Action.SEND_ACK: self._send_ack,
            Action.REPEAT_ACK: self._repeat_ack,
            Action.RELEASE_FORK: self._release_fork,
            Action.FORGET_INVITE: self._forget_invite,
            Action.SEND_PROVISIONAL: self._send_response,
            Action.REPEAT_PROVISIONAL: self._send_response,
            Action.SEND_2XX: self._send_response,
            Action.SEND_FAILURE: self._send_response,
            Action.REPEAT_2XX: self._repeat_2xx,
            Action.SEND_487: self._send_487,
            Action.SEND_603: self._send_603,
            Action.SEND_BYE: self._send_bye,
            Action.TELL_RINGING: self._tell_ringing,
            Action.TELL_ANSWERED: self._tell_answered,
            Action.TELL_CONFIRMED: self._tell_confirmed,
            Action.TELL_REJECTED: self._tell_rejected,
            Action.TELL_NO_ANSWER: self._tell_no_answer,
            Action.TELL_CANCELLED: self._tell_cancelled,
            Action.TELL_ENDED: self._tell_ended,
        }

    def perform(self, actions: tuple[Action, ...], usage: Usage, now: float) -> None:
        for action in actions:
            carry_out = self._perform.get(action)
            if carry_out is not None:  # the others are the machine's own timers
                carry_out(usage, now)

    # --- as a client --------------------------------------------------------------------------------------------

    def _send_invite_again(self, usage: Usage, now: float) -> None:
        if usage.sent is not None and usage.authorization is not None:
            usage.sent = self._signalling.log_in(usage.sent, usage.authorization, now)

    def _send_cancel(self, usage: Usage, now: float) -> None:
        if usage.sent is not None:
            cancel = cancel_of(usage.sent.request)
            _add(cancel, usage.fields)
            self._signalling.send(usage, Purpose.CANCEL, cancel, usage.sent.flow, now)

    def _take_dialog(self, usage: Usage, now: float) -> None:
        if usage.sent is not None and isinstance(usage.received, Response) and usage.received_flow is not None:
            usage.dialog = Dialog.of_client(usage.sent.request, usage.received, usage.received_flow)

    def _send_ack(self, usage: Usage, now: float) -> None:
        if usage.sent is None or usage.dialog is None:
            return
        ack, flow = self._signalling.in_dialog(usage.dialog, "ACK", usage.sent.request.cseq.number)
        if usage.authorization is not None:
            ack.headers.add(usage.authorization.name, usage.authorization.value)
        if usage.body and usage.late_offer:
            ack.headers.add("Content-Type", "application/sdp")
            ack.body = usage.body
        usage.sent.ack = self._signalling.transmit(ack, flow)

    def _repeat_ack(self, usage: Usage, now: float) -> None:
        if usage.sent is not None:
            self._signalling.repeat(usage.sent.ack)

    def _release_fork(self, usage: Usage, now: float) -> None:
        response, flow = usage.received, usage.received_flow
        if usage.sent is None or not isinstance(response, Response) or flow is None:
            return
        tag = response.to.tag or ""
        if tag in usage.forks:
            self._signalling.repeat(usage.forks[tag])
        elif len(usage.forks) < _MAX_FORKS:
            dialog = Dialog.of_client(usage.sent.request, response, flow)
            ack, ack_flow = self._signalling.in_dialog(dialog, "ACK", usage.sent.request.cseq.number)
            usage.forks[tag] = self._signalling.transmit(ack, ack_flow)
            bye, bye_flow = self._signalling.in_dialog(dialog, "BYE")
            self._signalling.send(usage, Purpose.FORK_BYE, bye, bye_flow, now)

    def _forget_invite(self, usage: Usage, now: float) -> None:
        if usage.sent is not None:
            self._signalling.layer.abandon(usage.sent.transaction)

    # --- as a server --------------------------------------------------------------------------------------------

    def _send_response(self, usage: Usage, now: float) -> None:
        if usage.incoming is not None:
            self._signalling.respond(usage.incoming, now)

    def _repeat_2xx(self, usage: Usage, now: float) -> None:
        if usage.incoming is not None:
            self._signalling.repeat(usage.incoming.sent)

    def _send_487(self, usage: Usage, now: float) -> None:
        self._refuse(usage, 487, now)

    def _send_603(self, usage: Usage, now: float) -> None:
        self._refuse(usage, 603, now)

    def _refuse(self, usage: Usage, status: int, now: float) -> None:
        if usage.incoming is not None:
            fields = usage.fields if status == 603 else ()
            self._signalling.prepare(usage, usage.incoming, status, headers=fields)
            self._signalling.respond(usage.incoming, now)

    # --- as either ----------------------------------------------------------------------------------------------

    def _send_bye(self, usage: Usage, now: float) -> None:
        if usage.dialog is not None:
            bye, flow = self._signalling.in_dialog(usage.dialog, "BYE")
            _add(bye, usage.fields)
            self._signalling.send(usage, Purpose.BYE, bye, flow, now)

    # --- events -------------------------------------------------------------------------------------------------

    def _tell_ringing(self, usage: Usage, now: float) -> None:
        if isinstance(usage.received, Response) and usage.received.status > 100:
            self._signalling.tell(Ringing(usage.id, usage.received))

    def _tell_answered(self, usage: Usage, now: float) -> None:
        if isinstance(usage.received, Response):
            self._signalling.tell(Answered(usage.id, usage.received))

    def _tell_confirmed(self, usage: Usage, now: float) -> None:
        if isinstance(usage.received, Request):
            self._signalling.tell(Confirmed(usage.id, usage.received))

    def _tell_rejected(self, usage: Usage, now: float) -> None:
        response = usage.received
        if isinstance(response, Response):
            self._signalling.tell(Rejected(usage.id, response, response.status, response.reason))
        else:
            self._signalling.tell(Rejected(usage.id, None, *usage.failure))

    def _tell_no_answer(self, usage: Usage, now: float) -> None:
        self._signalling.tell(Rejected(usage.id, None, 408, "no answer"))

    def _tell_cancelled(self, usage: Usage, now: float) -> None:
        self._signalling.tell(Cancelled(usage.id))

    def _tell_ended(self, usage: Usage, now: float) -> None:
        bye = usage.received if usage.cause is EndCause.REMOTE and isinstance(usage.received, Request) else None
        self._signalling.tell(Ended(usage.id, usage.cause, bye, None if bye is None else q850_cause(bye)))


def _add(request: Request, fields: tuple[tuple[str, str], ...]) -> None:
    for name, value in fields:
        request.headers.add(name, value)
