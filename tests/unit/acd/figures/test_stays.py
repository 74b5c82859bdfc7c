from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from acd.effects import Journal
from acd.events import (
    CallJoined,
    CallLeft,
    ConversationEnded,
    EndedBy,
    FailReason,
    LeaveReason,
    OfferAnswered,
    OfferFailed,
    WrapUpEnded,
)
from acd.figures.clock import SECOND
from acd.figures.stays import Outcome, Stay, Stays, merged
from acd.figures.tally import Standard, Tally
from acd.model import QueueConfig
from tests.support.acd import Desk

if TYPE_CHECKING:
    from collections.abc import Iterable

SALES = QueueConfig("sales", wrap_up=10, ring_timeout=15, when_timed_out="hangup", max_wait=300)
BILLING = QueueConfig("billing", wrap_up=0, max_waiting=1)


def desk(*agents: str) -> Desk:
    desk = Desk(SALES, BILLING, agents={agent: {} for agent in agents})
    desk.log_in(*agents)
    return desk


def stays(desk: Desk, *extra: tuple[str, float, str, dict[str, str]]) -> list[Stay]:
    """What the journal of this desk says; *extra* lines are put in at their instants."""
    lines = [
        (e.record["kind"], e.record["at"], e.record.get("call"), e.record)
        for _, e in desk.seen
        if isinstance(e, Journal)
    ]
    reader = Stays()
    for kind, at, call, data in sorted([*lines, *extra], key=lambda line: line[1]):
        reader.read(kind, at, call, data)
    reader.close(desk.now)
    return reader.done()


def one(found: Iterable[Stay]) -> Stay:
    (stay,) = found
    return stay


def test_a_served_caller_waits_rings_talks_holds_and_is_wrapped_up_each_for_its_time() -> None:
    it = desk("anna")
    it.join("c", "sales")
    it.wait(4)
    it.do(OfferAnswered(it.offer("anna")))
    it.wait(60)
    it.do(ConversationEnded("c", EndedBy.AGENT))
    it.wait(60)
    held = ("leg.held", 14.0, "c", {"leg": "agent"}), ("leg.resumed", 24.0, "c", {"leg": "agent"})
    stay = one(stays(it, *held))
    assert stay.outcome is Outcome.ANSWERED
    assert [stay.waited, stay.ring, stay.talk, stay.hold, stay.wrap_up] == [n * SECOND for n in (4, 4, 50, 10, 10)]
    assert (stay.agent, stay.offers, stay.no_answers, stay.conversations) == ("anna", 1, 0, 1)


def test_ringing_of_agents_who_do_not_answer_is_waiting_and_not_ring_time() -> None:
    it = desk("anna", "borys")
    it.join("c", "sales")
    it.wait(20)  # anna lets it ring for 15 s, then borys rings
    it.do(OfferAnswered(it.offer("borys")))
    stay = one(stays(it))
    assert (stay.waited, stay.ring, stay.no_answers) == (20 * SECOND, 5 * SECOND, 1)


def test_a_hold_by_the_caller_is_talk() -> None:
    it = desk("anna")
    it.join("c", "sales")
    it.do(OfferAnswered(it.offer("anna")))
    it.wait(30)
    it.do(ConversationEnded("c"))
    stay = one(stays(it, ("leg.held", 5.0, "c", {"leg": "caller"}), ("leg.resumed", 9.0, "c", {"leg": "caller"})))
    assert (stay.talk, stay.hold) == (30 * SECOND, 0)


def test_a_hold_that_lasts_to_the_end_is_hold() -> None:
    it = desk("anna")
    it.join("c", "sales")
    it.do(OfferAnswered(it.offer("anna")))
    it.wait(30)
    it.do(ConversationEnded("c"))
    stay = one(stays(it, ("leg.held", 5.0, "c", {"leg": "agent"})))
    assert (stay.talk, stay.hold) == (5 * SECOND, 25 * SECOND)


