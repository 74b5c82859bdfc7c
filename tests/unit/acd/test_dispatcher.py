"""Scenarios: what a caller and an agent live through, step by step."""

from __future__ import annotations

import pytest

from acd.agent import State, Status
from acd.effects import (
    AgentStateChanged,
    AnnouncementKind,
    AnnouncePosition,
    Connect,
    OfferCall,
    QueueEmpty,
    QueueFull,
    QueueTimedOut,
    WithdrawOffer,
    WithdrawReason,
)
from acd.events import (
    AgentBreakEnded,
    AgentBreakStarted,
    AgentBusy,
    AgentFree,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentReachable,
    AgentUnreachable,
    CallJoined,
    CallLeft,
    ConversationEnded,
    EndedBy,
    FailReason,
    LeaveReason,
    OfferAnswered,
    OfferFailed,
    Reconfigured,
    WrapUpEnded,
)
from acd.model import AcdConfig, AgentConfig, AnnouncePolicy, Member, OfferRules, QueueConfig, RelaxStep, Strategy
from acd.skills import parse
from tests.support.acd import Desk

SALES = QueueConfig("sales", needs=parse("sales >= 50 and {language} >= 50"), wrap_up=15, ring_timeout=20)


def answer(desk: Desk, agent: str) -> None:
    desk.do(OfferAnswered(desk.offer(agent)))


def fail(desk: Desk, agent: str, reason: FailReason) -> None:
    desk.do(OfferFailed(desk.offer(agent), reason))


# --- the main job


def test_a_caller_is_connected_to_the_agent_with_the_skill_and_not_to_the_idle_one_without_it() -> None:
    desk = Desk(SALES, agents={"anna": {"sales": 80, "en": 90}, "olena": {"sales": 80, "uk": 90}})
    desk.log_in("anna", "olena")
    desk.wait(10)
    desk.join("c1", "sales", language="uk")
    assert desk.got(OfferCall) == [OfferCall(1, "c1", "olena", "phone-olena", "sales", 20.0)]
    desk.wait(3)
    answer(desk, "olena")
    assert desk.got(Connect) == [Connect(1, "c1", "olena", "sales", 3.0)]
    assert desk.of("anna") == (Status.AVAILABLE, State.IDLE)
    desk.wait(60)
    desk.do(ConversationEnded("c1", EndedBy.CALLER))
    assert desk.of("olena") == (Status.AVAILABLE, State.WRAP_UP)
    desk.wait(14.9)
    assert desk.of("olena") == (Status.AVAILABLE, State.WRAP_UP)
    desk.wait(0.1)
    assert desk.of("olena") == (Status.AVAILABLE, State.IDLE)
    assert desk.acd.tickets == {}


def test_waiting_callers_are_served_in_order_of_arrival_as_agents_become_free() -> None:
    desk = Desk(QueueConfig("q", wrap_up=0), agents={"a": {}})
    for n in (1, 2, 3):
        desk.join(f"c{n}", "q")
        desk.wait(1)
    desk.log_in("a")
    served = []
    for _ in range(3):
        served += desk.offered()
        answer(desk, "a")
        desk.do(ConversationEnded(served[-1][0]))
    assert served == [("c1", "a"), ("c2", "a"), ("c3", "a")]


def test_the_oldest_caller_of_all_queues_gets_a_shared_agent() -> None:
    desk = Desk(QueueConfig("a"), QueueConfig("b"), agents={"x": {}})
    desk.join("late", "a")
    desk.now = 0.0
    desk.join("early", "b", waiting_since=-30.0)
    desk.log_in("x")
    assert desk.offered() == [("early", "x")]


def test_priority_goes_first_but_age_makes_up_for_it() -> None:
    desk = Desk(QueueConfig("q", ageing=1), agents={"x": {}})
    desk.join("plain", "q")
    desk.wait(99)
    desk.join("vip", "q", priority=100)
    assert desk.acd.ahead_of("vip") == 0
    desk.wait(2)
    desk.join("late vip", "q", priority=100)
    assert [t.call for t in desk.acd.waiting("q")] == ["vip", "plain", "late vip"]


