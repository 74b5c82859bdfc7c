"""Recordings under way: begun and stopped for whoever wants one, who is told when the file is complete.

The media worker writes the file; a worker that says nothing about it in time is not waited for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtp.legs import Recorded, RecordingQuiet
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable

    from softswitch.call.control import CallControl
    from softswitch.call.model import Leg

#: Seconds in which a worker has to complete a file; a worker that died is back by then.
PATIENCE = 5.0
NO_ANSWER = "the media worker does not answer"


@dataclass(slots=True)
class _Recording:
    call: str
    leg: int
    finished: Callable[[Recorded, float], None]
    quiet: Callable[[float], None] | None


class Recordings:
    """By path; a path is recorded to once."""

    def __init__(self, control: CallControl) -> None:
        self._control = control
        self._recordings: dict[str, _Recording] = {}
        self._overdue: Timers[str] = Timers()

    def __len__(self) -> int:
        return len(self._recordings)

    def start(
        self,
        leg: Leg,
        path: str,
        finished: Callable[[Recorded, float], None],
        *,
        most_seconds: float,
        quiet_after: float = 0.0,
        quiet: Callable[[float], None] | None = None,
    ) -> None:
        """Write what the party says to *path*, absolute and below the data directory, until `stop`.

        *finished* is called once: after `stop`, when the party is gone, the longest time is over, or it failed.
        *quiet*: nothing has been said for *quiet_after* seconds; the recording goes on.
        """
        self._recordings[path] = _Recording(leg.call, leg.leg, finished, quiet)
        self._control.legs.record(leg, path, most_seconds=most_seconds, quiet_after=quiet_after)

    def stop(self, leg: Leg, now: float) -> None:
        """The file is to be completed."""
        path = leg.record.path if leg.record else ""
        if path in self._recordings:
            self._control.legs.record(leg, None)
            self._overdue.set(path, now + PATIENCE)

    def discard(self, path: str) -> None:
        """Delete a complete recording that nobody wants."""
        self._control.legs.discard_recording(path)

    def leg_over(self, leg: Leg, now: float) -> None:
        """The party is gone; the worker completes the file by itself."""
        if leg.record is not None and leg.record.path in self._recordings:
            self._overdue.set(leg.record.path, now + PATIENCE)

    def heard(self, event: Recorded | RecordingQuiet, now: float) -> None:
        """What a media worker says about a recording."""
        recording = self._recordings.get(event.path)
        if recording is None:
            return
        match event:
            case Recorded():
                self._over(event, now)
            case RecordingQuiet() if recording.quiet is not None:
                with self._control.contain(recording.call, now):
                    recording.quiet(now)

    def next_deadline(self) -> float | None:
        return self._overdue.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (path := self._overdue.pop_due(now)) is not None:
            if (recording := self._recordings.get(path)) is not None:
                self._over(Recorded(recording.leg, path, 0.0, NO_ANSWER), now)

    def _over(self, event: Recorded, now: float) -> None:
        recording = self._recordings.pop(event.path)
        self._overdue.set(event.path, None)
        leg = self._control.legs.get(recording.leg)
        with self._control.contain(recording.call, now):
            if leg is not None and leg.record is not None and leg.record.path == event.path:
                self._control.legs.record(leg, None)
            recording.finished(event, now)
