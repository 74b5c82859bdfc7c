"""What callers hear and press while they wait: announcements that delay nothing, keys at any time, the exit menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtp.legs import Bridge, Play, Silence
from softswitch.store.cdr import Disposition
from tests.sim.office import CENTRE, MUSIC, Office, bridged, record_of, said
from tests.support.sim_phone import answers, rings_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall

WORDS = """
announce = { position = true, first_after = 5, every = 20, comfort = true, comfort_every = 12 }
exit_menu = "menu:leave"
exit = { keys = { 7 = "queue:support", 8 = "phone:2006" } }
resume_within = 60
"""
LEAVE = """
[menu.leave]
say = "To go on waiting press star, for support press 1, to hear yourself press 2."
keys = { "*" = "back", 1 = "queue:support", 2 = "echo", 3 = "menu:more", 4 = "queue:sales", 5 = "hangup" }
timeout = 4
retries = 1

[menu.more]
say = "More."
keys = { "*" = "back", 1 = "menu:leave" }
timeout = 4
"""


def waiting_office(words: str = WORDS, more: str = LEAVE) -> Office:
    centre = CENTRE.replace("[queue.sales]\n", f"[queue.sales]\n{words}\n")
    old = "announce = { position = true, first_after = 5, every = 20 }\n"
    assert old in centre
    return Office(centre=centre.replace(old, "").replace("[say.nobody]", f"{more}\n[say.nobody]"))


@pytest.fixture
def office() -> Iterator[Office]:
    centre = waiting_office()
    yield centre
    centre.close()


def plays(call: PhoneCall) -> list[tuple[float, tuple[str, ...]]]:
    """What was said, and how long after the answer."""
    assert call.answered_at is not None
    return [(round(at - call.answered_at, 2), s.items) for at, s in call.heard if isinstance(s, Play)]


# --- announcements
@settings(max_examples=60)
@given(st.floats(4.0, 40.0))
def test_whenever_the_agent_answers_both_hear_each_other_at_once(at: float) -> None:
    """In the music, at the edges of announcements and in the middle of any of them."""
    office = waiting_office()
    agent = office.agent("1001", rings_on)
    call = office.call("2001", "101")
    office.world.run_until(lambda: agent.call.invite is not None)
    office.run(min(at, 9.0))
    if at > 9.0:  # the phone has stopped ringing by then: another agent comes in
        agent = office.agent("1003", rings_on)
        office.world.run_until(lambda: agent.call.invite is not None)
        office.run(min(at - 9.0, 9.5))
    agent.call.answer()
    assert agent.call.answered_at is not None
    office.run(0.1)
    assert bridged(call, agent.call)
    heard_at = next(when for when, source in reversed(call.heard) if isinstance(source, Bridge))
    assert heard_at - agent.call.answered_at <= 0.1
    office.run(30)
    assert bridged(call, agent.call), "nothing is said any more"
    office.close()


def test_announcements_and_comfort_follow_each_other_and_the_music_goes_on(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(40)
    said = plays(call)
    assert said[0][1] == ("en/queue-next",)
    assert said[0][0] == pytest.approx(5.0, abs=0.1)
    assert [items for _, items in said].count(("en/comfort-1",)) == 1
    assert ("en/comfort-2",) in [items for _, items in said], "another one each time"
    assert call.hears == MUSIC or isinstance(call.hears, Play)
    assert Silence() not in [source for _, source in call.heard[1:]]


def test_own_words_of_comfort_are_said_in_turn() -> None:
    office = waiting_office('announce = { position = false, comfort_say = ["One.", "Two."], comfort_every = 10 }')
    call = office.call("2001", "101")
    office.run(45)
    assert [items[0] for _, items in plays(call)] == [
        "en/queue.sales.comfort.1",
        "en/queue.sales.comfort.2",
        "en/queue.sales.comfort.1",
        "en/queue.sales.comfort.2",
    ]
    office.close()


# --- keys
@settings(max_examples=80)
@given(st.integers(0, 30_000), st.sampled_from(["rfc4733", "inband", "info"]))
def test_a_key_at_any_millisecond_leads_to_the_exit_menu(milliseconds: int, carriage: str) -> None:
    office = waiting_office()
    call = office.call("2001", "101")
    office.run(0.2 + milliseconds / 1000)
    call.press("9", by=carriage)
    office.run(0.1)
    assert said(call) == ("en/menu.leave",)
    call.press("*")
    office.run(0.1)
    assert said(call) == ("en/exit-returned",)
    office.close()


def test_who_comes_back_from_the_exit_menu_has_the_old_place(office: Office) -> None:
    first, second = office.call("2001", "101"), office.call("2002", "101")
    office.run(10)
    first.press("9")
    office.run(2)
    assert said(first) == ("en/menu.leave",)
    assert [ticket.call for ticket in office.switch.dispatcher.waiting("sales")] == ["call-00001", "call-00002"]
    first.press("*")
    office.run(0.1)
    agent = office.agent("1001", answers(after=1.0))
    office.run(1.5)
    assert bridged(first, agent.call)
    assert second.hears == MUSIC or isinstance(second.hears, Play)
    (waited,) = [line.data["waited"] for line in office.switch.journal.of("acd.connect")]
    assert waited > 12


def test_nobody_is_offered_to_an_agent_while_in_the_exit_menu(office: Office) -> None:
    first, second = office.call("2001", "101"), office.call("2002", "101")
    first.press("9")
    office.run(0.5)
    agent = office.agent("1001", answers(after=1.0))
    office.run(2)
    assert bridged(second, agent.call), "the next one does not wait for that"
    first.press("*")
    office.run(1)
    second.hang_up()
    office.run(9)
    assert bridged(first, agent.call)


def test_a_ringing_phone_stops_when_the_caller_steps_aside_and_rings_again_afterwards(office: Office) -> None:
    agent = office.agent("1001", rings_on)
    call = office.call("2001", "101")
    office.run(1)
    rung = agent.call
    call.press("9")
    office.run(0.2)
    assert rung.cause == "cancelled"
    agent.on_call = answers(after=1.0)
    call.press("*")
    office.run(2)
    assert bridged(call, agent.call)


@pytest.mark.parametrize("way", ["back", "silence", "the same queue", "two menus"])
def test_every_way_back_leads_to_the_same_place(office: Office, way: str) -> None:
    call = office.call("2001", "101")
    office.run(2)
    call.press("9")
    office.run(1)
    if way == "back":
        call.press("*")
    elif way == "the same queue":
        call.press("4")
    elif way == "two menus":
        call.press("3")
        office.run(0.5)
        assert said(call) == ("en/menu.more",)
        call.press("**")
    office.run(20 if way == "silence" else 1)
    assert call.hears == MUSIC or isinstance(call.hears, Play)
    (ticket,) = office.switch.dispatcher.waiting("sales")
    assert call.answered_at is not None
    assert ticket.since == pytest.approx(call.answered_at, abs=0.1)


def test_another_queue_takes_the_age_over(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(12)
    call.press("7")
    office.run(1)
    (ticket,) = office.switch.dispatcher.waiting("support")
    assert office.switch.dispatcher.waiting("sales") == []
    assert call.answered_at is not None
    assert ticket.since == pytest.approx(call.answered_at, abs=0.1)


def test_a_service_takes_the_caller_out_of_the_queue(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(2)
    call.press("9")
    office.run(1)
    call.press("2")
    office.run(1)
    assert office.switch.dispatcher.tickets == {}
    agent = office.agent("1001", answers(after=1.0))
    office.run(3)
    assert [each for each in agent.calls if each.invite] == []


def test_a_phone_that_a_key_leads_to_rings_and_the_place_is_given_up(office: Office) -> None:
    other = office.phone("2006")
    other.on_call = answers(after=1.0)
    call = office.call("2001", "101")
    office.run(2)
    call.press("8")
    office.run(2)
    assert bridged(call, other.call)
    assert office.switch.dispatcher.tickets == {}


def test_who_hangs_up_in_the_exit_menu_has_abandoned(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(6)
    call.press("9")
    office.run(1)
    call.hang_up()
    office.run(1)
    assert office.switch.dispatcher.tickets == {}
    assert record_of(call).disposition is Disposition.ABANDONED


def test_who_chooses_to_end_the_call_has_not_abandoned(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(6)
    call.press("95")
    office.run(1)
    assert call.over
    assert [line.data["how"] for line in office.switch.journal.of("acd.call_over")] == ["exit"]


def test_keys_that_mean_nothing_stop_nothing() -> None:
    office = waiting_office("exit = { keys = { 7 = 'queue:support' } }\nannounce = { first_after = 5 }", "")
    call = office.call("2001", "101")
    office.run(5.5)
    call.press("1")
    office.run(0.2)
    assert said(call) == ("en/queue-next",)
    office.close()


def test_a_place_that_was_lost_meanwhile_is_told_on_coming_back() -> None:
    words = WORDS + 'max_wait = 20\nwhen_timed_out = "say:sorry"\n'
    office = waiting_office(words)
    call = office.call("2001", "101")
    office.run(17)
    call.press("9")
    office.run(8)
    assert "en/menu.leave" in said(call), "nobody is interrupted there"
    call.press("*")
    office.run(1)
    assert said(call) == ("en/say.sorry",)
    office.close()


# --- age
def test_the_age_goes_on_in_the_queue_that_a_full_one_leads_to() -> None:
    office = waiting_office("overflow = [{ after = 15, to = 'queue:support' }]\nannounce = { position = false }")
    call = office.call("2001", "101")
    office.run(16)
    (ticket,) = office.switch.dispatcher.waiting("support")
    assert call.answered_at is not None
    assert ticket.since == pytest.approx(call.answered_at, abs=0.1)
    office.close()


def test_the_age_goes_on_through_a_menu() -> None:
    words = "max_wait = 15\nwhen_timed_out = 'menu:leave'\nannounce = { position = false }"
    office = waiting_office(words)
    call = office.call("2001", "101")
    office.run(16)
    assert said(call) == ("en/menu.leave",)
    call.press("1")
    office.run(1)
    (ticket,) = office.switch.dispatcher.waiting("support")
    assert call.answered_at is not None
    assert ticket.since == pytest.approx(call.answered_at, abs=0.1)
    office.close()


def test_who_is_cut_off_and_calls_again_has_the_age_of_before(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(15)
    call.hang_up()
    office.run(30)
    again = office.call("2001", "101")
    office.run(1)
    (ticket,) = office.switch.dispatcher.waiting("sales")
    assert again.answered_at is not None
    assert ticket.since < again.answered_at - 10
    assert said(again) == ("en/queue-resumed",)
