"""The only place that asks the machine for the time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(slots=True)
class SystemClock:
    """Monotonic seconds for timers, wall time for records and calendars.

    ``now`` values are those of ``time.monotonic`` (and so of asyncio's loop). The offset between the two is read
    anew each time, so a corrected system clock shows in records at once and never disturbs a timer.
    """

    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def wall(self, now: float) -> float:
        """Seconds since the epoch at the monotonic instant *now*."""
        return time.time() - time.monotonic() + now

    def local(self, now: float, timezone: str = "") -> datetime:
        """Wall time at the monotonic instant *now* in *timezone* (IANA name; empty: the switch's)."""
        return datetime.fromtimestamp(self.wall(now), ZoneInfo(timezone) if timezone else self.timezone)
