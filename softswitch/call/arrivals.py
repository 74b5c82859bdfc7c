"""An INVITE arrives: who calls, what they dialled, and the call that comes of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ivr.customers import CUSTOMER_ID, readable
from ivr.events import Started
from ivr.left import Mailbox
from ivr.nodes import Flow as IvrFlow
from ivr.nodes import Prompt, Say
from ivr.people import Stay
from ivr.rooms import Park
from ivr.session import Session
from rtp.lanes import NoPortLeft
from rtp.sdp import SdpError
from softswitch.call.admission import Refusal
from softswitch.call.agents.features import LISTENING, Feature
from softswitch.call.model import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivr.targets import Target
    from sip.flow import Flow
    from sip.message import Request
    from softswitch.call.admission import Admission
    from softswitch.call.agents.features import FeatureCodes
    from softswitch.call.control import CallControl
    from softswitch.call.hours.codes import HoursCodes
    from softswitch.call.model import Caller, Leg
    from softswitch.call.routing import Destination, Router
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.ports import Campaigns, Clock

log = logging.getLogger(__name__)

#: Heard by who wants to hear what a campaign says where there is none.
NOTHING_BOUND = Prompt("preview-nothing")
#: Seconds between two complaints about the same lack: a flood of calls must not become a flood of lines.
QUIET = 10.0


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a new call begins."""

    flow: IvrFlow
    target: Target
    dialled: str  # as it may be written down
    language: str | None = None
    found: Destination | None = None  # None: a feature


