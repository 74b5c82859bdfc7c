"""What is wrong with a calendar."""

from __future__ import annotations


class CalendarError(ValueError):
    """A file that cannot be read as a calendar; the message names event and fault."""
