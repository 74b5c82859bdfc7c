"""Callers whom an agent has forgotten on hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.agent import State
from rtp.legs import Play
from softswitch.store.cdr import Disposition
from tests.sim.office import CENTRE, MUSIC, Office, bridged, record_of, said, state_of
from tests.support.sim_phone import answers, rejects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall, SimPhone


def office_where(what: str) -> Office:
    words = f'[queue.sales]\nmax_hold = 30\nwhen_held_too_long = "{what}"\n'
    return Office(centre=CENTRE.replace("[queue.sales]\n", words))


@pytest.fixture(params=["announce", "ring-back", "queue"])
def any_office(request: pytest.FixtureRequest) -> Iterator[Office]:
    office = office_where(request.param)
    yield office
    office.close()


def on_hold(office: Office) -> tuple[SimPhone, PhoneCall]:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    agent.call.hold()
    office.run(29)
    assert call.hears == MUSIC
    return agent, call


def test_a_hold_that_ends_in_time_is_nobodys_business(any_office: Office) -> None:
    agent, call = on_hold(any_office)
    agent.call.resume()
    any_office.run(60)
    assert bridged(call, agent.call)
    assert len([each for each in agent.calls if each.invite]) == 1
    assert not any(isinstance(source, Play) for _, source in call.heard)


def test_the_caller_hears_an_excuse_and_then_music_again() -> None:
    office = office_where("announce")
    agent, call = on_hold(office)
    office.run(1.5)
    assert said(call) == ("en/comfort-1",)
    office.run(3)
    assert call.hears == MUSIC
    office.run(28)
    assert said(call) == ("en/comfort-2",), "another one, after as long again"
    agent.call.resume()
    office.run(0.1)
    assert bridged(call, agent.call), "in the middle of it"
    office.close()


def test_the_agents_phone_rings_and_the_answer_takes_the_place_of_the_held_leg() -> None:
    office = office_where("ring-back")
    agent, call = on_hold(office)
    agent.on_call = answers(after=5.0)
    held = agent.call
    office.run(2)
    assert agent.call is not held
    assert agent.call.invite is not None
    assert agent.call.invite.from_.display_name == "Sales, on hold: Desk 2001"
    office.run(5)
    assert bridged(call, agent.call)
    assert held.over
    agent.call.hang_up()
    office.run(1)
    assert call.over
    assert state_of(office, "olena") is State.WRAP_UP
    assert record_of(call).disposition is Disposition.SERVED
    office.close()


def test_a_busy_phone_is_rung_again_and_the_conversation_is_still_there() -> None:
    office = office_where("ring-back")
    agent, call = on_hold(office)
    held = agent.call
    agent.on_call = rejects(486, after=0.2)
    office.run(35)
    assert len([each for each in agent.calls if each.invite]) == 3, "again after as long a hold again"
    held.resume()
    office.run(1)
    assert bridged(call, held)
    office.close()


def test_a_ringing_phone_stops_when_the_agent_resumes() -> None:
    office = office_where("ring-back")
    agent, call = on_hold(office)
    held = agent.call
    agent.on_call = answers(after=20.0)
    office.run(3)
    held.resume()
    office.run(1)
    assert bridged(call, held)
    assert agent.call.cause == "cancelled"
    office.close()


def test_the_caller_goes_back_to_the_old_place_in_the_queue() -> None:
    office = office_where("queue")
    agent, call = on_hold(office)
    office.run(2)
    assert agent.call.over
    assert said(call) == ("en/hold-timed-out",)
    agent.on_call = answers(after=1.0)
    office.run(8)
    assert bridged(call, agent.call), "the same agent is free again"
    waits = [line.data["waited"] for line in office.switch.journal.of("acd.connect")]
    assert waits[1] > 30, "with the age of before"
    office.close()


def test_a_caller_who_hangs_up_on_hold_leaves_nothing_behind(any_office: Office) -> None:
    agent, call = on_hold(any_office)
    any_office.run(2)
    call.hang_up()
    any_office.run(1)
    assert agent.calls[-1].over
