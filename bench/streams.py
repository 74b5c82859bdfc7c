"""The audio of many phones in one process: one UDP socket each, 50 packets a second of PCMU, and a meter.

Sending and reading go round in phases of 1 ms, so that phones are spread evenly over a packet's time. Every packet
carries the time at which it was sent; the kernel notes when one arrives, so it does not matter when it is read. What is
common to the phones of a phase is done at once with numpy; what is left per packet is one system call.
"""

from __future__ import annotations

import ctypes
import socket
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from itertools import count

    from numpy.typing import NDArray

    from sip.flow import Address

PHASES = 20
READ_EVERY = 3
"""Packets of one phone that are left to come together before they are read."""
PACKETS_PER_SECOND = 50
LENGTH = 172
GAP = 0.060
"""Seconds between two packets that a jitter buffer of three of them does not hide."""

_SO_TIMESTAMPNS = 35
_DEPTH = 8  # packets of one phone read at once
_OUT, _IN, _CONTROL = 176, 256, 64  # bytes per row
_MAGIC = 0x736F6674
_MESSAGE = np.dtype(
    {
        "names": ["iov", "iovlen", "control", "controllen", "len"],
        "formats": ["u8", "u8", "u8", "u8", "u4"],
        "offsets": [16, 24, 32, 40, 56],
        "itemsize": 64,
    }
)
_IOVEC = np.dtype([("base", "u8"), ("len", "u8")])


@dataclass(frozen=True, slots=True)
class Heard:
    """What the phones heard in one window. Times in seconds."""

    seconds: float
    expected: int
    lost: int
    delays: NDArray[np.float64]
    largest_gap: float
    largest_own_gap: float
    """Between two packets that one phone itself sent."""
    gaps: int
    """Longer than `GAP`."""


