from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.errors import FramingError
from sip.framing import StreamFramer
from sip.grammar import MAX_MESSAGE


def message(length: str = "Content-Length: 4", body: bytes = b"body", more: str = "") -> bytes:
    return (
        f"MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n"
        f"Call-ID: 1\r\nCSeq: 1 MESSAGE\r\n{more}{length}\r\n\r\n"
    ).encode() + body


def test_whole_messages_come_out_as_they_are_completed() -> None:
    framer = StreamFramer()
    one, two = message(), message("l : 0", b"")
    assert framer.feed(one + two + one[:-1]) == [one, two]
    assert framer.pending == len(one) - 1
    assert framer.feed(one[-1:]) == [one]
    assert framer.pending == 0


def test_keep_alives_between_messages_are_counted() -> None:
    framer = StreamFramer()
    assert framer.feed(b"\r\n") == []
    assert framer.pings == 0
    assert framer.feed(b"\r\n\r\n\r\n" + message()) == [message()]
    assert framer.take_pings() == 2
    assert framer.take_pings() == 0


def test_a_single_empty_line_between_messages_is_no_keep_alive() -> None:
    framer = StreamFramer()
    framer.feed(message() + b"\r\n" + message() + b"\r\n" + message())
    assert framer.pings == 0


@pytest.mark.parametrize(
    "field",
    ["Content-Length:4", "content-length : 4", "L:\r\n 4", "l\r\n : 4", "CONTENT-LENGTH\t:\t0004 \t", "l: 4\r\n \t"],
)
def test_content_length_is_seen_however_it_is_spelled(field: str) -> None:
    assert StreamFramer().feed(message(field) * 2) == [message(field)] * 2


@pytest.mark.parametrize(
    "field",
    [
        "Content-Length: -4", "Content-Length: +4", "Content-Length: 4, 4", "Content-Length: 4\r\n 0",
        "Content-Length:",
        "Content-Length: 4\r\nl: 4", "Content-Length: 4\r\nL : 99", "X-Length: 4", "Content-Length: 0x4",
        "Content-Length: 100000000000000000000", "Content-Length: 65536", "X: y\nContent-Length: 4",
    ],
)  # fmt: skip
def test_a_length_that_cannot_be_trusted_closes_the_stream(field: str) -> None:
    framer = StreamFramer()
    inner = b"INVITE sip:evil@b SIP/2.0\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(FramingError) as caught:
        framer.feed(message() + message(field, inner))
    assert caught.value.messages == (message(),)
    assert caught.value.partial is not None
    assert caught.value.status in (400, 513)
    assert framer.feed(inner) == []


def test_a_body_is_never_taken_for_a_request() -> None:
    inner = message()
    outer = message(f"Content-Length: {len(inner)}", inner)
    assert StreamFramer().feed(outer) == [outer]


def test_an_endless_header_is_given_up_at_the_limit() -> None:
    framer = StreamFramer()
    framer.feed(message()[:-60] + b"\r\n")
    line = b"X: " + b"a" * 1000 + b"\r\n"
    for _ in range((MAX_MESSAGE - framer.pending) // len(line)):
        framer.feed(line)
    with pytest.raises(FramingError) as caught:
        framer.feed(line)
    assert caught.value.status == 513
    assert framer.pending == 0


PARTS = [message(), message("l: 0", b""), b"\r\n\r\n", b"\r\n", message("l: -1"), message("X: y"), b"noise"]


@given(st.lists(st.sampled_from(PARTS), max_size=6), st.lists(st.integers(0, 2000), max_size=12))
def test_any_chunking_gives_the_same(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    assert frames(stream, [cut for cut in sorted(cuts) if cut < len(stream)]) == frames(stream, [])
    assert frames(stream, list(range(len(stream)))) == frames(stream, [])


def frames(stream: bytes, cuts: list[int]) -> tuple[list[bytes], int, bool]:
    framer = StreamFramer()
    found: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        try:
            found += framer.feed(stream[start:end])
        except FramingError as error:
            return [*found, *error.messages], framer.pings, True
    return found, framer.pings, False
