"""What is bound and what the configuration has room for: it may have changed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ivr.campaigns import Template
from ivr.load import slot as slot_of
from softswitch.campaigns.documents import Ground, Invalid, NotAllowed, compiled, from_plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import tzinfo

    from ivr.nodes import Flow, Slot
    from ivr.slots import Binding
    from softswitch.config import Config


@dataclass(frozen=True, slots=True)
class Places:
    """Of one configuration: slots by id, the menu of each, and what may be said there."""

    slots: Mapping[str, Slot]
    menus: Mapping[str, str]
    templates: Mapping[str, Template]
    flow: Flow
    zone: tzinfo

    @classmethod
    def of(cls, config: Config, flow: Flow) -> Places:
        tables = [(name, table) for name, menu in config.menus.items() for table in menu.slots]
        return cls(
            {table.id: slot_of(table) for _, table in tables},
            {table.id: name for name, table in tables},
            {name: Template.read(name, template.text) for name, template in config.templates.items()},
            flow,
            config.server.timezone,
        )

    def ground(self, slot: str) -> Ground:
        return Ground(self.slots[slot], self.templates, self.flow, self.zone)


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
