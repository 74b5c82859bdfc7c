"""Why nobody was asked: what the agents did when a caller came to wait, and whose skills would have sufficed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acd.skills import bind, holds, parse
from acd.skills import variables as variables_of
from softswitch.explain.decisions import NAMED, what_keeps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from softswitch.store.cdr import Record


def why_nobody(
    joined: Mapping[str, Any], queue: Mapping[str, Any], agents: Sequence[Mapping[str, Any]], last: Sequence[Record]
) -> list[str]:
    """Sentences about a caller who was offered to nobody on arrival.

    *joined* is the data of ``acd.call_joined``; *queue* and *agents* are what was configured (see
    `acd.model.plain_config`), *last* the last ``acd.agent`` line of each agent before. Needs that were relaxed later,
    and skills that were changed while the switch ran, are not looked at.
    """
    variables = {str(name): str(value) for name, value in joined.get("variables") or ()}
    if joined.get("language"):
        variables.setdefault("language", str(joined["language"]))
    needs = [bind(parse(str(text)), variables) for text in (queue.get("needs") or "", joined.get("needs") or "")]
    members = {str(member[0]) for member in queue.get("agents") or ()}
    states = {str(record.data.get("agent")): record.data for record in last}
    kept, away = [], 0
    for agent in agents:
        name, skills = str(agent.get("id")), agent.get("skills") or {}
        if (members and name not in members) or not all(holds(need, skills) for need in needs):
            continue
        state = states.get(name)
        if state is None or (state.get("status") == "logged_out" and state.get("state") == "idle"):
            away += 1
        else:
            kept.append(f"{name} ({what_keeps(state)})")
    if not kept and away:
        return [f"nobody can take it: {_agents(away)} with the skills, none logged in"]
    if not kept:
        unknown = sorted(frozenset().union(*map(variables_of, needs)))
        unset = f" ({', '.join(f'{{{name}}}' for name in unknown)} is not known of the caller)" if unknown else ""
        return [f"nobody can take it: no agent has the skills{unset}"]
    more = f" and {len(kept) - NAMED} more" if len(kept) > NAMED else ""
    rest = f"; {_agents(away)} more not logged in" if away else ""
    return [f"nobody can take it now: {', '.join(kept[:NAMED])}{more}{rest}"]


def _agents(count: int) -> str:
    return f"{count} agent{'' if count == 1 else 's'}"
