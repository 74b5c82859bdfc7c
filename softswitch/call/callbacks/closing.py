"""Queues whose hours are about to end: the distributor offers a callback to whoever waits there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.events import QueueClosing
from softswitch.call.hours.opening import OPEN

if TYPE_CHECKING:
    from softswitch.call.control import CallControl
    from softswitch.config import Config
    from softswitch.config.words.waiting import OfferCallback
    from softswitch.ports import Clock

#: Longest time without a look, in seconds: hours are also set by hand.
LOOK = 60.0


class ClosingQueues:
    def __init__(self, control: CallControl, config: Config, clock: Clock) -> None:
        self._control = control
        self._clock = clock
        self._offers = _offers(config)
        self._due: float | None = None

    def start(self, now: float) -> None:
        """What the distributor knows from before a restart is put right."""
        self._look(now)

    def reconfigure(self, config: Config, now: float) -> None:
        self._offers = _offers(config)
        self._due = now  # after the distributor has been told of the new queues

    def next_deadline(self) -> float | None:
        return self._due

    def handle_timeout(self, now: float) -> None:
        if self._due is not None and now >= self._due:
            self._look(now)

    def _look(self, now: float) -> None:
        told, next_looks = self._control.queues.ending, [LOOK]
        for queue in sorted(self._offers.keys() | told):
            offer, closing = self._offers.get(queue), False
            if offer is not None and offer.closing is not None:
                left = self._left(offer.closing.removeprefix("hours:"), now)
                closing = left is not None and left <= offer.closing_within
                if left is not None:
                    next_looks.append(left if closing else left - offer.closing_within)
            if closing != (queue in told):
                self._control.queues.receive(QueueClosing(queue, closing), now)
        self._due = now + max(0.001, min(next_looks)) if self._offers else None

    def _left(self, hours: str, now: float) -> float | None:
        """Seconds until the hours end; None: they are closed, or the end is not known."""
        opening, wall = self._control.opening, self._clock.wall(now)
        try:
            if opening.at(hours, now).state != OPEN:
                return None
        except KeyError:
            return None
        start, forced = now, self._control.forcing.at(hours, now)
        if forced is not None:
            if forced.until is None:
                return None
            start = now + forced.until - wall
            if opening.by_rules(hours, start).state != OPEN:
                return forced.until - wall
        end = opening.next_change(hours, start)
        return None if end is None else end - wall


def _offers(config: Config) -> dict[str, OfferCallback]:
    return {
        name: queue.offer_callback
        for name, queue in config.queues.items()
        if queue.offer_callback is not None and queue.offer_callback.closing is not None
    }
