"""What SIP and media tell about legs: requests, answers, holds, keys. Each is handed to the part that knows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ivr.events import Digit
from rtp.dtmf import DigitMerger, parse_dtmf_info
from rtp.legs import Digit as MediaDigit
from rtp.legs import MediaTimeout, PlayFinished
from rtp.sdp import SdpError
from sip import events as sip_events
from sip.errors import ParseError
from softswitch.call.ringing.dialling import failure_of

if TYPE_CHECKING:
    from sip.flow import Flow
    from sip.message import Request
    from softswitch.call.arrivals import Arrivals
    from softswitch.call.control import CallControl
    from softswitch.call.model import Leg

    UsageEvent = (
        sip_events.Confirmed
        | sip_events.Cancelled
        | sip_events.Ringing
        | sip_events.Answered
        | sip_events.Rejected
        | sip_events.ReinviteReceived
        | sip_events.ReinviteConfirmed
        | sip_events.ReinviteAnswered
        | sip_events.ReinviteRejected
        | sip_events.Ended
    )

log = logging.getLogger(__name__)

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REGISTER, REFER, SUBSCRIBE"


class Signals:
    """Reads events of the SIP endpoint and of media workers."""

    def __init__(self, control: CallControl, arrivals: Arrivals) -> None:
        self._control = control
        self._arrivals = arrivals
        self._mergers: dict[int, DigitMerger] = {}

    def forget(self, leg: Leg) -> None:
        """*leg* is over."""
        self._mergers.pop(leg.leg, None)

    def invited(self, usage: str, request: Request, flow: Flow, now: float) -> None:
        """A call comes in; one that breaks something is refused with 500."""
        with self._control.contain(None, now) as trouble:
            self._arrivals.invited(usage, request, flow, now)
        if trouble:
            if (leg := self._control.legs.of_usage(usage)) is not None:
                self._control.contain.end(leg.call, now)
            with self._control.contain(None, now):
                self._control.sip.reject(usage, 500, now=now)

    def requested(self, transaction: str, request: Request, flow: Flow, usage: str | None, now: float) -> None:
        """A request that opens no call."""
        leg = None if usage is None else self._control.legs.of_usage(usage)
        with self._control.contain(None if leg is None else leg.call, now) as trouble:
            try:
                self._serve(transaction, request, flow, leg, now)
            except ParseError as error:
                self._control.sip.respond(transaction, error.status, now=now)
        if trouble:
            with self._control.contain(None, now):
                self._control.sip.respond(transaction, 500, now=now)

    def _serve(self, transaction: str, request: Request, flow: Flow, leg: Leg | None, now: float) -> None:
        """Registration, keep-alive, digits. Raises ParseError."""
        match request.method:
            case "REGISTER":
                self._control.phones.register(transaction, request, flow, now)
            case "OPTIONS":
                headers = (("Allow", ALLOW), ("Accept", "application/sdp"))
                self._control.sip.respond(transaction, 200, headers=headers, now=now)
            case "INFO" if leg is not None:
                pressed = parse_dtmf_info(request.content_type or "", request.body)
                self._control.sip.respond(transaction, 200 if pressed is not None or not request.body else 415, now=now)
                if pressed is not None:
                    self._digit(leg, pressed.digit, "info", now)
            case "REFER":
                self._control.referrals.referred(transaction, request, flow, leg, now)
            case "SUBSCRIBE":
                self._control.left.lamps.subscribed(transaction, request, flow, now)
            case _:
                self._control.sip.respond(transaction, 405, headers=(("Allow", ALLOW),), now=now)

    def heard(self, leg: Leg, event: MediaDigit | PlayFinished | MediaTimeout, now: float) -> None:
        match event:
            case MediaDigit(digit=digit):
                self._digit(leg, digit, "media", now)  # the worker has merged events and tones
            case PlayFinished(play_id=play_id):
                self._control.prompts.played(leg, play_id, now)
            case MediaTimeout(silent=silent):
                log.info("leg %d of call %s sent nothing for %.0f s: ended", leg.leg, leg.call, silent)
                self._control.endings.leg_over(leg, now, by="switch", cause="media-timeout", hang_up=True)

    def understand(self, leg: Leg, event: UsageEvent, now: float) -> None:
        """Handle an event of *leg*; what cannot be understood ends the leg, with the status that says so."""
        try:
            self._signalled(leg, event, now)
        except SdpError as error:
            log.info("call %s: unusable session description: %s", leg.call, error)
            if isinstance(event, sip_events.ReinviteReceived):
                self._control.sip.reject_reinvite(leg.usage, error.status, now=now)
            else:
                self._control.endings.leg_over(leg, now, by="switch", cause="bad-sdp", hang_up=True)

    def _signalled(self, leg: Leg, event: UsageEvent, now: float) -> None:
        match event:
            case sip_events.Ringing(_, response):
                if (attempt := self._control.dialling.of(leg)) is not None:
                    attempt.on_ringing(attempt, leg, response, now)
            case sip_events.Answered(_, response):
                self._control.legs.accepted(leg, response)
                if (attempt := self._control.dialling.of(leg)) is not None:
                    self._control.dialling.answered(attempt, leg, now)
            case sip_events.Rejected(_, response, status, _):
                leg.refused = status
                failure = failure_of(status, heard=response is not None)
                self._control.endings.leg_over(leg, now, by="phone", cause=f"status-{status}", failure=failure)
            case sip_events.Confirmed(_, request) | sip_events.ReinviteConfirmed(_, request):
                held = leg.held
                self._control.legs.confirmed(leg, request)
                self._note_hold(leg, held, now)
            case sip_events.Cancelled():
                self._control.endings.leg_over(leg, now, by="caller", cause="cancelled")
            case sip_events.ReinviteReceived(_, request):
                held = leg.held
                self._control.legs.reinvited(leg, request, now)
                self._note_hold(leg, held, now)
            case sip_events.Ended(_, cause, _, q850):
                self._control.endings.leg_over(leg, now, by=leg.role.name.lower(), cause=str(cause), q850=q850)
            case _:
                pass  # we send no re-INVITE of our own

    def _note_hold(self, leg: Leg, before: bool, now: float) -> None:
        call = self._control.calls.get(leg.call)
        if call is not None and leg.held != before:
            self._control.note("leg.held" if leg.held else "leg.resumed", call, now, leg=leg.role.name.lower())
            self._control.holds.changed(call, leg, now)

    def _digit(self, leg: Leg, digit: str, carriage: str, now: float) -> None:
        """A key, once however many ways it came."""
        merger = self._mergers.setdefault(leg.leg, DigitMerger())
        pressed = merger.receive(digit, carriage, now)
        call = self._control.calls.get(leg.call)
        if pressed is None or call is None:
            return
        if leg.leg != call.a_leg:
            if self._control.find_me.pressed_by(call, leg, pressed, now):
                return
            self._control.keyed.pressed(call, leg, pressed, now)
            self._control.verifying.pressed(call, leg, pressed, now)
            self._control.pulling.wishes.pressed(call, leg, pressed, now)
        elif call.session.belongs_to_entry(pressed, now):
            self._control.menus.drain(call, now)
        elif not self._control.waiting.pressed(call, pressed, now):
            self._control.menus.receive(call, Digit(pressed), now)
