"""Call records for people (tables for a terminal) and for programs (JSON)."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from softswitch.store.cdr import DIALLING, SWITCH, Disposition, Segment
from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo
    from pathlib import Path

    from rich.console import Console, RenderableType

    from softswitch.store.cdr import CallRecord

_STYLES = {
    Disposition.SERVED: "green",
    Disposition.CONNECTED: "green",
    Disposition.CALLBACK: "cyan",
    Disposition.ABANDONED: "red",
    Disposition.NOT_SERVED: "red",
    Disposition.NO_ANSWER: "yellow",
    Disposition.FAILED: "yellow",
    Disposition.CUT: "red",
    Disposition.IN_PROGRESS: "cyan",
}
#: Segments that tell a person nothing.
_SILENT = frozenset({SWITCH, "goto", "hangup"})
_WHY = {
    "no-input": "no key",
    "invalid": "wrong key",
    "no-try-left": "no try left",
    "timed-out": "waited too long",
    "empty": "nobody there",
    "no-answer": "no answer",
}
_OFFER = {
    "no_answer": "did not answer",
    "timeout": "did not answer",
    "rejected": "declined",
    "busy": "was busy",
    "unreachable": "was not reachable",
    "dropped": "was lost",
    "answered_elsewhere": "rang too",
    "caller_gone": "was ringing",
    "agent_gone": "left",
    "ended": "was ringing",
}


def show_calls(
    data_dir: Path,
    console: Console,
    *,
    last: int = 20,
    as_json: bool = False,
    call: str | None = None,
    zone: tzinfo = UTC,
) -> bool:
    """What ``softswitch calls`` prints; False when the call that was asked for is not there.

    *call*: the beginning of one call's id, for its details. Raises `StoreError` when no database can be read.
    """
    with Reader(data_dir / FILE_NAME) as reader:
        records = reader.last_calls(last) if call is None else reader.find_calls(call)
    if as_json:
        # written as it is: rich would fold long lines
        console.file.write(calls_json(records) + "\n")
    elif call is not None and not records:
        console.print(Text(f"there is no call whose id begins with {call}"))
    elif call is not None and len(records) == 1:
        console.print(call_details(records[0], zone))
    elif not records:
        console.print(Text("there are no calls yet"))
    else:
        console.print(calls_table(records, zone))
    return call is None or bool(records)


def calls_table(records: Sequence[CallRecord], zone: tzinfo = UTC) -> Table:
    """One line a call."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("began", no_wrap=True)
    table.add_column("call", no_wrap=True, style="dim", max_width=10)
    table.add_column("caller", no_wrap=True)
    table.add_column("dialled", no_wrap=True)
    table.add_column("path", ratio=1)
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("result", no_wrap=True)
    for record in records:
        table.add_row(
            _instant(record.started, zone),
            Text(record.call[:10]),
            Text(caller_text(record)),
            Text(record.dialled),
            Text(path_text(record)),
            duration(record.seconds),
            Text(str(record.disposition), style=_STYLES.get(record.disposition, "")),
        )
    return table


def call_details(record: CallRecord, zone: tzinfo = UTC) -> RenderableType:
    """Everything about one call, with its path step by step."""
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold")
    facts.add_column()
    source = f"trunk {record.trunk}" if record.trunk else f"phone {record.phone}" if record.phone else ""
    answered = "" if record.answered is None else _instant(record.answered, zone)
    ended = "" if record.ended is None else f"{_instant(record.ended, zone)}, {ending_text(record)}"
    for name, value in (
        ("call", record.call),
        ("caller", caller_text(record)),
        ("customer", record.customer_id),
        ("from", source),
        ("dialled", record.dialled),
        ("language", record.language),
        ("began", _instant(record.started, zone)),
        ("answered", answered),
        ("ended", ended),
        ("length", duration(record.seconds)),
        ("waited", duration(record.waited) if record.queue else ""),
        ("talked", duration(record.talked) if record.talked else ""),
        ("verified", record.verified),
        ("result", str(record.disposition)),
    ):
        if value:
            facts.add_row(name, Text(value))
    steps = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("after", "length", "what"):
        steps.add_column(column, justify="left" if column == "what" else "right")
    for segment in record.path:
        words = segment_words(segment) or [segment.kind, *filter(None, [segment.name])]
        text = " ".join(words[:1]) + "".join(f", {word}" for word in words[1:])
        steps.add_row(duration(segment.began - record.started), duration(segment.seconds), Text(text))
    return Group(facts, Text(), steps)


def path_text(record: CallRecord) -> str:
    """``menu main → key 1 → queue sales → waited 12.3 s → agent olena → talked 45.0 s → agent hung up``."""
    words = [word for segment in record.path for word in segment_words(segment)]
    if ending := ending_text(record):
        words.append(ending)
    return " → ".join(words)


def segment_words(segment: Segment) -> list[str]:
    """One segment in steps of the path; none for those that tell a person nothing."""
    if segment.kind in _SILENT:
        return []
    if segment.kind == "talk":
        return [f"{segment.detail or 'talk'} {segment.name}", f"talked {duration(segment.seconds)}"]
    if segment.kind == DIALLING:
        return ["called back", f"rang {duration(segment.seconds)}"]
    words = [f"{segment.kind} {segment.name}".strip()]
    match segment.kind:
        case "menu":
            if segment.via.startswith("key "):
                words.append(segment.via)
            elif segment.keys:
                words.append(f"keys {segment.keys}")
        case "queue":
            words += [
                f"{offer.agent} {_OFFER.get(offer.how, offer.how)}"
                for offer in segment.offers
                if offer.how not in ("connected", "connect")
            ]
            words.append(f"waited {duration(segment.seconds)}")
        case "hours":
            if segment.via:
                words[-1] += f" ({segment.via})"
        case "phone":
            words.append(f"rang {duration(segment.seconds)}")
        case "echo" | "music" | "answer":
            words.append(duration(segment.seconds))
    if segment.via in _WHY or segment.via in ("full", "busy", "rejected", "unavailable"):
        words.append(_WHY.get(segment.via, segment.via))
    return words


def ending_text(record: CallRecord) -> str:
    """Who hung up, and why when that says more; empty while the call goes on."""
    if record.ended is None:
        return ""
    who = f"{record.ended_by or 'switch'} hung up" if record.answered is not None else f"ended by {record.ended_by}"
    reasons = [f"SIP {record.sip_status}"] if record.sip_status else []
    reasons += [f"Q.850 {record.q850}"] if record.q850 else []
    return who + (f" ({', '.join(reasons)})" if reasons else "")


def caller_text(record: CallRecord) -> str:
    return " ".join(part for part in (record.caller or "anonymous", f"({record.name})" if record.name else "") if part)


def duration(seconds: float) -> str:
    """``4.2 s``, ``1:05``, ``1:02:03``."""
    if seconds < 59.95:
        return f"{max(seconds, 0.0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def calls_json(records: Sequence[CallRecord]) -> str:
    """A list of calls; instants are seconds since the epoch."""
    return json.dumps([_plain(record) for record in records], ensure_ascii=False, indent=2)


def _plain(record: CallRecord) -> dict[str, Any]:
    return asdict(record) | {"seconds": record.seconds}


def _instant(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M:%S")
