"""Hours in which the customers of a queue may be called back: the distributor is told whenever they begin or end.

So it is when the hours of a queue are about to end (`softswitch.call.callbacks.closing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import CallbacksPaused
from ivr.hours import Rules
from softswitch.call.callbacks.closing import ClosingQueues

if TYPE_CHECKING:
    from softswitch.call.control import CallControl
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.ports import Clock

#: Where nobody may be called in the year to come, it is looked at again after so many seconds; also the longest time
#: without a look, as the system's clock may be corrected.
LOOK_AGAIN = 3600.0
#: Seconds of difference for which the distributor is not told anew.
SAME = 1.0


class CallbackWindows:
    """By the switch's time zone."""

    def __init__(self, control: CallControl, config: Config, clock: Clock) -> None:
        self._control = control
        self._clock = clock
        self._rules = _rules(config)
        self._due: float | None = None
        self._closing = ClosingQueues(control, config, clock)

    def start(self, now: float) -> None:
        """What the distributor knows from before a restart is put right."""
        self._look(now)
        self._closing.start(now)

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._rules = _rules(settings.config)
        self._due = now  # after the distributor has been told of the new queues
        self._closing.reconfigure(settings.config, now)

    def next_deadline(self) -> float | None:
        return min((at for at in (self._due, self._closing.next_deadline()) if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        if self._due is not None and now >= self._due:
            self._look(now)
        self._closing.handle_timeout(now)

    def _look(self, now: float) -> None:
        next_looks: list[float] = []
        known = dict(self._control.queues.paused)
        for queue in sorted(self._rules.keys() | known.keys()):
            rules = self._rules.get(queue)
            change = None if rules is None else self._next_change(rules, now)
            if rules is not None:
                next_looks.append(min(LOOK_AGAIN, LOOK_AGAIN if change is None else change))
            if rules is None or rules.at(self._clock.local(now)).open:
                until = None
            else:
                until = now + (LOOK_AGAIN if change is None else change)
            told = known.get(queue)
            if until != told and (until is None or told is None or abs(until - told) > SAME):
                self._control.queues.receive(CallbacksPaused(queue, until), now)
        self._due = now + max(0.001, min(next_looks)) if next_looks else None

    def _next_change(self, rules: Rules, now: float) -> float | None:
        """Seconds until the verdict is another one; None: not in a year."""
        local = self._clock.local(now)
        change = rules.next_change(local)
        return None if change is None else change.timestamp() - local.timestamp()


def _rules(config: Config) -> dict[str, Rules]:
    return {
        name: Rules(queue.offer_callback.windows)
        for name, queue in config.queues.items()
        if queue.offer_callback is not None and queue.offer_callback.windows
    }
