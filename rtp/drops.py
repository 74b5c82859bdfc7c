"""Why a packet was not passed on."""

from __future__ import annotations

from enum import IntEnum


class Drop(IntEnum):
    # belongs to no leg
    UNKNOWN_SOURCE = 0
    AMBIGUOUS = 1
    """Two unlatched legs could be meant."""
    LATE = 2
    """From the source of a leg removed a moment ago."""
    FLOOD = 3
    """More strangers in one pass than are looked at."""
    STRAY_CONTROL = 11
    """RTCP of nobody we know, or malformed."""
    # from a leg's own source
    MALFORMED = 4
    UNKNOWN_TYPE = 5
    """A payload type that was not negotiated."""
    EMPTY = 6
    """No payload: a keep-alive (RFC 6263)."""
    DUPLICATE = 7
    TOO_OLD = 8
    UNCONFIRMED = 9
    """First packet of another SSRC, or of a jump in sequence (RFC 3550 A.1)."""
    EXCESS = 10
    """More packets of one leg in one pass than a phone sends."""


def by_name(counts: list[int]) -> dict[str, int]:
    return {drop.name.lower(): counts[drop] for drop in Drop if counts[drop]}
