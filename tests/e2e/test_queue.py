"""Callers wait in a queue and reach the agent who has the skill."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.hearing import RECOGNISED, recognises
from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music
from tests.support.audio import sine, write_wav

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.e2e.conftest import Clients, Switches
    from tests.support.audio import Recording
    from tests.support.pjsua_agent import PjsuaCall
    from tests.support.speech import Speech

SAME_PIECE = 0.55  # of a second of music through a jitter buffer; other music scores under 0.3
RINGS = 3.0  # the queue's ring_timeout
SOON = RINGS + 6.0
#: Shorter than any conversation of these tests: who was rung in vain is asked again the next time.
SHORT_RESTS = """
[offers]
after_no_answer = 0.5
after_reject = 0.5
after_busy = 0.5
after_unreachable = 0.5
after_drop = 0.5
no_answer_limit = 3
"""


def talk(caller: PjsuaCall, agent: PjsuaCall) -> None:
    """Each says a tone of their own and hears the other's."""
    caller.play_tone(440)
    agent.play_tone(1000)
    agent.listen_for_tone(440, since=time.monotonic())
    caller.listen_for_tone(1000, since=time.monotonic())


def listen_for(call: PjsuaCall, phrase: NDArray[np.float32]) -> None:
    call.listen_until(lambda heard: recognises(heard, phrase), what="the phrase", within=12)


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
    call.listen_until(lambda heard: recognises(heard, next_one), what='"you are next"', within=12)
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
    # A phone's buffer drops and inserts up to a few hundred milliseconds; half a second between two slips is whole.
    later = [announced + length + 0.3 + 0.1 * tenth for tenth in range(10)]
    pieces = [(heard.part(begin, begin + 0.5).position_in(office.music), begin) for begin in later]
    after, begin = max(pieces, key=lambda piece: piece[0].score)
    assert before.score > SAME_PIECE
    assert after.score > SAME_PIECE
    # It goes on where it left off: the announcement takes nothing out of the music. Music begun anew would be off by
    # 2 s, music that had gone on unheard by the length of the announcement.
    unheard = (after.offset - before.offset) - (begin - length - (announced - 1.5))
    assert (unheard + 1) % (len(office.music) / 8000) - 1 == pytest.approx(0.0, abs=0.5)

    (record,) = office.records(1)
    assert (record["caller"], record["name"], record["dialled"]) == ("2001", "Cara Novak", "100")
    assert (record["queue"], record["agent"], record["ended_by"]) == ("sales", "olena", "agent")
    steps = [step for step in record["path"] if step["kind"] in ("menu", "queue")]
    assert [(step["kind"], step["name"]) for step in steps] == [("menu", "main"), ("queue", "sales")]
    assert steps[0]["keys"] == "1"
    assert record["waited"] > 2 + length  # the announcement was due after 2 s
    assert record["talked"] > 0.9  # two tones of half a second, one after the other


def test_an_agent_who_answers_in_the_middle_of_an_announcement_is_heard_at_once(
    switches: Switches, clients: Clients, tmp_path: Path
) -> None:
    """The announcement is a recording of eight seconds, so that "in the middle" does not depend on anybody's speed."""
    recordings = tmp_path / "data" / "prompts" / "en"
    recordings.mkdir(parents=True)
    write_wav(recordings / "queue-next.wav", sine(700, 8.0))
    music = write_music(tmp_path)
    patient = CENTRE.replace("ring_timeout = 3", "ring_timeout = 20")
    office = Office(switches.start(phone_tables() + AGENTS + patient), clients, music)
    cara, olena = office.phone("2001"), office.phone("1001")
    call = office.dial(cara, "101")
    call.play_tone(440)
    taken = olena.wait_incoming()
    taken.play_tone(1000)  # from the first moment of the call
    call.listen_for_tone(700, seconds=0.3)

    taken.answer()
    answered = taken.wait_confirmed()

    call.listen_for_tone(1000)
    taken.listen_for_tone(440)
    heard = call.heard()
    # Two phones' buffers are about 0.2 s; the rest is allowance for a busy machine. Waiting for the end would take 7 s.
    assert heard.started_at + heard.tone_spans(1000)[0].start - answered.at < 1.0
    assert heard.tone_seconds(700) < 7, "the announcement went on to its end"


