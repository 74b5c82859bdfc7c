"""A phone without signalling: one UDP socket that talks RTP in real time and remembers what it heard."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import numpy as np

from rtp.codecs.g711 import decode, encode
from rtp.packet import RtpError, RtpPacket, parse_rtp
from rtp.tones import sine

if TYPE_CHECKING:
    from rtp.legs import Address


class MediaPhone:
    def __init__(self, host: str, *, hertz: float = 440.0, law: str = "PCMA", ssrc: int = 0x5000) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.setblocking(False)
        self.address: Address = self.socket.getsockname()
        self.heard: list[RtpPacket] = []
        self.times: list[float] = []
        self.law = law
        self._tone = encode(law, sine(hertz, 1.0)).reshape(-1, 160)
        self._ssrc = ssrc
        self._sent = 0
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> MediaPhone:
        asyncio.get_running_loop().add_reader(self.socket, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        self.hush()
        asyncio.get_running_loop().remove_reader(self.socket)
        self.socket.close()

    def talk(self, to: Address) -> None:
        """Send its tone to *to* until `hush`."""
        self.hush()
        self._task = asyncio.get_running_loop().create_task(self._talk(to))

    def hush(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def send(
        self, to: Address, payload: bytes | None = None, *, kind: int | None = None, timestamp: int | None = None
    ) -> None:
        """The next packet of the phone's stream."""
        payload = self._tone[self._sent % len(self._tone)].tobytes() if payload is None else payload
        kind = (8 if self.law == "PCMA" else 0) if kind is None else kind
        stamp = 160 * self._sent & 0xFFFFFFFF if timestamp is None else timestamp
        packet = RtpPacket(kind, self._sent & 0xFFFF, stamp, self._ssrc, payload)
        self._sent += 1
        self.socket.sendto(packet.serialize(), to)

    def forget(self) -> None:
        self.heard.clear()
        self.times.clear()

    def hears(self, hertz: float, *, last: int = 10) -> bool:
        """Whether most of the power of the *last* packets is at one frequency."""
        if len(self.heard) < last:
            return False
        payload = b"".join(packet.payload for packet in self.heard[-last:])
        kind = self.heard[-1].payload_type
        pcm = decode("PCMA" if kind == 8 else "PCMU", np.frombuffer(payload, np.uint8)).astype(np.float64)
        power = float((pcm**2).mean())
        turn = np.exp(-2j * np.pi * hertz * np.arange(len(pcm)) / 8000)
        return power > 1e4 and 2 * abs(complex((pcm * turn).mean())) ** 2 > 0.6 * power

    def longest_gap(self) -> float:
        """Seconds between two packets heard one after the other, at most."""
        return float(np.diff(self.times).max()) if len(self.times) > 1 else float("inf")

    async def until(self, hertz: float, *, within: float = 5.0) -> None:
        """Return as soon as the tone is heard; TimeoutError when it is not."""
        async with asyncio.timeout(within):
            while not self.hears(hertz):
                self._news.clear()
                await self._news.wait()

    def _receive(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                data = self.socket.recv(2048)
                with contextlib.suppress(RtpError):
                    self.heard.append(parse_rtp(data))
                    self.times.append(asyncio.get_running_loop().time())
                    self._news.set()

    async def _talk(self, to: Address) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for n in range(1_000_000):
            self.send(to)
            await asyncio.sleep(max(0.0, start + 0.02 * (n + 1) - loop.time()))
