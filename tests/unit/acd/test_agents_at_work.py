"""Scenarios of agents: queues they leave, skills that change, the work after the call, and where the time went."""

from __future__ import annotations

import json

import pytest

from acd.agent import State, Status
from acd.dispatcher import Dispatcher
from acd.effects import AgentStateChanged, OfferCall, QueueEmpty, WithdrawOffer, WithdrawReason
from acd.events import (
    AgentBreakStarted,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentQueueJoined,
    AgentQueueLeft,
    AgentReachable,
    AgentSkillsChanged,
    ConversationEnded,
    FailReason,
    OfferAnswered,
    OfferFailed,
    Reconfigured,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.model import AcdConfig, AgentConfig, OfferRules, OverflowStep, QueueConfig, Strategy
from acd.skills import parse
from tests.support.acd import Desk

SALES, SUPPORT = QueueConfig("sales", strategy=Strategy.TOP_DOWN), QueueConfig("support", strategy=Strategy.TOP_DOWN)


def talked(desk: Desk, call: str, agent: str, seconds: float = 60) -> None:
    desk.do(OfferAnswered(desk.offer(agent)))
    desk.wait(seconds)
    desk.do(ConversationEnded(call))


# --- an offer that came to nothing


@pytest.mark.parametrize(
    ("reason", "pause"),
    [
        (FailReason.NO_ANSWER, 1.0),
        (FailReason.REJECTED, 2.0),
        (FailReason.BUSY, 3.0),
        (FailReason.UNREACHABLE, 4.0),
        (FailReason.DROPPED, 5.0),
    ],
)  # fmt: skip
def test_every_cause_has_its_own_pause(reason: FailReason, pause: float) -> None:
    rules = OfferRules(
        after_no_answer=1, after_reject=2, after_busy=3, after_unreachable=4, after_drop=5, no_answer_limit=0
    )
    desk = Desk(SALES, agents={"a": {}}, rules=rules)
    desk.log_in("a")
    desk.join("c1", "sales")
    desk.do(OfferFailed(desk.offer("a"), reason))
    assert desk.offered() == []
    desk.wait(pause - 0.01)
    assert desk.offered() == []
    desk.wait(0.01)
    assert desk.offered() == [("c1", "a")]


def test_unanswered_offers_in_a_row_end_in_a_break_that_says_so() -> None:
    desk = Desk(SALES, agents={"a": {}}, rules=OfferRules(after_no_answer=0, no_answer_limit=3))
    desk.log_in("a")
    desk.join("c1", "sales")
    for _ in range(3):
        assert desk.acd.agents["a"].status is Status.AVAILABLE
        desk.wait(20)
    agent = desk.acd.agents["a"]
    assert (agent.status, agent.reason) == (Status.ON_BREAK, "did not answer")
    assert desk.got(AgentStateChanged)[-1].reason == "did not answer"
    assert desk.acd.tickets["c1"].place.value == "waiting"


# --- queues that an agent has left


def test_who_left_a_queue_gets_no_calls_of_it_but_those_of_others() -> None:
    desk = Desk(SALES, SUPPORT, agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.do(AgentQueueLeft("a", "sales"))
    desk.join("c1", "sales")
    assert desk.offered() == [("c1", "b")]
    desk.join("c2", "support")
    assert desk.offered() == [("c2", "a")]


def test_who_joins_again_is_offered_the_waiting_caller_at_once() -> None:
    desk = Desk(SALES, agents={"a": {}})
    desk.log_in("a")
    desk.do(AgentQueueLeft("a", "sales"))
    desk.join("c1", "sales")
    assert desk.offered() == []
    desk.do(AgentQueueJoined("a", "sales"))
    assert desk.offered() == [("c1", "a")]


def test_leaving_a_queue_stops_its_offer_that_rings_but_no_other() -> None:
    desk = Desk(SALES, SUPPORT, agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.join("c1", "sales")
    desk.do(AgentQueueLeft("a", "support"))
    assert desk.got(WithdrawOffer) == []
    desk.do(AgentQueueLeft("a", "sales"))
    assert desk.got(WithdrawOffer) == [WithdrawOffer(1, "c1", "a", WithdrawReason.AGENT_GONE)]
    assert desk.offered() == [("c1", "b")]


def test_leaving_a_queue_does_not_end_a_conversation() -> None:
    desk = Desk(SALES, agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "sales")
    desk.do(OfferAnswered(desk.offer("a")), AgentQueueLeft("a", "sales"))
    assert desk.of("a") == (Status.AVAILABLE, State.TALKING)


def test_a_queue_that_everybody_has_left_is_empty() -> None:
    desk = Desk(QueueConfig("q", when_empty="voicemail:q"), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.do(AgentBreakStarted("a"), AgentBreakStarted("b"))
    desk.join("c1", "q")
    desk.do(AgentQueueLeft("a", "q"))
    assert desk.got(QueueEmpty) == []
    desk.do(AgentQueueLeft("b", "q"))
    assert desk.got(QueueEmpty) == [QueueEmpty("c1", "q", "voicemail:q", 0.0)]


def test_the_next_login_is_for_all_queues() -> None:
    desk = Desk(SALES, agents={"a": {}})
    desk.log_in("a")
    desk.do(AgentQueueLeft("a", "sales"), AgentLoggedOut("a"))
    desk.join("c1", "sales")
    desk.log_in("a")
    assert desk.offered() == [("c1", "a")]
    assert desk.acd.agents["a"].left == frozenset()


def test_moving_to_another_phone_keeps_the_queues_as_they_are() -> None:
    desk = Desk(SALES, agents={"a": {}})
    desk.log_in("a")
    desk.do(AgentQueueLeft("a", "sales"), AgentLoggedIn("a", "elsewhere"))
    assert desk.acd.agents["a"].left == {"sales"}


def test_queues_that_were_left_and_skills_that_were_set_survive_a_restart() -> None:
    desk = Desk(SALES, QueueConfig("pl", needs=parse("pl")), agents={"a": {}})
    desk.log_in("a")
    desk.do(AgentQueueLeft("a", "sales"), AgentSkillsChanged("a", {"pl": 5}))
    desk.acd = Dispatcher.restore(json.loads(json.dumps(desk.acd.snapshot())))
    desk.join("c1", "sales")
    desk.join("c2", "pl")
    assert desk.offered() == [("c2", "a")]
    assert "c1" in desk.acd.tickets


# --- skills that change while working


def test_a_new_skill_counts_at_once() -> None:
    desk = Desk(QueueConfig("pl", needs=parse("pl >= 50")), agents={"a": {"pl": 20}})
    desk.log_in("a")
    desk.join("c1", "pl")
    assert desk.offered() == []
    desk.do(AgentSkillsChanged("a", {"pl": 60}))
    assert desk.offered() == [("c1", "a")]


def test_a_lost_skill_stops_the_offer_that_needs_it() -> None:
    desk = Desk(QueueConfig("pl", needs=parse("pl")), agents={"a": {"pl": 20}})
    desk.log_in("a")
    desk.join("c1", "pl")
    desk.do(AgentSkillsChanged("a", {}))
    assert desk.got(WithdrawOffer) == [WithdrawOffer(1, "c1", "a", WithdrawReason.AGENT_GONE)]
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)


def test_skills_set_while_working_stay_until_the_configuration_says_something_new() -> None:
    queue = QueueConfig("pl", needs=parse("pl"))
    desk = Desk(queue, agents={"a": {"en": 1}})
    desk.do(AgentSkillsChanged("a", {"pl": 20}))
    desk.do(Reconfigured(AcdConfig((queue,), (AgentConfig("a", skills={"en": 1}, position=3),))))
    assert desk.acd.agents["a"].skills == {"pl": 20}
    desk.do(Reconfigured(AcdConfig((queue,), (AgentConfig("a", skills={"en": 2}, position=3),))))
    assert desk.acd.agents["a"].skills == {"en": 2}


def test_an_offer_stops_ringing_when_the_new_configuration_takes_the_agent_out_of_the_queue() -> None:
    desk = Desk(QueueConfig("q"), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(Reconfigured(AcdConfig((QueueConfig("q", needs=parse("vip")),), (AgentConfig("a"),))))
    assert desk.got(WithdrawOffer) == [WithdrawOffer(1, "c1", "a", WithdrawReason.AGENT_GONE)]


# --- the work after the call


def test_wrap_up_until_done_has_no_clock_and_is_shown_so() -> None:
    desk = Desk(QueueConfig("q", wrap_up=None), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    talked(desk, "c1", "a")
    shown = desk.got(AgentStateChanged)[-1]
    assert (shown.state, shown.until) == (State.WRAP_UP, None)
    assert desk.acd.next_deadline() is None
    desk.wait(3600)
    assert desk.of("a") == (Status.AVAILABLE, State.WRAP_UP)
    desk.do(WrapUpEnded("a"))
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)


def test_more_time_is_shown_and_ends_by_the_clock() -> None:
    desk = Desk(QueueConfig("q", wrap_up=10, max_wrap_up=40), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    talked(desk, "c1", "a", seconds=50)
    desk.wait(5)
    desk.do(WrapUpExtended("a", 30))
    assert [shown.until for shown in desk.got(AgentStateChanged)] == [85.0]
    desk.do(WrapUpExtended("a", None))
    assert [shown.until for shown in desk.got(AgentStateChanged)] == [90.0]
    desk.wait(34.9)
    assert desk.of("a") == (Status.AVAILABLE, State.WRAP_UP)
    desk.wait(0.1)
    assert desk.of("a") == (Status.AVAILABLE, State.IDLE)


def test_a_break_asked_for_during_a_call_is_shown_at_once_and_starts_after_the_work() -> None:
    desk = Desk(QueueConfig("q", wrap_up=10), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(OfferAnswered(desk.offer("a")), AgentBreakStarted("a", "lunch"))
    shown = desk.got(AgentStateChanged)[-1]
    assert (shown.status, shown.state, shown.reason) == (Status.ON_BREAK, State.TALKING, "lunch")
    desk.do(ConversationEnded("c1"))
    desk.join("c2", "q")
    desk.wait(10)
    assert desk.of("a") == (Status.ON_BREAK, State.IDLE)
    assert desk.got(OfferCall) == []


# --- where the time went


def test_the_shift_is_written_down_at_logout_and_adds_up() -> None:
    desk = Desk(QueueConfig("q", wrap_up=10, ring_timeout=20), agents={"a": {}})
    desk.now = 0.1
    desk.log_in("a")
    desk.wait(5.2)
    desk.join("c1", "q")
    desk.wait(3)
    desk.do(OfferAnswered(desk.offer("a")))
    desk.wait(60)
    desk.do(AgentBreakStarted("a", "lunch"))
    desk.wait(1.7)
    desk.do(ConversationEnded("c1"))
    desk.wait(600)
    desk.do(AgentLoggedOut("a"))
    (shift,) = [record for record in desk.records() if record["kind"] == "shift"]
    assert shift["spent"] == [
        ["available", "idle", "", 5_200_000],
        ["available", "offered", "", 3_000_000],
        ["available", "talking", "", 60_000_000],
        ["on_break", "idle", "lunch", 590_000_000],
        ["on_break", "talking", "lunch", 1_700_000],
        ["on_break", "wrap_up", "lunch", 10_000_000],
    ]
    assert (shift["logged_in"], shift["calls"]) == (669_900_000, 1)
    assert desk.acd.agents["a"].sheet is None


def test_the_time_of_an_unreachable_agent_is_not_idle_time() -> None:
    desk = Desk(SALES, agents={"a": {}})
    desk.do(AgentLoggedIn("a", "1001", reachable=False))
    desk.wait(30)
    desk.do(AgentReachable("a"))
    desk.wait(4)
    sheet = desk.acd.agents["a"].sheet
    assert sheet is not None
    assert sheet.until(desk.now) == {
        ("available", "idle", "unreachable"): 30_000_000, ("available", "idle", ""): 4_000_000
    }  # fmt: skip


def test_who_logs_in_late_does_not_get_every_call_under_least_talk() -> None:
    desk = Desk(QueueConfig("q", wrap_up=0, strategy=Strategy.LEAST_TALK), agents={"a": {}, "b": {}, "z": {}})
    desk.log_in("a", "b")
    for n in range(4):
        desk.join(f"c{n}", "q")
        talked(desk, f"c{n}", desk.offered()[0][1], 100)
    assert [desk.acd.agents[a].talk_load for a in ("a", "b")] == [200.0, 200.0]
    desk.log_in("z")
    assert desk.acd.agents["z"].talk_load == 200.0


def test_least_occupied_counts_the_whole_time_with_calls() -> None:
    desk = Desk(QueueConfig("q", wrap_up=30, strategy=Strategy.LEAST_OCCUPIED), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.join("c0", "q")
    talked(desk, "c0", "a", 10)
    desk.wait(100)
    desk.join("c1", "q")
    assert desk.offered() == [("c1", "b")]


# --- agents of another queue


def test_after_a_while_another_queues_agents_help_and_the_own_ones_come_first() -> None:
    helped = QueueConfig("sales", needs=parse("sales"), overflow=(OverflowStep(30, also="support"),))
    desk = Desk(
        helped, QueueConfig("support", needs=parse("support")), agents={"a": {"support": 50}, "z": {"sales": 9}}
    )
    desk.log_in("a")
    desk.join("c1", "sales")
    desk.wait(29.9)
    assert desk.offered() == []
    desk.wait(0.1)
    assert desk.offered() == [("c1", "a")]
    desk.do(OfferFailed(desk.offer("a"), FailReason.REJECTED))
    desk.log_in("z")
    desk.wait(15)
    talked(desk, "c1", "z")
    desk.wait(30)
    desk.join("c2", "sales", waiting_since=0.0)
    assert desk.offered() == [("c2", "z")]


def test_helpers_who_left_either_queue_do_not_help() -> None:
    helped = QueueConfig("sales", needs=parse("sales"), overflow=(OverflowStep(30, also="support"),))
    desk = Desk(helped, QueueConfig("support"), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.do(AgentQueueLeft("a", "sales"), AgentQueueLeft("b", "support"))
    desk.join("c1", "sales", waiting_since=-60.0)
    assert desk.offered() == []
    desk.do(AgentQueueJoined("b", "support"))
    assert desk.offered() == [("c1", "b")]
