"""The switch itself for a terminal, from what the verb ``status`` answers: what is wrong comes first and in red."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    from rich.console import RenderableType


def status_table(answer: Mapping[str, Any], zone: tzinfo) -> RenderableType:
    """How many alarms there are, then one line for each part."""
    rows = list(_rows(answer))
    alarms = sum(bool(alarm) for _, alarm, _ in rows)
    head = Text(f"ALARMS: {alarms}", style="bold red") if alarms else Text("all is well", style="green")
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("what", overflow="fold")
    for name, alarm, known in rows:
        what = Text(f"ALARM: {alarm}" if alarm else known, style="bold red" if alarm else "")
        if alarm and known:
            what.append(f" ({known})", style="not bold default")
        table.add_row(Text(name), what)
    return Group(head, table)


def _rows(answer: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name, what is wrong or nothing, what is known besides."""
    yield "process", "", str(answer["pid"])
    yield "configuration", "", f"{answer['config']}, version {answer['version']} ({answer['hash'][:12]})"
    yield "calls", "", str(answer["calls"])
    journal = answer["journal"]
    lost = f"lines that are lost: {journal['dropped']}" if journal["dropped"] else ""
    written = f"lines since the start: {journal['written']}, waiting: {journal['waiting']}"
    yield "journal", "; ".join(filter(None, (journal["alarm"], lost))), written
    for receiver in answer["events"]:
        yield f"events to {receiver['to']}", receiver["alarm"], f"up to line {receiver['position']}"
    mail = answer["mail"]
    yield "mail", mail["mail"], f"letters that wait: {mail['waiting']}"
    yield "disk of messages", mail["disk"], "" if mail["disk"] else "well"
