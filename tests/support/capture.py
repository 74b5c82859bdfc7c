"""RTP as it was on the wire of the loopback interface; needs root. For clients that cannot record themselves well."""

from __future__ import annotations

import io
import socket
import struct
import threading
import time
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Self

import numpy as np
import soundfile

from tests.support.audio import RATE, Recording, silence

if TYPE_CHECKING:
    from collections.abc import Container
    from types import TracebackType

ETH_P_IP = 0x0800
PACKET_OUTGOING = 4
# socket(7) and packet(7); Python has no names for them
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
SOL_PACKET, PACKET_STATISTICS = 263, 6
CODECS = {0: "ULAW", 8: "ALAW"}


@dataclass(frozen=True, slots=True)
class RtpPacket:
    at: float  # monotonic seconds
    source: tuple[str, int]
    destination: tuple[str, int]
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


class Capture:
    """Packets sent to one of `ports` on loopback while the block lasts.

    The kernel says when each was sent: how busy this process is does not matter.
    """

    def __init__(self, ports: Container[int]) -> None:
        self._ports = ports
        self._packets: list[RtpPacket] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self._socket.bind(("lo", ETH_P_IP))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._wall = time.time() - time.monotonic()
        self._socket.settimeout(0.1)
        self._running = True
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running = False
        self._thread.join(5)
        _, dropped = struct.unpack("@II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        self._socket.close()
        if kind is None:
            assert not dropped, f"the kernel had no room for {dropped} packets"

    def packets(self, *, since: float = 0.0) -> list[RtpPacket]:
        """Audio and telephone-events in the order in which they came; RTCP is left out."""
        return [packet for packet in self._packets if packet.at >= since]

    def heard(self, port: int = 0, *, since: float = 0.0) -> Recording:
        """The audio of the packets, end to end; of those to one *port* if there are several."""
        audio = [
            packet
            for packet in self.packets(since=since)
            if packet.payload_type in CODECS and port in (0, packet.destination[1])
        ]
        runs = groupby(audio, key=lambda packet: packet.payload_type)
        parts = [_decode(b"".join(packet.payload for packet in run), kind) for kind, run in runs]
        return Recording(np.concatenate([silence(0), *parts]), audio[0].at if audio else since, "capture")

    def longest_gap(self, port: int = 0, *, since: float = 0.0) -> float:
        """Seconds of the longest wait between two audio packets, to one *port* if there are several."""
        times = [
            packet.at
            for packet in self.packets(since=since)
            if packet.payload_type in CODECS and port in (0, packet.destination[1])
        ]
        return float(max(np.diff(times), default=0.0))

    def _run(self) -> None:
        while self._running:
            try:
                data, ancillary, _, address = self._socket.recvmsg(65536, 64)
            except TimeoutError:
                continue
            if address[2] != PACKET_OUTGOING:  # each packet passes lo twice
                seconds, nanoseconds = struct.unpack("@qq", ancillary[0][2][:16])
                self._take(data, seconds + nanoseconds / 1e9 - self._wall)

    def _take(self, data: bytes, at: float) -> None:
        header = (data[0] & 15) * 4
        if data[9] != socket.IPPROTO_UDP or len(data) < header + 20:
            return
        source_port, port, length, _ = struct.unpack_from("!HHHH", data, header)
        rtp = data[header + 8 : header + length]
        if port not in self._ports or len(rtp) < 12 or rtp[0] >> 6 != 2 or 72 <= rtp[1] & 127 <= 76:
            return
        _, kind, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", rtp)
        source = (socket.inet_ntoa(data[12:16]), source_port)
        destination = (socket.inet_ntoa(data[16:20]), port)
        self._packets.append(
            RtpPacket(at, source, destination, kind & 127, kind >= 128, sequence, timestamp, ssrc, rtp[12:])
        )


def _decode(payload: bytes, kind: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    coded = io.BytesIO(payload)
    samples, _ = soundfile.read(coded, samplerate=RATE, channels=1, subtype=CODECS[kind], format="RAW", dtype="float32")
    return np.asarray(samples, dtype=np.float32)
