"""Short calls: INVITE, 200, ACK, half a second, BYE, 200; no audio is sent to the switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench import servers
from bench.figures import Run
from bench.phones import Order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.servers import Place, Server

NUMBER = "9006"
SCENARIO = "short calls"


def measure(place: Place, switch: Server, *, rates: Sequence[int], window: float, repeat: int) -> Iterator[Run]:
    for rate in rates:
        servers.settle(switch.pid)
        order = Order(pid=switch.pid, number=NUMBER, server=place.server, rate=float(rate), window=window)
        yield Run(SCENARIO, rate, repeat, servers.phones(order))
