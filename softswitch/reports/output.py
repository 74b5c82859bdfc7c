"""Reports for people (tables of a terminal), for spreadsheets (CSV) and for programs (JSON)."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Group
from rich.table import Table
from rich.text import Text

from acd.figures.definitions import DEFINITIONS, Unit
from acd.figures.service_level import VARIANTS
from softswitch.reports.sheets import By

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

    from acd.figures.definitions import Figure
    from softswitch.reports.sheets import Row, Sheet

#: Columns of the tables, as (figure, heading). CSV and JSON have every figure.
_CALLS = (
    ("offered", "offered"),
    ("answered", "answered"),
    ("abandoned", "aban-\ndoned"),
    ("short", "at once"),
    ("overflowed", "over-\nflowed"),
    ("left", "left"),
    ("callbacks", "call-\nbacks"),
    ("listed", "listed"),
    ("called_back", "called\nback"),
    ("waiting", "waiting"),
    ("cut", "cut"),
    ("refused", "refused"),
    ("service_level", "service\nlevel"),
    ("abandonment", "aban-\ndonment"),
    ("asa", "ASA"),
    ("longest_wait", "longest\nwait"),
    ("aht", "AHT"),
    ("average_talk", "talk"),
    ("average_hold", "hold"),
    ("average_wrap_up", "wrap-\nup"),
    ("transfers", "transf.\nper 100"),
)
_COLUMNS: dict[By, tuple[tuple[str, str], ...]] = {
    By.QUEUE: _CALLS,
    By.INTERVAL: (*_CALLS, ("agents", "agents"), ("occupancy", "occu-\npancy")),
    By.AGENT: (
        ("login", "logged in"),
        ("idle", "idle"),
        ("reserved", "reserved"),
        ("ringing", "ringing"),
        ("talking", "talking"),
        ("hold", "hold"),
        ("wrap_up", "wrap-up"),
        ("break", "break"),
        ("other_call", "other\ncalls"),
        ("unreachable", "unreach-\nable"),
        ("occupancy", "occu-\npancy"),
        ("utilisation", "utili-\nsation"),
        ("offered", "offered"),
        ("answered", "answered"),
        ("no_answers", "not ans.\nper 100"),
        ("aht", "AHT"),
        ("transfers", "transf.\nper 100"),
    ),
    By.CALL: (),
}
#: Shown even when there is nothing but zeros.
_ALWAYS = frozenset({"offered", "answered", "abandoned", "service_level", "asa", "login", "occupancy"})


def as_table(sheet: Sheet) -> RenderableType:
    """What a terminal shows: a table without empty columns, and the formulas below it."""
    if sheet.empty or not sheet.rows:
        return Text(f"nothing happened from {sheet.period}")
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    keys = _keys(sheet.rows)
    for key in keys:
        table.add_column("" if key in ("from", "to") else key, no_wrap=True, vertical="bottom")
    facts = list(sheet.rows[0].facts)
    columns = [(name, title) for name, title in _COLUMNS[sheet.by] if name in _ALWAYS or _any(sheet.rows, name)]
    for title in (*(title for _, title in columns), *facts):
        table.add_column(title.replace("_", "-"), justify="right", no_wrap=True, vertical="bottom")
    for row in _busy(sheet.rows):
        if row.total:
            table.add_section()
        cells = [Text(row.keys.get(key, "")) for key in keys]
        cells += [_cell(row, name) for name, _ in columns]
        cells += [Text(_fact(value)) for value in row.facts.values()]
        table.add_row(*cells, style="bold" if row.total else "")
    parts: list[RenderableType] = [Text(f"{sheet.period}", style="bold"), Text(), table]
    if sheet.menus:
        parts += [Text(), Text(_menus(sheet))]
    parts += [Text(), Text("\n".join(_legend(sheet, [name for name, _ in columns])), style="dim")]
    return Group(*parts)


def _busy(rows: Sequence[Row]) -> list[Row]:
    """Without the quiet hours before and after the working day."""
    busy = [
        n
        for n, row in enumerate(rows)
        if row.facts or any(f.part for f in row.figures.values()) or "from" not in row.keys
    ]
    return [
        row for n, row in enumerate(rows) if row.total or min(busy) <= n <= max(n for n in busy if not rows[n].total)
    ]


def _cell(row: Row, name: str) -> Text:
    figure = row.figures.get(name)
    style = ""
    if figure is not None and name == "service_level" and row.target is not None and figure.value is not None:
        style = "green" if figure.value >= row.target else "red"
    return Text("" if figure is None else written(figure), style=style)


def written(figure: Figure) -> str:
    """A figure as a person reads it; "–" when there is nothing to divide by."""
    value = figure.value
    if value is None:
        return "–"
    match figure.unit:
        case Unit.COUNT:
            return f"{value:.0f}"
        case Unit.RATIO:
            return f"{100 * value:.1f} %"
        case Unit.SECONDS if value < 99.95:
            return f"{value:.1f} s"
        case Unit.SECONDS:
            minutes, rest = divmod(round(value), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
    return f"{value:.1f}"


def _fact(value: str | float | bool) -> str:
    match value:
        case bool():
            return "yes" if value else ""
        case float():
            return f"{value:.1f}"
    return str(value)


def _menus(sheet: Sheet) -> str:
    figures = sheet.menus
    entered = figures["containment"].whole
    said = ", ".join(f"{DEFINITIONS[name].title} {written(figure)}" for name, figure in figures.items())
    return f"menus: {entered} callers entered, {said}"


def _legend(sheet: Sheet, shown: Iterable[str]) -> list[str]:
    """Formulas of what is shown, with the parameters they were counted with."""
    lines = []
    used: dict[str, list[str]] = {}
    for row in sheet.rows:
        figure = row.figures.get("service_level")
        if figure is not None and "service_level" in shown and "queue" in row.keys and not row.total:
            used.setdefault(figure.definition, []).append(row.keys["queue"])
        elif figure is not None and "service_level" in shown and row.total:
            used.setdefault(figure.definition, []).append("all")
    for definition, whom in used.items():
        formula = VARIANTS[definition.partition(":")[2].partition("(")[0]].formula
        lines.append(f"{definition} = {formula}: {', '.join(dict.fromkeys(whom))}")
    for name in (*shown, *sheet.menus):
        known = DEFINITIONS[name]
        if known.formula and known.unit is not Unit.COUNT:
            lines.append(f"{known.title} = {known.formula}")
    if sheet.by in (By.QUEUE, By.INTERVAL):
        lines.append("T answered_within, S short_abandon; calls belong to when they arrived; all: each caller once")
    return lines


def _any(rows: Sequence[Row], name: str) -> bool:
    return any((figure := row.figures.get(name)) is not None and figure.value for row in rows)


def _keys(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row.keys))


def write_csv(sheet: Sheet, file: TextIO) -> None:
    """Every figure in a column of its own, seconds and ratios as numbers; empty where there is none.

    The service level's definition stands beside it: without it the number means nothing.
    """
    write_rows(sheet.rows, file)


def write_rows(rows: Sequence[Row], file: TextIO) -> None:
    """As `write_csv`."""
    keys = _keys(rows)
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    facts = list(dict.fromkeys(name for row in rows for name in row.facts))
    level = ["service_level_definition"] if "service_level" in names else []
    writer = csv.writer(file)
    writer.writerow([*keys, *names, *facts, *level])
    for row in rows:
        figures = [_number(row.figures.get(name)) for name in names]
        definition = [row.figures["service_level"].definition] if "service_level" in row.figures else [""] * len(level)
        writer.writerow(
            [_safe(row.keys.get(key, "")) for key in keys]
            + figures
            + [_plain(row.facts.get(name, "")) for name in facts]
            + definition
        )


def _number(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return ""
    return f"{figure.value:.0f}" if figure.unit is Unit.COUNT else f"{figure.value:.6f}".rstrip("0").rstrip(".")


def _plain(value: str | float | bool) -> str:
    return _safe(value) if isinstance(value, str) else str(int(value) if isinstance(value, bool) else value)


def _safe(text: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_json(sheet: Sheet) -> str:
    """Every figure with its definition and what it was made of (times in microseconds there)."""
    zone = sheet.period
    document = {
        "period": {
            "from": zone.local_second(zone.begin),
            "to": zone.local_second(zone.end),
            "timezone": str(zone.zone),
        },
        "by": sheet.by.value,
        "rows": [plain_row(row) for row in sheet.rows],
        "menus": _figures(sheet.menus),
        "definitions": {
            id_: {"title": d.title, "formula": d.formula, "unit": d.unit} for id_, d in DEFINITIONS.items()
        },
        "service_levels": {id_: {"name": v.name, "formula": v.formula} for id_, v in VARIANTS.items()},
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def plain_row(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {**row.keys, **row.facts}
    if row.figures:
        found["figures"] = _figures(row.figures)
    return found | ({"target": row.target} if row.target is not None else {}) | ({"total": True} if row.total else {})


def _figures(figures: Any) -> dict[str, Any]:
    return {
        name: {
            "value": figure.value,
            "unit": figure.unit,
            "definition": figure.definition,
            "part": figure.part,
            "whole": figure.whole,
        }
        for name, figure in figures.items()
    }
