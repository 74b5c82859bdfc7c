"""A call that nobody makes: who would call and when, as people ask about it on a command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ivr.hours import clock_change, instants
from softswitch.call.model import Caller
from softswitch.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.config import Config

_TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")
_WITH_OFFSET = ("%Y-%m-%d %H:%M%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%z")
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_WITHHELD = ("", "withheld", "anonymous")


class QuestionError(ValueError):
    """The question makes no sense; the message says what would."""


def caller_of(config: Config, ani: str = "", trunk: str = "", phone: str = "") -> Caller:
    """One of our phones, or somebody with the number *ani* over a trunk, by default the first. Raises QuestionError."""
    if phone:
        if phone not in config.phones:
            raise QuestionError(f'there is no phone "{phone}"{_likely(phone, config.phones)}')
        return Caller(phone, config.phones[phone].name, phone=phone)
    trunk = trunk or next(iter(config.trunks), "")
    if not trunk:
        raise QuestionError("the configuration has no trunk: say which phone calls (--phone 1001)")
    if trunk not in config.trunks:
        raise QuestionError(f'there is no trunk "{trunk}"{_likely(trunk, config.trunks)}')
    raw = "" if ani in _WITHHELD else ani
    number = config.plan.read(raw, ours=False)
    return Caller(number.dialable, trunk=trunk, raw="" if number.withheld else raw, withheld=number.withheld)


def moment(text: str, now: datetime) -> datetime:
    """*text* as a time of the zone of *now*; empty: *now*. Of a time that comes twice it is the first; with an offset
    from UTC (``2026-10-25 03:30+02:00``) either can be meant. Raises QuestionError.
    """
    if not text:
        return now
    for form in (*_TIMES, *_WITH_OFFSET):
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007 (with an offset, or a clock of `now`)
        except ValueError:
            continue
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            raise QuestionError(f'"{text}" cannot be reckoned: write a year from {_FIRST_YEAR} to {_LAST_YEAR}')
        return _shown(text, found, now) if found.tzinfo is None else found.astimezone(now.tzinfo)
    try:
        clock = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 (the zone is that of `now`)
    except ValueError:
        raise QuestionError(f'"{text}" is no time: write "2026-12-25 10:00" or "10:00"') from None
    return _shown(text, datetime.combine(now, clock), now)


def told_moment(at: datetime) -> str:
    """*at* as people read it, and which of the two it is where a clock shows it twice."""
    text = f"{at:%A %Y-%m-%d %H:%M} {at.tzinfo}"
    first, *second = instants(at.replace(tzinfo=None, fold=0), at.tzinfo or UTC)
    if not second:
        return text
    if at.utcoffset() != first.utcoffset():
        return f"{text}, the second of two times"
    offset = f"{second[0]:%z}"
    return f'{text}, the first of two times (the second is "{at:%Y-%m-%d %H:%M}{offset[:3]}:{offset[3:]}")'


def _shown(text: str, wall: datetime, now: datetime) -> datetime:
    """The first instant at which the clock of *now* shows *wall*."""
    zone = now.tzinfo or UTC
    if found := instants(wall, zone):
        return found[0]
    again = clock_change(wall.date(), zone)
    assert again is not None
    last = (again.astimezone(UTC) - timedelta(seconds=1)).astimezone(zone) + timedelta(seconds=1)
    raise QuestionError(f'no clock shows "{text}" in {zone}: it is put forward from {last:%H:%M} to {again:%H:%M}')


def _likely(word: str, known: Mapping[str, object]) -> str:
    likely = nearest(word, known)
    return f'; did you mean "{likely}"?' if likely else ""
