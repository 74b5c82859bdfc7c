"""The process was lost and started anew: what is left of callers, customers, conversations and agents."""

from __future__ import annotations

import json

import pytest

from acd.agent import State, Status
from acd.dispatcher import Dispatcher
from acd.effects import CallbackOver, DialCallback
from acd.events import (
    AgentBreakStarted,
    AgentBusy,
    AgentLoggedIn,
    AgentQueueLeft,
    CallAway,
    CallbackAnswered,
    CallbackRequested,
    CallJoined,
    CallLeft,
    ConversationEnded,
    OfferAnswered,
    Reconfigured,
    Restarted,
)
from acd.model import AcdConfig, AgentConfig, CallbackPolicy, DialFirst, QueueConfig
from acd.ticket import Place
from tests.support.acd import Desk

QUEUE = QueueConfig("q", wrap_up=15, callback=CallbackPolicy(expires_after=600))


def lost(desk: Desk, gap: float = 2.0, *, resume_within: float = 60.0) -> None:
    """Written down, read back on a clock that is 500 s ahead, and told so after ``gap`` seconds."""
    desk.acd = Dispatcher.restore(json.loads(json.dumps(desk.acd.snapshot())), shift=500.0)
    desk.now += 500.0
    desk.wait(gap)
    desk.do(Restarted(resume_within))


def test_who_waited_and_calls_again_soon_gets_the_place_back_although_the_queue_does_not_say_so() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    for n in range(3):
        desk.join(f"c{n}", "q", customer=f"+{n}")
        desk.wait(10)
    desk.do(CallAway("c1"))
    lost(desk)
    assert desk.acd.tickets == {}
    desk.wait(50)
    desk.join("new", "q", customer="+9")
    desk.join("again2", "q", customer="+2")
    desk.join("again1", "q", customer="+1")
    assert [t.call for t in desk.acd.waiting("q")] == ["again1", "again2", "new"]
    desk.wait(20)
    desk.join("again0", "q", customer="+0")
    assert [t.call for t in desk.acd.waiting("q")][-1] == "again0", "too late"


def test_everybody_who_was_lost_is_accounted_for() -> None:
    desk = Desk(QUEUE, agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    desk.join("talks", "q", customer="+1")
    desk.do(OfferAnswered(desk.offer("a")))
    desk.join("rings", "q", customer="+2")
    desk.join("waits", "q")
    lost(desk)
    over = [(record["call"], record["how"]) for record in desk.records() if record["kind"] == "call_over"]
    assert over == [("rings", "restart"), ("talks", "restart"), ("waits", "restart")]
    assert desk.acd.offers == {}


def test_agents_stay_who_they_are_and_the_interrupted_call_has_its_wrap_up() -> None:
    desk = Desk(QUEUE, agents={"a": {}, "b": {}, "c": {}})
    desk.log_in("a", "b", "c")
    desk.do(AgentBreakStarted("c", "lunch"), AgentBusy("b"), AgentQueueLeft("b", "q"))
    desk.join("c1", "q")
    desk.wait(1)
    desk.do(OfferAnswered(desk.offer("a")))
    desk.wait(99)
    lost(desk)
    assert desk.of("a") == (Status.AVAILABLE, State.WRAP_UP)
    assert desk.acd.agents["a"].wrap_up_until == 617.0
    assert desk.acd.agents["a"].calls == 1
    assert (desk.acd.agents["b"].busy, desk.acd.agents["b"].left) == (False, frozenset({"q"}))
    assert (desk.acd.agents["c"].status, desk.acd.agents["c"].reason) == (Status.ON_BREAK, "lunch")
    sheet = desk.acd.agents["a"].sheet
    assert sheet is not None
    assert sheet.logged_in(desk.now) == 102_000_000


def test_who_was_cut_off_is_first_in_line_for_the_same_agent() -> None:
    desk = Desk(QueueConfig("q", wrap_up=0), agents={"a": {}, "b": {}})
    desk.log_in("a")
    desk.join("c1", "q", customer="+1")
    desk.do(OfferAnswered(desk.offer("a")))
    desk.log_in("b")
    lost(desk)
    desk.join("c2", "q", customer="+1")
    assert desk.offered() == [("c2", "a")]
    assert desk.acd.tickets["c2"].since == 500.0


@pytest.mark.parametrize("first", list(DialFirst))
def test_callbacks_stay_whatever_was_going_on(first: DialFirst) -> None:
    queue = QueueConfig("q", wrap_up=0, callback=CallbackPolicy(first=first, tries=1))
    desk = Desk(queue, agents={"a": {}, "b": {}, "c": {}})
    for n in range(4):
        desk.join(f"c{n}", "q", customer=f"+{n}")
        desk.do(CallbackRequested(f"c{n}", f"+{n}"), CallLeft(f"c{n}"))
        desk.wait(1)
    desk.log_in("a", "b", "c")
    if first is DialFirst.AGENT:
        desk.do(OfferAnswered(desk.offer("a")))
    else:
        desk.do(CallbackAnswered("c0"))
    lost(desk)
    assert [e for _, e in desk.seen if isinstance(e, CallbackOver)] == []
    assert [t.call for t in desk.acd.waiting("q")] == ["c0", "c1", "c2", "c3"]
    if first is DialFirst.CUSTOMER:
        assert [dial.call for dial in desk.got(DialCallback)] == ["c0", "c1", "c2"], "dialled anew"
        assert [desk.acd.tickets[call].tries for call in ("c0", "c1", "c2", "c3")] == [1, 1, 1, 0]
    else:
        assert [call for call, _ in desk.offered()] == ["c0", "c1", "c2"]
        assert desk.acd.tickets["c0"].tries == 0


def test_a_callback_that_expired_meanwhile_is_over() -> None:
    desk = Desk(QUEUE, agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "q")
    desk.do(OfferAnswered(desk.offer("a")))
    desk.join("c2", "q")
    desk.do(CallbackRequested("c2", "+1"))
    desk.wait(590)
    desk.do(ConversationEnded("c1"))
    desk.wait(15)
    lost(desk, gap=10)
    assert [e.result.value for _, e in desk.seen if isinstance(e, CallbackOver)] == ["expired"]


def test_a_promise_to_a_caller_on_the_line_becomes_a_callback() -> None:
    desk = Desk(QUEUE, agents={})
    desk.join("c1", "q", customer="+1")
    desk.do(CallbackRequested("c1", "+1"))
    desk.do(CallJoined("c2", "q", customer="+1"))
    assert [t.place for t in desk.acd.waiting("q")] == [Place.WAITING]
    lost(desk)
    assert [t.place for t in desk.acd.waiting("q")] == [Place.CALLBACK]
    assert desk.acd.tickets["c1"].since == 500.0


def test_the_last_conversation_of_somebody_who_was_removed_counts_alike_before_and_after_a_restart() -> None:
    limited = AgentConfig("a", min_wrap_up=3.0)
    acd = Dispatcher(AcdConfig((QueueConfig("q", wrap_up=0.0),), (limited, AgentConfig("b"))))
    acd.receive(AgentLoggedIn("a", "phone"), 0.0)
    acd.receive(CallJoined("c", "q"), 1.0)
    acd.receive(OfferAnswered(1), 2.0)
    acd.receive(Reconfigured(AcdConfig((QueueConfig("q", wrap_up=0.0),), (AgentConfig("b"),))), 3.0)
    acd.effects()
    copy = Dispatcher.restore(json.loads(json.dumps(acd.snapshot())))
    for one in (acd, copy):
        one.receive(ConversationEnded("c"), 50.0)
        one.effects()
    assert copy.snapshot() == acd.snapshot()
