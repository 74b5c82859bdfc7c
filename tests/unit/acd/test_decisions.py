"""What the journal says of a decision: why this agent, why not that one, who waited ahead."""

from __future__ import annotations

from typing import Any

import pytest

from acd.agent import State
from acd.events import (
    AgentBreakStarted,
    AgentBusy,
    AgentLoggedIn,
    AgentQueueLeft,
    AgentUnreachable,
    ConversationEnded,
    FailReason,
    OfferAnswered,
    OfferFailed,
)
from acd.model import Member, OfferRules, QueueConfig, RelaxStep, Strategy
from acd.skills import parse
from acd.strategies import NAMED
from tests.support.acd import Desk

SALES = QueueConfig("sales", needs=parse("sales >= 50"), wrap_up=10, when_empty=None)


def offers(desk: Desk) -> list[dict[str, Any]]:
    return [record for record in desk.records() if record["kind"] == "offer"]


def last_offer(desk: Desk) -> dict[str, Any]:
    return offers(desk)[-1]


def test_the_candidates_are_told_with_the_keys_they_were_compared_by() -> None:
    desk = Desk(SALES, agents={"a": {"sales": 60}, "b": {"sales": 90, "pl": 70}, "c": {"sales": 80}})
    desk.log_in("b")
    desk.wait(3)
    desk.log_in("a", "c")
    desk.join("call", "sales")
    record = last_offer(desk)
    keys = dict(zip(record["by"], record["compared"][0][1:], strict=True))
    assert record["agent"] == record["compared"][0][0] == "b"
    assert keys == {
        "failed": 0,
        "not_asked_for": 1,
        "unpreferred": 0,
        "tier": 1,
        "spare_skills": 0,
        "idle_since": 0.0,
        "breadth": 70,
    }
    assert [candidate[0] for candidate in record["compared"]] == ["b", "a", "c"]
    assert (record["candidates"], record["excluded"], record["others"]) == (3, [], 0)
    assert record["decision"] == record["offer"] == 1


def test_who_cannot_take_the_call_is_told_with_the_reason() -> None:
    able = {"sales": 60}
    agents = {name: able for name in ("away", "busy", "gone", "free", "rests", "rings", "talks", "wraps", "home")}
    desk = Desk(
        SALES,
        QueueConfig("other"),
        agents={**agents, "new": {"sales": 20}, "out": able},
        rules=OfferRules(after_reject=60),
    )
    for agent, does in (("rests", "reject"), ("wraps", "end"), ("talks", "answer"), ("rings", "ring")):
        desk.log_in(agent)
        desk.join(f"to {agent}", "sales")
        offer = desk.offer(agent)
        match does:
            case "reject":
                desk.do(OfferFailed(offer, FailReason.REJECTED))
                desk.join("to rests", "nowhere")
            case "answer" | "end":
                desk.do(OfferAnswered(offer))
        if does == "end":
            desk.do(ConversationEnded(f"to {agent}"))
    assert desk.of("rings")[1] is State.OFFERED
    desk.log_in("away", "busy", "gone", "new", "out")
    desk.do(AgentBreakStarted("away", "lunch"), AgentBusy("busy"), AgentUnreachable("gone"))
    desk.do(AgentQueueLeft("out", "sales"), AgentLoggedIn("free", "1"))
    desk.join("call", "sales")
    record = last_offer(desk)
    assert (record["call"], record["agent"]) == ("call", "free")
    assert record["excluded"] == [
        ["new", "skills", "sales >= 50"],
        ["out", "opted_out", ""],
        ["away", "on_break", "lunch"],
        ["busy", "busy", ""],
        ["gone", "unreachable", ""],
        ["rests", "resting", "rejected"],
        ["rings", "offered", "to rings"],
        ["talks", "talking", "to talks"],
        ["wraps", "wrap_up", ""],
    ]
    assert record["others"] == 1, "one is at home"


@pytest.mark.parametrize(
    ("skills", "missing"),
    [
        ({"sales": 90}, "en >= 50 or pl >= 50"),
        ({"en": 90}, "sales >= 50"),
        ({}, "sales >= 50 and (en >= 50 or pl >= 50)"),
    ],
)
def test_the_skills_that_are_missing_are_named(skills: dict[str, int], missing: str) -> None:
    queue = QueueConfig("q", needs=parse("sales >= 50 and ({language} >= 50 or pl >= 50)"))
    desk = Desk(queue, agents={"a": skills, "b": {"sales": 50, "pl": 50}})
    desk.log_in("a", "b")
    desk.join("call", "q", language="en")
    assert last_offer(desk)["excluded"] == [["a", "skills", missing]]


