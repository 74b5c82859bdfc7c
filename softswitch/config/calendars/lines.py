"""The lines of an iCalendar file (RFC 5545, section 3.1) that opening hours are about, and how many there may be.

Calendar programs export descriptions, guests, alarms and pictures too. What means nothing here is left out before the
file is read, and what is too much for a calendar of opening hours is refused: it would keep the switch busy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from softswitch.config.calendars.errors import CalendarError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: So many events and single dates take about a second on a small machine.
MOST_EVENTS: Final = 2000
MOST_DATES: Final = 10_000
_DEEPEST: Final = 8
#: Characters of a line that is no list of dates.
_LONGEST_LINE: Final = 4000
_NAME: Final = re.compile(r"[A-Za-z0-9-]+(?=[;:])")
_END_OF_LINE: Final = re.compile(r"\r\n|\n|\r")
_DATES: Final = {"RDATE", "EXDATE"}
_OF_EVENTS: Final = {
    *("BEGIN", "END", "UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "STATUS", "RRULE", "EXRULE", "RECURRENCE-ID"),
    *_DATES,
}
_COMPONENTS: Final = ("VCALENDAR", "VEVENT")
_ZONE: Final = "VTIMEZONE"


@dataclass(slots=True)
class Extract:
    """`text`: the events alone, for a reader of calendars. `zones`: the lines of each definition of a time zone."""

    text: str
    zones: list[list[str]] = field(default_factory=list)


def extract(text: str) -> Extract:
    """Raises CalendarError for a file that is too much."""
    kept: list[str] = []
    zones: list[list[str]] = []
    inside: list[str] = []  # the components around a line
    events = dates = 0
    name = ""  # of the event
    for line in _unfolded(text):
        found = _NAME.match(line)
        key = found[0].upper() if found else ""
        value = line[len(key) + 1 :].strip()
        if key == "BEGIN":
            inside.append(value.upper())
            if len(inside) > _DEEPEST:
                raise CalendarError(f"is no iCalendar: {value[:40]} is in {_DEEPEST} others")
            if inside[-1] == _ZONE:
                zones.append([])
            elif inside[-1] == "VEVENT":
                events, name = events + 1, "event"
                if events > MOST_EVENTS:
                    raise CalendarError(f"has more than {MOST_EVENTS} events; give a calendar of opening hours alone")
        if _ZONE in inside:
            zones[-1].append(line)
        elif all(component in _COMPONENTS for component in inside) and (not key or key in _OF_EVENTS):
            if not key:
                where = f'event "{name}": a line' if "VEVENT" in inside else "is no iCalendar"
                raise CalendarError(f"{where}: '{line[:40]}' is no line of a calendar")
            kept.append(line)
            if key in ("SUMMARY", "UID") and (key == "SUMMARY" or name == "event"):
                name = line.partition(":")[2][:80]
            dates += line.count(",") + 1 if key in _DATES else 0
            if dates > MOST_DATES:
                raise CalendarError(f'event "{name}": there are more than {MOST_DATES} single dates in the file')
            if len(line) > _LONGEST_LINE and key not in _DATES:
                raise CalendarError(f'event "{name}": {key or "a line"} has more than {_LONGEST_LINE} characters')
        if key == "END" and inside:
            inside.pop()
    return Extract("\r\n".join([*kept, ""]), zones)


def _unfolded(text: str) -> Iterator[str]:
    parts: list[str] = []
    for line in _END_OF_LINE.split(text):
        if line[:1] in (" ", "\t") and parts:
            parts.append(line[1:])
            continue
        if parts and (whole := "".join(parts)):
            yield whole
        parts = [line]
    if parts and (whole := "".join(parts)):
        yield whole
