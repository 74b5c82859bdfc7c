"""Journal records: every input with its instant, then every decision and state change that followed from it.

A record is a JSON-able dict with ``kind`` and ``at``. Inputs are the events of :mod:`acd.events` under the names below
and ``clock`` (timers fell due). Decisions: ``queued``, ``offer``, ``offer_over``, ``connect``, ``relaxed``,
``announced``, ``returned``, ``away``, ``back``, ``changed``, ``call_over``, ``agent``, ``shift`` (where the time since
login went: status, state, reason, microseconds). Of callbacks: ``callback_ordered``, ``callback_kept`` (hung up again,
still to be called), ``called_again`` (the customer, in call ``by``; the order rests), ``sent_on`` (the customer, who
had answered, by somebody's hand; the order rests), ``line_free`` (that came to nothing), ``rejoined`` (the queue, from
there), ``reserved`` (an agent is kept, with the reasons of an ``offer``), ``released``, ``dial``, ``not_reached``,
``callback_over``. Replaying the inputs into a fresh dispatcher gives the same decisions, offer numbers and state: see
:func:`replay`.

An ``offer`` says whom it brings together (``offer``, ``call``, ``agent``, ``queue``), the caller's points at that
moment (``standing``; ``band`` and ``step`` of the relaxation beside it), how many agents it was chosen among
(``candidates``) and ``decision``: the number of the first offer of the same decision, whose record (it is the same one
unless several agents ring) says why. An offer that somebody made by hand has none of it, but ``picked``.

* ``by``, ``compared``: names of the sort keys, and for the best candidates the id and these keys, best first; smaller
  is better. See :data:`acd.strategies.KEYS`.
* ``excluded``: agents who were not asked, ``[id, why, detail]``: ``skills`` (what they miss), ``not_in_queue``,
  ``opted_out``, ``on_break`` (its reason), ``resting`` (after what), ``busy``, ``unreachable``, or what they do:
  ``offered``, ``reserved``, ``talking`` (the call), ``wrap_up``. ``others``: how many more there are.
* ``ahead``: who waits elsewhere with more points, but may not have this agent, ``[call, queue, points, callers]``: the
  first of a line and how many of it stand ahead. ``more_ahead``: how many more lines there are.
* ``moved_for``: the caller for whose sake this one was given another agent than the best.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from acd import events
from acd.model import AcdConfig, config_from_plain, plain_config
from acd.skills import All, Level, Not, parse
from acd.skills import Any as AnyOf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from acd.dispatcher import Dispatcher

CLOCK = "clock"

_KINDS: dict[str, type[events.Event]] = {
    "agent_logged_in": events.AgentLoggedIn,
    "agent_logged_out": events.AgentLoggedOut,
    "agent_break_started": events.AgentBreakStarted,
    "agent_break_ended": events.AgentBreakEnded,
    "agent_reachable": events.AgentReachable,
    "agent_unreachable": events.AgentUnreachable,
    "agent_busy": events.AgentBusy,
    "agent_free": events.AgentFree,
    "agent_queue_left": events.AgentQueueLeft,
    "agent_queue_joined": events.AgentQueueJoined,
    "agent_skills_changed": events.AgentSkillsChanged,
    "wrap_up_ended": events.WrapUpEnded,
    "wrap_up_extended": events.WrapUpExtended,
    "call_joined": events.CallJoined,
    "call_left": events.CallLeft,
    "call_changed": events.CallChanged,
    "call_picked": events.CallPicked,
    "call_away": events.CallAway,
    "call_returned": events.CallReturned,
    "offer_answered": events.OfferAnswered,
    "offer_failed": events.OfferFailed,
    "conversation_ended": events.ConversationEnded,
    "callback_requested": events.CallbackRequested,
    "callback_dialled": events.CallbackDialled,
    "callback_answered": events.CallbackAnswered,
    "callback_failed": events.CallbackFailed,
    "callback_cancelled": events.CallbackCancelled,
    "callbacks_paused": events.CallbacksPaused,
    "queue_closing": events.QueueClosing,
    "wait_estimated": events.WaitEstimated,
    "restarted": events.Restarted,
    "reconfigured": events.Reconfigured,
}
_NAMES = {event: kind for kind, event in _KINDS.items()}

#: Kinds that :func:`replay` feeds; all other records are consequences.
INPUTS = frozenset(_KINDS) | {CLOCK}


def record_of(event: events.Event, at: float) -> dict[str, Any]:
    """The journal record of an input."""
    kind = type(event)
    return {"kind": _NAMES[kind], "at": at} | {n: _plain(getattr(event, n)) for n in kind.__dataclass_fields__}


def event_from(record: Mapping[str, Any]) -> events.Event:
    """The event of an input record (not of ``clock``)."""
    fields = {name: value for name, value in record.items() if name not in ("kind", "at")}
    for name, read in _READ.items():
        if fields.get(name) is not None:
            fields[name] = read(fields[name])
    match record["kind"]:
        case "call_left":
            fields["reason"] = events.LeaveReason(fields["reason"])
        case "offer_failed" | "callback_failed":
            fields["reason"] = events.FailReason(fields["reason"])
        case "conversation_ended":
            fields["by"] = events.EndedBy(fields["by"])
    return _KINDS[record["kind"]](**fields)


def replay(dispatcher: Dispatcher, records: Iterable[Mapping[str, Any]]) -> None:
    """Feed the inputs among the records to a dispatcher that is as the journal's was at its first record."""
    for record in records:
        if record["kind"] == CLOCK:
            dispatcher.handle_timeout(record["at"])
        elif record["kind"] in INPUTS:
            dispatcher.receive(event_from(record), record["at"])


_READ: dict[str, Callable[[Any], Any]] = {
    "needs": parse,
    "preferred": parse,
    "variables": lambda pairs: tuple((name, value) for name, value in pairs),
    "about": lambda pairs: tuple((name, value) for name, value in pairs),
    "came_from": tuple,
    "estimates": lambda estimates: tuple(tuple(estimate) for estimate in estimates),
    "config": config_from_plain,
}


def _plain(value: object) -> object:
    match value:
        case Enum():
            return value.value
        case AcdConfig():
            return plain_config(value)
        case Level() | All() | AnyOf() | Not():
            return str(value)
        case tuple():
            return [item if isinstance(item, str) else list(item) for item in value]
    return value