def test_wrap_up_that_is_ended_by_key_ends_there() -> None:
    it = desk("anna")
    it.join("c", "sales")
    it.do(OfferAnswered(it.offer("anna")))
    it.do(ConversationEnded("c"))
    it.wait(3)
    it.do(WrapUpEnded("anna"))
    it.wait(30)
    assert one(stays(it)).wrap_up == 3 * SECOND


def test_a_caller_who_lost_the_agent_has_not_been_answered() -> None:
    it = desk("anna")
    it.join("c", "sales")
    it.do(OfferAnswered(it.offer("anna")))
    it.wait(7)
    it.do(OfferFailed(it.offer("anna"), FailReason.UNREACHABLE))
    it.wait(2)
    it.do(CallLeft("c"))
    stay = one(stays(it))
    assert (stay.outcome, stay.waited, stay.talk) == (Outcome.ABANDONED, 2 * SECOND, 7 * SECOND)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (LeaveReason.ABANDONED, Outcome.ABANDONED),
        (LeaveReason.EXIT, Outcome.LEFT),
        (LeaveReason.TRANSFERRED, Outcome.LEFT),
    ],
)
def test_who_leaves_while_waiting_has_one_outcome(reason: LeaveReason, outcome: Outcome) -> None:
    it = desk()
    it.join("c", "sales")
    it.wait(3)
    it.do(CallLeft("c", reason))
    assert (one(stays(it)).outcome, one(stays(it)).waited) == (outcome, 3 * SECOND)


def test_a_caller_who_waited_too_long_or_was_not_let_in_did_not_abandon() -> None:
    it = desk()
    it.join("c", "sales")
    it.wait(400)
    it.join("d", "billing")
    it.join("e", "billing")
    assert {(stay.call, stay.outcome) for stay in stays(it)} == {
        ("c", Outcome.OVERFLOWED),
        ("d", Outcome.WAITING),
        ("e", Outcome.REFUSED),
    }


def test_a_transferred_caller_is_two_stays_and_one_call() -> None:
    it = desk("anna", "borys")
    it.join("c", "sales")
    it.wait(5)
    it.do(OfferAnswered(it.offer("anna")))
    it.wait(30)
    it.do(CallJoined("c", "billing"))  # the agent transfers
    it.wait(2)
    it.do(OfferAnswered(it.offer("borys")))
    it.wait(20)
    it.do(ConversationEnded("c"))
    it.wait(60)
    first, second = sorted(stays(it), key=lambda stay: stay.arrived)
    assert [first.agent, first.talk, first.wrap_up, first.transfers] == ["anna", 30 * SECOND, 10 * SECOND, 1]
    assert [second.agent, second.talk, second.wrap_up, second.transfers] == ["borys", 20 * SECOND, 0, 0]
    whole = merged([first, second])
    assert (whole.queue, whole.outcome, whole.waited) == ("sales", Outcome.ANSWERED, 5 * SECOND)
    assert (whole.talk, whole.wrap_up, whole.conversations) == (50 * SECOND, 10 * SECOND, 2)


def test_an_overflowed_caller_waited_the_sum_and_has_the_last_outcome() -> None:
    sent_on = Stay("c", "sales", 0, Outcome.OVERFLOWED, waited=60)
    assert merged([sent_on, Stay("c", "billing", 60, Outcome.ABANDONED, waited=5)]).outcome is Outcome.ABANDONED
    answered = merged([sent_on, Stay("c", "billing", 60, Outcome.ANSWERED, waited=5, ring=2, conversations=1)])
    assert (answered.outcome, answered.waited, answered.ring) == (Outcome.ANSWERED, 65, 2)


