"""Files of calendars (iCalendar) that opening hours refer to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema

from ivr.icalendar import CalendarError, Event, parse_calendar
from softswitch.config.fields import Wrong
from softswitch.config.secrets import context_of

_MAX_BYTES: Final = 16 << 20

#: Names that Windows calendars give to time zones (Unicode CLDR, windowsZones).
_WINDOWS_ZONES: Final = {
    "FLE Standard Time": "Europe/Kyiv",
    "E. Europe Standard Time": "Europe/Chisinau",
    "Central European Standard Time": "Europe/Warsaw",
    "Central Europe Standard Time": "Europe/Budapest",
    "W. Europe Standard Time": "Europe/Berlin",
    "Romance Standard Time": "Europe/Paris",
    "GMT Standard Time": "Europe/London",
    "GTB Standard Time": "Europe/Bucharest",
    "Russian Standard Time": "Europe/Moscow",
    "Turkey Standard Time": "Europe/Istanbul",
    "Eastern Standard Time": "America/New_York",
    "Central Standard Time": "America/Chicago",
    "Pacific Standard Time": "America/Los_Angeles",
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """A file and its events, read when the configuration is."""

    path: Path
    events: tuple[Event, ...]


def _read(value: object, info: ValidationInfo) -> Calendar:
    if not isinstance(value, str) or not value or "\0" in value:
        raise Wrong("is not a path", 'write "folder/holidays.ics"')
    path = Path(os.path.normpath(context_of(info).folder / value))
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise Wrong(f"{path} is longer than {_MAX_BYTES} bytes", "give a calendar of opening hours alone")
        return Calendar(path, parse_calendar(data.decode("utf-8-sig"), _zone))
    except OSError as error:
        raise Wrong(f"{path} cannot be read: {error.strerror}", "give the path of an iCalendar file (.ics)") from None
    except UnicodeDecodeError:
        raise Wrong(f"{path} is not UTF-8", "export the calendar as iCalendar (.ics) in UTF-8") from None
    except CalendarError as error:
        raise Wrong(f"{path}: {error}", "export the calendar as iCalendar (.ics)") from None


def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(_WINDOWS_ZONES.get(name, name))


CalendarField = Annotated[
    Calendar,
    PlainValidator(_read),
    PlainSerializer(lambda calendar: str(calendar.path), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["holidays.ics"]}),
]
