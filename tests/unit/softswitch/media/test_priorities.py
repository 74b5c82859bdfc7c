"""Threads beside the beat are run after it and before ordinary processes."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from softswitch.media.loader import Loader
from softswitch.media.priorities import raise_priority
from softswitch.media.recorder import Discard, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def scheduled(thread: int) -> tuple[int, int]:
    return os.sched_getscheduler(thread), os.sched_getparam(thread).sched_priority


def in_a_thread(work: Callable[[], None]) -> None:
    """To Linux every thread is scheduled by itself: the others stay as they are."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not check():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


@pytest.mark.parametrize("what", ["loader", "recorder"])
def test_a_thread_beside_the_beat_is_never_starved_while_it_has_the_interpreter(tmp_path: Path, what: str) -> None:
    def beat() -> None:
        raise_priority()
        policy, priority = scheduled(0)
        if policy != os.SCHED_RR:
            pytest.skip("real-time scheduling is not permitted here")
        loader, recorder = Loader(), Recorder(str(tmp_path))
        if what == "loader":
            loader.request(("tone:ringback", "PCMA"))
            until(lambda: bool(loader.finished()))
        else:
            recorder.put([Discard(str(tmp_path / "none.wav"))], 0.0)
        thread = loader._thread or recorder._thread
        assert thread is not None
        assert thread.native_id is not None
        until(lambda: scheduled(thread.native_id or 0) == (os.SCHED_RR, priority - 1))
        recorder.close()

    in_a_thread(beat)


def test_where_the_beat_was_not_raised_the_threads_are_as_it_is(tmp_path: Path) -> None:
    before = scheduled(0), os.getpriority(os.PRIO_PROCESS, 0)
    loader = Loader()
    loader.request(("tone:ringback", "PCMA"))
    until(lambda: bool(loader.finished()))
    assert loader._thread is not None
    thread = loader._thread.native_id or 0
    assert (scheduled(thread), os.getpriority(os.PRIO_PROCESS, thread)) == before
