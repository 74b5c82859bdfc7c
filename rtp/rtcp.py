"""RTCP compound packets (RFC 3550 §6): sender and receiver reports, source descriptions, goodbyes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SR, RR, SDES, BYE, APP = 200, 201, 202, 203, 204
_CNAME: Final = 1
_NTP_EPOCH: Final = 2_208_988_800  # 1900 → 1970, in seconds

_HEADER = struct.Struct("!BBH")
_SENDER = struct.Struct("!QIII")
_BLOCK = struct.Struct("!IIIIII")


class RtcpError(ValueError):
    """Not a compound packet by RFC 3550 appendix A.2."""


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """Reception of one source, as its receiver sees it (§6.4.1)."""

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    extended_highest: int
    jitter: int
    last_sr: int = 0
    delay_since_last_sr: int = 0
    """In units of 1/65536 seconds."""


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp: int
    """64-bit NTP timestamp."""
    rtp_timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """The canonical name of a source; other items are not kept."""

    ssrc: int
    cname: str


@dataclass(frozen=True, slots=True)
class Goodbye:
    sources: tuple[int, ...]


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye


def ntp_time(wall: float) -> int:
    """Seconds since 1970 → 64-bit NTP timestamp."""
    return int((wall + _NTP_EPOCH) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def middle(ntp: int) -> int:
    """The 32 bits by which reports refer to a sender report."""
    return (ntp >> 16) & 0xFFFFFFFF


def serialize_compound(packets: Sequence[RtcpPacket]) -> bytes:
    return b"".join(_serialize(packet) for packet in packets)


def parse_compound(data: bytes) -> list[RtcpPacket]:
    """All packets of types we know, in order; raises RtcpError."""
    packets: list[RtcpPacket] = []
    at = 0
    while at < len(data):
        if len(data) - at < 4:
            raise RtcpError("cut off")
        first, kind, words = _HEADER.unpack_from(data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2:
            raise RtcpError(f"version {first >> 6}")
        if at == 0 and kind not in (SR, RR):
            raise RtcpError(f"begins with type {kind}")
        if end > len(data):
            raise RtcpError("length goes beyond the datagram")
        body = data[at + 4 : end]
        if first & 0x20:
            if end != len(data) or not body or not 0 < body[-1] <= len(body):
                raise RtcpError("padding")
            body = body[: -body[-1]]
        packet = _parse(kind, first & 0x1F, body)
        if packet is not None:
            packets.append(packet)
        at = end
    if not packets:
        raise RtcpError("empty")
    return packets


def _serialize(packet: RtcpPacket) -> bytes:
    match packet:
        case SenderReport():
            kind, count = SR, len(packet.blocks)
            body = struct.pack("!I", packet.ssrc)
            body += _SENDER.pack(
                packet.ntp, packet.rtp_timestamp & 0xFFFFFFFF, packet.packets & 0xFFFFFFFF, packet.octets & 0xFFFFFFFF
            )
            body += b"".join(map(_serialize_block, packet.blocks))
        case ReceiverReport():
            kind, count = RR, len(packet.blocks)
            body = struct.pack("!I", packet.ssrc) + b"".join(map(_serialize_block, packet.blocks))
        case SourceDescription():
            kind, count = SDES, 1
            name = packet.cname.encode()[:255]
            body = struct.pack("!IBB", packet.ssrc, _CNAME, len(name)) + name + b"\0"
            body += bytes(-len(body) % 4)
        case Goodbye():
            kind, count = BYE, len(packet.sources)
            body = b"".join(source.to_bytes(4, "big") for source in packet.sources)
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body


def _serialize_block(block: ReportBlock) -> bytes:
    lost = (block.fraction_lost << 24) | (block.cumulative_lost & 0xFFFFFF)
    return _BLOCK.pack(block.ssrc, lost, block.extended_highest, block.jitter, block.last_sr, block.delay_since_last_sr)


def _parse(kind: int, count: int, body: bytes) -> RtcpPacket | None:
    try:
        match kind:
            case 200:
                (ssrc,) = struct.unpack_from("!I", body)
                ntp, timestamp, packets, octets = _SENDER.unpack_from(body, 4)
                return SenderReport(ssrc, ntp, timestamp, packets, octets, _parse_blocks(body, 24, count))
            case 201:
                (ssrc,) = struct.unpack_from("!I", body)
                return ReceiverReport(ssrc, _parse_blocks(body, 4, count))
            case 202:
                return _parse_description(body) if count else None
            case 203:
                return Goodbye(struct.unpack_from(f"!{count}I", body))
    except struct.error as error:
        raise RtcpError(f"type {kind} is cut off") from error
    return None


def _parse_blocks(body: bytes, at: int, count: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for begin in range(at, at + 24 * count, 24):
        ssrc, lost, highest, jitter, last_sr, delay = _BLOCK.unpack_from(body, begin)
        cumulative = lost & 0xFFFFFF
        if cumulative & 0x800000:
            cumulative -= 1 << 24
        blocks.append(ReportBlock(ssrc, lost >> 24, cumulative, highest, jitter, last_sr, delay))
    return tuple(blocks)


def _parse_description(body: bytes) -> SourceDescription:
    (ssrc,) = struct.unpack_from("!I", body)
    at, cname = 4, ""
    while at < len(body) and body[at]:
        if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
            raise RtcpError("description item is cut off")
        if body[at] == _CNAME:
            cname = body[at + 2 : at + 2 + body[at + 1]].decode("utf-8", "replace")
        at += 2 + body[at + 1]
    return SourceDescription(ssrc, cname)
