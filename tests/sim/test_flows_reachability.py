"""Agents' phones that go away: the distributor knows within a second of the switch's knowing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.agent import State
from acd.events import AgentLoggedOut
from sip.flow import Flow, Transport
from softswitch.call.ringing.qualifying import AGAIN, PATIENCE
from tests.sim.office import CENTRE, Office, bridged, state_of
from tests.support.sim_phone import rings_on
from tests.support.sim_switch import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY = 30


@pytest.fixture
def asking() -> Iterator[Office]:
    """An office that asks its agents' phones every half a minute."""
    centre = Office(centre=CENTRE.replace("qualify = 0", f"qualify = {EVERY}", 1))
    yield centre
    for agent in centre.switch.dispatcher.agents:  # nobody is asked any more
        centre.switch.control.queues.receive(AgentLoggedOut(agent), centre.world.now)
    centre.switch.flush()
    centre.close()


def is_reachable(office: Office, agent: str) -> bool:
    return office.switch.dispatcher.agents[agent].reachable


def became(office: Office, agent: str, reachable: bool) -> float:
    """When the distributor was told last."""
    kind = "acd.agent_reachable" if reachable else "acd.agent_unreachable"
    told = [line for line in office.switch.journal.of(kind) if line.data["agent"] == agent]
    at: float = told[-1].data["at"]
    return at


def options_to(office: Office, address: str) -> list[bytes]:
    return [data for data in office.switch.sent if data.startswith(b"OPTIONS") and f"@{address}:".encode() in data[:80]]


def test_a_registration_that_runs_out_makes_the_agent_unreachable_at_that_second(office: Office) -> None:
    agent = office.agent("1001")
    agent.vanish()
    expires_at = office.switch.bindings.kept["1001", "sip:1001@203.0.113.1:5060"].expires_at
    office.run(expires_at - office.world.now + 1)
    assert not is_reachable(office, "olena")
    assert became(office, "olena", False) == pytest.approx(expires_at, abs=1)
    agent.reappear()
    agent.register()
    office.run(1)
    assert is_reachable(office, "olena")


def test_an_agent_who_unregisters_while_ringing_loses_the_offer_to_somebody_else_at_once(office: Office) -> None:
    agent = office.agent("1001", rings_on)
    other = office.agent("1003")
    call = office.call("2001", "101")
    office.run(1)
    assert state_of(office, "olena") is State.OFFERED
    agent.unregister()
    office.run(1)
    assert state_of(office, "iryna") is State.OFFERED
    office.run(3)
    assert bridged(call, other.call)


def test_a_lost_connection_of_a_phone_behind_a_nat_makes_the_agent_unreachable_at_once(office: Office) -> None:
    receive = office.network.hosts[ADDRESS]
    nat = ("198.51.100.77", 40_000)
    connection = Flow(Transport.TCP, ADDRESS, nat, connection=7)
    agent = office.phone("1001", register=False)
    office.network.hosts[nat] = office.network.hosts[agent.address]
    office.network.hosts[ADDRESS] = lambda data, flow: receive(data, connection)
    agent.register()
    office.agent("1001", rings_on)
    office.network.hosts[ADDRESS] = receive
    office.call("2001", "101")
    office.run(1)
    assert state_of(office, "olena") is State.OFFERED
    del office.network.hosts[nat]
    office.switch.control.on_flow_lost(connection, office.world.now)
    office.switch.flush()
    assert not is_reachable(office, "olena")
    assert state_of(office, "olena") is State.IDLE


def test_a_phone_that_answers_options_with_anything_stays_reachable(asking: Office) -> None:
    asking.agent("1001")
    asking.run(5 * EVERY + 1)
    assert is_reachable(asking, "olena")
    assert len(options_to(asking, "203.0.113.1")) == 5
    assert not asking.switch.journal.of("acd.agent_unreachable")
    assert not asking.switch.journal.of("phone.silent")


def test_a_phone_that_vanishes_is_unreachable_after_one_question_and_no_caller_is_offered_to_it(
    asking: Office,
) -> None:
    agent = asking.agent("1001")
    logged_in_at = asking.world.now
    agent.vanish()
    asking.run(EVERY + PATIENCE)
    assert not is_reachable(asking, "olena")
    assert became(asking, "olena", False) <= logged_in_at + EVERY + PATIENCE
    assert [line.data["phone"] for line in asking.switch.journal.of("phone.silent")] == ["1001"]
    asking.call("2001", "101")
    asking.run(5)
    assert not asking.switch.journal.of("acd.offer"), "nobody is rung in vain"


def test_questions_that_follow_each_other_soon_give_a_silent_phone_no_more_time() -> None:
    office = Office(centre=CENTRE.replace("qualify = 0", "qualify = 1"))
    office.agent("1001").vanish()
    office.run(1 + PATIENCE)
    assert not is_reachable(office, "olena")


def test_a_phone_that_is_back_is_asked_soon_and_gets_who_waits(asking: Office) -> None:
    agent = asking.agent("1001")
    agent.vanish()
    asking.run(EVERY + PATIENCE + 1)
    call = asking.call("2001", "101")
    agent.reappear()
    asking.run(AGAIN)
    assert is_reachable(asking, "olena")
    asking.run(4)
    assert bridged(call, agent.call)


def test_a_registration_counts_as_a_sign_of_life(asking: Office) -> None:
    agent = asking.agent("1001")
    agent.vanish()
    asking.run(EVERY + PATIENCE + 1)
    agent.reappear()
    agent.register()
    asking.run(1)
    assert is_reachable(asking, "olena")


def test_one_device_of_two_that_answers_is_enough(asking: Office) -> None:
    agent = asking.agent("1001")
    second = asking.second("1001")
    agent.vanish()
    asking.run(EVERY + PATIENCE + 1)
    assert is_reachable(asking, "olena")
    second.vanish()
    asking.run(EVERY + PATIENCE + 1)
    assert not is_reachable(asking, "olena")


def test_nobody_is_asked_who_is_not_logged_in(asking: Office) -> None:
    agent = asking.agent("1001")
    asking.phone("2001")
    call = agent.dial("*12")
    asking.world.run_until(lambda: call.over)
    asking.run(3 * EVERY)
    assert not [data for data in asking.switch.sent if data.startswith(b"OPTIONS")]
    assert len(asking.switch.control.qualifier) == 0


def test_a_conversation_goes_on_when_the_phone_stops_answering_questions(asking: Office) -> None:
    agent = asking.agent("1001")
    call = asking.call("2001", "101")
    asking.run(4)
    asking.network.drop = lambda transmit: (
        transmit.data.startswith(b"OPTIONS") and transmit.flow.remote == agent.address
    )
    asking.run(2 * EVERY)
    assert not is_reachable(asking, "olena")
    assert bridged(call, agent.call)
    asking.network.drop = lambda transmit: False
