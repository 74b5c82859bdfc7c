"""What a waiting caller is told, when, and when better nothing.

A number is only said if it keeps its word: never a worse one than before, a wait in boxes instead of minutes (even the
best predictor errs by a third of the mean), and nothing at all while the estimates are spread too widely.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from acd.effects import AnnouncementKind

if TYPE_CHECKING:
    from acd.effects import Box
    from acd.model import AnnouncePolicy

#: The announced waits and the seconds up to which they hold; the last one holds for ever.
BOXES: tuple[tuple[Box, float], ...] = (
    ("1", 60.0),
    ("2", 120.0),
    ("5", 300.0),
    ("10", 600.0),
    ("20", 1200.0),
    ("more", float("inf")),
)

#: A wait that exceeds what was said by more than this is not passed over in silence.
BROKEN = 1.5
#: An estimate older than so many seconds is none.
FRESH = 30.0


class Word(Enum):
    """What to say about the wait."""

    NUMBER = auto()
    COMFORT = auto()  # the number that was said cannot be kept: comfort, and a callback if there is one
    NOTHING = auto()


def first_announcement(policy: AnnouncePolicy, joined_at: float) -> float | None:
    """The instant of the first announcement; None: there is none in this queue."""
    return joined_at + policy.first_after if policy.position or policy.wait else None


def next_announcement(policy: AnnouncePolicy, due_at: float, now: float) -> float | None:
    """The instant of the next one. After a late wake-up missed ones are dropped, not made up for."""
    if not (policy.position or policy.wait) or policy.every <= 0:
        return None
    return after_a_gap(due_at + policy.every, policy.every, now, strictly=True)


def after_a_gap(due_at: float | None, every: float, now: float, *, strictly: bool = False) -> float | None:
    """When to go on after a time in which nothing could be said."""
    if due_at is None or due_at > now or (due_at == now and not strictly):
        return due_at
    return now + every if every > 0 else now


def what_to_say(told: int | None, ahead: int) -> AnnouncementKind | None:
    """Only improving: a caller who was told 2 is never told 3, even when somebody with priority came in between."""
    if told is None:
        return AnnouncementKind.FIRST
    return AnnouncementKind.UPDATE if ahead <= told else None


def position_can_grow(*, priority: float, highest: float, ageing: float, waited: float) -> bool:
    """Whether somebody who comes now can stand before this caller, with the highest priority that comes here."""
    return highest > priority + ageing * waited


def box_of(p80: float) -> int:
    """Index of the smallest box in which four of five such waits end."""
    return next(index for index, (_, seconds) in enumerate(BOXES) if p80 < seconds or seconds == float("inf"))


def what_to_say_of_the_wait(told: int | None, p80: float, spread: float, max_spread: float) -> tuple[Word, int]:
    """The word, and for a number the index of the box: the smallest that was ever right for this caller."""
    if spread > max_spread:
        return Word.NOTHING, 0
    if told is not None and p80 > BOXES[told][1] * BROKEN:
        return Word.COMFORT, 0
    box = box_of(p80)
    return Word.NUMBER, box if told is None else min(told, box)
