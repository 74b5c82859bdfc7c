"""Golden values of what menus do for callers, from a journal of nine calls and the day after it."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from softswitch.reports import special
from softswitch.reports.command import ReportError, Request
from softswitch.reports.menus import KINDS, MenuFigures, MenuReport, Split, menu_figures
from tests.support.journal_file import Line, journal, write_journal
from tests.unit.softswitch.reports.test_report import DAY, NINE, config

if TYPE_CHECKING:
    from pathlib import Path

DAY_LENGTH = 86_400.0


def call(
    name: str,
    at: float,
    *steps: tuple[str, float, str],
    caller: str = "",
    did: str = "100",
    by: str = "caller",
    chosen: tuple[str, str] = ("", ""),
    **started: Any,
) -> list[Line]:
    """*steps*: place, seconds there and what led out; *chosen*: label and path as the end of the call tells them."""
    data = {"caller": caller or f"+38050{name}", "trunk": "kyiv", "dialled": did, "language": "uk", **started}
    lines: list[Line] = [(at, "call.started", name, data)]
    for node, seconds, via in steps:
        lines.append((at, "ivr.node_entered", name, {"node": node}))
        at += seconds
        lines.append((at, "ivr.node_left", name, {"node": node, "dwell": seconds, "via": via}))
    label, path = chosen
    told = {"menu_label": label, "menu_path": path} if path else {}
    return [*lines, (at, "call.ended", name, {"by": by, **told})]


HOURS = ("Opening hours", "main 3")
SALES = ("Sales", "main 1")
LINES: list[Line] = sorted(
    [
        # three who hear the opening hours: content, back within the day, back after it
        *call("1", 100, ("menu:main", 10, "key 3"), ("say:hours", 8, "then"), chosen=HOURS, by="switch"),
        *call("2", 200, ("menu:main", 9, "key 3"), ("say:hours", 3, "hung-up"), chosen=HOURS),
        *call("2b", 50_000, ("menu:main", 5, "key 1"), ("queue:sales", 60, "ended"), caller="+380502", chosen=SALES),
        *call("3", 300, ("menu:main", 10, "key 3"), ("say:hours", 8, "then"), chosen=HOURS, by="switch"),
        *call("3b", 300 + 18 + DAY_LENGTH + 1, ("menu:main", 5, "hung-up"), caller="+380503"),
        # sales: by the queue, by the other number, in another language
        *call("4", 400, ("menu:main", 4, "key 1"), ("queue:sales", 30, "hung-up"), chosen=SALES),
        *call("5", 500, ("menu:main", 4, "key 1"), ("queue:sales", 90, "ended"), chosen=SALES, did="200"),
        # nothing chosen: hung up at once; after listening; and for nobody's sake sent to the operator
        *call("6", 600, ("menu:main", 2, "hung-up")),
        *call("7", 700, ("menu:main", 20, "hung-up"), segment="gold"),
        *call("8", 800, ("menu:main", 30, "no-input"), ("voicemail:sales", 20, "done"), by="switch"),
        # neither counts: no menu, and a callback of ours
        *call("9", 900, ("queue:sales", 10, "hung-up")),
        *call("cb", 950, ("menu:callback-greeting", 3, "hung-up"), callback_of="4"),
        (702.0, "ivr.language_chosen", "7", {"language": "pl"}),
        (101.0, "ivr.version_chosen", "1", {"node": "menu:main", "to": "menu:new", "percent": 10}),
        (201.0, "ivr.version_chosen", "2", {"node": "menu:main", "to": "menu:main", "percent": 90}),
        (401.0, "ivr.version_chosen", "4", {"node": "menu:main", "to": "menu:main", "percent": 90}),
        (101.0, "ivr.variables_set", "1", {"values": {"segment": "silver"}}),
    ],
    key=lambda line: line[0],
)


def found(lines: list[Line] | None = None, end: float = DAY_LENGTH) -> MenuFigures:
    return menu_figures(journal(*(LINES if lines is None else lines)), 0.0, end)


def table(split: Split) -> dict[str, dict[str, float | None]]:
    rows = found().rows(split)
    return {"".join(row.keys.values()): {name: f.value for name, f in row.figures.items()} for row in rows}


def test_containment_of_everybody() -> None:
    everybody = table(Split.TOPIC)["all"]
    # entered: 1 2 2b 3 4 5 6 7 8; to people: 2b 4 5 8; truly: 1 3 7 (2 called again, 6 hung up at once)
    assert everybody == {
        "entered": 9.0,
        "to_people": 4.0,
        "contained": 5.0,
        "at_once": 1.0,
        "repeats": 1.0,
        "repeat_rate": pytest.approx(1 / 5),
        "containment": pytest.approx(5 / 9),
        "true_containment": pytest.approx(3 / 9),
    }


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        (Split.TOPIC, {"Opening hours": (3, 3, 2), "Sales": (3, 0, 0), "main": (3, 2, 1)}),
        (Split.PATH, {"main 3": (3, 3, 2), "main 1": (3, 0, 0), "main": (3, 2, 1)}),
        (Split.DID, {"100": (8, 5, 3), "200": (1, 0, 0)}),
        (Split.SEGMENT, {"–": (7, 3, 1), "gold": (1, 1, 1), "silver": (1, 1, 1)}),
        (Split.LANGUAGE, {"uk": (8, 4, 2), "pl": (1, 1, 1)}),
        (Split.VERSION, {"–": (6, 3, 2), "menu:main = menu:main": (2, 1, 0), "menu:main = menu:new": (1, 1, 1)}),
    ],
)
def test_containment_by_what_callers_are_told_apart_by(split: Split, expected: dict[str, tuple[int, int, int]]) -> None:
    rows = table(split)
    del rows["all"]
    made = {
        value: (f["entered"], f["contained"], round((f["true_containment"] or 0.0) * (f["entered"] or 0.0)))
        for value, f in rows.items()
    }
    assert made == expected


def test_places_tell_where_callers_hang_up() -> None:
    rows = table(Split.NODE)
    assert list(rows) == ["menu:main", "queue:sales", "say:hours", "voicemail:sales"]
    assert rows["menu:main"] == {
        "visits": 9.0,
        "hung_up": 2.0,
        "drop_off": pytest.approx(2 / 9),
        "gave_up": 1.0,
        "dwell": pytest.approx((10 + 9 + 5 + 10 + 4 + 4 + 2 + 20 + 30) / 9),
    }
    assert rows["say:hours"]["drop_off"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("via", "gave_up"), [("no-try-left", 1), ("no-input", 1), ("invalid", 1), ("entered", 0), ("hung-up", 0)]
)
def test_who_has_no_try_or_retry_left_has_given_up(via: str, gave_up: int) -> None:
    place = found(call("1", 100, ("menu:main", 5, "key 1"), ("collect:code", 9, via))).places["collect:code"]
    assert (place.visits, place.gave_up) == (1, gave_up)


def knows(name: str, at: float, customer_id: str) -> Line:
    return (at, "call.identified", name, {"node": "lookup:crm", "customer_id": customer_id})


HELPED = call("1", 100, ("menu:main", 10, "hung-up"))  # until 110


@pytest.mark.parametrize(
    ("later", "repeats"),
    [
        ([*call("2", 500, ("queue:q", 10, "ended")), knows("2", 505, "K-1")], 1),
        (call("2", 500, ("queue:q", 10, "ended"), customer_id="K-1"), 1),
        ([*call("2", 500, ("queue:q", 10, "ended")), knows("2", 505, "K-2")], 0),
        ([*call("2", 500, ("queue:q", 10, "ended"), callback_of="1"), knows("2", 505, "K-1")], 0),
        ([*call("2", 200_000, ("queue:q", 10, "ended")), knows("2", 200_005, "K-1")], 0),
        (call("2", 500, ("queue:q", 10, "ended"), caller="+380501"), 1),
        ([*call("2", 500, ("queue:q", 10, "ended"), caller="+380501"), knows("2", 505, "K-1")], 1),
        (call("2", 500, ("queue:q", 10, "ended"), caller="K-1"), 0),
    ],
)
def test_who_calls_again_is_known_by_the_number_or_as_the_same_customer(later: list[Line], repeats: int) -> None:
    lines = sorted([*HELPED, knows("1", 105, "K-1"), *later], key=lambda line: line[0])
    whole = found(lines).whole
    assert (whole.contained, whole.repeats) == (1, repeats)


def test_lines_that_are_not_read_from_the_disk_change_nothing() -> None:
    chatter: list[Line] = [(5.0, "ivr.prompts_started", "1", {}), (6.0, "leg.media", "1", {"received": 1})]
    assert found([*chatter, *LINES]).whole == found([line for line in LINES if line[1] in KINDS]).whole


def test_who_calls_again_behind_the_period_was_not_helped_in_it() -> None:
    whole = found(end=1000.0).whole
    assert (whole.entered, whole.contained, whole.repeats) == (8, 5, 1)


def test_a_period_is_done_with_a_day_after_its_last_call_whatever_a_restart_cut() -> None:
    report = MenuReport(0.0, 1000.0)
    for record in journal(*call("1", 900, ("menu:main", 200, "hung-up")), *call("2", 950, ("menu:main", 9, ""))[:-1]):
        report.read(record)
    assert not report.finished(1e9), "the second goes on"
    for record in journal((2000.0, "switch.started", None, {"pid": 2})):
        report.read(record)
    assert not report.finished(1100 + DAY_LENGTH)
    assert report.finished(1100 + DAY_LENGTH + 1)


def test_calls_that_a_restart_cut_are_not_waited_for_and_not_counted() -> None:
    lines: list[Line] = [
        *call("1", 100, ("menu:main", 10, "hung-up"))[:-1],
        (150.0, "switch.started", None, {"pid": 2}),
        *call("2", 200, ("menu:main", 10, "hung-up")),
    ]
    assert found(lines).whole.entered == 1


def printed(folder: Path, **options: Any) -> str:
    write_journal(folder, journal(*LINES, epoch=NINE))
    output = io.StringIO()
    console = Console(file=output, width=200, color_system=None)
    special.containment(config(folder), Request(**{"begin": DAY, **options}), console, NINE + 3 * DAY_LENGTH)
    return output.getvalue()


def test_as_table_json_and_csv(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).mkdir()
    text = printed(tmp_path / "a")
    assert "Opening hours" in text
    assert "55.6 %" in text
    assert "where callers hang up" in text
    document = json.loads(printed(tmp_path / "b", json=True, by="path"))
    assert document["by"] == "path"
    assert document["rows"][-1]["figures"]["true_containment"]["definition"] == (
        "true_containment(repeat=86400,listened=5)"
    )
    assert document["drop_off"][0]["node"] == "menu:main"
    printed(tmp_path / "c", csv=tmp_path / "out.csv", by="node")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["node"] == "menu:main"
    assert rows[0]["drop_off"] == "0.222222"
    with pytest.raises(ReportError, match="topic, path"):
        printed(tmp_path / "d", by="team")


def test_nobody_came(tmp_path: Path) -> None:
    assert "nobody came to a menu" in printed(tmp_path, begin="2026-11-01")