def test_who_is_not_in_the_queue_is_told_so() -> None:
    desk = Desk(QueueConfig("q", agents=(Member("a"),)), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.join("call", "q")
    assert last_offer(desk)["excluded"] == [["b", "not_in_queue", ""]]


def test_callers_who_wait_ahead_for_somebody_else_are_told_with_their_line() -> None:
    polish = QueueConfig("polish", needs=parse("pl"), priority=50)
    desk = Desk(SALES, polish, agents={"a": {"sales": 60}, "b": {"pl": 60}})
    for call in ("p1", "p2"):
        desk.join(call, "polish")
    desk.wait(100)
    desk.join("call", "sales")
    desk.wait(20)
    desk.join("p3", "polish")  # 50 points against 20
    desk.wait(30)
    desk.log_in("a")
    record = last_offer(desk)
    assert (record["call"], record["standing"], record["band"]) == ("call", 50.0, 0)
    assert record["ahead"] == [["p1", "polish", 200.0, 3]]
    assert record["more_ahead"] == 0


def test_who_waits_behind_is_not_told() -> None:
    desk = Desk(SALES, QueueConfig("polish", needs=parse("pl")), agents={"a": {"sales": 60}})
    desk.join("call", "sales")
    desk.wait(1)
    desk.join("later", "polish")
    desk.log_in("a")
    assert last_offer(desk)["ahead"] == []


def test_a_higher_band_waits_ahead_whatever_the_points() -> None:
    desk = Desk(SALES, QueueConfig("vip", needs=parse("vip"), band=2), agents={"a": {"sales": 60}})
    desk.join("call", "sales")
    desk.wait(60)
    desk.join("rich", "vip")
    desk.log_in("a")
    assert last_offer(desk)["ahead"] == [["rich", "vip", 0.0, 1]]


def test_only_so_many_are_named_and_the_rest_is_counted() -> None:
    agents = {f"a{i:02}": {"sales": 60} for i in range(40)} | {f"b{i:02}": {} for i in range(40)}
    desk = Desk(SALES, *(QueueConfig(f"q{i:02}", needs=parse("rare"), band=1) for i in range(30)), agents=agents)
    for i in range(30):
        desk.join(f"call{i:02}", f"q{i:02}")
    desk.join("call", "sales")
    desk.log_in(*[agent for agent in agents if agent[0] == "b"], "a00")
    record = last_offer(desk)
    assert (record["call"], record["agent"]) == ("call", "a00")
    assert (len(record["ahead"]), record["more_ahead"]) == (NAMED, 30 - NAMED)
    assert len(record["excluded"]) == NAMED // 2, "nobody who could serve is logged in"
    assert record["others"] == 80 - 1 - len(record["excluded"])
    desk.do(OfferFailed(desk.offer("a00"), FailReason.REJECTED))
    desk.log_in(*[agent for agent in agents if agent[0] == "a" and agent != "a00"])
    assert [record["call"] for record in offers(desk)[1:]] == ["call"]


def test_of_many_candidates_the_best_are_named() -> None:
    desk = Desk(SALES, agents={f"a{i:02}": {"sales": 60} for i in range(40)})
    desk.log_in(*desk.acd.agents)
    desk.join("call", "sales")
    record = last_offer(desk)
    assert (record["candidates"], len(record["compared"]), record["others"]) == (40, NAMED, 0)


def test_when_several_ring_the_first_record_says_why() -> None:
    desk = Desk(QueueConfig("q", strategy=Strategy.RING_ALL), agents={"a": {}, "b": {}, "c": {}})
    desk.log_in("a", "b", "c")
    desk.join("call", "q")
    first, *rest = offers(desk)
    assert [record["decision"] for record in offers(desk)] == [1, 1, 1]
    assert [candidate[0] for candidate in first["compared"]] == ["a", "b", "c"]
    assert all("compared" not in record for record in rest)


def test_what_the_agent_misses_is_told_for_the_step_of_the_caller() -> None:
    queue = QueueConfig("q", needs=parse("sales >= 80"), relax=(RelaxStep(30, parse("sales >= 40")),))
    desk = Desk(queue, agents={"a": {"sales": 20}, "b": {"sales": 50}})
    desk.log_in("a", "b")
    desk.join("call", "q")
    desk.wait(30)
    record = last_offer(desk)
    assert (record["agent"], record["step"]) == ("b", 1)
    assert record["excluded"] == [["a", "skills", "sales >= 80 or sales >= 40"]]
