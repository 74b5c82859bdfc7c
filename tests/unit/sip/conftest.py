"""``pytest tests/unit/sip --update-golden`` rewrites the traces in tests/golden/sip; read the diff."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sip.flow import Transport

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.simnet import World

GOLDEN = Path(__file__).parents[2] / "golden" / "sip"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden SIP traces")


def trace_of(world: World) -> str:
    """Every message in the order of sending, under a line ``0.500 alice→bob UDP``."""
    names = {agent.address: agent.name for agent in world.agents}
    parts = []
    for at, transmit in world.net.sent:
        flow = transmit.flow
        carrier = "UDP" if flow.transport is Transport.UDP else "TCP"
        text = transmit.data.decode().replace("\r\n", "\n").rstrip("\n")
        parts.append(f"--- {at:.3f} {names[flow.local]}→{names[flow.remote]} {carrier}\n{text}\n")
    return "\n".join(parts)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, World], None]:
    """Compare what a world sent with its trace, byte for byte."""

    def compare(name: str, world: World) -> None:
        path = GOLDEN / f"{name}.trace"
        trace = trace_of(world)
        if request.config.getoption("--update-golden", default=False):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(trace, encoding="utf-8")
        assert trace == path.read_text(encoding="utf-8")

    return compare
