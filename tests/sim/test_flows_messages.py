"""Messages: left after the tone, kept before anybody is thanked, listened to by phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtp.legs import Play
from softswitch.messages import Message, State
from tests.sim.office import CENTRE, Office, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall

BOXES = """
[voicemail.sales]
mail_to = "sales@example.com"
label = "Sales"
max_seconds = 30
min_seconds = 2
phone = "1001"
pin = "4711"
number = "500"
greeting = "This is the sales department."
when_failed = "say:sorry"

[[route]]
did = "120"
to = "voicemail:sales"
"""
GREETING = "en/voicemail.sales"
BEEP = ("tone:beep",)


@pytest.fixture
def office() -> Iterator[Office]:
    centre = Office(centre=CENTRE + BOXES)
    yield centre
    centre.close()


def at_the_tone(office: Office, user: str = "2001") -> PhoneCall:
    """The caller has heard the greeting and the tone, and is recorded."""
    call = office.call(user, "120")
    office.run(0.5)
    assert said(call) == (GREETING,)
    office.run(3)
    assert recorded_to(office, call)
    return call


def recorded_to(office: Office, call: PhoneCall) -> str:
    assert call.leg is not None
    spec = office.switch.media.specs.get(call.leg)
    return "" if spec is None else spec.record


def messages(office: Office) -> list[Message]:
    return office.switch.boxes.messages("sales")


def leave(office: Office, seconds: float = 5, user: str = "2001") -> Message:
    call = at_the_tone(office, user)
    office.run(seconds)
    call.hang_up()
    office.run(1)
    return messages(office)[-1]


def test_a_message_is_kept_and_posted_before_the_caller_is_thanked(office: Office) -> None:
    call = at_the_tone(office)
    office.run(5)
    call.press("#")
    office.run(0.5)
    assert said(call) == ("en/voicemail-thanks",)
    (message,) = messages(office)
    assert (message.number, message.state) == ("2001", State.NEW)
    assert message.seconds == pytest.approx(5, abs=0.5)
    assert [item.id for item in office.switch.mailroom.posted] == [message.id]
    office.run(5)
    assert call.over


def test_who_hangs_up_while_speaking_has_left_a_message(office: Office) -> None:
    message = leave(office)
    assert message.state is State.NEW
    assert office.switch.mailroom.posted == [message]


def test_what_is_shorter_than_a_message_is_dropped(office: Office) -> None:
    call = at_the_tone(office)
    office.run(1)
    call.hang_up()
    office.run(1)
    assert office.switch.boxes.all() == []
    assert len(office.switch.mailroom.discarded) == 1
    assert office.switch.mailroom.posted == []


def test_who_says_nothing_is_told_so(office: Office) -> None:
    call = at_the_tone(office)
    office.run(0.5)
    call.press("1")
    office.run(0.5)
    assert said(call) == ("en/voicemail-too-short",)


def test_nobody_is_thanked_before_the_message_is_written_down(office: Office) -> None:
    office.switch.disk = None
    call = at_the_tone(office)
    office.run(5)
    call.press("#")
    office.run(5)
    assert said(call) == ()
    assert office.switch.mailroom.posted == []
    office.run(6)
    assert said(call) == ("en/voicemail-unavailable",)
    assert len(office.switch.mailroom.posted) == 1, "what is there is sent all the same"


@pytest.mark.parametrize("gone", [False, True])
def test_a_message_of_which_the_media_worker_says_nothing_is_looked_for(office: Office, gone: bool) -> None:
    call = at_the_tone(office)
    office.run(5)
    office.switch.media.tells = False
    if gone:
        call.hang_up()
    else:
        call.press("#")
    office.run(5.5)
    if not gone:
        assert said(call) == ("en/voicemail-unavailable",)
    (message,) = office.switch.boxes.all()
    assert office.switch.mailroom.salvaged == [message]
    assert message.state is State.RECORDING


def test_a_key_goes_straight_to_the_tone(office: Office) -> None:
    call = office.call("2001", "120")
    office.run(0.5)
    call.press("1")
    office.run(0.2)
    assert said(call) == BEEP
    office.run(1)
    assert recorded_to(office, call)


def test_without_room_the_caller_is_told_and_goes_where_the_configuration_says(office: Office) -> None:
    office.switch.mailroom.trouble = "the disk is full"
    call = office.call("2001", "120")
    office.run(0.5)
    assert said(call) == ("en/voicemail-unavailable",)
    office.run(3)
    assert said(call) == ("en/say.sorry",)
    (line,) = office.switch.journal.of("voicemail.refused")
    assert line.data["why"] == "the disk is full"


def test_a_message_that_was_being_recorded_when_the_switch_was_killed_is_still_known(office: Office) -> None:
    at_the_tone(office)
    office.restart()
    (message,) = office.switch.boxes.all()
    assert (message.state, message.number) == (State.RECORDING, "2001")


# --- listening


def listen(office: Office) -> PhoneCall:
    call = office.call("1001", "*97")
    office.run(0.5)
    return call


def test_messages_are_counted_announced_played_and_heard(office: Office) -> None:
    message = leave(office)
    call = listen(office)
    assert said(call) == ("en/voicemail-new/1",)
    office.run(3)
    assert said(call)[0] == "en/voicemail-from/2001"
    office.run(6)
    assert said(call) == (f"/var/voicemail/{message.file_name}",)
    assert office.switch.boxes.counts("sales") == (1, 0)
    office.run(3)
    assert said(call) == ("en/voicemail-choices",)
    assert office.switch.boxes.counts("sales") == (0, 1)
    call.press("*")
    office.run(1)
    assert call.over


def test_messages_are_repeated_skipped_and_deleted_by_key(office: Office) -> None:
    first, second = leave(office), leave(office, user="2002")
    call = listen(office)
    assert said(call) == ("en/voicemail-new/2",)
    call.press("2")
    office.run(0.5)
    call.press("2")
    office.run(0.5)
    assert said(call)[0] == "en/voicemail-from/2002"
    call.press("3")
    office.run(0.5)
    assert messages(office) == [first]
    assert office.switch.mailroom.discarded == [second]
    assert said(call) == ("en/voicemail-no-more",)
    office.run(4)
    assert call.over


def test_the_caller_of_a_message_is_called_back_by_key(office: Office) -> None:
    leave(office, user="2002")
    call = listen(office)
    office.run(10)
    call.press("7")
    office.run(1)
    assert office.phone("2002").call.invite is not None
    assert office.switch.boxes.counts("sales") == (0, 1)


def test_a_box_opens_to_its_pin_from_any_phone(office: Office) -> None:
    leave(office)
    call = office.call("2003", "*98")
    office.run(0.5)
    assert said(call) == ("en/voicemail-enter-box",)
    call.press("500#")
    office.run(0.5)
    assert said(call) == ("en/voicemail-enter-pin",)
    call.press("4711#")
    office.run(0.5)
    assert said(call) == ("en/voicemail-new/1",)


def test_a_pin_is_tried_three_times_and_never_written_down(office: Office) -> None:
    leave(office)
    call = office.call("2003", "*98")
    for _ in range(3):
        office.run(0.5)
        call.press("500#")
        office.run(0.5)
        call.press("9876#")
    office.run(1)
    assert call.over
    again = office.call("2003", "*98")
    again.press("500#")
    office.run(0.5)
    again.press("4711#")
    office.run(0.5)
    assert said(again)[0] == "en/voicemail-wrong-pin", "the box is closed for a while"
    assert not any("9876" in str(line) or "4711" in str(line) for line in office.switch.journal.lines)


def test_a_phone_without_a_box_is_told_so(office: Office) -> None:
    call = office.call("2004", "*97")
    office.run(0.5)
    assert said(call) == ("en/voicemail-no-box",)
    office.run(4)
    assert call.over


def test_an_empty_box_says_so(office: Office) -> None:
    call = listen(office)
    assert said(call) == ("en/voicemail-empty",)
    office.run(4)
    assert call.over
    assert not any(isinstance(source, Play) for source in [call.hears])


# --- lamps that nobody asked for


def lit(office: Office, user: str = "1001") -> list[str]:
    """The figures that the phone was told, one after another."""
    return [line for told in office.phone(user).lamp for line in told.body.decode().split("\r\n") if "Voice" in line]


@pytest.fixture
def told() -> Iterator[Office]:
    """The phone of the box never subscribes."""
    running = Office(centre=CENTRE + BOXES)
    running.reload(('user = "1001"', 'user = "1001"\nlamp = "unsolicited"'))
    yield running
    running.close()


def test_a_phone_that_never_subscribes_is_told_when_it_registers_and_when_something_changes(told: Office) -> None:
    told.phone("1001")
    told.run(0.5)
    assert lit(told) == ["Voice-Message: 0/0 (0/0)"]
    leave(told)
    assert lit(told)[1:] == ["Voice-Message: 1/0 (0/0)"]
    request = told.phone("1001").lamp[-1]
    assert request.headers.get("Subscription-State") == "terminated"
    assert request.content_type == "application/simple-message-summary"
    assert b"Messages-Waiting: yes" in request.body
    listen(told).phone.world.run(30)
    assert lit(told)[2:] == ["Voice-Message: 0/1 (0/0)"]
    told.run(2000)
    assert len(lit(told)) == 3, "a registration that is renewed is nothing new"


def test_after_a_restart_the_lamp_is_set_right(told: Office) -> None:
    told.phone("1001")
    leave(told)
    before = len(lit(told))
    told.restart()
    told.run(1)
    assert lit(told)[before:] == ["Voice-Message: 1/0 (0/0)"]


def test_a_phone_that_may_subscribe_is_left_alone(office: Office) -> None:
    leave(office)
    office.run(1)
    assert lit(office) == []
