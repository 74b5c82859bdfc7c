"""RTP packets (RFC 3550 §5.1): the layout of a batch, and one packet at a time.

A batch is a uint8 array of rows of `ROW` bytes, one packet per row. The plane reads and writes headers of *plain*
packets (version 2, no padding, extension or contributing sources) column-wise; `make_plain` turns any other valid
packet into a plain one first. `RtpPacket` is the same thing for a single packet, for tests and rare paths.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEADER = 12
SAMPLES = 160  # 20 ms at 8 kHz; one byte each in G.711
#: Bytes per row: 12 + 640 (80 ms of G.711) and a tail, not a power of two so that headers spread over cache sets.
ROW = 704

PCMU = 0
PCMA = 8
COMFORT_NOISE = 13

_FIXED = struct.Struct("!BBHII")


class RtpError(ValueError):
    """Not an RTP packet that could be used."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    payload_type: int
    sequence_number: int
    timestamp: int
    ssrc: int
    payload: bytes = b""
    marker: bool = False
    csrc: tuple[int, ...] = ()
    extension: tuple[int, bytes] | None = None
    """(profile, data), data a multiple of four bytes"""
    padding: int = 0

    def serialize(self) -> bytes:
        first = 0x80 | (0x20 if self.padding else 0) | (0x10 if self.extension else 0) | len(self.csrc)
        second = (0x80 if self.marker else 0) | self.payload_type
        data = _FIXED.pack(first, second, self.sequence_number, self.timestamp, self.ssrc)
        data += b"".join(struct.pack("!I", source) for source in self.csrc)
        if self.extension is not None:
            profile, body = self.extension
            data += struct.pack("!HH", profile, len(body) // 4) + body
        data += self.payload
        if self.padding:
            data += bytes(self.padding - 1) + bytes((self.padding,))
        return data


def header_length(data: bytes | memoryview) -> tuple[int, int]:
    """Where the payload begins and ends in *data*; raises `RtpError` when the lengths lie."""
    size = len(data)
    if size < HEADER:
        raise RtpError(f"shorter than its header: {size} bytes")
    first = data[0]
    if first >> 6 != 2:
        raise RtpError(f"version {first >> 6}")
    begin, end = HEADER + 4 * (first & 0x0F), size
    if first & 0x10:
        if begin + 4 > size:
            raise RtpError("header extension is cut off")
        begin += 4 + 4 * ((data[begin + 2] << 8) | data[begin + 3])
    if begin > size:
        raise RtpError("header is cut off")
    if first & 0x20:
        padding = data[size - 1]
        if not 0 < padding <= size - begin:
            raise RtpError(f"padding of {padding} bytes")
        end -= padding
    return begin, end


def parse_rtp(data: bytes) -> RtpPacket:
    begin, end = header_length(data)
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    count = first & 0x0F
    extension = None
    if first & 0x10:
        at = HEADER + 4 * count
        extension = (int.from_bytes(data[at : at + 2], "big"), bytes(data[at + 4 : begin]))
    return RtpPacket(
        payload_type=second & 0x7F,
        sequence_number=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=bytes(data[begin:end]),
        marker=bool(second & 0x80),
        csrc=struct.unpack_from(f"!{count}I", data, HEADER),
        extension=extension,
        padding=len(data) - end,
    )


def make_plain(row: NDArray[np.uint8], length: int) -> int:
    """Drop contributing sources, extension and padding of the packet in *row*, in place; returns its new length.

    Raises `RtpError` when the packet's lengths lie; *row* is then unchanged.
    """
    data = row[:length].tobytes()
    begin, end = header_length(data)
    size = end - begin
    row[HEADER : HEADER + size] = np.frombuffer(data, np.uint8, size, begin)
    row[0] = 0x80
    return HEADER + size


def is_rtcp(second_byte: int) -> bool:
    """RTP and RTCP on one port are told apart by the second byte (RFC 5761 §4)."""
    return 192 <= second_byte <= 223
