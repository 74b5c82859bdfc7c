"""Expected waits of the running switch: a caller waits, the simulating process estimates, its loss harms nobody."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader
from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music
from tests.support.switch import children_of, command_line, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches


def estimators(switch_pid: int) -> list[int]:
    return [pid for pid in children_of(switch_pid) if "softswitch.estimates" in command_line(pid)]


def test_waits_are_estimated_while_somebody_waits_and_after_the_loss_of_the_process(
    switches: Switches, clients: Clients, tmp_path: Path
) -> None:
    told = CENTRE.replace(
        "announce = { position = true, first_after = 2,", "announce = { wait = true, first_after = 2,"
    )
    music = write_music(tmp_path)
    office = Office(switches.start(phone_tables() + AGENTS + told), clients, music)
    database = office.switch.data / FILE_NAME

    def estimates() -> list[list[Any]]:
        with Reader(database) as reader:
            return [estimate for line in reader.lines({"acd.wait_estimated"}) for estimate in line.data["estimates"]]

    assert estimators(office.switch.pid) == []
    olena, cara, dan = office.phone("1001"), office.phone("2001"), office.phone("2002")
    office.dial(cara, "101").wait_confirmed()
    taken = olena.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    waiting = office.dial(dan, "101")
    waiting.wait_confirmed()

    eventually(lambda: bool(estimates()), what="the first estimate", within=20)
    call, p50, p80, spread = estimates()[-1]
    assert 0 < p50 < p80
    assert spread > 0
    (worker,) = estimators(office.switch.pid)
    office.switch.forgiven = "estimates waits"
    os.kill(worker, signal.SIGKILL)
    before = len(estimates())
    eventually(lambda: len(estimates()) > before, what="an estimate after the loss of the process", within=30)
    assert estimates()[-1][0] == call
    assert estimators(office.switch.pid) not in ([], [worker])
    assert not waiting.is_over
    assert not taken.is_over
