"""Points and skills that a caller brings along into queues: what was said on the way, and what operators made of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from acd.events import CallChanged
    from softswitch.call.model import Call


@dataclass(frozen=True, slots=True)
class Brought:
    """Points besides those of a queue; expressions over skills, as text."""

    priority: float
    needs: str
    prefer: str


def brought(call: Call) -> Brought:
    """An operator's word holds in every queue, until the caller's way says something else of the same."""
    known = call.session.progress
    said = Brought(call.priority + known.priority, known.needs, known.prefer)
    if call.changed is None:
        return said
    before, wanted = call.changed
    return Brought(
        wanted.priority if said.priority == before.priority else said.priority,
        wanted.needs if said.needs == before.needs else said.needs,
        wanted.prefer if said.prefer == before.prefer else said.prefer,
    )


def change(call: Call, event: CallChanged) -> None:
    """Keep what somebody says of the caller on the call: the place in one queue may be given up for another."""
    wanted, call.changed = brought(call), None
    if event.priority is not None:
        wanted = replace(wanted, priority=event.priority)
    if event.needs is not None:
        wanted = replace(wanted, needs=str(event.needs))
    if event.preferred is not None:
        wanted = replace(wanted, prefer=str(event.preferred))
    call.changed = (brought(call), wanted)
