"""The media plane with real sockets and real worker processes: what phones hear."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import signal
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import pytest
import soundfile

from rtp import legs
from rtp.legs import Bridge, Digit, Echo, LegSpec, MediaEvent, Music, Play, Silence, Source, Tone
from rtp.rtcp import SenderReport, parse_compound
from rtp.tones import sine
from softswitch.media.engine import MediaEngine, lane_ports
from tests.support.media_phone import MediaPhone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

HOST = "127.0.0.1"
Event = TypeVar("Event")

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]


def free_ports(lanes: int) -> list[int]:
    """A range of ports that nobody has at the moment."""
    while True:
        first = random.randrange(40_000, 60_000, 2)
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + 2 * lanes):
                    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    sock.bind((HOST, port))
            except OSError:
                continue
            return lane_ports(first, first + 2 * lanes - 1)


class Media:
    """An engine, what it told, and legs for phones."""

    def __init__(self, run_dir: Path, **options: object) -> None:
        self.events: list[MediaEvent] = []
        self.ports = free_ports(8)
        wanted: dict[str, object] = {"host": HOST, "ports": self.ports, "run_dir": run_dir, "grace": 20.0}
        self.options = wanted | options
        self._news = asyncio.Event()
        self.engine = MediaEngine(on_event=self.note, **self.options)  # type: ignore[arg-type]

    def note(self, event: MediaEvent) -> None:
        self.events.append(event)
        self._news.set()

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def connect(self, leg: int, phone: MediaPhone, source: Source, **wanted: object) -> tuple[str, int]:
        """Put a leg for *phone*; where the phone has to send to."""
        host = phone.address[0]
        port = self.engine.allocate(leg, [host], signalled_ip=host)
        defaults: dict[str, object] = {"codec": phone.law, "payload_type": 8 if phone.law == "PCMA" else 0}
        defaults |= {"remote": phone.address, "candidate_ips": (host,), "telephone_event_rx": 101}
        self.engine.put_leg(LegSpec(leg=leg, port=port, source=source, **(defaults | wanted)))  # type: ignore[arg-type]
        return HOST, port

    async def wait(self, condition: Callable[[], object], *, within: float = 5.0) -> None:
        async with asyncio.timeout(within):
            while not condition():
                self._news.clear()
                with contextlib.suppress(TimeoutError):  # the condition may be about something else
                    await asyncio.wait_for(self._news.wait(), 0.1)


@asynccontextmanager
async def media(run_dir: Path, **options: object) -> AsyncIterator[Media]:
    made = Media(run_dir, **options)
    await made.engine.start()
    try:
        yield made
    finally:
        await made.engine.close()


def tone_file(path: Path, hertz: float, seconds: float = 1.0) -> str:
    soundfile.write(path, sine(hertz, seconds), 8000)
    return str(path)


@pytest.mark.parametrize("portable", [False, True], ids=["batches", "portable"])
async def test_a_phone_hears_itself_without_gaps(tmp_path: Path, portable: bool) -> None:
    async with media(tmp_path, portable=portable) as switch:
        with MediaPhone("127.0.0.2", hertz=600) as phone:
            phone.talk(switch.connect(1, phone, Echo()))
            await phone.until(600)
            await asyncio.sleep(1.0)
            sequence = [packet.sequence_number for packet in phone.heard]
            assert [(b - a) & 0xFFFF for a, b in itertools.pairwise(sequence)] == [1] * (len(sequence) - 1)
            assert {packet.ssrc for packet in phone.heard} != {0x5000}
            assert switch.told(legs.Latched) == [legs.Latched(1, phone.address)]


@pytest.mark.parametrize("portable", [False, True], ids=["batches", "portable"])
async def test_two_phones_of_different_laws_hear_each_other(tmp_path: Path, portable: bool) -> None:
    async with media(tmp_path, portable=portable) as switch:
        with MediaPhone("127.0.0.2", hertz=500) as alice, MediaPhone("127.0.0.3", hertz=900, law="PCMU") as bob:
            to_alice, to_bob = switch.connect(1, alice, Bridge(2)), switch.connect(2, bob, Bridge(1))
            alice.talk(to_alice)
            bob.talk(to_bob)
            await alice.until(900)
            await bob.until(500)
            assert {packet.payload_type for packet in alice.heard} == {8}
            assert {packet.payload_type for packet in bob.heard} == {0}


async def test_prompts_tones_and_music_are_heard_and_music_resumes(tmp_path: Path) -> None:
    prompt = tone_file(tmp_path / "prompt.wav", 500, 0.4)
    parts = [tone_file(tmp_path / f"{hertz}.wav", hertz, 0.5) for hertz in (700, 1100)]
    async with media(tmp_path) as switch:
        switch.engine.set_music("default", parts)
        with MediaPhone("127.0.0.2") as phone:
            switch.connect(1, phone, Play((prompt,), 7))
            await phone.until(500)
            await switch.wait(lambda: switch.told(legs.PlayFinished))
            assert switch.told(legs.PlayFinished) == [legs.PlayFinished(1, 7)]
            switch.connect(1, phone, Music("default"))
            await phone.until(700)
            await phone.until(1100)
            switch.connect(1, phone, Play((prompt,), 8))
            await phone.until(500)
            (left,) = switch.told(legs.MusicPosition)
            assert 0.5 < left.offset < 1.0
            switch.connect(1, phone, Music("default"))
            await phone.until(1100)
            switch.connect(1, phone, Tone("dial"))
            await phone.until(425)
            sequence = [packet.sequence_number for packet in phone.heard]
            assert [(b - a) & 0xFFFF for a, b in itertools.pairwise(sequence)] == [1] * (len(sequence) - 1)


async def test_a_missing_file_is_told_and_the_rest_is_heard(tmp_path: Path) -> None:
    prompt = tone_file(tmp_path / "prompt.wav", 500)
    missing = str(tmp_path / "missing.wav")
    async with media(tmp_path) as switch:
        with MediaPhone("127.0.0.2") as phone:
            switch.connect(1, phone, Play((missing, prompt), 7))
            await phone.until(500)
            assert [(event.leg, event.path) for event in switch.told(legs.AssetUnavailable)] == [(1, missing)]


async def test_keys_are_told(tmp_path: Path) -> None:
    async with media(tmp_path) as switch:
        with MediaPhone("127.0.0.2") as phone:
            to = switch.connect(1, phone, Silence())
            await switch.wait(lambda: phone.heard)  # the worker knows the leg
            phone.send(to)
            for payload in (b"\x05\x0a\x00\xa0", b"\x05\x8a\x01\x40", b"\x05\x8a\x01\x40"):
                phone.send(to, payload, kind=101, timestamp=160)
            phone.send(to)
            await switch.wait(lambda: switch.told(Digit))
            switch.engine.remove_leg(1)
            await switch.wait(lambda: switch.told(legs.LegStats))
            assert [event.digit for event in switch.told(Digit)] == ["5"]


async def test_a_worker_that_is_killed_is_replaced_with_its_legs_on_the_same_ports(tmp_path: Path) -> None:
    music = tone_file(tmp_path / "music.wav", 700, 30.0)
    async with media(tmp_path) as switch:
        with (
            MediaPhone("127.0.0.2", hertz=500) as alice,
            MediaPhone("127.0.0.3", hertz=900) as bob,
            MediaPhone("127.0.0.4") as carol,
        ):
            alice.talk(switch.connect(1, alice, Bridge(2)))
            bob.talk(switch.connect(2, bob, Bridge(1)))
            switch.connect(3, carol, Music(music))
            await asyncio.gather(alice.until(900), bob.until(500), carol.until(700))
            (pid,) = switch.engine.worker_pids
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await switch.wait(lambda: switch.told(legs.WorkerRestarted), within=10.0)
            for phone in (alice, bob, carol):
                phone.forget()
            await asyncio.gather(alice.until(900), bob.until(500), carol.until(700))
            assert switch.told(legs.WorkerRestarted) == [legs.WorkerRestarted(0, (1, 2, 3))]
            assert switch.engine.worker_pids != (pid,)
            switch.connect(3, carol, Silence())
            await switch.wait(lambda: switch.told(legs.MusicPosition))
            assert switch.told(legs.MusicPosition)[-1].offset > 0.5


async def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    async with media(tmp_path) as switch:
        with MediaPhone("127.0.0.2", hertz=600) as phone:
            phone.talk(switch.connect(1, phone, Echo()))
            await phone.until(600)
            (pid,) = switch.engine.worker_pids
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            for leg in range(100, 200):  # verbs go on returning at once
                switch.engine.remove_leg(leg)
            await switch.wait(lambda: switch.told(legs.WorkerRestarted), within=20.0)
            phone.forget()
            await phone.until(600)


async def test_calls_survive_a_restart_of_control(tmp_path: Path) -> None:
    first = Media(tmp_path)
    await first.engine.start()
    with MediaPhone("127.0.0.2", hertz=600) as phone:
        to = first.connect(1, phone, Echo())
        phone.talk(to)
        await phone.until(600)
        first.engine.detach()
        await asyncio.sleep(0.2)
        phone.forget()
        await phone.until(600)
        second = MediaEngine(on_event=first.note, **first.options)  # type: ignore[arg-type]
        await second.start(adopt=True)
        assert [(spec.leg, spec.port, spec.latched) for spec in second.found] == [(1, to[1], phone.address)]
        assert second.worker_pids == first.engine.worker_pids
        phone.forget()
        await phone.until(600)
        second.remove_leg(1)
        await first.wait(lambda: first.told(legs.LegStats))
        await second.close()


async def test_a_worker_without_control_ends_after_its_grace(tmp_path: Path) -> None:
    switch = Media(tmp_path, grace=0.5)
    await switch.engine.start()
    (pid,) = switch.engine.worker_pids
    assert pid is not None
    switch.engine.detach()

    def gone() -> bool:
        with contextlib.suppress(ChildProcessError):
            return os.waitpid(pid, os.WNOHANG)[0] == pid
        return True

    await switch.wait(gone, within=10.0)


async def test_a_flood_of_rubbish_does_not_stop_the_others(tmp_path: Path) -> None:
    async with media(tmp_path) as switch:
        with MediaPhone("127.0.0.2", hertz=600) as phone, MediaPhone("127.0.0.66") as attacker:
            to = switch.connect(1, phone, Echo())
            phone.talk(to)
            await phone.until(600)
            chance = random.Random(5)
            before = len(phone.heard)
            for _ in range(50):
                for _ in range(60):
                    data = chance.randbytes(chance.randrange(0, 400))
                    if chance.random() < 0.5:
                        data = b"\x80\x08" + data
                    with contextlib.suppress(BlockingIOError):
                        attacker.socket.sendto(data, (to[0], to[1] + (chance.random() < 0.2)))
                        phone.socket.sendto(data[:80], (to[0], to[1] + 1))
                await asyncio.sleep(0.02)
            assert len(phone.heard) - before >= 45
            assert phone.hears(600)
            assert attacker.heard == []
            await switch.wait(lambda: switch.told(legs.WorkerHealth)[-1].dropped.get("unknown_source", 0) > 1000)


async def test_reports_are_sent_to_the_phones_rtcp_port(tmp_path: Path) -> None:
    async with media(tmp_path) as switch:
        with MediaPhone("127.0.0.2", hertz=600) as phone, contextlib.ExitStack() as stack:
            control = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            control.bind(("127.0.0.2", phone.address[1] + 1))
            control.setblocking(False)
            phone.talk(switch.connect(1, phone, Echo()))
            async with asyncio.timeout(10.0):
                data = await asyncio.get_running_loop().sock_recv(control, 2048)
            (report, *_) = parse_compound(data)
            assert isinstance(report, SenderReport)
            assert report.blocks[0].ssrc == 0x5000


async def test_a_silent_phone_is_told(tmp_path: Path) -> None:
    async with media(tmp_path) as switch:
        with MediaPhone("127.0.0.2") as phone:
            switch.connect(1, phone, Silence(), media_timeout=1.0)
            await switch.wait(lambda: switch.told(legs.MediaTimeout))


async def test_workers_share_the_ports_and_partners_sit_together(tmp_path: Path) -> None:
    async with media(tmp_path, workers=2) as switch:
        with MediaPhone("127.0.0.2", hertz=500) as alice, MediaPhone("127.0.0.3", hertz=900) as bob:
            assert len(set(switch.engine.worker_pids)) == 2
            port = switch.engine.allocate(1, ["127.0.0.2"])
            switch.engine.allocate(3, ["127.0.0.5"])
            beside = switch.engine.allocate(2, ["127.0.0.3"], near=1)
            half = switch.ports[4]
            assert (port < half) == (beside < half)
            alice.talk(switch.connect(1, alice, Bridge(2)))
            bob.talk(switch.connect(2, bob, Bridge(1)))
            await alice.until(900)
            await bob.until(500)


async def test_partners_of_different_workers_hear_each_other_and_survive_one_of_them(tmp_path: Path) -> None:
    async with media(tmp_path, workers=2) as switch:
        with MediaPhone("127.0.0.2", hertz=500) as alice, MediaPhone("127.0.0.3", hertz=900, law="PCMU") as bob:
            alice.talk(switch.connect(1, alice, Bridge(2)))
            to = switch.connect(2, bob, Bridge(1))
            bob.talk(to)
            await alice.until(900)
            await bob.until(500)
            bob.hush()
            bob.send(to, b"\x05\x0a\x00\xa0", kind=101)
            await switch.wait(lambda: switch.told(Digit))
            assert [(digit.leg, digit.digit) for digit in switch.told(Digit)] == [(2, "5")]
            bob.talk(to)
            pid = switch.engine.worker_pids[1]
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await switch.wait(lambda: switch.told(legs.WorkerRestarted), within=10.0)
            alice.forget()
            bob.forget()
            await alice.until(900)
            await bob.until(500)
            switch.connect(1, alice, Echo())
            switch.connect(2, bob, Echo())
            await alice.until(500)
            await bob.until(900)
            assert switch.engine._trunks.of_worker(0) == []
            assert {event.leg for event in switch.events if hasattr(event, "leg")} == {1, 2}
