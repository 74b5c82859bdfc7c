"""Waiting for something to be heard, on any phone that records what it hears."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from tests.support.event_log import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.audio import Recording

LOOK_EVERY = 0.1
SHARE = 3  # analysis takes at most a third of the time: the switch under test shares the machine


class Listener(ABC):
    @abstractmethod
    def heard_so_far(self) -> Recording: ...

    @abstractmethod
    def why_deaf(self) -> str:
        """Why nothing more will be heard; empty while the call is up."""

    @abstractmethod
    def listener_name(self) -> str: ...

    def listen(self, seconds: float) -> None:
        """Go on listening for so long, measured on the recording."""
        wanted = self.heard_so_far().length + seconds
        self.listen_until(lambda heard: heard.length >= wanted, within=seconds + PATIENCE, what=f"{seconds:g} s more")

    def listen_until(self, check: Callable[[Recording], bool], *, within: float = PATIENCE, what: str = "") -> float:
        """Wait until `check` is true of what was heard so far; returns the monotonic time when it was seen to be."""
        deadline = time.monotonic() + within
        while True:
            begun = time.monotonic()
            over = self.why_deaf()
            recording = self.heard_so_far()
            if check(recording):
                return time.monotonic()
            if over or begun > deadline:
                raise AssertionError(
                    f"{self.listener_name()} did not hear {what or 'what was expected'} "
                    f"{f'before {over}' if over else f'within {within:g} s'}; "
                    f"{recording.length:.1f} s at {recording.level():.0f} dBFS in {recording.source}"
                )
            took = time.monotonic() - begun
            time.sleep(max(LOOK_EVERY, (SHARE - 1) * took))

    def listen_for_tone(
        self, hz: float, *, seconds: float = 0.5, since: float = 0.0, within: float = PATIENCE
    ) -> float:
        """Wait until `hz` was heard for `seconds` in all, counting from the monotonic time `since`."""

        def heard(recording: Recording) -> bool:
            return (recording.between(since) if since else recording).tone_seconds(hz) >= seconds

        return self.listen_until(heard, within=within, what=f"{hz:g} Hz for {seconds:g} s")
