"""Hours set by hand, as a question supposes them and as the journal of the switch has them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from softswitch.__main__ import cli
from softswitch.call.supposed import QuestionError
from softswitch.config import load_config
from softswitch.explain.route import Question, explain_route
from softswitch.tryout.calltest import read_tests, run_test
from softswitch.tryout.command import Request, attempt
from softswitch.tryout.walk import walk
from tests.support.journal_file import journal, write_journal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from softswitch.config import Config

CENTRE = """
[server]
timezone = "Europe/Kyiv"

[[phone]]
user = "1001"
password = "a-long-secret"

[say.open]
say = "Open."
[say.closed]
say = "Closed."
[say.special]
say = "Special."

[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "say:open"
when_closed = "say:closed"
when_special = "say:special"

[hours.shop]
open = ["daily"]
when_open = "say:open"
when_closed = "say:closed"

[[route]]
did = "200"
when = "special:shop"
to = "say:special"

[[route]]
did = "200"
when = "open:shop"
to = "say:open"

[[route]]
did = "100"
to = "hours:office"
"""
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday; noon in Kyiv
FORCED = NOW.timestamp() - 600


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "config.toml").write_text(CENTRE, encoding="utf-8")
    return load_config(tmp_path / "config.toml")


@pytest.fixture
def forced(config: Config) -> Config:
    """Ten minutes ago olena has closed the office until one o'clock, and the shop was special and is not any more."""
    lines = (
        (FORCED - 60, "hours.forced", None, {"hours": "shop", "state": "special", "until": None, "by": "1001"}),
        (
            FORCED,
            "hours.forced",
            None,
            {"hours": "office", "state": "closed", "until": NOW.timestamp() + 3600, "by": "olena"},
        ),
        (FORCED + 60, "hours.released", None, {"hours": "shop", "by": "1001"}),
        (FORCED + 70, "hours.forced", None, {"hours": "gone", "state": "closed", "until": None, "by": "1001"}),
    )
    config.server.data_dir.mkdir()
    write_journal(config.server.data_dir, journal(*lines))
    return config


def said(
    config: Config, did: str = "100", at: str = "", hours: Sequence[str] = (), *, by_hand: bool = True
) -> list[str]:
    request = Request(did, phone="1001", at=at, hours=hours, by_hand=by_hand)
    return [said.text for said in walk(config, attempt(config, request, NOW)).said]


def explained(config: Config, did: str = "100", at: str = "", hours: Sequence[str] = ()) -> list[str]:
    question = Question(did, phone="1001", at=at, hours=hours, by_hand=True)
    return list(explain_route(config, question, NOW).lines(did))


@pytest.mark.parametrize(
    ("hours", "heard"), [("closed", "Closed."), ("special", "Special."), ("open", "Open."), ("auto", "Open.")]
)
def test_hours_are_as_the_question_supposes(config: Config, hours: str, heard: str) -> None:
    assert said(config, hours=[f"office={hours}"]) == [heard]
    assert said(config, at="2026-11-22 12:00", hours=["office=open"]) == ["Open."]
    assert explained(config, hours=[f"office={hours}"])[-1].startswith(f"  hears say.{heard.strip('.').lower()}")


def test_routes_ask_them_too_and_the_last_word_counts(config: Config) -> None:
    assert said(config, "200", hours=["shop=closed", "shop=special"]) == ["Special."]
    lines = explained(config, "200", hours=["shop=special"])
    assert lines[1:3] == [
        "hours shop are set to special by supposition",
        "  yes route 1 (did 200, when special:shop (forced by supposition))",
    ]


def test_what_is_set_in_the_switch_counts_as_long_as_it_holds(forced: Config) -> None:
    assert said(forced) == ["Closed."]
    assert said(forced, at="12:59") == ["Closed."]
    assert said(forced, at="13:00") == ["Open."]
    assert said(forced, at="11:45") == ["Open."]  # before
    assert said(forced, "200") == ["Open."]
    assert said(forced, "200", at="2026-11-23 11:49:30") == ["Special."]
    assert said(forced, hours=["office=auto"]) == ["Open."]
    assert said(forced, hours=["shop=closed"]) == ["Closed."]
    assert said(forced, by_hand=False) == ["Open."]
    lines = explained(forced)
    assert "hours office are set to closed by olena until 2026-11-23 13:00" in lines
    assert "  office is closed: forced by olena (by its rules it is open)" in lines
    assert not any("shop" in line for line in lines[:2])


@pytest.mark.parametrize(
    ("hours", "complaint"),
    [
        ("office", "sets no hours: write"),
        ("office=shut", "states are open, closed, special, auto"),
        ("offce=open", 'there are no hours "offce"; did you mean "office"?'),
    ],
)
def test_what_makes_no_sense_is_told(config: Config, hours: str, complaint: str) -> None:
    with pytest.raises(QuestionError, match=complaint.replace("?", r"\?")):
        said(config, hours=[hours])


def test_a_calltest_goes_by_its_own_words_alone(forced: Config, tmp_path: Path) -> None:
    file = tmp_path / "office.calltest.toml"
    file.write_text(
        '[[test]]\nname = "rules"\ndid = "100"\nphone = "1001"\nat = "2026-11-23 12:00"\n'
        '[test.expect]\nprompts = "Open."\n'
        '[[test]]\nname = "evacuation"\ndid = "100"\nphone = "1001"\nat = "2026-11-23 12:00"\n'
        'hours = { office = "special" }\n[test.expect]\nprompts = "Special."\n'
        '[[test]]\nname = "nobody knows"\ndid = "100"\nphone = "1001"\nat = "2026-11-23 12:00"\n'
        'hours = { offce = "special" }\n[test.expect]\nprompts = "Special."\n',
        encoding="utf-8",
    )
    verdicts = [run_test(forced, test, NOW).differences for test in read_tests(file)]
    assert verdicts == [(), (), ('there are no hours "offce"; did you mean "office"?',)]


@pytest.mark.parametrize("command", [["try"], ["explain", "route"]])
def test_the_commands_take_them(forced: Config, command: list[str]) -> None:
    common = [*command, "--did", "100", "--phone", "1001", "--config", forced.file, "--at", "2026-11-23 12:00"]
    told = CliRunner().invoke(cli, common)
    assert "hours office are set to closed by olena until 2026-11-23 13:00" in told.output
    told = CliRunner().invoke(cli, [*common, "--hours", "office=special", "--hours", "shop=closed"])
    assert "hours office are set to special by supposition" in told.output
    assert "hours shop are set to closed by supposition" in told.output
    refused = CliRunner().invoke(cli, [*common, "--hours", "office"])
    assert (refused.exit_code, "sets no hours" in refused.output) == (2, True)
