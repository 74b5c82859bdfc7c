"""What a line sends, packet by packet, and the ticker that makes it send."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from rtp.negotiate import Direction, MediaAddress, accept_answer, answer_offer, make_offer
from rtp.packet import RtpPacket, parse_rtp
from rtp.tones import sine
from softswitch.ids import RandomIds
from softswitch.phones.line import Line
from softswitch.phones.ticker import MOST_AT_ONCE, TICK, Ticker
from tests.support.virtual_time import VirtualLoop, run_virtual

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from rtp.negotiate import AudioSettings


class FarEnd:
    """A socket that keeps what it gets."""

    def __init__(self, line: Line) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        here = MediaAddress("127.0.0.1", self._socket.getsockname()[1])
        offer = make_offer(local=line.local, codecs=["PCMA"], session_id=1, version=1)
        answer, _ = answer_offer(offer, local=here, codecs=["PCMA"], session_id=1, version=1)
        self.settings: AudioSettings = accept_answer(offer, answer)

    def packets(self) -> list[RtpPacket]:
        found = []
        while True:
            try:
                found.append(parse_rtp(self._socket.recv(2048)))
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


def on_a_line(script: Callable[[Line, FarEnd], Awaitable[None]]) -> None:
    async def main() -> None:
        line = Line("127.0.0.1", Ticker(), RandomIds("test"))
        far = FarEnd(line)
        try:
            await script(line, far)
        finally:
            line.close()
            far.close()

    run_virtual(main())


def test_a_line_has_an_even_port() -> None:
    async def script(line: Line, far: FarEnd) -> None:
        assert line.local.port % 2 == 0

    on_a_line(script)


def test_sound_goes_out_in_frames_of_20_ms_with_one_source_and_no_gap() -> None:
    async def script(line: Line, far: FarEnd) -> None:
        line.connect(far.settings)
        await line.play(sine(440, 0.5))
        await asyncio.sleep(0.5)
        sent = far.packets()
        assert len(sent) == pytest.approx(50, abs=2)
        assert len({packet.ssrc for packet in sent}) == 1
        assert {packet.payload_type for packet in sent} == {8}
        assert {len(packet.payload) for packet in sent} == {160}
        assert [packet.marker for packet in sent] == [True] + [False] * (len(sent) - 1)
        for one, other in pairwise(sent):
            assert (other.sequence_number - one.sequence_number) % (1 << 16) == 1
            assert (other.timestamp - one.timestamp) % (1 << 32) == 160
        silent = [packet for packet in sent if set(packet.payload) == {0xD5}]
        assert len(silent) == pytest.approx(25, abs=2)

    on_a_line(script)


def test_time_goes_on_while_nothing_may_be_sent() -> None:
    async def script(line: Line, far: FarEnd) -> None:
        line.connect(far.settings)
        await asyncio.sleep(0.2)
        before = far.packets()[-1]
        line.connect(replace(far.settings, direction=Direction.RECVONLY))
        await asyncio.sleep(2.0)
        assert far.packets() == []
        line.connect(far.settings)
        await asyncio.sleep(0.1)
        after = far.packets()[0]
        assert after.marker
        assert (after.sequence_number - before.sequence_number) % (1 << 16) == 1
        assert (after.timestamp - before.timestamp) % (1 << 32) == pytest.approx(16_160, abs=320)

    on_a_line(script)


def test_a_key_is_one_event_with_its_end_three_times_and_no_sound_meanwhile() -> None:
    async def script(line: Line, far: FarEnd) -> None:
        line.connect(far.settings)
        await asyncio.sleep(0.1)
        assert await line.press("5")
        await asyncio.sleep(0.1)
        sent = far.packets()
        first = next(n for n, packet in enumerate(sent) if packet.payload_type == 101)
        event = [packet for packet in sent if packet.payload_type == 101]
        assert sent[first : first + len(event)] == event
        assert len({packet.timestamp for packet in event}) == 1
        assert [packet.marker for packet in event] == [True] + [False] * (len(event) - 1)
        assert [bool(packet.payload[1] & 0x80) for packet in event] == [False] * (len(event) - 3) + [True] * 3
        after = sent[first + len(event)]
        assert after.marker
        assert (after.timestamp - event[0].timestamp) % (1 << 32) >= 960

    on_a_line(script)


def test_nothing_is_sent_before_it_is_known_where_to() -> None:
    async def script(line: Line, far: FarEnd) -> None:
        await asyncio.sleep(0.5)
        assert line.sent == 0
        with pytest.raises(ValueError, match="no telephone-events"):
            await line.press("1")

    on_a_line(script)


# --- the ticker


def test_ticks_are_made_up_for_after_a_delay_but_not_after_a_long_one() -> None:
    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        ticker = Ticker()
        ticks: list[int] = []
        handle = ticker.add(ticks.append)
        began = loop.time()
        for delay in (0.1, 0.0, 0.33):
            await asyncio.sleep(1.0)
            loop._jumping.now += delay  # the process was busy for so long
        await asyncio.sleep(1.0)
        assert sum(ticks) == pytest.approx((loop.time() - began) / TICK, abs=2)
        loop._jumping.now += 10.0
        ticks.clear()
        await asyncio.sleep(1.0)
        assert ticks[0] == MOST_AT_ONCE
        assert sum(ticks[1:]) == pytest.approx(50, abs=2)
        ticker.remove(handle)
        ticks.clear()
        await asyncio.sleep(1.0)
        return ticks

    assert run_virtual(main()) == []


def test_a_listener_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> list[int]:
        ticker = Ticker()
        ticks: list[int] = []

        def broken(due: int) -> None:
            raise RuntimeError("broken")

        handles = [ticker.add(broken), ticker.add(ticks.append)]
        await asyncio.sleep(0.1)
        for handle in handles:
            ticker.remove(handle)
        return ticks

    assert len(run_virtual(main())) >= 4
    assert "broken" in caplog.text
