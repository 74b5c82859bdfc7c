"""What control and workers say to each other survives the journey."""

from __future__ import annotations

import itertools
import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp import legs
from rtp.legs import Bridge, Carriage, Conference, Echo, LegSpec, MediaEvent, Music, Play, Silence, Tone
from softswitch.media import protocol
from softswitch.media.protocol import Decoder, ProtocolError

SPEC = LegSpec(
    leg=7,
    port=30000,
    remote=("10.0.0.1", 4000),
    candidate_ips=("10.0.0.1", "10.0.0.2"),
    codec="PCMU",
    payload_type=0,
    telephone_event=101,
    telephone_event_rx=96,
    source=Silence(),
    send=False,
    detect_inband=True,
    ssrc=0xFFFFFFFF,
    media_timeout=30.0,
    latched=("10.0.0.3", 4002),
    record="/var/lib/softswitch/recordings/a.wav",
    record_seconds=60.0,
    record_quiet=3.0,
)

EVENTS: list[MediaEvent] = [
    legs.Latched(1, ("10.0.0.1", 4000)),
    legs.Digit(1, "#", Carriage.INBAND, 12.5),
    legs.PlayFinished(1, 2),
    legs.AssetUnavailable(1, "a.wav", "does not exist"),
    legs.MusicPosition(1, "default", 1.5),
    legs.MediaTimeout(1, 30.0),
    legs.Recorded(1, "/a.wav", 2.5, "No space left on device", 1.5),
    legs.RecordingQuiet(1, "/a.wav", 3.0),
    legs.LegStats(1, 2, 3, 4, 5, 0.006, 7, 8, None, None, None, {"excess": 9}, True),
    legs.LegRefused(1, "no"),
    legs.WorkerHealth(0, 1, 2, 0.1, 0.2, 3, 4, {"late": 5}),
]


def over_the_wire(message: protocol.Message) -> protocol.Message:
    (back,) = Decoder().feed(protocol.encode([message]))
    return back


@pytest.mark.parametrize(
    "source",
    [
        Silence(),
        Echo(),
        Bridge(9),
        Tone("busy"),
        Conference("sales"),
        Conference("sales", ()),
        Conference("sales", (7, 9), chime=True),
        Music("default"),
        Music("default", 1.5),
        Play(("a.wav", "b.wav"), 3, True, 0.5),
        Play((), 4),
    ],
)
def test_a_spec_arrives_as_it_was(source: legs.Source) -> None:
    spec = replace(SPEC, source=source)
    assert protocol.spec_from_wire(over_the_wire(protocol.spec_to_wire(spec))) == spec
    bare = LegSpec(leg=1, port=2, remote=None, source=source)
    assert protocol.spec_from_wire(over_the_wire(protocol.spec_to_wire(bare))) == bare


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_arrives_as_it_was(event: MediaEvent) -> None:
    verb, name, values = over_the_wire(protocol.event_to_wire(event))
    back = protocol.event_from_wire(name, values)
    assert verb == protocol.EVENT
    assert back == event
    assert [type(getattr(back, field.name)) for field in fields(back)] == [
        type(getattr(event, field.name)) for field in fields(event)
    ]


def test_every_event_of_a_worker_has_been_tried() -> None:
    of_workers = set(MediaEvent.__args__) - {legs.WorkerRestarted}
    assert {type(event) for event in EVENTS} == of_workers


@given(
    st.lists(st.lists(st.text(), min_size=1).map(list[object]), max_size=6), st.lists(st.integers(0, 400), max_size=9)
)
def test_messages_arrive_whatever_way_the_stream_is_cut(messages: list[protocol.Message], cuts: list[int]) -> None:
    stream = protocol.encode(messages[:3]) + protocol.encode(messages[3:])
    decoder, arrived = Decoder(), []
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for begin, end in itertools.pairwise(places):
        arrived += decoder.feed(stream[begin:end])
    assert arrived == messages


@pytest.mark.parametrize("body", [b"{", b"{}", b"[1]", b"[[]]", b"\xff\xff"])
def test_what_is_not_a_list_of_messages_is_refused(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        Decoder().feed(len(body).to_bytes(4, "big") + body)


def test_a_frame_that_claims_to_be_huge_is_refused_at_once() -> None:
    with pytest.raises(ProtocolError):
        Decoder().feed(b"\xff\xff\xff\xff")


def test_a_frame_is_readable_json() -> None:
    assert json.loads(protocol.encode([["remove", 7]])[4:]) == [["remove", 7]]
