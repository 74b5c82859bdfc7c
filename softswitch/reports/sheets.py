"""Reports as rows of figures: by queue, agent, interval or call. What is printed is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from acd.figures.agents import Duty
from acd.figures.clock import SECOND, seconds
from acd.figures.definitions import figure
from acd.figures.tally import Standard, Tally
from softswitch.reports.collect import Work
from softswitch.reports.containment import Containment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from acd.figures.definitions import Figure
    from softswitch.reports.collect import Collected
    from softswitch.reports.period import Period

Sum = TypeVar("Sum", Duty, Work, Tally)


class By(StrEnum):
    QUEUE = "queue"
    AGENT = "agent"
    INTERVAL = "interval"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Row:
    """``keys``: what the row is about. ``target``: the service level that is wanted."""

    keys: Mapping[str, str]
    figures: Mapping[str, Figure] = field(default_factory=dict)
    facts: Mapping[str, str | float | bool] = field(default_factory=dict)
    target: float | None = None
    total: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    by: By
    period: Period
    rows: tuple[Row, ...]
    menus: Mapping[str, Figure] = field(default_factory=dict)
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Staff:
    """Whom and what the configuration knows, in its order."""

    queues: Mapping[str, Standard]
    agents: Sequence[str] = ()
    unpaid: frozenset[str] = frozenset()
    everybody: bool = True  # not only those who call one queue


ALL = "all"


def sheet(by: By, period: Period, found: Collected, staff: Staff) -> Sheet:
    """The report *by* something; with several intervals one row for each."""
    rows: Iterable[Row]
    match by:
        case By.QUEUE:
            rows = _by_queue(period, found, staff)
        case By.AGENT:
            rows = _by_agent(period, found, staff)
        case By.INTERVAL:
            rows = _by_interval(period, found, staff)
        case By.CALL:
            rows = _by_call(period, found)
    menus = Containment()
    for part in found.menus.values():
        menus += part
    return Sheet(by, period, tuple(rows), menus.figures() if menus.entered else {}, found.empty)


def _by_queue(period: Period, found: Collected, staff: Staff) -> Iterable[Row]:
    seen = {queue for queue, _ in found.queues}
    queues = [*staff.queues, *sorted(seen - staff.queues.keys())]
    for cell, interval in _intervals(period, found):
        for queue in queues:
            tally = found.queues.get((queue, cell))
            if tally is None and interval:
                continue  # a quiet interval needs no row for every queue
            standard = staff.queues.get(queue, _common(staff)[0])
            yield Row(interval | {"queue": queue}, (tally or Tally()).figures(standard), target=standard.target)
    yield _all_calls(found, staff, {"queue": ALL})


def _by_interval(period: Period, found: Collected, staff: Staff) -> Iterable[Row]:
    standard, parameters = _common(staff)
    duties: dict[int, Duty] = {}
    for (_, cell), part in found.duties.items():
        duties[cell] = duties.get(cell, Duty())
        duties[cell] += part
    for cell in range(len(found.edges) - 1):
        keys = {"from": period.local(seconds(found.edges[cell])), "to": period.local(seconds(found.edges[cell + 1]))}
        tally = found.calls.get(cell) or Tally()
        staffing = _staffing(found, duties.get(cell, Duty()), cell, cell + 1, staff)
        yield Row(keys, tally.figures(standard, parameters) | staffing)
    whole = _all_calls(found, staff, {"from": ALL, "to": ""})
    duty = _sum(Duty(), found.duties.values())
    yield replace(whole, figures={**whole.figures, **_staffing(found, duty, 0, len(found.edges) - 1, staff)})


def _by_agent(period: Period, found: Collected, staff: Staff) -> Iterable[Row]:
    seen = {agent for agent, _ in (*found.duties, *found.work)}
    for cell, interval in _intervals(period, found):
        for agent in [*staff.agents, *sorted(seen.difference(staff.agents))]:
            duty, work = found.duties.get((agent, cell)), found.work.get((agent, cell))
            if duty is not None or work is not None:
                yield Row(interval | {"agent": agent}, _agent(duty or Duty(), work or Work(), staff))
    duty, work = _sum(Duty(), found.duties.values()), _sum(Work(), found.work.values())
    yield Row({"agent": ALL}, _agent(duty, work, staff), total=True)


def _agent(duty: Duty, work: Work, staff: Staff) -> dict[str, Figure]:
    handling = figure("aht", duty.handling, work.answered, definition="aht(by overlap)")
    return work.figures() | duty.figures(staff.unpaid) | {"aht": handling}


def _by_call(period: Period, found: Collected) -> Iterable[Row]:
    for stay in sorted(found.stays, key=lambda stay: (stay.arrived, stay.call)):
        keys = {"call": stay.call, "queue": stay.queue, "arrived": period.local_second(seconds(stay.arrived))}
        yield Row(
            keys,
            facts={
                "outcome": stay.outcome.value,
                "how": stay.how,
                "agent": stay.agent,
                "waited": seconds(stay.waited),
                "ring": seconds(stay.ring),
                "talk": seconds(stay.talk),
                "hold": seconds(stay.hold),
                "wrap_up": seconds(stay.wrap_up),
                "offers": stay.offers,
                "no_answers": stay.no_answers,
                "transferred": bool(stay.transfers),
                "called_back": stay.called_back,
                "virtual_wait": seconds(stay.virtual_wait),
            },
        )


def _all_calls(found: Collected, staff: Staff, keys: Mapping[str, str]) -> Row:
    """Each caller once, through however many queues."""
    standard, parameters = _common(staff)
    tally = _sum(Tally(), found.calls.values())
    return Row(keys, tally.figures(standard, parameters), total=True)


def _common(staff: Staff) -> tuple[Standard, str]:
    """The formula for several queues together; each caller was judged by the standard of the first queue."""
    standards = set(staff.queues.values()) or {Standard()}
    formulas = {standard.definition for standard in standards}
    standard = min(standards, key=lambda one: (one.definition, one.within, one.short))
    if len(formulas) > 1:
        standard = replace(standard, definition=Standard().definition)
    same = len({standard.parameters for standard in standards}) == 1
    return standard, "" if same else "as each queue says"


def _staffing(found: Collected, duty: Duty, first: int, last: int, staff: Staff) -> dict[str, Figure]:
    if not staff.everybody:
        return {}  # agents work for other queues too
    length = found.edges[last] - found.edges[first]
    figures = duty.figures(staff.unpaid)
    return {"agents": figure("agents", duty.login, length), "occupancy": figures["occupancy"]}


def _intervals(period: Period, found: Collected) -> Iterable[tuple[int, dict[str, str]]]:
    """Numbers of the intervals with their keys; none when the period is not cut."""
    if len(found.edges) == 2:
        yield 0, {}
        return
    for cell in range(len(found.edges) - 1):
        yield cell, {"from": period.local(found.edges[cell] / SECOND)}


def _sum(total: Sum, parts: Iterable[Sum]) -> Sum:
    for part in parts:
        total += part
    return total
