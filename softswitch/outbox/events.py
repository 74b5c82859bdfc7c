"""A line of the journal as other systems see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from softswitch.config.words.systems import DEFAULT_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from softswitch.store.cdr import Record
    from softswitch.store.queries import Customer

#: Version of the envelope below; that of `data` is the journal's.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Event:
    """`id` is the same however often the event is delivered: receivers drop what they have seen."""

    seq: int
    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.document["id"])


class Selection:
    """Which kinds of lines are wanted: words with "*" for any rest, as in "ivr.*"."""

    def __init__(self, patterns: Iterable[str] = DEFAULT_TYPES) -> None:
        self._patterns = tuple(patterns)
        self._known: dict[str, bool] = {}

    def wants(self, kind: str) -> bool:
        wanted = self._known.get(kind)
        if wanted is None:
            wanted = self._known[kind] = any(fnmatchcase(kind, pattern) for pattern in self._patterns)
        return wanted


def event_of(record: Record, source: str, customer: Customer | None = None) -> Event:
    """*source* names the journal, so that ids of two switches differ; *customer*: who the call's caller is."""
    number, customer_id = ("", "") if customer is None else (customer.number, customer.customer_id)
    at = datetime.fromtimestamp(record.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Event(
        record.seq,
        {
            "id": f"{source}-{record.seq}",
            "version": VERSION,
            "type": record.kind,
            "at": at,
            "call": record.call,
            "customer": number or None,
            "customer_id": customer_id or number or None,
            "data": record.data,
        },
    )
