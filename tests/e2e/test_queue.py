"""Callers wait in a queue and reach the agent who has the skill."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.audio import Recording
    from tests.support.pjsua_agent import PjsuaCall
    from tests.support.speech import Speech

RECOGNISED = 0.7
SAME_PIECE = 0.55  # of a second of music through a jitter buffer; other music scores under 0.3
RINGS = 3.0  # the queue's ring_timeout
SOON = RINGS + 6.0


def talk(caller: PjsuaCall, agent: PjsuaCall) -> None:
    """Each says a tone of their own and hears the other's."""
    caller.play_tone(440)
    agent.play_tone(1000)
    agent.listen_for_tone(440, since=time.monotonic())
    caller.listen_for_tone(1000, since=time.monotonic())


def hears_music(office: Office, recording: Recording) -> bool:
    return recording.length > 1 and recording.part(recording.length - 1).position_in(office.music).score > RECOGNISED


def test_a_caller_chooses_waits_and_reaches_the_agent_with_the_skill(office: Office, speech: Speech) -> None:
    """The main job, end to end: menu, key, music, position, music again, the right agent, talk, record."""
    cara = office.phone("2001")
    piotr = office.phone("1002")  # idle, with the wrong skill
    next_one = speech.phrase("queue-next")
    call = office.dial(cara, "100")
    call.wait_confirmed()
    call.press("1")
    call.listen_until(lambda heard: hears_music(office, heard), what="music")
    call.listen_until(lambda heard: heard.find(next_one).score > RECOGNISED, what='"you are next"', within=12)
    call.listen_until(lambda heard: hears_music(office, heard), what="music after the announcement")

    olena = office.phone("1001")
    taken = olena.wait_incoming()
    assert "Cara Novak" in taken.remote
    assert "Sales" in taken.invite
    taken.answer()
    taken.wait_confirmed()
    talk(call, taken)
    assert piotr.incoming_calls() == []
    taken.hang_up()
    call.wait_ended()

    heard = call.heard()
    announced = heard.find(next_one).offset
    length = len(next_one) / 8000
    before = heard.part(announced - 1.5, announced - 0.3).position_in(office.music)
    after = heard.part(announced + length + 0.5, announced + length + 1.7).position_in(office.music)
    assert before.score > SAME_PIECE
    assert after.score > SAME_PIECE
    # It goes on where it left off: the announcement takes nothing out of the music.
    assert (after.offset - before.offset) % (len(office.music) / 8000) == pytest.approx(2.0, abs=0.5)

    (record,) = office.switch.wait_calls(1)
    assert (record["caller"], record["name"], record["dialled"]) == ("2001", "Cara Novak", "100")
    assert (record["queue"], record["agent"], record["ended_by"]) == ("sales", "olena", "agent")
    steps = [step for step in record["path"] if step["kind"] in ("menu", "queue")]
    assert [(step["kind"], step["name"]) for step in steps] == [("menu", "main"), ("queue", "sales")]
    assert steps[0]["keys"] == "1"
    assert 4 < record["waited"] < 30
    assert 1 < record["talked"] < 10


