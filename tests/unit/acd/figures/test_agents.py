from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.effects import Journal
from acd.events import (
    AgentBreakEnded,
    AgentBreakStarted,
    AgentBusy,
    AgentFree,
    AgentLoggedOut,
    AgentReachable,
    AgentUnreachable,
    ConversationEnded,
    OfferAnswered,
)
from acd.figures.agents import Activity, AgentTimes, Duty, Span
from acd.figures.clock import SECOND
from acd.model import QueueConfig
from tests.support.acd import Desk

SALES = QueueConfig("sales", wrap_up=10, ring_timeout=15)


def spans(desk: Desk, *extra: tuple[str, float, str, dict[str, str]]) -> list[Span]:
    lines = [
        (e.record["kind"], e.record["at"], e.record.get("call"), e.record)
        for _, e in desk.seen
        if isinstance(e, Journal)
    ]
    reader = AgentTimes()
    for kind, at, call, data in sorted([*lines, *extra], key=lambda line: line[1]):
        reader.read(kind, at, call, data)
    reader.close(desk.now)
    return reader.done()


def test_a_shift_is_told_without_a_gap() -> None:
    it = Desk(SALES, agents={"anna": {}})
    it.wait(100)
    it.log_in("anna")
    it.wait(30)
    it.join("c", "sales")
    it.wait(5)
    it.do(OfferAnswered(it.offer("anna")))
    it.wait(60)
    it.do(ConversationEnded("c"))
    it.wait(20)
    it.do(AgentBreakStarted("anna", "lunch"))
    it.wait(300)
    it.do(AgentBreakStarted("anna", "training"))
    it.wait(100)
    it.do(AgentBreakEnded("anna"))
    it.wait(1)
    it.do(AgentBusy("anna"))
    it.wait(40)
    it.do(AgentFree("anna"))
    it.wait(2)
    it.do(AgentUnreachable("anna"))
    it.wait(50)
    it.do(AgentReachable("anna"))
    it.wait(3)
    it.do(AgentLoggedOut("anna"))
    it.wait(1000)
    found = spans(it, ("leg.held", 145.0, "c", {"leg": "agent"}), ("leg.resumed", 165.0, "c", {"leg": "agent"}))
    assert [(span.activity, span.reason, (span.ended - span.began) / SECOND) for span in found] == [
        (Activity.IDLE, "", 30),
        (Activity.RINGING, "", 5),
        (Activity.TALKING, "", 10),
        (Activity.HOLD, "", 20),
        (Activity.TALKING, "", 30),
        (Activity.WRAP_UP, "", 10),
        (Activity.IDLE, "", 10),
        (Activity.BREAK, "lunch", 300),
        (Activity.BREAK, "training", 100),
        (Activity.IDLE, "", 1),
        (Activity.OTHER_CALL, "", 40),
        (Activity.IDLE, "", 2),
        (Activity.UNREACHABLE, "", 50),
        (Activity.IDLE, "", 3),
    ]
    assert all(one.ended == other.began for one, other in pairwise(found))


def test_who_logs_out_in_a_conversation_is_on_duty_until_it_is_over() -> None:
    it = Desk(SALES, agents={"anna": {}})
    it.log_in("anna")
    it.join("c", "sales")
    it.do(OfferAnswered(it.offer("anna")))
    it.wait(10)
    it.do(AgentLoggedOut("anna"))
    it.wait(20)
    it.do(ConversationEnded("c"))
    it.wait(500)
    assert [(span.activity, span.ended - span.began) for span in spans(it)] == [(Activity.TALKING, 30 * SECOND)]


def test_a_hold_outlives_a_wish_for_a_break_and_ends_with_the_conversation() -> None:
    it = Desk(SALES, agents={"anna": {}})
    it.log_in("anna")
    it.join("c", "sales")
    it.do(OfferAnswered(it.offer("anna")))
    it.wait(10)
    it.do(AgentBreakStarted("anna", "lunch"))
    it.wait(10)
    it.do(ConversationEnded("c"))
    it.wait(30)
    found = spans(it, ("leg.held", 4.0, "c", {"leg": "agent"}))
    assert [(span.activity, (span.ended - span.began) / SECOND) for span in found] == [
        (Activity.TALKING, 4),
        (Activity.HOLD, 16),
        (Activity.WRAP_UP, 10),
        (Activity.BREAK, 20),
    ]


