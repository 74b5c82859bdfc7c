"""Reading what a report needs from the database of a running switch, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.reports.collect import KINDS, Collector
from softswitch.reports.containment import CALLERS, REPEAT

if TYPE_CHECKING:
    from collections.abc import Callable

    from softswitch.reports.collect import Collected
    from softswitch.reports.period import Period
    from softswitch.store.queries import Reader

#: Records of a busy moment are not in the order of their instants to the second, and clocks are corrected.
MARGIN = 120.0
#: How long after the period a caller who asked to be called back may still be served in it.
PATIENCE = 86_400.0


def collect(
    reader: Reader, period: Period, collector: Collector, now: float, *, running: Callable[[int], bool]
) -> Collected:
    """Read the period, then on until every call that arrived in it has ended.

    *running* tells whether the process of this id, the switch, still works: what is going on in the journal then goes
    on until *now*, otherwise it ended with the last record.
    """
    with reader.snapshot():
        first = reader.first_at(period.begin - MARGIN)
        for record in reader.standing_agents(first):
            collector.read(record)
        last_at, last_seq, beyond, complete = period.begin, first, False, False
        for record in reader.lines(KINDS, first):
            last_at, last_seq = record.at, record.seq
            if not beyond and record.at < period.end:
                collector.read(record)
                continue
            if not beyond:
                beyond = True
                collector.close_agents(period.end)
            collector.follow(record)
            waits = record.at < period.end + PATIENCE
            if record.at > period.end + MARGIN and not collector.unfinished(callbacks=waits):
                complete = True
                break
        runs = complete or running(reader.switch_pid())
        if not beyond:
            collector.close_agents(min(period.end, now) if runs else min(period.end, last_at))
        for record in reader.lines(CALLERS, last_seq + 1):
            if record.at > period.end + MARGIN + REPEAT:
                break
            collector.called(record)
        return collector.close(now if runs else last_at, cut=not runs)
