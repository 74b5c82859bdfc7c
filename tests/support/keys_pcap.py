"""A packet capture of one key as RFC 4733 telephone-events, for SIPp to play."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = "0123456789*#ABCD"
STEP = 160  # timestamp units (20 ms) between packets
SSRC = 0x51505021


def write_key_pcap(path: Path, digit: str, *, payload_type: int = 96, steps: int = 8, ends: int = 3) -> Path:
    """`digit` held for `steps` * 20 ms; the end is sent `ends` times, as RFC 4733 section 2.5.1.4 wants.

    With `ends` = 0 the key's end was lost on the way.
    """
    event = EVENTS.index(digit)
    packets = [(step, min(step + 1, steps) * STEP, step >= steps) for step in range(steps + ends)]
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for sequence, (step, duration, is_end) in enumerate(packets):
        marker = 0x80 if sequence == 0 else 0
        rtp = struct.pack("!BBHII", 0x80, marker | payload_type, 1000 + sequence, 4000, SSRC)
        rtp += struct.pack("!BBH", event, (0x80 if is_end else 0) | 10, duration)
        udp = struct.pack("!HHHH", 20000, 20000, 8 + len(rtp), 0) + rtp
        address = bytes((127, 0, 0, 1))
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), sequence, 0, 64, 17, 0, address, address) + udp
        frame = bytes(12) + b"\x08\x00" + ip
        data += struct.pack("<IIII", 0, step * 20000, len(frame), len(frame)) + frame
    path.write_bytes(data)
    return path
