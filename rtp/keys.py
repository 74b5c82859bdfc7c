"""Keys pressed on the legs of a worker: telephone-events and in-band tones, each press told once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rtp.codecs.g711 import DECODE
from rtp.dtmf import DigitMerger, TelephoneEventReceiver
from rtp.goertzel import InbandDetector
from rtp.legs import Carriage, Digit
from rtp.packet import SAMPLES

if TYPE_CHECKING:
    from rtp.legs import LegId, MediaEvent
    from rtp.tape import Tape

MOST_LOST = 5
"""Frames missing in a row that are told to the detector as lost; after more it starts afresh."""


@dataclass(slots=True)
class _Listening:
    leg: LegId
    inband: bool
    events: TelephoneEventReceiver = field(default_factory=TelephoneEventReceiver)
    merger: DigitMerger = field(default_factory=DigitMerger)
    expected: int = -1
    """Sequence number of the next packet of audio."""
    audio: bytearray = field(default_factory=bytearray)
    """Decoded law-independent samples are made of whole frames only; what is left waits here, still encoded."""
    codec: str = ""
    frames: list[bytes | None] = field(default_factory=list)


class Keys:
    def __init__(self, slots: int, events: list[MediaEvent], tape: Tape | None = None) -> None:
        """*tape*: of recorded legs, on which nothing of a key that sounds is to stay."""
        self._slots = slots
        self._tape = tape
        self._events = events
        self._listening: dict[int, _Listening] = {}
        self._detector: InbandDetector | None = None

    def open(self, slot: int, leg: LegId, inband: bool) -> None:
        known = self._listening.get(slot)
        if known is None:
            self._listening[slot] = _Listening(leg, inband)
        elif known.inband != inband:
            known.inband, known.expected = inband, -1
            self._lose(slot)
        else:
            return
        if inband:
            if self._detector is None:
                self._detector = InbandDetector(self._slots)
            self._detector.reset(slot)

    def close(self, slot: int) -> None:
        self._listening.pop(slot, None)
        self._lose(slot)

    def _lose(self, slot: int) -> None:
        if self._tape is not None:
            self._tape.lose_keys(slot)

    def telephone_event(self, slot: int, payload: bytes, ssrc: int, timestamp: int, now: float) -> None:
        """A packet of an RFC 4733 event."""
        listening = self._listening[slot]
        digit = listening.events.receive(payload, ssrc=ssrc, timestamp=timestamp, now=now)
        if digit is not None:
            self._tell(listening, digit, Carriage.RFC4733, now)

    def audio(self, slot: int, codec: str, payload: bytes, sequence: int) -> None:
        """Audio of a leg that listens for tones; *sequence* unwrapped. `detect` looks at what has come."""
        listening = self._listening[slot]
        lost = sequence - listening.expected if listening.expected >= 0 else 0
        if lost < 0:
            return  # overtaken: its frame has been given up already
        if lost > MOST_LOST or listening.codec != codec:
            listening.audio.clear()
            lost = 0
        listening.codec = codec
        listening.expected = sequence + 1
        listening.frames += [None] * lost
        listening.audio += payload
        while len(listening.audio) >= SAMPLES:
            listening.frames.append(bytes(listening.audio[:SAMPLES]))
            del listening.audio[:SAMPLES]

    def detect(self, slots: list[int], now: float) -> None:
        """Look for tones in what came on *slots*."""
        detector = self._detector
        legs = {slot: self._listening[slot] for slot in slots}
        while detector is not None and legs:
            legs = {slot: listening for slot, listening in legs.items() if listening.frames}
            if not legs:
                return
            pcm = np.zeros((len(legs), SAMPLES), np.int16)
            lost = np.zeros(len(legs), np.bool_)
            for at, listening in enumerate(legs.values()):
                frame = listening.frames.pop(0)
                lost[at] = frame is None
                if frame is not None:
                    pcm[at] = DECODE[listening.codec][np.frombuffer(frame, np.uint8)]
            for found in detector.process(np.array(list(legs), np.intp), pcm, lost):
                if self._tape is not None and self._tape.active:
                    self._tape.key(found.slot, found.on, now - found.age, now)
                if found.on:
                    self._tell(legs[found.slot], found.digit, Carriage.INBAND, now - found.age)

    def _tell(self, listening: _Listening, digit: str, carriage: Carriage, at: float) -> None:
        if listening.merger.receive(digit, carriage.value, at) is not None:
            self._events.append(Digit(listening.leg, digit, carriage, at))
