"""The sound of one call at a phone: a socket, what is sent into it every 20 ms, and a recording of what comes out."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtp.codecs.g711 import FRAME_SAMPLES, SILENCE, encode
from rtp.dtmf import TelephoneEventReceiver, event_packets
from rtp.negotiate import MediaAddress
from rtp.packet import RtpError, RtpPacket, is_rtcp, parse_rtp
from rtp.tones import dtmf, silence
from softswitch.phones.recording import Recording
from softswitch.phones.ticker import TICK

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtp.codecs.g711 import Pcm
    from rtp.dtmf import EventPacket
    from rtp.negotiate import AudioSettings
    from softswitch.ids import RandomIds
    from softswitch.phones.ticker import Ticker

log = logging.getLogger(__name__)

KEY_SECONDS: Final = 0.12
PAUSE_SECONDS: Final = 0.08
_BATCH: Final = 64
_MTU: Final = 2048


@dataclass(slots=True)
class _Playing:
    """Sound on its way: frames of samples, and who waits for the last one to be sent."""

    frames: deque[Pcm]
    done: asyncio.Future[bool]


@dataclass(slots=True)
class _Key:
    """One key: its packets are made when its turn comes."""

    digit: str
    packets: deque[EventPacket] | None = None
    timestamp: int = 0
    ticks: int = 0  # since the key went down
    done: asyncio.Future[bool] | None = None


class Line:
    """Sends from the moment `connect` says where to, records from the moment it is made. Close it when done."""

    def __init__(self, host: str, ticker: Ticker, ids: RandomIds) -> None:
        """Binds a free even port on *host* (RFC 3550 §11). Raises OSError."""
        self._loop = asyncio.get_running_loop()
        self._ticker = ticker
        self._socket = _even_socket(host)
        self.local = MediaAddress(host, self._socket.getsockname()[1])
        self.heard = Recording(self._loop.time())
        self.settings: AudioSettings | None = None
        #: Called with each key that the far end presses.
        self.on_digit: Callable[[str], None] = lambda digit: None
        #: Packets sent so far, of sound and of keys.
        self.sent = 0
        self._ssrc = ids.ssrc()
        self._sequence_number = ids.ssrc() & 0xFFFF
        self._timestamp = ids.ssrc()
        self._marker = True
        self._playing: _Playing | None = None
        self._keys: deque[_Key] = deque()
        self._pause = 0  # ticks before the next key may go down
        self._events = TelephoneEventReceiver()
        self._tick_handle: int | None = None
        self._closed = False
        self._loop.add_reader(self._socket, self._readable)

    # --- sending ------------------------------------------------------------------------------------------------

    def connect(self, settings: AudioSettings) -> None:
        """What has been negotiated, the first time or again: send so from the next tick on."""
        if self._closed:
            return
        self.settings = settings
        if self._tick_handle is None:
            self._tick_handle = self._ticker.add(self._tick)

    async def play(self, sound: Pcm) -> bool:
        """Send *sound* in place of silence; True when its last frame is sent, False when something else took over."""
        if self._closed:
            return False
        done: asyncio.Future[bool] = self._loop.create_future()
        padded = np.concatenate([sound, silence(0.02)])[: -(-len(sound) // FRAME_SAMPLES) * FRAME_SAMPLES]
        self._end_playing(finished=False)
        self._playing = _Playing(deque(padded.reshape(-1, FRAME_SAMPLES)), done)
        return await done

    def quiet(self) -> None:
        """Silence from now on."""
        self._end_playing(finished=False)

    async def press(self, digits: str) -> bool:
        """Send *digits* as telephone-events, one after the other; True when the last is sent.

        Raises ValueError when the far end takes none, or for what is no key.
        """
        if self.settings is None or self.settings.telephone_event is None:
            raise ValueError("the far end takes no telephone-events")
        if not digits or self._closed:
            return not self._closed
        for digit in digits:
            event_packets(digit, 0)  # refuse what is no key before anything is sent
        keys = [_Key(digit) for digit in digits]
        keys[-1].done = self._loop.create_future()
        self._keys.extend(keys)
        return await keys[-1].done

    async def press_inband(self, digits: str) -> bool:
        """Send *digits* as tones in the sound (Q.23). Raises ValueError for what is no key."""
        parts = [part for digit in digits for part in (dtmf(digit, KEY_SECONDS), silence(PAUSE_SECONDS))]
        return await self.play(np.concatenate([silence(0.04), *parts]))

    def close(self) -> None:
        """Stop; whoever waits for `play` or `press` is told that it was not finished."""
        if self._closed:
            return
        self._closed = True
        if self._tick_handle is not None:
            self._ticker.remove(self._tick_handle)
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._end_playing(finished=False)
        for key in self._keys:
            _settle(key.done, False)
        self._keys.clear()

    def _tick(self, due: int) -> None:
        for _ in range(due):
            self._send_frame()

    def _send_frame(self) -> None:
        """One frame's turn: what there is to send, or nothing when nothing may be sent; time goes on either way."""
        settings = self.settings
        frame = self._next_frame() if not self._keys else None
        if settings is not None and settings.remote is not None and settings.direction.sends:
            to = (settings.remote.host, settings.remote.port)
            if self._keys:
                self._send_key(self._keys[0], settings, to)
            else:
                law = settings.codec.name
                payload = bytes((SILENCE[law],)) * FRAME_SAMPLES if frame is None else encode(law, frame).tobytes()
                self._send(settings.codec.payload_type, self._timestamp, payload, self._marker, to)
                self._marker = False
        else:
            self._marker = True
        self._timestamp = (self._timestamp + FRAME_SAMPLES) & 0xFFFFFFFF

    def _next_frame(self) -> Pcm | None:
        playing = self._playing
        if playing is None:
            return None
        frame = playing.frames.popleft() if playing.frames else None
        if not playing.frames:
            self._end_playing(finished=True)
        return frame

    def _send_key(self, key: _Key, settings: AudioSettings, to: tuple[str, int]) -> None:
        """The packets of *key* that are due (RFC 4733 §2.5.1), then a pause: some far ends take no closer keys."""
        if key.packets is None:
            key.packets = deque(event_packets(key.digit, self._timestamp, duration=KEY_SECONDS))
        key.ticks += 1
        while key.packets and key.packets[0].after <= key.ticks * TICK + 0.001:
            packet = key.packets.popleft()
            number = settings.telephone_event
            if number is not None:
                self._send(number, packet.timestamp, packet.payload, packet.marker, to)
        if not key.packets:
            self._pause += 1
            if self._pause * TICK >= PAUSE_SECONDS:
                self._pause = 0
                self._keys.popleft()
                self._marker = True
                _settle(key.done, True)

    def _send(self, number: int, timestamp: int, payload: bytes, marker: bool, to: tuple[str, int]) -> None:
        packet = RtpPacket(number, self._sequence_number, timestamp, self._ssrc, payload, marker)
        self._sequence_number = (self._sequence_number + 1) & 0xFFFF
        self.sent += 1
        try:
            self._socket.sendto(packet.serialize(), to)
        except OSError as error:  # full, or an ICMP error of an earlier packet: sound does not wait
            log.debug("sending to %s: %s", to, error)

    def _end_playing(self, *, finished: bool) -> None:
        playing, self._playing = self._playing, None
        if playing is not None:
            _settle(playing.done, finished)

    # --- receiving ----------------------------------------------------------------------------------------------

    def _readable(self) -> None:
        for _ in range(_BATCH):
            try:
                data = self._socket.recv(_MTU)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                log.debug("receiving on %s: %s", self.local, error)
                continue
            self._receive(data, self._loop.time())

    def _receive(self, data: bytes, now: float) -> None:
        if len(data) > 1 and is_rtcp(data[1]):
            return
        try:
            packet = parse_rtp(data)
        except RtpError as error:
            log.debug("on %s: %s", self.local, error)
            return
        if self.settings is not None and packet.payload_type == self.settings.telephone_event_rx:
            digit = self._events.receive(packet.payload, ssrc=packet.ssrc, timestamp=packet.timestamp, now=now)
            if digit is not None:
                self.on_digit(digit)
        else:
            self.heard.add(packet, now)


def _settle(future: asyncio.Future[bool] | None, result: bool) -> None:
    if future is not None and not future.done():
        future.set_result(result)


def _even_socket(host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    odd: list[socket.socket] = []  # kept until the search is over, so that they are not given out again
    try:
        while True:
            opened = socket.socket(family, socket.SOCK_DGRAM)
            try:
                opened.setblocking(False)
                opened.bind((host, 0))
            except BaseException:
                opened.close()
                raise
            if opened.getsockname()[1] % 2 == 0:
                return opened
            odd.append(opened)
    finally:
        for unwanted in odd:
            unwanted.close()
