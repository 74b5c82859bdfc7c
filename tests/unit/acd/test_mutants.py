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
    Mutant("all queues age alike", "ticket.py", "return self.ageing * (now - first)", "return 1.0 * (now - first)"),
    Mutant("queues are not compared", "ticket.py", "return (-ticket.standing(now), ", "return (0.0, "),
    Mutant("kept age is lost", "arrivals.py", "since = now if event.waiting_since is None", "since = now if True"),
    Mutant("new callers are not offered", "room.py", "return line in self._grown", "return False"),
    Mutant("freed agents are not offered", "floor.py", "self.freed.add(agent.id)", "pass"),
    Mutant("one agent for two callers", "matching.py", "taken.update(agents)", "pass"),
    Mutant("the line is forgotten after one", "matching.py", "if index + 1 < len(group.callers):", "if False:"),
    Mutant("needs of another language", "room.py", "wanted & ticket.variables.keys()", "()"),
    Mutant(
        "a caller who left rings on",
        "arrivals.py",
        "self._offers.withdraw(ticket, fx.WithdrawReason.CALLER_GONE, now)",
        "pass",
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
        "self._waiting.turn(ticket, Turn.LAST_OFFER_OVER, now)",
        "pass",
    ),
    Mutant("an expired caller waits for ever", "offers.py", "if ticket.expired:\n", "if False:\n"),
    Mutant("expired callers are rung on", "ticket.py", "return not self.expired and (", "return (", SCENARIOS),
    Mutant(
        "the wider line is not entered",
        "waiting.py",
        "self.room.update(ticket)\n        self.arm(ticket)\n\n    # --- ways out",
        "self.arm(ticket)\n\n    # --- ways out",
    ),
    Mutant("a worse position is announced", "announcements.py", "if ahead <= told else None", ""),
    Mutant("nobody notices that all logged out", "waiting.py", "if hopeless[id(ladder)]:", "if False:"),
    Mutant(
        "an agent on a break rings on", "offers.py", "willing = agent.status is Status.AVAILABLE and ", "willing = "
    ),
    Mutant("busy phones are rung", "agent.py", "            and not self.busy\n", ""),
    Mutant("two agents at one phone", "dispatcher.py", "in self._floor.others_at(event.phone, agent):", "in ():"),
    Mutant("failures are lost by a restart", "ticket.py", '"needs": parse(plain["needs"]),', '"failures": {},'),
    Mutant(
        "timers are not journaled", "dispatcher.py", 'self._out.put(fx.Journal({"kind": CLOCK, "at": now}))', "pass"
    ),
    Mutant(
        "a removed queue forgets its callers",
        "waiting.py",
        "self.closing = used - wanted.keys()",
        "self.closing = set()",
    ),
    Mutant("a call ends twice", "waiting.py", "self.tickets.pop(ticket.call, None)", "pass"),
    Mutant("wrap-up even when there is none", "offers.py", "if wrap_up > 0 and agent", "if agent", SCENARIOS),
    Mutant(
        "wrap-up is short", "agent.py", "self.wrap_up_until = now + wrap_up", "self.wrap_up_until = now + 1", SCENARIOS
    ),
    Mutant("answered twice, connected twice", "offers.py", "if offer.answered:\n            return", "", SCENARIOS),
    Mutant(
        "most recently idle first",
        "strategies.py",
        "(fit.tier, agent.idle_since",
        "(fit.tier, -agent.idle_since",
        SCENARIOS,
    ),
    Mutant("ties by chance", "strategies.py", "agent.idle_since, fit.breadth, agent.id)", "0)", SCENARIOS),
    Mutant(
        "round robin does not come round", "matching.py", "moved[queue.id] = (position, agents[0])", "pass", SCENARIOS
    ),
    Mutant("who failed is asked again", "strategies.py", "failures.get(pair[0].id, 0), ", "0, ", SCENARIOS),
    Mutant("late comers get every call", "agent.py", "return self.calls + self.credit", "return self.calls", SCENARIOS),
    Mutant(
        "no break after unanswered offers",
        "floor.py",
        "agent.no_answers >= rules.",
        "agent.no_answers > rules.",
        SCENARIOS,
    ),
    Mutant("broad agents are spent", "strategies.py", "agent.load, fit.breadth", "agent.load, 0", SCENARIOS),
    Mutant("a full queue refuses the lucky", "limits.py", " and not somebody_idle()", "", SCENARIOS),
]


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_mutant_is_killed(mutant: Mutant, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "acd", tmp_path / "acd", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests" / "support").mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "support" / "acd.py", tmp_path / "tests" / "support")
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "unit" / "acd").mkdir(parents=True)
    for test in ("test_walk.py", "test_dispatcher.py", "test_matching.py", "test_agent.py"):
        shutil.copy(ROOT / "tests" / "unit" / "acd" / test, tmp_path / "tests" / "unit" / "acd")
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
        command += [f"tests/unit/acd/{test}.py" for test in ("test_dispatcher", "test_matching", "test_agent")]
    environment = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"}
    killed = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == 1, f"survived: {killed.stdout[-500:]}{killed.stderr[-500:]}"
    said = killed.stdout + killed.stderr
    assert "ModuleNotFoundError" not in said
    assert "SyntaxError" not in said


@pytest.mark.slow
def test_the_engine_itself_survives() -> None:
    alive = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert alive.returncode == 0, alive.stderr[-2000:]
