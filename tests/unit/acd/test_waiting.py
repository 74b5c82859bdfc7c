"""Scenarios of callers who wait: the exit menu, changes by others, limits, overflow, and calling again."""

from __future__ import annotations

import json

import pytest

from acd.agent import State, Status
from acd.dispatcher import Dispatcher
from acd.effects import (
    AnnouncementKind,
    AnnouncePosition,
    CallMoved,
    OfferCall,
    OfferCallback,
    QueueEmpty,
    QueueFull,
    QueueOverflowed,
    QueueTimedOut,
    WithdrawOffer,
    WithdrawReason,
)
from acd.events import (
    AgentLoggedOut,
    CallAway,
    CallbackRequested,
    CallChanged,
    CallLeft,
    CallReturned,
    ConversationEnded,
    FailReason,
    LeaveReason,
    OfferAnswered,
    OfferFailed,
    WaitEstimated,
)
from acd.model import AnnouncePolicy, CallbackPolicy, OverflowStep, QueueConfig, Strategy
from acd.pace import USUAL_HANDLING
from acd.skills import parse
from acd.ticket import Place
from tests.support.acd import Desk

PLAIN = QueueConfig("q", wrap_up=0)


# --- the exit menu


def test_a_caller_in_the_exit_menu_is_not_offered_but_keeps_the_place() -> None:
    desk = Desk(PLAIN, agents={"a": {}, "b": {}})
    for call in ("c1", "c2", "c3"):
        desk.join(call, "q")
    desk.do(CallAway("c1"))
    assert [desk.acd.ahead_of(call) for call in ("c1", "c2", "c3")] == [0, 1, 2]
    desk.log_in("a")
    assert desk.offered() == [("c2", "a")]
    desk.log_in("b")
    assert desk.offered() == [("c3", "b")]
    desk.do(OfferFailed(desk.offer("b"), FailReason.REJECTED), CallReturned("c1"))
    assert [t.call for t in desk.acd.waiting("q")] == ["c1", "c2", "c3"]


def test_who_comes_back_is_offered_at_once_with_the_whole_age() -> None:
    desk = Desk(PLAIN, agents={"a": {}})
    desk.join("c1", "q")
    desk.wait(10)
    desk.do(CallAway("c1"))
    desk.log_in("a")
    desk.join("c2", "q")
    assert desk.offered() == [("c2", "a")]
    desk.do(OfferFailed(desk.offer("a"), FailReason.REJECTED), CallReturned("c1"))
    desk.wait(15)
    assert desk.offered() == [("c1", "a")]
    desk.do(OfferAnswered(desk.offer("a")))
    assert desk.seen[-1][0] - desk.acd.tickets["c1"].since == 25.0


