"""Transfers by keys: for telephones without a transfer of their own."""

from __future__ import annotations

import pytest

from acd.agent import State
from rtp.legs import Silence, Tone
from tests.sim.office import CENTRE, MUSIC, Office, bridged, record_of, said, state_of
from tests.sim.test_flows_transfers import served
from tests.support.sim_phone import PhoneCall, answers, rejects, rings_on


def keyed(office: Office, agent: PhoneCall, keys: str, *, by: str = "rfc4733") -> None:
    for key in keys:
        agent.press(key, by)
        office.run(0.2)


@pytest.mark.parametrize("by", ["rfc4733", "info"])
def test_blind(office: Office, by: str) -> None:
    call, agent = served(office)
    second = office.phone("2002")
    keyed(office, agent, "*2", by=by)
    assert call.hears == MUSIC
    assert said(agent) == ("en/transfer-enter-number",)
    keyed(office, agent, "2002#", by=by)
    now: object = call.hears
    assert now == Tone("ringback")
    office.run(2)
    assert bridged(call, second.call)
    assert state_of(office, "olena") is State.WRAP_UP
    office.run(3)
    assert agent.over
    assert office.switch.journal.of("call.transferred")[0].data["kind"] == "blind"


def test_without_hash_a_pause_ends_the_number(office: Office) -> None:
    call, agent = served(office)
    second = office.phone("2002")
    keyed(office, agent, "*22002")
    office.run(3)
    assert call.hears == MUSIC
    office.run(4)
    assert bridged(call, second.call)


@pytest.mark.parametrize("keys", ["*2*", "*29999#", "*2#", "*39999#", "*3#"])
def test_whoever_keys_nothing_useful_has_the_caller_back(office: Office, keys: str) -> None:
    call, agent = served(office)
    keyed(office, agent, keys)
    assert said(agent)[0].startswith("en/transfer-")
    office.run(4)
    assert bridged(call, agent)
    agent.press("*")
    office.run(20)
    assert bridged(call, agent), "a star alone is no code"


def test_a_code_that_is_keyed_slowly_is_none(office: Office) -> None:
    call, agent = served(office)
    agent.press("*")
    office.run(4)
    agent.press("2")
    office.run(1)
    assert bridged(call, agent)
    call.press("*2")
    office.run(1)
    assert bridged(call, agent), "nor is one that the caller keys"


def test_a_blind_transfer_that_fails_brings_the_caller_back(office: Office) -> None:
    call, agent = served(office)
    office.phone("2002").on_call = rejects(486, after=0.5)
    keyed(office, agent, "*22002#")
    office.run(2)
    assert bridged(call, agent)
    assert state_of(office, "olena") is State.TALKING


def consulting(office: Office) -> tuple[PhoneCall, PhoneCall, PhoneCall]:
    call, agent = served(office)
    second = office.phone("2002")
    keyed(office, agent, "*32002#")
    assert call.hears == MUSIC
    assert agent.hears == Tone("ringback")
    office.run(2)
    assert bridged(agent, second.call)
    assert call.hears == MUSIC
    return call, agent, second.call


def test_consulted_and_put_through_by_hanging_up(office: Office) -> None:
    call, agent, second = consulting(office)
    agent.hang_up()
    office.run(1)
    assert bridged(call, second)
    assert state_of(office, "olena") is State.WRAP_UP
    second.hang_up()
    office.run(1)
    assert call.over
    record = record_of(call)
    assert [s.name for s in record.path if s.kind == "talk"] == ["olena", "2002"]
    assert record.ended is not None
    assert sum(s.seconds for s in record.path) == pytest.approx(record.ended - record.started, abs=1e-6)
    assert office.switch.journal.of("call.transferred")[0].data["kind"] == "attended"


def test_consulted_and_brought_back_by_star(office: Office) -> None:
    call, agent, second = consulting(office)
    keyed(office, agent, "*")
    assert second.over
    assert bridged(call, agent)


@pytest.mark.parametrize("code", ["*2", "*3"])
def test_a_queue_has_the_caller_at_once_by_either_code(office: Office, code: str) -> None:
    call, agent = served(office)
    keyed(office, agent, f"{code}102#")
    office.run(0.5)
    assert [ticket.queue for ticket in office.switch.dispatcher.tickets.values()] == ["support"]
    assert call.hears == MUSIC
    assert state_of(office, "olena") is State.WRAP_UP
    office.run(2)
    assert agent.over
    other = office.agent("1002", answers(after=1.0))
    office.run(3)
    assert bridged(call, other.call)