# --- an offer that comes to nothing


def test_after_no_answer_the_next_agent_rings_at_once_and_the_caller_keeps_the_place() -> None:
    queue = QueueConfig("q", ring_timeout=20, strategy=Strategy.TOP_DOWN)
    desk = Desk(queue, agents={"a": {}, "b": {}}, rules=OfferRules(after_no_answer=10))
    desk.log_in("a", "b")
    desk.join("c1", "q")
    assert desk.offered() == [("c1", "a")]
    desk.wait(20)
    assert desk.got(WithdrawOffer) == [WithdrawOffer(1, "c1", "a", WithdrawReason.TIMEOUT)]
    assert desk.offered() == [("c1", "b")]
    desk.join("c2", "q")
    assert desk.offered() == []
    desk.wait(9.9)
    assert desk.offered() == []
    desk.wait(0.1)
    assert desk.offered() == [("c2", "a")]
    fail(desk, "b", FailReason.REJECTED)
    fail(desk, "a", FailReason.REJECTED)
    assert [t.call for t in desk.acd.waiting("q")] == ["c1", "c2"]


def test_the_agent_who_failed_is_not_offered_the_same_caller_while_another_is_idle() -> None:
    rules = OfferRules(after_no_answer=0, after_reject=0, no_answer_limit=0)
    desk = Desk(QueueConfig("q", strategy=Strategy.TOP_DOWN), agents={"a": {}, "b": {}, "c": {}}, rules=rules)
    desk.log_in("a", "b", "c")
    desk.join("c1", "q")
    rung = []
    for _ in range(6):
        rung += [agent for _, agent in desk.offered()]
        fail(desk, rung[-1], FailReason.REJECTED)
    assert "".join(rung) == "abcabc"


@pytest.mark.parametrize(
    ("reason", "rest"),
    [
        (FailReason.NO_ANSWER, 11.0),
        (FailReason.REJECTED, 12.0),
        (FailReason.BUSY, 13.0),
        (FailReason.UNREACHABLE, 14.0),
    ],
)
def test_each_reason_has_its_own_rest_before_the_next_offer(reason: FailReason, rest: float) -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}}, rules=OfferRules(11, 12, 13, 14, 15))
    desk.log_in("a")
    desk.join("c1", "q")
    fail(desk, "a", reason)
    assert desk.offered() == []
    desk.wait(rest - 0.1)
    assert desk.offered() == []
    desk.wait(0.1)
    assert desk.offered() == [("c1", "a")]


def test_unanswered_offers_in_a_row_send_the_agent_on_a_break() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}}, rules=OfferRules(after_no_answer=5, no_answer_limit=2))
    desk.log_in("a")
    desk.join("c1", "q")
    desk.wait(25)
    assert desk.offered() == [("c1", "a")]
    desk.wait(100)
    assert desk.got(AgentStateChanged)[-1].reason == "did not answer"
    assert desk.of("a") == (Status.ON_BREAK, State.IDLE)
    assert desk.offered() == []
    desk.do(AgentBreakEnded("a"))
    assert desk.offered() == [("c1", "a")]
    desk.wait(20)
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)


def test_an_answer_in_between_starts_the_count_anew() -> None:
    desk = Desk(QueueConfig("q", wrap_up=0), agents={"a": {}}, rules=OfferRules(after_no_answer=5, no_answer_limit=2))
    desk.log_in("a")
    for n in range(4):
        desk.join(f"c{n}", "q")
        desk.wait(25)
        answer(desk, "a")
        desk.do(ConversationEnded(f"c{n}"))
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)


