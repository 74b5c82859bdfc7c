"""Agents who stay on the line between callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.agent import State, Status
from rtp.legs import Bridge, MediaTimeout, Music, Play, Silence, Tone
from tests.sim.office import CENTRE, MUSIC, Office, bridged, said, state_of
from tests.sim.test_flows_agents import status_of, use_code
from tests.support.sim_phone import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall


@pytest.fixture
def office() -> Iterator[Office]:
    centre = Office()
    yield centre
    centre.close()


def stays(office: Office, desk: str = "1001") -> PhoneCall:
    """The agent of a desk has dialled the code and heard that it worked."""
    phone = office.phone(desk)
    phone.on_call = answers(after=1.0)
    call = phone.dial("*10")
    office.world.run_until(lambda: call.answered_at is not None)
    office.run(0.2)
    assert said(call) == ("en/agent-logged-in",)
    office.run(5)
    assert call.hears == Silence()
    return call


def calls_to(office: Office, desk: str) -> int:
    return len([call for call in office.phone(desk).calls if call.invite is not None])


def test_callers_are_put_through_within_150_milliseconds_without_ringing(office: Office) -> None:
    line = stays(office)
    assert status_of(office, "olena") == (Status.AVAILABLE, "1001")
    for caller in ("2001", "2002"):
        call = office.call(caller, "101")
        office.run(0.15)
        assert bridged(call, line)
        call.hang_up()
        office.run(0.5)
        assert line.talking, "the line stays"
        assert line.hears == Silence()
        assert state_of(office, "olena") is State.WRAP_UP
        office.run(5)
    assert calls_to(office, "1001") == 0
    kinds = [line.kind for line in office.switch.journal.lines]
    assert "agent.stays" in kinds


def test_who_waits_is_put_through_when_the_wrap_up_is_over_or_done_by_key(office: Office) -> None:
    line = stays(office)
    first, second = office.call("2001", "101"), office.call("2002", "101")
    office.run(1)
    assert bridged(first, line)
    first.hang_up()
    office.run(1)
    assert second.hears == MUSIC
    line.press("0")
    office.run(0.15)
    assert bridged(second, line)


def test_star_begins_and_ends_a_break(office: Office) -> None:
    line = stays(office)
    line.press("*")
    office.run(0.2)
    assert said(line) == ("en/agent-break-started",)
    assert status_of(office, "olena")[0] is Status.ON_BREAK
    call = office.call("2001", "101")
    office.run(5)
    assert isinstance(call.hears, Music | Play), "nobody is put through on a break"
    line.press("*")
    office.run(0.15)
    assert bridged(call, line)


def test_keys_in_a_conversation_are_not_those_of_the_break(office: Office) -> None:
    line = stays(office)
    call = office.call("2001", "101")
    office.run(0.5)
    line.press("*0")
    office.run(0.5)
    assert bridged(call, line)
    assert status_of(office, "olena")[0] is Status.AVAILABLE


def test_who_hangs_up_is_logged_out(office: Office) -> None:
    line = stays(office)
    line.hang_up()
    office.run(0.5)
    assert status_of(office, "olena") == (Status.LOGGED_OUT, "")


def test_who_hangs_up_on_a_caller_has_served_them_and_is_logged_out(office: Office) -> None:
    line = stays(office)
    call = office.call("2001", "101")
    office.run(3)
    line.hang_up()
    office.run(1)
    assert call.over
    assert status_of(office, "olena") == (Status.LOGGED_OUT, "")


def test_a_caller_whose_agents_line_is_lost_keeps_the_place(office: Office) -> None:
    line = stays(office)
    call = office.call("2001", "101")
    office.run(3)
    assert line.leg is not None
    office.switch.on_media(MediaTimeout(line.leg, 60.0))
    office.run(1)
    assert call.hears == MUSIC
    assert not call.over


def test_who_logs_out_elsewhere_finishes_the_conversation_and_is_hung_up_on(office: Office) -> None:
    line = stays(office)
    call = office.call("2001", "101")
    office.run(1)
    assert use_code(office, "2006", "*12*olena*4711") == "en/agent-logged-out"
    assert bridged(call, line)
    call.hang_up()
    office.run(0.5)
    assert line.over


def test_who_logs_out_elsewhere_while_waiting_is_hung_up_on(office: Office) -> None:
    line = stays(office)
    assert use_code(office, "2006", "*12*olena*4711") == "en/agent-logged-out"
    office.run(0.5)
    assert line.over
    assert status_of(office, "olena")[0] is Status.LOGGED_OUT


def test_an_agent_who_was_logged_in_is_rung_no_more(office: Office) -> None:
    office.agent("1001", answers(after=1.0))
    line = stays(office)
    call = office.call("2001", "101")
    office.run(0.2)
    assert bridged(call, line)


def test_words_and_tones_for_the_agent_come_first_and_music_fills_the_time() -> None:
    centre = CENTRE.replace("[queue.sales]\n", "[queue.sales]\nwhisper = { tone = true }\n")
    centre = centre.replace("[queue.support]", '[feature]\nstay_music = "default"\n\n[queue.support]', 1)
    office = Office(centre=centre)
    phone = office.phone("1001")
    line = phone.dial("*10")
    office.run(8)
    call = office.call("2001", "101")
    office.run(0.1)
    assert call.hears == MUSIC
    office.run(0.3)
    assert bridged(call, line)
    call.hang_up()
    office.run(0.5)
    sources = [type(source) for _, source in line.heard]
    assert [source for source in sources if source is not Silence] == [Play, Music, Tone, Bridge, Music]
    office.close()


def test_a_caller_who_is_sent_on_by_keys_leaves_the_agent_on_the_line(office: Office) -> None:
    line = stays(office)
    other = office.phone("2003")
    other.on_call = answers(after=1.0)
    call = office.call("2001", "101")
    office.run(3)
    line.press("*2")
    office.run(1)
    line.press("2003#")
    office.run(4)
    assert bridged(call, other.call)
    assert line.talking
    office.run(6)
    second = office.call("2002", "101")
    office.run(0.5)
    assert bridged(second, line)


def test_after_a_restart_the_agents_phone_rings_like_any_other(office: Office) -> None:
    stays(office)
    office.restart()
    office.run(2)
    assert status_of(office, "olena") == (Status.AVAILABLE, "1001")


def test_where_all_ring_one_of_those_on_the_line_has_the_caller(office: Office) -> None:
    lines = [office.phone(desk).dial("*10") for desk in ("1002", "1003")]
    office.run(6)
    call = office.call("2001", "103")
    office.run(0.5)
    assert [bridged(call, line) for line in lines].count(True) == 1
    call.hang_up()
    office.run(0.5)
    assert all(line.hears == Silence() for line in lines)
    assert {state_of(office, agent) for agent in ("piotr", "iryna")} == {State.IDLE}


def test_who_dials_the_code_again_stays_by_the_newer_call(office: Office) -> None:
    first = stays(office)
    second = stays(office)
    office.run(0.5)
    assert first.over
    assert second.talking
    assert status_of(office, "olena") == (Status.AVAILABLE, "1001")
    call = office.call("2001", "101")
    office.run(0.2)
    assert bridged(call, second)


def test_a_switch_that_stops_hangs_up_on_both(office: Office) -> None:
    line = stays(office)
    call = office.call("2001", "101")
    office.run(1)
    office.switch.control.hang_up_all(office.world.now)
    office.switch.flush()
    office.run(1)
    assert line.over
    assert call.over
