"""What a simulation found, for people and for programs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

    from softswitch.simulation.figures import Figures, QueueFigures
    from softswitch.simulation.groups import Group


@dataclass(frozen=True, slots=True)
class Variant:
    """The same days with one agent of a group more (+1) or less (-1)."""

    group: Group
    by: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    day: date
    days: int
    seed: int
    origin: str
    base: Figures
    variants: list[Variant] = field(default_factory=list)
    left_out: int = 0
    """Groups that no variant was tried for."""


def show(report: Report, console: Console) -> None:
    """Tables."""
    several = f"{report.days} days like it" if report.days > 1 else "once"
    title = f"{report.day:%A} {report.day}, {several}, seed {report.seed}; callers from {report.origin}"
    console.print(title, highlight=False)
    console.print(_queues(report))
    console.print(
        "Calls a day; service level, and its goal as share / seconds; waits of those who were answered.\n"
        f"Agents are busy {_percent(report.base.occupancy)} of the time they work.",
        highlight=False,
    )
    if report.variants:
        console.print()
        console.print(_differences(report))
        if report.left_out:
            console.print(f"{report.left_out} smaller groups of agents were not tried.", highlight=False)


def _queues(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("queue", no_wrap=True)
    level = "level ± 95 %" if report.days > 1 else "level"
    for name in ("calls", level, "goal", "mean", "P50", "P90", "hung up", "sent on", "handling"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, queue in report.base.queues.items():
        shown = _percent(queue.service_level)
        if not math.isnan(queue.error):
            shown += f" ± {100 * queue.error:.1f}"
        table.add_row(
            name,
            f"{queue.offered:.0f}" if report.days == 1 else f"{queue.offered:.1f}",
            shown,
            f"{100 * queue.goal.target:.0f}/{queue.goal.within:g}",
            _seconds(queue.mean_wait),
            _seconds(queue.wait(0.5)),
            _seconds(queue.wait(0.9)),
            _percent(queue.abandoned),
            _percent(queue.elsewhere),
            _seconds(queue.handling),
        )
    return table


def _differences(report: Report) -> Table:
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
        title="One agent more or less (percentage points)",
        title_justify="left",
    )
    table.add_column("of")
    table.add_column("", justify="right", no_wrap=True)
    for name in ("level", "mean", "hung up", "busy"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("service level of")
    base = report.base
    for variant in report.variants:
        new = variant.figures
        table.add_row(
            variant.group.name if variant.by > 0 else "",
            f"{variant.by:+d}",
            _change(base.service_level, new.service_level),
            f"{new.all_queues.mean_wait - base.all_queues.mean_wait:+.0f} s",
            _change(base.all_queues.abandoned, new.all_queues.abandoned),
            _change(base.occupancy, new.occupancy),
            ", ".join(
                f"{name} {_change(base.queues[name].service_level, new.queues[name].service_level)}"
                for name in variant.group.queues
                if name in base.queues and name in new.queues
            ),
        )
    return table


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.1f} %"


def _seconds(seconds: float) -> str:
    return "–" if math.isnan(seconds) else f"{seconds:.0f} s"


def _change(before: float, after: float) -> str:
    return "–" if math.isnan(before) or math.isnan(after) else f"{100 * (after - before):+.1f}"


def as_json(report: Report) -> dict[str, Any]:
    """Everything; shares from 0 to 1, times in seconds, null where there is nothing to count."""
    return {
        "day": str(report.day),
        "days": report.days,
        "seed": report.seed,
        "callers": report.origin,
        **_floor(report.base),
        "variants": [
            {
                "agents": list(variant.group.agents),
                "serve": list(variant.group.queues),
                "by": variant.by,
                **_floor(variant.figures),
            }
            for variant in report.variants
        ],
    }


def _floor(figures: Figures) -> dict[str, Any]:
    return {
        "service_level": _number(figures.service_level),
        "mean_wait": _number(figures.all_queues.mean_wait),
        "abandoned": _number(figures.all_queues.abandoned),
        "occupancy": _number(figures.occupancy),
        "queues": {name: _queue(queue) for name, queue in figures.queues.items()},
    }


def _queue(queue: QueueFigures) -> dict[str, Any]:
    return {
        "calls": _number(queue.offered),
        "service_level": _number(queue.service_level),
        "service_level_error": _number(queue.error),
        "answered_within": queue.goal.within,
        "target": queue.goal.target,
        "definition": queue.goal.definition,
        "mean_wait": _number(queue.mean_wait),
        "wait_p50": _number(queue.wait(0.5)),
        "wait_p90": _number(queue.wait(0.9)),
        "abandoned": _number(queue.abandoned),
        "sent_on": _number(queue.elsewhere),
        "handling": _number(queue.handling),
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