def test_a_phone_that_is_back_or_free_ends_the_rest_for_that_reason_only() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    fail(desk, "a", FailReason.BUSY)
    desk.do(AgentReachable("a"))
    assert desk.offered() == []
    desk.do(AgentFree("a"))
    assert desk.offered() == [("c1", "a")]
    fail(desk, "a", FailReason.UNREACHABLE)
    desk.do(AgentFree("a"))
    assert desk.offered() == []
    desk.do(AgentReachable("a"))
    assert desk.offered() == [("c1", "a")]


# --- races


def test_ring_all_offers_to_everybody_and_the_first_answer_wins() -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.RING_ALL), agents={"a": {}, "b": {}, "c": {}})
    desk.log_in("a", "b")
    desk.join("c1", "q")
    assert desk.offered() == [("c1", "a"), ("c1", "b")]
    desk.log_in("c")
    assert desk.offered() == [("c1", "c")]
    first, second = desk.offer("b"), desk.offer("a")
    desk.do(OfferAnswered(first))
    assert [c.agent for c in desk.got(Connect)] == ["b"]
    assert {(w.agent, w.reason) for w in desk.got(WithdrawOffer)} == {
        ("a", WithdrawReason.ANSWERED_ELSEWHERE),
        ("c", WithdrawReason.ANSWERED_ELSEWHERE),
    }
    desk.do(OfferAnswered(second))
    assert desk.got(Connect) == []
    assert desk.got(WithdrawOffer) == [WithdrawOffer(second, "", "", WithdrawReason.OVER)]
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)


def test_the_agents_freed_by_an_answer_ring_for_the_next_caller() -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.RING_ALL), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.join("c1", "q")
    desk.join("c2", "q")
    assert desk.offered() == []
    answer(desk, "a")
    assert desk.offered() == [("c2", "b")]


def test_when_one_of_several_ringing_agents_fails_the_others_ring_on() -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.RING_ALL), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.join("c1", "q")
    ringing = desk.offer("b")
    fail(desk, "a", FailReason.DROPPED)
    assert desk.got(WithdrawOffer) == []
    assert desk.offer("b") == ringing
    desk.do(OfferAnswered(ringing))
    assert [c.call for c in desk.got(Connect)] == ["c1"]


def test_an_agent_lost_after_the_answer_leaves_the_caller_at_the_same_place() -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.TOP_DOWN), agents={"a": {}, "b": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    answer(desk, "a")
    desk.wait(1)
    desk.join("c2", "q")
    desk.do(OfferFailed(desk.offer("a"), FailReason.DROPPED))
    assert [t.call for t in desk.acd.waiting("q")] == ["c1", "c2"]
    desk.log_in("b")
    assert desk.offered() == [("c1", "b")]
    assert desk.acd.agents["a"].calls == 0


def test_max_wait_still_counts_after_a_lost_leg() -> None:
    desk = Desk(QueueConfig("q", max_wait=15, when_timed_out="voicemail:q"), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.wait(16)
    answer(desk, "a")
    fail(desk, "a", FailReason.DROPPED)
    assert desk.got(QueueTimedOut) == [QueueTimedOut("c1", "q", "voicemail:q", 0.0)]


def test_a_caller_who_hangs_up_while_offered_frees_the_agents() -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.RING_ALL), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.join("c1", "q")
    desk.do(CallLeft("c1"))
    assert [(w.agent, w.reason) for w in desk.got(WithdrawOffer)] == [
        ("a", WithdrawReason.CALLER_GONE),
        ("b", WithdrawReason.CALLER_GONE),
    ]
    assert desk.of("a") == desk.of("b") == (Status.AVAILABLE, State.IDLE)
    assert desk.acd.next_deadline() is None


def test_events_about_what_is_over_are_harmless() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}})
    desk.do(
        CallLeft("?"), ConversationEnded("?"), OfferFailed(7, FailReason.BUSY), AgentFree("?"), WrapUpEnded("a"),
        AgentLoggedOut("a"), AgentBreakEnded("a"), AgentBreakStarted("a"),
    )  # fmt: skip
    assert desk.of("a") == (Status.LOGGED_OUT, State.IDLE)
    assert desk.acd.tickets == {}


