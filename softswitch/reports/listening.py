"""The report on listening as a table of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from softswitch.campaigns.listening import segments

if TYPE_CHECKING:
    from rich.console import RenderableType

    from softswitch.campaigns.listening import Figures, Listening

#: Percentiles that fit into a terminal; JSON has more.
_SHOWN = (10, 50, 90)


def as_table(found: Listening, nothing: str = "no message of a campaign was voiced") -> RenderableType:
    """What a terminal shows; *nothing* when nobody was to hear a message."""
    figures = found.figures()
    if not figures:
        return Text(nothing)
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    table.add_column("slot, campaign,\nversion; segment", overflow="fold", min_width=18, vertical="bottom")
    for title in ("meant\nfor", "heard", "to the\nend", *(f"p{p}" for p in _SHOWN)):
        table.add_column(title, justify="right", no_wrap=True, vertical="bottom")
    table.add_column("ended by", overflow="fold", vertical="bottom")
    for message, by_segment in figures.items():
        table.add_row(f"{message.slot}, {message.campaign}, {message.version}", *_cells(by_segment[None]))
        for name, part in segments(by_segment):
            table.add_row(f"  {name}", *_cells(part))
    return table


def _cells(part: Figures) -> list[str]:
    whole = f"{100 * part.completed / part.hearings:.0f}%" if part.hearings else "-"
    shares = ["-" if (q := part.percentile(p)) is None else f"{100 * q:.0f}%" for p in _SHOWN]
    by = ", ".join(f"{name} {count}" for name, count in part.ended_by.most_common(4))
    return [str(part.meant), str(part.hearings), whole, *shares, by]
