"""The meter of the phones, against packets whose loss and delay are known."""

from __future__ import annotations

import socket
import struct
import time
from itertools import count
from typing import TYPE_CHECKING

import pytest

from bench.streams import LENGTH, PHASES, READ_EVERY, Streams

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def far() -> Iterator[socket.socket]:
    """The other end of the phones."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(60.0)
        yield sock


@pytest.fixture
def streams(far: socket.socket) -> Iterator[Streams]:
    made = Streams(4)
    yield made
    made.close()


def open_phones(streams: Streams, far: socket.socket, number: int) -> list[tuple[str, int]]:
    addresses = []
    for _ in range(number):
        phone, port = streams.open("127.0.0.1", count(0, 0))
        streams.start(phone, far.getsockname())
        addresses.append(("127.0.0.1", port))
    return addresses


def packet(sequence: int, stamp_of: bytes = b"") -> bytes:
    return struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, 0, 1) + (stamp_of or bytes(160))


def round_of(streams: Streams) -> None:
    """Every phone sends once and reads what has come."""
    for number in range(PHASES):
        streams.tick(number)
    streams.read_all()


def test_each_phone_sends_one_packet_a_round_from_its_own_port(streams: Streams, far: socket.socket) -> None:
    open_phones(streams, far, 3)
    round_of(streams)
    round_of(streams)
    came = [far.recvfrom(2048) for _ in range(6)]
    assert len({address for _, address in came}) == 3
    assert {len(data) for data, _ in came} == {LENGTH}
    first = [data for data, address in came if address == came[0][1]]
    (one, two) = (struct.unpack_from("!BBHI", data) for data in first)
    assert (two[2] - one[2], two[3] - one[3]) == (1, 160)


def test_an_echo_is_heard_with_its_delay(streams: Streams, far: socket.socket) -> None:
    open_phones(streams, far, 2)
    streams.begin()
    round_of(streams)
    began = time.monotonic()
    for _ in range(2):
        data, address = far.recvfrom(2048)
        far.sendto(data, address)
    round_of(streams)
    passed = time.monotonic() - began
    heard = streams.end()
    assert len(heard.delays) == 2
    assert 0 < heard.delays.min() <= heard.delays.max() < passed + 1.0
    assert heard.lost == 0


def test_missing_sequence_numbers_are_lost_and_repeated_ones_are_not(streams: Streams, far: socket.socket) -> None:
    (address,) = open_phones(streams, far, 1)
    far.sendto(packet(0xFFFE), address)
    round_of(streams)
    streams.begin()
    for sequence in (0xFFFF, 0x10001, 0x10001, 0x10004):  # 0, 2 and 3 are missing
        far.sendto(packet(sequence), address)
        round_of(streams)
    heard = streams.end()
    assert (heard.expected - heard.lost, heard.lost) == (3, 3)
    assert not len(heard.delays)


def test_packets_are_read_in_their_turn_at_the_latest_after_three(streams: Streams, far: socket.socket) -> None:
    (address,) = open_phones(streams, far, 1)
    streams.begin()
    for number in range(READ_EVERY * PHASES + 1):
        if number < READ_EVERY:
            far.sendto(packet(number), address)
        streams.tick(number)
    assert int(streams._received.sum()) == READ_EVERY
    streams.end()


def test_silence_is_loss(streams: Streams, far: socket.socket) -> None:
    open_phones(streams, far, 1)
    streams.begin()
    streams._from -= 10**9  # a second ago
    heard = streams.end()
    assert heard.lost == heard.expected == 48
    assert heard.largest_gap == pytest.approx(heard.seconds, abs=1.0)


def test_what_came_in_time_is_no_silence(streams: Streams, far: socket.socket) -> None:
    (address,) = open_phones(streams, far, 1)
    streams.begin()
    streams._from -= 10**9
    for sequence in range(40):
        far.sendto(packet(sequence), address)
        round_of(streams)
    heard = streams.end()
    assert (heard.expected, heard.lost) == (48, 8)


def test_a_phone_that_was_stopped_sends_nothing_and_counts_for_nothing(streams: Streams, far: socket.socket) -> None:
    open_phones(streams, far, 2)
    streams.stop(0)
    assert len(streams) == 1
    streams.begin()
    streams._from -= 10**9
    round_of(streams)
    assert streams.end().expected == 48
    far.recvfrom(2048)
    far.setblocking(False)
    with pytest.raises(BlockingIOError):
        far.recvfrom(2048)
