"""``softswitch report``: what the command line does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acd.figures.service_level import variant
from acd.figures.tally import Standard
from softswitch.child import runs
from softswitch.reports.collect import Collector
from softswitch.reports.output import as_json, as_table, write_rows
from softswitch.reports.period import PeriodError, period
from softswitch.reports.sheets import By, Staff, sheet
from softswitch.reports.source import collect
from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from softswitch.config import Config
    from softswitch.reports.period import Period
    from softswitch.reports.sheets import Row

#: Minutes that a report by interval is cut into unless something else is asked for.
USUAL_INTERVAL = 30
#: Those that fit into an hour; 0: none.
INTERVALS = (0, 15, 30, 60)


class ReportError(Exception):
    """What was asked for makes no sense; the message says what would."""


@dataclass(frozen=True, slots=True)
class Request:
    """As on the command line. ``interval`` is in minutes, 0: the whole period is one. ``by``: empty, as is usual."""

    by: str = ""
    begin: str = ""
    end: str = ""
    interval: int = 0
    definition: str = ""
    queue: str = ""
    csv: Path | None = None
    json: bool = False


def report(config: Config, request: Request, console: Console, now: float) -> None:
    """Print or write a report; *now* in seconds since the epoch. Raises ReportError and `StoreError`."""
    if request.by not in ("", *By):
        raise ReportError(f'there is no report by "{request.by}"; there are: {", ".join(By)}')
    by = By(request.by or By.QUEUE)
    if request.interval not in INTERVALS:
        raise ReportError(
            f"{request.interval} minutes are no interval; there are: {', '.join(map(str, INTERVALS[1:]))}"
        )
    when = period_of(config, request, now)
    try:
        formula = variant(request.definition).id if request.definition else ""
    except ValueError as error:
        raise ReportError(str(error)) from None
    if request.queue and request.queue not in config.queues:
        raise ReportError(f'there is no queue "{request.queue}"; there are: {", ".join(config.queues) or "none"}')
    staff = staff_of(config, formula, request.queue)
    minutes = request.interval or (USUAL_INTERVAL if by is By.INTERVAL else None)
    collector = Collector(
        when.intervals(minutes),
        staff.queues,
        otherwise=Standard(definition=formula) if formula else None,
        queue=request.queue,
        keep_stays=by is By.CALL,
    )
    with Reader(config.server.data_dir / FILE_NAME) as reader:
        found = collect(reader, when, collector, now, running=runs)
    result = sheet(by, when, found, staff)
    if request.csv is not None:
        to_csv(result.rows, request.csv, when, console)
    elif request.json:
        console.file.write(as_json(result) + "\n")  # as it is: rich would fold long lines
    else:
        console.print(as_table(result))


def staff_of(config: Config, definition: str = "", queue: str = "") -> Staff:
    """Queues with their standards (*definition*: by this formula instead) and agents, in the order of the file."""
    queues = {
        name: Standard(level.answered_within, level.short_abandon, level.target, definition or level.definition)
        for name, level in ((name, words.service_level) for name, words in config.queues.items())
        if queue in ("", name)
    }
    unpaid = frozenset(known.reason for known in config.breaks.values() if not known.paid)
    return Staff(queues, tuple(config.agents), unpaid, everybody=not queue)


def period_of(config: Config, request: Request, now: float) -> Period:
    """Raises ReportError."""
    try:
        return period(request.begin, request.end, now, config.server.timezone)
    except PeriodError as error:
        raise ReportError(str(error)) from None


def to_csv(rows: Sequence[Row], path: Path, when: Period, console: Console) -> None:
    """Raises ReportError."""
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            write_rows(rows, file)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror}") from None
    console.print(f"{path}: {len(rows)} rows, {when}", highlight=False, soft_wrap=True)
