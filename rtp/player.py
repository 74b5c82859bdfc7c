"""Legs that hear recorded audio: which row of the frame store each one sends next.

Per leg there are two numbers, the next row and the end of its asset; a whole phase of legs advances by one addition.
Only at the end of an asset is a leg looked at by itself. Lists of assets, loops, offsets and the places where legs left
their music are kept here. An asset that is not in the store is asked for (`wanted`) and silence is sent until it comes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rtp.codecs.g711 import SILENCE
from rtp.frames import AssetKey, Extent, FrameStore, StoreFullError
from rtp.legs import AssetUnavailable, LegId, MediaEvent, Music, MusicPosition, Play, PlayFinished, Silence, Tone
from rtp.packet import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtp.legs import Source

FRAMES_PER_SECOND = 50
_SILENCE_FRAMES = 1500

SILENCE_PATH = "silence:"
TONE_PREFIX = "tone:"


@dataclass(slots=True)
class _Playback:
    """One leg's way through its list of assets."""

    leg: LegId
    codec: str
    source: Source
    items: tuple[str, ...]
    loop: bool
    at: int = 0
    before: int = 0
    """Frames of the items before this one, in this round."""
    skip: int = 0
    """Frames still to be skipped before anything is heard."""
    extent: Extent | None = None
    """Where the item being played is; None while it is awaited or over."""
    tries: int = 0
    held: list[AssetKey] = field(default_factory=list)


