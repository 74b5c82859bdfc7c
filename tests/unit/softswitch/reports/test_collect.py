from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from acd.figures.agents import Activity
from acd.figures.clock import SECOND
from acd.figures.tally import Standard
from softswitch.reports.collect import KINDS, Collected, Collector
from softswitch.reports.period import Period
from tests.support.journal_file import Line, journal

if TYPE_CHECKING:
    from collections.abc import Sequence

HALF_HOUR = 1800.0
STANDARDS = {"sales": Standard(within=20, short=5), "billing": Standard(within=60, short=0)}


def collected(
    lines: Sequence[Line], *, end: float = 2 * HALF_HOUR, minutes: int | None = 30, **options: Any
) -> Collected:
    edges = Period(0.0, end, ZoneInfo("UTC")).intervals(minutes)
    collector = Collector(edges, STANDARDS, **options)
    for record in journal(*lines):
        (collector.read if record.at < end else collector.follow)(record)
    last = lines[-1][0]
    collector.close_agents(min(last, end))
    return collector.close(last)


def agent(at: float, state: str = "idle", status: str = "available", call: str | None = None, **more: Any) -> Line:
    return (
        at,
        "acd.agent",
        call,
        {"agent": "anna", "status": status, "state": state, "reachable": True, "call": call, **more},
    )


def served(
    call: str, queued: float, answered: float, over: float, queue: str = "sales", how: str = "served", who: str = "anna"
) -> list[Line]:
    return [
        (queued, "acd.queued", call, {"queue": queue}),
        (answered - 1, "acd.offer", call, {"offer": call + queue, "agent": who, "queue": queue}),
        agent(answered - 1, "offered", call=call, agent=who),
        (answered, "acd.connect", call, {"offer": call + queue, "agent": who}),
        agent(answered, "talking", call=call, agent=who),
        (over, "acd.call_over", call, {"queue": queue, "how": how, "agent": who}),
        agent(over, "wrap_up", agent=who),
        agent(over + 10, agent=who),
    ]


def test_a_call_belongs_to_the_interval_in_which_it_arrived() -> None:
    late = served("c", HALF_HOUR - 5, HALF_HOUR + 5, HALF_HOUR + 100)
    found = collected([agent(0), *late, (HALF_HOUR + 100, "call.ended", "c", {})])
    assert {cell for _, cell in found.queues} == {0}
    assert set(found.calls) == {0}
    assert (found.calls[0].answered_within, found.calls[0].talk) == (1, 95 * SECOND)


def test_what_follows_the_period_completes_its_calls_and_adds_nothing_else() -> None:
    first = served("c", HALF_HOUR - 5, HALF_HOUR + 5, HALF_HOUR + 100)
    found = collected(
        [agent(0), *first, *served("d", HALF_HOUR + 200, HALF_HOUR + 203, HALF_HOUR + 300)], end=HALF_HOUR
    )
    tally = found.calls[0]
    assert (tally.offered, tally.answered, tally.talk, tally.wrap_up) == (1, 1, 95 * SECOND, 10 * SECOND)
    assert found.duties["anna", 0].login == HALF_HOUR * SECOND
    assert found.work["anna", 0].answered == 0, "answered after the period"


def test_agents_time_is_cut_at_the_edges() -> None:
    found = collected(
        [agent(100), *served("c", HALF_HOUR - 50, HALF_HOUR - 20, HALF_HOUR + 30), agent(HALF_HOUR + 500)]
    )
    first, second = found.duties["anna", 0], found.duties["anna", 1]
    assert first.login == (HALF_HOUR - 100) * SECOND
    assert (first.spent[Activity.TALKING], second.spent[Activity.TALKING]) == (20 * SECOND, 30 * SECOND)
    assert second.spent[Activity.WRAP_UP] == 10 * SECOND


def test_a_call_in_two_queues_counts_in_both_and_once_in_all() -> None:
    lines = [*served("c", 10, 15, 60, how="transferred"), *served("c", 60, 90, 200, queue="billing", who="borys")]
    lines.append((90.0, "call.transferred", "c", {"kind": "blind", "by": "anna", "to": "billing"}))
    found = collected([agent(0), *sorted(lines, key=lambda line: line[0]), (200, "call.ended", "c", {}), agent(400)])
    assert {queue: tally.answered for (queue, _), tally in found.queues.items()} == {"sales": 1, "billing": 1}
    whole = found.calls[0]
    assert (whole.offered, whole.answered, whole.wait_of_answered) == (1, 1, 5 * SECOND)
    assert (whole.talk, whole.conversations, whole.transfers) == (155 * SECOND, 2, 1)
    assert found.work["anna", 0].transfers == 1


