"""Call control: every event of signalling, media and time comes here, and leaves as verbs on the ports.

Synchronous and free of sockets: after each of the entry points below the owner re-arms one timer from
`next_deadline`. What one call does wrong ends that call and no other.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

from acd.events import AgentBusy, AgentFree, AgentLoggedIn, AgentReachable, AgentUnreachable, EndedBy, FailReason
from ivr.events import Digit, HungUp, Returned
from ivr.nodes import Result
from rtp.dtmf import DigitMerger, parse_dtmf_info
from rtp.legs import Digit as MediaDigit
from rtp.legs import Latched, LegStats, MediaTimeout, PlayFinished
from rtp.sdp import SdpError
from sip import events as sip_events
from sip.errors import ParseError
from sip.events import EndCause
from softswitch.call.admission import Admission
from softswitch.call.arrivals import Arrivals
from softswitch.call.containment import Containment
from softswitch.call.desks import Desks
from softswitch.call.dialling import Dialling, Failure, failure_of
from softswitch.call.features import FeatureCodes
from softswitch.call.legs import Legs
from softswitch.call.menus import Menus
from softswitch.call.model import Call, Leg, Role, Stage
from softswitch.call.phones import Phones
from softswitch.call.prompts import Prompts
from softswitch.call.quality import Quality
from softswitch.call.queues import Queues
from softswitch.call.routing import Router
from softswitch.call.stages import Input, advance
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acd.dispatcher import Dispatcher
    from ivr.nodes import Flow as IvrFlow
    from rtp.legs import MediaEvent
    from sip.auth import DigestChallenger
    from sip.flow import Flow
    from sip.message import Request
    from sip.registrar import Registrar
    from softswitch.config import Config
    from softswitch.ports import BindingStore, Clock, Flows, Journal, Media, SipSender, Voice

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

#: An agent of whom nothing was heard and who hangs up within so many seconds of the answer has not served the caller.
SERVED_AFTER = 2.0
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REGISTER"


class CallControl:
    """All calls of the switch."""

    def __init__(
        self,
        config: Config,
        flow: IvrFlow,
        *,
        sip: SipSender,
        media: Media,
        journal: Journal,
        bindings: BindingStore,
        voice: Voice,
        flows: Flows,
        clock: Clock,
        dispatcher: Dispatcher,
        registrar: Registrar,
        challenger: DigestChallenger,
        new_call_id: Callable[[], str],
        new_ssrc: Callable[[], int],
    ) -> None:
        self.sip = sip
        self._journal = journal
        self._clock = clock
        self.calls: dict[str, Call] = {}
        self.session_timers: Timers[str] = Timers()
        self._mergers: dict[int, DigitMerger] = {}
        self._quality = Quality(self.journal_line)
        self._later: deque[tuple[float, str | None, Callable[[float], None]]] = deque()
        self.contain = Containment(self)

        phones = config.phones
        admission = Admission(config, phones, challenger)
        self.phones = Phones(
            phones,
            registrar=registrar,
            admission=admission,
            sip=sip,
            flows=flows,
            journal=journal,
            store=bindings,
            clock=clock,
            on_reachable=self._phone_reachable,
        )
        self.legs = Legs(
            sip=sip,
            media=media,
            flows=flows,
            codecs=config.rtp.codecs,
            media_timeout=config.rtp.media_timeout,
            new_ssrc=new_ssrc,
            on_opened=self._leg_opened,
            on_dropped=self._leg_dropped,
        )
        self.dialling = Dialling(sip=sip, legs=self.legs, phones=self.phones, domain=config.sip.domain)
        self.prompts = Prompts(self, voice)
        self.menus = Menus(self)
        self.desks = Desks(self)
        self.queues = Queues(self, dispatcher, config.queues)
        self._arrivals = Arrivals(
            self,
            config,
            flow,
            admission=admission,
            router=Router(config, phones),
            features=FeatureCodes(
                config.features,
                config.agents,
                agent_at=self.queues.agent_at,
                is_logged_in=self.queues.is_logged_in,
            ),
            clock=clock,
            new_call_id=new_call_id,
        )

    # ------------------------------------------------------------------------------------------------ entry points
    def on_sip(self, event: sip_events.Event, now: float) -> None:
        """An event of the SIP endpoint."""
        match event:
            case sip_events.InviteReceived(usage, request, flow):
                self._invited(usage, request, flow, now)
            case sip_events.RequestReceived(transaction, request, flow, usage):
                self._requested(transaction, request, flow, usage, now)
            case sip_events.ResponseReceived() | sip_events.RequestFailed():
                pass  # we send no requests outside calls
            case _:
                leg = self.legs.of_usage(event.usage)
                if leg is not None:
                    with self.contain(leg.call, now):
                        self._understand(leg, event, now)
        self._settle(now)

    def on_media(self, event: MediaEvent, now: float) -> None:
        """An event of a media worker."""
        match event:
            case MediaDigit(leg=handle) | PlayFinished(leg=handle) | MediaTimeout(leg=handle):
                if (leg := self.legs.get(handle)) is not None:
                    with self.contain(leg.call, now):
                        self._heard(leg, event, now)
            case Latched(leg=handle):
                if (leg := self.legs.get(handle)) is not None:
                    leg.audible = True
            case LegStats(final=True):
                self._quality.measured(event, now)
            case _:
                pass
        self._settle(now)

    def on_speech(self, now: float) -> None:
        """Some prompt has been rendered, or cannot be."""
        self.prompts.rendered(now)
        self._settle(now)

    def on_flow_lost(self, flow: Flow, now: float) -> None:
        """A connection is gone."""
        with self.contain(None, now):
            self.phones.lost(flow, now)
        self._settle(now)

    def next_deadline(self) -> float | None:
        deadlines = (
            self.session_timers.next_deadline(),
            self.queues.next_deadline(),
            self.desks.next_deadline(),
            self.prompts.next_deadline(),
            self.phones.next_deadline(),
        )
        return min((at for at in deadlines if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        while (call_id := self.session_timers.pop_due(now)) is not None:
            if (call := self.calls.get(call_id)) is not None:
                with self.contain(call_id, now):
                    self.menus.handle_timeout(call, now)
        self.prompts.handle_timeout(now)
        self.desks.handle_timeout(now)
        for part in (self.queues, self.phones):
            with self.contain(None, now):
                part.handle_timeout(now)
        self._settle(now)

    def log_in(self, agent: str, phone: str, now: float) -> None:
        """An agent starts working at *phone* without dialling."""
        self.queues.receive(AgentLoggedIn(agent, phone, reachable=self.phones.reachable(phone, now)), now)
        self._settle(now)

    def hang_up_all(self, now: float) -> None:
        """End every call: the switch stops."""
        for call in list(self.calls.values()):
            with self.contain(call.call, now):
                self.end_call(call, now, by="switch", cause="shutdown", status=503)
        self._settle(now)

    # ------------------------------------------------------------------------------------------------ signalling
    def _invited(self, usage: str, request: Request, flow: Flow, now: float) -> None:
        """A call comes in; one that breaks something is refused with 500."""
        with self.contain(None, now) as trouble:
            self._arrivals.invited(usage, request, flow, now)
        if trouble:
            if (leg := self.legs.of_usage(usage)) is not None:
                self.contain.end(leg.call, now)
            with self.contain(None, now):
                self.sip.reject(usage, 500, now=now)

    def _requested(self, transaction: str, request: Request, flow: Flow, usage: str | None, now: float) -> None:
        """A request that opens no call."""
        leg = None if usage is None else self.legs.of_usage(usage)
        with self.contain(None if leg is None else leg.call, now) as trouble:
            try:
                self._serve(transaction, request, flow, leg, now)
            except ParseError as error:
                self.sip.respond(transaction, error.status, now=now)
        if trouble:
            with self.contain(None, now):
                self.sip.respond(transaction, 500, now=now)

    def _serve(self, transaction: str, request: Request, flow: Flow, leg: Leg | None, now: float) -> None:
        """Registration, keep-alive, digits. Raises ParseError."""
        match request.method:
            case "REGISTER":
                self.phones.register(transaction, request, flow, now)
            case "OPTIONS":
                headers = (("Allow", ALLOW), ("Accept", "application/sdp"))
                self.sip.respond(transaction, 200, headers=headers, now=now)
            case "INFO" if leg is not None:
                pressed = parse_dtmf_info(request.content_type or "", request.body)
                self.sip.respond(transaction, 200 if pressed is not None or not request.body else 415, now=now)
                if pressed is not None:
                    self._digit(leg, pressed.digit, "info", now)
            case _:
                self.sip.respond(transaction, 405, headers=(("Allow", ALLOW),), now=now)

    def _heard(self, leg: Leg, event: MediaDigit | PlayFinished | MediaTimeout, now: float) -> None:
        match event:
            case MediaDigit(digit=digit, carriage=carriage):
                self._digit(leg, digit, str(carriage), now)
            case PlayFinished(play_id=play_id):
                if (call := self.calls.get(leg.call)) is not None:
                    self.prompts.played(call, play_id, now)
            case MediaTimeout(silent=silent):
                log.info("leg %d of call %s sent nothing for %.0f s: ended", leg.leg, leg.call, silent)
                self._leg_over(leg, now, by="switch", cause="media-timeout", hang_up=True)

    def _understand(self, leg: Leg, event: UsageEvent, now: float) -> None:
        """Handle an event of *leg*; what cannot be understood ends the leg, with the status that says so."""
        try:
            self._signalled(leg, event, now)
        except SdpError as error:
            log.info("call %s: unusable session description: %s", leg.call, error)
            if isinstance(event, sip_events.ReinviteReceived):
                self.sip.reject_reinvite(leg.usage, error.status, now=now)
            else:
                self._leg_over(leg, now, by="switch", cause="bad-sdp", hang_up=True)

    def _signalled(self, leg: Leg, event: UsageEvent, now: float) -> None:
        match event:
            case sip_events.Ringing(_, response):
                if (attempt := self.dialling.of(leg)) is not None:
                    attempt.on_ringing(attempt, leg, response, now)
            case sip_events.Answered(_, response):
                self.legs.accepted(leg, response)
                if (attempt := self.dialling.of(leg)) is not None:
                    self.dialling.answered(attempt, leg, now)
            case sip_events.Rejected(_, _, status, _):
                self._leg_over(leg, now, by="phone", cause=f"status-{status}", failure=failure_of(status))
            case sip_events.Confirmed(_, request) | sip_events.ReinviteConfirmed(_, request):
                held = leg.held
                self.legs.confirmed(leg, request)
                self._note_hold(leg, held, now)
            case sip_events.Cancelled():
                self._leg_over(leg, now, by="caller", cause="cancelled")
            case sip_events.ReinviteReceived(_, request):
                held = leg.held
                self.legs.reinvited(leg, request, now)
                self._note_hold(leg, held, now)
            case sip_events.Ended(_, cause, _, q850):
                self._leg_over(leg, now, by=leg.role.name.lower(), cause=str(cause), q850=q850)
            case _:
                pass  # we send no re-INVITE of our own

    def _note_hold(self, leg: Leg, before: bool, now: float) -> None:
        call = self.calls.get(leg.call)
        if call is not None and leg.held != before:
            self.note("leg.held" if leg.held else "leg.resumed", call, now, leg=leg.role.name.lower())

    def _digit(self, leg: Leg, digit: str, carriage: str, now: float) -> None:
        """A key pressed by the caller, once however many ways it came."""
        merger = self._mergers.setdefault(leg.leg, DigitMerger())
        pressed = merger.receive(digit, carriage, now)
        call = self.calls.get(leg.call)
        if pressed is not None and call is not None and leg.leg == call.a_leg:
            self.menus.receive(call, Digit(pressed), now)

    # ------------------------------------------------------------------------------------------------ talking
    def answer(self, call: Call, leg: Leg, now: float) -> None:
        """Answer the caller, once."""
        if leg.answered:
            return
        self.legs.answer(leg, now)
        self.note("call.answered", call, now)

    def connect(
        self,
        call: Call,
        caller: Leg,
        other: Leg,
        now: float,
        *,
        agent: str | None = None,
        phone: str | None = None,
        queue: str | None = None,
        waited: float | None = None,
    ) -> None:
        """Caller and *other* hear each other from now on, whatever was being played."""
        self.prompts.stop(call)
        call.b_leg, call.connected_at = other.leg, now
        self.legs.bridge(caller, other)
        self.note(
            "call.connected",
            call,
            now,
            agent=agent,
            phone=phone or other.phone,
            queue=queue,
            waited=waited,
            leg=other.leg,
        )

    # ------------------------------------------------------------------------------------------------ ending
    def _leg_over(
        self,
        leg: Leg,
        now: float,
        *,
        by: str,
        cause: str,
        failure: Failure = Failure.UNREACHABLE,
        q850: int | None = None,
        hang_up: bool = False,
    ) -> None:
        """*leg* is gone (or must go, with *hang_up*); what that means depends on whose it is."""
        attempt = self.dialling.of(leg)
        call = self.calls.get(leg.call)
        if hang_up:
            self.legs.hang_up(leg, now)
        else:
            self.legs.drop(leg, now)
        if attempt is not None:
            self.dialling.failed(attempt, leg, failure, now)
        elif call is not None and leg.leg == call.a_leg:
            self.end_call(call, now, by="caller" if by != "switch" else by, cause=cause, q850=q850, caller_gone=True)
        elif self.queues.leg_lost(leg, now):
            pass
        elif call is not None and leg.leg == call.b_leg:
            self._peer_gone(call, leg, now, by=by, cause=cause)

    def _peer_gone(self, call: Call, peer: Leg, now: float, *, by: str, cause: str) -> None:
        """Whom the caller talked with has hung up: back to the IVR, which knows what comes next.

        An agent whose phone is gone without a goodbye, or who was gone before a word was said, has not served the
        caller: they wait again, in their old place.
        """
        was_agent = call.agent is not None
        call.b_leg = None
        dropped = not peer.audible and now - call.connected_at < SERVED_AFTER
        if was_agent and (dropped or cause != EndCause.REMOTE) and self.advance(call, Input.AGENT_LOST):
            self.note("call.parted", call, now, by="agent", cause=cause)
            self.queues.agent_lost(call, FailReason.DROPPED if dropped else FailReason.UNREACHABLE, now)
            return
        if not self.advance(call, Input.PEER_GONE):
            return
        call.ended_by = "agent" if was_agent else by
        self.note("call.parted", call, now, by=call.ended_by, cause=cause)
        if was_agent:
            call.agent = call.offer = None
            self.queues.conversation_ended(call, EndedBy.AGENT, now)
        self.menus.receive(call, Returned(Result.ENDED), now)

    def end_call(
        self,
        call: Call,
        now: float,
        *,
        by: str,
        cause: str,
        status: int = 480,
        q850: int | None = None,
        caller_gone: bool = False,
    ) -> None:
        """End everything that belongs to *call*, once."""
        stage = call.stage
        if not self.advance(call, Input.CALLER_GONE if caller_gone else Input.END):
            return
        self.prompts.stop(call)
        self.desks.stop(call, now)
        caller = self.legs.get(call.a_leg)
        answered = caller.answered if caller is not None else None
        if caller is not None:
            if caller.answered:
                self.legs.hang_up(caller, now)
            else:
                self.sip.reject(caller.usage, status, now=now)
                self.legs.drop(caller, now)
        if stage is Stage.QUEUED:
            self.queues.left(call, now)
        other = self.legs.get(call.b_leg)
        if other is not None:
            self.legs.hang_up(other, now)
        if stage is Stage.TALKING and call.agent is not None:
            self.queues.conversation_ended(call, EndedBy.CALLER if by == "caller" else EndedBy.SWITCH, now)
        self.menus.receive(call, HungUp(), now)
        self.session_timers.set(call.call, None)
        by = call.ended_by or by
        sip_status = 487 if cause == "cancelled" else status if answered is False else None
        self.note("call.ended", call, now, by=by, cause=cause, sip_status=sip_status, q850=q850)
        del self.calls[call.call]

    def advance(self, call: Call, event: Input) -> bool:
        """Move *call* along its table; False when *event* means nothing any more."""
        stage = advance(call.stage, event)
        if stage is None:
            return False
        call.stage = stage
        return True

    # ------------------------------------------------------------------------------------------------ phones, agents
    def _leg_opened(self, leg: Leg, now: float) -> None:
        """A phone is in a call that the distributor did not make: its agent can take no other."""
        if leg.role is not Role.AGENT and self.phones.occupy(leg.phone, leg.leg):
            agent = self.queues.agent_at(leg.phone)
            if agent is not None:
                self.later(now, lambda at: self.queues.receive(AgentBusy(agent), at))

    def _leg_dropped(self, leg: Leg, now: float) -> None:
        self._mergers.pop(leg.leg, None)
        self._quality.expect(leg)
        if self.phones.release(leg.phone, leg.leg):
            agent = self.queues.agent_at(leg.phone)
            if agent is not None:
                self.later(now, lambda at: self.queues.receive(AgentFree(agent), at))

    def _phone_reachable(self, phone: str, reachable: bool, now: float) -> None:
        agent = self.queues.agent_at(phone)
        if agent is not None:
            self.queues.receive(AgentReachable(agent) if reachable else AgentUnreachable(agent), now)

    # ------------------------------------------------------------------------------------------------ records
    def note(self, kind: str, call: Call, now: float, /, **data: object) -> None:
        """A line about *call* in the journal; fields without a value are left out."""
        self.journal_line(kind, call.call, now, {name: value for name, value in data.items() if value is not None})

    def journal_line(self, kind: str, call: str | None, now: float, data: Mapping[str, object]) -> None:
        self._journal.append(kind, call, data, at=self._clock.wall(now))

    # ------------------------------------------------------------------------------------------------ housekeeping
    def later(self, now: float, action: Callable[[float], None], *, call: str | None = None) -> None:
        """Do *action*, for *call*, when what is being done now is done: never in the middle of another core's step."""
        self._later.append((now, call, action))

    def _settle(self, now: float) -> None:
        while self._later:
            at, call, action = self._later.popleft()
            with self.contain(call, at):
                action(at)
