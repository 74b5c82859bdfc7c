"""Why this agent: the record of an offer in sentences.

Records of versions that wrote less are told with what they have.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: So many of a kind are named; the rest is counted.
NAMED = 8


def why_this_agent(data: Mapping[str, Any], strategy: str = "") -> list[str]:
    """Sentences about an offer: what decided, who was compared, who was not asked, who waits ahead.

    *strategy* of the queue, if it is known: it may be that all of them ring.
    """
    sentences = ["picked by hand, out of all order"] if data.get("picked") else []
    compared = [row for row in _rows(data.get("compared")) if row]
    names = [str(name) for name in _rows(data.get("by"))]
    at = _number(data.get("at"))
    agent = str(data.get("agent") or "")
    if strategy == "ring-all" and len(compared) > 1:
        sentences.append(f"all who can take it ring: {', '.join(str(row[0]) for row in compared)}")
    elif compared and names:
        sentences.append(_decided(agent, compared, names, at))
    elif (count := _number(data.get("candidates"))) is not None:
        sentences.append("the only agent who could take it" if count <= 1 else f"chosen among {count:.0f} agents")
    if data.get("moved_for"):
        sentences.append(f"the best one was needed for call {data['moved_for']}, who could not have had another")
    sentences += _not_asked(data)
    sentences += _ahead(data)
    return sentences


def _decided(agent: str, compared: list[Any], names: list[str], at: float | None) -> str:
    """The first part of the sort keys in which the agent and the next best differ."""
    mine = next((row for row in compared if row[0] == agent), compared[0])
    others = [row for row in compared if row is not mine]
    if not others:
        shown = _shown(names, mine[1:], at)
        return "the only agent who could take it" + (f" ({shown})" if shown else "")
    if mine is not compared[0]:
        return f"rings besides {compared[0][0]}" + (f" ({s})" if (s := _shown(names, mine[1:], at)) else "")
    rival = others[0]
    for name, value, other in zip_longest(names, mine[1:], rival[1:]):
        if value != other:
            reason = _REASONS.get(str(name), _unknown(str(name)))(value, other, at)
            rest = ", ".join(str(row[0]) for row in others[:NAMED])
            more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
            return f"{reason}; compared with {rest}{more}"
    return f"equal to {rival[0]} in everything, and first by id"


def _shown(names: list[str], values: list[Any], at: float | None) -> str:
    """What matters about a single candidate."""
    found = dict(zip(names, values, strict=False))
    idle = _number(found.get("idle_since"))
    return f"idle for {at - idle:.0f} s" if idle is not None and at is not None else ""


def _longest_idle(value: Any, other: Any, at: float | None) -> str:
    mine, theirs = _number(value), _number(other)
    if mine is None or theirs is None or at is None:
        return "longest idle"
    return f"longest idle: {at - mine:.0f} s, the next {at - theirs:.0f} s"


def _than(text: str, unit: str = "", sign: int = 1, percent: bool = False) -> Callable[[Any, Any, float | None], str]:
    def tell(value: Any, other: Any, at: float | None) -> str:
        mine, theirs = _number(value), _number(other)
        if mine is None or theirs is None:
            return text
        scale = sign * (100 if percent else 1)
        return f"{text}: {scale * mine:.4g}{unit}, the next {scale * theirs:.4g}{unit}"

    return tell


def _just(text: str) -> Callable[[Any, Any, float | None], str]:
    return lambda value, other, at: text


def _unknown(name: str) -> Callable[[Any, Any, float | None], str]:
    return _than(f"lowest {name.replace('_', ' ')}" if name and name != "None" else "first by id")


#: What it means to be first by a part of the sort key; the names are those of `acd.strategies.KEYS`.
_REASONS: dict[str, Callable[[Any, Any, float | None], str]] = {
    "failed": _just("the next one has failed this caller already"),
    "not_asked_for": _just("the caller's own agent"),
    "unpreferred": _than("preferences not satisfied"),
    "tier": _than("first tier"),
    "spare_skills": _than("fewest skills that other callers need"),
    "idle_since": _longest_idle,
    "breadth": _than("fewest other skills (levels)"),
    "calls": _than("fewest calls"),
    "talk": _than("least talk", " s"),
    "occupancy": _than("least occupied", " %", percent=True),
    "position": _than("first in order"),
    "had_a_turn": _just("next in turn"),
    "lot": _just("drawn by lot"),
    "weighted_lot": _just("drawn by lot, by weight"),
    "minus_skill": _than("most skilled", sign=-1),
    "skill": _than("least skilled of those who suffice"),
}

_WHY_NOT: dict[str, Callable[[str], str]] = {
    "skills": lambda detail: f"lacks {detail}" if detail else "lacks a skill",
    "not_in_queue": lambda detail: "not in this queue",
    "opted_out": lambda detail: "has left this queue",
    "offered": lambda detail: f"rings for {detail}" if detail else "rings for another caller",
    "talking": lambda detail: f"talks with {detail}" if detail else "talks with another caller",
    "reserved": lambda detail: "is kept for a callback",
    "wrap_up": lambda detail: "wraps up",
    "on_break": lambda detail: f"on a break: {detail}" if detail else "on a break",
    "unreachable": lambda detail: "phone not reachable",
    "busy": lambda detail: "phone busy",
    "resting": lambda detail: f"rests after an offer ({detail.replace('_', ' ')})" if detail else "rests",
}


def what_keeps(state: Mapping[str, Any]) -> str:
    """What keeps an agent from taking a call, from the line about the agent's state."""
    doing = str(state.get("state") or "")
    if doing != "idle" and doing in _WHY_NOT:
        return _WHY_NOT[doing](str(state.get("call") or ""))
    if state.get("status") == "on_break":
        return _WHY_NOT["on_break"](str(state.get("reason") or ""))
    if not state.get("reachable", True):
        return _WHY_NOT["unreachable"]("")
    return _WHY_NOT["busy"]("") if state.get("busy") else "rests after an offer"


def _not_asked(data: Mapping[str, Any]) -> list[str]:
    named = []
    for row in _rows(data.get("excluded")):
        if isinstance(row, list) and len(row) >= 2:
            agent, why, detail = str(row[0]), str(row[1]), str(row[2]) if len(row) > 2 else ""
            tell = _WHY_NOT.get(why, lambda detail, why=why: f"{why.replace('_', ' ')} {detail}".strip())
            named.append(f"{agent} ({tell(detail)})")
    others = int(_number(data.get("others")) or 0) + max(len(named) - NAMED, 0)
    if not named:
        return []
    more = f" and {others} more" if others > 0 else ""
    return [f"not asked: {', '.join(named[:NAMED])}{more}"]


def _ahead(data: Mapping[str, Any]) -> list[str]:
    """Callers with more points whom none of the idle agents may serve."""
    named = []
    for row in _rows(data.get("ahead")):
        if isinstance(row, list) and len(row) >= 4:
            call, queue, standing, callers = row[:4]
            points = _number(standing)
            said = f"{call} in {queue}" + ("" if points is None else f" with {points:.0f} points")
            named.append(said + (f" and {callers - 1} behind it" if isinstance(callers, int) and callers > 1 else ""))
    more = int(_number(data.get("more_ahead")) or 0)
    if not named:
        return []
    rest = f" and {more + max(len(named) - NAMED, 0)} more" if more or len(named) > NAMED else ""
    return [f"ahead, but nobody idle may serve them: {', '.join(named[:NAMED])}{rest}"]


def _rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
