"""A promised callback is kept: it is no newcomer to be turned away, and no call in between loses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from acd.dispatcher import Dispatcher
from acd.effects import (
    AnnouncePosition,
    CallbackOver,
    DialCallback,
    OfferCall,
    OfferCallback,
    QueueEmpty,
    QueueFull,
    QueueOverflowed,
    QueueTimedOut,
)
from acd.events import (
    AgentLoggedOut,
    CallbackAnswered,
    CallbackRequested,
    CallbacksPaused,
    CallChanged,
    CallLeft,
    ConversationEnded,
    EndedBy,
    LeaveReason,
    OfferAnswered,
    QueueClosing,
    Restarted,
    WaitEstimated,
)
from acd.journal import event_from, record_of, replay
from acd.model import AcdConfig, AnnouncePolicy, CallbackPolicy, DialFirst, OverflowStep, QueueConfig
from acd.skills import parse
from acd.ticket import Place
from tests.support.acd import Desk

if TYPE_CHECKING:
    from acd.ticket import Ticket

POLICY = CallbackPolicy(ring_timeout=30, tries=3, retry_after=(60, 300), expires_after=3600)
ABOUT = (("name", "Anna"), ("trunk", "carrier"))


def results(desk: Desk) -> list[tuple[str, str]]:
    return [(e.call, e.result.value) for _, e in desk.seen if isinstance(e, CallbackOver)]


def asked(desk: Desk, call: str, number: str = "+1", **more: object) -> Ticket:
    """Somebody who is not on the line is to be called back."""
    desk.join(call, "q", number=number, about=ABOUT, **more)
    return desk.acd.tickets[call]


LIMITS = {
    "when_empty": QueueConfig("q", when_empty="voicemail:q", callback=POLICY),
    "max_waiting": QueueConfig("q", max_waiting=0, callback=POLICY),
    "max_expected_wait": QueueConfig("q", max_expected_wait=1.0, callback=POLICY),
    "max_wait": QueueConfig("q", max_wait=5, callback=POLICY),
    "overflow": QueueConfig("q", overflow=(OverflowStep(5, to="voicemail:q"),), callback=POLICY),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_an_order_is_taken_whatever_limits_the_queue_has_for_callers(limit: str) -> None:
    desk = Desk(LIMITS[limit], agents={"a": {}})
    if limit == "max_expected_wait":
        desk.log_in("a")
        desk.join("talks", "q")
        desk.do(OfferAnswered(desk.offer("a")))
        desk.join("live", "q")
        assert desk.got(QueueFull), "callers are turned away"
    assert asked(desk, "c1", customer="+1").place is Place.CALLBACK
    desk.wait(50)
    assert desk.acd.tickets["c1"].place is Place.CALLBACK
    assert results(desk) == []


def test_an_order_is_dialled_like_one_that_was_given_while_waiting() -> None:
    desk = Desk(LIMITS["when_empty"], agents={"a": {"pl": 80}})
    ticket = asked(desk, "c1", needs=parse("{language} >= 50"), language="pl")
    assert (ticket.ordered_at, ticket.expires_at, dict(ticket.about)) == (0.0, 3600.0, dict(ABOUT))
    desk.log_in("a")
    assert desk.got(DialCallback) == [DialCallback("c1", "q", "+1", None, 30)]


def test_an_order_for_a_queue_that_is_no_more_is_over_and_said_to_be() -> None:
    desk = Desk(QueueConfig("q", callback=POLICY), agents={})
    desk.join("c1", "gone", number="+1")
    assert desk.acd.tickets == {}
    assert results(desk) == [("c1", "failed")]


def test_an_order_of_somebody_who_waits_at_this_moment_rests() -> None:
    desk = Desk(QueueConfig("q", callback=POLICY), agents={})
    desk.join("live", "q", customer="+1")
    assert asked(desk, "c1", customer="+1").place is Place.CALLED_AGAIN
    desk.do(CallLeft("live"))
    assert desk.acd.tickets["c1"].place is Place.CALLBACK


def two_queues(**agents: dict[str, int]) -> Desk:
    return Desk(QueueConfig("q", callback=POLICY), QueueConfig("p", callback=POLICY), agents=agents)


def test_an_order_by_key_of_somebody_who_waits_in_another_call_rests() -> None:
    desk = two_queues()
    desk.join("c1", "q", customer="+1")
    desk.join("c2", "q", customer="+1")
    desk.do(CallbackRequested("c1", "+1"))
    assert (desk.acd.tickets["c1"].place, desk.acd.tickets["c1"].beside) == (Place.CALLED_AGAIN, "c2")
    desk.do(CallLeft("c2"))
    assert desk.acd.tickets["c1"].place is Place.CALLBACK


def test_a_caller_who_is_moved_to_the_own_order_has_its_place() -> None:
    desk = two_queues()
    asked(desk, "order", customer="+1")
    desk.join("p0", "p", customer="+1", number="+1")
    desk.wait(10)
    desk.join("live", "p", customer="+1")
    assert desk.acd.tickets["p0"].beside == "live"
    desk.do(CallChanged("live", "q"))
    order, live = desk.acd.tickets["order"], desk.acd.tickets["live"]
    assert (order.place, order.beside) == (Place.CALLED_AGAIN, "live")
    assert live.since == order.since
    desk.do(CallLeft("live"))
    assert {call: ticket.place for call, ticket in desk.acd.tickets.items()} == {
        "order": Place.CALLBACK,
        "p0": Place.CALLBACK,
    }


def test_an_order_that_is_moved_to_another_of_the_customer_is_one_with_it() -> None:
    desk = two_queues()
    asked(desk, "old", customer="+1")
    desk.wait(10)
    desk.join("new", "p", customer="+1", number="+1")
    desk.do(CallChanged("new", "q"))
    assert list(desk.acd.tickets) == ["new"]
    assert desk.acd.tickets["new"].since == desk.acd.now - 10
    assert results(desk) == [("old", "cancelled")]


def test_an_order_that_is_moved_to_one_that_rests_rests_too() -> None:
    desk = two_queues()
    asked(desk, "old", customer="+1")
    desk.join("live", "q", customer="+1")
    desk.join("new", "p", customer="+1", number="+1")
    desk.do(CallChanged("live", "p"))
    desk.do(CallChanged("live", "q"))
    assert desk.acd.tickets["new"].beside == "live"
    desk.do(CallLeft("live"))
    desk.do(CallChanged("new", "q"))
    assert list(desk.acd.tickets) == ["new"]


def test_an_order_that_is_moved_to_the_customers_call_rests() -> None:
    desk = two_queues(a={})
    asked(desk, "order", customer="+1")
    desk.wait(5)
    desk.join("live", "p", customer="+1")
    desk.do(CallChanged("order", "p"))
    assert desk.acd.tickets["order"].beside == "live"
    assert desk.acd.tickets["live"].since == desk.acd.now - 5
    desk.log_in("a")
    assert desk.got(DialCallback) == []
    desk.do(OfferAnswered(desk.got(OfferCall)[-1].offer), ConversationEnded("live", EndedBy.CALLER))
    assert results(desk) == [("order", "served")]


def test_the_end_of_one_call_does_not_free_an_order_while_the_customer_waits_in_another() -> None:
    desk = two_queues()
    asked(desk, "order", customer="+1")
    desk.join("c1", "q", customer="+1")
    desk.join("c2", "q", customer="+1")
    desk.do(CallLeft("c1"))
    assert desk.acd.tickets["order"].beside == "c2"
    desk.do(Restarted())
    assert {call: ticket.place for call, ticket in desk.acd.tickets.items()} == {"order": Place.CALLBACK}


def test_an_order_before_the_hours_for_calling_waits_for_them() -> None:
    desk = Desk(QueueConfig("q", callback=POLICY), agents={"a": {}})
    desk.log_in("a")
    desk.do(CallbacksPaused("q", 100.0))
    asked(desk, "c1")
    assert desk.got(DialCallback) == []
    desk.wait(100)
    assert [dial.call for dial in desk.got(DialCallback)] == ["c1"]


def test_what_the_dialler_has_to_know_survives_replay_and_restart() -> None:
    desk = Desk(QueueConfig("q", callback=POLICY), agents={})
    asked(desk, "c1")
    desk.join("c2", "q")
    desk.do(CallbackRequested("c2", "+2", (("name", "Ivan"),)))
    fresh = Dispatcher(AcdConfig((QueueConfig("q", callback=POLICY),)))
    replay(fresh, json.loads(json.dumps(desk.records())))
    again = Dispatcher.restore(json.loads(json.dumps(fresh.snapshot())), shift=100.0)
    again.receive(Restarted(), 200.0)
    assert {call: dict(ticket.about) for call, ticket in again.tickets.items()} == {
        "c1": dict(ABOUT),
        "c2": {"name": "Ivan"},
    }


def test_records_written_before_orders_had_numbers_can_be_read() -> None:
    desk = Desk(QueueConfig("q"), agents={})
    desk.join("c1", "q")
    (record,) = [record for record in desk.records() if record["kind"] == "call_joined"]
    older = {name: value for name, value in record.items() if name not in ("number", "about")}
    assert event_from(older) == event_from(record)
    event = CallbackRequested("c1", "+1", ABOUT)
    assert event_from(json.loads(json.dumps(record_of(event, 1.0)))) == event


# --- the customer calls in between


def calls_again(desk: Desk) -> Ticket:
    """Whose order, at another number, is thirty seconds old."""
    ticket = asked(desk, "c1", "+9", customer="+1")
    desk.wait(30)
    desk.join("live", "q", customer="+1")
    assert ticket.place is Place.CALLED_AGAIN
    assert desk.acd.tickets["live"].since == 0.0, "in the place of the order"
    return ticket


@pytest.mark.parametrize("way", ["max_wait", "overflow", "when_empty", "exit", "transferred", "hang-up"])
def test_whatever_way_a_call_in_between_ends_without_an_agent_the_order_stays(way: str) -> None:
    queue = {
        "max_wait": QueueConfig("q", max_wait=40, callback=POLICY),
        "overflow": QueueConfig("q", overflow=(OverflowStep(40, to="queue:r"),), callback=POLICY),
        "when_empty": QueueConfig("q", when_empty="voicemail:q", callback=POLICY),
    }.get(way, QueueConfig("q", callback=POLICY))
    desk = Desk(queue, QueueConfig("r"), agents={"a": {}, "b": {}})
    desk.log_in("a", "b")
    for agent in ("a", "b"):
        desk.join(f"busy-{agent}", "q")
        desk.do(OfferAnswered(desk.offer(agent)))
    ticket = calls_again(desk)
    if way == "when_empty":
        desk.do(ConversationEnded("busy-a"))
        desk.do(AgentLoggedOut("a"), AgentLoggedOut("b"), ConversationEnded("busy-b"))
    elif way == "exit":
        desk.do(CallLeft("live", LeaveReason.EXIT))
    elif way == "transferred":
        desk.join("live", "r", customer="+1")
        desk.do(CallLeft("live"))
    elif way == "hang-up":
        desk.do(CallLeft("live"))
    else:
        desk.wait(50)
    left = [e for _, e in desk.seen if isinstance(e, QueueTimedOut | QueueOverflowed | QueueEmpty)]
    if left:
        assert [e.call for e in left] == ["live"]
    if way not in ("hang-up", "transferred"):
        assert ticket.place is Place.CALLED_AGAIN, "is still on the line"
        desk.do(CallLeft("live"))
    assert (ticket.place, ticket.number, ticket.since, ticket.beside) == (Place.CALLBACK, "+9", 0.0, "")
    assert ticket.expires_at == desk.now + 3600
    assert results(desk) == []


@pytest.mark.parametrize("queue", ["q", "r"])
def test_who_was_served_meanwhile_is_not_called_any_more(queue: str) -> None:
    desk = Desk(QueueConfig("q", max_wait=40, callback=POLICY), QueueConfig("r"), agents={"a": {}})
    calls_again(desk)
    if queue == "r":
        desk.wait(41)
        desk.join("live", "r", customer="+1")
    desk.log_in("a")
    assert desk.offered() == [("live", "a")]
    desk.do(OfferAnswered(desk.offer("a")))
    assert results(desk) == []
    desk.do(ConversationEnded("live", EndedBy.CALLER))
    assert results(desk) == [("c1", "served")]
    assert desk.acd.tickets == {}


def test_a_conversation_that_was_cut_by_a_restart_has_not_kept_the_promise() -> None:
    desk = Desk(QueueConfig("q", callback=POLICY), agents={"a": {}})
    ticket = calls_again(desk)
    desk.log_in("a")
    desk.do(OfferAnswered(desk.offer("a")))
    desk.do(Restarted())
    assert ticket.place in (Place.CALLBACK, Place.DIALLING)
    assert results(desk) == []


def test_who_comes_back_to_the_queue_in_the_same_call_has_the_place() -> None:
    desk = Desk(QueueConfig("q", callback=POLICY), agents={})
    calls_again(desk)
    desk.do(CallLeft("live", LeaveReason.EXIT))
    desk.wait(100)
    desk.join("live", "q", customer="+1")
    assert desk.acd.tickets["live"].since == 0.0
    desk.join("other", "q", customer="+1")
    assert desk.acd.tickets["other"].since == 130.0, "one place for one order"


def test_an_order_that_rests_is_nobody_who_waits() -> None:
    desk = Desk(QueueConfig("q", callback=POLICY), agents={})
    calls_again(desk)
    desk.join("next", "q")
    assert [ticket.call for ticket in desk.acd.waiting("q")] == ["live", "next"]
    assert (desk.acd.ahead_of("c1"), desk.acd.ahead_of("next")) == (None, 1)
    desk.do(WaitEstimated((("c1", 1.0, 1.0, 0.1),)))
    assert desk.acd.tickets["c1"].estimate is None
    desk.wait(7200)
    assert desk.acd.tickets["c1"].place is Place.CALLED_AGAIN, "nobody's time runs out on the line"


@pytest.mark.parametrize("first", list(DialFirst))
def test_a_try_that_the_customers_own_call_cuts_short_does_not_count(first: DialFirst) -> None:
    policy = CallbackPolicy(first=first, tries=1)
    desk = Desk(QueueConfig("q", wrap_up=0, callback=policy), agents={"a": {}})
    ticket = asked(desk, "c1", customer="+1")
    desk.log_in("a")
    if first is DialFirst.AGENT:
        assert ticket.place is Place.CALLBACK_OFFERED
    else:
        assert (ticket.place, ticket.tries) == (Place.DIALLING, 1)
    desk.join("live", "q", customer="+1")
    assert (ticket.place, ticket.tries) == (Place.CALLED_AGAIN, 0)
    assert desk.offered() == [("live", "a")]


# --- the customer answers


@pytest.mark.parametrize("limit", ["max_wait", "overflow", "when_empty"])
def test_who_has_answered_a_callback_is_not_sent_away_by_the_limits_of_the_queue(limit: str) -> None:
    desk = Desk(LIMITS[limit], agents={"a": {}, "b": {}})
    asked(desk, "c1")
    desk.log_in("a", "b")
    desk.do(CallbackAnswered("c1"))
    desk.do(AgentLoggedOut("a"), AgentLoggedOut("b"))
    desk.wait(60)
    assert [ticket.place for ticket in desk.acd.waiting("q")] == [Place.WAITING]
    desk.do(CallLeft("c1"))
    assert [ticket.place for ticket in desk.acd.waiting("q")] == [Place.CALLBACK], "and is dialled again"


# --- to whom it is offered


def test_who_comes_with_many_ahead_is_offered_a_callback_at_once() -> None:
    desk = Desk(QueueConfig("q", callback=CallbackPolicy(after=60, ahead=2)), agents={})
    for call in ("one", "two"):
        desk.join(call, "q")
    desk.wait(1)
    assert desk.got(OfferCallback) == []
    desk.join("three", "q")
    assert [offer.call for _, offer in desk.seen if isinstance(offer, OfferCallback)] == []
    desk.wait(0)
    assert [offer.call for offer in desk.got(OfferCallback)] == ["three"]
    desk.wait(60)
    assert [offer.call for offer in desk.got(OfferCallback)] == ["one", "two"], "once each"


def test_before_the_queue_closes_everybody_is_offered_a_callback() -> None:
    desk = Desk(QueueConfig("q", callback=CallbackPolicy(after=None)), QueueConfig("r"), agents={})
    desk.join("early", "q")
    desk.join("promised", "q")
    desk.do(CallbackRequested("promised", "+1"))
    desk.join("elsewhere", "r")
    desk.wait(600)
    desk.do(QueueClosing("nobody's", True), QueueClosing("q", True))
    desk.wait(0)
    assert [offer.call for offer in desk.got(OfferCallback)] == ["early"]
    desk.join("late", "q")
    desk.wait(0)
    assert [offer.call for offer in desk.got(OfferCallback)] == ["late"]
    again = Dispatcher.restore(json.loads(json.dumps(desk.acd.snapshot())))
    assert again.snapshot() == desk.acd.snapshot()
    desk.do(QueueClosing("q", False))
    desk.join("next day", "q")
    desk.wait(10)
    assert desk.got(OfferCallback) == []


# --- their weight among those on the line


def served(priority: float) -> list[str]:
    """In which order an agent serves one who hung up and then two callers on the line, 30 s after one another."""
    desk = Desk(QueueConfig("q", wrap_up=0, callback=CallbackPolicy(priority=priority)), agents={"a": {}})
    asked(desk, "virtual")
    for call in ("live1", "live2"):
        desk.wait(30)
        desk.join(call, "q")
    desk.log_in("a")
    order: list[str] = []
    while len(order) < 3:
        if any(ticket.place is Place.DIALLING for ticket in desk.acd.tickets.values()):
            desk.do(CallbackAnswered("virtual"))
        call = desk.acd.offers[desk.offer("a")].call
        order.append(call)
        desk.do(OfferAnswered(desk.offer("a")), ConversationEnded(call))
    return order


def test_live_callers_may_come_first_by_so_much_and_no_more() -> None:
    assert served(0.0) == ["virtual", "live1", "live2"], "one order for all"
    assert served(-29.0) == ["virtual", "live1", "live2"]
    assert served(-31.0) == ["live1", "virtual", "live2"]
    assert served(-61.0) == ["live1", "live2", "virtual"]


def test_who_has_hung_up_may_come_first() -> None:
    desk = Desk(QueueConfig("q", callback=CallbackPolicy(priority=50.0)), agents={"a": {}})
    desk.join("live", "q")
    desk.wait(40)
    asked(desk, "virtual")
    assert [ticket.call for ticket in desk.acd.waiting("q")] == ["virtual", "live"]
    desk.log_in("a")
    desk.do(CallbackAnswered("virtual"))
    assert [offer.call for offer in desk.got(OfferCall)] == ["virtual"]


def test_no_position_is_told_that_callbacks_could_worsen() -> None:
    speak = AnnouncePolicy(position=True, first_after=5)
    for priority, told in ((0.0, ["live"]), (-50.0, ["live"]), (50.0, [])):
        desk = Desk(QueueConfig("q", announce=speak, callback=CallbackPolicy(priority=priority)), agents={})
        desk.join("live", "q")
        desk.wait(6)
        assert [position.call for position in desk.got(AnnouncePosition)] == told


# --- sent elsewhere by hand
def on_the_line() -> tuple[Desk, Ticket]:
    """A customer who has answered the callback and waits, because the agent is gone meanwhile."""
    desk = Desk(QueueConfig("q", callback=POLICY), QueueConfig("other"), agents={"a": {}})
    desk.log_in("a")
    ticket = asked(desk, "c", customer="+1")
    desk.do(AgentLoggedOut("a"), CallbackAnswered("c"))
    assert (ticket.place, ticket.urgent) == (Place.WAITING, True)
    desk.do(CallLeft("c", LeaveReason.TRANSFERRED))
    assert (ticket.place, ticket.beside, results(desk)) == (Place.CALLED_AGAIN, "c", [])
    return desk, ticket


@pytest.mark.parametrize("reason", [LeaveReason.ABANDONED, LeaveReason.EXIT])
def test_who_is_sent_elsewhere_and_not_taken_is_tried_again_as_after_any_failed_try(reason: LeaveReason) -> None:
    desk, ticket = on_the_line()
    desk.wait(10)
    desk.do(CallLeft("c", reason))
    assert (ticket.place, ticket.number, ticket.tries, ticket.due_at) == (Place.CALLBACK, "+1", 1, desk.now + 60)
    assert (ticket.beside, ticket.urgent) == ("", False)


def test_who_is_sent_elsewhere_and_taken_there_has_been_served() -> None:
    desk, _ = on_the_line()
    desk.do(CallLeft("c", LeaveReason.SERVED))
    assert results(desk) == [("c", "served")]
    assert not desk.acd.tickets


@pytest.mark.parametrize("queue", ["q", "other"])
def test_who_comes_back_from_there_is_promised_and_urgent_as_before(queue: str) -> None:
    desk, ticket = on_the_line()
    ordered, since = ticket.ordered_at, ticket.since
    desk.wait(10)
    desk.join("c", queue, waiting_since=since)
    assert desk.acd.tickets["c"] is ticket
    assert (ticket.place, ticket.queue, ticket.beside, ticket.urgent) == (Place.WAITING, queue, "", True)
    assert (ticket.since, ticket.ordered_at, ticket.tries, results(desk)) == (since, ordered, 1, [])
    desk.log_in("a")
    assert desk.offered()[-1] == ("c", "a")
    desk.do(CallLeft("c"))
    assert ticket.place is Place.CALLBACK


def test_a_queue_that_there_is_not_takes_nobody_back_and_the_promise_rests_on() -> None:
    desk, ticket = on_the_line()
    desk.join("c", "nowhere")
    assert isinstance(desk.seen[-1][1], QueueEmpty)
    assert ticket.place is Place.CALLED_AGAIN


def test_another_call_of_a_customer_who_was_sent_elsewhere_does_not_take_the_order() -> None:
    desk, ticket = on_the_line()
    desk.join("d", "q", customer="+1")
    assert (desk.acd.tickets["d"].place, ticket.beside) == (Place.WAITING, "c")
    desk.do(CallLeft("c"))
    assert (ticket.place, ticket.beside) == (Place.CALLED_AGAIN, "d")  # while they wait here


def test_a_restart_while_a_customer_is_elsewhere_costs_no_try() -> None:
    desk, _ = on_the_line()
    acd = Dispatcher.restore(json.loads(json.dumps(desk.acd.snapshot())))
    acd.receive(Restarted(), desk.now)
    ticket = acd.tickets["c"]
    assert (ticket.place, ticket.tries, ticket.urgent, ticket.number) == (Place.CALLBACK, 0, False, "+1")
