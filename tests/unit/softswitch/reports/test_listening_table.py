"""The report on listening fits a terminal of 80 columns."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from softswitch.reports.listening import as_table
from tests.unit.softswitch.campaigns.test_listening import hearing, of

if TYPE_CHECKING:
    from softswitch.campaigns.listening import Listening


def drawn(found: Listening) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(as_table(found))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_message_and_segment_has_a_line() -> None:
    gold = [hearing(f"g{n}", 20.0, segment="gold") for n in range(10)]
    silver = [hearing(f"s{n}", 5.0, "hung-up", segment="silver") for n in range(30)]
    _, heading, everybody, *by_segment = drawn(of(*gold, *silver)).splitlines()
    assert " ".join(heading.split()) == "version; segment for heard end p10 p50 p90 ended by"
    assert " ".join(everybody.split()) == "promo, spring, 1 40 40 25% 25% 25% 100% hung-up 30, end 10"
    assert [line.split()[:4] for line in by_segment] == [["gold", "10", "10", "100%"], ["silver", "30", "30", "0%"]]


def test_nothing_is_said_so() -> None:
    assert drawn(of()) == "no message of a campaign was voiced\n"
