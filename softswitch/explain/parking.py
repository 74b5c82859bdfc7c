"""Sentences about callers who were parked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from softswitch.explain.teller import Teller, Told
    from softswitch.store.cdr import Record


def _parked(teller: Teller, record: Record, data: Mapping[str, Any]) -> Told:
    return f"{data.get('by')} parks the caller at {data.get('place')}"


def _fetched(teller: Teller, record: Record, data: Mapping[str, Any]) -> Told:
    return f"phone {data.get('by')} fetches the caller from {data.get('place')}", [f"by call {data.get('fetching')}"]


def _timed_out(teller: Teller, record: Record, data: Mapping[str, Any]) -> Told:
    return f"nobody has fetched the caller from {data.get('place')}: back to {data.get('by')}"


PARKING: dict[str, Callable[[Teller, Record, Mapping[str, Any]], Told | None]] = {
    "park.parked": _parked,
    "park.fetched": _fetched,
    "park.timed_out": _timed_out,
}
