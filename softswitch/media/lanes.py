"""The sockets of a media worker: for each lane one for RTP and, on the next port, one for RTCP (RFC 3550 §11)."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from typing import TYPE_CHECKING

from softswitch.media.mmsg import SO_TIMESTAMPNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtp.legs import Address

SOCKET_BUFFER = 4 << 20
EXPEDITED_FORWARDING = 0xB8  # DSCP 46, RFC 3246
PACKET_IN_KERNEL = 768
"""Octets that a 20 ms packet takes up in a socket's buffer on Linux."""
LATENESS_BORNE = 0.25
MOST_RTCP = 16
"""RTCP datagrams of one lane handled in one beat."""


class Lanes:
    """Opens them all. Raises OSError, which names the port."""

    def __init__(self, host: str, ports: Sequence[int]) -> None:
        pairs = [_open(host, port) for port in ports]
        self.rtp = [rtp for rtp, _ in pairs]
        self._rtcp = [rtcp for _, rtcp in pairs]
        self._lane_of = {sock.fileno(): lane for lane, sock in enumerate(self._rtcp)}

    def watch_reports(self, poll: select.epoll | select.poll) -> None:
        """Have *poll* tell when RTCP has come; the kernel notes when, for the round trip."""
        for sock in self._rtcp:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            poll.register(sock, select.POLLIN)

    def reports(self, fd: int) -> Iterator[tuple[int, Address, bytes, float]]:
        """What has come to the RTCP socket *fd*: lane, sender, datagram, wall time of its arrival."""
        lane = self._lane_of[fd]
        for _ in range(MOST_RTCP):
            try:
                data, attached, _, address = self._rtcp[lane].recvmsg(2048, 64)
            except OSError:  # nothing more, or an ICMP error of an earlier report
                return
            wall = time.time()
            for _, kind, stamp in attached:  # when it came, so that the wait for this beat is no part of the round trip
                if kind == SO_TIMESTAMPNS and len(stamp) == 16:
                    seconds, nanoseconds = struct.unpack("=qq", stamp)
                    wall = seconds + nanoseconds * 1e-9
            if address[1]:
                yield lane, address, data, wall

    def report(self, lane: int, to: Address, packet: bytes) -> None:
        """Send RTCP; what cannot be sent is lost, like any packet."""
        with contextlib.suppress(OSError):
            self._rtcp[lane].sendto(packet, to)

    def legs_per_lane(self) -> int:
        """How many legs' packets a lane's socket can hold while a beat is late."""
        size = min(sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) for sock in self.rtp)
        return max(1, int(size / (PACKET_IN_KERNEL * 50 * LATENESS_BORNE)))


def _open(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    pair = []
    for offset in (0, 1):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        for plain, force in ((socket.SO_RCVBUF, 33), (socket.SO_SNDBUF, 32)):  # SO_…BUFFORCE: beyond rmem_max
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, plain, SOCKET_BUFFER)
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, force, SOCKET_BUFFER)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED_FORWARDING)
        try:
            sock.bind((host, port + offset))
        except OSError as error:
            raise OSError(f"UDP port {port + offset} of {host}: {error.strerror}") from error
        pair.append(sock)
    return pair[0], pair[1]
