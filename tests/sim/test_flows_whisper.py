"""What agents hear before they talk: automatic answer, tone and whisper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.agent import State
from rtp.legs import Play, Silence, Tone
from softswitch.store.cdr import Disposition
from tests.sim.office import CENTRE, MUSIC, Office, bridged, record_of, said, state_of
from tests.sim.test_flows_waiting import WORDS, waiting_office
from tests.support.sim_phone import answers, rings_on

if TYPE_CHECKING:
    from tests.support.sim_phone import PhoneCall, SimPhone


def office_with(words: str, agent: str = "") -> Office:
    centre = CENTRE.replace("[queue.sales]\n", f"[queue.sales]\n{words}\n")
    return Office(centre=centre.replace('id = "olena"\n', f'id = "olena"\n{agent}\n'))


def whispering(office: Office) -> tuple[SimPhone, PhoneCall]:
    """The agent has just answered."""
    agent = office.agent("1001", answers(after=2.0))
    call = office.call("2001", "101")
    office.world.run_until(lambda: agent.call.number == "2001" and agent.call.answered_at is not None)
    office.run(0.1)
    return agent, call


def test_the_agent_hears_the_queue_and_the_wait_while_the_caller_hears_music() -> None:
    office = office_with("whisper = true")
    agent, call = whispering(office)
    assert said(agent.call) == ("en/whisper-wait-short/Sales",)
    assert call.hears == MUSIC
    office.run(2.8)
    assert call.hears == MUSIC
    office.run(0.2)
    assert bridged(call, agent.call), "as soon as it is over"
    office.close()


def test_a_long_wait_is_told_in_minutes_and_in_the_agents_language() -> None:
    office = Office(
        centre=CENTRE.replace("[queue.support]\n", "[queue.support]\nwhisper = true\n").replace("max_wait = 40", "")
    )
    call = office.call("2001", "102")
    office.run(130)
    agent = office.agent("1002", answers(after=1.0))
    office.world.run_until(lambda: agent.call.answered_at is not None and agent.call.invite is not None)
    office.run(0.1)
    assert said(agent.call) == ("pl/whisper-wait/support/120",)
    assert call.hears == MUSIC
    office.close()


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("whisper = { wait = false }", "en/whisper/Sales"),
        ('whisper = { say = "Premium customer." }', "en/queue.sales.whisper"),
    ],
)
def test_other_words(words: str, heard: str) -> None:
    office = office_with(words)
    agent, _ = whispering(office)
    assert said(agent.call) == (heard,)
    office.close()


def test_a_tone_instead_of_words() -> None:
    office = office_with("whisper = { tone = true }")
    agent, call = whispering(office)
    assert isinstance(agent.call.hears, Tone)
    office.run(0.3)
    assert bridged(call, agent.call)
    office.close()


def test_words_that_are_not_rendered_in_time_are_left_out() -> None:
    office = office_with("whisper = true")
    office.switch.voice.slow.add("whisper-wait-short")
    agent, call = whispering(office)
    office.run(0.5)
    assert bridged(call, agent.call)
    office.close()


def test_a_caller_who_hangs_up_meanwhile_has_abandoned_and_the_agent_is_let_go() -> None:
    office = office_with("whisper = true")
    agent, call = whispering(office)
    call.hang_up()
    office.run(0.1)
    assert agent.call.over
    office.run(6)
    assert state_of(office, "olena") is State.IDLE
    record = record_of(call)
    assert (record.disposition, record.talked) == (Disposition.ABANDONED, 0.0)
    office.close()


def test_an_agent_who_hangs_up_meanwhile_leaves_the_caller_in_the_old_place() -> None:
    office = office_with("whisper = true")
    other = office.agent("1003", answers(after=1.0))
    agent, call = whispering(office)
    agent.call.hang_up()
    office.run(0.2)
    assert call.hears == MUSIC
    office.run(5)
    assert bridged(call, other.call)
    office.close()


def test_announcements_do_not_come_between() -> None:
    """Due in the middle of the whisper: the caller is as good as connected."""
    office = office_with("whisper = true")
    call = office.call("2001", "101")
    office.run(0.5)
    agent = office.agent("1001", answers(after=1.0))  # rings 3 s later, answers 4.5 s after the caller came
    office.run(2)
    assert said(agent.call)
    office.run(3)
    assert not any(isinstance(source, Play) for _, source in call.heard)
    assert bridged(call, agent.call)
    office.close()


@pytest.mark.parametrize("where", ["queue", "agent"])
def test_the_phone_is_asked_to_answer_by_itself_and_a_tone_says_that_it_did(where: str) -> None:
    office = office_with("auto_answer = true") if where == "queue" else office_with("", "auto_answer = true")
    agent, call = whispering(office)
    assert agent.call.invite is not None
    assert agent.call.invite.headers.get("Call-Info") == "<sip:pbx.test>;answer-after=0"
    assert agent.call.invite.headers.get("Alert-Info") == "<http://pbx.test>;info=alert-autoanswer;delay=0"
    assert isinstance(agent.call.hears, Tone)
    office.run(0.3)
    assert bridged(call, agent.call)
    office.close()


def test_other_phones_are_not_asked_to_answer_by_themselves() -> None:
    office = office_with("")
    agent, call = whispering(office)
    assert agent.call.invite is not None
    asked = (agent.call.invite.headers.get("Call-Info"), agent.call.invite.headers.get("Alert-Info"))
    assert not any("answer" in (value or "") for value in asked)
    assert bridged(call, agent.call)
    assert Silence() not in [source for _, source in call.heard[1:]]
    office.close()


# --- keys of the caller while the agent is told who it is
KEYS = {
    "the exit menu": ("9", WORDS),
    "a queue": ("7", WORDS),
    "a phone": ("8", WORDS),
    "a callback": ("1", "offer_callback = { at_once = true, key = '1' }"),
}
TELLING = ("whisper = true", "whisper = { tone = true }", "auto_answer = true")


@pytest.mark.parametrize("telling", TELLING)
@pytest.mark.parametrize("key", KEYS)
def test_a_key_while_the_agent_is_being_told_leads_nowhere_as_the_agent_is_there(key: str, telling: str) -> None:
    digit, words = KEYS[key]
    office = waiting_office(f"{words}\n{telling}\n")
    agent, call = whispering(office)
    call.press(digit)
    office.run(3.2)
    assert bridged(call, agent.call)
    assert not any(isinstance(source, Play) for _, source in call.heard)
    office.run(5)
    call.hang_up()
    office.run(6)
    assert state_of(office, "olena") is State.IDLE
    office.close()


@pytest.mark.parametrize("key", KEYS)
def test_a_key_counts_after_all_when_the_agent_hangs_up_before_the_connection(key: str) -> None:
    digit, words = KEYS[key]
    office = waiting_office(f"{words}\nwhisper = true\n")
    office.phone("2006").on_call = rings_on
    agent, call = whispering(office)
    call.press(digit)
    office.run(0.5)
    agent.call.hang_up()
    office.run(0.5)
    match key:
        case "the exit menu":
            assert said(call) == ("en/menu.leave",)
        case "a queue":
            assert [ticket.queue for ticket in office.switch.dispatcher.tickets.values()] == ["support"]
        case "a phone":
            assert isinstance(call.hears, Tone)
        case "a callback":
            assert said(call) == ("en/callback-number/2001", "en/number-confirm")
    office.close()


@settings(max_examples=60)
@given(st.sampled_from(sorted(KEYS)), st.sampled_from(TELLING), st.integers(0, 7_000), st.booleans())
def test_whenever_a_key_is_pressed_nobody_is_stuck(key: str, telling: str, milliseconds: int, leaves: bool) -> None:
    """From ringing to long after the connection."""
    digit, words = KEYS[key]
    office = waiting_office(f"{words}\n{telling}\n")
    office.agent("1001", answers(after=2.0))
    call = office.call("2001", "101")
    office.run(milliseconds / 1000)
    call.press(digit)
    office.run(2)
    if leaves:
        call.hang_up()
    office.run(20)
    office.close()
    assert state_of(office, "olena") is State.IDLE