class Arrivals:
    """Admits callers and opens their calls."""

    def __init__(
        self,
        control: CallControl,
        config: Config,
        flow: IvrFlow,
        *,
        admission: Admission,
        router: Router,
        features: FeatureCodes,
        hours_codes: HoursCodes,
        clock: Clock,
        new_call_id: Callable[[], str],
        campaigns: Campaigns | None = None,
    ) -> None:
        self._control = control
        self._config = config
        self._flow = flow
        self._admission = admission
        self._router = router
        self._features = features
        self._hours_codes = hours_codes
        self._clock = clock
        self._new_call_id = new_call_id
        self._campaigns = campaigns
        self._complained_at = float("-inf")

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        asked = self._control.reconfiguring.settings  # nothing that is kept for older calls
        self._config, self._flow = asked.config, asked.flow

    def invited(self, usage: str, request: Request, flow: Flow, now: float) -> None:
        """Admit, refuse or turn away. The number is looked at only once the caller is known."""
        control = self._control
        caller = self._admission.caller(request, flow, now)
        if isinstance(caller, Refusal):
            control.sip.reject(usage, caller.status, headers=caller.headers, now=now)
            return
        if caller.trunk is not None and not control.trunks.has_room(caller.trunk):
            control.sip.reject(usage, 503, headers=(("Retry-After", "10"),), now=now)
            return
        if control.joins.taken_over(usage, request, flow, caller, now):
            return
        dialled = self._admission.dialled(request, caller)
        if caller.phone is not None and (rest := self._hours_codes.recognise(dialled)) is not None:
            self._set_hours(dialled, rest, (usage, request, flow), caller, caller.phone, now)
            return
        feature = self._features.recognise(dialled) if caller.phone is not None else None
        entry = None if feature is not None else self._destination(dialled, caller, now)
        if feature is None and entry is None:
            control.sip.reject(usage, 404, now=now)
            return
        leg = self._open(usage, request, flow, caller, now)
        if leg is None:
            return
        if entry is not None:
            self._begin(entry, caller, leg, now)
        elif feature is not None and feature.feature in LISTENING:
            own = feature.feature is Feature.VOICEMAIL
            box = Mailbox((caller.phone or "") if own else "")
            flow_of_box = IvrFlow({box.target: box}, self._flow.language)
            self._begin(_Entry(flow_of_box, box.target, self._features.masked(dialled)), caller, leg, now)
        elif feature is not None and caller.phone is not None:
            outcome = self._features.use(feature, caller.phone)
            if feature.feature is Feature.STAY and outcome.event is not None and outcome.agent is not None:
                stay = Stay(outcome.agent)
                flow_of_agent = IvrFlow({stay.target: stay}, self._flow.language)
                known = self._config.agents[outcome.agent].language
                self._begin(_Entry(flow_of_agent, stay.target, self._features.masked(dialled), known), caller, leg, now)
                return
            said = [replace(prompt, barge_in=False) for prompt in (outcome.before, outcome.say) if prompt is not None]
            say = Say(feature.feature.value, say=tuple(said))
            saying = IvrFlow({say.target: say}, self._flow.language)
            known = None if outcome.agent is None else self._config.agents[outcome.agent].language
            entry = _Entry(saying, say.target, self._features.masked(dialled), known)
            call = self._begin(entry, caller, leg, now)
            done = outcome.event is not None or outcome.peace is not None
            control.note("feature.used", call, now, feature=say.name, done=done, agent=outcome.agent)
            if outcome.peace is not None:
                control.phones.disturb(caller.phone, not outcome.peace, now)
            if (event := outcome.event) is not None:
                # after the distributor has been told that this phone is busy with this very call
                control.later(now, lambda at: control.queues.receive(event, at), call=call.call)

    def _set_hours(
        self, dialled: str, rest: str, invite: tuple[str, Request, Flow], caller: Caller, phone: str, now: float
    ) -> None:
        """The code for hours and its *rest*: it is done, and said what was done."""
        leg = self._open(*invite, caller, now)
        if leg is None:
            return
        outcome = self._hours_codes.use(rest, phone, now)
        say = Say("hours", say=(replace(outcome.say, barge_in=False),))
        agent = self._config.agents.get(self._control.workplaces.agent_at(phone) or "")
        language = None if agent is None else agent.language
        entry = _Entry(IvrFlow({say.target: say}, self._flow.language), say.target, dialled, language)
        call = self._begin(entry, caller, leg, now)
        self._control.note("feature.used", call, now, feature="hours", done=outcome.done, hours=outcome.hours)

    def _destination(self, dialled: str, caller: Caller, now: float) -> _Entry | None:
        place = None if caller.phone is None else self._control.parking.find(dialled)
        if place is not None:
            return _Entry(IvrFlow({place: Park(place.name)}, self._flow.language), place, dialled)
        preview = None if self._campaigns is None or caller.phone is None else self._campaigns.preview(dialled)
        if preview is not None:
            say = Say("preview", say=preview or (NOTHING_BOUND,))
            return _Entry(IvrFlow({say.target: say}, self._flow.language), say.target, dialled)
        found = self._router.find(dialled, caller, now)
        return None if found is None else _Entry(self._flow, found.target, dialled, found.language, found)

    def _open(self, usage: str, request: Request, flow: Flow, caller: Caller, now: float) -> Leg | None:
        control = self._control
        try:
            leg = control.legs.open_incoming(usage, self._new_call_id(), request, flow, caller.phone, now)
            if caller.trunk is not None:
                leg.trunk = caller.trunk
                control.trunks.occupy(caller.trunk, leg.leg)
            return leg
        except SdpError as error:
            control.sip.reject(usage, error.status, now=now)
        except NoPortLeft:
            if now - self._complained_at >= QUIET:
                self._complained_at = now
                log.error("no RTP port is left for a call from %r: widen ports in [rtp]", caller.number)
            control.sip.reject(usage, 503, headers=(("Retry-After", "10"),), now=now)
        return None

    def _begin(self, entry: _Entry, caller: Caller, leg: Leg, now: float) -> Call:
        control, found = self._control, entry.found
        language = entry.language or self._language(caller)
        known: dict[str, str] = {} if found is None else dict(found.known)
        if caller.name in ("", caller.number, caller.raw):  # a number is no name
            caller = replace(caller, name=known.get("name", caller.name))
        if CUSTOMER_ID in known:
            known[CUSTOMER_ID] = readable(known[CUSTOMER_ID])
        known |= {"ani": caller.number, "did": entry.dialled, "name": caller.name}
        if found is not None and found.label:
            known["label"] = found.label
        session = Session(
            entry.flow,
            self._clock.local,
            forced_hours=control.forcing.at,
            messages=None if self._campaigns is None else self._campaigns.messages,
            rollouts=None if self._campaigns is None else self._campaigns.percents,
        )
        call = Call(leg.call, caller, entry.dialled, language, leg.leg, session, self._config)
        if found is not None:
            progress = session.progress
            progress.priority, progress.needs, progress.prefer = found.priority, found.needs, found.prefer
            call.refusal = found.refusal
        control.calls[call.call] = call
        control.note(
            "call.started",
            call,
            now,
            caller=caller.number,
            raw=caller.raw if caller.raw not in ("", caller.number) else None,
            withheld=caller.withheld or None,
            name=caller.name,
            dialled=entry.dialled,
            phone=caller.phone,
            trunk=caller.trunk,
            language=language,
            route=None if found is None else found.rule,
            lists=known.get("lists"),
            segment=known.get("segment"),
            customer_id=known.get(CUSTOMER_ID) or None,
            target=str(entry.target),
        )
        fallbacks = () if found is None else found.fallbacks
        control.menus.receive(call, Started(entry.target, language, variables=known, fallbacks=fallbacks), now)
        return call

    def _language(self, caller: Caller) -> str:
        """The phone's or the trunk's own language, else the server's."""
        own = None
        if caller.phone is not None:
            own = self._control.phones[caller.phone].language
        elif caller.trunk is not None:
            own = self._config.trunks[caller.trunk].language
        return own or self._config.server.language
