"""The journal is the truth: what is read back from the disk leads to every decision again, and explains every call."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from acd.dispatcher import Dispatcher
from softswitch.config.acd import acd_config
from softswitch.explain.legs import leg_ledgers
from softswitch.explain.replay import PREFIX, RECOVERED, verify
from softswitch.explain.story import story
from softswitch.store.queries import Reader
from tests.sim.day import Day
from tests.support.journal_file import write_journal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def day() -> Day:
    found = Day(7, calls=300)
    found.live()
    return found


def fresh(day: Day) -> Dispatcher:
    """As the switch began the day."""
    return Dispatcher(acd_config(day.switch.config))


def test_a_day_read_back_from_the_disk_is_replayed_bit_for_bit(day: Day, tmp_path: Path) -> None:
    with Reader(write_journal(tmp_path, day.switch.journal.lines)) as reader:
        found = verify(reader.lines_like((PREFIX, RECOVERED)), fresh(day))
    assert found.differences == []
    assert found.inputs > 2000
    assert found.decisions > 2000


def test_a_journal_that_was_tampered_with_is_not_replayed_exactly(day: Day) -> None:
    """A decision, its instant, an input or a line that is missing: each is noticed."""
    lines = day.switch.journal.lines
    offers = [n for n, line in enumerate(lines) if line.kind == "acd.offer"]
    answered = [n for n, line in enumerate(lines) if line.kind == "acd.offer_answered"]
    at = offers[len(offers) // 2]
    other = "anna" if lines[at].data["agent"] != "anna" else "borys"
    for number, change in (
        (at, {"agent": other}),
        (at, {"at": lines[at].data["at"] + 1e-9}),
        (answered[len(answered) // 2], {"offer": 999_999}),
        (at, None),
    ):
        changed = list(lines)
        if change is None:
            del changed[number]
        else:
            line = lines[number]
            changed[number] = type(line)(line.seq, line.at, line.kind, line.call, {**line.data, **change})
        assert not verify(changed, fresh(day)).exact, f"{change} at line {number} went unnoticed"


def test_every_call_of_a_day_has_a_story_and_legs_that_add_up(day: Day) -> None:
    lines = day.switch.journal.lines
    calls: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        if line.call is not None:
            calls.setdefault(line.call, []).append(number)
    after = [number for number, line in enumerate(lines) if line.kind == "acd.agent" and line.call is None]
    offers = talked = 0
    for call, numbers in calls.items():
        mine = [lines[number] for number in numbers]
        told = story(mine)
        assert told[0].kind == "call.started", f"{call} begins with {told[0].text}"
        assert told[-1].kind == "call.ended", f"{call} ends with {told[-1].text}"
        offered = sum(line.kind == "acd.offer" for line in mine)
        assert sum(sentence.kind == "acd.offer" for sentence in told) == offered
        offers += offered
        known = {str(line.data.get("agent")) for line in mine if line.kind == "acd.offer"}
        rest = [lines[n] for n in after if n > numbers[0] and lines[n].data["agent"] in known]
        for leg in leg_ledgers(sorted([*mine, *rest], key=lambda line: line.seq)):
            assert sum(leg.sums().values()) == leg.ended - leg.began, f"{leg.who} of {call} does not add up"
            assert all(one.ended == other.began for one, other in pairwise(leg.segments))
            if leg.who == "caller":
                ended = next(line for line in mine if line.kind == "call.ended")
                assert leg.ended - leg.began == round(ended.at * 1e6) - round(mine[0].at * 1e6)
                talked += leg.sums().get("talk", 0) + leg.sums().get("hold", 0)
            else:
                talked -= leg.sums().get("talk", 0) + leg.sums().get("hold", 0)
    assert offers > 100
    assert talked == 0, "callers and agents talked for the same time"
