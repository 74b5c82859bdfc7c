"""Scenarios of customers who hang up, keep their place and are called back."""

from __future__ import annotations

import json

import pytest

from acd.agent import State, Status
from acd.dispatcher import Dispatcher
from acd.effects import (
    AnnouncePosition,
    CallbackOver,
    CallbackResult,
    Connect,
    DialCallback,
    OfferCall,
    OfferCallback,
    StopDialling,
    WithdrawOffer,
    WithdrawReason,
)
from acd.events import (
    AgentBreakStarted,
    AgentQueueLeft,
    AgentUnreachable,
    CallbackAnswered,
    CallbackCancelled,
    CallbackDialled,
    CallbackFailed,
    CallbackRequested,
    CallbacksPaused,
    CallChanged,
    CallLeft,
    ConversationEnded,
    FailReason,
    LeaveReason,
    OfferAnswered,
    OfferFailed,
    WaitEstimated,
)
from acd.model import AnnouncePolicy, CallbackPolicy, DialFirst, OfferRules, QueueConfig, Strategy
from acd.ticket import Place
from tests.support.acd import Desk

POLICY = CallbackPolicy(ring_timeout=30, tries=3, retry_after=(60, 300), expires_after=3600)
QUEUE = QueueConfig("q", wrap_up=0, callback=POLICY)
AGENT_FIRST = QueueConfig(
    "q", wrap_up=0, callback=CallbackPolicy(first=DialFirst.AGENT, ring_timeout=30, tries=2, retry_after=(60,))
)
RULES = OfferRules(after_no_answer=0, after_reject=0, after_busy=0, after_unreachable=0, after_drop=0)


def ordered(desk: Desk, call: str, number: str = "+1", **more: object) -> None:
    desk.join(call, "q", **more)
    desk.do(CallbackRequested(call, number), CallLeft(call))


def results(desk: Desk) -> list[tuple[str, str]]:
    return [(e.call, e.result.value) for _, e in desk.seen if isinstance(e, CallbackOver)]


def busy(desk: Desk, *agents: str) -> None:
    """These agents talk."""
    for agent in agents:
        desk.join(f"busy-{agent}", "q", waiting_since=-1e6, agent=agent)
        desk.do(OfferAnswered(desk.offer(agent)))


# --- the place


def test_the_hang_up_after_the_order_changes_nothing_and_others_count_the_customer() -> None:
    desk = Desk(QueueConfig("q", announce=AnnouncePolicy(position=True, first_after=5)), agents={})
    ordered(desk, "c1")
    desk.join("c2", "q")
    desk.wait(5)
    assert desk.acd.tickets["c1"].place is Place.CALLBACK
    assert [(p.call, p.ahead) for p in desk.got(AnnouncePosition)] == [("c2", 1)]


def test_customers_are_dialled_in_their_turn_among_live_callers() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    busy(desk, "a")
    desk.join("live1", "q")
    desk.wait(1)
    ordered(desk, "back")
    desk.wait(1)
    desk.join("live2", "q")
    desk.do(ConversationEnded("busy-a"))
    assert desk.offered() == [("live1", "a")]
    desk.do(OfferAnswered(desk.offer("a")), ConversationEnded("live1"))
    assert desk.got(DialCallback) == [DialCallback("back", "q", "+1", None, 30)]
    assert desk.offered() == [], "the agent is kept"
    assert desk.of("a") == (Status.AVAILABLE, State.RESERVED)
    desk.wait(8)
    desk.do(CallbackAnswered("back"))
    assert desk.offered() == [("back", "a")]
    desk.wait(2)
    desk.do(OfferAnswered(desk.offer("a")))
    assert desk.got(Connect) == [Connect(3, "back", "a", "q", 2.0)]
    desk.do(ConversationEnded("back"))
    assert results(desk) == [("back", "served")]
    assert desk.offered() == [("live2", "a")]


def test_the_wait_of_a_customer_who_was_called_back_is_the_time_on_the_line() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    ordered(desk, "c1")
    desk.wait(1000)
    desk.log_in("a")
    desk.wait(7)
    desk.do(CallbackAnswered("c1"))
    desk.wait(1.5)
    desk.do(OfferAnswered(desk.offer("a")))
    assert [connect.waited for connect in desk.got(Connect)] == [1.5]
    (record,) = [record for record in desk.records() if record["kind"] == "connect"]
    assert (record["since"], record["callback"]) == (0.0, True)


