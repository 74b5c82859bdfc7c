"""What crosses on the wire."""

from __future__ import annotations

import pytest

from acd.agent import State
from softswitch.store.cdr import Disposition
from tests.sim.office import MUSIC, Office, bridged, state_of
from tests.support.sim_phone import answers, rings_on


@pytest.mark.parametrize("offset", range(-25, 26))
def test_a_caller_may_give_up_in_any_millisecond_around_the_agents_answer(offset: int) -> None:
    office = Office()
    agent = office.agent("1001", answers(after=1.0))
    call = office.call("2001", "101")
    office.world.run_until(lambda: agent.call.number == "2001")
    office.world.call_later(1.0 + agent.call.began - office.world.now + offset / 1000, call.hang_up)
    office.run(2)
    assert call.over
    assert agent.call.over
    assert state_of(office, "olena") in (State.IDLE, State.WRAP_UP)
    (record,) = [record for record in office.switch.records() if record.caller == "2001"]
    assert record.disposition in (Disposition.ABANDONED, Disposition.SERVED)
    office.close()


@pytest.mark.parametrize("offset", range(-25, 26))
def test_a_caller_may_cancel_in_any_millisecond_around_the_answer_of_a_phone(offset: int) -> None:
    office = Office()
    callee = office.phone("2002")
    callee.on_call = answers(after=1.0)
    call = office.phone("2001").dial("2002")
    office.world.run_until(lambda: bool(callee.calls))
    office.world.call_later(1.0 + offset / 1000, call.hang_up)
    office.run(3)
    assert call.over
    assert callee.call.over
    (record,) = office.switch.records()
    assert record.ended_by == "caller"
    office.close()


@pytest.mark.parametrize("apart", range(6))
def test_of_two_agents_who_answer_at_once_one_is_connected_and_the_other_let_go(apart: int) -> None:
    office = Office()
    agents = [office.agent("1002", answers(after=1.0)), office.agent("1003", answers(after=1.0 + apart / 1000))]
    third = office.agent("1004", rings_on)
    call = office.call("2001", "103")
    office.run(2)
    connected = [agent for agent in agents if not agent.call.over]
    assert len(connected) == 1
    assert bridged(call, connected[0].call)
    (other,) = [agent for agent in agents if agent not in connected]
    assert other.call.status == 0 or other.call.cause == "remote"
    assert third.call.cause == "cancelled"
    office.close()


@pytest.mark.parametrize("after", [0, 1, 5, 15, 20, 21, 25, 40, 100, 400, 1500])
def test_an_agent_who_answers_and_drops_at_once_leaves_nothing_behind(after: int) -> None:
    office = Office()
    agent = office.agent("1001", answers(after=1.0))
    agent.on_talk = lambda talk: talk.after(after / 1000, talk.hang_up)
    call = office.call("2001", "101")
    office.run(4)
    assert agent.call.over
    assert state_of(office, "olena") is not State.TALKING
    if after < 50:  # nothing was heard of the agent yet
        assert call.hears == MUSIC, "the caller has not been served and waits on"
        office.agent("1003", answers(after=1.0))
        office.run(2)
        assert bridged(call, office.phones["1003"].call)
    else:
        assert call.over
    office.close()
