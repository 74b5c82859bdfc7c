from __future__ import annotations

from acd.abandoned import Abandoned, abandoned
from acd.events import CallbackRequested, CallLeft, ConversationEnded, LeaveReason, OfferAnswered, Restarted
from acd.model import QueueConfig
from tests.support.acd import Desk


def gave_up(desk: Desk, call: str, customer: str, after: float) -> None:
    desk.join(call, "q", customer=customer)
    desk.wait(after)
    desk.do(CallLeft(call))


def listed(desk: Desk) -> list[tuple[str, float, int]]:
    return [(one.customer, one.waited, one.times) for one in abandoned(desk.records())]


def test_who_gave_up_is_listed_and_who_hung_up_at_once_is_not() -> None:
    desk = Desk(QueueConfig("q"), agents={})
    gave_up(desk, "c1", "+1", 60)
    gave_up(desk, "c2", "+2", 4.9)
    gave_up(desk, "c3", "", 60)
    gave_up(desk, "c4", "+4", 5)
    assert abandoned(desk.records()) == [
        Abandoned("+1", "q", "c1", 60.0, 60.0, 1),
        Abandoned("+4", "q", "c4", desk.now, 5.0, 1),
    ]
    assert [one.customer for one in abandoned(desk.records(), short=1)] == ["+1", "+2", "+4"]


def test_who_was_served_meanwhile_is_not_listed() -> None:
    desk = Desk(QueueConfig("q", wrap_up=0), agents={"a": {}})
    gave_up(desk, "c1", "+1", 60)
    desk.log_in("a")
    desk.join("c2", "q", customer="+1")
    assert listed(desk) == [], "somebody who is on the line again needs no call"
    desk.do(OfferAnswered(desk.offer("a")))
    desk.wait(3)
    desk.do(ConversationEnded("c2"))
    assert listed(desk) == []


def test_who_gives_up_again_and_again_is_listed_once() -> None:
    desk = Desk(QueueConfig("q"), agents={})
    for call in ("c1", "c2", "c3"):
        gave_up(desk, call, "+1", 30)
    assert listed(desk) == [("+1", 30.0, 3)]


def test_a_second_call_that_ends_at_once_does_not_take_the_first_one_off_the_list() -> None:
    desk = Desk(QueueConfig("q"), agents={})
    gave_up(desk, "c1", "+1", 30)
    gave_up(desk, "c2", "+1", 1)
    assert listed(desk) == [("+1", 30.0, 1)]


def test_who_ordered_a_callback_or_went_another_way_needs_no_second_call() -> None:
    desk = Desk(QueueConfig("q"), agents={})
    gave_up(desk, "c1", "+1", 30)
    desk.join("c2", "q", customer="+1")
    desk.do(CallbackRequested("c2", "+1"))
    desk.join("c3", "q", customer="+3")
    desk.wait(30)
    desk.do(CallLeft("c3", LeaveReason.EXIT))
    assert listed(desk) == []


def test_who_was_cut_off_by_a_restart_is_listed() -> None:
    desk = Desk(QueueConfig("q"), agents={})
    desk.join("c1", "q", customer="+1")
    desk.wait(30)
    desk.do(Restarted())
    assert listed(desk) == [("+1", 30.0, 1)]
