"""Many packets per system call, and one per call: both do the same with real sockets."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtp.latch import pack_address, unpack_address
from rtp.packet import ROW
from rtp.tables import Tables
from softswitch.media.mmsg import BatchIo, PacketIo, PortableIo, available, open_io

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOTS = 8


def udp(host: str = "127.0.0.1") -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    sock.settimeout(60.0)
    return sock


class Setting:
    def __init__(self, kind: type[BatchIo] | type[PortableIo]) -> None:
        self.lanes = [udp(), udp()]
        self.phones = [udp("127.0.0.2"), udp("127.0.0.3"), udp("127.0.0.4")]
        self.tables = Tables(SLOTS, receive_rows=64, send_rows=64)
        self.io: PacketIo = kind(self.tables, self.lanes)

    def close(self) -> None:
        for sock in self.lanes + self.phones:
            sock.close()


@pytest.fixture(params=[BatchIo, PortableIo])
def setting(request: pytest.FixtureRequest) -> Iterator[Setting]:
    if request.param is BatchIo and not available():
        pytest.skip("no recvmmsg here")
    made = Setting(request.param)
    yield made
    made.close()


def test_received_packets_are_described_by_row(setting: Setting) -> None:
    for n, phone in enumerate(setting.phones):
        for lane, sock in enumerate(setting.lanes):
            phone.sendto(bytes([n, lane]) * (n + 1), sock.getsockname())
    first = setting.io.receive(0, 0)
    second = setting.io.receive(1, first)
    assert (first, second) == (3, 3)
    io, tables = setting.io, setting.tables
    for row in range(6):
        size, word = int(io.lengths[row]), int(io.sources[row])
        n, lane = row % 3, row // 3
        assert tables.buffer[row, :size].tobytes() == bytes([n, lane]) * (n + 1)
        assert unpack_address(word) == setting.phones[n].getsockname()
        assert int(io.lanes[row]) == lane
    assert setting.io.receive(0, 6) == 0


def test_arrivals_are_read_from_a_clock_that_runs(setting: Setting) -> None:
    for _ in range(3):
        for _ in range(2):
            setting.phones[0].sendto(b"x", setting.lanes[0].getsockname())
        assert setting.io.receive(0, 0) == 2
        stamps = setting.io.arrivals[:2, 0] * 10**9 + setting.io.arrivals[:2, 1]
        assert stamps[0] <= stamps[1] < stamps[0] + 10**9
        assert stamps[0] > 1.7e18


def test_rows_run_out_before_packets_do(setting: Setting) -> None:
    for n in range(100):
        setting.phones[0].sendto(bytes([n]), setting.lanes[0].getsockname())
    assert setting.io.receive(0, 60) == 4
    assert setting.io.receive(0, 0) == 64
    assert setting.tables.buffer[:64, 0].tolist() == list(range(4, 68))
    assert setting.io.receive(0, 0) == 32


def test_a_packet_longer_than_a_row_fills_it(setting: Setting) -> None:
    setting.phones[0].sendto(b"x" * 5000, setting.lanes[0].getsockname())
    assert setting.io.receive(0, 0) == 1
    assert int(setting.io.lengths[0]) == ROW
    setting.phones[0].sendto(b"", setting.lanes[0].getsockname())
    assert setting.io.receive(0, 0) == 1
    assert int(setting.io.lengths[0]) == 0


@pytest.mark.parametrize("only_lane", [None, 1])
def test_the_out_list_is_sent_from_each_legs_lane_to_its_destination(setting: Setting, only_lane: int | None) -> None:
    tables = setting.tables
    for slot, phone in enumerate(setting.phones, 1):
        tables.sources.destination[slot, 0] = pack_address(phone.getsockname())
        tables.sources.lane[slot] = slot % 2 if only_lane is None else only_lane
    setting.io.only_lane = only_lane
    for row in range(9):
        tables.buffer[row, :20] = row
    tables.out.append((np.array([1, 2, 3, 1]), np.array([0, 1, 2, 3]), 20))
    tables.out.append((np.array([3, 2, 1]), np.array([4, 5, 6]), np.array([1, 2, 3])))
    setting.io.send()
    expected = {1: [(0, 20), (3, 20), (6, 3)], 2: [(1, 20), (5, 2)], 3: [(2, 20), (4, 1)]}
    for slot, phone in enumerate(setting.phones, 1):
        for row, size in expected[slot]:
            data, source = phone.recvfrom(100)
            assert data == bytes([row]) * size
            assert source == setting.lanes[slot % 2 if only_lane is None else only_lane].getsockname()
    assert tables.out == []
    setting.io.send()


def test_what_cannot_be_sent_is_counted_and_the_others_are_sent(setting: Setting) -> None:
    tables = setting.tables
    tables.sources.destination[1, 0] = pack_address(("255.255.255.255", 9))  # not without asking for broadcast
    tables.sources.destination[2, 0] = pack_address(setting.phones[0].getsockname())
    tables.out.append((np.array([1, 2, 1, 2]), np.array([0, 1, 2, 3]), 20))
    setting.io.send()
    assert setting.io.unsent == 2
    assert len([setting.phones[0].recv(100) for _ in range(2)]) == 2


def test_the_portable_way_can_be_forced() -> None:
    lane = udp()
    tables = Tables(SLOTS, receive_rows=8, send_rows=8)
    assert isinstance(open_io(tables, [lane], portable=True), PortableIo)
    assert isinstance(open_io(tables, [lane]), BatchIo if available() else PortableIo)
    lane.close()
