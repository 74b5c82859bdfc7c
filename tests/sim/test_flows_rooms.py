"""Callers who speak to a file, and callers who speak with each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtp.legs import Conference, Music, Play, Recorded, RecordingQuiet, Silence
from softswitch.call.recording.under_way import NO_ANSWER
from tests.sim.office import CENTRE, Office, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.store.cdr import Record
    from tests.support.sim_phone import PhoneCall

ROOMS = """
[record.complaint]
say = "What has happened?"
max_seconds = 30
min_seconds = 2
silence_ends = 3
then = "say:sorry"
when_failed = "say:nobody"

[record.slogan]
beep = false
review = false
end_key = "*"
variable = "slogan"
then = "say:spoken"

[say.spoken]
say = "You spoke for {slogan_seconds} seconds."

[conference.open]
max_members = 3
when_full = "say:sorry"

[conference.board]
say = "Welcome to the board."
pin = "4711"
chime = false
when_refused = "say:nobody"

[[route]]
did = "200"
to = "record:complaint"

[[route]]
did = "201"
to = "record:slogan"

[[route]]
did = "210"
to = "conference:open"

[[route]]
did = "211"
to = "conference:board"
"""

BEEP = ("tone:beep",)


@pytest.fixture
def office() -> Iterator[Office]:
    centre = Office(centre=CENTRE + ROOMS)
    yield centre
    centre.close()


def recording(office: Office) -> list[str]:
    """The paths to which somebody is recorded now."""
    return [spec.record for spec in office.switch.media.specs.values() if spec.record]


def events(office: Office, kind: str) -> list[Record]:
    return office.switch.journal.of(kind)


def speaking(office: Office, number: str = "200") -> PhoneCall:
    """Has heard what is asked for, and the tone."""
    call = office.call("2001", number)
    office.run(1)
    assert said(call) == ("en/record.complaint",)
    office.run(3)
    assert recording(office)
    return call


# --- recordings
def test_a_caller_is_asked_beeped_recorded_and_keeps_it(office: Office) -> None:
    call = office.call("2001", "200")
    office.run(3.2)
    assert said(call) == BEEP
    assert recording(office) == []
    office.run(0.5)
    (path,) = recording(office)
    assert "/recordings/complaint/" in path
    assert call.hears == Silence()
    office.run(10)
    call.press("5")  # not the key that ends it
    office.run(1)
    call.press("#")
    office.run(0.5)
    assert recording(office) == []
    assert said(call) == ("en/recording-review",)
    call.press("1")
    office.run(0.5)
    assert said(call) == ("en/say.sorry",)
    (kept,) = events(office, "record.kept")
    assert kept.data["path"] == path
    assert kept.data["seconds"] == pytest.approx(11.3, abs=0.7)


def test_a_caller_may_record_it_again_and_the_first_file_is_gone(office: Office) -> None:
    call = speaking(office)
    (first,) = recording(office)
    office.run(5)
    call.press("#")
    office.run(0.5)
    call.press("2")
    office.run(0.2)
    assert said(call) == BEEP
    assert first not in office.switch.media.recorded
    office.run(5)
    (second,) = recording(office)
    assert second != first
    call.press("#")
    office.run(0.5)
    call.press("1")
    office.run(0.5)
    assert list(office.switch.media.recorded) == [second]


def test_a_wrong_key_repeats_the_question_and_silence_keeps_it(office: Office) -> None:
    call = speaking(office)
    office.run(5)
    call.press("#")
    office.run(2)
    call.press("7")
    office.run(1)
    assert said(call) == ("en/recording-review",)
    office.run(2.5 + 5.5)
    assert events(office, "record.kept") == []
    office.run(1)
    assert len(events(office, "record.kept")) == 1
    assert said(call) == ("en/say.sorry",)


def test_silence_ends_it(office: Office) -> None:
    call = speaking(office)
    (path,) = recording(office)
    office.run(5)
    (leg,) = office.switch.media.specs
    assert office.switch.media.specs[leg].record_quiet == 3
    office.switch.on_media(RecordingQuiet(leg, path, 3.0))
    office.run(0.5)
    assert said(call) == ("en/recording-review",)


def test_the_longest_time_ends_it(office: Office) -> None:
    call = speaking(office)
    (path,) = recording(office)
    (leg,) = office.switch.media.specs
    assert office.switch.media.specs[leg].record_seconds == 30
    office.switch.on_media(Recorded(leg, path, 30.0, "", 20.0))
    office.run(0.5)
    assert recording(office) == []
    assert said(call) == ("en/recording-review",)


def test_what_is_too_short_is_asked_for_again(office: Office) -> None:
    call = speaking(office)
    call.press("#")
    office.run(0.5)
    assert said(call) == ("en/recording-too-short", "en/record.complaint")
    office.run(10)
    call.press("#")
    office.run(0.5)
    assert said(call) == ("en/recording-review",)


def test_three_times_nothing_is_given_up(office: Office) -> None:
    call = speaking(office)
    for _ in range(3):
        while not recording(office):
            office.run(0.1)
        call.press("#")
        office.run(0.5)
    assert said(call) == ("en/say.nobody",)
    assert office.switch.media.recorded == {}


def test_a_disk_that_is_full_is_told_and_the_call_goes_on(office: Office) -> None:
    call = speaking(office)
    (path,) = recording(office)
    (leg,) = office.switch.media.specs
    office.switch.on_media(Recorded(leg, path, 0.0, "No space left on device"))
    office.run(0.5)
    assert said(call) == ("en/say.nobody",)
    (trouble,) = events(office, "record.trouble")
    assert trouble.data["why"] == "No space left on device"


def test_who_hangs_up_has_been_recorded(office: Office) -> None:
    call = speaking(office)
    office.run(8)
    call.hang_up()
    office.run(1)
    (kept,) = events(office, "record.kept")
    assert kept.data["hung_up"]
    assert kept.data["seconds"] == pytest.approx(8.7, abs=0.7)


def test_who_hangs_up_at_once_leaves_no_file(office: Office) -> None:
    call = speaking(office)
    call.hang_up()
    office.run(1)
    assert events(office, "record.kept") == []
    assert office.switch.media.recorded == {}


def test_a_worker_that_says_nothing_is_not_waited_for(office: Office) -> None:
    call = speaking(office)
    office.run(5)
    office.switch.media.on_event = lambda event: None
    call.press("#")
    office.run(6)
    (trouble,) = events(office, "record.trouble")
    assert trouble.data["why"] == NO_ANSWER


def test_without_beep_and_review_the_length_is_a_variable(office: Office) -> None:
    call = office.call("2001", "201")
    office.run(4)
    assert recording(office)
    call.press("#")
    office.run(1)
    assert recording(office)
    call.press("*")
    office.run(0.5)
    assert said(call)[0].startswith("en/say.spoken")


# --- conferences
def member(office: Office, user: str, number: str = "210") -> PhoneCall:
    call = office.call(user, number)
    office.run(1)
    return call


def test_who_is_alone_hears_music_and_three_hear_each_other(office: Office) -> None:
    mixed = Conference("open", chime=True)
    first = member(office, "2001")
    assert [first.hears] == [Music("default")]
    second = member(office, "2002")
    assert [first.hears, second.hears] == [mixed, mixed]
    third = member(office, "2003")
    assert [third.hears] == [mixed]
    second.hang_up()
    office.run(0.5)
    assert [first.hears, third.hears] == [mixed, mixed]
    third.hang_up()
    office.run(0.5)
    assert [first.hears] == [Music("default")]
    first.hang_up()
    office.run(0.5)
    assert [line.data["people"] for line in events(office, "conference.joined")] == [1, 2, 3]
    assert [line.data["people"] for line in events(office, "conference.left")] == [2, 1, 0]


def test_a_full_room_takes_nobody_until_somebody_leaves(office: Office) -> None:
    members = [member(office, user) for user in ("2001", "2002", "2003")]
    fourth = member(office, "2004")
    assert said(fourth) == ("en/say.sorry",)
    members[0].hang_up()
    office.run(5)
    assert member(office, "2006").hears == Conference("open", chime=True)


def test_only_who_knows_the_pin_is_let_in_and_nobody_reads_it(office: Office) -> None:
    call = member(office, "2001", "211")
    assert said(call) == ("en/conference-enter-pin",)
    for digit in "4712#":
        call.press(digit)
    office.run(0.5)
    assert said(call) == ("en/conference-wrong-pin", "en/conference-enter-pin")
    for digit in "4711":  # the hash may be left out
        call.press(digit)
    office.run(5)
    assert said(call) == ("en/conference.board",)
    office.run(3)
    assert call.hears == Music("default")
    assert "471" not in "".join(str(line) for line in office.switch.journal.lines)


def test_three_wrong_pins_are_enough(office: Office) -> None:
    call = member(office, "2001", "211")
    for _ in range(3):
        call.press("1")
        call.press("#")
        office.run(0.5)
    assert said(call) == ("en/say.nobody",)


def test_who_enters_nothing_is_asked_again_and_then_refused(office: Office) -> None:
    call = member(office, "2001", "211")
    office.run(3 + 3 * (8 + 6))
    assert isinstance(call.hears, Play) or call.over
    assert events(office, "conference.refused")


def test_rooms_do_not_hear_each_other(office: Office) -> None:
    first = member(office, "2001")
    second = member(office, "2002", "211")
    for digit in "4711#":
        second.press(digit)
    office.run(5)
    assert first.hears == second.hears == Music("default")