def test_the_phone_that_rings_stops_when_the_caller_opens_the_menu_and_the_agent_is_not_blamed() -> None:
    desk = Desk(PLAIN, agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(CallAway("c1"))
    assert desk.got(WithdrawOffer) == [WithdrawOffer(1, "c1", "a", WithdrawReason.CALLER_AWAY)]
    desk.do(CallReturned("c1"))
    assert desk.offered() == [("c1", "a")]


def test_nothing_ends_the_stay_of_a_caller_in_the_menu_it_is_made_up_for_afterwards() -> None:
    queue = QueueConfig("q", max_wait=30, when_timed_out="voicemail:q", when_empty="voicemail:q")
    desk = Desk(queue, agents={"a": {}})
    desk.log_in("a")
    desk.do(CallAway("c0"))
    desk.join("c0", "q")
    desk.do(OfferAnswered(desk.offer("a")))
    desk.join("c1", "q")
    desk.do(CallAway("c1"))
    desk.wait(40)
    assert desk.acd.tickets["c1"].place is Place.AWAY
    desk.do(CallReturned("c1"))
    assert desk.got(QueueTimedOut) == [QueueTimedOut("c1", "q", "voicemail:q", 0.0)]


def test_who_returns_to_a_queue_that_nobody_serves_any_more_goes_on() -> None:
    desk = Desk(QueueConfig("q", when_empty="voicemail:q"), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(CallAway("c1"), AgentLoggedOut("a"))
    assert desk.acd.tickets["c1"].place is Place.AWAY
    desk.do(CallReturned("c1"))
    assert desk.got(QueueEmpty) == [QueueEmpty("c1", "q", "voicemail:q", 0.0)]


@pytest.mark.parametrize("event", [CallAway("c1"), CallReturned("c1"), CallAway("nobody"), CallReturned("nobody")])
def test_the_menu_means_nothing_to_somebody_who_talks(event: CallAway | CallReturned) -> None:
    desk = Desk(PLAIN, agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(OfferAnswered(desk.offer("a")), event)
    assert desk.of("a") == (Status.AVAILABLE, State.TALKING)


# --- changed by others


def test_a_higher_priority_counts_at_once() -> None:
    desk = Desk(PLAIN, agents={"a": {}})
    for call in ("c1", "c2"):
        desk.join(call, "q")
        desk.wait(1)
    desk.do(CallChanged("c2", priority=50))
    assert [t.call for t in desk.acd.waiting("q")] == ["c2", "c1"]
    desk.log_in("a")
    assert desk.offered() == [("c2", "a")]


def test_a_caller_who_is_moved_keeps_the_age_and_is_matched_at_once() -> None:
    desk = Desk(PLAIN, QueueConfig("other", needs=parse("other")), agents={"a": {"other": 1}, "z": {}})
    desk.join("c1", "q", needs=parse("vip"))
    desk.wait(30)
    desk.join("c2", "other", needs=parse("vip"))
    desk.log_in("a")
    desk.do(CallChanged("c1", queue="other", needs=parse("")))
    assert desk.got(OfferCall) == [OfferCall(1, "c1", "a", "phone-a", "other", 20.0)]
    assert desk.acd.tickets["c1"].since == 0.0
    assert [t.call for t in desk.acd.waiting("other")] == ["c1", "c2"]


def test_who_is_moved_waits_by_the_words_of_the_new_queue_from_then_on() -> None:
    said = AnnouncePolicy(position=True, every=30.0, first_after=5.0)
    first = QueueConfig("q", announce=said, max_wait=40.0, callback=CallbackPolicy(key="1", after=10.0))
    other = QueueConfig("other", announce=said, max_wait=60.0, callback=CallbackPolicy(key="2", after=20.0), priority=9)
    desk = Desk(first, other, agents={"a": {}})
    for call, queue in (("c1", "other"), ("c2", "other"), ("c3", "q")):
        desk.join(call, queue)
    desk.wait(10)
    assert desk.got(AnnouncePosition)[-1].ahead == 0
    desk.do(CallChanged("c3", queue="other"))
    assert desk.got(CallMoved) == [CallMoved("c3", "other", "q")]
    desk.wait(5)  # more callers are ahead than in the queue before: the caller is told all the same
    assert desk.got(AnnouncePosition)[-1:] == [AnnouncePosition("c3", "other", 2, AnnouncementKind.FIRST)]
    desk.wait(15)
    assert [offer.key for offer in desk.got(OfferCallback) if offer.call == "c3"] == ["2"]
    desk.wait(39)
    assert "c3" in desk.acd.tickets
    desk.wait(1)
    assert [over for over in desk.got(QueueTimedOut) if over.call == "c3"] == [
        QueueTimedOut("c3", "other", other.when_timed_out, 0.0)
    ]


def test_who_is_changed_and_not_moved_hears_of_no_other_queue() -> None:
    desk = Desk(PLAIN, agents={})
    desk.join("c1", "q")
    desk.do(CallChanged("c1", queue="q", priority=3))
    assert desk.got(CallMoved) == []


def test_what_becomes_known_of_a_waiting_caller_is_what_the_needs_ask_about() -> None:
    desk = Desk(QueueConfig("q", needs=parse("{tier} >= 50")), agents={"a": {"gold": 80}})
    desk.log_in("a")
    desk.join("c1", "q")
    assert desk.got(OfferCall) == []
    desk.do(CallChanged("c1", variables=(("tier", "gold"),)))
    assert [(offer.call, offer.agent) for offer in desk.got(OfferCall)] == [("c1", "a")]


def test_moving_stops_what_rings_under_the_old_label() -> None:
    desk = Desk(PLAIN, QueueConfig("other"), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(CallChanged("c1", queue="other"))
    assert desk.got(WithdrawOffer) == [WithdrawOffer(1, "c1", "a", WithdrawReason.CALLER_CHANGED)]
    assert [offer.queue for offer in desk.got(OfferCall)] == ["other"]


def test_narrower_needs_stop_only_the_phones_that_do_not_satisfy_them() -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.RING_ALL), agents={"a": {"pl": 1}, "b": {}})
    desk.log_in("a", "b")
    desk.join("c1", "q")
    desk.do(CallChanged("c1", needs=parse("pl")))
    assert [(w.agent, w.reason) for w in desk.got(WithdrawOffer)] == [("b", WithdrawReason.CALLER_CHANGED)]
    assert desk.of("a") == (Status.AVAILABLE, State.OFFERED)


def test_needs_that_nobody_has_lead_to_when_empty() -> None:
    desk = Desk(QueueConfig("q", when_empty="voicemail:q"), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(CallChanged("c1", needs=parse("pl")))
    assert desk.got(QueueEmpty) == [QueueEmpty("c1", "q", "voicemail:q", 0.0)]
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)


def test_a_move_to_a_queue_that_does_not_exist_changes_nothing() -> None:
    desk = Desk(PLAIN, agents={"a": {}})
    desk.join("c1", "q")
    before = desk.acd.snapshot()
    desk.do(CallChanged("c1", queue="nowhere", priority=9))
    assert desk.acd.snapshot() == before


# --- limits and overflow


def test_who_would_wait_too_long_is_not_let_in() -> None:
    queue = QueueConfig("q", wrap_up=0, max_expected_wait=USUAL_HANDLING, when_full="voicemail:q")
    desk = Desk(queue, agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(OfferAnswered(desk.offer("a")))
    assert desk.join("c2", "q")
    assert "c2" in desk.acd.tickets, "the next one to be served is expected to wait less than a whole call"
    desk.join("c3", "q")
    assert desk.got(QueueFull) == [QueueFull("c3", "q", "voicemail:q", 0.0)]


def test_calls_that_turn_out_short_let_more_callers_in() -> None:
    queue = QueueConfig("q", wrap_up=0, max_expected_wait=100, when_full="voicemail:q")
    desk = Desk(queue, agents={"a": {}})
    desk.log_in("a")
    for n in range(30):
        desk.join(f"short{n}", "q")
        desk.do(OfferAnswered(desk.offer("a")))
        desk.wait(10)
        desk.do(ConversationEnded(f"short{n}"))
    desk.join("talks", "q")
    desk.do(OfferAnswered(desk.offer("a")))
    for n in range(3):
        desk.join(f"c{n}", "q")
    assert len(desk.acd.waiting("q")) == 3


def test_the_estimate_of_the_last_caller_ahead_counts_while_it_is_fresh() -> None:
    queue = QueueConfig("q", wrap_up=0, max_expected_wait=300)
    desk = Desk(queue, agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(OfferAnswered(desk.offer("a")))
    desk.join("c2", "q")
    desk.do(WaitEstimated((("c2", 400.0, 600.0, 0.5),)))
    desk.join("c3", "q")
    assert [full.call for full in desk.got(QueueFull)] == ["c3"]
    desk.do(WaitEstimated((("c2", 20.0, 60.0, 0.5),)))
    desk.join("c4", "q")
    assert "c4" in desk.acd.tickets
    desk.do(CallLeft("c4"), WaitEstimated((("c2", 400.0, 600.0, 0.5),)))
    desk.wait(31)
    desk.join("c5", "q")
    assert "c5" in desk.acd.tickets


def test_where_nobody_is_there_no_wait_is_expected_and_nobody_refused() -> None:
    desk = Desk(QueueConfig("q", max_expected_wait=1), agents={"a": {}})
    desk.join("c1", "q")
    desk.join("c2", "q")
    assert desk.got(QueueFull) == []


def test_callers_on_their_way_to_a_callback_do_not_fill_the_queue() -> None:
    desk = Desk(QueueConfig("q", max_waiting=1), agents={"a": {}})
    desk.join("c1", "q")
    desk.do(CallbackRequested("c1", "+1"))
    desk.join("c2", "q")
    assert "c2" in desk.acd.tickets
    desk.join("c3", "q")
    assert [full.call for full in desk.got(QueueFull)] == ["c3"]


def test_overflow_leaves_with_the_age_in_hand() -> None:
    queue = QueueConfig("q", overflow=(OverflowStep(45, to="external:+380441234567@kyiv"),))
    desk = Desk(queue, agents={"a": {}})
    desk.join("c1", "q", waiting_since=-100.0)
    desk.wait(44.9)
    assert desk.got(QueueOverflowed) == []
    desk.wait(0.1)
    assert desk.got(QueueOverflowed) == [QueueOverflowed("c1", "q", "external:+380441234567@kyiv", -100.0)]
    assert desk.acd.tickets == {}


def test_overflow_waits_for_the_phone_that_rings() -> None:
    queue = QueueConfig("q", overflow=(OverflowStep(45, to="queue:other"),), ring_timeout=20)
    desk = Desk(queue, agents={"a": {}})
    desk.join("c1", "q")
    desk.wait(40)
    desk.log_in("a")
    desk.wait(19.9)
    assert desk.acd.tickets["c1"].expired
    assert desk.got(QueueOverflowed) == []
    desk.wait(0.1)
    assert desk.got(QueueOverflowed) == [QueueOverflowed("c1", "q", "queue:other", 0.0)]


def test_two_queues_that_overflow_into_each_other_do_not_bounce_a_caller_in_no_time() -> None:
    one = QueueConfig("one", overflow=(OverflowStep(30, to="queue:two"),))
    two = QueueConfig("two", overflow=(OverflowStep(30, to="queue:one"),))
    desk = Desk(one, two, agents={})
    desk.join("c1", "one")
    desk.wait(30)
    (effect,) = desk.got(QueueOverflowed)
    desk.join("c1", "two", waiting_since=effect.waiting_since)
    desk.wait(29)
    assert desk.acd.tickets["c1"].queue == "two"


def test_the_time_talked_is_no_time_waited() -> None:
    desk = Desk(QueueConfig("q", max_wait=60, wrap_up=0), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.wait(5)
    desk.do(OfferAnswered(desk.offer("a")))
    desk.wait(600)
    desk.do(OfferFailed(desk.offer("a"), FailReason.DROPPED), AgentLoggedOut("a"))
    assert desk.acd.tickets["c1"].place is Place.WAITING
    desk.wait(54.9)
    assert desk.got(QueueTimedOut) == []
    desk.wait(0.1)
    assert [out.call for out in desk.got(QueueTimedOut)] == ["c1"]


# --- calling again

RESUMED = QueueConfig("q", resume_within=120, wrap_up=0)


def test_who_hung_up_and_calls_again_gets_the_place_back() -> None:
    desk = Desk(RESUMED, agents={"a": {}})
    desk.join("c1", "q", customer="+1")
    desk.wait(10)
    desk.join("c2", "q", customer="+2")
    desk.do(CallLeft("c1", LeaveReason.ABANDONED))
    desk.wait(120)
    desk.join("c3", "q", customer="+1")
    assert desk.acd.tickets["c3"].since == 0.0
    assert [t.call for t in desk.acd.waiting("q")] == ["c3", "c2"]


@pytest.mark.parametrize(
    ("customer", "queue", "reason", "after"),
    [
        ("+2", "q", LeaveReason.ABANDONED, 10),
        ("", "q", LeaveReason.ABANDONED, 10),
        ("+1", "other", LeaveReason.ABANDONED, 10),
        ("+1", "q", LeaveReason.EXIT, 10),
        ("+1", "q", LeaveReason.ABANDONED, 120.1),
    ],
)
def test_nobody_else_does(customer: str, queue: str, reason: LeaveReason, after: float) -> None:
    desk = Desk(RESUMED, QueueConfig("other", resume_within=120), agents={"a": {}})
    desk.join("c1", "q", customer="" if not customer else "+1")
    desk.wait(50)
    desk.do(CallLeft("c1", reason))
    desk.wait(after)
    desk.join("c2", queue, customer=customer)
    assert desk.acd.tickets["c2"].since == desk.now


def test_a_place_is_given_back_once() -> None:
    desk = Desk(RESUMED, agents={})
    desk.join("c1", "q", customer="+1")
    desk.wait(50)
    desk.do(CallLeft("c1"))
    desk.join("c2", "q", customer="+1")
    desk.join("c3", "q", customer="+1")
    assert [desk.acd.tickets[call].since for call in ("c2", "c3")] == [0.0, 50.0]


def test_the_agent_who_was_ringing_is_asked_first() -> None:
    desk = Desk(RESUMED, agents={"a": {}, "b": {}, "z": {}})
    desk.log_in("a", "b")
    desk.wait(5)
    desk.log_in("z")
    desk.join("c1", "q", customer="+1")
    assert desk.offered() == [("c1", "a")]
    desk.do(OfferFailed(desk.offer("a"), FailReason.REJECTED))
    assert desk.offered() == [("c1", "b")]
    desk.do(CallLeft("c1"))
    desk.wait(30)
    desk.join("c2", "q", customer="+1")
    assert desk.offered() == [("c2", "b")]


def test_who_was_cut_off_talks_to_the_same_agent_again_but_has_not_waited() -> None:
    desk = Desk(RESUMED, agents={"a": {}, "b": {}})
    desk.log_in("b")
    desk.join("c1", "q", customer="+1")
    desk.do(OfferAnswered(desk.offer("b")))
    desk.log_in("a")
    desk.wait(60)
    desk.do(ConversationEnded("c1"))
    desk.wait(20)
    desk.join("c2", "q", customer="+1")
    assert desk.offered() == [("c2", "b")]
    assert desk.acd.tickets["c2"].since == desk.now


def test_a_customer_who_is_refused_keeps_what_was_remembered() -> None:
    desk = Desk(QueueConfig("q", resume_within=120, max_waiting=1), agents={})
    desk.join("c1", "q", customer="+1")
    desk.do(CallLeft("c1"))
    desk.join("c2", "q")
    desk.wait(5)
    desk.join("c3", "q", customer="+1")
    assert [full.waiting_since for full in desk.got(QueueFull)] == [0.0]
    desk.do(CallLeft("c2"))
    desk.join("c4", "q", customer="+1")
    assert desk.acd.tickets["c4"].since == 0.0


def test_places_that_are_kept_survive_a_restart_on_another_clock() -> None:
    desk = Desk(RESUMED, agents={})
    desk.join("c1", "q", customer="+1")
    desk.wait(50)
    desk.do(CallLeft("c1"))
    desk.acd = Dispatcher.restore(json.loads(json.dumps(desk.acd.snapshot())), shift=1000.0)
    desk.now += 1000.0
    desk.wait(100)
    desk.join("c2", "q", customer="+1")
    assert desk.acd.tickets["c2"].since == 1000.0
