"""Whole microseconds: figures add up exactly only when nothing is rounded on the way."""

from __future__ import annotations

SECOND = 1_000_000


def micros(at: float) -> int:
    """An instant or a length in seconds as microseconds."""
    return round(at * SECOND)


def seconds(length: int) -> float:
    return length / SECOND
