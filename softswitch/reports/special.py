"""``softswitch report WHAT``: how messages are listened to, what menus do for callers, what callers answer."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from acd.figures.definitions import DEFINITIONS, Unit
from ivr.nodes import Question
from softswitch.campaigns.listening import campaigns, nobody_heard, read_listening, to_plain
from softswitch.config import flows
from softswitch.reports import menus, survey
from softswitch.reports.command import USUAL_INTERVAL, ReportError, period_of, to_csv
from softswitch.reports.listening import as_table as listening_table
from softswitch.reports.output import plain_row, written
from softswitch.reports.source import MARGIN
from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from enum import StrEnum

    from rich.console import Console, RenderableType

    from softswitch.config import Config
    from softswitch.reports.command import Request
    from softswitch.reports.period import Period
    from softswitch.reports.sheets import Row

#: Places in a terminal where callers hang up; CSV and JSON have all.
_PLACES = 12


def listening(config: Config, request: Request, campaign: str, console: Console, now: float) -> None:
    """How messages of campaigns are listened to in the period. Raises ReportError and `StoreError`."""
    when = period_of(config, request, now)
    database = config.server.data_dir / FILE_NAME
    found = read_listening(database, campaign, when.begin, when.end)
    if request.json:
        document = {"from": when.begin, "to": when.end, **to_plain(found)}
        console.file.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    elif found.figures() or not campaign:
        console.print(listening_table(found))
    else:
        known = campaigns(database)
        nothing = f'no message of campaign "{campaign}" was voiced from {when}'
        console.print(listening_table(found, nothing if campaign in known else nobody_heard(campaign, known)))


def containment(config: Config, request: Request, console: Console, now: float) -> None:
    """Containment by what callers are told apart by, and where they hang up. Raises ReportError and `StoreError`."""
    split = menus.Split(_known(tuple(menus.Split), request.by) or menus.Split.TOPIC)
    when = period_of(config, request, now)
    with Reader(config.server.data_dir / FILE_NAME) as reader:
        found = menus.read_menus(reader, when, MARGIN)
    rows, places = found.rows(split), found.rows(menus.Split.NODE)
    if request.csv is not None:
        to_csv(rows, request.csv, when, console)
    elif request.json:
        more = {} if split is menus.Split.NODE else {"drop_off": [plain_row(row) for row in places]}
        _write_json(console, when, split, rows, more)
    elif not found.whole.entered:
        console.print(Text(f"nobody came to a menu from {when}"))
    else:
        tables: list[RenderableType] = [Text(f"{when}", style="bold"), Text(), _table(rows)]
        if split is not menus.Split.NODE:
            tables += [Text(), Text("where callers hang up", style="bold"), Text(), _table(places[:_PLACES])]
        console.print(Group(*tables, Text(), _legend([*rows, *places])))


def surveys(config: Config, request: Request, console: Console, now: float) -> None:
    """What callers answered to surveys. Raises ReportError and `StoreError`."""
    split = survey.Split(_known(tuple(survey.Split), request.by) or survey.Split.QUESTION)
    when = period_of(config, request, now)
    nodes = flows.flow(config).nodes.items()
    questions = {str(at): (at.base, node.question, node.scale) for at, node in nodes if isinstance(node, Question)}
    with Reader(config.server.data_dir / FILE_NAME) as reader:
        asked = survey.read_answers(reader, when, questions)
    rows = survey.rows(asked, split, _label(when, request.interval, split))
    if request.csv is not None:
        to_csv(rows, request.csv, when, console)
    elif request.json:
        _write_json(console, when, split, rows, {"confidence": 0.95})
    elif not asked:
        console.print(Text(f"nobody was asked anything from {when}"))
    else:
        parts: list[RenderableType] = [Text(f"{when}", style="bold"), Text(), _table(rows)]
        console.print(Group(*parts, Text(), _legend(rows)))


def _known(splits: Sequence[str], by: str) -> str:
    if by not in ("", *splits):
        raise ReportError(f'there is no such report by "{by}"; there are: {", ".join(splits)}')
    return by


def _label(when: Period, minutes: int, split: StrEnum) -> Callable[[float], str]:
    """The interval of an instant; for single calls the instant."""
    if split is not survey.Split.INTERVAL:
        return when.local_second
    if not minutes and when.end - when.begin > 2 * 86_400:
        return lambda at: datetime.fromtimestamp(at, when.zone).strftime("%Y-%m-%d")
    edges = [edge / 1e6 for edge in when.intervals(minutes or USUAL_INTERVAL)]
    return lambda at: when.local(max(edge for edge in edges if edge <= at))


def _write_json(console: Console, when: Period, split: StrEnum, rows: Sequence[Row], more: dict[str, Any]) -> None:
    names = {name for row in rows for name in row.figures}
    document = {
        "period": {
            "from": when.local_second(when.begin),
            "to": when.local_second(when.end),
            "timezone": str(when.zone),
        },
        "by": split.value,
        "rows": [plain_row(row) for row in rows],
        **more,
        "definitions": {
            name: {"title": known.title, "formula": known.formula, "unit": known.unit}
            for name, known in DEFINITIONS.items()
            if name in names
        },
    }
    console.file.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    keys = list(dict.fromkeys(key for row in rows for key in row.keys))
    figures = list(dict.fromkeys(name for row in rows for name in row.figures))
    facts = list(dict.fromkeys(name for row in rows for name in row.facts))
    for key in keys:
        table.add_column(key, overflow="fold", vertical="bottom")
    for title in (*(DEFINITIONS[name].title.replace(" ", "\n", 1) for name in figures), *facts):
        table.add_column(title, justify="right", no_wrap=True, vertical="bottom")
    for row in rows:
        if row.total:
            table.add_section()
        cells = [Text(row.keys.get(key, "")) for key in keys]
        cells += [Text(written(row.figures[name]) if name in row.figures else "") for name in figures]
        cells += [Text(_fact(row, name)) for name in facts]
        table.add_row(*cells, style="bold" if row.total else "")
    return table


def _fact(row: Row, name: str) -> str:
    """The limits of a score are written as the score is."""
    value = row.facts.get(name, "")
    if not isinstance(value, float):
        return str(value)
    return f"{value:.1f}" if row.keys.get("scale") == "nps" else f"{100 * value:.1f} %"


def _legend(rows: Sequence[Row]) -> Text:
    names = dict.fromkeys(name for row in rows for name in row.figures)
    told = (DEFINITIONS[name] for name in names)
    lines = [f"{known.title} = {known.formula}" for known in told if known.unit is not Unit.COUNT]
    if "csat" in names or "ces" in names or "nps" in names:
        lines.append("low, high: with 95 % the true score lies between them (of CES that of easy)")
    return Text("\n".join(lines), style="dim")