def test_answered_twice_is_connected_once() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    offer = desk.offer("a")
    desk.do(OfferAnswered(offer), OfferAnswered(offer))
    assert len(desk.got(Connect)) == 1
    assert desk.got(WithdrawOffer) == []


def test_a_conversation_ends_once_whoever_tells_it() -> None:
    desk = Desk(QueueConfig("q", wrap_up=0), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    answer(desk, "a")
    desk.do(CallLeft("c1"), ConversationEnded("c1", EndedBy.AGENT))
    over = [r for r in desk.records() if r["kind"] == "call_over"]
    assert [(r["how"], r["by"]) for r in over] == [("served", "caller")]


def test_a_caller_transferred_to_another_queue_leaves_the_agent_and_keeps_the_age() -> None:
    desk = Desk(QueueConfig("a", wrap_up=5), QueueConfig("b"), agents={"x": {}, "y": {}})
    desk.log_in("x")
    desk.join("c1", "a")
    answer(desk, "x")
    desk.wait(50)
    desk.join("c2", "b")
    desk.join("c1", "b", waiting_since=0.0)
    assert desk.of("x") == (Status.AVAILABLE, State.WRAP_UP)
    assert [t.call for t in desk.acd.waiting("b")] == ["c1", "c2"]


# --- agents


@pytest.mark.parametrize(
    ("event", "willing_again"),
    [
        (AgentLoggedOut("a"), AgentLoggedIn("a", "phone-a")),
        (AgentBreakStarted("a", "tea"), AgentBreakEnded("a")),
        (AgentUnreachable("a"), AgentReachable("a")),
        (AgentBusy("a"), AgentFree("a")),
    ],
)
def test_who_becomes_unable_while_ringing_loses_the_offer_to_the_next_one(event: object, willing_again: object) -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.TOP_DOWN), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.join("c1", "q")
    desk.do(event)  # type: ignore[arg-type]
    assert desk.got(WithdrawOffer) == [WithdrawOffer(1, "c1", "a", WithdrawReason.AGENT_GONE)]
    assert desk.offered() == [("c1", "b")]
    desk.join("c2", "q")
    assert desk.offered() == []
    desk.do(willing_again)  # type: ignore[arg-type]
    assert desk.offered() == [("c2", "a")]


def test_nobody_is_offered_a_call_on_a_break_or_with_a_busy_or_unreachable_phone() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}, "b": {}, "c": {}})
    desk.log_in("a", "b")
    desk.do(AgentLoggedIn("c", "phone-c", busy=True), AgentBreakStarted("a"), AgentUnreachable("b"))
    desk.join("c1", "q")
    assert desk.offered() == []
    desk.do(AgentFree("c"))
    assert desk.offered() == [("c1", "c")]


