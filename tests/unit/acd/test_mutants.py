"""The property tests must notice when the engine is broken: each mutant below is applied to a copy and must be killed.

`walk`: by the random walk and its invariants alone. `scenarios`: by the written scenarios (rules that are a choice and
not a law, such as which of two agents is the better one).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WALK, SCENARIOS = "walk", "scenarios"

SCENARIO_TESTS = (
    "ticket",
    "strategies",
    "matching",
    "routing",
    "decisions",
    "agent",
    "dispatcher",
    "picked",
    "promises",
)

ALONE = """
from tests.unit.acd.test_walk import stroll
for seed in range(6):
    stroll(seed, 700)
"""


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    old: str
    new: str
    by: str = WALK


MUTANTS = [
    Mutant("priority does not count", "ticket.py", "priority = queue.priority + self.priority", "priority = 0.0"),
    Mutant("all queues age alike", "ticket.py", "points = self.ageing * (now", "points = 1.0 * (now"),
    Mutant("queues are not compared", "ticket.py", "-ticket.standing(now), ticket.since", "0.0, ticket.since"),
    Mutant("kept age is lost", "arrivals.py", "since = now if event.waiting_since is None", "since = now if True"),
    Mutant("new callers are not offered", "room.py", "return line in self._grown", "return False"),
    Mutant("freed agents are not offered", "floor.py", "self.freed.add(agent.id)", "pass"),
    Mutant("one agent for two callers", "matching.py", "self._seat[agent] = seat", "pass"),
    Mutant("the line is forgotten after one", "matching.py", "if index + 1 < len(group.callers):", "if False:"),
    Mutant("needs of another language", "room.py", "named & ticket.variables.keys()", "()"),
    Mutant(
        "a caller who left rings on",
        "arrivals.py",
        "self._stop_ringing(ticket, fx.WithdrawReason.CALLER_GONE, now)\n        self._waiting.over(ticket, reason",
        "self._waiting.over(ticket, reason",
    ),
    Mutant(
        "answered and still ringing elsewhere",
        "offers.py",
        "self.withdraw(ticket, fx.WithdrawReason.ANSWERED_ELSEWHERE, now)",
        "pass",
    ),
    Mutant(
        "a failed offer strands the caller",
        "offers.py",
        "elif not ticket.offers:",
        "elif False:",
    ),
    Mutant(
        "an expired caller waits for ever",
        "waiting.py",
        "if ticket.place in (Place.WAITING, Place.OFFERED) and not ticket.urgent:\n",
        "if False:\n",
    ),
    Mutant(
        "expired callers are rung on", "ticket.py", "return one_more and not self.expired", "return one_more", SCENARIOS
    ),
    Mutant(
        "the wider line is not entered",
        "waiting.py",
        "self.room.update(ticket)\n        self.arm(ticket)\n\n    def cap",
        "self.arm(ticket)\n\n    def cap",
    ),
    Mutant("a worse position is announced", "announcements.py", "if ahead <= told else None", ""),
    Mutant("nobody notices that all logged out", "waiting.py", "if hopeless[id(ladder)]:", "if False:"),
    Mutant(
        "an agent on a break rings on",
        "agent.py",
        "return self.status is Status.AVAILABLE and self.reachable and",
        "return self.reachable and",
    ),
    Mutant("busy phones are rung", "agent.py", "self.reachable and not self.busy", "self.reachable"),
    Mutant("two agents at one phone", "dispatcher.py", "in self._floor.others_at(event.phone, agent):", "in ():"),
    Mutant("failures are lost by a restart", "ticket.py", '"needs": parse(plain["needs"]),', '"failures": {},'),
    Mutant(
        "timers are not journaled", "dispatcher.py", 'self._out.put(fx.Journal({"kind": CLOCK, "at": now}))', "pass"
    ),
    Mutant(
        "a removed queue forgets its callers",
        "waiting.py",
        "(used - wanted.keys()) | set(closing)",
        "set()",
    ),
    Mutant("a call ends twice", "waiting.py", "self.tickets.pop(ticket.call, None)", "pass"),
    Mutant("wrap-up even when there is none", "offers.py", "if wrap_up != 0 and agent", "if agent", SCENARIOS),
    Mutant(
        "wrap-up is short",
        "agent.py",
        "if wrap_up is None else now + wrap_up\n                case",
        "if wrap_up is None else now + 1\n                case",
        SCENARIOS,
    ),
    Mutant("answered twice, connected twice", "offers.py", "if offer.answered:\n            return", "", SCENARIOS),
    Mutant(
        "most recently idle first",
        "strategies.py",
        "return (agent.idle_since, fit.breadth",
        "return (-agent.idle_since, fit.breadth",
        SCENARIOS,
    ),
    Mutant("idle time does not count", "strategies.py", "return (agent.idle_since, fit", "return (0, fit", SCENARIOS),
    Mutant(
        "round robin does not come round",
        "matching.py",
        "self._cursors[group.queue.id] = (position, choice.agents[0])",
        "pass",
        SCENARIOS,
    ),
    Mutant("who failed is asked again", "strategies.py", "failures.get(agent.id, 0),", "0,", SCENARIOS),
    Mutant("late comers get every call", "agent.py", "return self.calls + self.credit", "return self.calls", SCENARIOS),
    Mutant(
        "no break after unanswered offers",
        "floor.py",
        "agent.no_answers >= rules.",
        "agent.no_answers > rules.",
        SCENARIOS,
    ),
    Mutant("broad agents are spent", "strategies.py", "agent.load, fit.breadth", "agent.load, 0", SCENARIOS),
    # order
    Mutant("bands do not count", "ticket.py", "return (-ticket.band, ", "return (0, "),
    Mutant(
        "caps do not count",
        "ticket.py",
        "queue.band, queue.priority_cap",
        "queue.band, None",
    ),
    Mutant("nobody notices the cap", "waiting.py", "None if ticket.capped else ticket.capped_at", "None"),
    Mutant(
        "at the cap the urgent stay ahead",
        "room.py",
        "ticket.capped = True\n        ticket.sort()",
        "ticket.capped = True",
    ),
    Mutant(
        "a restart forgets the cap",
        "ticket.py",
        "if now is not None:\n            self.capped =",
        "if 1:\n            self.capped = now is not None and",
    ),
    Mutant("equals go by id", "ticket.py", "-ticket.standing(now), ticket.since, ", "-ticket.standing(now), 0.0, "),
    # choice of agents
    Mutant(
        "preferences do not count",
        "strategies.py",
        "            fit.unpreferred,\n            fit.tier,",
        "            0,\n            fit.tier,",
        SCENARIOS,
    ),
    Mutant("tiers do not count", "strategies.py", "            fit.tier,\n", "            0,\n", SCENARIOS),
    Mutant("nobody can be asked for", "strategies.py", "int(agent.id != asked_for)", "0", SCENARIOS),
    Mutant("the only Polish speaker is spent", "strategies.py", "fit.spare if spares else 0", "0", SCENARIOS),
    Mutant("skills are spared everywhere", "strategies.py", "fit.spare if spares else 0", "fit.spare", SCENARIOS),
    Mutant("low levels are spared", "room.py", " is not None and have >= level", " is not None", SCENARIOS),
    Mutant(
        "what the call needs is spared", "room.py", "sum(skill not in named for skill", "sum(True for skill", SCENARIOS
    ),
    Mutant("most talk first", "strategies.py", "return (agent.talk_load, ", "return (-agent.talk_load, ", SCENARIOS),
    Mutant(
        "most occupied first",
        "strategies.py",
        "return (agent.occupancy(moment.now), ",
        "return (-agent.occupancy(moment.now), ",
        SCENARIOS,
    ),
    Mutant("least skilled for most", "strategies.py", "return (-fit.skill, ", "return (fit.skill, ", SCENARIOS),
    Mutant("most skilled for least", "strategies.py", "return (fit.skill, ", "return (-fit.skill, ", SCENARIOS),
    Mutant("every seed draws alike", "strategies.py", "{moment.queue.seed}/", "", SCENARIOS),
    Mutant("every decision draws alike", "strategies.py", "{moment.number}/", "", SCENARIOS),
    Mutant(
        "weights do not count",
        "strategies.py",
        "-log(_lot(agent, moment)) / weight if",
        "-log(_lot(agent, moment)) if",
        SCENARIOS,
    ),
    Mutant("no weight, and yet chosen", "strategies.py", "if weight else _LAST", "if weight else 0", SCENARIOS),
    # several phones, several callers
    Mutant("progressive ringing rings all at once", "offers.py", "ticket.rung(now)", "pass", SCENARIOS),
    Mutant(
        "no second phone rings",
        "waiting.py",
        "ticket.more_at = None\n        self.room.update(ticket)",
        "ticket.more_at = None",
        SCENARIOS,
    ),
    Mutant("nobody makes room", "matching.py", "agent = self._make_room(group, ticket)", "agent = None", SCENARIOS),
    Mutant(
        "only one moves to make room",
        "matching.py",
        "queue.append((agent, seated))",
        "queue[1:] = [(agent, seated)]",
        SCENARIOS,
    ),
    Mutant("decisions are not numbered", "matching.py", "self._number += len(choice.agents)", "pass", SCENARIOS),
    # records
    Mutant(
        "records name those behind", "decisions.py", "_head(other, now)) < key", "_head(other, now)) > key", SCENARIOS
    ),
    Mutant(
        "records leave out who is idle", "decisions.py", "chain(_unskilled(line, room, floor), ", "chain(", SCENARIOS
    ),
    Mutant("records leave out who is busy", "decisions.py", ", _occupied(line, floor))", ")", SCENARIOS),
    Mutant("every ring says why again", "offers.py", "why = {}", "pass", SCENARIOS),
    # by hand
    Mutant("others ring beside who was picked", "ticket.py", " and not self.picked", "", SCENARIOS),
    Mutant("who was picked is asked for skills", "offers.py", "return picked or ", "return ", SCENARIOS),
    Mutant(
        "a promise ends with being sent on",
        "arrivals.py",
        "elif ticket.number and ticket.place in LISTENING and reason is ev.LeaveReason.TRANSFERRED:",
        "elif False:",
        SCENARIOS,
    ),
    Mutant("a try that a restart cut off counts", "callbacks.py", "ticket.tries -= ticket.urgent", "pass", SCENARIOS),
    Mutant(
        "a full queue refuses the lucky",
        "limits.py",
        "waiting() >= queue.max_waiting and not somebody_idle()",
        "waiting() >= queue.max_waiting",
        SCENARIOS,
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_mutant_is_killed(mutant: Mutant, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "acd", tmp_path / "acd", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests" / "support").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "support" / "acd.py", tmp_path / "tests" / "support")
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "unit" / "acd").mkdir(parents=True)
    for test in ("walk", *SCENARIO_TESTS):
        shutil.copy(ROOT / "tests" / "unit" / "acd" / f"test_{test}.py", tmp_path / "tests" / "unit" / "acd")
    target = tmp_path / "acd" / mutant.file
    source = target.read_text(encoding="utf-8")
    assert source.count(mutant.old) == 1, "the mutant does not fit the source any more"
    target.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
    if mutant.by == WALK:
        command = ["-c", ALONE]
    else:
        command = [
            "-m",
            "pytest",
            "-xq",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            ".",
            "-c",
            "/dev/null",
            "-o",
            "pythonpath=.",
        ]
        command += [f"tests/unit/acd/test_{test}.py" for test in SCENARIO_TESTS]
    environment = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"}
    killed = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert killed.returncode == 1, f"survived: {killed.stdout[-500:]}{killed.stderr[-500:]}"
    said = killed.stdout + killed.stderr
    assert "ModuleNotFoundError" not in said
    assert "SyntaxError" not in said


@pytest.mark.slow
def test_the_engine_itself_survives() -> None:
    alive = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert alive.returncode == 0, alive.stderr[-2000:]
