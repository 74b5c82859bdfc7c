"""When something outside fails."""

from __future__ import annotations

import pytest

from rtp.legs import MediaTimeout, Play
from tests.sim.office import Office, bridged, record_of


def test_without_a_free_port_callers_are_asked_to_come_back() -> None:
    office = Office(ports=2)
    calls = [office.call(user, "106") for user in ("2001", "2002")]
    third = office.phone("2003").dial("106")
    office.run(1)
    assert third.status == 503
    assert third.responses[-1].headers.get("Retry-After") == "10"
    calls[0].hang_up()
    office.run(1)
    assert office.call("2003", "106").talking
    office.close()


def test_without_a_port_for_the_agent_the_caller_waits_on(office: Office) -> None:
    agent = office.agent("1001")
    office.switch.media.limit = 1
    call = office.call("2001", "101")
    office.run(5)
    assert isinstance(call.hears, Play)
    office.switch.media.limit = 10
    office.run(60)
    assert bridged(call, agent.call)


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_a_party_that_falls_silent_ends_the_call(office: Office, who: str) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    silent = call if who == "caller" else agent.call
    assert silent.leg is not None
    assert office.switch.media.specs[silent.leg].media_timeout == 60
    silent.phone.vanish()
    office.switch.on_media(MediaTimeout(silent.leg, 60.0))
    office.run(1)
    assert call.over or silent is call
    assert agent.call.over or silent is agent.call
    record = record_of(call)
    assert record.ended_by == ("switch" if who == "caller" else "agent")
    assert office.switch.journal.of("call.ended", record.call)[0].data["cause"] in ("media-timeout", "talk-ended")


def test_a_caller_who_vanishes_without_an_ack_is_let_go(office: Office) -> None:
    phone = office.phone("2001")
    call = phone.dial("106")
    office.run(0.03)
    phone.vanish()
    office.run(40)
    assert not office.switch.control.calls
    assert record_of(call).cause == "ack timeout"
    assert not call.over