def test_a_break_or_logout_during_a_conversation_takes_effect_after_it() -> None:
    desk = Desk(QueueConfig("q", wrap_up=10), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.join("c1", "q")
    desk.join("c2", "q")
    answer(desk, "a")
    answer(desk, "b")
    desk.do(AgentBreakStarted("a", "lunch"), AgentLoggedOut("b"))
    assert (desk.of("a"), desk.of("b")) == ((Status.ON_BREAK, State.TALKING), (Status.LOGGED_OUT, State.TALKING))
    desk.do(ConversationEnded("c1"), ConversationEnded("c2"))
    assert (desk.of("a"), desk.of("b")) == ((Status.ON_BREAK, State.WRAP_UP), (Status.LOGGED_OUT, State.IDLE))
    desk.join("c3", "q")
    desk.wait(60)
    assert desk.of("a") == (Status.ON_BREAK, State.IDLE)
    assert desk.acd.agents["a"].reason == "lunch"


def test_the_key_ends_wrap_up_early_and_the_clock_does_not_fire_later() -> None:
    desk = Desk(QueueConfig("q", wrap_up=30), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    answer(desk, "a")
    desk.join("c2", "q")
    desk.do(ConversationEnded("c1"))
    desk.wait(5)
    desk.do(WrapUpEnded("a"))
    assert desk.offered() == [("c2", "a")]
    assert desk.acd.agents["a"].wrap_up_until is None


def test_wrap_up_is_the_agents_own_in_all_queues() -> None:
    desk = Desk(QueueConfig("a", wrap_up=40), QueueConfig("b", wrap_up=0), agents={"x": {}})
    desk.log_in("x")
    desk.join("c1", "a")
    answer(desk, "x")
    desk.do(ConversationEnded("c1"))
    desk.join("c2", "b")
    desk.wait(39.9)
    assert desk.of("x") == (Status.AVAILABLE, State.WRAP_UP)
    desk.wait(0.1)
    assert desk.offered() == [("c2", "x")]


def test_the_idle_clock_is_one_over_all_queues() -> None:
    desk = Desk(QueueConfig("a", wrap_up=0), QueueConfig("b", wrap_up=0), agents={"x": {}, "y": {}})
    desk.log_in("x")
    desk.wait(1)
    desk.log_in("y")
    desk.join("c1", "a")
    assert desk.offered() == [("c1", "x")]
    answer(desk, "x")
    desk.wait(5)
    desk.do(ConversationEnded("c1"))
    desk.join("c2", "b")
    assert desk.offered() == [("c2", "y")]


def test_a_phone_belongs_to_whoever_logged_in_there_last() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}, "b": {}})
    desk.do(AgentLoggedIn("a", "1001"), AgentLoggedIn("b", "1001"))
    assert (desk.of("a")[0], desk.of("b")[0]) == (Status.LOGGED_OUT, Status.AVAILABLE)
    assert desk.acd.agents["a"].reason == "b logged in at 1001"


def test_logging_in_elsewhere_moves_a_ringing_offer_to_the_new_phone() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}})
    desk.do(AgentLoggedIn("a", "1001"))
    desk.join("c1", "q")
    desk.do(AgentLoggedIn("a", "1002"))
    assert [w.reason for w in desk.got(WithdrawOffer)] == [WithdrawReason.AGENT_GONE]
    assert [o.phone for o in desk.got(OfferCall)] == ["1002"]


def test_a_late_comer_starts_level_with_the_least_loaded_agent() -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.FEWEST_CALLS, wrap_up=0), agents={"a": {}, "b": {}})
    desk.log_in("b")
    for n in range(10):
        desk.join(f"m{n}", "q")
        answer(desk, "b")
        desk.do(ConversationEnded(f"m{n}"))
    desk.log_in("a")
    served = []
    for n in range(6):
        desk.join(f"c{n}", "q")
        served += [agent for _, agent in desk.offered()]
        answer(desk, served[-1])
        desk.do(ConversationEnded(f"c{n}"))
    assert sorted(served) == ["a"] * 3 + ["b"] * 3
    assert desk.acd.agents["a"].calls == 3


def test_round_robin_remembers_across_calls() -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.ROUND_ROBIN, wrap_up=0), agents={"a": {}, "b": {}, "c": {}})
    desk.log_in("a", "b", "c")
    turns = []
    for n in range(5):
        desk.join(f"c{n}", "q")
        turns += [agent for _, agent in desk.offered()]
        answer(desk, turns[-1])
        desk.do(ConversationEnded(f"c{n}"))
    assert "".join(turns) == "abcab"


def test_tiers_come_before_the_strategy_and_only_listed_agents_serve() -> None:
    queue = QueueConfig("q", agents=(Member("b", 2), Member("a", 1)))
    desk = Desk(queue, agents={"a": {}, "b": {}, "c": {}})
    desk.log_in("b", "c")
    desk.wait(10)
    desk.log_in("a")
    desk.join("c1", "q")
    desk.join("c2", "q")
    desk.join("c3", "q")
    assert [(o.call, o.agent) for _, o in desk.seen if isinstance(o, OfferCall)] == [("c1", "a"), ("c2", "b")]


