"""REFER: telephones ask for transfers, blind and attended, and are told how it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.refer import parse_refer, target_dialog_of
from softswitch.call.admission import Refusal
from softswitch.call.model import Stage

if TYPE_CHECKING:
    from sip.flow import Flow
    from sip.message import Request
    from sip.refer import Refer
    from softswitch.call.admission import Admission
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.settings import Settings
    from softswitch.config import Config


class Referrals:
    """Who may send whom where."""

    def __init__(self, control: CallControl, config: Config, admission: Admission) -> None:
        self._control = control
        self._config = config
        self._admission = admission

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._config = settings.config

    def referred(self, transaction: str, request: Request, flow: Flow, leg: Leg | None, now: float) -> None:
        """A REFER, in a call (*leg* is its sender's) or outside of one. Raises ParseError."""
        control = self._control
        refer = parse_refer(request)
        if leg is None:
            leg = self._named(transaction, request, now)
        elif leg.phone is not None and flow.remote[0] != leg.candidate_ips[0]:
            leg = self._proven(transaction, request, leg, now)
        if leg is None:
            return
        call = control.calls.get(leg.call)
        if call is None or leg.phone is None or not self._may_send(call, leg, request, refer):
            control.sip.respond(transaction, 403, now=now)
            return
        subscription = control.sip.accept_refer(transaction, flow, subscribe=refer.subscribe, now=now)
        control.sip.tell_referrer(subscription, 100, now=now)
        status = self._start(call, leg, refer, subscription, now)
        if status:
            control.sip.tell_referrer(subscription, status, last=True, now=now)
            control.note(
                "call.transfer_failed",
                call,
                now,
                by=self._control.transfers.name(call, leg),
                to=refer.target.user,
                status=status,
            )

    def _named(self, transaction: str, request: Request, now: float) -> Leg | None:
        """The leg that a REFER outside of calls speaks of (Target-Dialog), if it is its sender's."""
        control = self._control
        user = self._admission.authenticate(request, now)
        if isinstance(user, Refusal):
            control.sip.respond(transaction, user.status, headers=user.headers, now=now)
            return None
        dialog = target_dialog_of(request)
        usage = None if dialog is None else control.sip.usage_of(dialog)
        leg = None if usage is None else control.legs.of_usage(usage)
        if leg is None or leg.phone != user:
            control.sip.respond(transaction, 403, now=now)
            return None
        return leg

    def _proven(self, transaction: str, request: Request, leg: Leg, now: float) -> Leg | None:
        """*leg*, when a REFER that comes from elsewhere than its call did has the phone's password."""
        user = self._admission.authenticate(request, now)
        if user == leg.phone:
            return leg
        status, headers = (user.status, user.headers) if isinstance(user, Refusal) else (403, ())
        self._control.sip.respond(transaction, status, headers=headers, now=now)
        return None

    def _may_send(self, call: Call, leg: Leg, request: Request, refer: Refer) -> bool:
        """Only our own phones send people on, out of a conversation, and to our own numbers."""
        sends = self._control.transfers.sending(call) is not None
        if call.stage is not Stage.TALKING or sends or leg.leg not in (call.a_leg, call.b_leg):
            return False
        if leg.leg == call.a_leg and call.agent is not None:
            return False  # a caller does not dispose of the agent
        ours = {"", self._config.sip.domain, self._config.sip.external_address, leg.local_ip, request.uri.host}
        return refer.target.host.strip("[]") in ours

    def _start(self, call: Call, leg: Leg, refer: Refer, subscription: str, now: float) -> int:
        """The status to tell the sender, or 0 when that comes later."""
        if refer.replaces is not None:
            return self._control.joins.attended(call, leg, refer.replaces, subscription, now)
        dialled = refer.target.user or ""
        target = self._control.transfers.target(dialled, leg, now)
        return 404 if target is None else self._control.transfers.send(call, leg, target, dialled, subscription, now)
