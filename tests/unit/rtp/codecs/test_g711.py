"""G.711 against the standard's own numbers and against FFmpeg."""

from __future__ import annotations

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.codecs import g711

EVERY_OCTET = np.arange(256, dtype=np.uint8)
EVERY_SAMPLE = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
FFMPEG = {"PCMA": "pcm_alaw", "PCMU": "pcm_mulaw"}
LAWS = ["PCMA", "PCMU"]


def ffmpeg_decode(law: str, octets: bytes) -> g711.Pcm:
    context = av.CodecContext.create(FFMPEG[law], "r")
    context.sample_rate = 8000  # type: ignore[attr-defined]
    context.layout = "mono"  # type: ignore[attr-defined]
    frames = context.decode(av.Packet(octets))  # type: ignore[attr-defined]
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])


def ffmpeg_encode(law: str, pcm: g711.Pcm) -> g711.Octets:
    context = av.CodecContext.create(FFMPEG[law], "w")
    context.sample_rate = 8000  # type: ignore[attr-defined]
    context.layout = "mono"  # type: ignore[attr-defined]
    context.format = "s16"  # type: ignore[attr-defined]
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = 8000
    return np.frombuffer(b"".join(bytes(p) for p in context.encode(frame)), np.uint8)  # type: ignore[attr-defined]


@pytest.mark.parametrize("law", LAWS)
def test_every_octet_decodes_as_ffmpeg_decodes_it(law: str) -> None:
    assert np.array_equal(g711.decode(law, EVERY_OCTET), ffmpeg_decode(law, EVERY_OCTET.tobytes()))


@pytest.mark.parametrize("law", LAWS)
def test_every_sample_encodes_as_ffmpeg_encodes_it_or_to_the_neighbour_across_a_decision_value(law: str) -> None:
    ours, theirs = g711.encode(law, EVERY_SAMPLE), ffmpeg_encode(law, EVERY_SAMPLE)
    differing = ours != theirs
    assert differing.mean() < 0.016
    outputs = np.unique(g711.decode(law, EVERY_OCTET))
    rank, their_rank = (np.searchsorted(outputs, g711.decode(law, octets)) for octets in (ours, theirs))
    assert np.abs(rank - their_rank).max() == 1


@pytest.mark.parametrize("law", LAWS)
def test_quantisation_error_is_within_half_a_step(law: str) -> None:
    inside = EVERY_SAMPLE[np.abs(EVERY_SAMPLE.astype(int)) < 31_600]
    error = np.abs(g711.decode(law, g711.encode(law, inside)).astype(int) - inside)
    step = np.maximum(np.abs(inside.astype(int)) / 16, 16)
    assert np.all(error <= step / 2 + 5)


@pytest.mark.parametrize(
    ("law", "sample", "octet"),
    # G.711 tables 1 and 2: both ends and the middle.
    [
        ("PCMU", 32767, 0x80),
        ("PCMU", -32768, 0x00),
        ("PCMU", 0, 0xFF),
        ("PCMU", -8, 0x7E),
        ("PCMA", 32767, 0xAA),
        ("PCMA", -32768, 0x2A),
        ("PCMA", 0, 0xD5),
        ("PCMA", -1, 0x55),
    ],
)
def test_values_of_the_standard(law: str, sample: int, octet: int) -> None:
    assert g711.encode(law, np.array([sample], dtype=np.int16)).tolist() == [octet]


@pytest.mark.parametrize("law", LAWS)
def test_decoding_and_encoding_again_changes_no_octet_but_the_negative_zero_of_mu_law(law: str) -> None:
    again = g711.encode(law, g711.decode(law, EVERY_OCTET))
    assert np.flatnonzero(again != EVERY_OCTET).tolist() == ([0x7F] if law == "PCMU" else [])


def test_conversion_between_the_laws_is_decoding_and_encoding() -> None:
    assert np.array_equal(g711.ALAW_TO_ULAW, g711.encode("PCMU", g711.decode("PCMA", EVERY_OCTET)))
    assert np.array_equal(g711.ULAW_TO_ALAW, g711.encode("PCMA", g711.decode("PCMU", EVERY_OCTET)))


def test_converting_there_and_back_stays_within_one_step_and_keeps_the_sign() -> None:
    for there, back, law in (
        (g711.ALAW_TO_ULAW, g711.ULAW_TO_ALAW, "PCMA"),
        (g711.ULAW_TO_ALAW, g711.ALAW_TO_ULAW, "PCMU"),
    ):
        before = g711.decode(law, EVERY_OCTET).astype(int)
        after = g711.decode(law, back[there[EVERY_OCTET]]).astype(int)
        assert np.all(np.abs(after - before) <= np.maximum(np.abs(before) / 16, 16))
        loud = np.abs(before) > 16
        assert np.all(np.sign(after[loud]) == np.sign(before[loud]))


def test_silence_of_one_law_is_silence_of_the_other() -> None:
    assert g711.ALAW_TO_ULAW[g711.SILENCE["PCMA"]] in (g711.SILENCE["PCMU"], 0xFE)
    assert g711.ULAW_TO_ALAW[g711.SILENCE["PCMU"]] == g711.SILENCE["PCMA"]


def test_shapes_are_kept_and_strided_input_is_taken() -> None:
    batch = np.arange(640, dtype=np.int16).reshape(2, 320)[:, ::2]
    octets = g711.encode("PCMA", batch)
    assert octets.shape == (2, 160)
    assert g711.decode("PCMA", octets).shape == (2, 160)
    assert np.array_equal(octets[1], g711.encode("PCMA", batch[1].copy()))


@pytest.mark.parametrize("law", LAWS)
@given(a=st.integers(-32768, 32767), b=st.integers(-32768, 32767))
def test_louder_never_decodes_quieter(law: str, a: int, b: int) -> None:
    low, high = sorted((a, b))
    decoded = g711.decode(law, g711.encode(law, np.array([low, high], dtype=np.int16)))
    assert decoded[0] <= decoded[1]
