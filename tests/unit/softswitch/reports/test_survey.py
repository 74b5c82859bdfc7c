"""Golden values of surveys: scores, response rates, how sure they are, and whose they are."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from softswitch.reports import special
from softswitch.reports.command import ReportError, Request
from softswitch.reports.survey import KINDS, Scores, Split, answers, rows, wilson
from tests.support.journal_file import Line, journal, write_journal
from tests.unit.softswitch.reports.test_report import DAY, NINE, config

if TYPE_CHECKING:
    from pathlib import Path

QUESTIONS = {
    "survey:after": ("after", "service", "csat"),
    "survey:after/2": ("after", "again", "nps"),
    "survey:after/3": ("after", "easy", "ces"),
}


def conversation(
    name: str, at: float, agent: str, queue: str, *scores: int | None, key: str = "1", ends: bool = True
) -> list[Line]:
    """A caller who is asked as many questions as there are *scores*; None is silence."""
    lines: list[Line] = [
        (at, "call.started", name, {"caller": name, "trunk": "kyiv", "dialled": "100", "language": "uk"}),
        (at, "ivr.node_entered", name, {"node": "menu:main"}),
        (at + 5, "ivr.key_chosen", name, {"node": "menu:main", "key": key}),
        (at + 10, "call.connected", name, {"agent": agent, "queue": queue}),
    ]
    at += 60
    for number, score in enumerate(scores, 1):
        node = "survey:after" + (f"/{number}" if number > 1 else "")
        lines.append((at, "ivr.node_entered", name, {"node": node}))
        at += 4
        if score is not None:
            survey, question, scale = QUESTIONS[node]
            data = {"node": node, "survey": survey, "question": question, "scale": scale, "score": score}
            lines.append((at, "ivr.survey", name, data))
    lines.append((at, "ivr.node_entered", name, {"node": "survey:after/thanks"}))
    return [*lines, (at + 2, "call.ended", name, {})] if ends else lines


LINES: list[Line] = sorted(
    [
        *conversation("1", 0, "olena", "sales", 5, 10, 7),
        *conversation("2", 100, "olena", "sales", 4, 9, 6),
        *conversation("3", 200, "olena", "billing", 3, 8, 4, key="2"),
        *conversation("4", 300, "piotr", "sales", 1, 0, 1),
        *conversation("5", 400, "piotr", "sales", None, 6, None),
        *conversation("6", 4000, "piotr", "billing", 5),
        *conversation("7", 5000, "piotr", "billing", None, ends=False)[:-1],
    ],
    key=lambda line: line[0],
)


def scores(split: Split, lines: list[Line] | None = None) -> dict[tuple[str, ...], dict[str, float | None]]:
    asked = answers(journal(*(LINES if lines is None else lines)), 0.0, 86_400.0, QUESTIONS)
    found = rows(asked, split, lambda at: f"{at // 3600:.0f}:00")
    return {tuple(row.keys.values()): {n: f.value for n, f in row.figures.items()} for row in found}


def test_each_question_has_its_score_and_response_rate() -> None:
    found = scores(Split.QUESTION)
    assert found["after", "service", "csat"] == {
        "asked": 7.0, "answers": 5.0, "response_rate": pytest.approx(5 / 7), "csat": pytest.approx(3 / 5),
    }  # fmt: skip
    assert found["after", "again", "nps"] == {
        "asked": 5.0, "answers": 5.0, "response_rate": 1.0, "nps": pytest.approx(100 * (2 - 2) / 5),
    }  # fmt: skip
    assert found["after", "easy", "ces"] == {
        "asked": 5.0, "answers": 4.0, "response_rate": 0.8, "ces": pytest.approx(18 / 4), "ces_easy": 0.5,
    }  # fmt: skip
    assert found["all", "", "csat"]["answers"] == 5.0


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        (Split.AGENT, {"olena": (3, 3, 2 / 3), "piotr": (4, 2, 0.5)}),
        (Split.QUEUE, {"sales": (4, 3, 2 / 3), "billing": (3, 2, 0.5)}),
        (Split.PATH, {"main 1": (6, 4, 0.75), "main 2": (1, 1, 0.0)}),
        (Split.NODE, {"main 1": (6, 4, 0.75), "main 2": (1, 1, 0.0)}),
        (Split.DID, {"100": (7, 5, 0.6)}),
        (Split.LANGUAGE, {"uk": (7, 5, 0.6)}),
        (Split.INTERVAL, {"0:00": (5, 4, 0.5), "1:00": (2, 1, 1.0)}),
    ],
)
def test_satisfaction_by_whose_it_is(split: Split, expected: dict[str, tuple[int, int, float]]) -> None:
    made = {
        key[0]: (figures["asked"], figures["answers"], figures["csat"])
        for key, figures in scores(split).items()
        if key[1:] == ("after", "service", "csat")
    }
    assert made == {key: pytest.approx(value) for key, value in expected.items()}


def test_every_answer_leads_to_its_call() -> None:
    asked = answers(journal(*LINES), 0.0, 86_400.0, QUESTIONS)
    first, *_ = rows(asked, Split.CALL, lambda at: f"{at:g}")
    assert first.keys == {"call": "1", "at": "60", "survey": "after", "question": "service", "scale": "csat"}
    assert first.facts == {
        "score": "5", "queue": "sales", "agent": "olena", "path": "main 1", "did": "100", "language": "uk",
    }  # fmt: skip


def test_questions_that_the_configuration_has_no_more_are_known_by_their_answers() -> None:
    asked = answers(journal(*LINES), 0.0, 86_400.0, {})
    assert sum(one.question == "service" for one in asked) == 7


def test_only_lines_that_are_read_from_the_disk_matter() -> None:
    assert scores(Split.AGENT) == scores(Split.AGENT, [line for line in LINES if line[1] in KINDS])


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),  # Wilson 1927, as R's prop.test(correct = FALSE) gives them
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_how_sure_a_ratio_is(part: int, whole: int, low: float, high: float) -> None:
    assert list(wilson(part, whole)) == pytest.approx([low, high], abs=1e-4)


def test_net_promoters_of_a_hundred() -> None:
    hundred = Scores("nps", 200, [10] * 50 + [8] * 20 + [3] * 30)
    assert hundred.figures()["nps"].value == pytest.approx(20.0)
    assert list(hundred.range() or ()) == pytest.approx([2.92, 37.08], abs=0.01)
    assert Scores("csat", 3).range() is None
    assert Scores("csat", 3).figures()["csat"].value is None


def printed(folder: Path, **options: Any) -> str:
    folder.mkdir(exist_ok=True)
    write_journal(folder, journal(*LINES, epoch=NINE))
    output = io.StringIO()
    console = Console(file=output, width=220, color_system=None)
    special.surveys(config(folder), Request(**{"begin": DAY, **options}), console, NINE + 86_400)
    return output.getvalue()


def test_as_table_json_and_csv(tmp_path: Path) -> None:
    text = printed(tmp_path / "a", by="agent")
    assert "66.7 %" in text
    assert "olena" in text
    document = json.loads(printed(tmp_path / "b", json=True))
    (service,) = [row for row in document["rows"] if row["question"] == "service"]
    assert (service["low"], service["high"]) == (pytest.approx(0.2307, abs=1e-3), pytest.approx(0.8824, abs=1e-3))
    assert document["definitions"]["csat"]["formula"]
    printed(tmp_path / "c", by="call", csv=tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 17
    assert lines[0]["score"] == "5"
    assert "2026-11-18 09:00" in printed(tmp_path / "d", by="interval")
    with pytest.raises(ReportError, match="question, queue"):
        printed(tmp_path / "e", by="team")


def test_nobody_was_asked(tmp_path: Path) -> None:
    assert "nobody was asked" in printed(tmp_path / "a", begin="2026-11-01")
