"""The switch as a process: it starts, survives the loss of a worker, and lets go cleanly."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.switch import children_of, eventually

if TYPE_CHECKING:
    from tests.e2e.office import Office


def media_workers(switch_pid: int) -> list[int]:
    return [
        pid
        for pid in children_of(switch_pid)
        if b"softswitch.media" in Path(f"/proc/{pid}/cmdline").read_bytes() or "media" in command_name(pid)
    ]


def command_name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def test_calls_in_progress_are_ended_and_recorded_when_the_switch_is_stopped(office: Office) -> None:
    cara, dan = office.phone("2001"), office.phone("2002")
    talking = office.dial(cara, "2002")
    taken = dan.wait_incoming()
    taken.answer()
    talking.wait_confirmed()

    office.switch.stop()

    talking.wait_ended()
    taken.wait_ended()
    (record,) = office.switch.wait_calls(1)
    assert record["ended"] is not None


def test_two_who_talk_go_on_after_the_loss_of_the_media_workers(office: Office) -> None:
    cara, dan = office.phone("2001"), office.phone("2002")
    call = office.dial(cara, "2002")
    taken = dan.wait_incoming()
    taken.answer()
    call.wait_confirmed()
    call.play_tone(440)
    taken.play_tone(1000)
    taken.listen_for_tone(440)
    call.listen_for_tone(1000)

    workers = media_workers(office.switch.pid)
    assert workers
    office.switch.forgiven = "worker"
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    lost_at = time.monotonic()
    eventually(lambda: bool(set(media_workers(office.switch.pid)) - set(workers)), what="new media worker")

    taken.listen_for_tone(440, since=lost_at + 1.0)
    call.listen_for_tone(1000, since=lost_at + 1.0)
    call.hang_up()
    taken.wait_ended()
