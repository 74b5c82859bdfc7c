"""Hold, resume, and offers that come late."""

from __future__ import annotations

import pytest

from rtp.negotiate import Direction
from tests.sim.office import MUSIC, Office, bridged


@pytest.mark.parametrize("direction", [Direction.SENDONLY, Direction.INACTIVE])
@pytest.mark.parametrize("who", ["caller", "agent"])
def test_whoever_is_put_on_hold_hears_music_until_it_is_over(office: Office, who: str, direction: Direction) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    holder, held = (call, agent.call) if who == "caller" else (agent.call, call)
    holder.hold(direction)
    office.run(2)
    assert held.hears == MUSIC
    office.run(300)
    assert held.talking, "nobody on hold is given up for sending nothing"
    holder.resume()
    office.run(2)
    assert bridged(call, agent.call)
    assert [line.kind for line in office.switch.journal.lines if line.kind.startswith("leg.")] == [
        "leg.held",
        "leg.resumed",
    ]


def test_both_may_hold_and_the_conversation_comes_back_with_the_second_resume(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    for one in (call, agent.call):
        one.hold()
        office.run(1)
    assert (call.hears, agent.call.hears) == (MUSIC, MUSIC)
    for one in (agent.call, call):
        one.resume()
        office.run(1)
    assert bridged(call, agent.call)


def test_a_caller_on_hold_in_a_queue_is_still_served(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(2)
    call.hold()
    agent = office.agent("1001")
    office.run(4)
    assert agent.call.talking
    assert agent.call.hears == MUSIC
    call.resume()
    office.run(1)
    assert bridged(call, agent.call)


def test_a_call_without_an_offer_gets_one_in_the_answer(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101", late_offer=True)
    office.run(4)
    assert bridged(call, agent.call)


def test_a_late_offer_to_a_phone_connects_too(office: Office) -> None:
    callee = office.phone("2002")
    call = office.call("2001", "2002", late_offer=True)
    office.run(1)
    assert bridged(call, callee.call)
