"""Opening hours: some are to come, numbers to dial are different ones, who may set hours by telephone exists."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ivr.hours_grammar import HoursError, parse_rule
from softswitch.clock import SystemClock
from softswitch.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem


def check(raw: Raw) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for path, number in raw.strings("hours.*.number"):
        owner = seen.setdefault(number, str(path[1]))
        if owner != path[1]:
            yield raw.error(path, f'"{number}" is the number of [hours.{owner}] already', "choose another")
    known = [*raw.names("phone"), *raw.names("agent")]
    for path, who in raw.strings("hours.*.forced_by", "hours.*.forced_by.*"):
        if who not in known:
            what = f'there is neither a [[phone]] with the user nor an [[agent]] with the id "{who}"'
            yield raw.error(path, what, nearest=nearest(who, known))
    for path, hours in raw.select("hours.*"):
        if isinstance(hours, dict) and hours.get("forced_by") and "number" not in hours:
            yield raw.error_at_key((*path, "forced_by"), "has no number to dial", 'add number = "1"')
        if isinstance(hours, dict) and (last := _last_day(hours)) and last < _still_today():
            what = f"are closed for ever: the last day on which they were open was {last}"
            yield raw.warning((*path, "open"), what, "add the days to come", code="never-open")


def _last_day(hours: dict[str, Any]) -> date | None:
    """On which a rule opens; None: they open again and again, or nobody can tell."""
    rules = hours.get("open")
    if not isinstance(rules, list) or not rules or "open_calendar" in hours:
        return None
    last = date.min
    for text in rules:
        try:
            dates = parse_rule(text).dates if isinstance(text, str) else None
        except HoursError:
            dates = None
        if dates is None:
            return None
        last = max(last, dates[1])
    return last


def _still_today() -> date:
    """The first day that may not be over, wherever on earth: and its night may run on into the next one."""
    clock = SystemClock()
    return clock.local(clock.now()).date() - timedelta(days=2)