# --- skills over time


LADDER = QueueConfig(
    "q",
    needs=parse("sales >= 50"),
    relax=(RelaxStep(30, parse("sales >= 20")), RelaxStep(60, parse(""))),
    ring_timeout=200,
)


def test_the_ladder_widens_on_the_second() -> None:
    desk = Desk(LADDER, agents={"mid": {"sales": 20}, "none": {}})
    desk.log_in("mid", "none")
    desk.wait(100)
    desk.join("c1", "q")
    desk.join("c2", "q")
    desk.wait(29.999)
    assert desk.offered() == []
    desk.wait(0.001)
    assert desk.offered() == [("c1", "mid")]
    desk.wait(29.999)
    assert desk.offered() == []
    desk.wait(0.001)
    assert desk.offered() == [("c2", "none")]


def test_the_ladder_widens_while_agents_of_the_earlier_step_ring() -> None:
    ring_all = QueueConfig("q", needs=LADDER.needs, relax=LADDER.relax, strategy=Strategy.RING_ALL, ring_timeout=45)
    desk = Desk(ring_all, agents={"top": {"sales": 90}, "mid": {"sales": 30}})
    desk.log_in("top", "mid")
    desk.join("c1", "q")
    assert desk.offered() == [("c1", "top")]
    desk.wait(30)
    assert desk.now == 30.0
    assert desk.offered() == [("c1", "mid")]
    assert desk.of("top")[1] is State.OFFERED


def test_a_single_offer_that_fails_after_the_step_goes_to_the_wider_circle() -> None:
    single = QueueConfig("q", needs=LADDER.needs, relax=LADDER.relax, ring_timeout=45)
    desk = Desk(single, agents={"top": {"sales": 90}, "mid": {"sales": 30}})
    desk.log_in("top", "mid")
    desk.join("c1", "q")
    desk.wait(31)
    assert desk.offered() == []
    fail(desk, "top", FailReason.REJECTED)
    assert desk.offered() == [("c1", "mid")]


def test_what_the_call_needs_on_top_is_never_relaxed() -> None:
    desk = Desk(LADDER, agents={"any": {"vip": 0}, "vip": {"vip": 50}})
    desk.log_in("any", "vip")
    desk.join("c1", "q", needs=parse("{level} >= 50"), variables=(("level", "vip"),))
    desk.wait(60)
    assert desk.offered() == [("c1", "vip")]


def test_equal_agents_are_told_apart_by_the_narrowest_sufficient_skills() -> None:
    desk = Desk(QueueConfig("q", needs=parse("en")), agents={"both": {"en": 90, "pl": 90}, "one": {"en": 60}})
    desk.log_in("both", "one")
    desk.join("c1", "q")
    assert desk.offered() == [("c1", "one")]


# --- limits


def test_a_full_queue_refuses_only_those_who_would_have_to_wait() -> None:
    queue = QueueConfig("q", needs=parse("{language}"), max_waiting=1, when_full="callback:q")
    desk = Desk(queue, agents={"a": {"en": 1, "uk": 1}, "b": {"uk": 1}})
    desk.log_in("a")
    desk.join("c1", "q", language="en")
    answer(desk, "a")
    desk.join("c2", "q", language="en")
    assert desk.got(QueueFull) == []
    desk.join("c3", "q", language="en")
    assert desk.got(QueueFull) == [QueueFull("c3", "q", "callback:q", 0.0)]
    desk.log_in("b")
    desk.join("c4", "q", language="uk")
    assert desk.offered() == [("c4", "b")]


def test_max_wait_ends_the_waiting_on_the_second() -> None:
    desk = Desk(QueueConfig("q", max_wait=60, when_timed_out="voicemail:q"), agents={"a": {}})
    desk.join("c1", "q")
    desk.wait(59.9)
    assert desk.got(QueueTimedOut) == []
    desk.wait(0.1)
    assert desk.got(QueueTimedOut) == [QueueTimedOut("c1", "q", "voicemail:q", 0.0)]
    assert desk.acd.next_deadline() is None


