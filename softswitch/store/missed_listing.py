"""What ``softswitch callbacks`` prints: whom to call back, as a table or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from softswitch.store.database import FILE_NAME
from softswitch.store.listing import duration
from softswitch.store.missed import KINDS, Missed, asked, due, missed
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo
    from pathlib import Path

    from rich.console import Console

#: Calls that are looked at, whatever the time: those of a busy day.
MOST = 50_000


def show_callbacks(
    data_dir: Path,
    console: Console,
    *,
    since: float,
    as_json: bool = False,
    short: Mapping[str, float] | None = None,
    queues: Mapping[str, str] | None = None,
    zone: tzinfo = UTC,
) -> None:
    """Everybody who called after *since* (wall time) and is still to be called back. Raises `StoreError`.

    *short*: see `missed`; *queues*: see `asked`.
    """
    with Reader(data_dir / FILE_NAME) as reader:
        records = [record for record in reader.last_calls(MOST) if record.started >= since]
        lines = list(reader.lines(KINDS, reader.first_at(since)))
        found = missed(records, lines, short=short)
        requests = reader.requests()
        found += due(lines) + asked(requests, queues or {})
    if as_json:
        console.file.write(json.dumps([asdict(caller) for caller in found], ensure_ascii=False, indent=2) + "\n")
    elif not found:
        console.print(Text("nobody is to be called back"))
    else:
        console.print(missed_table(found, zone))


def missed_table(found: Sequence[Missed], zone: tzinfo = UTC) -> Table:
    """One line a number."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("last called", "number", "name", "queue", "why"):
        table.add_column(name, no_wrap=True)
    table.add_column("waited", justify="right", no_wrap=True)
    table.add_column("calls", justify="right", no_wrap=True)
    table.add_column("call", no_wrap=True, style="dim", max_width=10)
    for caller in found:
        table.add_row(
            datetime.fromtimestamp(caller.at, zone).strftime("%Y-%m-%d %H:%M"),
            Text(caller.number),
            Text(caller.name),
            Text(caller.queue),
            Text(str(caller.why)),
            duration(caller.waited),
            str(caller.tries),
            Text(caller.call[:10]),
        )
    return table
