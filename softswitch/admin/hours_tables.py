"""Opening hours for a terminal, from what the verbs ``hours`` and ``hours.change`` answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from rich.console import RenderableType

_STYLES = {"open": "green", "closed": "red", "special": "yellow"}


def hours_table(answer: Mapping[str, Any], zone: tzinfo) -> RenderableType:
    """One line for each; times are those of the place that the hours are of."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("hours", "now", "until", "why"):
        table.add_column(column, no_wrap=column != "why")
    for hours in answer["hours"]:
        state = Text(hours["state"], style=_STYLES.get(hours["state"], ""))
        table.add_row(Text(hours["hours"]), state, _end(hours, answer["at"]), Text(_why(hours)))
    head = Text(f"hours at {datetime.fromtimestamp(answer['at'], zone):%H:%M:%S}", style="dim")
    return Group(head, table if answer["hours"] else Text("there are no [hours]"))


def changed_hours(hours: Mapping[str, Any]) -> str:
    """One sentence."""
    end = hours["next_change"]
    until = "" if end is None else f" until {_local(end, hours):%Y-%m-%d %H:%M} ({hours['timezone']})"
    return f"{hours['hours']} is {hours['state']}{until}: {_why(hours)}"


def _why(hours: Mapping[str, Any]) -> str:
    if hours["forced_by"] is not None:
        return f"set by {hours['forced_by'] or 'hand'}; by its rules {hours['by_rules']}"
    return f"{hours['why']} ({hours['reason']})" if hours["why"] else str(hours["reason"])


def _end(hours: Mapping[str, Any], at: float) -> str:
    end = hours["next_change"]
    if end is None:
        return "released" if hours["forced_by"] is not None else ""
    local = _local(end, hours)
    return f"{local:%H:%M}" if local.date() == _local(at, hours).date() else f"{local:%a %Y-%m-%d %H:%M}"


def _local(at: float, hours: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(at, ZoneInfo(hours["timezone"]))