def test_an_answered_customer_comes_before_everybody_else() -> None:
    desk = Desk(QUEUE, QueueConfig("vip", band=5, wrap_up=0), agents={"a": {}}, rules=RULES)
    desk.log_in("a")
    busy(desk, "a")
    desk.join("vip", "vip", priority=500)
    ordered(desk, "c1")
    desk.do(WaitEstimated((("c1", 5.0, 9.0, 1.0),)))
    assert [dial.agent for dial in desk.got(DialCallback)] == [None]
    desk.do(CallbackAnswered("c1"))
    assert desk.offered() == []
    desk.do(ConversationEnded("busy-a"))
    assert desk.offered() == [("c1", "a")]
    desk.do(OfferFailed(desk.offer("a"), FailReason.REJECTED))
    assert desk.offered() == [("c1", "a")]


def test_a_number_is_dialled_when_an_agent_is_all_but_sure_within_the_time_it_takes_to_answer() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    busy(desk, "a")
    ordered(desk, "c1")
    desk.do(WaitEstimated((("c1", 5.0, 12.1, 1.0),)))
    assert desk.got(DialCallback) == [], "a likely agent is not enough"
    desk.do(WaitEstimated((("c1", 5.0, 12.0, 1.0),)))
    assert desk.got(DialCallback) == [DialCallback("c1", "q", "+1", None, 30)]
    desk.do(WaitEstimated((("c1", 1.0, 2.0, 1.0),)))
    assert desk.got(DialCallback) == []


def test_an_agent_who_becomes_idle_while_the_number_rings_is_kept_for_the_customer() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    busy(desk, "a")
    ordered(desk, "c1")
    desk.wait(1)
    desk.join("live", "q")
    desk.do(WaitEstimated((("c1", 5.0, 9.0, 1.0),)), ConversationEnded("busy-a"))
    assert desk.of("a") == (Status.AVAILABLE, State.RESERVED)
    assert desk.got(DialCallback) == [DialCallback("c1", "q", "+1", None, 30)], "and it is not dialled twice"
    desk.do(CallbackAnswered("c1"))
    assert desk.offered() == [("c1", "a")]


def test_one_agent_is_kept_even_where_all_ring() -> None:
    queue = QueueConfig("q", strategy=Strategy.RING_ALL, callback=POLICY)
    desk = Desk(queue, agents={"a": {}, "b": {}})
    ordered(desk, "c1")
    desk.wait(1)
    desk.join("c2", "q")
    desk.log_in("a", "b")
    assert [desk.of(agent)[1] for agent in ("a", "b")] == [State.RESERVED, State.OFFERED]


@pytest.mark.parametrize(
    "event", [AgentBreakStarted("a"), AgentUnreachable("a"), AgentQueueLeft("a", "q")], ids=lambda e: type(e).__name__
)
def test_when_the_kept_agent_is_gone_another_one_is_kept(event: AgentBreakStarted) -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.TOP_DOWN, callback=POLICY), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    ordered(desk, "c1")
    assert desk.of("a")[1] is State.RESERVED
    desk.do(event)
    assert [desk.of(agent)[1] for agent in ("a", "b")] == [State.IDLE, State.RESERVED]
    assert desk.got(DialCallback) == []
    desk.do(CallbackAnswered("c1"))
    assert desk.offered() == [("c1", "b")]


# --- not reached


def test_a_failed_try_is_repeated_after_a_while_in_the_same_place_and_then_given_up() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    for reason, pause in ((FailReason.BUSY, 60), (FailReason.NO_ANSWER, 300), (FailReason.UNREACHABLE, 0)):
        desk.do(CallbackFailed("c1", reason))
        desk.wait(pause)
    assert [at for at, effect in desk.seen if isinstance(effect, DialCallback)] == [0.0, 60.0, 360.0]
    assert results(desk) == [("c1", "failed")]
    assert desk.acd.tickets == {}


def test_while_a_customer_is_not_to_be_dialled_the_agent_serves_others_and_the_place_is_kept() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    desk.wait(1)
    desk.join("live1", "q")
    desk.do(CallbackFailed("c1", FailReason.BUSY))
    assert desk.offered() == [("live1", "a")]
    assert desk.acd.ahead_of("c1") == 0
    desk.do(OfferAnswered(desk.offer("a")))
    desk.join("live2", "q")
    desk.wait(60)
    desk.do(ConversationEnded("live1"))
    assert [dial.call for dial in desk.got(DialCallback)] == ["c1"]


