"""The story of a call for people and for programs."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from acd.figures.clock import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from rich.console import RenderableType

    from softswitch.explain.legs import LegLedger
    from softswitch.explain.story import Sentence

_STYLES = {
    "acd.offer": "bold",
    "acd.connect": "green",
    "call.connected": "green",
    "acd.offer_over": "yellow",
    "acd.call_over": "cyan",
    "call.ended": "bold",
}


def as_text(call: str, told: Sequence[Sentence], legs: Sequence[LegLedger], zone: tzinfo) -> RenderableType:
    """A line for each sentence: the time, the time since the call began, what happened; reasons below it."""
    began = told[0].at if told else 0.0
    lines: list[RenderableType] = [Text(f"call {call}", style="bold"), Text()]
    day = ""
    for sentence in told:
        at = datetime.fromtimestamp(sentence.at, zone)
        if (today := at.strftime("%Y-%m-%d")) != day:
            day = today
            lines.append(Text(f"{day} ({at.tzname()})", style="dim"))
        line = Text(f"{at:%H:%M:%S}  {_since(sentence.at - began):>8}  ", style="dim")
        line.append(sentence.text, style=_STYLES.get(sentence.kind, "not dim"))
        lines.append(line)
        lines += [Text(f"{'':20}  · {why}", style="dim") for why in sentence.why]
    if legs:
        lines += [Text(), Text("legs", style="bold")]
    for leg in legs:
        parts = ", ".join(f"{kind} {_length(length)}" for kind, length in leg.sums().items())
        lines.append(Text(f"{leg.who}: {parts or 'nothing'} = {_length(leg.ended - leg.began)}"))
    return Group(*lines)


def _since(length: float) -> str:
    minutes, rest = divmod(max(length, 0.0), 60)
    return f"+{minutes:.0f}:{rest:04.1f}" if round(rest, 1) < 60 else f"+{minutes + 1:.0f}:00.0"


def _length(length: int) -> str:
    return f"{seconds(length):.1f} s"


def as_json(call: str, told: Sequence[Sentence], legs: Sequence[LegLedger]) -> str:
    """Instants are seconds since the epoch, lengths seconds; ``line`` is the number in the journal."""
    document: dict[str, Any] = {
        "call": call,
        "sentences": [{"line": s.seq, "at": s.at, "kind": s.kind, "text": s.text, "why": list(s.why)} for s in told],
        "legs": [
            {
                "who": leg.who,
                "began": seconds(leg.began),
                "ended": seconds(leg.ended),
                "segments": [
                    {"kind": s.kind, "name": s.name, "began": seconds(s.began), "ended": seconds(s.ended)}
                    for s in leg.segments
                ],
            }
            for leg in legs
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)
