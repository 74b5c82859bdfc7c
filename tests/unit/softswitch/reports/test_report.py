from __future__ import annotations

import csv
import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from softswitch.config import parse_config
from softswitch.reports.command import ReportError, Request, report
from softswitch.store.database import FILE_NAME, StoreError
from softswitch.store.journal import JournalWriter
from tests.support.journal_file import Line, journal, write_journal
from tests.unit.softswitch.reports.test_collect import agent, served, visit

if TYPE_CHECKING:
    from pathlib import Path

    from softswitch.config import Config

CONFIG = """
[server]
timezone = "Europe/Kyiv"
data_dir = "{folder}"

[[phone]]
user = "1001"
password = "secret of anna"

[[agent]]
id = "anna"
phone = "1001"

[break]
1 = "lunch"
2 = {{ reason = "training", paid = true }}

[queue.sales]
[queue.billing]
service_level = {{ answered_within = 60, target = 0.9, short_abandon = 0 }}
"""
#: Nine in the morning of a Wednesday in Kyiv.
NINE = 1_794_985_200.0
DAY = "2026-11-18"
LINES: list[Line] = [
    (-3600.0, "switch.started", None, {"pid": 1}),
    agent(0.0),
    *served("one", 10, 15, 60),
    *served("two", 100, 145, 200, queue="billing"),
    (300.0, "acd.queued", "three", {"queue": "sales"}),
    (340.0, "acd.call_over", "three", {"queue": "sales", "how": "abandoned", "waited": 40.0}),
    (400.0, "acd.call_over", "four", {"queue": "sales", "how": "full", "waited": 0.0}),
    agent(1000.0, status="on_break", reason="lunch"),
    agent(1100.0, status="on_break", reason="training"),
    *visit("five", 1150.0, "menu:main"),
    agent(1200.0),
    agent(4000.0, status="logged_out"),
]


def config(folder: Path) -> Config:
    text = CONFIG.format(folder=folder)
    return parse_config(text.encode(), file="config.toml", folder=folder, env={})


def written(folder: Path, lines: list[Line] | None = None) -> Path:
    return write_journal(folder, journal(*(LINES if lines is None else lines), epoch=NINE))


def printed(folder: Path, *, now: float = 86_400.0, **options: Any) -> str:
    output = io.StringIO()
    request = Request(**{"begin": DAY, **options})
    report(config(folder), request, Console(file=output, width=220, color_system=None), NINE + now)
    return output.getvalue()


def rows(folder: Path, **options: Any) -> list[dict[str, Any]]:
    found = json.loads(printed(folder, json=True, **options))["rows"]
    assert isinstance(found, list)
    return found


def line_of(text: str, beginning: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.startswith(beginning))


def test_a_table_by_queue_names_its_period_and_its_formulas(tmp_path: Path) -> None:
    written(tmp_path)
    text = printed(tmp_path)
    assert text.startswith("2026-11-18 00:00 to 2026-11-19 00:00 (Europe/Kyiv)\n")
    assert line_of(text, "sales")[:6] == ["sales", "2", "1", "1", "1", "50.0"]
    assert line_of(text, "billing")[:6] == ["billing", "1", "1", "0", "0", "100.0"]
    assert line_of(text, "all")[:6] == ["all", "3", "2", "1", "1", "66.7"]
    assert (
        "service_level:F6(answered_within=60,short_abandon=0) = answered ≤ T / (answered + abandoned ≥ S): billing"
        in text
    )
    assert "service_level:F6(as each queue says)" in text
    assert "overflowed" not in text, "columns of zeros are left out"
    assert "menus: 1 callers entered, containment 100.0 %, true containment 100.0 %" in text


