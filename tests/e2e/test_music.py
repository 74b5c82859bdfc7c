"""Music on hold, as it comes over the wire: each queue has its own, and goes on where an announcement cut into it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from softswitch.phones.phone import SimulatedPhone
from softswitch.phones.ticker import Ticker
from tests.support.audio import RATE, Recording, sine, write_wav

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.e2e.conftest import Switches
    from tests.support.switch import Switch

#: Whatever callers are told is this tone: 1, 6 and 11 s after they came that they are next, at 3.5 s the callback is
#: offered, at 10 s they hear something kind.
HZ, TONE, ANNOUNCED, RELOADED, END = 1000, 0.6, 5, 7.5, 13.0
PROMPTS = ("queue-next", "callback-offer.2", "comfort-1")
#: Lengths of the pieces of each queue's list: announcements come in each of them, and over their ends.
LISTS = {"sales": (1.7, 2.6), "support": (3.1,)}
#: A stretch that is looked for in the list.
PIECE = 0.5
CALLERS = {"sales": "2001", "support": "2002"}
CENTRE = """
[queue.{queue}]
music = "{queue}"
announce = {{ first_after = 1, every = 5, comfort = true, comfort_every = 10 }}
offer_callback = {{ after = 3.5, key = "2" }}

[[route]]
did = "{queue}"
to = "queue:{queue}"

[music.{queue}]
files = {files}

[[phone]]
user = "{user}"
password = "secret-{user}"
"""


def piece(folder: Path, name: str, seconds: float, seed: int) -> tuple[str, NDArray[np.float32]]:
    """Noise, in which every place is like no other."""
    sound = np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    return str(write_wav(folder / f"{name}.wav", sound)), sound


def test_each_queues_music_goes_on_where_it_was_left_also_after_a_reload(switches: Switches, tmp_path: Path) -> None:
    prompts = tmp_path / "data" / "prompts" / "en"
    prompts.mkdir(parents=True)
    for prompt in PROMPTS:
        write_wav(prompts / f"{prompt}.wav", sine(HZ, TONE))
    music: dict[str, NDArray[np.float32]] = {}
    body = ""
    for queue, lengths in LISTS.items():
        made = [piece(tmp_path, f"{queue}-{n}", seconds, seed=n + len(queue)) for n, seconds in enumerate(lengths)]
        music[queue] = np.concatenate([sound for _, sound in made])
        body += CENTRE.format(queue=queue, files=[path for path, _ in made], user=CALLERS[queue])
    switch = switches.start(body)

    heard = asyncio.run(listen(switch))

    for queue, recording in heard.items():
        places = music_between_announcements(recording, music[queue], queue)
        assert len(places) >= ANNOUNCED, f"{queue}: {len(places)} stretches of music"
        length = len(music[queue]) / RATE
        for (at, place, _), (then, later, told) in itertools.pairwise(places):
            gone_on = (later - place - (then - at - told) + length / 2) % length - length / 2
            assert gone_on == pytest.approx(0.0, abs=0.1), f"{queue}: off by {gone_on:+.3f} s after {at:.1f} s"


async def listen(switch: Switch) -> dict[str, Recording]:
    """What a caller of each queue hears; in the middle of it the switch takes over a file with one more queue."""
    ticker, heard = Ticker(), dict[str, Recording]()
    async with contextlib.AsyncExitStack() as stack:
        calls = {}
        for queue, user in CALLERS.items():
            address = ("127.0.0.1", switch.port)
            phone = SimulatedPhone(user, f"secret-{user}", server=address, domain=switch.domain, ticker=ticker)
            await stack.enter_async_context(phone)
            await phone.register()
            calls[queue] = phone.dial(queue)
            await calls[queue].answered()
        await asyncio.sleep(RELOADED)
        await asyncio.to_thread(switch.config.write_text, switch.config.read_text() + "\n[queue.another]\n")
        await asyncio.to_thread(switch.tell, "reload")
        await asyncio.sleep(END - RELOADED)
        for queue, call in calls.items():
            heard[queue] = Recording((call.line.heard.samples() / 32768).astype(np.float32))
            call.hang_up()
            await call.ended()
    return heard


def music_between_announcements(
    recording: Recording, music: NDArray[np.float32], queue: str
) -> list[tuple[float, float, float]]:
    """When a stretch was heard, where in the list it is, and seconds of announcements since the stretch before."""
    tones = recording.tone_spans(HZ)
    assert len(tones) >= ANNOUNCED, f"{queue}: {len(tones)} announcements"
    places, told = list[tuple[float, float, float]](), 0.0
    ends = [0.0, *(tone.end for tone in tones)]
    for end, start in zip(ends, [*(tone.start for tone in tones), recording.length], strict=True):
        begin = (end + start - PIECE) / 2
        if start - end > PIECE + 0.1:
            match = recording.part(begin, begin + PIECE).position_in(music)
            assert match.score > 0.9, f"{queue}: other music than its own at {begin:.1f} s ({match.score:.2f})"
            places.append((begin, match.offset, told))
            told = 0.0
        told += TONE
    return places