@pytest.mark.parametrize("strategy", [Strategy.TOP_DOWN, Strategy.RING_ALL])
def test_who_rings_at_max_wait_may_still_answer_but_nobody_new_is_rung(strategy: Strategy) -> None:
    queue = QueueConfig("q", max_wait=30, ring_timeout=20, strategy=strategy)
    desk = Desk(queue, agents={"a": {}, "b": {}}, rules=OfferRules(after_no_answer=3))
    desk.log_in("a")
    desk.join("c1", "q")
    desk.wait(30)
    assert desk.of("a")[1] is State.OFFERED
    desk.log_in("b")
    assert desk.offered() == []
    desk.wait(12.9)
    assert desk.got(QueueTimedOut) == []
    desk.wait(0.1)
    assert desk.got(QueueTimedOut) == [QueueTimedOut("c1", "q", None, 0.0)]
    assert desk.offered() == []


def test_an_answer_after_max_wait_connects() -> None:
    desk = Desk(QueueConfig("q", max_wait=10, ring_timeout=20), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.wait(15)
    answer(desk, "a")
    assert [c.call for c in desk.got(Connect)] == ["c1"]


def test_a_queue_is_empty_for_a_caller_whom_nobody_logged_in_could_ever_serve() -> None:
    queue = QueueConfig(
        "q", needs=parse("{language} >= 50"), relax=(RelaxStep(30, parse("en >= 50")),), when_empty="voicemail:q"
    )
    desk = Desk(queue, agents={"pole": {"pl": 90}, "brit": {"en": 90}})
    desk.log_in("pole")
    desk.join("c1", "q", language="uk")
    assert desk.got(QueueEmpty) == [QueueEmpty("c1", "q", "voicemail:q", 0.0)]
    desk.log_in("brit")
    desk.join("c2", "q", language="uk")
    assert desk.got(QueueEmpty) == []
    desk.do(AgentBreakStarted("brit"))
    assert desk.got(QueueEmpty) == []
    desk.do(AgentLoggedOut("brit"))
    assert desk.got(QueueEmpty) == [QueueEmpty("c2", "q", "voicemail:q", 0.0)]


def test_without_when_empty_callers_hold_until_somebody_logs_in() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}})
    desk.join("c1", "q")
    desk.wait(3600)
    desk.log_in("a")
    assert desk.offered() == [("c1", "a")]


def test_an_unknown_queue_has_nobody() -> None:
    desk = Desk(agents={})
    desk.join("c1", "nowhere")
    assert desk.got(QueueEmpty) == [QueueEmpty("c1", "nowhere", None, 0.0)]


# --- announcements


SPEAKING = QueueConfig("q", announce=AnnouncePolicy(position=True, first_after=5, every=30))


def test_positions_are_announced_on_time_and_only_when_not_worse() -> None:
    desk = Desk(SPEAKING, agents={"a": {}})
    desk.join("c1", "q")
    desk.wait(1)
    desk.join("c2", "q")
    desk.wait(9)
    assert desk.got(AnnouncePosition) == [
        AnnouncePosition("c1", "q", 0, AnnouncementKind.FIRST),
        AnnouncePosition("c2", "q", 1, AnnouncementKind.FIRST),
    ]
    desk.join("older", "q", waiting_since=-60.0)
    desk.wait(1)
    desk.do(CallLeft("older", LeaveReason.EXIT))
    desk.join("older2", "q", waiting_since=-60.0)
    desk.wait(29)
    assert [(a.call, a.ahead) for a in desk.got(AnnouncePosition)] == [("older2", 0)]
    desk.do(CallLeft("older2"), CallLeft("c1"))
    desk.wait(30)
    assert desk.got(AnnouncePosition) == [AnnouncePosition("c2", "q", 0, AnnouncementKind.UPDATE)]
    times = [at for at, effect in desk.seen if isinstance(effect, AnnouncePosition)]
    assert times == [5.0, 6.0, 16.0, 66.0]


