"""Calls that last: echo, music and bridge at so many calls at the same time, and the C echo between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench import servers
from bench.figures import Run
from bench.phones import Order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.servers import Place, Server

SCENARIOS = {"echo": "9000", "music": "9001", "bridge": "9004"}
C_ECHO = "C echo"
RATE = 150.0
"""Calls a second while calls are set up."""


def measure(
    place: Place,
    switch: Server,
    program: Path | None,
    folder: Path,
    *,
    levels: Sequence[int],
    scenarios: Sequence[str],
    window: float,
    repeat: int,
) -> Iterator[Run]:
    """One repeat. The C echo runs right after the switch's at the same number of calls, so they share the weather."""
    for calls in levels:
        for scenario in scenarios:
            order = Order(
                pid=switch.pid,
                calls=calls,
                number=SCENARIOS[scenario],
                server=place.server,
                answer_at=place.answer_at if scenario == "bridge" else None,
                rate=min(RATE, max(20.0, calls / 2)),
                window=window,
            )
            servers.settle(switch.pid)
            yield Run(scenario, calls, repeat, servers.phones(order))
            if scenario == "echo" and program is not None:
                with servers.echo(program, place, calls, folder) as (echo, port):
                    direct = replace(order, pid=echo.pid, direct=(servers.ECHO_ADDRESS, port))
                    yield Run(C_ECHO, calls, repeat, servers.phones(direct))
