"""A teller for each kind of line: what it means for the caller, in a sentence with its reasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ivr.services import NO_NUMBER
from softswitch.explain.decisions import why_this_agent
from softswitch.explain.parking import PARKING
from softswitch.explain.words import CALL_OVER, NODES, OFFER_OVER, VIA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.store.cdr import Record

#: The sentence, with its reasons if there are any.
Told = str | tuple[str, list[str]]
#: Why nobody was asked: from the line of a caller who came to a queue, and what the caller brought along.
WhyNobody = Callable[["Record", "Mapping[str, Any]"], list[str]]


class Teller:
    """Remembers what a sentence needs of earlier lines."""

    def __init__(self, queues: Mapping[str, Mapping[str, Any]], why_nobody: WhyNobody) -> None:
        self.offered_at_once = False
        self._queues = queues
        self._why_nobody = why_nobody
        self._joined: Mapping[str, Any] = {}
        self._rang: dict[object, float] = {}  # offer → since when
        self._since: float | None = None  # of the conversation
        self._held: dict[str, float] = {}
        self._with = ""

    # --- the call

    def started(self, record: Record, data: Mapping[str, Any]) -> Told:
        name = f" ({data['name']})" if data.get("name") and data["name"] != data.get("caller") else ""
        way = f" over trunk {data['trunk']}" if data.get("trunk") else ""
        way = way or (f" from phone {data['phone']}" if data.get("phone") else "")
        language = f"; language {data['language']}" if data.get("language") else ""
        why = [f"{data['route']} leads to {data.get('target')}"] if data.get("route") else []
        if data.get("callback_of"):
            return f"{data.get('caller')}{name} is called back{way.replace('from', 'at', 1)}", [
                f"ordered in call {data['callback_of']}"
            ]
        return f"{data.get('caller') or 'somebody'}{name} calls {data.get('dialled') or '?'}{way}{language}", why

    def answered(self, record: Record, data: Mapping[str, Any]) -> Told:
        return "the switch answers"

    def connected(self, record: Record, data: Mapping[str, Any]) -> Told:
        self._since, agent, phone = record.at, data.get("agent"), data.get("phone")
        self._with = str(agent or phone or "somebody")
        return f"talks with {f'agent {agent} at ' if agent else ''}phone {phone}" if phone else f"talks with {agent}"

    def verified(self, record: Record, data: Mapping[str, Any]) -> Told:
        by = data.get("by") or "somebody"
        return f"{by} says that the caller is {'' if data.get('result') == 'passed' else 'not '}who they say"

    def parted(self, record: Record, data: Mapping[str, Any]) -> Told:
        by = _the(str(data.get("by") or "somebody"))
        return f"{by} ends the conversation{self._talked(record)}{_cause(data)}"

    def ended(self, record: Record, data: Mapping[str, Any]) -> Told:
        status = f", SIP {data['sip_status']}" if data.get("sip_status") else ""
        q850 = f", Q.850 {data['q850']}" if data.get("q850") else ""
        by = _the(str(data.get("by") or "somebody"))
        return f"{by} hangs up{self._talked(record)}{_cause(data)}{status}{q850}"

    def _talked(self, record: Record) -> str:
        since, self._since = self._since, None
        return "" if since is None else f" after {_length(record.at - since)} with {self._with}"

    def held(self, record: Record, data: Mapping[str, Any]) -> Told:
        who = str(data.get("leg") or "somebody")
        self._held[who] = record.at
        return f"{_the(who)} puts the other on hold"

    def resumed(self, record: Record, data: Mapping[str, Any]) -> Told:
        who = str(data.get("leg") or "somebody")
        since = self._held.pop(who, None)
        return f"{_the(who)} takes the call back" + ("" if since is None else f" after {_length(record.at - since)}")

    def phone_rings(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"phone {data.get('phone')} rings"

    def agent_unavailable(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"agent {data.get('agent')} cannot be rung: {data.get('why')}"

    def place_rings(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"{data.get('place')} rings"

    def place_skipped(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"{data.get('place')} is passed over: {data.get('why')}"

    def place_answers(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"{data.get('place')} answers and is asked to press a key"

    def place_over(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"{data.get('place')} does not take the call: {str(data.get('how')).replace('-', ' ')}"

    def feature(self, record: Record, data: Mapping[str, Any]) -> Told:
        agent = f" as {data['agent']}" if data.get("agent") else ""
        return f"uses the feature code for {data.get('feature')}{agent}{'' if data.get('done') else ', in vain'}"

    # --- transfers

    def transferring(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"{data.get('by')} sends the caller on to {data.get('to')} ({data.get('target')})"

    def transferred(self, record: Record, data: Mapping[str, Any]) -> Told:
        why = [f"they talked before in call {data['consult']}"] if data.get("consult") else []
        kind = f" ({data['kind']} transfer)" if data.get("kind") else ""
        return f"{data.get('by')} has transferred the caller to {data.get('to')}{kind}", why

    def transfer_failed(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"the transfer by {data.get('by')} to {data.get('to')} fails (SIP {data.get('status')})"

    def recalled(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"nobody took the caller: phone {data.get('phone')}, which sent them on, is rung"

    def replaced(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"another device of phone {data.get('phone')} takes the call over"

    def hold_too_long(self, record: Record, data: Mapping[str, Any]) -> Told:
        what = f": {data['what']}" if data.get("what") else ""
        return f"has been on hold for too long by {data.get('agent')}{what}"

    def hold_answered(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"{data.get('agent')} is back from the hold"

    # --- menus

    def entered(self, record: Record, data: Mapping[str, Any]) -> Told | None:
        kind, _, name = str(data.get("node") or "").partition(":")
        if kind in ("queue", "goto", "hangup", "hours"):
            return None  # what follows says it
        return f"{NODES.get(kind, f'comes to {kind}')} {name}".rstrip()

    def left(self, record: Record, data: Mapping[str, Any]) -> Told | None:
        kind, _, name = str(data.get("node") or "").partition(":")
        via = str(data.get("via") or "")
        why = [str(data["detail"])] if data.get("detail") else []
        if kind == "hours":
            return f"hours {name}: {via}", why
        if via in VIA and kind in ("menu", "phone", "agent", "queue", "external"):
            return f"{kind} {name}: {VIA[via]}", why
        return None

    def chosen(self, record: Record, data: Mapping[str, Any]) -> Told:
        digits = str(data.get("digits") or data.get("key"))
        return f"presses {digits} in {str(data.get('node')).replace(':', ' ', 1)}"

    def dropped(self, record: Record, data: Mapping[str, Any]) -> Told:
        where = str(data.get("node")).replace(":", " ", 1)
        return f"keys {data.get('digits')} in {where} lead nowhere ({data.get('why')})"

    def entered_digits(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"enters {data.get('digits')} in {str(data.get('node')).replace(':', ' ', 1)}"

    def became_known(self, record: Record, data: Mapping[str, Any]) -> Told:
        values = data.get("values") or {}
        return "it is known now: " + ", ".join(f"{name} = {value}" for name, value in values.items())

    def was_answered(self, record: Record, data: Mapping[str, Any]) -> Told:
        where = str(data.get("node")).partition("/")[0].replace(":", " ", 1)
        if data.get("outcome") == "ok":
            return f"{where} has answered after {float(data.get('seconds', 0)):.1f} s"
        if data.get("outcome") == NO_NUMBER:
            return f"{where}: there is no number that gets text messages"
        return f"{where} has not answered ({data.get('outcome')}, {float(data.get('seconds', 0)):.1f} s)"

    def trouble(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"{str(data.get('node')).partition('/')[0].replace(':', ' ', 1)}: {data.get('what')}"

    def not_there(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"there is no {data.get('node')}: goes on to {data.get('to')}"

    def identified(self, record: Record, data: Mapping[str, Any]) -> Told:
        where = str(data.get("node")).partition("/")[0].replace(":", " ", 1)
        return f"is customer {data.get('customer_id')}, as {where} tells"

    def surveyed(self, record: Record, data: Mapping[str, Any]) -> Told:
        question = f"{data.get('question')} ({data.get('scale')}) of survey {data.get('survey')}"
        return f"answers {data.get('score')} to {question}"

    def language(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"the language is {data.get('language')} from now on"

    # --- queues

    def joined(self, record: Record, data: Mapping[str, Any]) -> None:
        self._joined = data

    def queued(self, record: Record, data: Mapping[str, Any]) -> Told:
        joined, self._joined = self._joined, {}
        queue = str(data.get("queue"))
        why = []
        needs = " and ".join(n for n in (self._needs(queue), str(joined.get("needs") or "")) if n)
        if needs:
            language = joined.get("language")
            why.append(f"needs {needs}" + (f", with language = {language}" if "{language}" in needs else ""))
        if joined.get("priority"):
            why.append(f"priority {joined['priority']:+g}")
        if joined.get("preferred"):
            why.append(f"prefers {joined['preferred']}")
        if agent := joined.get("agent") or data.get("agent"):
            why.append(f"to {agent} if idle")
        at, since = data.get("at"), data.get("since")
        if isinstance(at, float) and isinstance(since, float) and at - since >= 0.05:
            again = "called before not long ago and " if data.get("resumed") else ""
            why.append(f"{again}keeps an age of {_length(at - since)}")
        return f"enters queue {queue}", why if self.offered_at_once else why + self._why_nobody(record, joined)

    def _needs(self, queue: str) -> str:
        return str(self._queues.get(queue, {}).get("needs") or "")

    def announced(self, record: Record, data: Mapping[str, Any]) -> Told:
        said = []
        if (ahead := data.get("ahead")) is not None:
            said.append("you are next" if ahead == 0 else f"{ahead} ahead")
        if (box := data.get("box")) is not None:
            said.append("a long wait" if box == "more" else f"a wait of up to {box} min")
        said += ["to hold the line"] if data.get("comfort") else []
        said += ["a key orders a callback"] if data.get("callback") else []
        return f"is told: {', '.join(said) or 'something'}"

    def relaxed(self, record: Record, data: Mapping[str, Any]) -> Told:
        """Relaxed needs and agents of other queues count together, in the order of time."""
        step = int(data.get("step") or 0)
        queue = self._queues.get(str(data.get("queue")), {})
        steps = [(float(after), f"agents with {needs or 'any skills'}") for after, needs in queue.get("relax") or ()]
        for help_ in queue.get("overflow") or ():
            if help_.get("also") in self._queues:
                steps.append((float(help_["after"]), f"agents of queue {help_['also']}"))
        steps.sort(key=lambda one: one[0])
        if 0 < step <= len(steps):
            after = steps[step - 1][0]
            more = " and ".join(who for at, who in steps[:step] if at == after)
            return f"has waited {_length(after)}: {more} may serve as well"
        return f"has waited long enough for step {step} of the relaxation: more agents may serve"

    def offered(self, record: Record, data: Mapping[str, Any]) -> Told:
        self._rang[data.get("offer")] = record.at
        standing = data.get("standing")
        points = (
            f", {standing:.0f} point{'' if round(standing) == 1 else 's'}" if isinstance(standing, int | float) else ""
        )
        why = why_this_agent(data, str(self._queues.get(str(data.get("queue")), {}).get("strategy") or ""))
        if data.get("decision") not in (None, data.get("offer")):
            why = []  # told with the first offer of this decision
        return f"is offered to {data.get('agent')} (queue {data.get('queue')}{points})", why

    def offer_over(self, record: Record, data: Mapping[str, Any]) -> Told:
        how, agent = str(data.get("how") or ""), data.get("agent")
        rang = self._rang.pop(data.get("offer"), None)
        length = "" if rang is None else f" (rang {_length(record.at - rang)})"
        return f"{agent} {OFFER_OVER.get(how, how.replace('_', ' '))}{length}"

    def connects(self, record: Record, data: Mapping[str, Any]) -> Told:
        rang, waited = self._rang.pop(data.get("offer"), None), data.get("waited")
        ring = "" if rang is None else f" after {_length(record.at - rang)} of ringing"
        wait = f"; waited {_length(waited)}" if isinstance(waited, int | float) else ""
        return f"{data.get('agent')} answers{ring}{wait}"

    def returned(self, record: Record, data: Mapping[str, Any]) -> Told:
        self._since = None
        return f"the agent is lost: waits on in queue {data.get('queue')}, in the old place"

    def call_over(self, record: Record, data: Mapping[str, Any]) -> Told:
        how, queue, waited = str(data.get("how") or ""), data.get("queue"), data.get("waited")
        if how == "served":
            agent = f" by {data['agent']}" if data.get("agent") else ""
            return f"is served in queue {queue}{agent}"
        text = CALL_OVER.get(how, f"leaves the queue ({how.replace('_', ' ')})")
        wait = f" after {_length(waited)}" if isinstance(waited, int | float) and waited > 0 else ""
        return f"queue {queue}: {text}{wait}"

    def changed(self, record: Record, data: Mapping[str, Any]) -> Told:
        moved = f"moved from queue {data['moved_from']} to {data.get('queue')}, " if data.get("moved_from") else ""
        return f"is changed while waiting: {moved}priority {data.get('priority')}"

    def away(self, record: Record, data: Mapping[str, Any]) -> Told:
        return "listens to the exit menu and keeps the place; is offered to nobody meanwhile"

    def back(self, record: Record, data: Mapping[str, Any]) -> Told:
        return "is back from the exit menu, in the old place"

    # --- callbacks

    def callback_ordered(self, record: Record, data: Mapping[str, Any]) -> Told | None:
        if not data.get("ticket"):
            return None  # the distributor says so
        return (
            f"is listed by queue {data.get('queue')} to be called back at {data.get('number')} (call {data['ticket']})"
        )

    def reserved(self, record: Record, data: Mapping[str, Any]) -> Told:
        return f"{data.get('agent')} is kept for the customer", why_this_agent(data)


TELL: dict[str, Callable[[Teller, Record, Mapping[str, Any]], Told | None]] = {
    "call.started": Teller.started,
    "call.answered": Teller.answered,
    "call.connected": Teller.connected,
    "call.verified": Teller.verified,
    "call.parted": Teller.parted,
    "call.ended": Teller.ended,
    "leg.held": Teller.held,
    "leg.resumed": Teller.resumed,
    "call.transferring": Teller.transferring,
    "call.transferred": Teller.transferred,
    "call.transfer_failed": Teller.transfer_failed,
    "call.recalled": Teller.recalled,
    "leg.replaced": Teller.replaced,
    "hold.too_long": Teller.hold_too_long,
    "hold.answered": Teller.hold_answered,
    **PARKING,
    "callback.ordered": Teller.callback_ordered,
    "phone.ringing": Teller.phone_rings,
    "agent.unavailable": Teller.agent_unavailable,
    "findme.ringing": Teller.place_rings,
    "findme.skipped": Teller.place_skipped,
    "findme.answered": Teller.place_answers,
    "findme.over": Teller.place_over,
    "feature.used": Teller.feature,
    "ivr.node_entered": Teller.entered,
    "ivr.node_left": Teller.left,
    "ivr.key_chosen": Teller.chosen,
    "ivr.digits_dropped": Teller.dropped,
    "call.identified": Teller.identified,
    "ivr.language_chosen": Teller.language,
    "ivr.digits_entered": Teller.entered_digits,
    "ivr.variables_set": Teller.became_known,
    "ivr.question_answered": Teller.was_answered,
    "ivr.trouble": Teller.trouble,
    "ivr.not_there": Teller.not_there,
    "ivr.survey": Teller.surveyed,
    "acd.call_joined": Teller.joined,
    "acd.queued": Teller.queued,
    "acd.announced": Teller.announced,
    "acd.relaxed": Teller.relaxed,
    "acd.offer": Teller.offered,
    "acd.offer_over": Teller.offer_over,
    "acd.connect": Teller.connects,
    "acd.returned": Teller.returned,
    "acd.call_over": Teller.call_over,
    "acd.changed": Teller.changed,
    "acd.away": Teller.away,
    "acd.back": Teller.back,
    "acd.reserved": Teller.reserved,
}


def _the(who: str) -> str:
    return f"the {who}" if who in ("caller", "agent", "phone", "switch") else who


def _cause(data: Mapping[str, Any]) -> str:
    cause = str(data.get("cause") or "")
    return f" ({cause})" if cause and cause != "remote" else ""


def _length(seconds: float) -> str:
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    return f"{round(seconds) // 60}:{round(seconds) % 60:02} min"
