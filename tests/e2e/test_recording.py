"""Recordings of real phones by real worker processes."""

from __future__ import annotations

import asyncio
import os
import signal
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtp import legs
from rtp.legs import Echo, Silence
from tests.e2e.test_media import media
from tests.support.media_phone import MediaPhone

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]


def share_at(audio: np.ndarray, hertz: float) -> float:
    """How much of the power is at one frequency."""
    pcm = audio.astype(np.float64)
    turn = np.exp(-2j * np.pi * hertz * np.arange(len(pcm)) / 8000)
    return float(2 * abs(complex((pcm * turn).mean())) ** 2 / max(1.0, (pcm**2).mean()))


def recorded(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


async def test_what_a_phone_says_is_in_the_file_while_the_call_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "recordings" / "a.wav"
    async with media(tmp_path, record_below=tmp_path) as switch:
        with MediaPhone("127.0.0.2", hertz=600, law="PCMU") as phone:
            phone.talk(switch.connect(1, phone, Echo(), record=str(path), record_quiet=1.0))
            await phone.until(600)
            await asyncio.sleep(1.0)
            phone.hush()
            await switch.wait(lambda: switch.told(legs.RecordingQuiet))
            switch.connect(1, phone, Silence())
            await switch.wait(lambda: switch.told(legs.Recorded))
            (event,) = switch.told(legs.Recorded)
            assert (event.leg, event.path, event.problem) == (1, str(path), "")
            audio = recorded(path)
            assert len(audio) == round(event.seconds * 8000)
            assert event.seconds > event.voiced > 0.9
            assert share_at(audio[2400:8000], 600) > 0.9
            assert path.stat().st_mode & 0o777 == 0o600


async def test_of_a_killed_worker_the_last_second_at_most_is_missing_and_the_next_one_continues(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    async with media(tmp_path, record_below=tmp_path) as switch:
        with MediaPhone("127.0.0.2", hertz=600) as phone:
            phone.talk(switch.connect(1, phone, Echo(), record=str(path)))
            await phone.until(600)
            began = asyncio.get_running_loop().time()
            await asyncio.sleep(1.5)
            (pid,) = switch.engine.worker_pids
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            lasted = asyncio.get_running_loop().time() - began
            kept = len(recorded(path))
            assert kept / 8000 > lasted - 1.0
            await switch.wait(lambda: switch.told(legs.WorkerRestarted), within=10.0)
            phone.forget()
            await phone.until(600)
            await asyncio.sleep(0.5)
            switch.engine.remove_leg(1)
            await switch.wait(lambda: switch.told(legs.Recorded))
            (event,) = switch.told(legs.Recorded)
            audio = recorded(path)
            assert len(audio) == round(event.seconds * 8000) > kept
            assert share_at(audio[-4000:-1000], 600) > 0.9


async def test_a_recording_that_cannot_be_is_told_and_the_call_goes_on(tmp_path: Path) -> None:
    async with media(tmp_path, record_below=tmp_path / "data") as switch:
        with MediaPhone("127.0.0.2", hertz=600) as phone:
            phone.talk(switch.connect(1, phone, Echo(), record=str(tmp_path / "elsewhere.wav")))
            await switch.wait(lambda: switch.told(legs.Recorded))
            assert "recordings are kept below" in switch.told(legs.Recorded)[0].problem
            await phone.until(600)