def test_json_has_every_figure_with_its_definition_and_parts(tmp_path: Path) -> None:
    written(tmp_path)
    sales, billing, everything = rows(tmp_path)
    assert sales["figures"]["service_level"] == {
        "value": 0.5,
        "unit": "ratio",
        "definition": "service_level:F6(answered_within=20,short_abandon=5)",
        "part": 1,
        "whole": 2,
    }
    assert (billing["target"], everything["total"]) == (0.9, True)
    assert everything["figures"]["asa"]["value"] == 25.0
    document = json.loads(printed(tmp_path, json=True))
    assert document["period"]["from"] == "2026-11-18 00:00:00+02:00"
    for row in document["rows"]:
        assert row["figures"].keys() <= document["definitions"].keys()


def test_another_formula_can_be_asked_for_by_id_or_name(tmp_path: Path) -> None:
    written(tmp_path)
    for name in ("F2", "of-answered"):
        levels = [row["figures"]["service_level"] for row in rows(tmp_path, definition=name)]
        assert [level["value"] for level in levels] == [1.0, 1.0, 1.0]
        assert levels[0]["definition"] == "service_level:F2(answered_within=20,short_abandon=5)"


def test_agents_have_times_that_add_up_and_breaks_that_are_paid_or_not(tmp_path: Path) -> None:
    written(tmp_path)
    anna, _ = rows(tmp_path, by="agent")
    figures = {name: figure["part"] for name, figure in anna["figures"].items()}
    states = ("idle", "reserved", "ringing", "talking", "hold", "wrap_up", "break", "other_call", "unreachable")
    assert sum(figures[state] for state in states) == figures["login"] == 4000 * 10**6
    assert figures["break"] == 200 * 10**6
    assert anna["figures"]["occupancy"]["whole"] == 3800 * 10**6
    assert anna["figures"]["utilisation"]["whole"] == 3900 * 10**6
    assert "1:06:40" in line_of(printed(tmp_path, by="agent"), "anna")


def test_intervals_leave_out_the_quiet_hours_around_the_day(tmp_path: Path) -> None:
    written(tmp_path)
    text = printed(tmp_path, by="interval", interval=60)
    shown = [line[:16] for line in text.splitlines() if line.startswith(DAY) and "(" not in line]
    assert shown == ["2026-11-18 09:00", "2026-11-18 10:00"]
    assert len(rows(tmp_path, by="interval", interval=60)) == 25
    assert len(rows(tmp_path, by="interval")) == 49


def test_calls_behind_the_figures_can_be_listed(tmp_path: Path) -> None:
    written(tmp_path)
    found = {row["call"]: row for row in rows(tmp_path, by="call")}
    assert {call: row["outcome"] for call, row in found.items()} == {
        "one": "answered",
        "two": "answered",
        "three": "abandoned",
        "four": "refused",
    }
    assert (found["two"]["waited"], found["two"]["talk"], found["two"]["agent"]) == (45.0, 55.0, "anna")


def test_csv_is_numbers_with_the_definition_beside_them(tmp_path: Path) -> None:
    written(tmp_path)
    file = tmp_path / "report.csv"
    assert "report.csv: 3 rows" in printed(tmp_path, csv=file)
    with file.open(encoding="utf-8", newline="") as opened:
        sales, billing, everything = csv.DictReader(opened)
    assert (sales["queue"], sales["offered"], sales["service_level"], sales["asa"]) == ("sales", "2", "0.5", "5")
    assert billing["service_level_definition"] == "service_level:F6(answered_within=60,short_abandon=0)"
    assert (everything["queue"], everything["average_virtual_wait"]) == ("all", "")
    with pytest.raises(ReportError, match="cannot be written: No such file or directory"):
        printed(tmp_path, csv=tmp_path / "nowhere" / "report.csv")


def test_a_spreadsheet_does_not_run_what_somebody_has_for_a_name(tmp_path: Path) -> None:
    written(tmp_path, [(1.0, "acd.queued", "=cmd()", {"queue": "sales"})])
    printed(tmp_path, by="call", csv=tmp_path / "calls.csv")
    assert "'=cmd()" in (tmp_path / "calls.csv").read_text()