def test_the_dispatcher_itself_stops_dialling_and_the_clock_starts_anew_when_it_rings() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    desk.wait(20)
    desk.do(CallbackDialled("c1"))
    desk.wait(29.9)
    assert desk.got(StopDialling) == []
    desk.wait(0.1)
    assert desk.got(StopDialling) == [StopDialling("c1", "q")]
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)
    assert desk.acd.tickets["c1"].due_at == 110.0


def test_an_answer_that_crosses_the_end_of_dialling_is_hung_up() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    desk.wait(30)
    desk.do(CallbackAnswered("c1"))
    assert desk.got(StopDialling) == [StopDialling("c1", "q")]
    desk.do(CallbackAnswered("nobody"))
    assert desk.got(StopDialling) == [StopDialling("nobody", "")]


def test_a_word_that_comes_twice_does_no_harm() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    desk.do(CallbackAnswered("c1"))
    before = desk.acd.snapshot()
    desk.do(CallbackAnswered("c1"), CallbackFailed("c1", FailReason.BUSY), CallbackDialled("c1"))
    assert desk.acd.snapshot() == before
    assert desk.got(StopDialling) == []


def test_who_answers_and_hangs_up_before_an_agent_does_is_dialled_again() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    desk.do(CallbackAnswered("c1"), CallLeft("c1"))
    assert [(w.agent, w.reason) for w in desk.got(WithdrawOffer)] == [("a", WithdrawReason.CALLER_GONE)]
    assert desk.acd.tickets["c1"].place is Place.CALLBACK
    desk.wait(60)
    assert [dial.call for dial in desk.got(DialCallback)] == ["c1"]


def test_a_callback_expires() -> None:
    desk = Desk(QUEUE, agents={})
    ordered(desk, "c1")
    desk.wait(3599)
    assert results(desk) == []
    desk.wait(1)
    assert desk.got(CallbackOver) == [CallbackOver("c1", "q", CallbackResult.EXPIRED)]
    assert desk.acd.tickets == {}


def test_a_try_that_fails_after_the_end_of_the_time_was_the_last() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    ordered(desk, "c1")
    desk.wait(3590)
    desk.log_in("a")
    desk.wait(20)
    assert results(desk) == []
    desk.do(CallbackFailed("c1", FailReason.NO_ANSWER))
    assert results(desk) == [("c1", "expired")]


@pytest.mark.parametrize("dialled", [False, True])
def test_a_callback_can_be_cancelled(dialled: bool) -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    ordered(desk, "c1")
    if dialled:
        desk.log_in("a")
    desk.do(CallbackCancelled("c1", "called from the shop"))
    assert results(desk) == [("c1", "cancelled")]
    assert [stop.call for stop in desk.got(StopDialling)] == ["c1"] * dialled
    assert desk.acd.agents["a"].state is State.IDLE
    assert desk.acd.tickets == {}


# --- hours in which customers may be called


def test_nobody_is_called_while_callbacks_are_paused_and_the_place_is_kept() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    ordered(desk, "before")
    desk.do(CallbacksPaused("q", 1000))
    desk.wait(10)
    desk.join("live", "q")
    ordered(desk, "meanwhile", "+2")
    desk.log_in("a")
    assert desk.offered() == [("live", "a")]
    desk.do(OfferAnswered(desk.offer("a")), ConversationEnded("live"))
    desk.wait(989)
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)
    desk.wait(1)
    assert [dial.call for dial in desk.got(DialCallback)] == ["before"]
    desk.do(CallbackAnswered("before"))
    desk.do(OfferAnswered(desk.offer("a")), ConversationEnded("before"))
    assert [dial.call for dial in desk.got(DialCallback)] == ["meanwhile"]


def test_a_second_try_waits_for_the_end_of_the_pause() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    desk.do(CallbacksPaused("q", 1000))
    assert desk.got(StopDialling) == [], "who is being called is still called"
    desk.do(CallbackFailed("c1", FailReason.BUSY))
    desk.wait(999)
    assert len([e for _, e in desk.seen if isinstance(e, DialCallback)]) == 1
    desk.wait(1)
    assert [dial.call for dial in desk.got(DialCallback)] == ["c1"]


