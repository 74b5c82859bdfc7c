"""What a caller is told about the wait: the policy as a pure function, and scenarios."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.announcements import BOXES, Word, box_of, position_can_grow, what_to_say_of_the_wait
from acd.effects import (
    AnnounceComfort,
    AnnouncementKind,
    AnnouncePosition,
    AnnounceWait,
    Connect,
    OfferCallback,
)
from acd.events import CallAway, CallLeft, CallReturned, OfferAnswered, WaitEstimated
from acd.model import AnnouncePolicy, CallbackPolicy, QueueConfig
from tests.support.acd import Desk

WAIT = AnnouncePolicy(wait=True, first_after=5, every=30)
POSITION = AnnouncePolicy(position=True, first_after=5, every=30)


@pytest.mark.parametrize(
    ("p80", "box"),
    [
        (0, "1"), (59.9, "1"), (60, "2"), (119, "2"), (120, "5"), (299, "5"), (300, "10"), (599, "10"), (600, "20"),
        (1199, "20"), (1200, "more"), (1e9, "more"),
    ],
)  # fmt: skip
def test_boxes(p80: float, box: str) -> None:
    assert BOXES[box_of(p80)][0] == box


@given(st.lists(st.tuples(st.floats(0, 3000), st.floats(0, 3)), max_size=20), st.floats(0.1, 2))
def test_what_is_said_never_gets_worse_and_is_never_far_from_the_truth(
    estimates: list[tuple[float, float]], max_spread: float
) -> None:
    told: int | None = None
    for p80, spread in estimates:
        word, box = what_to_say_of_the_wait(told, p80, spread, max_spread)
        if word is Word.NUMBER:
            assert told is None or box <= told
            assert p80 <= 1.5 * BOXES[box][1]
            assert spread <= max_spread
            told = box
        elif word is Word.COMFORT:
            assert told is not None
            assert p80 > 1.5 * BOXES[told][1]


@pytest.mark.parametrize(
    ("told", "p80", "spread", "word", "box"),
    [
        (None, 100, 1.0, Word.NUMBER, "2"),
        (1, 50, 1.0, Word.NUMBER, "1"),
        (0, 80, 1.0, Word.NUMBER, "1"),  # a little worse: what was said may still be true
        (0, 90, 1.0, Word.NUMBER, "1"),
        (0, 90.1, 1.0, Word.COMFORT, None),
        (5, 1e6, 1.0, Word.NUMBER, "more"),
        (None, 100, 1.51, Word.NOTHING, None),
        (0, 5000, 2.0, Word.NOTHING, None),
    ],
)
def test_the_policy(told: int | None, p80: float, spread: float, word: Word, box: str | None) -> None:
    said, index = what_to_say_of_the_wait(told, p80, spread, 1.5)
    assert said is word
    assert box is None or BOXES[index][0] == box


@pytest.mark.parametrize(
    ("priority", "highest", "waited", "grows"),
    [(0, 0, 0, False), (0, 100, 99, True), (0, 100, 100, False), (100, 100, 0, False), (50, 100, 20, True)],
)
def test_a_position_can_grow_while_somebody_with_priority_could_come_in_between(
    priority: float, highest: float, waited: float, grows: bool
) -> None:
    assert position_can_grow(priority=priority, highest=highest, ageing=1.0, waited=waited) is grows


def estimated(desk: Desk, call: str, p80: float, spread: float = 1.0) -> None:
    desk.do(WaitEstimated(((call, p80 / 2, p80, spread),)))


def test_the_wait_is_told_in_boxes_that_only_shrink() -> None:
    desk = Desk(QueueConfig("q", announce=WAIT), agents={})
    desk.join("c1", "q")
    said: list[tuple[str, AnnouncementKind]] = []
    for p80 in (500.0, 700.0, 250.0, 290.0, 100.0):
        estimated(desk, "c1", p80)
        desk.wait(5 if not said else 30)
        said += [(wait.box, wait.kind) for wait in desk.got(AnnounceWait)]
        estimated(desk, "c1", p80)
    first, update = AnnouncementKind.FIRST, AnnouncementKind.UPDATE
    assert said == [("10", first), ("10", update), ("5", update), ("5", update), ("2", update)]


def test_a_promise_that_cannot_be_kept_is_followed_by_comfort_and_a_callback_but_no_number() -> None:
    desk = Desk(QueueConfig("q", announce=WAIT, callback=CallbackPolicy("7", after=None)), agents={})
    desk.join("c1", "q")
    estimated(desk, "c1", 100)
    desk.wait(5)
    assert [wait.box for wait in desk.got(AnnounceWait)] == ["2"]
    desk.wait(29)
    estimated(desk, "c1", 190)
    desk.wait(1)
    assert desk.got(AnnounceWait) == []
    assert desk.got(AnnounceComfort) == [AnnounceComfort("c1", "q")]
    assert desk.got(OfferCallback) == [OfferCallback("c1", "q", "7")]


def test_nothing_is_said_while_the_estimates_are_spread_too_widely_or_old_or_missing() -> None:
    desk = Desk(QueueConfig("q", announce=WAIT), agents={})
    desk.join("c1", "q")
    desk.wait(5)
    assert desk.got(AnnounceWait) == []
    estimated(desk, "c1", 100, spread=1.6)
    desk.wait(30)
    assert desk.got(AnnounceWait) == []
    estimated(desk, "c1", 100)
    desk.wait(20)
    desk.wait(10)
    assert [wait.box for wait in desk.got(AnnounceWait)] == ["2"], "as old as it may be"
    desk.wait(30)
    assert desk.got(AnnounceWait) == []


def test_an_estimate_is_reduced_by_its_age() -> None:
    desk = Desk(QueueConfig("q", announce=AnnouncePolicy(wait=True, first_after=20)), agents={})
    desk.join("c1", "q")
    estimated(desk, "c1", 70)
    desk.wait(20)
    assert [wait.box for wait in desk.got(AnnounceWait)] == ["1"]


def test_where_callers_with_priority_come_no_position_is_told_until_nobody_can_come_in_between() -> None:
    desk = Desk(QueueConfig("q", announce=POSITION, highest_priority=100), agents={})
    desk.join("plain", "q")
    desk.join("vip", "q", priority=100)
    desk.wait(5)
    assert [position.call for position in desk.got(AnnouncePosition)] == ["vip"]
    desk.do(CallLeft("vip"))
    desk.wait(90)
    assert desk.got(AnnouncePosition) == []
    desk.wait(30)
    assert desk.got(AnnouncePosition) == [AnnouncePosition("plain", "q", 0, AnnouncementKind.FIRST)]


def test_a_queue_that_has_seen_priorities_is_one_with_priorities() -> None:
    desk = Desk(QueueConfig("q", announce=POSITION), agents={})
    desk.join("vip", "q", priority=100)
    desk.do(CallLeft("vip"))
    desk.join("plain", "q")
    desk.wait(99)
    assert desk.got(AnnouncePosition) == []


def test_at_the_cap_nobody_can_come_in_between() -> None:
    desk = Desk(QueueConfig("q", announce=POSITION, highest_priority=100, priority_cap=10), agents={})
    desk.join("plain", "q")
    desk.wait(5)
    assert desk.got(AnnouncePosition) == []
    desk.wait(30)
    assert [position.call for position in desk.got(AnnouncePosition)] == ["plain"]


def test_comfort_comes_at_its_own_intervals() -> None:
    desk = Desk(QueueConfig("q", announce=AnnouncePolicy(comfort=20)), agents={})
    desk.join("c1", "q")
    desk.wait(60)
    assert [at for at, effect in desk.seen if isinstance(effect, AnnounceComfort)] == [20.0, 40.0, 60.0]


def test_nothing_is_said_in_the_exit_menu_and_all_goes_on_after_it() -> None:
    policy = AnnouncePolicy(position=True, first_after=5, every=10, comfort=20)
    desk = Desk(QueueConfig("q", announce=policy, callback=CallbackPolicy(after=15)), agents={})
    desk.join("c1", "q")
    desk.do(CallAway("c1"))
    desk.wait(50)
    assert not [*desk.got(AnnouncePosition), *desk.got(AnnounceComfort), *desk.got(OfferCallback)]
    desk.do(CallReturned("c1"))
    desk.wait(0)
    assert desk.got(OfferCallback) == [OfferCallback("c1", "q", "1")]
    desk.wait(10)
    assert [position.kind for position in desk.got(AnnouncePosition)] == [AnnouncementKind.FIRST]


def test_a_callback_is_offered_once_after_a_while_or_when_the_wait_is_too_long() -> None:
    desk = Desk(QueueConfig("q", callback=CallbackPolicy("3", after=60, expected=240)), agents={})
    desk.join("c1", "q")
    desk.join("c2", "q")
    estimated(desk, "c2", 241)
    assert desk.got(OfferCallback) == [OfferCallback("c2", "q", "3")]
    estimated(desk, "c2", 500)
    assert desk.got(OfferCallback) == []
    desk.wait(59.9)
    assert desk.got(OfferCallback) == []
    desk.wait(0.1)
    assert [offered.call for offered in desk.got(OfferCallback)] == ["c1"]


def test_who_was_offered_a_callback_for_a_broken_promise_is_not_offered_it_again_by_the_clock() -> None:
    desk = Desk(QueueConfig("q", announce=WAIT, callback=CallbackPolicy("7", after=40)), agents={})
    desk.join("c1", "q")
    estimated(desk, "c1", 50)
    desk.wait(34)
    estimated(desk, "c1", 400)
    desk.wait(1)
    assert desk.got(OfferCallback) == [OfferCallback("c1", "q", "7")]
    desk.wait(20)
    assert desk.got(OfferCallback) == []


def test_an_announcement_at_the_instant_of_the_answer_holds_nothing_up() -> None:
    desk = Desk(QueueConfig("q", announce=POSITION), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.now = 5.0
    effects = desk.do(OfferAnswered(desk.offer("a")))
    assert [type(effect) for effect in effects if isinstance(effect, AnnouncePosition | Connect)] == [
        AnnouncePosition,
        Connect,
    ]
