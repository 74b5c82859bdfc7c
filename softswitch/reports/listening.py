"""The report on listening as a table of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from softswitch.campaigns.listening import PERCENTILES, segments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from softswitch.campaigns.listening import Figures, Listening


def as_table(found: Listening) -> RenderableType:
    """What a terminal shows."""
    figures = found.figures()
    if not figures:
        return Text("no message of a campaign was voiced")
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    for title in ("slot", "campaign", "version", "segment"):
        table.add_column(title, no_wrap=True)
    for title in ("meant\nfor", "heard", "to the\nend", *(f"p{p}" for p in PERCENTILES), "ended by"):
        table.add_column(title, justify="right", no_wrap=True, vertical="bottom")
    for message, by_segment in figures.items():
        rows: Sequence[tuple[str, Figures]] = [("", by_segment[None]), *segments(by_segment)]
        for name, part in rows:
            keys = (message.slot, message.campaign, str(message.version)) if not name else ("", "", "")
            table.add_row(*keys, name, *_cells(part))
    return table


def _cells(part: Figures) -> list[str]:
    whole = f"{100 * part.completed / part.hearings:.0f} %" if part.hearings else "-"
    shares = ["-" if (q := part.percentile(p)) is None else f"{100 * q:.0f} %" for p in PERCENTILES]
    by = ", ".join(f"{name} {count}" for name, count in part.ended_by.most_common(4))
    return [str(part.meant), str(part.hearings), whole, *shares, by]
