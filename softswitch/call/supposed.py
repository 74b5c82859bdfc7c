"""A call that nobody makes: who would call and when, as people ask about it on a command line."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from softswitch.call.model import Caller
from softswitch.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.config import Config

_TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")
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
    """*text* as a time of the zone of *now*; empty: *now*. Raises QuestionError."""
    if not text:
        return now
    for form in _TIMES:
        try:
            found = datetime.strptime(text, form).replace(tzinfo=now.tzinfo)
        except ValueError:
            continue
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            raise QuestionError(f'"{text}" cannot be reckoned: write a year from {_FIRST_YEAR} to {_LAST_YEAR}')
        return found
    try:
        clock = datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 (the zone is that of `now`)
    except ValueError:
        raise QuestionError(f'"{text}" is no time: write "2026-12-25 10:00" or "10:00"') from None
    return now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)


def _likely(word: str, known: Mapping[str, object]) -> str:
    likely = nearest(word, known)
    return f'; did you mean "{likely}"?' if likely else ""
