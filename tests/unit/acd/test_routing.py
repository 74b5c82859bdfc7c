"""Which caller goes to which agent: preferences, skills to spare, ladders, order, and rings of several phones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from acd.agent import State
from acd.dispatcher import Dispatcher
from acd.effects import OfferCall, WithdrawOffer
from acd.events import ConversationEnded, FailReason, OfferAnswered, OfferFailed
from acd.journal import replay
from acd.model import Member, OfferRules, QueueConfig, RelaxStep, Spare, Strategy
from acd.skills import parse
from tests.support.acd import Desk

LANGUAGES = QueueConfig("languages", needs=parse("{language} >= 50"))


def idle_in_this_order(desk: Desk, *agents: str) -> None:
    for agent in agents:
        desk.log_in(agent)
        desk.wait(1)


# --- skills to spare


def test_the_only_polish_speaker_is_kept_for_a_polish_caller() -> None:
    desk = Desk(LANGUAGES, agents={"both": {"en": 80, "pl": 80}, "one": {"en": 80}})
    idle_in_this_order(desk, "both", "one")
    desk.join("english", "languages", language="en")
    assert desk.offered() == [("english", "one")]
    desk.join("polish", "languages", language="pl")
    assert desk.offered() == [("polish", "both")]


def test_and_serves_the_english_one_when_nobody_else_is_there() -> None:
    desk = Desk(LANGUAGES, agents={"both": {"en": 80, "pl": 80}})
    desk.log_in("both")
    desk.join("english", "languages", language="en")
    assert desk.offered() == [("english", "both")]


def test_a_level_that_no_queue_asks_for_is_no_skill_to_spare() -> None:
    agents = {"bit": {"en": 80, "pl": 20, "chess": 90}, "one": {"en": 80, "pl": 80}}
    desk = Desk(QueueConfig("q", needs=parse("en")), QueueConfig("p", needs=parse("pl >= 50")), agents=agents)
    idle_in_this_order(desk, "one", "bit")
    desk.join("english", "q")
    assert desk.offered() == [("english", "bit")]


def test_nothing_is_spared_where_the_queue_says_so() -> None:
    queue = QueueConfig("languages", needs=LANGUAGES.needs, spare=Spare.NOTHING)
    desk = Desk(queue, agents={"both": {"en": 80, "pl": 80}, "one": {"en": 80}})
    idle_in_this_order(desk, "both", "one")
    desk.join("english", "languages", language="en")
    assert desk.offered() == [("english", "both")]


def test_among_agents_of_equal_breadth_the_longest_idle_over_all_queues_is_chosen() -> None:
    """One idle clock: a call of another queue starts it anew, a missed offer does not."""
    other = QueueConfig("other", needs=parse("en"), wrap_up=0)
    agents = {name: {"en": 80} for name in "abc"}
    desk = Desk(LANGUAGES, other, agents=agents, rules=OfferRules(after_reject=0))
    idle_in_this_order(desk, "a", "b", "c")
    desk.join("1", "other")
    desk.do(OfferAnswered(desk.offer("a")), ConversationEnded("1"))
    desk.wait(1)
    desk.join("2", "languages", language="en")
    desk.do(OfferFailed(desk.offer("b"), FailReason.REJECTED))
    desk.do(OfferFailed(desk.offer("c"), FailReason.REJECTED))
    desk.do(OfferAnswered(desk.offer("a")))
    desk.join("3", "languages", language="en")
    assert desk.offered() == [("3", "b")], "b has been idle since before c, and the missed offer changes nothing"


# --- preferences


def test_who_satisfies_more_preferences_is_asked_first_then_the_others() -> None:
    queue = QueueConfig("q", preferred=parse("vip"), strategy=Strategy.TOP_DOWN, ring_timeout=5)
    agents = {"a": {}, "b": {"pl": 9}, "c": {"vip": 9}, "d": {"vip": 9, "pl": 9}}
    desk = Desk(queue, agents=agents)
    desk.log_in(*agents)
    desk.join("call", "q", preferred=parse("pl"))
    asked = [agent for _, agent in desk.offered()]
    for _ in range(3):
        desk.wait(5)
        asked += [agent for _, agent in desk.offered()]
    assert asked == ["d", "b", "c", "a"]


def test_a_preference_about_the_language_of_the_caller() -> None:
    queue = QueueConfig("q", preferred=parse("{language} >= 50"), strategy=Strategy.TOP_DOWN)
    desk = Desk(queue, agents={"a": {"en": 80}, "b": {"uk": 80}})
    desk.log_in("a", "b")
    desk.join("one", "q", language="uk")
    desk.join("two", "q", language="uk")
    assert [offer.agent for offer in [*desk.got(OfferCall)]] == ["a"], "nobody waits for a preference"
    assert desk.acd.agents["b"].call == "one"


def test_the_agent_who_was_asked_for_comes_first_while_idle() -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.TOP_DOWN), agents={"a": {}, "b": {}, "c": {}})
    desk.log_in("a", "b", "c")
    desk.join("one", "q", agent="c")
    assert desk.offered() == [("one", "c")]
    desk.join("two", "q", agent="c")
    assert desk.offered() == [("two", "a")]
    desk.join("three", "q", agent="nobody")
    assert desk.offered() == [("three", "b")]


def test_the_agent_who_was_asked_for_needs_the_skills_all_the_same() -> None:
    desk = Desk(QueueConfig("q", needs=parse("sales")), agents={"a": {"sales": 9}, "b": {}})
    desk.log_in("a", "b")
    desk.join("one", "q", agent="b")
    assert desk.offered() == [("one", "a")]


# --- ladders, while phones ring


@pytest.mark.parametrize("strategy", [Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY])
def test_a_relaxed_step_adds_agents_to_those_who_ring(strategy: Strategy) -> None:
    queue = QueueConfig(
        "q", needs=parse("sales >= 80"), relax=(RelaxStep(10, parse("sales >= 20")),), strategy=strategy, ring_step=7
    )
    desk = Desk(queue, agents={"good": {"sales": 90}, "fair": {"sales": 40}})
    desk.log_in("good", "fair")
    desk.join("call", "q")
    assert desk.offered() == [("call", "good")]
    desk.wait(9.999)
    assert desk.offered() == []
    desk.wait(0.001)
    assert desk.offered() == [("call", "fair")]
    assert desk.of("good")[1] is State.OFFERED


def test_a_relaxed_step_counts_on_the_second_for_who_becomes_free_while_another_rings() -> None:
    queue = QueueConfig("q", needs=parse("sales >= 80"), relax=(RelaxStep(10, parse("sales >= 20")),), ring_timeout=60)
    desk = Desk(queue, agents={"good": {"sales": 90}, "fair": {"sales": 40}})
    desk.log_in("good", "fair")
    desk.join("one", "q")
    desk.join("two", "q")
    desk.wait(10)
    assert desk.offered() == [("two", "fair")], "the second caller waited for the good one, who rings for the first"


# --- one more phone after a while


def test_ringing_progressively_adds_one_agent_after_another_and_keeps_those_who_ring() -> None:
    queue = QueueConfig("q", strategy=Strategy.RING_PROGRESSIVELY, ring_step=4, ring_timeout=9, agents=members("bca"))
    desk = Desk(queue, agents={"a": {}, "b": {}, "c": {}})
    desk.log_in("a", "b", "c")
    desk.join("call", "q")
    rings = [(0.0, "b")]
    for at in range(1, 9):
        desk.wait(1)
        rings += [(float(at), offer.agent) for offer in desk.got(OfferCall)]
        assert desk.got(WithdrawOffer) == []
    assert rings == [(0.0, "b"), (4.0, "c"), (8.0, "a")]
    desk.do(OfferAnswered(desk.offer("c")))
    assert {offer.agent for offer in desk.got(WithdrawOffer)} == {"a", "b"}
    assert desk.wait(60) == []


def members(agents: str) -> tuple[Member, ...]:
    return tuple(Member(agent) for agent in agents)


def test_when_all_who_rang_failed_the_next_one_rings_at_once() -> None:
    queue = QueueConfig("q", strategy=Strategy.RING_PROGRESSIVELY, ring_step=4)
    desk = Desk(queue, agents={"a": {}, "b": {}, "c": {}})
    desk.log_in("a", "b", "c")
    desk.join("call", "q")
    desk.wait(1)
    desk.do(OfferFailed(1, FailReason.REJECTED))
    assert desk.offered() == [("call", "b")]
    desk.wait(3.9)
    assert desk.offered() == []
    desk.wait(0.1)
    assert desk.offered() == [("call", "c")], "four seconds after the last one began"


def test_one_more_is_due_and_nobody_idle_then_whoever_becomes_free_rings_at_once() -> None:
    queue = QueueConfig("q", strategy=Strategy.RING_PROGRESSIVELY, ring_step=4)
    desk = Desk(queue, agents={"a": {}, "b": {}})
    desk.log_in("a")
    desk.join("call", "q")
    desk.wait(6)
    desk.log_in("b")
    assert desk.offered() == [("call", "b")]


# --- order


def test_a_higher_band_is_served_first_however_long_others_wait() -> None:
    desk = Desk(QueueConfig("low", priority=500), QueueConfig("high", band=1), agents={"a": {}})
    desk.join("old", "low")
    desk.wait(1000)
    desk.join("new", "high")
    desk.log_in("a")
    assert desk.offered() == [("new", "a")]


def test_at_the_cap_the_first_to_come_is_the_first_again() -> None:
    queue = QueueConfig("q", priority_cap=100)
    desk = Desk(queue, agents={"a": {}})
    desk.join("old", "q")
    desk.wait(50)
    desk.join("urgent", "q", priority=90)
    assert [ticket.call for ticket in desk.acd.waiting("q")] == ["urgent", "old"]
    desk.wait(49.9)
    assert [desk.acd.ahead_of(call) for call in ("urgent", "old")] == [0, 1]
    desk.wait(0.1)
    assert [desk.acd.ahead_of(call) for call in ("urgent", "old")] == [1, 0]
    desk.log_in("a")
    assert desk.offered() == [("old", "a")]


def test_callers_of_two_queues_at_the_same_cap_go_by_arrival() -> None:
    queues = QueueConfig("slow", priority_cap=60), QueueConfig("fast", ageing=5, priority_cap=60)
    desk = Desk(*queues, agents={"a": {}, "b": {}})
    desk.join("first", "slow")
    desk.wait(10)
    desk.join("second", "fast")
    desk.wait(49)
    desk.log_in("a")
    assert desk.offered() == [("second", "a")], "59 points against 60"
    desk.do(OfferFailed(desk.offer("a"), FailReason.DROPPED))
    desk.wait(1)
    desk.log_in("b")
    assert desk.offered() == [("first", "b")]


def test_a_restart_keeps_who_is_at_the_cap_and_when_the_next_phone_rings() -> None:
    queue = QueueConfig("q", strategy=Strategy.RING_PROGRESSIVELY, ring_step=7, priority_cap=30)
    desk = Desk(queue, agents={"a": {}, "b": {}, "c": {}})
    desk.join("old", "q", waiting_since=-40.0)
    desk.join("urgent", "q", priority=25)
    desk.log_in("a")
    desk.wait(6)
    written = json.loads(json.dumps(desk.acd.snapshot()))
    again = Dispatcher.restore(written, shift=1000.0)
    assert (again.next_deadline(), desk.acd.next_deadline()) == (1007.0, 7.0)
    assert Dispatcher.restore(written).snapshot() == written
    assert [t.call for t in again.waiting("q")] == [t.call for t in desk.acd.waiting("q")] == ["old", "urgent"]


@pytest.mark.parametrize("strategy", Strategy)
def test_a_replay_draws_the_same_lots(strategy: Strategy) -> None:
    queue = QueueConfig("q", strategy=strategy, seed=5, weights={"a": 2.0}, wrap_up=1, ring_timeout=3)
    desk = Desk(queue, agents={name: {"en": 10 * i} for i, name in enumerate("abcd")})
    desk.log_in(*"abcd")
    for number in range(30):
        desk.join(f"call{number}", "q")
        for offer in sorted(desk.acd.offers)[:2]:
            desk.do(OfferAnswered(offer) if number % 3 else OfferFailed(offer, FailReason.REJECTED))
        desk.wait(2)
        talking = [agent.call for agent in desk.acd.agents.values() if agent.state is State.TALKING and agent.call]
        desk.do(*(ConversationEnded(call) for call in talking))
    records = json.loads(json.dumps(desk.records()))
    again = Dispatcher(desk.acd.config)
    replay(again, records)
    told: list[dict[str, Any]] = [effect.record for effect in again.effects() if hasattr(effect, "record")]
    assert json.loads(json.dumps(told)) == records
    assert again.snapshot() == desk.acd.snapshot()
