"""What people did by hand to a call or to whoever talks in it, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CALL = {
    "queue": "into queue {}",
    "priority": "priority {:g}",
    "needs": "needs {}",
    "preferred": "prefers {}",
    "to": "to {}, out of all order",
}
_AGENT = {
    "login": "logs {} in",
    "logout": "logs {} out",
    "break": "sends {} on a break",
    "back": "ends the break of {}",
    "done": "ends the wrap-up of {}",
    "join": "has {} take calls of a queue again",
    "leave": "has {} take no more calls of a queue",
    "skills": "changes the skills of {}",
}


def changed(data: Mapping[str, Any]) -> str:
    who = str(data.get("by") or "an operator")
    match data.get("verb"):
        case "call.change":
            wanted = [text.format(data[word]) for word, text in _CALL.items() if word in data]
            return f"{who} has this caller put: {', '.join(wanted)}"
        case "agent.change":
            return f"{who} {_AGENT.get(str(data.get('to')), 'changes {}').format(data.get('agent'))}"
        case verb:
            return f"{who}: {verb}"


def sent_on(data: Mapping[str, Any]) -> str:
    return f"is taken out of queue {data.get('queue')} by hand and sent to {data.get('target')}"


TELL_OPERATORS: dict[str, Callable[[Mapping[str, Any]], str]] = {"admin.changed": changed, "queue.sent_on": sent_on}
