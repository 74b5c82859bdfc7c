"""The story of one call: its journal lines as sentences, in order.

Every line is told, merged with another one, or on the list of those that say nothing to a person; a kind that is not
known here is told with its fields as they are, so a journal of another version is readable too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from softswitch.explain.decisions import why_this_agent
from softswitch.explain.words import CALL_OVER, NODES, OFFER_OVER, VIA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from softswitch.store.cdr import Record


_Told = str | tuple[str, list[str]]


@dataclass(frozen=True, slots=True)
class Sentence:
    """What happened *at* (seconds since the epoch), and the reasons. ``seq`` is the line in the journal."""

    seq: int
    at: float
    kind: str
    text: str
    why: tuple[str, ...] = ()


#: Why nobody was asked: from the line of a caller who came to a queue, and what the caller brought along.
WhyNobody = Callable[["Record", "Mapping[str, Any]"], list[str]]


def story(
    records: Sequence[Record],
    queues: Mapping[str, Mapping[str, Any]] | None = None,
    why_nobody: WhyNobody = lambda queued, joined: [],
) -> list[Sentence]:
    """The sentences of one call's lines.

    *queues*: what was configured for each queue at that time (see `acd.model.plain_config`), for needs and steps of
    relaxation; without it they are told by number. *why_nobody* is asked about callers who were offered to nobody on
    arrival.
    """
    teller = _Teller(queues or {}, why_nobody)
    found = []
    for record, following in zip_longest(records, records[1:]):
        teller.offered_at_once = following is not None and following.kind == "acd.offer"
        try:
            sentence = teller.tell(record)
        except (TypeError, ValueError, LookupError, AttributeError):  # a line of another version
            sentence = _as_it_is(record)
        if sentence is not None:
            found.append(sentence)
    return found


#: Lines that other lines tell better, or that say nothing to a person.
SILENT = frozenset(
    {
        "acd.agent",
        "acd.call_left",
        "acd.callback_answered",
        "acd.conversation_ended",
        "acd.offer_answered",
        "acd.offer_failed",
        "acd.reconfigured",
        "acd.wait_estimated",
        "ivr.digit_pressed",
        "ivr.flow_ended",
        "ivr.prompts_ended",
        "ivr.prompts_started",
        "leg.media",
    }
)


def _as_it_is(record: Record) -> Sentence:
    """``callback.ordered`` → "callback ordered: queue sales, number 380…"."""
    fields = ", ".join(f"{name} {value}" for name, value in record.data.items() if name not in ("at", "call"))
    words = record.kind.removeprefix("acd.").removeprefix("ivr.").replace(".", " ").replace("_", " ")
    return Sentence(record.seq, record.at, record.kind, f"{words}: {fields}" if fields else words)


class _Teller:
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

    def tell(self, record: Record) -> Sentence | None:
        if record.kind in SILENT:
            return None
        tell = _TELL.get(record.kind)
        if tell is None:
            return _as_it_is(record)
        told = tell(self, record, record.data)
        if told is None:
            return None
        text, why = (told, []) if isinstance(told, str) else told
        return Sentence(record.seq, record.at, record.kind, text, tuple(why))

    # --- the call

    def started(self, record: Record, data: Mapping[str, Any]) -> _Told:
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

    def answered(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return "the switch answers"

    def connected(self, record: Record, data: Mapping[str, Any]) -> _Told:
        self._since, agent, phone = record.at, data.get("agent"), data.get("phone")
        self._with = str(agent or phone or "somebody")
        return f"talks with {f'agent {agent} at ' if agent else ''}phone {phone}" if phone else f"talks with {agent}"

    def parted(self, record: Record, data: Mapping[str, Any]) -> _Told:
        by = _the(str(data.get("by") or "somebody"))
        return f"{by} ends the conversation{self._talked(record)}{_cause(data)}"

    def ended(self, record: Record, data: Mapping[str, Any]) -> _Told:
        status = f", SIP {data['sip_status']}" if data.get("sip_status") else ""
        q850 = f", Q.850 {data['q850']}" if data.get("q850") else ""
        by = _the(str(data.get("by") or "somebody"))
        return f"{by} hangs up{self._talked(record)}{_cause(data)}{status}{q850}"

    def _talked(self, record: Record) -> str:
        since, self._since = self._since, None
        return "" if since is None else f" after {_length(record.at - since)} with {self._with}"

    def held(self, record: Record, data: Mapping[str, Any]) -> _Told:
        who = str(data.get("leg") or "somebody")
        self._held[who] = record.at
        return f"{_the(who)} puts the other on hold"

    def resumed(self, record: Record, data: Mapping[str, Any]) -> _Told:
        who = str(data.get("leg") or "somebody")
        since = self._held.pop(who, None)
        return f"{_the(who)} takes the call back" + ("" if since is None else f" after {_length(record.at - since)}")

    def phone_rings(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return f"phone {data.get('phone')} rings"

    def feature(self, record: Record, data: Mapping[str, Any]) -> _Told:
        agent = f" as {data['agent']}" if data.get("agent") else ""
        return f"uses the feature code for {data.get('feature')}{agent}{'' if data.get('done') else ', in vain'}"

    # --- transfers

    def transferring(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return f"{data.get('by')} sends the caller on to {data.get('to')} ({data.get('target')})"

    def transferred(self, record: Record, data: Mapping[str, Any]) -> _Told:
        why = [f"they talked before in call {data['consult']}"] if data.get("consult") else []
        kind = f" ({data['kind']} transfer)" if data.get("kind") else ""
        return f"{data.get('by')} has transferred the caller to {data.get('to')}{kind}", why

    def transfer_failed(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return f"the transfer by {data.get('by')} to {data.get('to')} fails (SIP {data.get('status')})"

    def recalled(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return f"nobody took the caller: phone {data.get('phone')}, which sent them on, is rung"

    def replaced(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return f"another device of phone {data.get('phone')} takes the call over"

    def hold_too_long(self, record: Record, data: Mapping[str, Any]) -> _Told:
        what = f": {data['what']}" if data.get("what") else ""
        return f"has been on hold for too long by {data.get('agent')}{what}"

    def hold_answered(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return f"{data.get('agent')} is back from the hold"

    # --- menus

    def entered(self, record: Record, data: Mapping[str, Any]) -> _Told | None:
        kind, _, name = str(data.get("node") or "").partition(":")
        if kind in ("queue", "goto", "hangup", "hours"):
            return None  # what follows says it
        return f"{NODES.get(kind, f'comes to {kind}')} {name}".rstrip()

    def left(self, record: Record, data: Mapping[str, Any]) -> _Told | None:
        kind, _, name = str(data.get("node") or "").partition(":")
        via = str(data.get("via") or "")
        why = [str(data["detail"])] if data.get("detail") else []
        if kind == "hours":
            return f"hours {name}: {via}", why
        if via in VIA and kind in ("menu", "phone", "agent", "queue", "external"):
            return f"{kind} {name}: {VIA[via]}", why
        return None

    def chosen(self, record: Record, data: Mapping[str, Any]) -> _Told:
        digits = str(data.get("digits") or data.get("key"))
        return f"presses {digits} in {str(data.get('node')).replace(':', ' ', 1)}"

    def dropped(self, record: Record, data: Mapping[str, Any]) -> _Told:
        where = str(data.get("node")).replace(":", " ", 1)
        return f"keys {data.get('digits')} in {where} lead nowhere ({data.get('why')})"

    def language(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return f"the language is {data.get('language')} from now on"

    # --- queues

    def joined(self, record: Record, data: Mapping[str, Any]) -> None:
        self._joined = data

    def queued(self, record: Record, data: Mapping[str, Any]) -> _Told:
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
        if joined.get("agent"):
            why.append(f"to {joined['agent']} if idle")
        at, since = data.get("at"), data.get("since")
        if isinstance(at, float) and isinstance(since, float) and at - since >= 0.05:
            why.append(f"keeps an age of {_length(at - since)}")
        return f"enters queue {queue}", why if self.offered_at_once else why + self._why_nobody(record, joined)

    def _needs(self, queue: str) -> str:
        return str(self._queues.get(queue, {}).get("needs") or "")

    def announced(self, record: Record, data: Mapping[str, Any]) -> _Told:
        if (ahead := data.get("ahead")) is not None:
            return "is told: you are next" if ahead == 0 else f"is told: {ahead} ahead"
        if (box := data.get("box")) is not None:
            return "is told: a long wait" if box == "more" else f"is told: a wait of up to {box} min"
        what = data.get("what") or data.get("kind_of") or ""
        return f"is told something{f': {what}' if what else ''}"

    def relaxed(self, record: Record, data: Mapping[str, Any]) -> _Told:
        step = int(data.get("step") or 0)
        steps = self._queues.get(str(data.get("queue")), {}).get("relax") or []
        if 0 < step <= len(steps):
            after, needs = steps[step - 1]
            return f"has waited {_length(float(after))}: agents with {needs or 'any skills'} may serve as well"
        return f"has waited long enough for step {step} of the relaxation: more agents may serve"

    def offered(self, record: Record, data: Mapping[str, Any]) -> _Told:
        self._rang[data.get("offer")] = record.at
        standing = data.get("standing")
        points = (
            f", {standing:.0f} point{'' if round(standing) == 1 else 's'}" if isinstance(standing, int | float) else ""
        )
        why = why_this_agent(data, str(self._queues.get(str(data.get("queue")), {}).get("strategy") or ""))
        if data.get("decision") not in (None, data.get("offer")):
            why = []  # told with the first offer of this decision
        return f"is offered to {data.get('agent')} (queue {data.get('queue')}{points})", why

    def offer_over(self, record: Record, data: Mapping[str, Any]) -> _Told:
        how, agent = str(data.get("how") or ""), data.get("agent")
        rang = self._rang.pop(data.get("offer"), None)
        length = "" if rang is None else f" (rang {_length(record.at - rang)})"
        return f"{agent} {OFFER_OVER.get(how, how.replace('_', ' '))}{length}"

    def connects(self, record: Record, data: Mapping[str, Any]) -> _Told:
        rang, waited = self._rang.pop(data.get("offer"), None), data.get("waited")
        ring = "" if rang is None else f" after {_length(record.at - rang)} of ringing"
        wait = f"; waited {_length(waited)}" if isinstance(waited, int | float) else ""
        return f"{data.get('agent')} answers{ring}{wait}"

    def returned(self, record: Record, data: Mapping[str, Any]) -> _Told:
        self._since = None
        return f"the agent is lost: waits on in queue {data.get('queue')}, in the old place"

    def call_over(self, record: Record, data: Mapping[str, Any]) -> _Told:
        how, queue, waited = str(data.get("how") or ""), data.get("queue"), data.get("waited")
        if how == "served":
            agent = f" by {data['agent']}" if data.get("agent") else ""
            return f"is served in queue {queue}{agent}"
        text = CALL_OVER.get(how, f"leaves the queue ({how.replace('_', ' ')})")
        wait = f" after {_length(waited)}" if isinstance(waited, int | float) and waited > 0 else ""
        return f"queue {queue}: {text}{wait}"

    def changed(self, record: Record, data: Mapping[str, Any]) -> _Told:
        new = {name: data[name] for name in ("queue", "priority", "needs", "preferred") if data.get(name) is not None}
        return "is changed while waiting: " + (", ".join(f"{k} {v}" for k, v in new.items()) or "nothing")

    def away(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return "listens to the exit menu and keeps the place; is offered to nobody meanwhile"

    def back(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return "is back from the exit menu, in the old place"

    # --- callbacks

    def callback_requested(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return f"wants to be called back at {data.get('number')}, and keeps the place"

    def callback_ordered(self, record: Record, data: Mapping[str, Any]) -> _Told:
        ticket = f" (as {data['ticket']})" if data.get("ticket") else ""
        return f"is listed to be called back at {data.get('number')} by queue {data.get('queue')}{ticket}"

    def aside(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return f"leaves the music of queue {data.get('queue')} for its exit menu"

    def callback_dialled(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return "is called back"

    def callback_failed(self, record: Record, data: Mapping[str, Any]) -> _Told:
        return f"could not be reached: {str(data.get('reason')).replace('_', ' ')}"

    def callback_cancelled(self, record: Record, data: Mapping[str, Any]) -> _Told:
        reason = f": {data['reason']}" if data.get("reason") else ""
        return f"is not to be called back any more{reason}"


_TELL: dict[str, Callable[[_Teller, Record, Mapping[str, Any]], _Told | None]] = {
    "call.started": _Teller.started,
    "call.answered": _Teller.answered,
    "call.connected": _Teller.connected,
    "call.parted": _Teller.parted,
    "call.ended": _Teller.ended,
    "leg.held": _Teller.held,
    "leg.resumed": _Teller.resumed,
    "call.transferring": _Teller.transferring,
    "call.transferred": _Teller.transferred,
    "call.transfer_failed": _Teller.transfer_failed,
    "call.recalled": _Teller.recalled,
    "leg.replaced": _Teller.replaced,
    "hold.too_long": _Teller.hold_too_long,
    "hold.answered": _Teller.hold_answered,
    "callback.ordered": _Teller.callback_ordered,
    "queue.aside": _Teller.aside,
    "phone.ringing": _Teller.phone_rings,
    "feature.used": _Teller.feature,
    "ivr.node_entered": _Teller.entered,
    "ivr.node_left": _Teller.left,
    "ivr.key_chosen": _Teller.chosen,
    "ivr.digits_dropped": _Teller.dropped,
    "ivr.language_chosen": _Teller.language,
    "acd.call_joined": _Teller.joined,
    "acd.queued": _Teller.queued,
    "acd.announced": _Teller.announced,
    "acd.relaxed": _Teller.relaxed,
    "acd.offer": _Teller.offered,
    "acd.offer_over": _Teller.offer_over,
    "acd.connect": _Teller.connects,
    "acd.returned": _Teller.returned,
    "acd.call_over": _Teller.call_over,
    "acd.call_changed": _Teller.changed,
    "acd.call_away": _Teller.away,
    "acd.call_returned": _Teller.back,
    "acd.callback_requested": _Teller.callback_requested,
    "acd.callback_dialled": _Teller.callback_dialled,
    "acd.callback_failed": _Teller.callback_failed,
    "acd.callback_cancelled": _Teller.callback_cancelled,
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
