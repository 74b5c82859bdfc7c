"""When something outside fails."""

from __future__ import annotations

from collections import Counter

import pytest

from rtp.legs import Bridge, MediaTimeout, Play
from tests.sim.office import MUSIC, Office, bridged, record_of
from tests.support.sim_phone import PhoneCall, answers


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


def fall_silent(office: Office, call: PhoneCall) -> None:
    """The phone is gone, and the media worker notices."""
    assert call.leg is not None
    assert office.switch.media.specs[call.leg].media_timeout == 60
    call.phone.vanish()
    office.switch.on_media(MediaTimeout(call.leg, 60.0))
    office.run(1)


def test_a_caller_who_falls_silent_ends_the_call(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    fall_silent(office, call)
    assert agent.call.over
    assert (record_of(call).ended_by, record_of(call).cause) == ("switch", "media-timeout")


def test_a_phone_that_falls_silent_ends_the_call(office: Office) -> None:
    callee = office.phone("2002")
    call = office.call("2001", "2002")
    office.run(4)
    fall_silent(office, callee.call)
    assert call.over


def test_an_agent_who_falls_silent_gives_the_caller_back_to_the_front_of_the_queue(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(30)
    other = office.call("2002", "101")
    office.run(10)
    fall_silent(office, agent.call)
    assert call.hears == MUSIC
    next_agent = office.agent("1003", answers(after=1.0))
    office.run(2)
    assert bridged(call, next_agent.call)
    assert not isinstance(other.hears, Bridge)
    assert record_of(call).agent == "iryna"


def test_a_caller_who_vanishes_without_an_ack_is_let_go(office: Office) -> None:
    phone = office.phone("2001")
    call = phone.dial("106")
    office.run(0.03)
    phone.vanish()
    office.run(40)
    assert not office.switch.control.calls
    assert record_of(call).cause == "ack timeout"
    assert not call.over


FOREIGN = (
    b"v=0\r\no=- 1 1 IN IP4 203.0.113.9\r\ns=-\r\nc=IN IP4 203.0.113.9\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n"
)


@pytest.mark.parametrize(("offer", "status"), [(FOREIGN, 488), (b"v=0\r\nthis is nothing", 400)])
def test_an_offer_that_cannot_be_answered_is_refused_before_anything_begins(
    office: Office, offer: bytes, status: int
) -> None:
    call = office.phone("2001").dial("100", offer=offer)
    office.run(1)
    assert call.status == status
    assert not office.switch.journal.of("call.started")


def test_a_caller_who_leaves_our_offer_unanswered_is_let_go(office: Office) -> None:
    phone = office.phone("2001")
    phone.answers_offers = False
    call = phone.dial("101", late_offer=True)
    office.run(2)
    assert call.over
    assert record_of(call).cause == "bad-sdp"


def test_a_change_that_cannot_be_agreed_on_leaves_the_conversation_as_it_was(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    call.change(FOREIGN)
    office.run(1)
    assert call.changed == 488
    assert bridged(call, agent.call)


def test_hold_as_old_phones_do_it_is_hold(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    normal = call.offer()
    call.change(normal.replace(b"c=IN IP4 203.0.113.2", b"c=IN IP4 0.0.0.0"))
    office.run(1)
    assert agent.call.hears == MUSIC
    call.change(normal)
    office.run(1)
    assert bridged(call, agent.call)


def test_an_agents_phone_that_answers_nonsense_is_passed_over(office: Office) -> None:
    first, second = office.agent("1001"), office.agent("1003", answers(after=1.0))

    def nonsense(call: PhoneCall) -> None:
        call.ring()
        call.local = b"v=0\r\nnonsense"
        call.after(1.0, call.answer)

    first.on_call = nonsense
    call = office.call("2001", "101")
    office.run(4)
    assert bridged(call, second.call)
    assert first.call.over


def test_every_message_ten_times_is_every_message_once(office: Office) -> None:
    office.network.duplication, office.network.copies, office.network.jitter = 1.0, 10, 0.1
    agent = office.agent("1001")
    call = office.call("2001", "100")
    office.run(1)
    call.press("1", by="info")
    office.run(5)
    assert bridged(call, agent.call)
    call.hold()
    office.run(2)
    call.resume()
    office.run(2)
    call.hang_up()
    office.run(5)
    kinds = Counter(line.kind for line in office.switch.journal.lines if line.call == record_of(call).call)
    once = ("call.started", "call.answered", "call.connected", "call.ended", "leg.held", "leg.resumed")
    for kind in (*once, "ivr.digit_pressed"):
        assert kinds[kind] == 1, kind


HOSTILE = ('"><script>alert(1)</script>', "=cmd|' /C calc'!A0", '\\\\"', "Zażółć 🤖", "%00%0d%0a", "x" * 500)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_callers_name_reaches_the_agent_and_the_record_as_it_is(office: Office, name: str) -> None:
    agent = office.agent("1001")
    carrier = office.trunk()
    carrier.name = name
    call = carrier.dial("101")
    office.run(4)
    assert bridged(call, agent.call)
    assert agent.call.invite is not None
    assert agent.call.invite.from_.display_name == f"Sales: {name[:64]}"
    assert office.switch.journal.of("call.started")[-1].data["name"] == name[:64]


@pytest.mark.parametrize("number", ["%0d%0aVia:%20x", "a;b=c", "+380501234567;phone-context=x", "a%40b", "x" * 300])
def test_a_callers_number_reaches_the_agent_whatever_it_is_made_of(office: Office, number: str) -> None:
    agent = office.agent("1001")
    carrier = office.trunk()
    carrier.user = number
    call = carrier.dial("101")
    office.run(4)
    assert bridged(call, agent.call)
