"""The tables: ratios first, as they depend least on the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from bench.figures import Run, Spread, good, ratios
from bench.media import C_ECHO, SCENARIOS
from bench.signalling import SCENARIO as SHORT_CALLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bench.independent import Reading

NOTHING = "–"


def spread(values: Iterable[float], digits: int = 2) -> str:
    found = Spread.of(values)
    return NOTHING if found is None else found.text(digits)


def _levels(runs: Sequence[Run], scenario: str) -> list[int]:
    return sorted({run.level for run in runs if run.scenario == scenario})


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if table.columns else "left")
    return table


def tables(runs: Sequence[Run]) -> Iterator[Table]:
    if _levels(runs, C_ECHO):
        yield _against_c(runs)
    if any(_levels(runs, scenario) for scenario in SCENARIOS):
        yield _media(runs)
    if _levels(runs, SHORT_CALLS):
        yield _signalling(runs)


def _against_c(runs: Sequence[Run]) -> Table:
    table = _table(
        "CPU of the switch (all processes) over CPU of a C echo, one recv and one send per packet, in the same run",
        "calls",
        "ratio",
        "switch, cores",
        "C echo, cores",
    )
    for level in _levels(runs, C_ECHO):
        table.add_row(
            f"{level} echo",
            spread(ratios(runs, "echo", C_ECHO, level)),
            spread(run.cores for run in good(runs, "echo", level)),
            spread(run.cores for run in good(runs, C_ECHO, level)),
        )
    return table


def _media(runs: Sequence[Run]) -> Table:
    table = _table(
        "Calls that last (median, lowest–highest of the repeats)",
        "calls",
        "cores per 1,000",
        "of it control",
        "delay p50, ms",
        "p99, ms",
        "max, ms",
        "lost packets",
        "largest gap, ms",
        "the switch's, ms",
        "phones late p99, ms",
        "runs",
    )
    for scenario in (*SCENARIOS, C_ECHO):
        for level in _levels(runs, scenario):
            found = good(runs, scenario, level)
            every = [run for run in runs if (run.scenario, run.level) == (scenario, level)]

            def delay(nth: int, found: list[Run] = found) -> str:
                return spread((1000 * run.outcome.delay[nth] for run in found if run.outcome.delay), 1)

            table.add_row(
                f"{level} {scenario}",
                spread(run.cores_per_1000 for run in found),
                spread(
                    (1000 * run.outcome.cpu["control"] / run.outcome.seconds / level for run in found)
                    if scenario != C_ECHO
                    else ()
                ),
                delay(0),
                delay(1),
                delay(2),
                _lost(found),
                spread((1000 * run.outcome.largest_gap for run in found), 0),
                spread((1000 * run.gap_of_the_server for run in found), 0),
                spread((1000 * run.outcome.late[0] for run in every), 1),
                f"{len(found)} of {len(every)}",
            )
    return table


def _lost(runs: Sequence[Run]) -> str:
    if not runs:
        return NOTHING
    return f"{sum(run.outcome.lost for run in runs)} of {sum(run.outcome.expected for run in runs):,}"


def _signalling(runs: Sequence[Run]) -> Table:
    table = _table(
        "Short calls, INVITE to BYE (median, lowest–highest of the repeats)",
        "calls a second",
        "CPU per call, ms",
        "control",
        "media",
        "speech",
        "set-up p50, ms",
        "p99, ms",
        "failed",
        "runs",
    )
    for level in _levels(runs, SHORT_CALLS):
        found = good(runs, SHORT_CALLS, level)
        every = [run for run in runs if (run.scenario, run.level) == (SHORT_CALLS, level)]

        def setup(nth: int, found: list[Run] = found) -> str:
            return spread((1000 * run.outcome.setup[nth] for run in found if run.outcome.setup), 1)

        table.add_row(
            str(level),
            spread(1000 * run.cpu_per_call() for run in found),
            *(spread(1000 * run.cpu_per_call(part) for run in found) for part in ("control", "media", "speech")),
            setup(0),
            setup(1),
            str(sum(run.outcome.failed + run.outcome.ended for run in every)),
            f"{len(found)} of {len(every)}",
        )
    return table


def compare(runs: Sequence[Run], readings: Sequence[Reading]) -> Table:
    """Both generators' figures side by side."""
    table = _table(
        "Both generators (median, lowest–highest)",
        "scenario",
        "unit",
        "our phones",
        "the independent generator",
        "its runs",
    )

    def ours(scenario: str, level: int) -> str:
        figure: Callable[[Run], float] = (
            (lambda run: 1000 * run.cpu_per_call()) if scenario == SHORT_CALLS else (lambda run: run.cores_per_1000)
        )
        return spread(figure(run) for run in good(runs, scenario, level))

    for scenario, level in sorted({(reading.scenario, reading.level) for reading in readings}):
        its = [reading for reading in readings if (reading.scenario, reading.level) == (scenario, level)]
        fit = [reading for reading in its if not reading.objection]
        table.add_row(
            f"{level} {scenario}",
            "ms/call" if scenario == SHORT_CALLS else "cores/1,000",
            ours(scenario, level),
            spread(reading.figure for reading in fit),
            f"{len(fit)} of {len(its)}",
        )
    return table


def objections(runs: Sequence[Run]) -> Iterator[str]:
    """What must be said about runs that were left out, and calls that failed."""
    for run in runs:
        name = f"{run.level} {run.scenario}, repeat {run.repeat}"
        if run.objection:
            yield f"left out: {name}: {run.objection}"
        if run.outcome.failed:
            yield f"{name}: {run.outcome.failed} calls failed: {run.outcome.causes}"
        if run.outcome.ended:
            yield f"{name}: {run.outcome.ended} calls ended before their time"
