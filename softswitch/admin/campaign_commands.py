"""``softswitch optouts`` and ``softswitch rollout``: what the running switch answers, as lines to read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from softswitch.admin.client import AdminClient
from softswitch.admin.commands import change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from pathlib import Path

    from rich.console import Console, RenderableType


def optouts(data_dir: Path, number: str, console: Console, *, zone: tzinfo, as_json: bool) -> None:
    """Who wants no offers. Raises NotRunning and AdminError."""
    with AdminClient(data_dir) as client:
        answer = client.ask("optouts", number=number)
    if as_json:
        console.file.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("number", "campaign", "since", "by"):
        table.add_column(column, no_wrap=True)
    for wish in answer["optouts"]:
        since = f"{datetime.fromtimestamp(wish['at'], zone):%Y-%m-%d %H:%M}"
        table.add_row(Text(wish["number"]), Text(wish["campaign"] or "all"), since, Text(wish["by"]))
    console.print(table if answer["optouts"] else Text("nobody" if not number else f"{number} hears offers"))
    if answer["total"] > len(answer["optouts"]):
        console.print(Text(f"and {answer['total'] - len(answer['optouts'])} more", style="dim"))


def opt(data_dir: Path, number: str, campaign: str, *, out: bool) -> str:
    """One sentence about what was done. Raises NotRunning and AdminError."""
    answer = change(data_dir, "optouts.change", number=number, campaign=campaign, out=out)
    what = f"offers of {campaign}" if campaign else "offers"
    already = "" if answer["changed"] else " (as before)"
    return f"{answer['number']} hears {'no ' if answer['out'] else ''}{what}{already}"


def rollouts(data_dir: Path, console: Console, *, zone: tzinfo, as_json: bool) -> None:
    """Menus with versions. Raises NotRunning and AdminError."""
    with AdminClient(data_dir) as client:
        answer = client.ask("rollouts")
    if as_json:
        console.file.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
        return
    console.print(_table(answer, zone) if answer else Text("no menu has versions"))


def roll_out(data_dir: Path, place: str, to: str | None, percent: float | None) -> str:
    """One sentence about how it is now. Raises NotRunning and AdminError."""
    answer = change(data_dir, "rollouts.change", place=place, to=to, percent=percent)
    shares = [f"{version['percent']:g} % to {version['to']}" for version in answer["versions"]]
    return f"{answer['place']}: {answer['percent']:g} % of the callers, {', '.join(shares)}"


def _table(answer: list[Mapping[str, Any]], zone: tzinfo) -> RenderableType:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("place", "version", "callers", "in the file", "set"):
        table.add_column(column, no_wrap=True)
    for state in answer:
        by = ""
        if state["set_by"] is not None:
            by = f"{datetime.fromtimestamp(state['set_at'], zone):%Y-%m-%d %H:%M} by {state['set_by']}"
        table.add_row(Text(state["place"]), "itself", f"{state['percent']:g} %", "", Text(by))
        for version in state["versions"]:
            share, configured = f"{version['percent']:g} %", f"{version['configured']:g} %"
            table.add_row("", Text(version["to"]), share, configured, "")
    return table
