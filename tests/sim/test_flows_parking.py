"""Call park: callers who are left at a place, and fetched there by anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.agent import State
from rtp.legs import Tone
from tests.sim.office import CENTRE, MUSIC, Office, bridged, record_of, said, state_of
from tests.sim.test_flows_transfers import served
from tests.support.sim_phone import PhoneCall, answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARK = """
[park]
places = "701-703"
timeout = 60
"""
HOW: dict[str, Callable[[PhoneCall], None]] = {
    "keys": lambda agent: agent.press("*6"),
    "keys and number": lambda agent: agent.press("*2701#"),
    "the code": lambda agent: agent.transfer("*6"),
    "a place": lambda agent: agent.transfer("701"),
}


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office(centre=CENTRE + PARK)
    yield office
    office.close()


def fetched(office: Office, user: str, place: str = "701") -> PhoneCall:
    call = office.phone(user).dial(place)
    office.run(0.5)
    return call


@pytest.mark.parametrize("how", HOW)
def test_whoever_parks_a_caller_hears_where_and_any_phone_fetches_them(office: Office, how: str) -> None:
    call, agent = served(office)
    HOW[how](agent)
    office.run(1)
    assert said(agent) == ("en/park-place/701",)
    assert call.hears == MUSIC
    office.run(6)
    assert agent.over
    assert state_of(office, "olena") is State.WRAP_UP or state_of(office, "olena") is State.IDLE
    office.run(10)
    other = fetched(office, "2002")
    assert bridged(call, other)
    office.run(60)
    assert bridged(call, other), "nobody is rung any more"
    other.hang_up()
    office.run(1)
    assert call.over
    record = record_of(call)
    assert [segment.name for segment in record.path if segment.kind == "talk"] == ["olena", "2002"]
    assert ("park", "701") in [(segment.kind, segment.name) for segment in record.path]
    assert record.ended is not None
    assert sum(s.seconds for s in record.path) == pytest.approx(record.ended - record.started, abs=1e-6)


def test_a_telephone_that_holds_the_line_to_transfer_is_let_go_at_once(office: Office) -> None:
    call, agent = served(office)
    agent.hold()
    office.run(1)
    agent.transfer("*6")
    office.run(0.2)
    assert agent.phone.notified[-1] == 200
    assert bridged(call, fetched(office, "2002"))


def test_a_place_that_was_asked_for_before_is_where_the_caller_comes(office: Office) -> None:
    """The caller is on hold, the agent asks for a place and completes the transfer."""
    other, colleague = served(office)
    colleague.press("*6")
    office.run(4)
    call, agent = served_again(office)
    agent.hold()
    asking = agent.phone.dial("*6")
    office.run(1)
    assert said(asking) == ("en/park-place/702",)
    assert bridged(other, fetched(office, "2004")), "701 is free again, and 702 is meant"
    agent.transfer(asking)
    office.run(1)
    assert agent.phone.notified[-1] == 200
    assert asking.over
    assert bridged(call, fetched(office, "2005", "702"))


def served_again(office: Office) -> tuple[PhoneCall, PhoneCall]:
    phone = office.agent("1003")
    call = office.call("2003", "101")
    office.run(4)
    assert bridged(call, phone.call)
    return call, phone.call


def test_who_asks_for_a_place_and_hangs_up_keeps_none(office: Office) -> None:
    asking = office.call("2001", "*6")
    office.run(4)
    assert asking.talking
    second = office.call("2002", "*6")
    office.run(0.1)
    assert said(second) == ("en/park-place/702",)
    asking.hang_up()
    second.hang_up()
    office.run(1)
    third = office.call("2003", "*6")
    office.run(0.1)
    assert said(third) == ("en/park-place/701",)


def test_nobody_is_at_an_empty_place(office: Office) -> None:
    call = office.call("2001", "702")
    office.run(0.1)
    assert said(call) == ("en/park-empty",)
    office.run(4)
    assert call.over


def test_when_all_places_are_taken_the_two_go_on_talking(office: Office) -> None:
    for user in ("2002", "2003", "2004"):
        office.call(user, "*6")
    full = office.call("2005", "*6")
    office.run(0.1)
    assert said(full) == ("en/park-full",)
    call, agent = served(office)
    agent.press("*6")
    office.run(1)
    assert bridged(call, agent)
    agent.transfer("702")
    office.run(1)
    assert agent.phone.notified[-1] == 486
    assert bridged(call, agent)


def test_a_caller_whom_nobody_fetches_comes_back_to_who_parked_them(office: Office) -> None:
    call, agent = served(office)
    agent.phone.on_call = answers(after=2.0)
    agent.press("*6")
    office.run(61)
    assert isinstance(call.hears, Tone)
    back = agent.phone.calls[-1].invite
    assert back is not None
    assert (back.headers.get("From") or "").startswith('"701: Desk 2001"')
    office.run(2)
    assert bridged(call, agent.phone.calls[-1])
    assert len(office.switch.journal.of("park.timed_out")) == 1


@pytest.mark.parametrize("telephone", [rings_on, rejects(486)])
def test_and_when_they_do_not_answer_is_in_the_queue_of_before_with_the_old_age(
    office: Office, telephone: Callable[[PhoneCall], None]
) -> None:
    call, agent = served(office)
    agent.phone.on_call = telephone
    agent.press("*6")
    office.run(80)
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert call.answered_at is not None
    assert ticket.queue == "sales"
    assert ticket.since == pytest.approx(call.answered_at, abs=0.1)


@pytest.mark.parametrize("after", [0.0, 0.3, 1.0, 2.9, 3.0, 3.1, 5.0, 60.0, 61.0])
@pytest.mark.parametrize("who", ["caller", "agent", "other"])
@pytest.mark.parametrize("how", HOW)
def test_whoever_hangs_up_or_fetches_whenever_leaves_nothing_behind(
    office: Office, how: str, who: str, after: float
) -> None:
    call, agent = served(office)
    HOW[how](agent)
    office.run(after)
    if who == "other":
        other = fetched(office, "2002")
        office.run(10)
        assert bridged(call, other) or after == 61.0 or said(other) == ("en/park-empty",) or other.over
    else:
        {"caller": call, "agent": agent}[who].hang_up()
        office.run(10)
    if who == "agent":
        assert call.hears == MUSIC or after >= 60
    if who != "caller" and after < 60:
        assert len(office.switch.journal.of("call.transferred")) == 1


def test_who_was_called_by_a_phone_is_parked_as_well(office: Office) -> None:
    """The one who has called parks the other."""
    callee = office.phone("2002")
    call = office.phone("2001").dial("2002")
    office.run(3)
    call.transfer("702")
    office.run(6)
    assert callee.call.hears == MUSIC
    assert call.over
    assert bridged(callee.call, fetched(office, "2003", "702"))


def test_without_places_the_code_is_none_and_the_numbers_are_nobodys() -> None:
    office = Office()
    call, agent = served(office)
    agent.press("*6")
    office.run(1)
    assert bridged(call, agent)
    agent.transfer("701")
    office.run(1)
    assert agent.phone.notified[-1] == 404
    office.close()


def test_places_may_be_others_after_a_reload_and_who_is_parked_is_found() -> None:
    office = Office(centre=CENTRE + PARK)
    call, agent = served(office)
    agent.press("*6")
    office.run(8)
    office.reload(('places = "701-703"', 'places = "801-803"'))
    assert bridged(call, fetched(office, "2002"))
    office.close()
