"""How campaigns are listened to: who was to hear a message, how much of it they heard, and what cut it short.

A message counts when it begins to play. How long it is is known from the record, or else from those who heard all of
it in the same language: the median of their times.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import takewhile
from statistics import median
from typing import TYPE_CHECKING, Any

from ivr.slots import PREFIX
from softswitch.config.errors import nearest
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from softswitch.store.cdr import Record

#: A message that a caller is to hear; a slot that has other messages now.
VOICED, CHANGED = "ivr.message_voiced", "campaign.changed"
KINDS = frozenset({VOICED, "ivr.prompts_started", "ivr.prompts_ended", "call.ended"})
PERCENTILES = (10, 25, 50, 75, 90)
#: A message that ends within so many seconds of its length was heard to the end.
CLOSE = 0.25


@dataclass(frozen=True, slots=True, order=True)
class Message:
    slot: str
    campaign: str
    version: int


@dataclass(frozen=True, slots=True)
class Hearing:
    """One play to one caller. `by`: a key, "hung-up", "limit", or "" (heard to the end)."""

    message: Message
    segment: str
    language: str
    played: float
    total: float | None
    by: str


@dataclass(slots=True)
class Figures:
    """Of one message in one segment of callers (or of all). `shares`: from 0 to 1, sorted."""

    meant: int = 0
    interrupted: int = 0  # by a key
    hearings: int = 0
    completed: int = 0
    shares: list[float] = field(default_factory=list)
    ended_by: Counter[str] = field(default_factory=Counter)

    def percentile(self, p: int) -> float | None:
        """The share of the message below which *p* percent of the hearings end (nearest rank)."""
        if not self.shares:
            return None
        return self.shares[max(0, -(-len(self.shares) * p // 100) - 1)]

    def to_plain(self) -> dict[str, Any]:
        shares = {f"p{p}": None if (q := self.percentile(p)) is None else round(100 * q, 1) for p in PERCENTILES}
        return {
            "meant_for": self.meant,
            "heard": self.hearings,
            "heard_to_the_end": self.completed,
            "heard_to_the_end_percent": round(100 * self.completed / self.hearings, 1) if self.hearings else None,
            "interrupted_by_key": self.interrupted,
            "listened_percent": shares,
            "ended_by": dict(sorted(self.ended_by.items())),
        }


@dataclass(slots=True)
class _Open:
    """What is going on in one call."""

    segments: dict[Message, str] = field(default_factory=dict)
    playing: dict[int, tuple[Message, str]] = field(default_factory=dict)  # by number of the play


class Listening:
    """Feed :meth:`read` with records in order; :meth:`figures` adds them up."""

    def __init__(self, campaign: str = "") -> None:
        """*campaign*: only this one; empty: all."""
        self._campaign = campaign
        self._calls: dict[str, _Open] = {}
        self._hearings: list[Hearing] = []
        self._meant: Counter[tuple[Message, str]] = Counter()

    def read(self, record: Record) -> None:
        if record.call is None:
            return
        data = record.data
        match record.kind:
            case "ivr.message_voiced":
                message = Message(str(data["slot"]), str(data["campaign"]), int(data["version"]))
                if self._campaign in ("", message.campaign):
                    segment = str(data.get("segment", ""))
                    self._calls.setdefault(record.call, _Open()).segments[message] = segment
                    self._meant[message, segment] += 1
            case "call.ended":
                self._calls.pop(record.call, None)
            case _ if (call := self._calls.get(record.call)) is not None:
                self._follow(call, record.kind, data)

    def _follow(self, call: _Open, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "ivr.prompts_started":
            keys = [str(key) for key in data.get("keys") or ()]
            message = _message(keys[0]) if len(keys) == 1 else None
            if message is not None and message in call.segments:
                call.playing[int(data["play"])] = message, str(data.get("language", ""))
        elif kind == "ivr.prompts_ended":
            playing = call.playing.pop(int(data["play"]), None)
            if playing is not None:
                message, language = playing
                total = data.get("total")
                self._hearings.append(
                    Hearing(
                        message,
                        call.segments[message],
                        language,
                        float(data["played"]),
                        float(total) if total else None,
                        str(data.get("interrupted_by") or ""),
                    )
                )

    def figures(self) -> dict[Message, dict[str | None, Figures]]:
        """By message and segment; the segment None is everybody."""
        lengths = self._lengths()
        found: dict[Message, dict[str | None, Figures]] = defaultdict(lambda: defaultdict(Figures))
        for (message, segment), count in self._meant.items():
            for which in (None, segment):
                found[message][which].meant += count
        for hearing in self._hearings:
            total = hearing.total or lengths.get((hearing.message, hearing.language))
            for which in (None, hearing.segment):
                _add(found[hearing.message][which], hearing, total)
        for by_segment in found.values():
            for figures in by_segment.values():
                figures.shares.sort()
        return {message: dict(found[message]) for message in sorted(found)}

    def _lengths(self) -> dict[tuple[Message, str], float]:
        whole: dict[tuple[Message, str], list[float]] = defaultdict(list)
        for hearing in self._hearings:
            if not hearing.by:
                whole[hearing.message, hearing.language].append(hearing.played)
        return {which: median(times) for which, times in whole.items()}


def _add(figures: Figures, hearing: Hearing, total: float | None) -> None:
    figures.hearings += 1
    whole = not hearing.by or (total is not None and hearing.played >= total - CLOSE)
    figures.completed += whole
    figures.ended_by[hearing.by or "end"] += 1
    if len(hearing.by) == 1:
        figures.interrupted += 1
    if whole:
        figures.shares.append(1.0)
    elif total:
        figures.shares.append(min(1.0, hearing.played / total))


def _message(key: str) -> Message | None:
    match key.split("."):
        case [prefix, slot, campaign, version] if f"{prefix}." == PREFIX and version.isdigit():
            return Message(slot, campaign, int(version))
    return None


def listening(records: Iterable[Record], campaign: str = "") -> Listening:
    found = Listening(campaign)
    for record in records:
        found.read(record)
    return found


def read_listening(database: Path, campaign: str = "", begin: float = 0.0, end: float = float("inf")) -> Listening:
    """From the journal, what began to play in the period. Raises `StoreError`."""
    with Reader(database) as reader, reader.snapshot():
        first = reader.first_at(begin) if begin else 0
        return listening(takewhile(lambda record: record.at < end, reader.lines(KINDS, first)), campaign)


def campaigns(database: Path) -> set[str]:
    """All that were ever bound or heard, as far as the journal goes back. Raises `StoreError`."""
    found: set[str] = set()
    with Reader(database) as reader, reader.snapshot():
        for record in reader.lines(frozenset({VOICED, CHANGED})):
            bound = [record.data] if record.kind == VOICED else record.data["new"]
            found.update(str(one["campaign"]) for one in bound)
    return found


def nobody_heard(campaign: str, known: Iterable[str]) -> str:
    """That there is no such campaign among those that are *known*."""
    likely = nearest(campaign, known)
    meant = f'; did you mean "{likely}"?' if likely else ""
    return f'no campaign "{campaign}" was ever bound or heard{meant}'


def to_plain(found: Listening) -> dict[str, Any]:
    """For JSON: everybody, then each segment."""
    return {
        "messages": [
            {
                "slot": message.slot,
                "campaign": message.campaign,
                "version": message.version,
                **by_segment[None].to_plain(),
                "segments": {name: part.to_plain() for name, part in segments(by_segment)},
            }
            for message, by_segment in found.figures().items()
        ]
    }


def segments(by_segment: Mapping[str | None, Figures]) -> Iterator[tuple[str, Figures]]:
    """Callers of each segment, where there are any."""
    named = sorted(name for name in by_segment if name is not None)
    if named != [""]:  # nobody has a segment: that is everybody once more
        yield from ((name or "(none)", by_segment[name]) for name in named)