class Streams:
    def __init__(self, capacity: int) -> None:
        rows = capacity * _DEPTH
        self._out = np.zeros((capacity, _OUT), np.uint8)
        self._out[:, 12:] = 0xFF
        self._sequence_out = self._out[:, 2:4].view(">u2")[:, 0]
        self._timestamp_out = self._out[:, 4:8].view(">u4")[:, 0]
        self._out[:, 0] = 0x80
        self._out[:, 8:12].view(">u4")[:, 0] = np.random.default_rng().integers(1, 1 << 32, capacity)
        self._out[:, 12:16].view(">u4")[:, 0] = _MAGIC
        self._stamp_out = self._out.view(np.int64)[:, 2]

        self._in = np.zeros((rows, _IN), np.uint8)
        self._sequence_in = self._in[:, 2:4].view(">u2")[:, 0]
        self._magic_in = self._in[:, 12:16].view(">u4")[:, 0]
        self._stamp_in = self._in.view(np.int64)[:, 2]
        self._control = np.zeros((rows, _CONTROL // 8), np.int64)  # cmsghdr (2 words), timespec (2 words)
        self._iov = np.zeros(rows, _IOVEC)
        self._iov["base"] = self._in.ctypes.data + np.arange(rows, dtype=np.uint64) * _IN
        self._iov["len"] = _IN
        self._messages = np.zeros(rows, _MESSAGE)
        self._messages["iov"] = self._iov.ctypes.data + np.arange(rows, dtype=np.uint64) * _IOVEC.itemsize
        self._messages["iovlen"] = 1
        self._messages["control"] = self._control.ctypes.data + np.arange(rows, dtype=np.uint64) * _CONTROL
        self._controllen = self._messages["controllen"].reshape(capacity, _DEPTH)
        self._length_in = self._messages["len"]
        self._recvmmsg = ctypes.PyDLL(None, use_errno=True).recvmmsg
        self._recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]

        self._sockets: list[socket.socket] = []
        self._live: list[dict[int, tuple[Callable[[], int], int, int]]] = [{} for _ in range(PHASES)]
        self._rows: list[NDArray[np.int64]] = [np.zeros(0, np.int64)] * PHASES
        self._stale = False
        self.send_errors = 0

        self._last_sequence = np.full(capacity, -1, np.int64)
        self._last_sent = np.zeros(capacity, np.int64)  # nanoseconds since the epoch, like all times below
        self._last_heard = np.zeros(capacity, np.int64)
        self._measuring = False
        self._from = 0
        self._advance = np.zeros(capacity, np.int64)
        self._received = np.zeros(capacity, np.int64)
        self._gap = np.zeros(capacity, np.int64)
        self._own_gap = np.zeros(capacity, np.int64)
        self._gaps = 0
        self._delays: list[NDArray[np.int64]] = []

    # ------------------------------------------------------------------------------------------------ phones
    def open(self, host: str, ports: count[int]) -> tuple[int, int]:
        """A phone on the next of *ports* that is free; returns its number and its port."""
        phone = len(self._sockets)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        for port in ports:
            try:
                sock.bind((host, port))
            except OSError:
                continue
            break
        self._sockets.append(sock)
        return phone, int(sock.getsockname()[1])

    def start(self, phone: int, remote: Address) -> None:
        """Send to *remote* from now on, and listen."""
        sock = self._sockets[phone]
        sock.connect(remote)
        send = partial(sock.send, memoryview(self._out[phone, :LENGTH].data))
        messages_at = self._messages.ctypes.data + phone * _DEPTH * _MESSAGE.itemsize
        self._live[phone % PHASES][phone] = (send, sock.fileno(), messages_at)
        self._last_sequence[phone] = -1
        self._last_sent[phone] = self._last_heard[phone] = time.time_ns()
        self._stale = True

    def stop(self, phone: int) -> None:
        self._live[phone % PHASES].pop(phone, None)
        self._stale = True

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()

    def __len__(self) -> int:
        return sum(map(len, self._live))

    # ------------------------------------------------------------------------------------------------ every tick
    def tick(self, number: int) -> None:
        if self._stale:
            self._rows = [np.fromiter(live, np.int64, len(live)) for live in self._live]
            self._stale = False
        phase = number % PHASES
        phones = self._rows[phase]
        if len(phones):
            if (number // PHASES + phase) % READ_EVERY == 0:
                self._read(phones, phase)
            self._send(phones, phase)

    def read_all(self) -> None:
        """Read what has come, whosever turn it is."""
        for phase, live in enumerate(self._live):
            if live:
                self._read(np.fromiter(live, np.int64, len(live)), phase)

    def _send(self, phones: NDArray[np.int64], phase: int) -> None:
        now = time.time_ns()
        self._sequence_out[phones] += 1
        self._timestamp_out[phones] += 160
        self._stamp_out[phones] = now
        if self._measuring:
            self._own_gap[phones] = np.maximum(self._own_gap[phones], now - self._last_sent[phones])
        self._last_sent[phones] = now
        for send, _, _ in self._live[phase].values():
            try:
                send()
            except OSError:  # the other end is gone, or the network is full
                self.send_errors += 1

    def _read(self, phones: NDArray[np.int64], phase: int) -> None:
        self._controllen[phones] = _CONTROL
        receive = self._recvmmsg
        counts = np.array(
            [
                receive(fd, messages_at, _DEPTH, socket.MSG_DONTWAIT, None)
                for _, fd, messages_at in self._live[phase].values()
            ]
        )
        for nth in range(int(counts.max(initial=0))):
            there = phones[counts > nth]
            self._hear(there, there * _DEPTH + nth)

    def _hear(self, phones: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """One packet for each of *phones* (none twice) lies in *rows*."""
        at = self._control[rows, 2] * 1_000_000_000 + self._control[rows, 3]
        sequence = self._sequence_in[rows].astype(np.int64)
        before = self._last_sequence[phones]
        step = (sequence - before + 0x8000) % 0x10000 - 0x8000
        known = before >= 0
        self._last_sequence[phones] = np.where(~known | (step > 0), sequence, before)
        gap = at - self._last_heard[phones]
        self._last_heard[phones] = at
        if not self._measuring:
            return
        self._received[phones] += ~known | (step != 0)  # one that came twice came once
        self._advance[phones] += np.where(known & (step > 0), step, np.where(known, 0, 1))
        self._gap[phones] = np.maximum(self._gap[phones], gap)
        self._gaps += int((gap > GAP * 1e9).sum())
        stamped = (self._magic_in[rows] == _MAGIC) & (self._length_in[rows] == LENGTH)
        if stamped.any():
            self._delays.append((at - self._stamp_in[rows])[stamped])

    # ------------------------------------------------------------------------------------------------ measuring
    def begin(self) -> None:
        """Open the window."""
        self.read_all()
        self._measuring = True
        self._from = time.time_ns()
        for column in (self._advance, self._received, self._gap, self._own_gap):
            column[:] = 0
        self._gaps = 0
        self._delays = []

    def end(self) -> Heard:
        """Close the window. Packets missing are counted by sequence number; silence, by the clock."""
        now = time.time_ns()
        self.read_all()
        self._measuring = False
        seconds = (now - self._from) / 1e9
        phones = np.concatenate([np.fromiter(live, np.int64, len(live)) for live in self._live])
        received = self._received[phones]
        missing = np.maximum(0, self._advance[phones] - received)
        # a packet at either edge may fall outside the window
        silent = np.maximum(0, int(seconds * PACKETS_PER_SECOND) - 2 - received - missing)
        gap = np.maximum(self._gap[phones], now - np.maximum(self._last_heard[phones], self._from))
        return Heard(
            seconds=seconds,
            expected=int((received + missing + silent).sum()),
            lost=int((missing + silent).sum()),
            delays=np.concatenate([np.zeros(0), *self._delays]) / 1e9,
            largest_gap=float(gap.max(initial=0)) / 1e9,
            largest_own_gap=float(self._own_gap[phones].max(initial=0)) / 1e9,
            gaps=self._gaps,
        )
