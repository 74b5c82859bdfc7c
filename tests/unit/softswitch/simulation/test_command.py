"""`softswitch simulate` from the command line, from a file and from a journal."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from acd import effects as fx
from acd.dispatcher import Dispatcher
from acd.events import AgentLoggedIn, AgentLoggedOut, CallJoined
from acd.model import AcdConfig, AgentConfig, QueueConfig
from acd.samples import Lognormal, exponential
from acd.world import World
from softswitch.__main__ import cli
from softswitch.simulation.learnt import NothingLearnt, learn_day
from softswitch.store.cdr import Record
from tests.support.journal_file import write_journal

if TYPE_CHECKING:
    from pathlib import Path

KYIV = ZoneInfo("Europe/Kyiv")
MONDAY = date(2026, 11, 16)
CONFIG = """
[server]
timezone = "Europe/Kyiv"
[[phone]]
user = "1001"
password = "7rQ-first-phone"
[[phone]]
user = "1002"
password = "9wE-second-phone"
[[agent]]
id = "olena"
phone = "1001"
[[agent]]
id = "piotr"
phone = "1002"
[queue.sales]
wrap_up = 10
[[route]]
did = "100"
to = "queue:sales"
"""
ARRIVALS = '[queue.sales]\nfrom = "09:00"\ncalls = [30, 30]\ntalk = 60\npatience = 100\n'


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["simulate", *arguments], env={"COLUMNS": "80"})
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    (tmp_path / "arrivals.toml").write_text(ARRIVALS)
    return file


def simulated(config: Path, *more: str) -> dict[str, Any]:
    code, out, err = run("--config", str(config), "--json", *more)
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def test_a_day_from_a_file_with_one_agent_more_and_less(config: Path) -> None:
    arrivals = str(config.parent / "arrivals.toml")
    found = simulated(config, "--arrivals", arrivals, "--day", "2026-11-16", "--days", "3")
    queue = found["queues"]["sales"]
    assert found["day"] == "2026-11-16"
    assert 50 < queue["calls"] < 90
    assert 0 <= queue["wait_p50"] < queue["wait_p90"]
    less, more = (next(v for v in found["variants"] if v["by"] == by) for by in (-1, 1))
    assert less["service_level"] < found["service_level"] < more["service_level"]
    assert less["abandoned"] > found["abandoned"] > more["abandoned"]
    assert less["occupancy"] > found["occupancy"] > more["occupancy"]
    assert simulated(config, "--arrivals", arrivals, "--day", "2026-11-16", "--days", "3") == found


def test_tables_name_what_people_look_for(config: Path) -> None:
    code, out, _ = run("--config", str(config), "--arrivals", str(config.parent / "arrivals.toml"), "--days", "2")
    assert code == 0
    for word in ("level ± 95 %", "mean", "P90", "hung up", "One agent more or less", "2 like olena", "sales"):
        assert word in out
    assert "…" not in out
    code, out, _ = run("--config", str(config), "--arrivals", str(config.parent / "arrivals.toml"), "--no-what-if")
    assert "One agent more" not in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--arrivals", "none.toml"], 2, "none.toml: cannot be read"),
        (["--arrivals", "x.toml", "--learn"], 2, "exclude each other"),
        (["--day", "someday"], 2, '"someday" is no day; write it as 20'),
        (["--learn"], 1, "there is no database"),
        (["--days", "0"], 2, "days"),
    ],
)
def test_what_cannot_be_done_is_said(config: Path, arguments: list[str], code: int, said: str) -> None:
    result, out, err = run("--config", str(config), *arguments)
    assert result == code
    assert said in err
    assert out == ""


class Shop:
    """A week of a small shop, played and written into a journal. Implements `acd.world.People`."""

    def __init__(self, days: int) -> None:
        self.records: list[Record] = []
        self.random = Random(1)
        self.talk = Lognormal(90.0, 0.5)
        for day in range(days):
            self.play(MONDAY + timedelta(days=day))

    def rings(self, offer: fx.OfferCall) -> float:
        return 5.0

    def talks(self, call: str, queue: str, agent: str) -> float:
        return self.talk.draw(self.random)

    def is_reached(self, call: str, queue: str) -> float:
        return float("inf")

    def play(self, day: date) -> None:
        begin = datetime(day.year, day.month, day.day, 9, tzinfo=KYIV).timestamp()
        self.offset = begin
        acd = Dispatcher(AcdConfig((QueueConfig("sales", wrap_up=10.0),), (AgentConfig("olena"), AgentConfig("piotr"))))
        world = World(acd, self, self.watch)
        self.write("switch.started", None, {}, begin)
        world.happen(AgentLoggedIn("olena", "1"), 0.0)
        world.happen(AgentLoggedIn("piotr", "2"), 0.0)
        world.at(4 * 3600.0, AgentLoggedOut("piotr"))
        at, count = 0.0, 0
        while (at := at + exponential(120.0, self.random)) < 8 * 3600:
            count += 1
            call = f"{day} {count}"
            world.at(at, CallJoined(call, "sales", language="uk"))
            world.gives_up(call, at + exponential(200.0, self.random))
        world.run(9 * 3600.0)
        self.write("switch.stopped", None, {}, begin + 9 * 3600)

    def watch(self, effect: fx.Effect, now: float) -> None:
        if isinstance(effect, fx.Journal):
            data = {name: value for name, value in effect.record.items() if name != "kind"}
            self.write(f"acd.{effect.record['kind']}", effect.record.get("call"), data, self.offset + now)

    def write(self, kind: str, call: str | None, data: dict[str, Any], at: float) -> None:
        self.records.append(Record(len(self.records) + 1, at, kind, call, data))


def test_a_day_is_learnt_from_the_journal(config: Path) -> None:
    (config.parent / "var").mkdir()
    write_journal(config.parent / "var", Shop(2).records)
    found = simulated(config, "--day", "2026-11-16", "--days", "10")
    assert found["callers"] == "the journal of 2026-11-16"
    assert 200 < found["queues"]["sales"]["calls"] < 280
    assert found["queues"]["sales"]["handling"] == pytest.approx(105, rel=0.1)
    later = simulated(config, "--learn", "--day", "2026-11-24", "--no-what-if")
    assert later["callers"] == "a Tuesday in the journal before 2026-11-24"


def test_what_is_learnt_is_what_was_there(tmp_path: Path) -> None:
    database = write_journal(tmp_path, Shop(1).records)
    wall = datetime(2026, 11, 20, tzinfo=KYIV).timestamp()
    demand = learn_day(database, MONDAY, KYIV, ["sales"], ["olena", "piotr"], wall)
    callers = demand.queues["sales"]
    assert demand.shifts["olena"] == ((9 * 3600.0, 18 * 3600.0),)
    assert demand.shifts["piotr"] == ((9 * 3600.0, 13 * 3600.0),)
    assert callers.expected == pytest.approx(240, rel=0.2)
    assert (demand.begin, demand.end) == (9 * 3600.0, 17 * 3600.0)
    assert {(kind.language, kind.needs): weight for kind, weight in callers.kinds.items()} == {
        ("uk", ""): callers.expected
    }
    random = Random(2)
    talk = [callers.talk.draw(random) for _ in range(2000)]
    patience = [callers.patience.draw(random) for _ in range(2000)]
    assert sum(talk) / 2000 == pytest.approx(90, rel=0.15)
    assert sum(patience) / 2000 == pytest.approx(200, rel=0.4)
    assert callers.answer.draw(random) == pytest.approx(5, abs=2)


def test_a_journal_without_such_days_says_which_it_has(tmp_path: Path) -> None:
    database = write_journal(tmp_path, Shop(1).records)
    wall = datetime(2026, 11, 20, tzinfo=KYIV).timestamp()
    with pytest.raises(NothingLearnt, match=r"no calls of Sunday 2026-11-22.*it has 2026-11-16; give --arrivals"):
        learn_day(database, date(2026, 11, 22), KYIV, ["sales"], ["olena"], wall)