def test_all_agents_ring_at_once_and_those_who_are_too_late_stop_ringing(office: Office) -> None:
    cara, olena, iryna = office.phone("2001"), office.phone("1001"), office.phone("1003")
    call = office.dial(cara, "102")
    call.wait_confirmed()
    late, taken = olena.wait_incoming(), iryna.wait_incoming()
    assert not late.is_over

    taken.answer()
    taken.wait_confirmed()

    assert late.wait_ended()["status"] == 487
    log = olena.log_path.read_text()
    assert re.search(r"^CANCEL sip:", log, re.M)
    assert re.search(r"^Reason: .*cause=200", log, re.M), "the phone would show a missed call"
    talk(call, taken)
    assert not re.search(r"^BYE sip:", log, re.M)
    assert len(olena.incoming_calls()) == 1


def test_callers_are_told_their_place_in_their_language(office: Office, speech: Speech) -> None:
    """As the phone records it; `test_announced_numbers` has all languages and numbers."""
    cara, language = office.phone("2001"), "uk"
    told = [speech.phrase("queue-next", language)]
    told += [speech.phrase("queue-position", language, n=ahead) for ahead in (1, 2)]
    calls = []
    for _ in told:
        calls.append(office.dial(cara, "1031"))
        calls[-1].wait_confirmed()  # so that they stand in this order

    for call, phrase in zip(calls, told, strict=True):
        listen_for(call, phrase)
    for ahead, call in enumerate(calls):
        scores = [call.heard_so_far().find(phrase).score for phrase in told]
        assert scores.index(max(scores)) == ahead, scores


def test_agents_who_decline_or_do_not_answer_are_followed_by_the_next(
    switches: Switches, clients: Clients, tmp_path: Path
) -> None:
    music = write_music(tmp_path)
    office = Office(switches.start(phone_tables() + AGENTS + CENTRE + SHORT_RESTS), clients, music)
    cara, olena, iryna = office.phone("2001"), office.phone("1001"), office.phone("1003")
    declined = office.dial(cara, "101")
    first = olena.wait_incoming()
    first.hang_up(486)
    second = iryna.wait_incoming(within=SOON)
    second.answer()
    second.wait_confirmed()
    talk(declined, second)
    declined.hang_up()
    second.wait_ended()

    call = office.dial(cara, "101")
    call.wait_confirmed()
    ignored = olena.wait_incoming(after=first.incoming)
    third = iryna.wait_incoming(within=SOON, after=second.incoming)
    assert ignored.wait_ended()["status"] != 200
    call.listen_until(lambda heard: hears_music(office, heard), what="music while the next agent rings")
    third.answer()
    third.wait_confirmed()
    talk(call, third)


@pytest.mark.parametrize("end", ["killed", "frozen"])
def test_an_agents_phone_that_is_gone_does_not_lose_the_caller(own_office: Office, end: str) -> None:
    office = own_office
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

    office.records(1)
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
    second.listen_until(lambda heard: recognises(heard, one_before), what="the position", within=12)

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


def test_a_phone_played_by_sipp_that_fails_is_followed_by_the_next_agent_and_is_rung_again(
    switches: Switches, clients: Clients, tmp_path: Path
) -> None:
    ports = clients.reserve_sipp()
    music = write_music(tmp_path)
    centre = phone_tables({"1001": ports.uri}) + AGENTS + CENTRE + SHORT_RESTS
    office = Office(switches.start(centre), clients, music)
    cara, iryna = office.phone("2001"), office.phone("1003")
    before: PjsuaCall | None = None
    for scenario in ("uas-486", "uas-no-answer", "uas-answer-then-bye", "uas-gone"):
        failing = clients.sipp(scenario, ports=ports, pause=0.3)  # who answers hangs up without a packet of audio
        call = office.dial(cara, "101")
        call.wait_confirmed()
        second = iryna.wait_incoming(within=SOON, after=None if before is None else before.incoming)
        second.answer()
        second.wait_confirmed()
        talk(call, second)
        if scenario == "uas-gone":
            failing.stop()
        else:
            failing.wait()
        call.hang_up()
        second.wait_ended()
        before = second

    agent = clients.sipp("uas-answer-then-bye", ports=ports, pause=0.5, echo=True)
    taken = office.dial(cara, "101")
    taken.wait_confirmed()
    taken.wait_ended()
    agent.wait()
