"""Attended transfers, and calls that another device takes over: whoever hangs up at whatever moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.agent import State
from rtp.legs import Tone
from sip.auth import Credentials
from sip.headers import NameAddr
from sip.uri import Uri
from tests.sim.office import CENTRE, MUSIC, Office, bridged, record_of, state_of
from tests.sim.test_flows_transfers import OUTSIDE, segments_add_up, served
from tests.support.sim_phone import PhoneCall, SimPhone, answers, rings_on

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def desk() -> Iterator[Office]:
    office = Office(centre=CENTRE + OUTSIDE)
    yield office
    office.close()


def consulted(office: Office, number: str = "2002", *, holds: bool = True) -> tuple[PhoneCall, PhoneCall, PhoneCall]:
    """The agent has put the caller on hold and talks with somebody else: caller, both calls of the agent."""
    call, agent = served(office)
    if holds:
        agent.hold()
        office.run(1)
        assert call.hears == MUSIC
    consult = agent.phone.dial(number)
    office.run(4)
    assert consult.talking
    return call, agent, consult


def test_attended_to_a_phone(desk: Office) -> None:
    second = desk.phone("2002")
    call, agent, consult = consulted(desk)
    agent.transfer(consult)
    desk.run(1)
    assert (agent.phone.referred, agent.phone.notified[-1]) == ([202], 200)
    assert bridged(call, second.call)
    assert consult.over
    assert state_of(desk, "olena") is State.WRAP_UP
    desk.run(3)
    assert agent.over
    call.hang_up()
    desk.run(1)
    assert second.call.over
    (line,) = desk.switch.journal.of("call.transferred")
    assert (line.data["kind"], line.data["by"], line.data["to"]) == ("attended", "olena", "2002")
    segments_add_up(desk, call)
    assert [s.name for s in record_of(call).path if s.kind == "talk"] == ["olena", "2002"]
    segments_add_up(desk, consult)


def test_attended_by_the_other_call(desk: Office) -> None:
    """Some phones send the REFER in the call to the second party."""
    second = desk.phone("2002")
    call, agent, consult = consulted(desk)
    dialog = agent.phone.endpoint._usages._by_id[agent.usage].dialog
    assert dialog is not None
    name = f"{dialog.call_id}%3Bto-tag%3D{dialog.remote_tag}%3Bfrom-tag%3D{dialog.local_tag}"
    agent.phone.endpoint.refer(consult.usage, f"<sip:2001@pbx.test?Replaces={name}>", now=desk.world.now)
    agent.phone.flush()
    desk.run(1)
    assert agent.phone.notified[-1] == 200
    assert bridged(call, second.call)
    desk.run(3)
    assert (agent.over, consult.over) == (True, True)
    assert (call.over, second.call.over) == (False, False)


def test_attended_to_an_agent_of_another_queue_whose_conversation_it_is_then(desk: Office) -> None:
    second = desk.agent("1002", answers(after=1.0))
    call, agent, consult = consulted(desk, "102")
    agent.transfer(consult)
    desk.run(1)
    assert bridged(call, second.call)
    assert (state_of(desk, "olena"), state_of(desk, "piotr")) == (State.WRAP_UP, State.TALKING)
    second.call.hold()
    desk.run(1)
    assert call.hears == MUSIC
    second.call.hang_up()
    desk.run(1)
    assert call.over
    assert state_of(desk, "piotr") is not State.TALKING
    segments_add_up(desk, call)


def test_attended_when_the_caller_hangs_up_afterwards_frees_the_second_agent(desk: Office) -> None:
    second = desk.agent("1002", answers(after=1.0))
    call, agent, consult = consulted(desk, "102")
    agent.transfer(consult)
    desk.run(1)
    call.hang_up()
    desk.run(1)
    assert second.call.over
    assert state_of(desk, "piotr") is not State.TALKING


def test_and_once_more_to_a_queue(desk: Office) -> None:
    second = desk.agent("1002", answers(after=1.0))
    call, agent, consult = consulted(desk, "102")
    agent.transfer(consult)
    desk.run(1)
    second.call.transfer("101")
    desk.run(1)
    assert second.notified[-1] == 200
    assert state_of(desk, "piotr") is not State.TALKING
    desk.run(12)
    assert bridged(call, agent.phone.call), "the first agent again, after the wrap-up"
    call.hang_up()
    desk.run(1)
    segments_add_up(desk, call)


def test_two_calls_that_the_agent_made_are_joined(desk: Office) -> None:
    agent = desk.agent("1001")
    first, second = desk.phone("2001"), desk.phone("2002")
    one = agent.dial("2001")
    desk.run(3)
    other = agent.dial("2002")
    desk.run(3)
    one.transfer(other)
    desk.run(4)
    assert agent.notified[-1] == 200
    assert bridged(first.call, second.call)
    assert (one.over, other.over) == (True, True)
    second.call.hang_up()
    desk.run(1)
    assert first.call.over
    assert state_of(desk, "olena") is State.IDLE


def test_the_agent_does_not_wait_for_the_second_party(desk: Office) -> None:
    second = desk.phone("2002")
    second.on_call = rings_on
    call, agent = served(desk)
    consult = agent.phone.dial("2002")
    desk.run(1)
    (early,) = [
        usage.dialog for usage in desk.switch.endpoint._usages._by_id.values() if usage.machine.state.name == "INCOMING"
    ]
    assert early is not None
    name = f"{early.call_id}%3Bto-tag%3D{early.local_tag}%3Bfrom-tag%3D{early.remote_tag}"
    second.on_call = answers(after=2.0)
    agent.phone.endpoint.refer(agent.usage, f"<sip:2002@pbx.test?Replaces={name}>", now=desk.world.now)
    agent.phone.flush()
    desk.run(1)
    assert consult.over
    assert call.hears == Tone("ringback")
    desk.run(4)
    assert bridged(call, second.call)
    assert agent.phone.notified[-1] == 200


@pytest.mark.parametrize("who", ["second", "caller", "agent", "consult"])
@pytest.mark.parametrize("after", [-0.02, -0.005, 0.0, 0.005, 0.012, 0.03])
def test_attended_and_somebody_hangs_up_at_the_same_moment(desk: Office, who: str, after: float) -> None:
    second = desk.phone("2002")
    call, agent, consult = consulted(desk)
    party = {"second": second.call, "caller": call, "agent": agent, "consult": consult}[who]
    desk.world.call_later(0.1 + after, party.hang_up)
    desk.world.call_later(0.1, lambda: None if agent.over or consult.over else agent.transfer(consult))
    desk.run(10)
    assert party.over


def test_a_call_that_is_over_cannot_be_taken_over(desk: Office) -> None:
    desk.phone("2002")
    call, agent, consult = consulted(desk)
    dialog = agent.phone.endpoint._usages._by_id[consult.usage].dialog
    assert dialog is not None
    consult.hang_up()
    agent.resume()
    desk.run(2)
    name = f"{dialog.call_id}%3Bto-tag%3D{dialog.remote_tag}%3Bfrom-tag%3D{dialog.local_tag}"
    agent.phone.endpoint.refer(agent.usage, f"<sip:2002@pbx.test?Replaces={name}>", now=desk.world.now)
    agent.phone.flush()
    desk.run(1)
    assert agent.phone.notified[-1] == 481
    assert bridged(call, agent)


def test_a_party_that_has_been_sent_on_cannot_be_taken_over(desk: Office) -> None:
    """In the moment before the phone hangs up the call in which it sent them on."""
    second, third = desk.phone("2002"), desk.phone("2003")
    third.on_call = answers()
    call, agent, consult = consulted(desk)
    consult.transfer("2003")
    desk.run(0.5)
    assert bridged(second.call, third.call)
    assert not consult.over
    agent.transfer(consult)
    desk.run(1)
    assert agent.phone.notified[-1] == 481
    desk.run(5)
    assert bridged(second.call, third.call)
    assert call.talking


def test_nobody_takes_over_the_call_of_another_phone(desk: Office) -> None:
    call, agent = served(desk)
    desk.phone("2003")
    other = desk.phone("2002").dial("2003")
    desk.run(4)
    dialog = desk.phone("2002").endpoint._usages._by_id[other.usage].dialog
    assert dialog is not None
    name = f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"
    agent.phone.endpoint.refer(
        agent.usage,
        f"<sip:2003@pbx.test?Replaces={name.replace(';', '%3B').replace('=', '%3D')}>",
        now=desk.world.now,
    )
    agent.phone.flush()
    desk.run(1)
    assert agent.phone.notified[-1] == 403
    thief = SimPhone(desk.switch, "2004", ("203.0.113.77", 5060), "secret of 2004")
    desk.phones["thief"] = thief
    stolen = thief.dial("2002", headers=(("Replaces", name),))
    desk.run(1)
    assert stolen.status == 403
    assert bridged(call, agent)
    assert bridged(other, desk.phone("2003").call)


def test_another_device_of_the_same_phone_takes_the_call_over(desk: Office) -> None:
    call, agent = served(desk)
    dialog = agent.phone.endpoint._usages._by_id[agent.usage].dialog
    assert dialog is not None
    device = desk.second("1001")
    name = f"{dialog.call_id};to-tag={dialog.remote_tag};from-tag={dialog.local_tag}"
    taken = device.dial("2001", headers=(("Replaces", name), ("Require", "replaces")))
    desk.run(1)
    assert agent.over
    assert bridged(call, taken)
    assert state_of(desk, "olena") is State.TALKING
    taken.hang_up()
    desk.run(1)
    assert call.over
    assert state_of(desk, "olena") is State.WRAP_UP
    gone = device.dial("2001", headers=(("Replaces", name),))
    desk.run(1)
    assert gone.status == 481


@pytest.mark.parametrize(
    ("user", "password", "status"), [("1001", "right", 202), ("1001", "wrong", 403), ("2004", "right", 403)]
)
def test_a_refer_outside_the_call_needs_the_password_of_the_phone_in_it(
    desk: Office, user: str, password: str, status: int
) -> None:
    call, agent = served(desk)
    second = desk.phone("2002")
    dialog = agent.phone.endpoint._usages._by_id[agent.usage].dialog
    assert dialog is not None
    phone = SimPhone(desk.switch, user, ("203.0.113.78", 5060))
    desk.phones["elsewhere"] = phone
    own = NameAddr("", Uri("sip", user, "pbx.test"))
    phone.endpoint.request(
        "REFER",
        uri=Uri("sip", None, "pbx.test"),
        flow=phone.flow,
        from_=own,
        to=own,
        contact_user=user,
        headers=(
            ("Refer-To", "<sip:2002@pbx.test>"),
            ("Target-Dialog", f"{dialog.call_id};local-tag={dialog.local_tag};remote-tag={dialog.remote_tag}"),
        ),
        auth=Credentials(user, f"secret of {user}" if password == "right" else "guessed"),
        now=desk.world.now,
    )
    phone.flush()
    desk.run(4)
    assert phone.referred == [status]
    assert bridged(call, second.call if status == 202 else agent)
