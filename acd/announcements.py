"""When a waiting caller is told the position, and when better not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.effects import AnnouncementKind

if TYPE_CHECKING:
    from acd.model import AnnouncePolicy


def first_announcement(policy: AnnouncePolicy, joined_at: float) -> float | None:
    """The instant of the first announcement; None: there is none in this queue."""
    return joined_at + policy.first_after if policy.position else None


def next_announcement(policy: AnnouncePolicy, due_at: float, now: float) -> float | None:
    """The instant of the next one. After a late wake-up missed ones are dropped, not made up for."""
    if not policy.position or policy.every <= 0:
        return None
    at = due_at + policy.every
    return at if at > now else now + policy.every


def what_to_say(told: int | None, ahead: int) -> AnnouncementKind | None:
    """Only improving: a caller who was told 2 is never told 3, even when somebody with priority came in between."""
    if told is None:
        return AnnouncementKind.FIRST
    return AnnouncementKind.UPDATE if ahead <= told else None