def test_nobody_who_talks_hears_a_position() -> None:
    desk = Desk(SPEAKING, agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    answer(desk, "a")
    desk.wait(300)
    assert desk.got(AnnouncePosition) == []


def test_announced_once_when_every_is_zero_and_at_once_when_first_is() -> None:
    desk = Desk(QueueConfig("q", announce=AnnouncePolicy(position=True, first_after=0, every=0)), agents={"a": {}})
    desk.join("c1", "q")
    desk.wait(300)
    assert [at for at, effect in desk.seen if isinstance(effect, AnnouncePosition)] == [0.0]


# --- time and configuration


def test_a_late_wake_up_neither_rings_in_the_past_nor_makes_up_for_missed_announcements() -> None:
    desk = Desk(QueueConfig("q", ring_timeout=20, announce=SPEAKING.announce), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.now = 500.0
    desk.acd.handle_timeout(500.0)
    effects = desk.acd.effects()
    assert sum(isinstance(e, AnnouncePosition) for e in effects) == 1
    assert sum(isinstance(e, WithdrawOffer) for e in effects) == 1
    assert desk.acd.agents["a"].no_answers == 1
    assert desk.acd.next_deadline() == 510.0


def test_timers_that_were_due_come_before_the_event() -> None:
    desk = Desk(QueueConfig("q", ring_timeout=20), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.now = 25.0
    desk.do(OfferAnswered(1))
    assert desk.got(Connect) == []
    assert [w.reason for w in desk.got(WithdrawOffer)] == [WithdrawReason.TIMEOUT, WithdrawReason.OVER]


def test_reconfiguring_keeps_everybody_and_offers_what_fits_now() -> None:
    desk = Desk(QueueConfig("q", needs=parse("sales")), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.join("c1", "q")
    staff = (AgentConfig("a"), AgentConfig("b", skills={"sales": 1}))
    desk.do(Reconfigured(AcdConfig((QueueConfig("q", needs=parse("sales")),), staff)))
    assert desk.offered() == [("c1", "b")]
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)


def test_a_removed_queue_drains_and_a_removed_agent_finishes_the_conversation() -> None:
    old, new = QueueConfig("old"), QueueConfig("new")
    desk = Desk(old, new, agents={"a": {}, "b": {}, "c": {}})
    desk.log_in("a", "b")
    for n in (1, 2, 3):
        desk.join(f"c{n}", "old")
    answer(desk, "a")
    desk.do(Reconfigured(AcdConfig((new,), (AgentConfig("c"),))))
    assert [w.agent for w in desk.got(WithdrawOffer)] == ["b"]
    assert set(desk.acd.agents) == {"a", "c"}
    desk.join("c4", "old")
    assert desk.got(QueueEmpty) == [QueueEmpty("c4", "old", None, 0.0)]
    desk.do(ConversationEnded("c1"))
    assert set(desk.acd.agents) == {"c"}
    desk.log_in("c")
    assert desk.offered() == [("c2", "c")]
    answer(desk, "c")
    desk.do(CallLeft("c3"), ConversationEnded("c2"))
    assert [q.id for q in desk.acd.config.queues] == ["new"]


def test_a_shorter_max_wait_takes_effect_at_once() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}})
    desk.join("c1", "q")
    desk.wait(100)
    desk.do(Reconfigured(AcdConfig((QueueConfig("q", max_wait=60),), ())))
    assert [t.call for t in desk.got(QueueTimedOut)] == ["c1"]


def test_joining_while_already_waiting_moves_the_call() -> None:
    desk = Desk(QueueConfig("a"), QueueConfig("b"), agents={})
    desk.do(CallJoined("c1", "a"), CallJoined("c1", "b"))
    assert [t.queue for t in desk.acd.tickets.values()] == ["b"]
    assert [(r["queue"], r["how"]) for r in desk.records() if r["kind"] == "call_over"] == [("a", "transferred")]