def test_an_empty_period_says_so(tmp_path: Path) -> None:
    written(tmp_path)
    assert (
        printed(tmp_path, begin="2026-11-17")
        == "nothing happened from 2026-11-17 00:00 to 2026-11-18 00:00 (Europe/Kyiv)\n"
    )
    assert printed(tmp_path, begin="2027-01-01").startswith("nothing happened")
    empty = tmp_path / "new"
    empty.mkdir()
    written(empty, [])
    assert printed(empty).startswith("nothing happened")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "team"}, 'there is no report by "team"; there are: queue, agent, interval, call'),
        ({"interval": 20}, "20 minutes are no interval; there are: 15, 30, 60"),
        ({"queue": "sale"}, 'there is no queue "sale"; there are: sales, billing'),
        ({"definition": "F9"}, 'there is no service level "F9"; there are F1'),
        ({"begin": "soon"}, '"soon" is no date or time'),
    ],
)
def test_what_makes_no_sense_is_said(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    written(tmp_path)
    with pytest.raises(ReportError) as told:
        printed(tmp_path, **options)
    assert str(told.value).startswith(message)


def test_without_a_database_there_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database"):
        printed(tmp_path)


def test_agents_who_logged_in_before_the_period_are_there_from_its_beginning(tmp_path: Path) -> None:
    before = [
        (-90_000.0, "switch.started", None, {"pid": 1}),
        agent(-80_000.0),
        agent(-70_000.0, "talking", call="c"),
        (-69_000.0, "leg.held", "c", {"leg": "agent"}),
        *[(-60_000.0 + n, "ivr.node_entered", "other", {}) for n in range(50)],
        (600.0, "leg.resumed", "c", {"leg": "agent"}),
        agent(900.0, status="logged_out"),
    ]
    written(tmp_path, before)
    (anna, _) = rows(tmp_path, by="agent", begin=f"{DAY} 09:00", end=f"{DAY} 10:00")
    figures = {name: figure["value"] for name, figure in anna["figures"].items()}
    assert (figures["login"], figures["hold"], figures["talking"]) == (900.0, 600.0, 300.0)


def test_a_restart_before_the_period_forgets_agents_whom_it_did_not_recover(tmp_path: Path) -> None:
    for data, expected in (({"fresh": True}, 0), ({"shift": 3.0}, 1)):
        folder = tmp_path / str(expected)
        folder.mkdir()
        lines = [
            agent(-9000.0),
            (-8000.0, "switch.started", None, {"pid": 1}),
            (-8000.0, "switch.recovered", None, data),
        ]
        written(folder, [*lines, (500.0, "switch.stopped", None, {})])
        found = rows(folder, by="agent", begin=f"{DAY} 09:00", end="now")
        assert [row["figures"]["login"]["value"] for row in found if not row.get("total")] == [500.0] * expected


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("pid", "seconds", "outcome"), [(os.getpid(), 500.0, "waiting"), (2**22 + 1, 300.0, "cut")], ids=["running", "dead"]
)
async def test_a_running_switch_is_reported_on_until_now_and_a_dead_one_until_its_last_word(
    tmp_path: Path, pid: int, seconds: float, outcome: str
) -> None:
    writer = JournalWriter(tmp_path / FILE_NAME)
    await writer.start()
    try:
        writer.append("switch.started", None, {"pid": pid}, at=NINE)
        for at, kind, call, data in (agent(0.0), (300.0, "acd.queued", "c", {"queue": "sales"})):
            writer.append(kind, call, data, at=NINE + at)
        await writer.flush()
        anna, _ = rows(tmp_path, by="agent", now=500.0)
        assert anna["figures"]["login"]["value"] == seconds
        assert rows(tmp_path, now=500.0)[0]["figures"][outcome]["value"] == 1
    finally:
        await writer.close()