@pytest.mark.parametrize("wrap_up", [True, False])
def test_an_attended_transfer_makes_one_call_of_two(wrap_up: bool) -> None:
    """The first agent calls the other queue, talks there, joins the two and is done; the second one talks on."""
    lines = [
        agent(0),
        *served("c", 10, 15, 100)[: -2 if wrap_up else -3],
        (50.0, "acd.queued", "consult", {"queue": "billing"}),
        (60.0, "acd.connect", "consult", {"offer": 9, "agent": "borys"}),
        (100.0, "acd.call_over", "c", {"queue": "sales", "how": "served", "agent": "anna"}),
        agent(100.0, "wrap_up" if wrap_up else "idle"),
        (100.1, "call.transferred", "c", {"kind": "attended", "by": "anna", "to": "borys", "consult": "consult"}),
        (100.1, "call.ended", "consult", {"by": "phone"}),
        agent(110.0, "idle"),
        (300.0, "acd.call_over", "consult", {"queue": "billing", "how": "served", "agent": "borys"}),
        (300.0, "acd.agent", None, {"agent": "borys", "status": "available", "state": "idle", "reachable": True}),
        (300.0, "call.ended", "c", {}),
        agent(400.0, status="logged_out"),
    ]
    found = collected(sorted(lines, key=lambda line: line[0]))
    whole = found.calls[0]
    assert (whole.offered, whole.answered, whole.wait_of_answered) == (1, 1, 5 * SECOND)
    assert (whole.talk, whole.conversations, whole.transfers) == ((85 + 240) * SECOND, 2, 1)
    assert (found.queues["sales", 0].transfers, found.queues["billing", 0].transfers) == (1, 0)
    assert (found.work["anna", 0].transfers, whole.wrap_up) == (1, 10 * SECOND if wrap_up else 0)


def test_each_queue_is_judged_by_its_own_standard() -> None:
    found = collected([agent(0), *served("c", 10, 40, 50), *served("d", 100, 130, 150, queue="billing")])
    assert found.queues["sales", 0].answered_within == 0
    assert found.queues["billing", 0].answered_within == 1
    assert found.calls[0].answered_within == 1


def test_one_queue_can_be_looked_at_alone() -> None:
    lines = [agent(0), *served("c", 10, 40, 50), *served("d", 100, 130, 150, queue="billing")]
    found = collected(lines, queue="billing", keep_stays=True)
    assert {queue for queue, _ in found.queues} == {"billing"}
    assert found.calls[0].offered == 1
    assert [stay.call for stay in found.stays] == ["d"]


def test_reading_only_the_kinds_that_matter_gives_the_same() -> None:
    lines = [agent(0), *served("c", 10, 40, 50), (50.0, "ivr.prompts_started", "c", {}), (51.0, "call.ended", "c", {})]
    assert collected([line for line in lines if line[1] in KINDS]).queues == collected(lines).queues
    assert "ivr.prompts_started" not in KINDS


def visit(
    call: str, at: float, *nodes: str, caller: str = "+380501", length: float = 30.0, by: str = "caller"
) -> list[Line]:
    return [
        (at, "call.started", call, {"caller": caller, "trunk": "kyiv"}),
        *((at, "ivr.node_entered", call, {"node": node}) for node in nodes),
        (at + length, "call.ended", call, {"by": by}),
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (visit("c", 1, "menu:main", "say:hours"), (1, 1, 1)),
        (visit("c", 1, "menu:main", "queue:sales"), (1, 0, 0)),
        (visit("c", 1, "menu:main", "phone:1001"), (1, 0, 0)),
        (visit("c", 1, "echo"), (0, 0, 0)),
        (visit("c", 1, "menu:main", length=3), (1, 1, 0)),
        (visit("c", 1, "menu:main") + visit("d", 100, "queue:sales"), (1, 1, 0)),
        (visit("c", 1, "menu:main") + visit("d", 100, "menu:main"), (2, 2, 1)),
        (visit("c", 1, "menu:main") + visit("d", 100, "queue:sales", caller="+380502"), (1, 1, 1)),
        (visit("c", 1, "menu:main") + visit("d", 90_000, "queue:sales"), (1, 1, 1)),
    ],
    ids=[
        "served by itself",
        "asked",
        "a phone",
        "no menu",
        "hung up at once",
        "called again",
        "twice",
        "another",
        "days after",
    ],
)
def test_contained_is_who_asked_for_nobody_and_truly_who_did_not_come_back(
    lines: list[Line], expected: tuple[int, int, int]
) -> None:
    menus = collected(lines).menus[0]
    assert (menus.entered, menus.contained, menus.truly) == expected


def test_empty_means_that_nothing_happened() -> None:
    assert collected([(1.0, "phone.registered", None, {})]).empty
    assert not collected([agent(1), agent(5)]).empty


def test_who_leaves_at_the_edge_is_not_in_the_next_interval() -> None:
    found = collected([agent(0), agent(HALF_HOUR, status="logged_out"), (HALF_HOUR + 9, "switch.stopped", None, {})])
    assert set(found.duties) == {("anna", 0)}