def test_the_second_party_hangs_up(office: Office) -> None:
    call, agent, second = consulting(office)
    second.hang_up()
    office.run(1)
    assert bridged(call, agent)
    assert state_of(office, "olena") is State.TALKING


def test_the_caller_hangs_up_during_the_consultation(office: Office) -> None:
    call, agent, second = consulting(office)
    call.hang_up()
    office.run(1)
    assert (agent.over, second.over) == (True, True)
    assert state_of(office, "olena") is State.WRAP_UP


@pytest.mark.parametrize("how", [rings_on, rejects(486, after=0.5)])
def test_a_second_party_that_does_not_answer(office: Office, how: object) -> None:
    call, agent = served(office)
    office.phone("2002").on_call = how  # type: ignore[assignment]
    keyed(office, agent, "*32002#")
    office.run(20)
    assert bridged(call, agent)


def test_hanging_up_while_it_rings_sends_the_caller_there(office: Office) -> None:
    call, agent = served(office)
    second = office.phone("2002")
    second.on_call = answers(after=3.0)
    keyed(office, agent, "*32002#")
    office.run(1)
    agent.hang_up()
    office.run(1)
    assert call.hears == Tone("ringback")
    office.run(3)
    assert bridged(call, second.call)


@pytest.mark.parametrize("after", [0.0, 0.3, 1.0, 1.99, 2.0, 2.02, 4.0])
@pytest.mark.parametrize("who", ["caller", "agent", "second"])
@pytest.mark.parametrize("code", ["*2", "*3"])
def test_whoever_hangs_up_whenever_leaves_nothing_behind(office: Office, who: str, after: float, code: str) -> None:
    call, agent = served(office)
    second = office.phone("2002")
    keyed(office, agent, code + "2002")
    agent.press("#")
    office.run(after)
    party = {"caller": call, "agent": agent}.get(who)
    for leaving in [party] if party is not None else [c for c in second.calls if not c.over]:
        leaving.hang_up()
    office.run(10)
    if who == "agent":
        assert bridged(call, second.call)
    assert agent.hears in (None, Silence()) or bridged(call, agent) or bridged(agent, second.call)


# ------------------------------------------------------------------------------------------------ and other ways
def test_a_telephone_that_holds_and_resumes_meanwhile_does_not_get_the_caller_before_it_is_done(office: Office) -> None:
    call, agent, second = consulting(office)
    agent.hold()
    office.run(1)
    agent.resume()
    office.run(1)
    assert call.hears == MUSIC
    assert bridged(agent, second)
    keyed(office, agent, "*")
    assert bridged(call, agent)


def test_a_hold_that_outlasts_the_keys_is_counted_from_their_end() -> None:
    desk = Office(centre=CENTRE.replace("[queue.sales]\n", "[queue.sales]\nmax_hold = 8\n"))
    call, agent = served(desk)
    keyed(desk, agent, "*2")
    agent.hold()
    desk.run(10)
    assert desk.switch.journal.of("hold.too_long") == []
    desk.run(5.5)
    assert said(agent) == ("en/transfer-failed",)
    desk.run(3 + 6.5)
    assert desk.switch.journal.of("hold.too_long") == []
    desk.run(1)
    assert len(desk.switch.journal.of("hold.too_long")) == 1
    assert call.hears != MUSIC
    desk.close()


@pytest.mark.parametrize("keys", ["*2", "*32002#"])
def test_a_transfer_by_the_telephones_own_button_comes_before_one_by_keys(office: Office, keys: str) -> None:
    call, agent = served(office)
    second, third = office.phone("2002"), office.phone("2003")
    keyed(office, agent, keys)
    office.run(2)
    agent.transfer("2003")
    office.run(4)
    assert bridged(call, third.call)
    assert all(each.over for each in second.calls)
    office.run(20)
    assert bridged(call, third.call)


def test_who_is_sent_on_by_the_other_party_while_keying_is_spoken_to_no_more(office: Office) -> None:
    callee, third = office.phone("2002"), office.phone("2003")
    call = office.phone("2001").dial("2002")
    office.run(3)
    keyed(office, callee.call, "*2")
    call.transfer("2003")
    office.run(3)
    assert bridged(callee.call, third.call)
    office.run(20)
    assert bridged(callee.call, third.call)
