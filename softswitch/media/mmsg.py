"""Packets in and out of the lanes' sockets, many per system call.

`recvmmsg` and `sendmmsg` are called through ctypes on numpy arrays laid out as the kernel's structures: pointers are
set once, lengths and addresses are read and written as columns. `PortableIo` does the same one packet at a time, for
platforms without these calls.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from rtp.latch import pack_address, unpack_address
from rtp.packet import ROW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtp.tables import Tables

    Ints = NDArray[np.int64]

#: struct mmsghdr, struct iovec, struct sockaddr_in of 64-bit Linux.
_MMSGHDR = np.dtype(
    {
        "names": ["name", "namelen", "iov", "iovlen", "control", "controllen", "flags", "len"],
        "formats": ["u8", "u4", "u8", "u8", "u8", "u8", "i4", "u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 48, 56],
        "itemsize": 64,
    }
)
_IOVEC = np.dtype([("base", "u8"), ("len", "u8")])
_SOCKADDR = 16
_CONTROL = 32  # a control message that holds one struct timespec
SO_TIMESTAMPNS = 35
_MOST = 1024  # UIO_MAXIOV: more messages in one call are refused

_TRY_LATER = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS})


class PacketIo(Protocol):
    """Fills the first rows of the plane's buffer, and sends what stands in its out list.

    After `receive`, `lengths`, `sources`, `lanes` and `arrivals` describe the rows.
    """

    lengths: NDArray[np.uint32]
    sources: NDArray[np.uint64]
    lanes: NDArray[np.uint64]
    arrivals: Ints
    """(seconds, nanoseconds) since 1970"""
    unsent: int
    only_lane: int | None
    """Set when all legs are on one lane."""

    def receive(self, lane: int, used: int) -> int:
        """Append what waits at *lane* after the first *used* rows; returns how many packets came."""

    def send(self) -> None:
        """Send and empty the out list. What the network does not take is counted in `unsent`, never waited for."""


def available() -> bool:
    """Whether `BatchIo` works here."""
    return sys.platform == "linux" and sys.byteorder == "little" and ctypes.sizeof(ctypes.c_void_p) == 8


def open_io(tables: Tables, sockets: Sequence[socket.socket], *, portable: bool = False) -> PacketIo:
    return PortableIo(tables, sockets) if portable or not available() else BatchIo(tables, sockets)


def _pointer(array: NDArray[Any]) -> int:
    return array.ctypes.data


class BatchIo:
    def __init__(self, tables: Tables, sockets: Sequence[socket.socket]) -> None:
        self._tables = tables
        self._fds = [sock.fileno() for sock in sockets]
        rows = tables.receive_rows
        self._names = np.zeros((rows, 2), np.uint64)
        self._iov_in = np.zeros(rows, _IOVEC)
        self._iov_in["base"] = _pointer(tables.buffer) + np.arange(rows, dtype=np.uint64) * ROW
        self._iov_in["len"] = ROW
        self._in = self._messages(rows, self._iov_in)
        self._in["name"] = _pointer(self._names) + np.arange(rows, dtype=np.uint64) * _SOCKADDR
        self._control = np.zeros((rows, _CONTROL // 8), np.int64)
        self._in["control"] = _pointer(self._control) + np.arange(rows, dtype=np.uint64) * _CONTROL
        self._control_lengths = self._in["controllen"]
        self._control_lengths[:] = _CONTROL
        self.arrivals = self._control[:, 2:4]
        self.lengths = self._in["len"]
        self.sources = self._names[:, 0]
        self.lanes = np.zeros(rows, np.uint64)

        self._used = 0
        for sock in sockets:
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

        out = len(tables.buffer)
        self._iov_out = np.zeros(out, _IOVEC)
        self._out = self._messages(out, self._iov_out)
        self._out_base, self._out_len, self._out_name = self._iov_out["base"], self._iov_out["len"], self._out["name"]
        self._row_at = _pointer(tables.buffer) + np.arange(out, dtype=np.uint64) * ROW
        destinations = tables.sources.destination
        self._destination_at = _pointer(destinations) + np.arange(len(destinations), dtype=np.uint64) * _SOCKADDR
        self.unsent = 0
        self.only_lane: int | None = None

        # PyDLL keeps the GIL: these calls never block, and another thread (the loader of assets) must not cut in.
        libc = ctypes.PyDLL(None, use_errno=True)
        self._recvmmsg = libc.recvmmsg
        self._recvmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]
        self._sendmmsg = libc.sendmmsg
        self._sendmmsg.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
        self._in_at, self._out_at = _pointer(self._in), _pointer(self._out)

    @staticmethod
    def _messages(count: int, iov: NDArray[Any]) -> NDArray[Any]:
        messages = np.zeros(count, _MMSGHDR)
        messages["namelen"] = _SOCKADDR
        messages["iov"] = _pointer(iov) + np.arange(count, dtype=np.uint64) * _IOVEC.itemsize
        messages["iovlen"] = 1
        return messages

    def receive(self, lane: int, used: int) -> int:
        room = min(self._tables.receive_rows - used, _MOST)
        if used == 0 and self._used:  # the kernel wrote over them
            self._control_lengths[: self._used] = _CONTROL
            self._used = 0
        count = self._recvmmsg(self._fds[lane], self._in_at + used * 64, room, socket.MSG_DONTWAIT, None)
        if count <= 0:  # nothing there, or an ICMP error of an earlier packet, which says nothing about this lane
            return 0
        self.lanes[used : used + count] = lane
        self._used = used + count
        return int(count)

    def send(self) -> None:
        if not self._tables.out:
            return
        slots, rows, lengths = self._taken()
        count = len(slots)
        if self.only_lane is None:
            lanes = self._tables.sources.lane.take(slots)
            order = lanes.argsort(kind="stable")
            slots, rows, lanes = slots[order], rows[order], lanes[order]
            if not isinstance(lengths, int):
                lengths = lengths[order]
        self._out_base[:count] = self._row_at.take(rows)
        self._out_len[:count] = lengths
        self._out_name[:count] = self._destination_at.take(slots)
        if self.only_lane is not None:
            self._send_lane(self._fds[self.only_lane], 0, count)
            return
        borders = (np.flatnonzero(lanes[1:] != lanes[:-1]) + 1).tolist()
        for first, last in zip([0, *borders], [*borders, count], strict=True):
            self._send_lane(self._fds[int(lanes[first])], first, last)

    def _taken(self) -> tuple[Ints, Ints, Ints | int]:
        """The out list as one, and empty from here on."""
        out = self._tables.out
        if len(out) == 1:
            return out.pop()
        slots = np.concatenate([part[0] for part in out])
        rows = np.concatenate([part[1] for part in out])
        lengths = np.concatenate([np.broadcast_to(part[2], len(part[0])) for part in out])
        out.clear()
        return slots, rows, lengths

    def _send_lane(self, fd: int, first: int, last: int) -> None:
        while first < last:
            sent = self._sendmmsg(fd, self._out_at + first * 64, min(last - first, _MOST), socket.MSG_DONTWAIT)
            if sent > 0:
                first += sent
            elif ctypes.get_errno() in _TRY_LATER:
                self.unsent += last - first
                return
            else:  # this one's destination is unreachable or refused; the others' are not
                self.unsent += 1
                first += 1


class PortableIo:
    def __init__(self, tables: Tables, sockets: Sequence[socket.socket]) -> None:
        self._tables = tables
        self._sockets = list(sockets)
        for sock in self._sockets:
            sock.setblocking(False)
        rows = tables.receive_rows
        self.lengths = np.zeros(rows, np.uint32)
        self.sources = np.zeros(rows, np.uint64)
        self.lanes = np.zeros(rows, np.uint64)
        self.arrivals = np.zeros((rows, 2), np.int64)
        self.unsent = 0
        self.only_lane: int | None = None
        self._rows = [memoryview(row.data) for row in tables.buffer]
        self._words: dict[tuple[str, int], int] = {}

    def receive(self, lane: int, used: int) -> int:
        sock, at = self._sockets[lane], used
        while at < self._tables.receive_rows:
            try:
                size, address = sock.recvfrom_into(self._rows[at])
            except BlockingIOError:
                break
            except OSError:  # an ICMP error of an earlier packet
                continue
            if (word := self._words.get(address)) is None:
                if not address[1]:  # nobody can be answered at port 0
                    continue
                if len(self._words) > 65536:
                    self._words.clear()
                word = self._words[address] = pack_address(address)
            self.lengths[at], self.sources[at], self.lanes[at] = size, word, lane
            self.arrivals[at] = divmod(time.time_ns(), 1_000_000_000)
            at += 1
        return at - used

    def send(self) -> None:
        tables = self._tables
        for slots, rows, lengths in tables.out:
            sizes = np.broadcast_to(lengths, len(slots))
            for slot, row, size in zip(slots.tolist(), rows.tolist(), sizes.tolist(), strict=True):
                sock = self._sockets[int(tables.sources.lane[slot])]
                try:
                    sock.sendto(self._rows[row][:size], unpack_address(int(tables.sources.destination[slot, 0])))
                except OSError:
                    self.unsent += 1
        tables.out.clear()
