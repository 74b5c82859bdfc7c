from __future__ import annotations

import json

import pytest

from acd.dispatcher import Dispatcher
from acd.effects import OfferCall
from acd.events import CallChanged, CallJoined, CallLeft, LeaveReason, OfferAnswered, Restarted
from acd.journal import event_from, record_of, replay
from acd.model import AcdConfig, OverflowStep, QueueConfig
from acd.returning import MOST, Remembered, Returning
from tests.support.acd import Desk

QUEUES = (
    QueueConfig("sales", resume_within=300, overflow=(OverflowStep(20, to="queue:all"),)),
    QueueConfig("all", resume_within=300),
)


def overflowed() -> Desk:
    """Somebody who waited 20 s in sales and 20 s in all."""
    desk = Desk(*QUEUES, agents={})
    desk.join("c1", "sales", customer="+1")
    desk.wait(20)
    desk.do(CallJoined("c1", "all", waiting_since=desk.now - 20, customer="+1", came_from=("sales",)))
    desk.wait(20)
    return desk


def moved() -> Desk:
    desk = Desk(*QUEUES, agents={})
    desk.join("c1", "sales", customer="+1")
    desk.wait(10)
    desk.do(CallChanged("c1", "all"))
    desk.wait(30)
    return desk


@pytest.mark.parametrize("waited", [overflowed, moved])
@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("queue", ["sales", "all"])
def test_a_wait_in_several_queues_goes_on_in_any_of_them_and_in_one(waited: object, restart: bool, queue: str) -> None:
    assert callable(waited)
    desk: Desk = waited()
    fresh = Dispatcher(AcdConfig(QUEUES))
    replay(fresh, json.loads(json.dumps(desk.records())))
    acd = Dispatcher.restore(json.loads(json.dumps(fresh.snapshot())))
    acd.receive(Restarted() if restart else CallLeft("c1"), desk.now)
    acd = Dispatcher.restore(json.loads(json.dumps(acd.snapshot())), shift=100.0)
    now = desk.now + 105
    acd.receive(CallJoined("c2", queue, customer="+1"), now)
    assert now - acd.tickets["c2"].since == 45
    acd.receive(CallJoined("c3", "all" if queue == "sales" else "sales", customer="+1"), now)
    assert acd.tickets["c3"].since == now


def test_the_queues_of_a_wait_are_written_down() -> None:
    event = CallJoined("c1", "all", came_from=("sales", "support"))
    assert event_from(json.loads(json.dumps(record_of(event, 0.0)))) == event


def test_what_was_remembered_before_queues_were_is_read() -> None:
    returning = Returning()
    returning.restore([["+1", "q", 10.0, 1.0, "a"]], 5.0)
    assert returning.recall("+1", "q", 0.0) == Remembered(15.0, 6.0, "a")


def test_whom_an_agent_sends_back_to_the_queue_is_not_that_agents() -> None:
    desk = Desk(QueueConfig("sales", resume_within=300), agents={"a": {}})
    desk.log_in("a")
    desk.join("c1", "sales", customer="+1")
    desk.do(OfferAnswered(desk.got(OfferCall)[-1].offer), CallLeft("c1", LeaveReason.TRANSFERRED))
    desk.join("c1", "sales", customer="+1")
    assert desk.acd.tickets["c1"].agent == ""


def test_only_so_many_are_remembered_and_those_who_may_come_longest_stay() -> None:
    returning = Returning()
    for n in range(MOST + 1):
        returning.remember(f"+{n}", "q", Remembered(1000.0 + n, 0.0, ""), 0.0)
    assert len(returning) <= MOST
    assert returning.recall("+0", "q", 0.0) is None
    assert returning.recall(f"+{MOST}", "q", 0.0) == Remembered(1000.0 + MOST, 0.0, "")


def test_who_is_too_late_goes_first() -> None:
    returning = Returning()
    for n in range(MOST):
        returning.remember(f"+{n}", "q", Remembered(10.0 + n % 2 * 1000, 0.0, ""), 0.0)
    returning.remember("last", "q", Remembered(100.0, 0.0, ""), 20.0)
    assert len(returning) == MOST // 2 + 1


def test_somebody_unknown_and_somebody_too_late_are_not_remembered() -> None:
    returning = Returning()
    returning.remember("", "q", Remembered(10.0, 0.0, ""), 0.0)
    returning.remember("+1", "q", Remembered(10.0, 0.0, ""), 10.0)
    assert len(returning) == 0


def test_who_has_another_name_from_now_on_is_nobodys_acquaintance_as_in_a_replay() -> None:
    """A customer is forgotten: live by a new name, in the journal by the same name in every record."""
    desk = Desk(QueueConfig("sales", resume_within=300), agents={})
    for call, customer in (("c1", "+1"), ("c2", "+2")):
        desk.join(call, "sales", customer=customer)
    desk.wait(30)
    desk.do(CallLeft("c1"), CallLeft("c2"))
    desk.acd.rename_customers({"+1": "nobody"})
    assert '"+1"' not in json.dumps(desk.acd.snapshot())
    again = Dispatcher(AcdConfig((QueueConfig("sales", resume_within=300),)))
    replay(again, json.loads(json.dumps(desk.records()).replace('"+1"', '"nobody"')))
    assert again.snapshot() == desk.acd.snapshot()
    desk.wait(5)
    for call, customer in (("c3", "+1"), ("c4", "+2")):
        desk.join(call, "sales", customer=customer)
    now = desk.now
    assert [now - desk.acd.tickets[call].since for call in ("c3", "c4")] == [0, 35]
