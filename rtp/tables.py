"""The arrays of a worker's media plane, indexed by slot (one leg) or row (one packet)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtp.drops import Drop
from rtp.express import Express
from rtp.latch import SourceTable
from rtp.packet import ROW
from rtp.stats import ReceiverStats
from rtp.streams import TYPES, OutStreams

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


class Tables:
    """Slot 0 is nobody: packets from unknown sources fall there, and its tables refuse everything."""

    def __init__(self, slots: int, receive_rows: int, send_rows: int) -> None:
        rows = receive_rows + send_rows
        self.slots = slots
        self.receive_rows = receive_rows
        self.buffer = np.zeros((rows, ROW), np.uint8)
        self.words = self.buffer.view(">u4")
        self.raw_words = self.buffer.view(np.uint32)
        self.heads = self.buffer.view(">u8")[:, 0]
        """First eight bytes of every row: type, sequence number, timestamp."""

        self.out: list[tuple[Ints, Ints, Ints | int]] = []
        """What is to be sent: slots, rows and lengths of packets."""

        self.stats = ReceiverStats(slots)
        self.sources = SourceTable(slots, self.stats)
        self.streams = OutStreams(slots)
        self.express = Express(slots, receive_rows, self.stats, self.streams)
        self.drops: Ints = np.zeros((slots, len(Drop)), np.int64)
        self.kinds: NDArray[np.uint8] = np.zeros(slots * TYPES, np.uint8)
        """(slot, second byte of the header) → what such a packet holds."""
        self.listener: Ints = np.zeros(slots, np.int64)
        """Who hears the leg; 0: nobody."""
        self.slow: NDArray[np.bool_] = np.zeros(slots, np.bool_)
        """Every packet of the leg must be looked at."""
        self.received = self.relayed = self.generated = self.unheard = 0
