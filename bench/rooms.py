"""What recording and mixing cost: CPU of a worker's plane, cores for 1,000 legs.

    python -m bench.rooms

One pass of packets of all legs a beat, as a worker does it, without sockets; legs are bridged in pairs, the same pairs
recorded (with the thread that writes, on a disk), and the same legs in conferences of 3, 10 and 50.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtp.frames import FrameStore
from rtp.latch import pack_address
from rtp.legs import Bridge, Conference, LegSpec
from rtp.packet import HEADER, SAMPLES
from rtp.plane import Plane
from rtp.streams import FRAME_TIME
from softswitch.media.recorder import PERIOD, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtp.legs import Source

LEGS = 600


class Load:
    """Legs that talk, each a packet in every frame, some of them on each beat."""

    def __init__(self, legs: int, source: Callable[[int], Source], record: str = "") -> None:
        self.plane = Plane([30_000], slots=1024, receive_rows=1024, store=FrameStore(4000))
        self.now, self.frame = 1000.0, 0
        addresses = [(f"10.0.{leg >> 8}.{leg & 255}", 4000) for leg in range(legs)]
        for leg, address in enumerate(addresses):
            path = str(Path(record) / f"{leg}.wav") if record else ""
            spec = LegSpec(leg + 1, 30_000, address, source=source(leg), ssrc=leg + 1, record=path)
            self.plane.put(spec, self.now)
        self.sources = np.array([pack_address(address) for address in addresses], np.uint64)
        self.payload = np.random.default_rng(1).integers(0, 256, (legs, SAMPLES), np.uint8)
        self.recorder = Recorder(record) if record else None
        self.legs = np.arange(legs)
        self.beats = self.plane.pace()

    def run(self, frames: int) -> float:
        """CPU seconds of so many frames."""
        plane, tables = self.plane, self.plane.tables
        began = time.process_time()
        filling = 0.0
        for _ in range(frames):
            for beat in range(self.beats):
                self.now += FRAME_TIME / self.beats
                started = time.process_time()
                legs = self.legs[self.legs % self.beats == beat]
                count = len(legs)
                head = (0x80080000 | (self.frame & 0xFFFF)) << 32 | (self.frame * SAMPLES & 0xFFFFFFFF)
                tables.heads[:count] = head
                tables.words[:count, 2] = legs + 7
                tables.buffer[:count, HEADER : HEADER + SAMPLES] = self.payload[legs]
                lengths = np.full(count, HEADER + SAMPLES, np.uint32)
                lanes = np.zeros(count, np.uint64)
                filling += time.process_time() - started
                plane.receive(lengths, self.sources[legs], lanes, self.now)
                plane.generate(beat, self.now)
                tables.out.clear()
            self.frame += 1
            if self.frame % 10 == 0:
                tables.stats.catch_up()
            if self.recorder is not None and self.frame % round(PERIOD / FRAME_TIME) == 0:
                self.recorder.put(plane.tape.take(self.now), self.now)
                while self.recorder.busy:  # as fast as it can, and not faster
                    time.sleep(0.0005)
        return time.process_time() - began - filling


def cores(legs: int, frames: int, source: Callable[[int], Source], record: str = "") -> float:
    """For 1,000 legs."""
    load = Load(legs, source, record)
    load.run(25)
    spent = min(load.run(frames), load.run(frames))
    if load.recorder is not None:
        load.recorder.close()
    return spent / (frames * FRAME_TIME) / legs * 1000


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--legs", type=int, default=LEGS)
    parser.add_argument("--frames", type=int, default=250)
    options = parser.parse_args(argv)
    legs, frames = options.legs, options.frames

    def pair(leg: int) -> Source:
        return Bridge((leg ^ 1) + 1)

    print(f"{'bridged':24} {cores(legs, frames, pair):.3f} cores per 1,000 legs", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'bridged and recorded':24} {cores(legs, frames, pair, folder):.3f}", flush=True)
    for size in (3, 10, 50):

        def room(leg: int, size: int = size) -> Source:
            return Conference(str(leg // size))

        print(f"{f'conferences of {size}':24} {cores(legs, frames, room):.3f}", flush=True)
    for size in (3, 10, 50):
        print(
            f"{f'one conference of {size}':24} {cores(size, frames, lambda _: Conference('a')) * size / 1000:.4f} cores"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
