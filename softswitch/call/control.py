"""Call control: every event of signalling, media and time comes here, and leaves as verbs on the ports.

Synchronous and free of sockets: after each of the entry points below the owner re-arms one timer from
`next_deadline`. What one call does wrong ends that call and no other.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from acd.events import AgentLoggedIn
from ivr.people import AGENT, FIND_ME, STAY
from ivr.rooms import CONFERENCE, PARK, RECORD
from ivr.services import Lookup, Sms, Webservice
from ivr.verbs import Verbs
from rtp.legs import Digit as MediaDigit
from rtp.legs import Latched, LegStats, MediaTimeout, PlayFinished, Recorded, RecordingQuiet
from sip import events as sip_events
from softswitch.call.admission import Admission
from softswitch.call.agents.calls import AgentCalls
from softswitch.call.agents.features import FeatureCodes
from softswitch.call.agents.occupancy import Occupancy
from softswitch.call.agents.offers import Offers
from softswitch.call.agents.staying import Staying
from softswitch.call.agents.verifying import Verifying
from softswitch.call.agents.workplaces import Workplaces
from softswitch.call.arrivals import Arrivals
from softswitch.call.callbacks.dialling import Callbacks
from softswitch.call.callbacks.orders import CallbackOrders
from softswitch.call.callbacks.windows import CallbackWindows
from softswitch.call.conferences.rooms import Conferences
from softswitch.call.containment import Containment
from softswitch.call.endings import Endings
from softswitch.call.hours.codes import HoursCodes
from softswitch.call.hours.forcing import Forcing
from softswitch.call.hours.opening import Opening
from softswitch.call.left import Left
from softswitch.call.legs import Legs
from softswitch.call.menus.asking import Asking
from softswitch.call.menus.prompts import Prompts
from softswitch.call.menus.pulling import Pulling
from softswitch.call.menus.sessions import Menus
from softswitch.call.quality import Quality
from softswitch.call.queues.distributor import Queues
from softswitch.call.queues.holds import Holds
from softswitch.call.queues.waiting import Waiting
from softswitch.call.reconfiguring import Reconfiguring
from softswitch.call.recording.node import Recording
from softswitch.call.recording.under_way import Recordings
from softswitch.call.requests import OwnRequests
from softswitch.call.ringing.availability import Availability
from softswitch.call.ringing.desks import Desks
from softswitch.call.ringing.dialling import Dialling
from softswitch.call.ringing.find_me import FindMe
from softswitch.call.ringing.phones import Phones
from softswitch.call.ringing.qualifying import Qualifier
from softswitch.call.routing import Router
from softswitch.call.settings import Settings
from softswitch.call.signals import Signals
from softswitch.call.stages import Input, advance
from softswitch.call.timers import Timed, Timers
from softswitch.call.transfers.joins import Joins
from softswitch.call.transfers.keyed import KeyedTransfers
from softswitch.call.transfers.parking import Parking
from softswitch.call.transfers.referrals import Referrals
from softswitch.call.transfers.sending_on import Transfers
from softswitch.call.trunks.lines import Trunks
from softswitch.call.trunks.watch import TrunkWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acd.dispatcher import Dispatcher
    from ivr.nodes import Flow as IvrFlow
    from rtp.legs import MediaEvent
    from sip.auth import DigestChallenger
    from sip.flow import Flow
    from sip.registrar import Registrar
    from softswitch import ports
    from softswitch.call.model import Call, Leg
    from softswitch.config import Config
    from softswitch.voicemail.boxes import Boxes


class CallControl:
    """All calls of the switch."""

    def __init__(
        self,
        config: Config,
        flow: IvrFlow,
        *,
        sip: ports.SipSender,
        media: ports.Media,
        journal: ports.Journal,
        bindings: ports.BindingStore,
        voice: ports.Voice,
        flows: ports.Flows,
        clock: ports.Clock,
        dispatcher: Dispatcher,
        registrar: Registrar,
        challenger: DigestChallenger,
        new_call_id: Callable[[], str],
        new_ssrc: Callable[[], int],
        oracle: ports.Oracle | None = None,
        boxes: Boxes | None = None,
        mailroom: ports.Mailroom | None = None,
        campaigns: ports.Campaigns | None = None,
    ) -> None:
        self.sip = sip
        self._journal = journal
        self._clock = clock
        self.calls: dict[str, Call] = {}
        self.session_timers: Timers[str] = Timers()
        self._quality = Quality(self.journal_line)
        self._later: deque[tuple[float, str | None, Callable[[float], None]]] = deque()
        self.contain = Containment(self)
        self.occupancy = Occupancy(self)

        phones = config.phones
        self.trunks = Trunks(config.trunks, flows, config.sip.domain)
        admission = Admission(config, phones, challenger, self.trunks.trunk_at)
        self.phones = Phones(
            phones,
            registrar=registrar,
            admission=admission,
            sip=sip,
            flows=flows,
            journal=journal,
            store=bindings,
            clock=clock,
            on_reachable=self.occupancy.reachable,
        )
        self.requests = OwnRequests(sip)
        self.qualifier = Qualifier(
            phones=self.phones, requests=self.requests, domain=config.sip.domain, every=config.sip.qualify
        )
        self.trunk_watch = TrunkWatch(
            config.trunks,
            self.trunks,
            self.requests,
            lambda kind, data, at: self.journal_line(kind, None, at, data),
            new_call_id,
        )
        self.legs = Legs(
            sip=sip,
            media=media,
            flows=flows,
            codecs=config.rtp.codecs,
            media_timeout=config.rtp.media_timeout,
            new_ssrc=new_ssrc,
            on_opened=self.occupancy.opened,
            on_dropped=self._leg_dropped,
        )
        self.dialling = Dialling(
            sip=sip, legs=self.legs, phones=self.phones, trunks=self.trunks, domain=config.sip.domain
        )
        self.prompts = Prompts(self, voice)
        self.recordings = Recordings(self)
        self.menus = Menus(self)
        self.asking = None if oracle is None else Asking(self, oracle)
        if self.asking is not None:
            self.menus.handlers |= dict.fromkeys((Webservice.kind, Sms.kind, Lookup.kind, Verbs.kind), self.asking)
        self.desks, self.queues = Desks(self, config), Queues(self, dispatcher)
        self.workplaces, self.availability = Workplaces(self, dispatcher), Availability(self.phones, dispatcher)
        self.offers = Offers(self, config)
        self.find_me = FindMe(self, config, self.availability)
        self.menus.handlers |= {FIND_ME: self.find_me, AGENT: AgentCalls(self, self.availability)}
        self.recording, self.conferences = Recording(self), Conferences(self)
        self.menus.handlers |= {RECORD: self.recording, CONFERENCE: self.conferences}
        self.menus.handlers[STAY] = self.staying = Staying(self, config, dispatcher)
        self.menus.handlers[PARK] = self.parking = Parking(self, config)
        self.waiting, self.holds = Waiting(self, config), Holds(self, config)
        self.orders = CallbackOrders(self, config)
        self.callbacks = Callbacks(
            self, config, dispatcher, flow, clock=clock, new_call_id=new_call_id, campaigns=campaigns
        )
        self.windows = CallbackWindows(self, config, clock)
        self.forcing = Forcing(self, config, clock)
        self.opening = opening = Opening(flow, clock.local, self.forcing.at)
        self.left = Left(self, config, flow, opening, admission, boxes=boxes, mailroom=mailroom, clock=clock)
        router = Router(config, phones, opening)
        self.transfers, self.joins = Transfers(self, config, router), Joins(self)
        self.referrals = Referrals(self, config, admission)
        self.keyed, self.verifying = KeyedTransfers(self, config), Verifying(self)
        features = FeatureCodes(
            config,
            agent_at=self.workplaces.agent_at,
            is_logged_in=self.workplaces.is_logged_in,
            in_wrap_up=self.workplaces.in_wrap_up,
            break_reason=self.workplaces.break_reason,
        )
        hours_codes = HoursCodes(config, self.forcing, opening, agent_at=self.workplaces.agent_at, clock=clock)
        self.pulling = Pulling(self, campaigns)
        arrivals = Arrivals(
            self,
            config,
            flow,
            admission=admission,
            router=router,
            features=features,
            hours_codes=hours_codes,
            clock=clock,
            new_call_id=new_call_id,
            campaigns=campaigns,
        )
        self._signals = Signals(self, arrivals)
        self.endings = Endings(self)
        # who says goodbye to a trunk must do so while it is still known
        lines = (self.trunk_watch, self.trunks, admission, self.phones, self.legs)
        numbers = (opening, self.forcing, hours_codes, router, features, arrivals, self.menus)
        sent_on = (self.referrals, self.transfers, self.keyed)
        queued = (self.desks, self.offers, self.waiting, self.holds, self.orders, self.callbacks)
        settled = (*lines, *numbers, *sent_on, *queued, self.left, self.windows)
        self.reconfiguring = Reconfiguring(self, Settings(config, flow), dispatcher, settled)
        said = (self.prompts, self.recordings, self.recording, self.conferences)
        rung = (self.desks, self.find_me, self.orders, self.left, self.holds, self.offers.whispers, self.queues)
        seen = (self.phones, self.qualifier, self.dialling)
        moved = (self.transfers, self.keyed, self.parking, self.verifying)
        others = (self.trunk_watch, self.forcing, self.windows)
        self._timed: tuple[Timed, ...] = (*said, *rung, *seen, *moved, *others)

    # ------------------------------------------------------------------------------------------------ entry points
    def on_sip(self, event: sip_events.Event, now: float) -> None:
        """An event of the SIP endpoint."""
        match event:
            case sip_events.InviteReceived(usage, request, flow):
                self._signals.invited(usage, request, flow, now)
            case sip_events.RequestReceived(transaction, request, flow, usage):
                self._signals.requested(transaction, request, flow, usage, now)
            case sip_events.ResponseReceived() | sip_events.RequestFailed():
                with self.contain(None, now):
                    self.requests.over(event, now)
            case _:
                leg = self.legs.of_usage(event.usage)
                if leg is not None:
                    with self.contain(leg.call, now):
                        self._signals.understand(leg, event, now)
        self._settle(now)

    def on_media(self, event: MediaEvent, now: float) -> None:
        """An event of a media worker."""
        match event:
            case MediaDigit(leg=handle) | PlayFinished(leg=handle) | MediaTimeout(leg=handle):
                if (leg := self.legs.get(handle)) is not None:
                    with self.contain(leg.call, now):
                        self._signals.heard(leg, event, now)
            case Latched(leg=handle):
                if (leg := self.legs.get(handle)) is not None:
                    leg.audible = True
            case LegStats(final=True):
                self._quality.measured(event, now)
            case Recorded() | RecordingQuiet():
                self.recordings.heard(event, now)
            case _:
                pass
        self._settle(now)

    def on_changed(self, now: float) -> None:
        """Somebody has changed something by hand: what was put off meanwhile is done."""
        self._settle(now)

    def on_speech(self, now: float) -> None:
        """Some prompt has been rendered, or cannot be."""
        self.prompts.rendered(now)
        self._settle(now)

    def on_kept(self, mark: str, kept: bool, now: float) -> None:
        """What was noted before `keep(mark)` is durable or, not *kept*, will never be."""
        with self.contain(None, now):
            self.orders.kept(mark, kept, now)
            self.left.kept(mark, kept, now)
        self._settle(now)

    def on_answered(self, question: int, outcome: str, values: Mapping[str, str], now: float) -> None:
        """Somebody outside has answered, or will not (`softswitch.ports.Oracle`)."""
        if self.asking is not None:
            with self.contain(self.asking.call_of(question), now):
                self.asking.answered(question, outcome, values, now)
        self._settle(now)

    def on_flow_lost(self, flow: Flow, now: float) -> None:
        """A connection is gone."""
        with self.contain(None, now):
            self.phones.lost(flow, now)
        self._settle(now)

    def next_deadline(self) -> float | None:
        deadlines = (self.session_timers.next_deadline(), *(part.next_deadline() for part in self._timed))
        return min((at for at in deadlines if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        while (call_id := self.session_timers.pop_due(now)) is not None:
            if (call := self.calls.get(call_id)) is not None:
                with self.contain(call_id, now):
                    self.menus.handle_timeout(call, now)
        for part in self._timed:
            with self.contain(None, now):
                part.handle_timeout(now)
        self._settle(now)

    def start(self, now: float) -> None:
        """The sockets are open."""
        self.opening.look_ahead(now)
        self.trunk_watch.start(now)
        self.left.start(now)
        self.windows.start(now)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """Go by other *settings* from now on; what goes on is not disturbed."""
        self.reconfiguring.apply(settings, now)
        self._settle(now)

    def log_in(self, agent: str, phone: str, now: float) -> None:
        """An agent starts working at *phone* without dialling."""
        self.queues.receive(AgentLoggedIn(agent, phone, reachable=self.phones.reachable(phone, now)), now)
        self._settle(now)

    def hang_up_all(self, now: float) -> None:
        """End every call: the switch stops."""
        for call in list(self.calls.values()):
            with self.contain(call.call, now):
                self.endings.call_over(call, now, by="switch", cause="shutdown", status=503)
        self._settle(now)

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
        call.served_by = call.served_by if agent is None else (agent, queue or "")
        self.legs.bridge(caller, other)
        who = phone or other.phone
        self.note("call.connected", call, now, agent=agent, phone=who, queue=queue, waited=waited, leg=other.leg)
        self.callbacks.served(call, now)
        self.transfers.took(call, now)

    def unfinished(self) -> set[str]:
        """Calls that are not over, and tickets of the distributor: callers who are to be called back."""
        return {*self.calls, *self.queues.tickets()}

    def advance(self, call: Call, event: Input) -> bool:
        """Move *call* along its table; False when *event* means nothing any more."""
        stage = advance(call.stage, event)
        if stage is None:
            return False
        call.stage = stage
        return True

    def _leg_dropped(self, leg: Leg, now: float) -> None:
        self._signals.forget(leg)
        self.prompts.forget(leg.leg)
        self.recordings.leg_over(leg, now)
        self.offers.leg_over(leg)
        self.keyed.leg_over(leg)
        self.verifying.forget(leg)
        self._quality.expect(leg)
        self.trunks.release(leg.leg)
        self.occupancy.dropped(leg, now)

    # ------------------------------------------------------------------------------------------------ records
    def note(self, kind: str, call: Call, now: float, /, **data: object) -> None:
        """A line about *call* in the journal; fields without a value are left out."""
        self.journal_line(kind, call.call, now, {name: value for name, value in data.items() if value is not None})

    def journal_line(self, kind: str, call: str | None, now: float, data: Mapping[str, object]) -> None:
        self._journal.append(kind, call, data, at=self._clock.wall(now))

    def keep(self, mark: str) -> None:
        """`on_kept` is told, with *mark*, when everything noted so far is durable."""
        self._journal.barrier(mark)

    # ------------------------------------------------------------------------------------------------ housekeeping
    def later(self, now: float, action: Callable[[float], None], *, call: str | None = None) -> None:
        """Do *action*, for *call*, when what is being done now is done: never in the middle of another core's step."""
        self._later.append((now, call, action))

    def _settle(self, now: float) -> None:
        while self._later:
            at, call, action = self._later.popleft()
            with self.contain(call, at):
                action(at)
        self.reconfiguring.settle(now)
