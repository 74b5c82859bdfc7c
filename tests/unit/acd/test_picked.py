"""Callers whom somebody picks for an agent, out of all order."""

from __future__ import annotations

import json

import pytest

from acd import invariants
from acd.agent import State
from acd.dispatcher import Dispatcher
from acd.effects import Journal
from acd.events import (
    AgentBreakStarted,
    AgentQueueLeft,
    AgentSkillsChanged,
    CallAway,
    CallChanged,
    CallPicked,
    ConversationEnded,
    EndedBy,
    FailReason,
    OfferAnswered,
    OfferFailed,
    Reconfigured,
)
from acd.model import QueueConfig, Strategy
from acd.skills import parse
from acd.ticket import Place
from tests.support.acd import Desk

SALES = QueueConfig("sales", needs=parse("sales"), wrap_up=10, ring_timeout=15)


def desk_with(*more: QueueConfig, queue: QueueConfig = SALES) -> Desk:
    """Three callers wait; nobody is there but piotr, who may not serve them."""
    desk = Desk(queue, *more, agents={"olena": {"sales": 80}, "iryna": {"sales": 60}, "piotr": {}})
    desk.log_in("piotr")
    for call in ("c1", "c2", "c3"):
        desk.join(call, "sales")
    return desk


def ringing(desk: Desk, call: str) -> list[str]:
    return [desk.acd.offers[offer].agent for offer in desk.acd.tickets[call].offers]


def state(desk: Desk, agent: str) -> State:
    return desk.acd.agents[agent].state


def test_the_agent_rings_whatever_the_order_and_the_skills_and_serves_like_for_any_caller() -> None:
    desk = desk_with()
    desk.do(CallPicked("c3", "piotr"))
    assert ringing(desk, "c3") == ["piotr"]
    (offer,) = [e.record for _, e in desk.seen if isinstance(e, Journal) and e.record["kind"] == "offer"]
    assert offer["picked"] is True
    desk.do(OfferAnswered(desk.offer("piotr")))
    assert (state(desk, "piotr"), desk.acd.agents["piotr"].calls) == (State.TALKING, 1)
    desk.do(ConversationEnded("c3", EndedBy.AGENT))
    assert state(desk, "piotr") is State.WRAP_UP
    desk.wait(10)
    assert state(desk, "piotr") is State.IDLE


@pytest.mark.parametrize("strategy", [Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY, Strategy.TOP_DOWN])
def test_whoever_rings_stops_and_nobody_else_begins(strategy: Strategy) -> None:
    desk = desk_with(queue=QueueConfig("sales", needs=parse("sales"), strategy=strategy, ring_step=3, ring_timeout=15))
    desk.log_in("olena")
    assert ringing(desk, "c1") == ["olena"]
    desk.do(CallPicked("c1", "piotr"))
    assert ringing(desk, "c1") == ["piotr"]
    desk.log_in("iryna")
    desk.wait(10)
    assert ringing(desk, "c1") == ["piotr"]
    desk.do(OfferFailed(desk.offer("piotr"), FailReason.REJECTED))
    assert desk.acd.tickets["c1"].place in (Place.WAITING, Place.OFFERED)
    assert "piotr" not in ringing(desk, "c1")


def test_the_agent_who_rings_for_the_caller_anyway_is_the_only_one_from_then_on() -> None:
    desk = desk_with(queue=QueueConfig("sales", needs=parse("sales"), strategy=Strategy.RING_ALL))
    desk.log_in("olena", "iryna")
    assert ringing(desk, "c1") == ["olena", "iryna"]
    first = desk.offer("iryna")
    desk.do(CallPicked("c1", "iryna"))
    assert (ringing(desk, "c1"), desk.offer("iryna")) == (["iryna"], first)
    assert ringing(desk, "c2") == ["olena"], "who is free again serves others"


def test_a_rest_after_a_missed_call_does_not_count() -> None:
    desk = desk_with()
    desk.do(CallPicked("c1", "piotr"), OfferFailed(2**31, FailReason.BUSY))
    desk.do(OfferFailed(desk.offer("piotr"), FailReason.NO_ANSWER))
    assert desk.acd.agents["piotr"].resting_until is not None
    desk.do(CallPicked("c2", "piotr"))
    assert ringing(desk, "c2") == ["piotr"]


@pytest.mark.parametrize(
    "event",
    [
        CallPicked("nobody", "piotr"),
        CallPicked("c1", "nobody"),
        CallPicked("c1", "olena"),  # is logged out
    ],
)
def test_a_pick_that_is_not_possible_changes_nothing(event: CallPicked) -> None:
    desk = desk_with()
    desk.do(event)
    assert not desk.acd.offers


def test_who_is_in_the_exit_menu_or_has_an_agent_on_a_break_is_not_picked() -> None:
    desk = desk_with()
    desk.do(CallAway("c1"), CallPicked("c1", "piotr"))
    desk.do(AgentBreakStarted("piotr", "lunch"), CallPicked("c2", "piotr"))
    assert not desk.acd.offers


def test_what_changes_meanwhile_does_not_take_the_call_away_but_a_break_does() -> None:
    desk = desk_with()
    desk.do(CallPicked("c1", "piotr"))
    desk.do(
        CallChanged("c1", priority=5.0, needs=parse("sales >= 90")),
        AgentQueueLeft("piotr", "sales"),
        AgentSkillsChanged("piotr", {"de": 1}),
        Reconfigured(desk.acd.config),
    )
    assert ringing(desk, "c1") == ["piotr"]
    desk.do(AgentBreakStarted("piotr", "lunch"))
    assert desk.acd.tickets["c1"].place is Place.WAITING


def test_a_pick_outlasts_being_written_down_and_read_back() -> None:
    desk = desk_with(queue=QueueConfig("sales", needs=parse("sales"), strategy=Strategy.RING_ALL))
    desk.do(CallPicked("c1", "piotr"))
    acd = Dispatcher.restore(json.loads(json.dumps(desk.acd.snapshot())))
    assert acd.snapshot() == desk.acd.snapshot()
    assert acd.tickets["c1"].picked
    invariants.check(acd)
