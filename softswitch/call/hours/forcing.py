"""Hours set by hand in the running switch: open, closed or special until an hour, whatever their rules say.

Everything is written down (``hours.forced``, ``hours.released``), and read again after a restart.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ivr.forced import Forced, ForcedHours, ForcedState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Protocol

    from softswitch.call.control import CallControl
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.ports import Clock

    class Record(Protocol):
        """A line of the journal."""

        @property
        def kind(self) -> str: ...
        @property
        def data(self) -> Mapping[str, Any]: ...


log = logging.getLogger(__name__)

FORCED, RELEASED = "hours.forced", "hours.released"
#: Who releases what nobody has released by hand.
EXPIRY, RECONFIGURED = "expiry", "configuration"


class Forcing:
    """What is forced, by the name of the hours. Ends are seconds since the epoch: they outlive the process."""

    def __init__(self, control: CallControl, config: Config, clock: Clock) -> None:
        self._control = control
        self._known = frozenset(config.hours)
        self._clock = clock
        self._forced = ForcedHours()
        self._due: float | None = None

    def at(self, name: str, now: float) -> Forced | None:
        """What is forced at the monotonic instant *now*."""
        return self._forced.at(name, self._clock.wall(now))

    def force(self, name: str, state: ForcedState, now: float, *, until: float | None, by: str) -> Forced:
        """*until* None: until it is released. KeyError for unknown hours, ValueError for an end that is past."""
        if name not in self._known:
            raise KeyError(name)
        forced = self._forced.force(name, state, self._clock.wall(now), until=until, by=by)
        data = {"hours": name, "state": state.value, "until": until, "by": by}
        self._control.journal_line(FORCED, None, now, data)
        self._rearm(now)
        return forced

    def release(self, name: str, now: float, *, by: str) -> bool:
        """Back to the rules; False when nothing was forced."""
        released = self._forced.release(name)
        if released:
            self._control.journal_line(RELEASED, None, now, {"hours": name, "by": by})
            self._rearm(now)
        return released

    def next_deadline(self) -> float | None:
        return self._due

    def handle_timeout(self, now: float) -> None:
        if self._due is None or now < self._due:
            return
        for name in self._forced.expire(self._clock.wall(now)):
            self._control.journal_line(RELEASED, None, now, {"hours": name, "by": EXPIRY})
        self._rearm(now)

    def restore(self, records: Iterable[Record], now: float) -> None:
        """What was forced before a restart: *records* of the journal in order, at least the last of each hours.

        What is over meanwhile is released at the first timeout, what the configuration no longer knows at once.
        """
        self._forced = ForcedHours(forced_in(records))
        self._forget_unknown(now)
        self._rearm(now)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._known = frozenset(settings.config.hours)
        self._forget_unknown(now)

    def _forget_unknown(self, now: float) -> None:
        for name in sorted(self._forced.to_dict().keys() - self._known):
            self.release(name, now, by=RECONFIGURED)

    def _rearm(self, now: float) -> None:
        """Reckoned anew each time, as the system's clock may be corrected; `at` goes by that clock anyway."""
        expiry = self._forced.next_expiry()
        self._due = None if expiry is None else now + max(0.0, expiry - self._clock.wall(now))


def forced_in(records: Iterable[Record]) -> dict[str, Forced]:
    """What is forced after *records* of the journal, by the name of the hours."""
    found: dict[str, Forced] = {}
    for record in (record for record in records if record.kind in (FORCED, RELEASED)):
        name = str(record.data.get("hours"))
        found.pop(name, None)
        if record.kind == FORCED:
            try:
                found[name] = _read(record.data)
            except (KeyError, TypeError, ValueError) as error:
                log.warning("what was forced for [hours.%s] cannot be read from the journal: %s", name, error)
    return found


def _read(data: Mapping[str, Any]) -> Forced:
    until = data["until"]
    return Forced(ForcedState(data["state"]), None if until is None else float(until), str(data.get("by") or ""))
