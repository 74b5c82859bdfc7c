"""Files of calendars (iCalendar, RFC 5545) as opening hours read them."""

from __future__ import annotations

from softswitch.config.calendars.errors import CalendarError
from softswitch.config.calendars.events import Events
from softswitch.config.calendars.reading import parse_calendar

__all__ = ["CalendarError", "Events", "parse_calendar"]
