"""``softswitch simulate``: what the command line does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from softswitch.config.acd import acd_config
from softswitch.simulation.arrivals_file import read_arrivals
from softswitch.simulation.complaints import ArrivalsError
from softswitch.simulation.day import play
from softswitch.simulation.figures import Figures, Goal, figures
from softswitch.simulation.groups import Group, groups, one_less, one_more
from softswitch.simulation.learnt import NothingLearnt, learn_day
from softswitch.simulation.output import Report, Variant, as_json, show
from softswitch.store.database import FILE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from acd.model import AcdConfig
    from softswitch.config import Config
    from softswitch.simulation.demand import Demand

#: Of so many groups of agents, the largest ones, it is tried what one more or less would change.
MOST_GROUPS = 6


class SimulationError(Exception):
    """What was asked for makes no sense or cannot be read; the message says what would."""


@dataclass(frozen=True, slots=True)
class Request:
    """As on the command line. ``arrivals`` is None: learn from the journal."""

    arrivals: Path | None = None
    day: str = "today"
    seed: int = 1
    days: int = 1
    what_if: bool = True
    json: bool = False


def simulate(config: Config, request: Request, console: Console, wall: float) -> None:
    """Play the days and print what came of them. *wall* is the time now. Raises SimulationError, StoreError."""
    now = datetime.fromtimestamp(wall, config.server.timezone)
    day = _date(request.day, now.date())
    acd = acd_config(config)
    if not acd.queues or not acd.agents:
        raise SimulationError(f"{config.file}: there is no queue or no agent; write [queue.NAME] and [[agent]]")
    try:
        if request.arrivals is None:
            database = config.server.data_dir / FILE_NAME
            demand = learn_day(
                database, day, config.server.timezone, [q.id for q in acd.queues], [a.id for a in acd.agents], wall
            )
        else:
            demand = read_arrivals(request.arrivals, [q.id for q in acd.queues], [a.id for a in acd.agents])
    except (ArrivalsError, NothingLearnt) as error:
        raise SimulationError(str(error)) from None
    goals = {
        name: Goal(level.answered_within, level.target, level.short_abandon, level.definition)
        for name, queue in config.queues.items()
        for level in (queue.service_level,)
    }
    report = Report(
        day=day,
        days=request.days,
        seed=request.seed,
        origin=demand.origin,
        base=run(acd, demand, goals, request.seed, request.days),
        variants=list(_variants(acd, demand, goals, request)) if request.what_if else [],
        left_out=max(0, len(groups(acd)) - MOST_GROUPS),
    )
    if request.json:
        console.print_json(json.dumps(as_json(report), allow_nan=False))
    else:
        show(report, console)


def run(acd: AcdConfig, demand: Demand, goals: dict[str, Goal], seed: int, days: int) -> Figures:
    """So many days on this floor. The same seed brings the same callers to every floor."""
    return figures((play(acd, demand, seed, day) for day in range(days)), goals)


def _variants(acd: AcdConfig, demand: Demand, goals: dict[str, Goal], request: Request) -> list[Variant]:
    def changed(group: Group, by: int) -> Variant:
        floor = (one_more if by > 0 else one_less)(acd, demand, group)
        return Variant(group, by, run(*floor, goals, request.seed, request.days))

    return [changed(group, by) for group in groups(acd)[:MOST_GROUPS] if group.queues for by in (1, -1)]


def _date(text: str, today: date) -> date:
    words = {"today": 0, "yesterday": -1, "tomorrow": 1}
    if text in words:
        return today + timedelta(days=words[text])
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SimulationError(f'"{text}" is no day; write it as {today}, or today, yesterday, tomorrow') from None
