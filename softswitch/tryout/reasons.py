"""Why something is not so for a caller who is tried: hours that are closed, messages that they do not hear."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from softswitch.call.hours.opening import Opening

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    from ivr.nodes import Flow
    from softswitch.campaigns.book import Book
    from softswitch.config import Config
    from softswitch.tryout.book import MomentClock


def closed_hours(flow: Flow, clock: MomentClock, name: str, now: float, zone: tzinfo | None) -> str:
    """By which rule they are closed, and when they open, on the clock of *zone*."""
    opening = Opening(flow, clock.local)
    why, change = opening.by_rules(name, now).reason, opening.next_change(name, now)
    if change is None:
        return f" ({why}); does not open within a year"
    return f" ({why}); opens {datetime.fromtimestamp(change, zone):%A %Y-%m-%d %H:%M}"


def silent_messages(config: Config, book: Book, menu: str, known: Mapping[str, str], now: float) -> Iterator[str]:
    """A line for each message that is bound to a slot of *menu* and not for a caller of whom this is *known*."""
    for slot in config.menus[menu].slots if menu in config.menus else ():
        for campaign, why in book.silent(slot.id, known, now):
            yield f"slot {slot.id} is without message {campaign}: {why}"