def test_a_pause_may_end_sooner_or_later_than_was_said() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    desk.do(CallbacksPaused("q", 1000))
    ordered(desk, "c1")
    desk.do(CallbacksPaused("q", 2000))
    desk.wait(1500)
    assert desk.last == []
    desk.do(CallbacksPaused("q", None))
    assert [dial.call for dial in desk.got(DialCallback)] == ["c1"]


def test_a_callback_does_not_expire_by_hours_in_which_nobody_is_called() -> None:
    desk = Desk(QUEUE, agents={})
    ordered(desk, "c1")
    desk.wait(600)
    desk.do(CallbacksPaused("q", 10_600))
    ordered(desk, "c2", "+2")
    assert [ticket.expires_at for ticket in desk.acd.waiting("q")] == [13_600, 14_200]
    desk.wait(400)
    desk.do(CallbacksPaused("q", None))
    assert [ticket.expires_at for ticket in desk.acd.waiting("q")] == [4000, 4600]


def test_no_agent_is_rung_for_a_customer_who_may_not_be_called_now() -> None:
    desk = Desk(AGENT_FIRST, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    assert desk.offered() == [("c1", "a")]
    desk.do(CallbacksPaused("q", 1000))
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)
    desk.wait(1000)
    assert desk.offered() == [("c1", "a")]


def test_the_pause_is_part_of_what_is_written_down() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.do(CallbacksPaused("q", 1000))
    desk.acd = Dispatcher.restore(json.loads(json.dumps(desk.acd.snapshot())))
    desk.log_in("a")
    ordered(desk, "c1")
    desk.wait(999)
    assert [e for _, e in desk.seen if isinstance(e, DialCallback)] == []
    desk.wait(1)
    assert [dial.call for dial in desk.got(DialCallback)] == ["c1"]


# --- the same customer again


def test_ordering_twice_is_ordering_once_with_the_older_place_and_the_newer_number() -> None:
    desk = Desk(QUEUE, agents={})
    ordered(desk, "c1", "+1", customer="anna")
    desk.wait(10)
    desk.join("c2", "q")
    desk.wait(10)
    ordered(desk, "c3", "+7", customer="ivan")
    ordered(desk, "c4", "+7", customer="petro")
    assert results(desk) == [("c3", "cancelled")]
    ordered(desk, "c5", "+1")
    assert results(desk)[1:] == [("c1", "cancelled")]
    assert [(t.call, t.since, t.number) for t in desk.acd.waiting("q")] == [
        ("c5", 0.0, "+1"), ("c2", 10.0, ""), ("c4", 20.0, "+7")
    ]  # fmt: skip


def test_a_customer_who_calls_again_takes_the_place_of_the_callback() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    ordered(desk, "c1", customer="+1")
    desk.wait(30)
    desk.join("c2", "q")
    desk.join("c3", "q", customer="+1")
    assert results(desk) == []
    assert [t.call for t in desk.acd.waiting("q")] == ["c3", "c2"]
    assert desk.acd.tickets["c1"].place is Place.CALLED_AGAIN
    desk.wait(100)
    assert desk.got(OfferCallback) == [OfferCallback("c2", "q", "1")], "who was promised one is not asked again"


def test_the_phone_stops_ringing_when_its_owner_calls_in() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1", customer="+1")
    desk.join("c2", "q", customer="+1")
    assert desk.got(StopDialling) == [StopDialling("c1", "q")]
    assert desk.offered() == [("c2", "a")]


def test_a_promise_holds_when_the_call_in_between_came_to_nothing() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    ordered(desk, "c1", "+9", customer="+1")
    desk.wait(30)
    desk.join("c2", "q", customer="+1")
    desk.do(CallLeft("c2"))
    ticket = desk.acd.tickets["c1"]
    assert (ticket.place, ticket.number, ticket.since) == (Place.CALLBACK, "+9", 0.0)
    desk.log_in("a")
    assert [dial.number for dial in desk.got(DialCallback)] == ["+9"]


def test_a_customer_who_is_not_let_in_keeps_the_callback() -> None:
    desk = Desk(QueueConfig("q", max_waiting=1, callback=POLICY), agents={})
    ordered(desk, "c1", customer="+1")
    desk.join("c2", "q")
    desk.join("c3", "q", customer="+1")
    assert "c3" not in desk.acd.tickets
    assert results(desk) == []
    assert desk.acd.tickets["c1"].place is Place.CALLBACK


