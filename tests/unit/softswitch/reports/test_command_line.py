"""`softswitch report` and `softswitch explain` as they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from softswitch.__main__ import cli
from tests.unit.softswitch.reports.test_report import CONFIG, DAY, written

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *words: str) -> tuple[int, str, str]:
    file = folder / "config.toml"
    file.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    found = CliRunner().invoke(cli, [*words, "--config", str(file)])
    said = "\n".join(line for line in found.stderr.splitlines() if "warning" not in line)
    return found.exit_code, found.stdout, said


def test_a_report_of_a_day(tmp_path: Path) -> None:
    written(tmp_path)
    code, text, said = run(tmp_path, "report", "--from", DAY, "--by", "queue")
    assert (code, said) == (0, "")
    assert text.startswith("2026-11-18 00:00 to 2026-11-19 00:00 (Europe/Kyiv)")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("report", "--from", "soon"), 2, '"soon" is no date or time'),
        (("report", "--by", "team"), 2, 'there is no report by "team"'),
        (("report", "weather"), 2, 'there is no report "weather"; there are: containment, survey, listening'),
        (("report", "containment", "--by", "team"), 2, 'there is no such report by "team"'),
        (("report", "survey", "--by", "team"), 2, 'there is no such report by "team"'),
        (("explain", "call", "nobody"), 1, 'there is no call whose id begins with "nobody"'),
    ],
)
def test_what_cannot_be_done_is_said_on_stderr(tmp_path: Path, words: tuple[str, ...], code: int, said: str) -> None:
    written(tmp_path)
    found = run(tmp_path, *words)
    assert (found[0], found[1]) == (code, "")
    assert found[2].startswith(said)


def test_without_a_database_there_is_nothing_to_tell(tmp_path: Path) -> None:
    for words in (("report",), ("explain", "call", "last"), ("explain", "replay")):
        code, text, said = run(tmp_path, *words)
        assert (code, text) == (1, "")
        assert "there is no database; has the switch been started with this configuration?" in said


@pytest.mark.parametrize("what", ["containment", "survey", "listening"])
def test_every_special_report_is_made(tmp_path: Path, what: str) -> None:
    written(tmp_path)
    code, text, said = run(tmp_path, "report", what, "--from", DAY, "--json")
    assert (code, said) == (0, "")
    assert text.startswith("{")


@pytest.mark.parametrize(
    ("campaign", "told"),
    [
        ("", "no message of a campaign was voiced"),
        ("spring", 'no message of campaign "spring" was voiced from 2026-11-17 00:00 to 2026-11-18 00:00'),
        ("from-crm", 'no message of campaign "from-crm" was voiced from 2026-11-17 00:00 to 2026-11-18 00:00'),
        ("sprng", 'no campaign "sprng" was ever bound or heard; did you mean "spring"?'),
        ("x", 'no campaign "x" was ever bound or heard'),
    ],
)
def test_a_campaign_that_nobody_knows_is_told_from_one_that_nobody_heard(
    tmp_path: Path, campaign: str, told: str
) -> None:
    voiced = {"node": "menu:main", "slot": "promo", "campaign": "from-crm", "version": 0}
    changed = {"slot": "promo", "version": 1, "new": [{"campaign": "spring"}]}
    written(tmp_path, [(0.0, "campaign.changed", None, changed), (1.0, "ivr.message_voiced", "one", voiced)])
    words = ("--campaign", campaign) if campaign else ()
    day = ("--from", "2026-11-17", "--to", "2026-11-17")
    code, text, _ = run(tmp_path, "report", "listening", *day, *words)
    assert (code, " ".join(text.split()).partition(" (Europe")[0]) == (0, told)


def test_a_call_and_a_replay(tmp_path: Path) -> None:
    written(tmp_path)
    code, text, _ = run(tmp_path, "explain", "call", "last")
    assert code == 0
    assert text.startswith("call five\n")
    code, text, _ = run(tmp_path, "explain", "replay")
    assert code == 1, "decisions without inputs cannot be reproduced"
    assert "until the replay differed from the journal" in text
