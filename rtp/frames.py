"""One big array of encoded frames, from which any number of legs play by row number."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtp.packet import SAMPLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

AssetKey = tuple[str, str]
"""(path, codec)"""


class StoreFullError(Exception):
    """No room for an asset beside those in use."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Rows [start, start + count) hold an asset."""

    start: int
    count: int


class FrameStore:
    """Assets as rows of 160 octets. Memory is touched only as it fills; unused assets make room, oldest use first."""

    def __init__(self, capacity: int = 1_000_000) -> None:
        self.rows: NDArray[np.uint8] = np.zeros((capacity, SAMPLES), np.uint8)
        self._assets: OrderedDict[AssetKey, Extent] = OrderedDict()
        self._in_use: dict[AssetKey, int] = {}
        self._free: list[Extent] = [Extent(0, capacity)]

    def get(self, key: AssetKey) -> Extent | None:
        extent = self._assets.get(key)
        if extent is not None:
            self._assets.move_to_end(key)
        return extent

    def add(self, key: AssetKey, frames: NDArray[np.uint8]) -> Extent:
        """Keep *frames*, shape (n, 160); an asset that is there already stays as it is. Raises `StoreFullError`."""
        if (present := self._assets.get(key)) is not None:
            return present
        count = max(1, len(frames))
        extent = self._take(count)
        while extent is None:
            idle = next((old for old in self._assets if not self._in_use.get(old)), None)
            if idle is None:
                raise StoreFullError(f"no room for {count} frames")
            self._release(self._assets.pop(idle))
            extent = self._take(count)
        self.rows[extent.start : extent.start + len(frames)] = frames
        self._assets[key] = extent
        return extent

    def forget(self, key: AssetKey) -> None:
        """The asset has changed on disk: its next use loads it again. One in use plays on to its end."""
        if key in self._assets and not self._in_use.get(key):
            self._release(self._assets.pop(key))

    def hold(self, key: AssetKey) -> None:
        self._in_use[key] = self._in_use.get(key, 0) + 1

    def release(self, key: AssetKey) -> None:
        self._in_use[key] -= 1
        if not self._in_use[key]:
            del self._in_use[key]

    def _take(self, count: int) -> Extent | None:
        for at, hole in enumerate(self._free):
            if hole.count >= count:
                if hole.count == count:
                    del self._free[at]
                else:
                    self._free[at] = Extent(hole.start + count, hole.count - count)
                return Extent(hole.start, count)
        return None

    def _release(self, extent: Extent) -> None:
        merged: list[Extent] = []
        for hole in sorted([*self._free, extent], key=lambda e: e.start):
            if merged and merged[-1].start + merged[-1].count == hole.start:
                merged[-1] = Extent(merged[-1].start, merged[-1].count + hole.count)
            else:
                merged.append(hole)
        self._free = merged
