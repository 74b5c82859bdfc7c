"""Queues and agents as tables for a terminal, from what the verbs ``queues`` and ``agents`` answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from softswitch.store.listing import duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from rich.console import RenderableType

#: Callers of one queue that are shown; those behind them are counted.
SHOWN = 20

_STATE_STYLES = {
    "idle": "green",
    "talking": "cyan",
    "wrap-up": "yellow",
    "ringing": "bright_yellow",
    "break": "magenta",
    "logged out": "dim",
    "unreachable": "red",
}


def queues_table(answer: Mapping[str, Any], zone: tzinfo) -> RenderableType:
    """One line a queue, then everybody who waits."""
    queues: Sequence[Mapping[str, Any]] = answer["queues"]
    table = _table("queue", "waiting>", "callbacks>", "longest>", "talking>", "service level>", "idle>", "agents")
    for queue in queues:
        agents = queue["agents"]
        table.add_row(
            Text(queue["queue"]),
            Text(str(queue["waiting"]), style="bold red" if queue["waiting"] and not agents["idle"] else ""),
            str(queue["callbacks"] or ""),
            duration(queue["longest_wait"]) if queue["waiting"] else "",
            str(queue["talking"] or ""),
            _service_level(queue["service_level"]),
            Text(str(agents["idle"]), style="green" if agents["idle"] else ""),
            Text(_agents(agents), style="" if agents["logged_in"] else "red"),
        )
    parts: list[RenderableType] = [_head("queues", answer["at"], zone), table]
    if any(queue["callers"] for queue in queues):
        parts += [Text(), _callers(queues)]
    return Group(*parts)


def _callers(queues: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("queue", "#>", "call", "caller", "waits>", "priority>", "points>", "expected>", "state", "needs")
    for queue in queues:
        for caller in queue["callers"][:SHOWN]:
            name = f"{caller['caller'] or 'anonymous'} {caller['name']}".strip()
            table.add_row(
                Text(queue["queue"]),
                str(caller["position"]),
                Text(caller["call"][:10], style="dim"),
                Text(name[:30]),
                duration(caller["waited"]),
                f"{caller['priority']:g}",
                f"{caller['standing']:.0f}",
                _expected(caller),
                Text(_caller_state(caller)),
                Text(caller["needs"][:40]),
            )
        if (more := len(queue["callers"]) - SHOWN) > 0:
            table.add_row(Text(queue["queue"]), "…", Text(f"{more} more", style="dim"))
    return table


def agents_table(answer: Mapping[str, Any], zone: tzinfo) -> RenderableType:
    """One line an agent."""
    table = _table("agent", "name", "state", "for>", "ends in>", "phone", "with", "calls>", "shift>", "occupied>", "")
    for agent in answer["agents"]:
        doing, reason = agent_state(agent)
        occupied = agent["occupancy"]
        table.add_row(
            Text(agent["agent"]),
            Text(agent["name"][:24]),
            Text(doing + (f": {reason}" if reason else ""), style=_STATE_STYLES.get(doing, "")),
            "" if agent["seconds"] is None else duration(agent["seconds"]),
            "" if agent["ends_in"] is None else duration(agent["ends_in"]),
            Text(agent["phone"]),
            Text(f"{agent['caller'] or 'anonymous'} ({agent['queue']})" if agent["queue"] else ""),
            str(agent["calls"]) if agent["status"] != "logged_out" else "",
            "" if agent["logged_in_for"] is None else duration(agent["logged_in_for"]),
            "" if occupied is None else f"{occupied:.0%}",
            Text(f"not {', '.join(agent['left_queues'])}" if agent["left_queues"] else "", style="dim"),
        )
    return Group(_head("agents", answer["at"], zone), table)


def agent_state(agent: Mapping[str, Any]) -> tuple[str, str]:
    """What the agent does in one word or two, and why."""
    status, state, reason = agent["status"], agent["state"], agent["reason"]
    after = {"on_break": " (then break)", "logged_out": " (then logged out)"}.get(status, "")
    if state == "talking":
        return "talking", after.strip()
    if state == "wrap_up":
        return "wrap-up", after.strip()
    if state in ("offered", "reserved"):
        return "ringing", ""
    if status == "logged_out":
        return "logged out", reason
    if status == "on_break":
        return "break", reason
    if not agent["reachable"]:
        return "unreachable", ""
    if agent["busy"]:
        return "other call", ""
    if agent["ends_in"] is not None:
        return "pause", reason.replace("_", " ")
    return "idle", ""


def changed_call(changed: Mapping[str, Any]) -> str:
    """What has become of a caller who was changed, in a sentence."""
    if changed.get("to"):
        return f"{changed['call']} is sent on to {changed['to']}"
    if changed["queue"] is None:
        return f"{changed['call']} has left the queues"
    ahead = changed["ahead"]
    place = "talks with an agent" if ahead is None else "is next" if not ahead else f"has {ahead} callers ahead"
    return f"{changed['call']} in queue {changed['queue']}, priority {changed['priority']:g}: {place}"


def changed_agent(changed: Mapping[str, Any]) -> str:
    """What has become of an agent who was changed, in a sentence."""
    status, state = changed["status"].replace("_", " "), changed["state"].replace("_", "-")
    at = f" at phone {changed['phone']}" if changed["phone"] else ""
    told = f"{changed['agent']} is {status}{at}" + (f", at the moment {state}" if state != "idle" else "")
    if changed["left"]:
        told += f", not in {', '.join(changed['left'])}"
    return told


def _caller_state(caller: Mapping[str, Any]) -> str:
    if caller["offered_to"]:
        return f"rings {', '.join(caller['offered_to'])}"
    words = str(caller["state"]).replace("_", " ")
    return words + (f", step {caller['step']}" if caller["step"] else "")


def _expected(caller: Mapping[str, Any]) -> str:
    if caller["expected"] is None:
        return ""
    return f"{duration(caller['expected'])} (≤ {duration(caller['expected_at_most'])})"


def _service_level(level: Mapping[str, Any] | None) -> Text:
    if level is None or level["today"] is None:
        return Text("")
    good = level["today"] >= level["target"]
    return Text(f"{level['today']:.0%} in {level['answered_within']:g} s", style="green" if good else "red")


def _agents(agents: Mapping[str, int]) -> str:
    if not agents["logged_in"]:
        return "nobody"
    words = {"ringing": "ringing", "talking": "talking", "wrap_up": "wrap-up", "break": "break"}
    parts = [f"{agents[name]} {word}" for name, word in words.items() if agents[name]]
    parts += [f"{agents['unavailable']} not available"] if agents["unavailable"] else []
    return f"{agents['logged_in']}" + (f" ({', '.join(parts)})" if parts else "")


def _head(what: str, at: float, zone: tzinfo) -> Text:
    return Text(f"{what} at {datetime.fromtimestamp(at, zone):%H:%M:%S}", style="dim")


def _table(*columns: str) -> Table:
    """A column whose name ends with ``>`` holds numbers."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.removesuffix(">"), justify="right" if column.endswith(">") else "left", no_wrap=True)
    return table