class Player:
    def __init__(self, slots: int, store: FrameStore, events: list[MediaEvent]) -> None:
        self.store = store
        self.events = events
        self.row: NDArray[np.int64] = np.zeros(slots, np.int64)
        self.end: NDArray[np.int64] = np.zeros(slots, np.int64)
        self.playing: NDArray[np.bool_] = np.zeros(slots, np.bool_)
        self.wanted: list[AssetKey] = []
        """Assets to be loaded and given to `supply` or `fail`; the edge empties the list."""
        self.channels: dict[str, tuple[str, ...]] = {}
        self._playbacks: dict[int, _Playback] = {}
        self._awaiting: dict[AssetKey, set[int]] = {}
        self._left: dict[int, dict[str, int]] = {}
        self._silence: dict[str, Extent] = {}
        for codec, octet in SILENCE.items():
            key = (SILENCE_PATH, codec)
            self._silence[codec] = store.add(key, np.full((_SILENCE_FRAMES, SAMPLES), octet, np.uint8))
            store.hold(key)

    # ------------------------------------------------------------------------------------------------ desired state
    def start(self, slot: int, leg: LegId, source: Source, codec: str) -> bool:
        """The leg begins to hear *source*; False when that is not recorded audio. Ends what it heard before."""
        self.stop(slot)
        match source:
            case Play(items, _, loop, offset):
                skip = round(offset * FRAMES_PER_SECOND)
            case Music(channel, start):
                items, loop = self.channels.get(channel, (channel,)), True
                skip = self._left.get(slot, {}).get(channel, 0) if start is None else round(start * FRAMES_PER_SECOND)
            case Tone(name):
                items, loop, skip = (TONE_PREFIX + name,), True, 0
            case Silence():
                items, loop, skip = (SILENCE_PATH,), True, 0
            case _:
                return False
        playback = _Playback(leg, codec, source, items, loop, skip=max(0, skip))
        self._playbacks[slot] = playback
        self.playing[slot] = True
        self._hold(playback)
        self._seek(slot, playback)
        return True

    def change_codec(self, slot: int, codec: str) -> None:
        """The leg goes on hearing what it hears, encoded otherwise."""
        playback = self._playbacks.get(slot)
        if playback is None:
            return
        frames = self._position(slot, playback)
        self._let_go(slot, playback)
        playback.codec, playback.extent = codec, None
        playback.at = playback.before = playback.tries = 0
        playback.skip = frames
        self._hold(playback)
        self._seek(slot, playback)

    def stop(self, slot: int) -> None:
        playback = self._playbacks.pop(slot, None)
        self.playing[slot] = False
        if playback is None:
            return
        if isinstance(playback.source, Music):
            frames = self._position(slot, playback)
            self._left.setdefault(slot, {})[playback.source.channel] = frames
            offset = frames / FRAMES_PER_SECOND
            self.events.append(MusicPosition(playback.leg, playback.source.channel, offset))
        self._let_go(slot, playback)

    def remove(self, slot: int) -> None:
        self.stop(slot)
        self._left.pop(slot, None)

    def set_channel(self, channel: str, items: Sequence[str]) -> None:
        """The list of assets behind a music channel, for legs that begin to hear it from now on."""
        self.channels[channel] = tuple(items)

    # ------------------------------------------------------------------------------------------------------- assets
    def preload(self, key: AssetKey) -> None:
        """Have the asset loaded before anybody needs it."""
        if self.store.get(key) is None and key not in self._awaiting:
            self._awaiting[key] = set()
            self.wanted.append(key)

    def forget(self, path: str) -> None:
        """The file has changed: load it again when it is next played."""
        for codec in SILENCE:
            self.store.forget((path, codec))

    def supply(self, key: AssetKey, frames: NDArray[np.uint8]) -> None:
        try:
            self.store.add(key, frames)
        except StoreFullError as error:
            self.fail(key, str(error))
            return
        for slot in self._awaiting.pop(key, set()):
            self._seek(slot, self._playbacks[slot])

    def fail(self, key: AssetKey, reason: str) -> None:
        for slot in self._awaiting.pop(key, set()):
            playback = self._playbacks[slot]
            self.events.append(AssetUnavailable(playback.leg, key[0], reason))
            playback.at += 1
            playback.tries += 1
            self._seek(slot, playback)

    # -------------------------------------------------------------------------------------------------------- frames
    def advance(self, slots: NDArray[np.int64], frames: NDArray[np.uint8]) -> None:
        """Copy the next frame of each of *slots* (all playing) into *frames*, and move on."""
        rows = self.row.take(slots)
        frames[:] = self.store.rows.take(rows, 0)
        rows += 1
        self.row[slots] = rows
        over = rows >= self.end.take(slots)
        if b"\1" in over.tobytes():
            for slot in slots[over].tolist():
                self._item_over(slot)

    def _hold(self, playback: _Playback) -> None:
        for path in playback.items:
            self.store.hold((path, playback.codec))
            playback.held.append((path, playback.codec))

    def _let_go(self, slot: int, playback: _Playback) -> None:
        for key in playback.held:
            self.store.release(key)
            self._awaiting.get(key, set()).discard(slot)
        playback.held.clear()

    def _item_over(self, slot: int) -> None:
        playback = self._playbacks[slot]
        if playback.extent is None:  # silence while waiting for an asset: again
            self.row[slot] = self._silence[playback.codec].start
            return
        playback.before += playback.extent.count
        playback.extent = None
        playback.at += 1
        self._seek(slot, playback)

    def _seek(self, slot: int, playback: _Playback) -> None:
        """Point the leg at the next frame to be heard: skip what is to be skipped, wrap, wait or finish."""
        while True:
            if playback.at >= len(playback.items):
                unplayable = playback.tries >= len(playback.items) or playback.before == 0
                if not playback.loop or unplayable:
                    self._finish(slot, playback)
                    return
                playback.skip %= playback.before
                playback.at = playback.before = playback.tries = 0
            key = (playback.items[playback.at], playback.codec)
            extent = self.store.get(key)
            if extent is None:
                if key not in self._awaiting:
                    self.wanted.append(key)
                self._awaiting.setdefault(key, set()).add(slot)
                self._hush(slot, playback)
                return
            if playback.skip < extent.count:
                self.row[slot] = extent.start + playback.skip
                self.end[slot] = extent.start + extent.count
                playback.extent = extent
                playback.skip = 0
                return
            playback.skip -= extent.count
            playback.before += extent.count
            playback.at += 1

    def _finish(self, slot: int, playback: _Playback) -> None:
        """After its list a leg hears silence until it is told otherwise."""
        if isinstance(playback.source, Play) and not playback.loop:
            self.events.append(PlayFinished(playback.leg, playback.source.play_id))
        playback.items, playback.loop, playback.at, playback.before = (SILENCE_PATH,), True, 0, 0
        playback.skip = playback.tries = 0
        playback.source = Silence()
        self._seek(slot, playback)

    def _hush(self, slot: int, playback: _Playback) -> None:
        silence = self._silence[playback.codec]
        playback.extent = None
        self.row[slot] = silence.start
        self.end[slot] = silence.start + silence.count

    def _position(self, slot: int, playback: _Playback) -> int:
        """Frames from the beginning of the list to the next one that would be heard."""
        if playback.extent is None:
            return playback.before + playback.skip
        return playback.before + int(self.row[slot]) - playback.extent.start