def test_a_restart_cuts_whoever_waited_and_keeps_callbacks() -> None:
    reader = Stays()
    for at, kind, call in ((1.0, "acd.queued", "c"), (1.0, "acd.queued", "d"), (5.0, "acd.callback_requested", "d")):
        reader.read(kind, at, call, {"queue": "sales"})
    reader.read("switch.started", 900.0, None, {})
    assert [(stay.call, stay.outcome, stay.waited) for stay in reader.done()] == [("c", Outcome.CUT, 4 * SECOND)]
    reader.read("acd.connect", 905.0, "d", {"agent": "anna"})
    reader.read("acd.call_over", 935.0, "d", {"how": "served", "agent": "anna"})
    reader.read("acd.agent", 935.0, None, {"agent": "anna", "state": "idle"})
    stay = one(reader.done())
    assert (stay.outcome, stay.called_back) == (Outcome.CALLBACK, True)
    assert (stay.waited, stay.virtual_wait, stay.talk) == (4 * SECOND, 900 * SECOND, 30 * SECOND)


def test_who_gave_up_and_is_listed_to_be_called_back_was_offered_once_already() -> None:
    reader = Stays()
    for kind in ("acd.queued", "acd.callback_requested"):
        reader.read(kind, 10.0, "order", {"queue": "sales"})
    reader.read("acd.connect", 100.0, "order", {"agent": "anna"})
    reader.read("acd.call_over", 130.0, "order", {"how": "served", "agent": "anna"})
    reader.close(140.0)
    stay = one(reader.done())
    assert (stay.outcome, stay.called_back, stay.virtual_wait) == (Outcome.LISTED, True, 90 * SECOND)
    tally = Tally()
    tally.add(stay, Standard())
    assert (tally.offered, tally.callbacks, tally.listed, tally.called_back) == (0, 0, 1, 1)


def test_boundaries_are_answered_at_most_and_abandoned_less_than() -> None:
    tally, standard = Tally(), Standard(within=20, short=5)
    exact = Stay("c", "sales", 0, Outcome.ANSWERED, waited=20 * SECOND, conversations=1)
    tally.add(exact, standard)
    tally.add(replace(exact, waited=20 * SECOND + 1), standard)
    tally.add(replace(exact, outcome=Outcome.ABANDONED, waited=5 * SECOND), standard)
    tally.add(replace(exact, outcome=Outcome.ABANDONED, waited=5 * SECOND - 1), standard)
    tally.add(replace(exact, outcome=Outcome.ABANDONED, waited=21 * SECOND), standard)
    assert (tally.answered_within, tally.abandoned_short, tally.abandoned_within) == (1, 1, 2)
    figures = tally.figures(standard)
    assert (figures["abandoned"].value, figures["short"].value) == (2, 1)
    assert figures["abandonment"].value == 2 / 4
    assert figures["service_level"].value == 1 / 4
    assert figures["service_level"].definition == "service_level:F6(answered_within=20,short_abandon=5)"


def test_outcomes_add_up_to_those_who_entered_and_parts_to_the_whole() -> None:
    standard, whole, parts = Standard(), Tally(), Tally()
    every = [Stay("c", "sales", 0, outcome, waited=n * SECOND) for n, outcome in enumerate(Outcome)]
    for stay in every:
        whole.add(stay, standard)
        part = Tally()
        part.add(stay, standard)
        parts += part
    assert parts == whole
    assert whole.offered == len(every) - 2
    assert (whole.refused, whole.listed) == (1, 1)
    figures = whole.figures(standard)
    outcomes = ("answered", "abandoned", "short", "overflowed", "left", "callbacks", "waiting", "cut")
    assert sum(figures[name].part for name in outcomes) == figures["offered"].part


def test_times_are_averages_per_conversation_and_per_answer() -> None:
    tally = Tally()
    for waited, ring, talk in ((10, 2, 100), (30, 4, 200)):
        stay = Stay("c", "sales", 0, Outcome.ANSWERED, "served", waited * SECOND, ring * SECOND, talk * SECOND)
        tally.add(replace(stay, hold=5 * SECOND, wrap_up=15 * SECOND, conversations=1), Standard())
    values = {name: figure.value for name, figure in tally.figures(Standard()).items()}
    assert (values["asa"], values["asa_without_ring"], values["longest_wait"]) == (20, 17, 30)
    assert (values["aht"], values["average_talk"], values["average_hold"], values["average_wrap_up"]) == (
        170,
        150,
        5,
        15,
    )
    assert Tally().figures(Standard())["asa"].value is None