def test_leaving_by_another_way_ends_the_promise() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    desk.do(CallbackAnswered("c1"), CallLeft("c1", LeaveReason.EXIT))
    assert results(desk) == [("c1", "cancelled")]
    assert desk.acd.tickets == {}


# --- the agent first


def test_the_agent_answers_first_and_holds_while_the_customer_is_dialled() -> None:
    desk = Desk(AGENT_FIRST, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    assert desk.got(DialCallback) == []
    offer = desk.offer("a")
    desk.wait(3)
    desk.do(OfferAnswered(offer))
    assert desk.got(DialCallback) == [DialCallback("c1", "q", "+1", "a", 30)]
    assert desk.of("a") == (Status.AVAILABLE, State.RESERVED)
    desk.wait(9)
    desk.do(CallbackAnswered("c1"))
    assert desk.got(Connect) == [Connect(offer, "c1", "a", "q", 0.0)]
    assert desk.got(OfferCall) == []
    desk.do(ConversationEnded("c1"))
    assert results(desk) == [("c1", "served")]


def test_when_the_customer_does_not_answer_the_agent_is_let_go() -> None:
    desk = Desk(AGENT_FIRST, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    desk.do(OfferAnswered(desk.offer("a")), CallbackFailed("c1", FailReason.BUSY))
    assert [(w.agent, w.reason) for w in desk.got(WithdrawOffer)] == [("a", WithdrawReason.CALLER_GONE)]
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)
    assert desk.acd.agents["a"].calls == 0


def test_when_the_agent_hangs_up_while_it_rings_the_next_one_is_kept() -> None:
    desk = Desk(AGENT_FIRST, agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    ordered(desk, "c1")
    offer = desk.offer("a")
    desk.do(OfferAnswered(offer), OfferFailed(offer, FailReason.DROPPED))
    assert [desk.of(agent)[1] for agent in ("a", "b")] == [State.IDLE, State.RESERVED]
    desk.do(CallbackAnswered("c1"))
    assert desk.offered() == [("c1", "b")]


def test_an_agent_who_does_not_answer_is_followed_by_the_next_one() -> None:
    desk = Desk(AGENT_FIRST, agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    ordered(desk, "c1")
    desk.wait(20)
    assert desk.offered() == [("c1", "b")]
    assert desk.acd.tickets["c1"].tries == 0


def test_a_break_asked_for_while_holding_waits_for_the_end() -> None:
    desk = Desk(AGENT_FIRST, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    desk.do(OfferAnswered(desk.offer("a")), AgentBreakStarted("a"), CallbackAnswered("c1"))
    assert desk.of("a") == (Status.ON_BREAK, State.TALKING)


# --- other hands, and restarts


def test_a_callback_can_be_moved_and_keeps_its_age() -> None:
    desk = Desk(QUEUE, QueueConfig("other", callback=POLICY), agents={"a": {}})
    ordered(desk, "c1")
    desk.wait(10)
    desk.do(CallChanged("c1", queue="other"))
    desk.log_in("a")
    assert desk.got(DialCallback) == [DialCallback("c1", "other", "+1", None, 30)]


def test_a_queue_without_a_policy_calls_back_by_the_usual_one() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}})
    desk.log_in("a")
    busy(desk, "a")
    desk.join("c1", "q")
    desk.do(CallbackRequested("c1", "+1"), ConversationEnded("busy-a"))
    desk.wait(15)
    assert [dial.ring_timeout for dial in desk.got(DialCallback)] == [CallbackPolicy().ring_timeout]


def test_who_talks_cannot_order_a_callback() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(OfferAnswered(desk.offer("a")), CallbackRequested("c1", "+1"))
    assert desk.of("a") == (Status.AVAILABLE, State.TALKING)


@pytest.mark.parametrize("failed_before", [False, True])
def test_a_callback_survives_on_another_clock(failed_before: bool) -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    ordered(desk, "c1")
    if failed_before:
        desk.do(CallbackFailed("c1", FailReason.BUSY))
    desk.acd = Dispatcher.restore(json.loads(json.dumps(desk.acd.snapshot())), shift=500.0)
    desk.now += 500.0
    assert desk.acd.next_deadline() == (560.0 if failed_before else 530.0)
    desk.wait(60)
    assert [type(e).__name__ for e in desk.last if isinstance(e, DialCallback | StopDialling)] == (
        ["DialCallback"] if failed_before else ["StopDialling"]
    )
