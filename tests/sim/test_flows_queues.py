"""Queues: the main job and everything that comes between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.agent import State
from rtp.legs import Play, Silence
from softswitch.store.cdr import Disposition
from tests.sim.office import MUSIC, Office, bridged, record_of, said, state_of
from tests.support.sim_phone import answers, rejects, rings_on

if TYPE_CHECKING:
    from rtp.legs import Source


def test_the_main_job(office: Office) -> None:
    """Menu, key, queue with music, position, music goes on, an agent with the skill, conversation, record."""
    call = office.call("2001", "100")
    office.run(1)
    call.press("1")
    office.run(20)
    agent = office.agent("1001", answers(after=6.0))
    office.run(1)
    assert agent.calls[-1].invite is not None
    assert agent.calls[-1].invite.from_.display_name == "Sales: Desk 2001"
    office.run(6)
    assert bridged(call, agent.call)
    office.run(60)
    agent.call.hang_up()
    office.run(1)
    sources = [source for _, source in call.heard]
    assert call.leg is not None
    assert agent.call.leg is not None
    heard: list[Source] = [source for source in sources if not isinstance(source, Silence)]
    assert [type(source).__name__ for source in heard[:4]] == ["Play", "Music", "Play", "Music"]
    assert [s.items for s in heard[:4] if isinstance(s, Play)] == [("en/menu.main",), ("en/queue-next",)]
    record = record_of(call)
    assert (record.disposition, record.agent, record.queue) == (Disposition.SERVED, "olena", "sales")
    assert record.ended_by == "agent"
    assert record.talked == pytest.approx(call.ended_at - agent.call.answered_at, abs=0.1)  # type: ignore[operator]
    assert [segment.kind for segment in record.path if segment.seconds] == ["menu", "queue", "talk"]


def test_music_goes_on_after_the_position_was_said(office: Office) -> None:
    first, second = office.call("2001", "101"), office.call("2002", "101")
    office.run(40)
    for call, place in ((first, "en/queue-next"), (second, "en/queue-position/1")):
        assert call.answered_at is not None
        said = [(at - call.answered_at, source) for at, source in call.heard]
        times = [at for at, source in said if isinstance(source, Play)]
        assert times == pytest.approx([5.0, 25.0], abs=0.1)
        assert {s.items for _, s in said if isinstance(s, Play)} == {(place,)}
        after = [at for at, source in said if source == MUSIC][1:]
        assert after == pytest.approx([8.0, 28.0], abs=0.1), "the announcements last three seconds"


def test_an_answer_in_the_middle_of_an_announcement_connects_at_once(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(1.5)
    agent = office.agent("1001", answers(after=1.0))  # dialling the code takes 3 s, so it rings after 4.5 s
    office.world.run_until(lambda: agent.call.number == "2001")
    office.run(0.9)
    assert isinstance(call.hears, Play)
    office.run(0.2)
    assert bridged(call, agent.call)
    (at_caller, _), (at_agent, _) = call.heard[-1], agent.call.heard[-1]
    assert at_caller == at_agent
    assert at_caller == pytest.approx(agent.call.answered_at + office.network.latency)  # type: ignore[operator]


def test_the_agent_with_the_skill_is_rung_and_the_idle_one_without_is_not(office: Office) -> None:
    other, right = office.agent("1002"), office.agent("1003")
    before = len(other.calls), len(right.calls)
    call = office.call("2001", "101")
    office.run(4)
    assert bridged(call, right.call)
    assert (len(other.calls), len(right.calls)) == (before[0], before[1] + 1)


def test_an_agent_who_does_not_answer_is_passed_over_and_the_caller_keeps_the_place(office: Office) -> None:
    first = office.agent("1001", rings_on)
    second = office.agent("1003", answers(after=2.0))
    call, later = office.call("2001", "101"), office.call("2002", "101")
    office.run(9)
    assert not second.call.over, "the second agent serves the second caller"
    assert bridged(later, second.call)
    second.call.hang_up()
    office.run(7)  # 5 s of wrap-up; the first agent's phone rings on in vain
    assert first.call.cause == "cancelled"
    office.run(3)
    assert bridged(call, second.call)
    assert [(o.agent, o.how) for s in office.switch.records()[-2].path for o in s.offers] == [
        ("olena", "no_answer"),
        ("iryna", "connected"),
    ]


def test_an_agent_who_rejects_is_passed_over_at_once(office: Office) -> None:
    office.agent("1001", rejects(486, after=0.5))
    second = office.agent("1003", answers(after=1.0))
    call = office.call("2001", "101")
    office.run(2)
    assert bridged(call, second.call)
    record = record_of(call)
    assert [offer.how for segment in record.path for offer in segment.offers] == ["busy", "connected"]


def test_an_agent_whose_phone_unregisters_is_offered_nothing(office: Office) -> None:
    agent = office.agent("1001")
    agent.unregister()
    office.run(1)
    call = office.call("2001", "101")
    office.run(35)
    assert call.hears == MUSIC
    agent.register(3600)
    office.run(4)
    assert bridged(call, agent.call)


def test_a_ringing_phone_that_unregisters_loses_the_call_to_the_next_agent(office: Office) -> None:
    first, second = office.agent("1001", rings_on), office.agent("1003", answers(after=1.0))
    call = office.call("2001", "101")
    office.run(1)
    first.unregister()
    office.run(2)
    assert bridged(call, second.call)
    assert first.call.over


def test_an_agent_whose_phone_has_vanished_is_passed_over(office: Office) -> None:
    first, second = office.agent("1001"), office.agent("1003", answers(after=1.0))
    first.vanish()
    call = office.call("2001", "101")
    office.run(12)
    assert bridged(call, second.call)


def test_a_caller_who_gives_up_while_an_agent_rings_stops_the_ringing(office: Office) -> None:
    agent = office.agent("1001", rings_on)
    call = office.call("2001", "101")
    office.run(4)
    call.hang_up()
    office.run(0.1)
    assert agent.call.cause == "cancelled"
    assert state_of(office, "olena") is State.IDLE
    record = record_of(call)
    assert (record.disposition, record.ended_by) == (Disposition.ABANDONED, "caller")
    assert record.waited == pytest.approx(4.0, abs=0.1)


def test_an_agent_leg_that_is_lost_in_a_conversation_ends_the_call_and_wraps_up(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(10)
    agent.call.hang_up()
    office.run(1)
    assert call.over
    assert state_of(office, "olena") is State.WRAP_UP
    office.run(5)
    assert state_of(office, "olena") is State.IDLE


def test_a_full_queue_sends_callers_elsewhere(office: Office) -> None:
    waiting = [office.call(user, "102") for user in ("2001", "2002")]
    third = office.call("2003", "102")
    office.run(1)
    assert third.hears == Play(("en/say.sorry",), 1)
    assert [call.hears for call in waiting] == [MUSIC, MUSIC]
    assert record_of(third).disposition is Disposition.IN_PROGRESS
    office.run(5)
    assert record_of(third).disposition is Disposition.NOT_SERVED


def test_a_caller_who_waited_long_enough_is_sent_elsewhere(office: Office) -> None:
    call = office.call("2001", "102")
    office.run(39)
    assert not any(isinstance(source, Play) and "sorry" in source.items[0] for _, source in call.heard)
    office.run(2)
    assert call.heard[-1][1].items == ("en/say.sorry",)  # type: ignore[union-attr]
    office.run(3)
    assert record_of(call).disposition is Disposition.NOT_SERVED


def test_a_queue_that_nobody_serves_sends_callers_elsewhere(office: Office) -> None:
    call = office.call("2001", "104")
    assert isinstance(call.hears, Play)
    office.run(5)
    assert call.over
    agent = office.agent("1001", rings_on)
    call = office.call("2002", "104")
    office.run(3)
    assert call.hears == MUSIC
    agent.dial("*12")
    office.run(1)
    assert said(call) == ("en/say.sorry",)


def test_an_agent_whose_registration_runs_out_is_not_there_until_it_comes_back(office: Office) -> None:
    agent = office.agent("1001")
    agent.vanish()
    office.run(3601)
    assert not office.switch.dispatcher.agents["olena"].reachable
    agent.reappear()
    agent.register()
    office.run(1)
    assert office.switch.dispatcher.agents["olena"].reachable


def test_speech_that_is_ready_after_the_agent_answered_is_not_played(office: Office) -> None:
    office.switch.voice.slow.add("queue-next")
    call = office.call("2001", "101")
    office.run(4.0)
    agent = office.agent("1001", answers(after=0.5))
    office.run(1)
    assert bridged(call, agent.call)
    office.switch.voice.slow.clear()
    office.switch.spoken()
    assert bridged(call, agent.call)


def test_an_announcement_that_cannot_be_said_does_not_stop_the_music(office: Office) -> None:
    office.switch.voice.failing.add("queue-next")
    call = office.call("2001", "101")
    office.run(30)
    assert [source for _, source in call.heard] == [Silence(), MUSIC]
