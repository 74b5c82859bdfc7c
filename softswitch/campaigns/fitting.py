"""What is bound and what the configuration has room for: it may have changed since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ivr.campaigns import Template
from ivr.load import slot as slot_of
from ivr.validate import edges
from softswitch.campaigns.documents import Ground, Invalid, NotAllowed, compiled, from_plain
from softswitch.config.flows import entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import tzinfo

    from ivr.nodes import Flow, Slot
    from ivr.slots import Binding
    from ivr.targets import Target
    from softswitch.config import Config
    from softswitch.config.checks.variables import Known


@dataclass(frozen=True, slots=True)
class Places:
    """Of one configuration: slots by id, the menu of each, and what may be said there."""

    slots: Mapping[str, Slot]
    menus: Mapping[str, str]
    templates: Mapping[str, Template]
    flow: Flow
    zone: tzinfo
    known: Known | None
    """The variables that calls have."""

    @classmethod
    def of(cls, config: Config, flow: Flow) -> Places:
        tables = [(name, table) for name, menu in config.menus.items() for table in menu.slots]
        slots = {table.id: slot_of(table) for _, table in tables}
        return cls(
            slots,
            {table.id: name for name, table in tables},
            {name: Template.read(name, template.text) for name, template in config.templates.items()},
            flow,
            config.server.timezone,
            config.known and _known(config.known, slots.values(), flow, entries(config).values()),
        )

    def ground(self, slot: str) -> Ground:
        return Ground(self.slots[slot], self.templates, self.flow, self.zone)


def _known(known: Known, slots: Iterable[Slot], flow: Flow, starts: Iterable[Target]) -> Known:
    """Web services that nobody comes to, as they pick messages for slots, tell nothing else of a caller."""
    reached = {str(to) for node in flow.nodes.values() for _, to in edges(node)} | set(map(str, starts))
    picking = {f"webservice:{slot.asks}" for slot in slots if slot.asks} - reached
    return replace(known, open=tuple(one for one in known.open if one.replace(".", ":", 1) not in picking))


def fitting(
    slot: str, documents: Sequence[Mapping[str, Any]], places: Places, *, restructure: bool
) -> tuple[tuple[Binding, ...], dict[int, str]]:
    """Those that fit, and why others do not, by their place; one that does not must not silence the others."""
    found: list[Binding] = []
    unfit: dict[int, str] = {}
    for number, data in enumerate(documents):
        if slot not in places.slots:
            unfit[number] = f'there is no slot "{slot}" any more'
            continue
        try:
            document, version = from_plain(data)
            found += compiled([document], [version], places.ground(slot), restructure=restructure)
        except (Invalid, NotAllowed) as wrong:
            unfit[number] = str(wrong).replace("bindings[0].", "")
    return tuple(found), unfit
