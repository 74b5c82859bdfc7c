"""What people do with the switch, one story each: the real parts on virtual time, looked at after every event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.agent import State, Status
from rtp.legs import Bridge, Echo, MediaTimeout, Music, Play, Silence, Tone
from rtp.negotiate import Direction
from sip.message import Response
from sip.parser import parse_message
from softswitch.store.cdr import Disposition
from tests.sim.office import Office
from tests.support.sim_phone import PhoneCall, SimPhone, answers, rejects, rings_on

if TYPE_CHECKING:
    from rtp.legs import Source
    from sip.flow import Flow
    from softswitch.store.cdr import CallRecord

MUSIC = Music("default")


def bridged(one: PhoneCall, other: PhoneCall) -> bool:
    """Each hears the other."""
    assert one.leg is not None
    assert other.leg is not None
    return one.hears == Bridge(other.leg) and other.hears == Bridge(one.leg)


def record_of(call: PhoneCall) -> CallRecord:
    """The record of a call that a telephone made."""
    made = [other for other in call.phone.calls if other.invite is None]
    own = [record for record in call.phone.switch.records() if record.phone == call.phone.user]
    return own[made.index(call)]


def state_of(office: Office, agent: str) -> State:
    return office.switch.dispatcher.agents[agent].state


def said(call: PhoneCall) -> tuple[str, ...]:
    """What is being said to the party."""
    source = call.hears
    return source.items if isinstance(source, Play) else ()


def statuses(call: PhoneCall) -> list[int]:
    return [response.status for response in call.responses]


# ------------------------------------------------------------------------------------------------------ registration
def test_a_phone_registers_with_its_password(office: Office) -> None:
    phone = office.phone("2001")
    assert phone.registered == 200
    assert [line.data["phone"] for line in office.switch.journal.of("phone.registered")] == ["2001"]
    assert ("2001", "sip:2001@203.0.113.1:5060") in office.switch.bindings.kept


def test_a_registration_is_refreshed_before_it_runs_out_and_forgotten_when_it_is_not(office: Office) -> None:
    phone = office.phone("2001")
    office.run(5 * 3600)
    assert office.switch.control.phones.reachable("2001", office.world.now)
    phone.vanish()
    office.run(2 * 3600)
    assert not office.switch.control.phones.reachable("2001", office.world.now)
    assert [line.data["reason"] for line in office.switch.journal.of("phone.unregistered")] == ["expired"]


def stranger(office: Office, user: str, password: str) -> tuple[SimPhone, list[Response]]:
    """A telephone that tries its luck, and every response that reaches it."""
    phone = SimPhone(office.switch, user, (f"198.51.100.{len(office.phones) + 50}", 5060), password)
    office.phones[f"stranger {len(office.phones)}"] = phone
    seen: list[Response] = []
    receive = office.network.hosts[phone.address]

    def listen(data: bytes, flow: Flow) -> None:
        message = parse_message(data)
        assert isinstance(message, Response)
        seen.append(message)
        receive(data, flow)

    office.network.hosts[phone.address] = listen
    return phone, seen


def shapes(responses: list[Response]) -> list[tuple[int, list[str], bytes]]:
    return [(response.status, [name for name, _ in response.headers], response.body) for response in responses]


def test_a_wrong_password_and_an_unknown_user_look_the_same_to_who_registers(office: Office) -> None:
    looks = []
    for user in ("2001", "7777"):
        phone, seen = stranger(office, user, "guess")
        phone.register()
        office.run(5)
        assert phone.registered == 403
        looks.append(shapes(seen))
    assert looks[0] == looks[1]
    assert [status for status, _, _ in looks[0]] == [401, 403]
    assert not office.switch.bindings.kept


def test_a_wrong_password_and_an_unknown_user_look_the_same_to_who_calls(office: Office) -> None:
    looks = []
    for user in ("2001", "7777"):
        for number in ("101", "999", "2002"):
            phone, seen = stranger(office, user, "guess")
            call = phone.dial(number)
            office.run(5)
            assert call.status == 403
            looks.append(shapes(seen))
    assert looks == looks[:1] * 6
    assert not office.switch.journal.of("call.started")


def test_an_unknown_number_is_not_found_once_the_caller_is_known(office: Office) -> None:
    call = office.phone("2001").dial("999")
    office.run(5)
    assert call.status == 404
    assert not office.switch.journal.of("call.started")


def test_a_trunk_reaches_what_routes_allow_and_no_phone_directly(office: Office) -> None:
    carrier = office.trunk()
    desk, menu = carrier.dial("2001"), carrier.dial("100")
    office.run(2)
    assert desk.status == 404
    assert menu.hears == Play(("uk/menu.main",), 1)
    assert office.switch.journal.of("call.started")[0].data["trunk"] == "carrier"


# --------------------------------------------------------------------------------------------------- between phones
def test_two_phones_talk(office: Office) -> None:
    callee = office.phone("2002")
    callee.on_call = answers(after=4.0)
    call = office.phone("2001").dial("2002")
    office.run(3)
    assert statuses(call) == [180], "ringing is passed on, and nothing is answered yet"
    assert callee.call.invite is not None
    assert (callee.call.invite.from_.uri.user, callee.call.invite.from_.display_name) == ("2001", "Desk 2001")
    office.run(2)
    assert call.talking
    assert bridged(call, callee.call)
    call.hang_up()
    office.run(1)
    assert callee.call.over
    record = record_of(call)
    assert (record.disposition, record.ended_by) == (Disposition.CONNECTED, "caller")
    assert record.talked == pytest.approx(1.0, abs=0.1)


def test_the_called_phone_hangs_up(office: Office) -> None:
    callee = office.phone("2002")
    call = office.call("2001", "2002")
    office.run(7)
    callee.call.hang_up()
    office.run(1)
    assert call.over
    record = record_of(call)
    assert (record.disposition, record.ended_by) == (Disposition.CONNECTED, "phone")
    assert record.talked == pytest.approx(7.0, abs=0.1)


@pytest.mark.parametrize(
    ("status", "told", "disposition"),
    [(486, 486, Disposition.NO_ANSWER), (600, 486, Disposition.NO_ANSWER), (603, 603, Disposition.NO_ANSWER)],
)
def test_a_phone_that_is_busy_or_declines_says_so_to_the_caller(
    office: Office, status: int, told: int, disposition: Disposition
) -> None:
    office.phone("2002").on_call = rejects(status, after=1.0)
    call = office.phone("2001").dial("2002")
    office.run(3)
    assert call.status == told
    assert record_of(call).disposition is disposition


def test_a_phone_that_nobody_picks_up_stops_ringing(office: Office) -> None:
    callee = office.phone("2002")
    callee.on_call = rings_on
    call = office.phone("2001").dial("2002")
    office.run(14.9)
    assert not call.over
    office.run(0.5)
    assert call.status == 480
    assert callee.call.cause == "cancelled"


def test_a_phone_that_is_not_registered_cannot_be_reached(office: Office) -> None:
    call = office.phone("2001").dial("2002")
    office.run(1)
    assert call.status == 480


def test_a_phone_that_has_vanished_is_given_up(office: Office) -> None:
    office.phone("2002").vanish()
    call = office.phone("2001").dial("2002")
    office.run(16)
    assert call.status == 480


def test_early_media_reaches_the_caller_before_the_answer(office: Office) -> None:
    callee = office.phone("2002")

    def announce(call: PhoneCall) -> None:
        call.early_media()
        call.after(3.0, call.answer)

    callee.on_call = announce
    call = office.phone("2001").dial("2002")
    office.run(1)
    assert statuses(call) == [183]
    assert bridged(call, callee.call)
    assert not call.talking
    office.run(3)
    assert statuses(call) == [183, 200]
    assert bridged(call, callee.call)


def test_early_media_of_a_phone_that_then_declines_ends_with_its_status(office: Office) -> None:
    def announce(call: PhoneCall) -> None:
        call.early_media()
        call.after(3.0, lambda: call.reject(486))

    office.phone("2002").on_call = announce
    call = office.phone("2001").dial("2002")
    office.run(5)
    assert statuses(call) == [183, 486]


def test_a_caller_cancels_while_the_phone_rings(office: Office) -> None:
    callee = office.phone("2002")
    callee.on_call = rings_on
    call = office.phone("2001").dial("2002")
    office.run(3)
    call.hang_up()
    office.run(1)
    assert callee.call.cause == "cancelled"
    assert (record_of(call).ended_by, record_of(call).sip_status) == ("caller", 487)


def test_a_phone_in_a_menu_is_rung_with_ringback(office: Office) -> None:
    desk = office.phone("1002")
    desk.on_call = answers(after=3.0)
    call = office.call("2001", "100")
    call.press("3")
    office.run(2)
    assert call.hears == Tone("ringback")
    office.run(2)
    assert bridged(call, desk.call)


# ------------------------------------------------------------------------------------------------------------ menus
@pytest.mark.parametrize("carriage", ["rfc4733", "inband", "info", "info-plain"])
def test_a_key_works_however_it_comes(office: Office, carriage: str) -> None:
    call = office.call("2001", "100")
    office.run(4)
    call.press("9", by=carriage)
    office.run(1)
    assert call.hears == Echo()


def test_a_key_that_comes_three_ways_is_one_digit(office: Office) -> None:
    call = office.call("2001", "100")
    office.run(1)
    for carriage in ("inband", "rfc4733", "info"):
        call.press("7", by=carriage)
    office.run(1)
    assert [line.data["digit"] for line in office.switch.journal.of("ivr.digit_pressed")] == ["7"]


def test_a_key_stops_the_prompt_at_once(office: Office) -> None:
    call = office.call("2001", "100")
    office.run(1.0)
    assert isinstance(call.hears, Play)
    pressed = office.world.now
    call.press("1")
    office.run(1.0)
    stopped = next(at for at, source in call.heard if at > pressed)
    assert stopped == pytest.approx(pressed + office.network.latency)
    assert call.heard[-1] == (stopped, MUSIC)


def test_silence_is_asked_again_and_then_given_up(office: Office) -> None:
    call = office.call("2001", "100")
    office.run(30)
    assert call.over
    prompts = [line.data["keys"] for line in office.switch.journal.of("ivr.prompts_started")]
    assert prompts == [["menu.main"], ["no-input", "menu.main"]]
    assert record_of(call).disposition is Disposition.SELF_SERVICE


def test_speech_that_is_still_being_rendered_is_waited_for(office: Office) -> None:
    office.switch.voice.slow.add("menu.main")
    call = office.call("2001", "100")
    office.run(1)
    assert call.hears == Silence()
    office.switch.voice.slow.clear()
    office.switch.spoken()
    assert isinstance(call.hears, Play)


@pytest.mark.parametrize("trouble", ["slow", "failing"])
def test_a_menu_works_without_its_speech(office: Office, trouble: str) -> None:
    getattr(office.switch.voice, trouble).add("menu.main")
    call = office.call("2001", "100")
    office.run(4)
    call.press("9")
    office.run(1)
    assert call.hears == Echo()


# ----------------------------------------------------------------------------------------------------------- queues
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


# ------------------------------------------------------------------------------------------------------------ races
@pytest.mark.parametrize("offset", range(-25, 26))
def test_a_caller_may_give_up_in_any_millisecond_around_the_agents_answer(offset: int) -> None:
    office = Office()
    agent = office.agent("1001", answers(after=1.0))
    call = office.call("2001", "101")
    office.world.run_until(lambda: agent.call.number == "2001")
    office.world.call_later(1.0 + agent.call.began - office.world.now + offset / 1000, call.hang_up)
    office.run(2)
    assert call.over
    assert agent.call.over
    assert state_of(office, "olena") in (State.IDLE, State.WRAP_UP)
    (record,) = [record for record in office.switch.records() if record.caller == "2001"]
    assert record.disposition in (Disposition.ABANDONED, Disposition.SERVED)
    office.close()


@pytest.mark.parametrize("offset", range(-25, 26))
def test_a_caller_may_cancel_in_any_millisecond_around_the_answer_of_a_phone(offset: int) -> None:
    office = Office()
    callee = office.phone("2002")
    callee.on_call = answers(after=1.0)
    call = office.phone("2001").dial("2002")
    office.world.run_until(lambda: bool(callee.calls))
    office.world.call_later(1.0 + offset / 1000, call.hang_up)
    office.run(3)
    assert call.over
    assert callee.call.over
    (record,) = office.switch.records()
    assert record.ended_by == "caller"
    office.close()


@pytest.mark.parametrize("apart", range(6))
def test_of_two_agents_who_answer_at_once_one_is_connected_and_the_other_let_go(apart: int) -> None:
    office = Office()
    agents = [office.agent("1002", answers(after=1.0)), office.agent("1003", answers(after=1.0 + apart / 1000))]
    third = office.agent("1004", rings_on)
    call = office.call("2001", "103")
    office.run(2)
    connected = [agent for agent in agents if not agent.call.over]
    assert len(connected) == 1
    assert bridged(call, connected[0].call)
    (other,) = [agent for agent in agents if agent not in connected]
    assert other.call.status == 0 or other.call.cause == "remote"
    assert third.call.cause == "cancelled"
    office.close()


@pytest.mark.parametrize("after", [0, 1, 5, 15, 20, 21, 25, 40, 100, 500])
def test_an_agent_who_answers_and_drops_at_once_leaves_nothing_behind(after: int) -> None:
    office = Office()
    agent = office.agent("1001", answers(after=1.0))
    agent.on_talk = lambda talk: talk.after(after / 1000, talk.hang_up)
    call = office.call("2001", "101")
    office.run(4)
    assert agent.call.over
    assert state_of(office, "olena") is not State.TALKING
    assert not call.talking or call.hears == MUSIC
    office.close()


# ------------------------------------------------------------------------------------------------------------- hold
@pytest.mark.parametrize("direction", [Direction.SENDONLY, Direction.INACTIVE])
@pytest.mark.parametrize("who", ["caller", "agent"])
def test_whoever_is_put_on_hold_hears_music_until_it_is_over(office: Office, who: str, direction: Direction) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    holder, held = (call, agent.call) if who == "caller" else (agent.call, call)
    holder.hold(direction)
    office.run(2)
    assert held.hears == MUSIC
    office.run(300)
    assert held.talking, "nobody on hold is given up for sending nothing"
    holder.resume()
    office.run(2)
    assert bridged(call, agent.call)
    assert [line.kind for line in office.switch.journal.lines if line.kind.startswith("leg.")] == [
        "leg.held",
        "leg.resumed",
    ]


def test_both_may_hold_and_the_conversation_comes_back_with_the_second_resume(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    for one in (call, agent.call):
        one.hold()
        office.run(1)
    assert (call.hears, agent.call.hears) == (MUSIC, MUSIC)
    for one in (agent.call, call):
        one.resume()
        office.run(1)
    assert bridged(call, agent.call)


def test_a_caller_on_hold_in_a_queue_is_still_served(office: Office) -> None:
    call = office.call("2001", "101")
    office.run(2)
    call.hold()
    agent = office.agent("1001")
    office.run(4)
    assert agent.call.talking
    assert agent.call.hears == MUSIC
    call.resume()
    office.run(1)
    assert bridged(call, agent.call)


# --------------------------------------------------------------------------------------------------- offers, answers
def test_a_call_without_an_offer_gets_one_in_the_answer(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101", late_offer=True)
    office.run(4)
    assert bridged(call, agent.call)


def test_a_late_offer_to_a_phone_connects_too(office: Office) -> None:
    callee = office.phone("2002")
    call = office.call("2001", "2002", late_offer=True)
    office.run(1)
    assert bridged(call, callee.call)


# ------------------------------------------------------------------------------------------------------ agents' codes
def status_of(office: Office, agent: str) -> tuple[Status, str]:
    seen = office.switch.dispatcher.agents[agent]
    return seen.status, seen.phone


def use_code(office: Office, phone: str, code: str) -> str:
    """Dial *code*; what is said."""
    call = office.call(phone, code)
    said = [source.items[0] for _, source in call.heard if isinstance(source, Play)]
    office.world.run_until(lambda: call.over)
    return said[0]


def test_an_agent_logs_in_takes_a_break_comes_back_and_logs_out_by_dialling(office: Office) -> None:
    assert use_code(office, "1001", "*13") == "en/agent-not-logged-in"
    assert use_code(office, "1001", "*11") == "en/agent-logged-in"
    assert status_of(office, "olena") == (Status.AVAILABLE, "1001")
    assert use_code(office, "1001", "*13") == "en/agent-break-started"
    assert status_of(office, "olena")[0] is Status.ON_BREAK
    call = office.call("2001", "101")
    office.run(10)
    assert not call.over
    assert office.phone("1001").call.number == "*13", "nobody is rung on a break"
    assert use_code(office, "1001", "*14") == "en/agent-break-ended"
    office.run(4)
    assert bridged(call, office.phone("1001").call)
    call.hang_up()
    office.run(1)
    assert use_code(office, "1001", "*12") == "en/agent-logged-out"
    assert status_of(office, "olena") == (Status.LOGGED_OUT, "")


def test_an_agent_works_at_another_phone_with_the_pin(office: Office) -> None:
    assert use_code(office, "2006", "*11*olena*4711") == "en/agent-logged-in"
    assert status_of(office, "olena") == (Status.AVAILABLE, "2006")
    call = office.call("2001", "101")
    office.run(4)
    assert bridged(call, office.phone("2006").call)
    assert all("4711" not in str(line) for line in office.switch.journal.lines)


def test_a_wrong_pin_logs_nobody_in(office: Office) -> None:
    assert use_code(office, "2006", "*11*olena*4712") == "en/agent-login-failed"
    assert use_code(office, "2006", "*11*nobody*4711") == "en/agent-login-failed"
    assert status_of(office, "olena")[0] is Status.LOGGED_OUT


def test_an_agent_who_makes_a_call_is_offered_none_meanwhile(office: Office) -> None:
    agent = office.agent("1001")
    own = agent.dial("106")
    office.run(1)
    call = office.call("2001", "101")
    office.run(20)
    assert agent.call is own, "no call is offered"
    own.hang_up()
    office.run(4)
    assert bridged(call, agent.call)


# ----------------------------------------------------------------------------------------------------------- trouble
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
