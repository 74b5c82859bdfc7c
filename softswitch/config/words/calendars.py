"""Files of calendars (iCalendar) that opening hours refer to."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema

from softswitch.config.calendars import CalendarError, Events, parse_calendar
from softswitch.config.fields import Wrong
from softswitch.config.secrets import context_of

_MAX_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Calendar:
    """A file and its events, read when the configuration is; `digest` is that of its octets."""

    path: Path
    digest: str
    events: Events = field(compare=False)

    def __str__(self) -> str:
        return f"{self.path.name} ({len(self.events.series)} events, {self.digest[:8]})"


def _read(value: object, info: ValidationInfo) -> Calendar:
    if not isinstance(value, str) or not value or "\0" in value:
        raise Wrong("is not a path", 'write "folder/holidays.ics"')
    path = Path(os.path.normpath(context_of(info).folder / value))
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise Wrong(f"{path} is longer than {_MAX_BYTES} bytes", "give a calendar of opening hours alone")
        return Calendar(path, sha256(data).hexdigest(), parse_calendar(data.decode("utf-8-sig")))
    except OSError as error:
        raise Wrong(f"{path} cannot be read: {error.strerror}", "give the path of an iCalendar file (.ics)") from None
    except UnicodeDecodeError:
        raise Wrong(f"{path} is not UTF-8", "export the calendar as iCalendar (.ics) in UTF-8") from None
    except CalendarError as error:
        inside = str(error).startswith(("event ", "time zone "))
        right = "change or remove it" if inside else "export the calendar as iCalendar (.ics)"
        raise Wrong(f"{path}: {error}", right) from None


CalendarField = Annotated[
    Calendar,
    PlainValidator(_read),
    PlainSerializer(lambda calendar: str(calendar.path), return_type=str),
    WithJsonSchema({"type": "string", "examples": ["holidays.ics"]}),
]