def test_a_restart_ends_everybodys_time_at_the_last_that_is_known() -> None:
    reader = AgentTimes()
    reader.read("acd.agent", 10.0, None, {"agent": "anna", "status": "available", "state": "idle", "reachable": True})
    reader.read("acd.agent", 60.0, None, {"agent": "borys", "status": "available", "state": "idle", "reachable": True})
    reader.read("switch.started", 5000.0, None, {})
    assert [(span.agent, span.began, span.ended) for span in reader.done()] == [("anna", 10 * SECOND, 60 * SECOND)]


@pytest.mark.parametrize(
    ("data", "resumed"),
    [({"shift": -3.5}, [(Activity.BREAK, 5000.0, 5020.0), (Activity.IDLE, 5020.0, 5030.0)]), ({"fresh": True}, [])],
)
def test_time_goes_on_after_a_restart_when_the_state_was_recovered(
    data: dict[str, object], resumed: list[tuple[Activity, float, float]]
) -> None:
    reader = AgentTimes()
    state = {"agent": "anna", "status": "on_break", "state": "idle", "reachable": True, "reason": "lunch"}
    reader.read("acd.agent", 10.0, None, state)
    reader.read("switch.stopped", 60.0, None, {})
    assert [(span.activity, span.ended - span.began) for span in reader.done()] == [(Activity.BREAK, 50 * SECOND)]
    reader.read("switch.started", 5000.0, None, {"pid": 1})
    reader.read("switch.recovered", 5000.0, None, data)
    if resumed:
        reader.read("acd.agent", 5020.0, None, {**state, "status": "available"})
    reader.close(5030.0)
    assert [(s.activity, s.began / SECOND, s.ended / SECOND) for s in reader.done()] == resumed


def test_a_clock_that_is_set_back_counts_nothing_twice() -> None:
    reader = AgentTimes()
    idle = {"agent": "anna", "status": "available", "state": "idle", "reachable": True}
    for at, more in ((100.0, {}), (50.0, {"state": "offered"}), (120.0, {"state": "talking", "call": "c"})):
        reader.read("acd.agent", at, None, {**idle, **more})
    reader.close(130.0)
    assert [(span.activity, span.began, span.ended) for span in reader.done()] == [
        (Activity.RINGING, 100 * SECOND, 120 * SECOND),
        (Activity.TALKING, 120 * SECOND, 130 * SECOND),
    ]


@given(
    st.lists(st.tuples(st.sampled_from(Activity), st.integers(1, 10**10)), min_size=1, max_size=30),
    st.lists(st.integers(0, 10**11), max_size=20),
)
def test_however_time_is_cut_it_adds_up_exactly(doing: list[tuple[Activity, int]], cuts: list[int]) -> None:
    at, told = 0, []
    for activity, length in doing:
        told.append(Span("anna", activity, "", at, at + length))
        at += length
    whole, parts = Duty(), Duty()
    for span in told:
        whole.add(span, 0, at)
    for begin, end in pairwise(sorted({0, at, *(cut for cut in cuts if cut < at)})):
        part = Duty()
        for span in told:
            part.add(span, begin, end)
        assert part.login == end - begin
        parts += part
    assert parts == whole
    assert whole.login == at == sum(whole.spent.values())


def test_occupancy_leaves_out_breaks_and_utilisation_unpaid_ones() -> None:
    duty = Duty()
    for activity, reason, length in (
        (Activity.IDLE, "", 300),
        (Activity.TALKING, "", 200),
        (Activity.HOLD, "", 50),
        (Activity.RINGING, "", 20),
        (Activity.WRAP_UP, "", 30),
        (Activity.OTHER_CALL, "", 100),
        (Activity.BREAK, "lunch", 200),
        (Activity.BREAK, "training", 100),
    ):
        duty.add(Span("anna", activity, reason, 0, length), 0, 1000)
    figures = duty.figures(unpaid={"lunch"})
    assert figures["occupancy"].value == pytest.approx(300 / 700)
    assert figures["utilisation"].value == pytest.approx(300 / 800)
    assert duty.figures()["utilisation"].value == pytest.approx(300 / 1000)
