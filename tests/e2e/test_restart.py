"""The switch is killed with SIGKILL in the middle of its work; the next process goes on where it was."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music
from tests.support.switch import command, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches

#: Only Piotr is there from the start.
BY_HAND = AGENTS.replace("logged_in = true", "logged_in = false", 1)


def agents(office: Office) -> dict[str, dict[str, Any]]:
    return {agent["agent"]: agent for agent in office.switch.ask("agents")["agents"]}


def test_agents_counters_and_breaks_outlast_a_kill_and_phones_need_not_register_again(
    switches: Switches, clients: Clients, tmp_path: Path
) -> None:
    music = write_music(tmp_path)
    office = Office(switches.start(phone_tables() + BY_HAND + CENTRE), clients, music)
    olena, cara, sam = office.phone("1001"), office.phone("2001"), office.phone("2003")
    with (tmp_path / "watch").open("w") as looks_of:
        watch = subprocess.Popen(
            [*command("queues"), "--config", str(office.switch.config), "--watch", "--json"],
            stdout=looks_of,
            stderr=subprocess.DEVNULL,
        )
    try:
        assert "olena is available at phone 1001" in office.switch.tell("agent", "olena", "login")
        office.switch.tell("agent", "iryna", "break", "--reason", "lunch")
        call = office.dial(cara, "101")
        taken = olena.wait_incoming()
        taken.answer()
        call.wait_confirmed()
        call.hang_up()
        taken.wait_ended()
        eventually(lambda: agents(office)["olena"]["state"] == "idle", what="end of the conversation")
        waiting = office.dial(sam, "103")
        waiting.wait_confirmed()
        (caller,) = next(q for q in office.switch.ask("queues")["queues"] if q["queue"] == "nobody")["callers"]
        assert caller["caller"] == "2003"
        assert "priority 70: is next" in office.switch.tell("call", caller["call"][:6], "--priority", "70")
        before = agents(office)

        looks = (tmp_path / "watch").read_text().count("\n")
        office.switch.kill_and_start_again()
        sam.kill()

        after = agents(office)
        for agent in ("olena", "piotr", "iryna"):
            for fact in ("status", "state", "phone", "reason", "calls"):
                assert after[agent][fact] == before[agent][fact], (agent, fact)
        assert after["olena"]["calls"] == 1
        assert after["iryna"]["reason"] == "lunch"
        assert after["olena"]["logged_in_for"] > before["olena"]["logged_in_for"]
        again = office.dial(cara, "103")
        again.wait_confirmed()
        moved = office.switch.tell("call", "queue:nobody", "--queue", "sales", "--only-in", "nobody")
        assert "in queue sales, priority 0" in moved
        rung = olena.wait_incoming(after=taken.incoming)
        rung.answer()
        eventually(lambda: agents(office)["olena"]["state"] == "talking", what="the caller who was moved is served")
        again.hang_up()
        rung.wait_ended()
        served = office.switch.calls()[-1]
        assert (served["queue"], served["agent"]) == ("sales", "olena")
        assert [step["name"] for step in served["path"] if step["kind"] == "queue"] == ["nobody", "sales"]
        cut = [record for record in office.switch.calls() if record["disposition"] == "cut by restart"]
        assert [record["phone"] for record in cut] == ["2003"]
        eventually(lambda: (tmp_path / "watch").read_text().count("\n") > looks, what="look after the restart")
    finally:
        watch.kill()
        watch.wait()
    lines = (tmp_path / "watch").read_text().splitlines()
    assert all(json.loads(line)["queues"] for line in lines[:-1])


def test_a_second_switch_with_the_same_data_is_refused(office: Office) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "softswitch", "run", "--config", str(office.switch.config)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert f"process {office.switch.pid}" in second.stderr
    assert office.switch.ask("queues")["queues"]