def test_an_agent_who_answers_in_the_middle_of_an_announcement_is_heard_at_once(office: Office, speech: Speech) -> None:
    cara = office.phone("2001")
    next_one = speech.phrase("queue-next")
    call = office.dial(cara, "101")
    call.wait_confirmed()
    call.play_tone(440)
    call.listen_until(lambda heard: hears_music(office, heard), what="music")
    olena = office.phone("1001")
    olena_call = olena.wait_incoming()
    call.listen_until(lambda heard: heard.find(next_one[: len(next_one) // 2]).score > RECOGNISED, within=12)

    olena_call.answer()
    answered = olena_call.wait_confirmed()
    olena_call.play_tone(1000)

    heard_at = call.listen_for_tone(1000, seconds=0.2)
    assert heard_at - answered.at < 1.5
    olena_call.listen_for_tone(440)


def test_an_agent_who_does_not_answer_is_followed_by_the_next(office: Office) -> None:
    cara, olena, iryna = office.phone("2001"), office.phone("1001"), office.phone("1003")
    call = office.dial(cara, "101")
    call.wait_confirmed()

    first = olena.wait_incoming()
    second = iryna.wait_incoming(within=SOON)
    assert first.wait_ended()["status"] != 200
    call.listen_until(lambda heard: hears_music(office, heard), what="music while the next agent rings")
    second.answer()
    second.wait_confirmed()
    talk(call, second)


def test_an_agent_who_declines_is_followed_by_the_next(office: Office) -> None:
    cara, olena, iryna = office.phone("2001"), office.phone("1001"), office.phone("1003")
    call = office.dial(cara, "101")

    olena.wait_incoming().hang_up(486)
    second = iryna.wait_incoming(within=SOON)
    second.answer()
    second.wait_confirmed()

    talk(call, second)


@pytest.mark.parametrize("end", ["killed", "frozen"])
def test_an_agents_phone_that_is_gone_does_not_lose_the_caller(office: Office, end: str) -> None:
    cara, olena, iryna = office.phone("2001"), office.phone("1001"), office.phone("1003")
    if end == "killed":
        olena.kill()  # the port refuses packets
    else:
        olena.freeze()  # packets vanish
    call = office.dial(cara, "101")
    call.wait_confirmed()

    second = iryna.wait_incoming(within=SOON)
    second.answer()
    second.wait_confirmed()

    talk(call, second)


def test_a_caller_who_gives_up_while_waiting_leaves_nothing_behind(office: Office) -> None:
    cara = office.phone("2001")
    call = office.dial(cara, "101")
    call.wait_confirmed()
    call.listen_until(lambda heard: hears_music(office, heard), what="music")
    call.hang_up()

    office.switch.wait_calls(1)
    olena = office.phone("1001")
    second = office.dial(cara, "101")
    second.wait_confirmed()
    taken = olena.wait_incoming()
    taken.answer()
    taken.wait_confirmed()
    talk(second, taken)
    assert len(olena.incoming_calls()) == 1


def test_a_caller_who_gives_up_while_the_agent_rings_stops_the_ringing(office: Office) -> None:
    cara, olena = office.phone("2001"), office.phone("1001")
    call = office.dial(cara, "101")
    call.wait_confirmed()
    ringing = olena.wait_incoming()

    call.hang_up()

    assert ringing.wait_ended()["status"] == 487


def test_the_second_caller_hears_how_many_are_before_them_and_is_served_second(office: Office, speech: Speech) -> None:
    cara, dan = office.phone("2001"), office.phone("2002")
    one_before = speech.phrase("queue-position", n=1)
    first = office.dial(cara, "101")
    first.wait_confirmed()
    second = office.dial(dan, "101")
    second.wait_confirmed()
    second.listen_until(lambda heard: heard.find(one_before).score > RECOGNISED, what="the position", within=12)

    olena = office.phone("1001")
    taken = olena.wait_incoming()
    assert "Cara Novak" in taken.remote
    taken.answer()
    taken.wait_confirmed()
    talk(first, taken)
    first.hang_up()
    then = olena.wait_incoming(after=taken.incoming)
    assert "Dan Hale" in then.remote
    then.answer()
    then.wait_confirmed()
    talk(second, then)


def test_baresip_calls_and_a_baresip_agent_answers(office: Office) -> None:
    dan = office.baresip("2002", tone_hz=440)
    olena = office.baresip("1001", tone_hz=1000)
    dialled = dan.call(office.switch.uri("101"))
    dan.wait_established(after=dialled)

    incoming = olena.wait_incoming()
    assert "Dan Hale" in incoming["peerdisplayname"]
    olena.answer()
    olena.wait_established(after=incoming)

    olena.listen_for_tone(440)
    dan.listen_for_tone(1000)
    olena.hang_up()
    dan.wait_ended(after=dialled)


@pytest.mark.parametrize("scenario", ["uas-486", "uas-no-answer", "uas-gone"])
def test_a_phone_played_by_sipp_that_fails_is_followed_by_the_next_agent(
    switches: Switches, clients: Clients, tmp_path: Path, scenario: str
) -> None:
    ports = clients.reserve_sipp()
    music = write_music(tmp_path)
    office = Office(switches.start(phone_tables({"1001": ports.uri}) + AGENTS + CENTRE), clients, music)
    failing = clients.sipp(scenario, ports=ports)
    cara, iryna = office.phone("2001"), office.phone("1003")
    call = office.dial(cara, "101")
    call.wait_confirmed()

    second = iryna.wait_incoming(within=SOON)
    second.answer()
    second.wait_confirmed()
    talk(call, second)

    if scenario != "uas-gone":
        failing.wait()


def test_a_phone_played_by_sipp_answers_and_hangs_up(switches: Switches, clients: Clients, tmp_path: Path) -> None:
    ports = clients.reserve_sipp()
    music = write_music(tmp_path)
    office = Office(switches.start(phone_tables({"1001": ports.uri}) + AGENTS + CENTRE), clients, music)
    agent = clients.sipp("uas-answer-then-bye", ports=ports, pause=0.5)
    cara = office.phone("2001")

    call = office.dial(cara, "101")
    call.wait_confirmed()

    call.wait_ended()
    agent.wait()
