"""Draw state tables as `docs/states/*.mmd`, and into the pages that show them: `make diagrams`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from acd import agent, ticket
from ivr import machine
from sip.transactions import client, invite_client, invite_server, server
from softswitch.call import stages
from softswitch.call.model import Stage
from tests.support.state_diagram import state_diagram

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

STATES = Path(__file__).parent / "states"
#: Pages that show some of them; the drawing after each such line is replaced.
PAGES = (Path(__file__).parent / "queues.md",)
SHOWN = re.compile(r"(<!-- drawn from states/([a-z_]+\.mmd) -->\n)(?:```mermaid\n.*?```\n)?", re.DOTALL)
TRANSACTIONS: dict[str, ModuleType] = {
    "invite_client": invite_client,
    "invite_server": invite_server,
    "client": client,
    "server": server,
}


def drawings() -> Iterator[tuple[Path, str]]:
    """Every file and what it should hold."""
    drawn = dict(_states())
    yield from drawn.items()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        yield page, SHOWN.sub(lambda shown: f"{shown[1]}```mermaid\n{drawn[STATES / shown[2]]}```\n", text)


def _states() -> Iterator[tuple[Path, str]]:
    yield STATES / "agent_status.mmd", state_diagram(agent.STATUS, agent.Status.LOGGED_OUT)
    yield STATES / "agent.mmd", state_diagram(agent.TRANSITIONS, agent.State.IDLE)
    yield STATES / "queued_call.mmd", state_diagram(ticket.TRANSITIONS, ticket.Place.WAITING, ticket.Place.GONE)
    call = {pair: (stage, ()) for pair, stage in stages.TRANSITIONS.items()}
    yield STATES / "call.mmd", state_diagram(call, Stage.IVR, Stage.ENDED)
    for name, module in TRANSACTIONS.items():
        state = module.State
        first = next(iter(state))
        yield STATES / f"{name}_transaction.mmd", state_diagram(module.TRANSITIONS, first, state.TERMINATED)
    yield STATES / "ivr.mmd", state_diagram(machine.TRANSITIONS, machine.State.NEW, machine.State.ENDED)


if __name__ == "__main__":
    for path, text in drawings():
        path.write_text(text, encoding="utf-8")
        print(path.name)
