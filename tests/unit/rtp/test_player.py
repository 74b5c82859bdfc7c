"""What legs hear of recorded audio: every frame in order, across items, loops, offsets, pauses and missing files."""

from __future__ import annotations

import numpy as np
import pytest

from rtp.codecs.g711 import SILENCE, ULAW_TO_ALAW
from rtp.frames import FrameStore, StoreFullError
from rtp.legs import AssetUnavailable, Echo, MusicPosition, Play, PlayFinished, Silence, Source, Tone
from rtp.legs import Music as Moh
from rtp.packet import parse_rtp
from tests.support.media_plane import TestPlane

PHONE = ("10.0.0.5", 4000)


def asset(first: int, count: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Frames that say which they are: all octets of the n-th are first + n."""
    return np.repeat(np.arange(first, first + count, dtype=np.uint8)[:, None], 160, axis=1)


def plane_with(**assets: tuple[int, int]) -> TestPlane:
    plane = TestPlane()
    for name, (first, count) in assets.items():
        for codec in ("PCMA", "PCMU"):
            plane.player.supply((name, codec), asset(first, count))
    return plane


def heard(plane: TestPlane, frames: int) -> list[int | None]:
    """Which frames the leg gets in the next *frames* × 20 ms; None for silence."""
    payloads = [parse_rtp(data).payload for _, data in plane.beat(3 * frames)]
    return [None if payload[0] in SILENCE.values() else payload[0] for payload in payloads]


def test_a_prompt_is_heard_once_and_its_end_is_told() -> None:
    plane = plane_with(a=(1, 3))
    plane.leg(1, PHONE, Play(("a",), 7))
    assert heard(plane, 2) == [1, 2]
    assert plane.told() == []
    assert heard(plane, 3) == [3, None, None]
    assert plane.told() == [PlayFinished(1, 7)]


def test_items_follow_each_other_without_a_gap() -> None:
    plane = plane_with(a=(1, 2), b=(11, 1), c=(21, 2))
    plane.leg(1, PHONE, Play(("a", "b", "c", "a"), 7))
    assert heard(plane, 8) == [1, 2, 11, 21, 22, 1, 2, None]
    assert plane.told() == [PlayFinished(1, 7)]


def test_a_looped_list_begins_again_and_never_ends() -> None:
    plane = plane_with(a=(1, 2), b=(11, 1))
    plane.leg(1, PHONE, Play(("a", "b"), 7, loop=True))
    assert heard(plane, 8) == [1, 2, 11, 1, 2, 11, 1, 2]
    assert plane.told() == []


@pytest.mark.parametrize(
    ("offset", "loop", "frames"),
    [(0.02, False, [2, 3, 11]), (0.06, False, [11, 12, None]), (0.5, False, [None] * 3), (0.5, True, [1, 2, 3])],
)
def test_an_offset_counts_from_the_beginning_of_the_list(offset: float, loop: bool, frames: list[int | None]) -> None:
    plane = plane_with(a=(1, 3), b=(11, 2))
    plane.leg(1, PHONE, Play(("a", "b"), 7, loop, offset))
    assert heard(plane, 3) == frames


def test_the_same_play_put_again_goes_on_and_another_begins() -> None:
    plane = plane_with(a=(1, 9))
    plane.leg(1, PHONE, Play(("a",), 7))
    assert heard(plane, 2) == [1, 2]
    plane.leg(1, PHONE, Play(("a",), 7), media_timeout=30.0)
    assert heard(plane, 2) == [3, 4]
    plane.leg(1, PHONE, Play(("a",), 8))
    assert heard(plane, 2) == [1, 2]
    assert plane.told() == []


def test_music_goes_on_after_an_announcement_where_it_left() -> None:
    plane = plane_with(m=(1, 100), a=(201, 2))
    plane.player.set_channel("default", ["m"])
    plane.leg(1, PHONE, Moh("default"))
    assert heard(plane, 5) == [1, 2, 3, 4, 5]
    plane.leg(1, PHONE, Play(("a",), 1))
    assert plane.told() == [MusicPosition(1, "default", 0.1)]
    assert heard(plane, 2) == [201, 202]
    plane.leg(1, PHONE, Moh("default"))
    assert heard(plane, 3) == [6, 7, 8]


def test_music_is_remembered_for_each_leg_and_channel() -> None:
    plane = plane_with(m=(1, 50), n=(101, 50))
    for channel in ("m", "n", "m"):  # a channel that nobody set is the asset of its name
        plane.leg(1, PHONE, Moh(channel))
        first = heard(plane, 2)
    assert first == [3, 4]
    plane.leg(2, ("10.0.0.6", 4000), Moh("m"))
    plane.remove(1, plane.now)
    assert heard(plane, 2) == [1, 2]


def test_music_may_be_started_anywhere_and_wraps() -> None:
    plane = plane_with(m=(1, 3), n=(11, 2))
    plane.player.set_channel("default", ["m", "n"])
    plane.leg(1, PHONE, Moh("default", 0.08))
    assert heard(plane, 3) == [12, 1, 2]
    plane.leg(1, PHONE, Silence())
    plane.leg(1, PHONE, Moh("default", 1.04))
    assert heard(plane, 1) == [3]


def test_a_leg_on_hold_hears_nothing_and_its_prompt_waits() -> None:
    plane = plane_with(a=(1, 4))
    plane.leg(1, PHONE, Play(("a",), 7))
    assert heard(plane, 2) == [1, 2]
    plane.leg(1, PHONE, Play(("a",), 7), send=False)
    assert plane.beat(30) == []
    plane.leg(1, PHONE, Play(("a",), 7))
    assert heard(plane, 2) == [3, 4]


def test_a_prompt_waits_until_there_is_somewhere_to_send_it() -> None:
    plane = plane_with(a=(1, 2))
    plane.leg(1, None, Play(("a",), 7))
    assert plane.beat(30) == []
    plane.leg(1, PHONE, Play(("a",), 7))
    assert heard(plane, 2) == [1, 2]


def test_a_change_of_codec_does_not_change_the_place() -> None:
    plane = TestPlane()
    plane.player.supply(("a", "PCMU"), asset(1, 9))
    plane.player.supply(("a", "PCMA"), ULAW_TO_ALAW[asset(1, 9)])
    plane.leg(1, PHONE, Play(("a",), 7), codec="PCMU", payload_type=0)
    assert heard(plane, 3) == [1, 2, 3]
    plane.leg(1, PHONE, Play(("a",), 7))
    assert heard(plane, 1) == [int(ULAW_TO_ALAW[4])]


def test_an_asset_that_has_to_be_loaded_is_asked_for_once_and_waited_for_in_silence() -> None:
    plane = TestPlane()
    plane.leg(1, PHONE, Play(("a",), 7))
    plane.leg(2, ("10.0.0.6", 4000), Play(("a",), 8))
    assert plane.player.wanted == [("a", "PCMA")]
    assert set(heard(plane, 2)) == {None}
    plane.player.supply(("a", "PCMA"), asset(1, 2))
    assert heard(plane, 2) == [1, 1, 2, 2]


def test_an_asset_that_cannot_be_loaded_is_told_and_left_out() -> None:
    plane = plane_with(b=(1, 1))
    plane.leg(1, PHONE, Play(("a", "b"), 7))
    plane.player.fail(("a", "PCMA"), "does not exist")
    assert heard(plane, 2) == [1, None]
    assert plane.told() == [AssetUnavailable(1, "a", "does not exist"), PlayFinished(1, 7)]


@pytest.mark.parametrize("source", [Play(("a",), 7, loop=True), Moh("a"), Tone("no such tone")])
def test_a_loop_in_which_nothing_can_be_played_ends_in_silence(source: Source) -> None:
    plane = TestPlane()
    plane.leg(1, PHONE, source)
    for key in list(plane.player.wanted):
        plane.player.fail(key, "does not exist")
    assert heard(plane, 2) == [None, None]


def test_a_leg_that_stops_waiting_is_not_surprised_by_the_asset() -> None:
    plane = TestPlane()
    plane.leg(1, PHONE, Play(("a",), 7))
    plane.leg(1, PHONE, Echo())
    plane.player.supply(("a", "PCMA"), asset(1, 2))
    assert plane.beat(6) == []


def test_silence_lasts_longer_than_its_frames() -> None:
    plane = TestPlane()
    plane.leg(1, PHONE, Silence())
    plane.player.row[1] = plane.player.end[1] - 1
    assert heard(plane, 3) == [None, None, None]


# ------------------------------------------------------------------------------------------------------- frame store
def test_unused_assets_make_room_and_used_ones_stay() -> None:
    store = FrameStore(10)
    store.add(("a", "PCMA"), asset(1, 4))
    store.add(("b", "PCMA"), asset(11, 4))
    store.hold(("a", "PCMA"))
    extent = store.add(("c", "PCMA"), asset(21, 6))
    assert store.get(("b", "PCMA")) is None
    assert store.rows[extent.start : extent.start + 6, 0].tolist() == [21, 22, 23, 24, 25, 26]
    with pytest.raises(StoreFullError):
        store.add(("d", "PCMA"), asset(1, 7))
    store.release(("a", "PCMA"))
    store.add(("d", "PCMA"), asset(31, 10))
    assert store.rows[:, 0].tolist() == list(range(31, 41))


def test_the_asset_used_longest_ago_goes_first() -> None:
    store = FrameStore(9)
    for name in "abc":
        store.add((name, "PCMA"), asset(1, 3))
    store.get(("a", "PCMA"))
    store.add(("d", "PCMA"), asset(1, 3))
    assert [name for name in "abcd" if store.get((name, "PCMA"))] == ["a", "c", "d"]


def test_a_file_that_changed_is_loaded_again_when_nobody_hears_it() -> None:
    plane = plane_with(a=(1, 3))
    plane.leg(1, PHONE, Play(("a",), 1))
    plane.player.forget("a")
    assert heard(plane, 1) == [1]
    plane.leg(1, PHONE, Silence())
    plane.player.forget("a")
    plane.leg(1, PHONE, Play(("a",), 2))
    assert plane.player.wanted == [("a", "PCMA")]
