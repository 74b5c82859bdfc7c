"""The book of all bindings: what each slot says now, what it said before, and who changed it.

The journal is where it is kept: one line ``campaign.changed`` for each change, read again at the start. What callers
hear is compiled when it changes; asking costs a look into a table.
"""

from __future__ import annotations

import contextlib
import json
import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ivr.customers import CUSTOMER_ID
from ivr.slots import IN_AGAIN, OPTED_OUT, voiced
from softswitch.campaigns.contacts import Contacts, NotANumber
from softswitch.campaigns.documents import (
    BindingDocument,
    Invalid,
    NotAllowed,
    compiled,
    from_plain,
    plain,
    read,
)
from softswitch.campaigns.fitting import Places, fitting
from softswitch.campaigns.rollouts import Rollouts
from softswitch.campaigns.unknown import unknown
from softswitch.webservice.client import BODY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ivr.campaigns import Template
    from ivr.nodes import Flow, Prompt, Slot
    from ivr.slots import Binding, Bindings, Voiced
    from ivr.targets import Target
    from softswitch.config import Config
    from softswitch.ports import Clock, Journal
    from softswitch.store.cdr import Record

log = logging.getLogger(__name__)

CHANGED = "campaign.changed"
#: Versions of a slot that are kept for a rollback.
KEPT = 100
#: The version of messages that were asked for: they are nobody's to count.
PULLED = 0

Documents = list[dict[str, Any]]


class NoSuchSlot(LookupError):
    """The configuration has no slot of this id."""


class Outdated(Exception):
    """Somebody else has changed the slot meanwhile; `version` is the present one."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the slot has version {version}")
        self.version = version


class NoSuchVersion(LookupError):
    """There is nothing to go back to."""


@dataclass(frozen=True, slots=True)
class Change:
    """One version of a slot."""

    version: int
    at: float  # wall time
    by: str
    what: str  # "put", "delete", "rollback to 3"
    documents: Documents
    restructure: bool = True  # whether who bound it may lead callers anywhere; older lines do not say so


@dataclass(slots=True)
class _Page:
    """All that is known of one slot; it outlives the slot's absence from the configuration."""

    changes: list[Change] = field(default_factory=list)
    bindings: tuple[Binding, ...] = ()
    unfit: dict[int, str] = field(default_factory=dict)
    """Why those of the present documents are silent that do not fit the configuration, by their place."""

    def silent(self) -> Iterator[tuple[str, str]]:
        """Their campaigns, and why."""
        return ((str(self.documents[number].get("campaign")), why) for number, why in self.unfit.items())

    @property
    def version(self) -> int:
        return self.changes[-1].version if self.changes else 0

    @property
    def documents(self) -> Documents:
        return self.changes[-1].documents if self.changes else []

    @property
    def restructure(self) -> bool:
        return bool(self.changes) and self.changes[-1].restructure


class Book:
    """`softswitch.ports.Campaigns`, and everything that changes it."""

    def __init__(
        self,
        config: Config,
        flow: Flow,
        clock: Clock,
        journal: Journal,
        *,
        on_changed: Callable[[Sequence[Prompt]], None] = lambda prompts: None,
        on_pulled: Callable[[Sequence[Prompt], Mapping[str, str]], None] = lambda prompts, variables: None,
    ) -> None:
        """*on_changed* is told what may be heard from now on, *on_pulled* what one caller with these variables will."""
        self._clock = clock
        self._journal = journal
        self._on_changed = on_changed
        self._on_pulled = on_pulled
        self.contacts = Contacts(config, clock, journal)
        self.rollouts = Rollouts(config, clock, journal)
        self._pages: dict[str, _Page] = {}
        self._set_up(config, flow)

    def _set_up(self, config: Config, flow: Flow) -> None:
        self._preview = config.features.preview
        self._places = Places.of(config, flow)
        self._slots = self._places.slots

    def reconfigure(self, config: Config, flow: Flow) -> None:
        """Slots and templates are as *config* says from now on; what does not fit them any more is silent."""
        self.contacts.reconfigure(config)
        self.rollouts.reconfigure(config)
        self._set_up(config, flow)
        self.compile()

    def remember(self, changes: Iterable[Record]) -> None:
        """What the journal has kept, oldest first."""
        for record in changes:
            data = record.data
            page = self._pages.setdefault(str(data.get("slot")), _Page())
            change = Change(int(data["version"]), record.at, str(data["by"]), str(data["what"]), list(data["new"]))
            change = replace(change, restructure=data.get("restructure", True) is True)
            page.changes = [*page.changes, change][-KEPT:]
        self.compile()

    def compile(self) -> None:
        """What every slot says, by its last version."""
        for name, page in self._pages.items():
            page.bindings, page.unfit = fitting(name, page.documents, self._places, restructure=page.restructure)
            for campaign, why in page.silent():
                log.warning('slot "%s": campaign "%s" is silent: %s', name, campaign, why)
        self._on_changed(self.prompts())

    def silenced(self, config: Config, flow: Flow) -> list[str]:
        """What is heard now, and would not be any more if *config* were in force: a line for each message."""
        places = Places.of(config, flow)
        told: list[str] = []
        for name, page in self._pages.items():
            _, unfit = fitting(name, page.documents, places, restructure=page.restructure)
            for number in sorted(unfit.keys() - page.unfit.keys()):
                campaign = page.documents[number].get("campaign")
                told.append(f'warning: slot "{name}": campaign "{campaign}" falls silent: {unfit[number]}')
        return told

    # ------------------------------------------------------------------------------------------------ calls
    def messages(self, slots: tuple[Slot, ...], variables: Mapping[str, str], now: float) -> tuple[Voiced, ...]:
        """See `softswitch.ports.Campaigns`."""
        return self._heard(slots, self._bindings, variables, now)

    def _heard(
        self,
        slots: tuple[Slot, ...],
        bindings: Bindings,
        variables: Mapping[str, str],
        now: float,
        *,
        call: str = "",
        beside: Iterable[str] = (),
    ) -> tuple[Voiced, ...]:
        """What there is for this caller, without offers that they do not want, or have heard enough of."""
        number, wish = variables.get("ani", ""), variables.get(OPTED_OUT)
        counted = {slot.id for slot in slots if slot.advertising}
        wall = self._clock.wall(now)

        def wanted(slot: str) -> Sequence[Binding]:
            found = bindings(slot)
            for one in found:
                if one.is_meant_for(slot, variables, wall) and (why := one.unfit(variables)):
                    log.warning('slot "%s": campaign "%s" is silent for a caller: %s', slot, one.campaign, why)
            if slot not in counted:
                return found
            if wish == "true":
                return []
            again = wish == IN_AGAIN
            return [one for one in found if self.contacts.wants(number, one.campaign, again=again)]

        customer_id = variables.get(CUSTOMER_ID, "")
        room = self.contacts.room(number, now, customer_id=customer_id, call=call, beside=beside)
        found: list[Voiced] = []
        for message in voiced(slots, wanted, variables, wall):
            if message.slot in counted:
                room -= 1
            if message.slot not in counted or room >= 0:
                found.append(message)
        return tuple(found)

    def pulled(
        self,
        slot: str,
        values: Mapping[str, str],
        variables: Mapping[str, str],
        now: float,
        *,
        call: str = "",
        beside: Sequence[str] = (),
    ) -> tuple[Voiced, ...] | None:
        """See `softswitch.ports.Campaigns`."""
        place = self._slots.get(slot)
        if place is None:
            return None
        try:
            documents = read(json.loads(values.get(BODY, "")))
            bindings = compiled(documents, [PULLED] * len(documents), self._places.ground(slot), restructure=False)
        except (ValueError, RecursionError, Invalid, NotAllowed) as error:
            log.warning('slot "%s": what was answered cannot be used: %s', slot, str(error)[:300])
            return None
        messages = self._heard((place,), lambda _: bindings, variables, now, call=call, beside=beside)
        self._on_pulled([message.prompt for message in messages], variables)
        return messages

    def silent(self, slot: str, variables: Mapping[str, str], now: float) -> list[tuple[str, str]]:
        """Messages that are bound to *slot* and not for a caller with these variables: each campaign, and why."""
        wall, number = self._clock.wall(now), variables.get("ani", "")
        found = list(self._pages[slot].silent()) if slot in self._pages else []
        for one in self._bindings(slot):
            why = one.why_not(slot, variables, wall)
            if not why and slot in self._slots and self._slots[slot].advertising:
                again = variables.get(OPTED_OUT) == IN_AGAIN
                if variables.get(OPTED_OUT) == "true" or not self.contacts.wants(number, one.campaign, again=again):
                    why = "the caller wants no offers"
            if why:
                found.append((one.campaign, why))
        return found

    def _bindings(self, slot: str) -> tuple[Binding, ...]:
        page = self._pages.get(slot)
        return () if page is None else page.bindings

    def preview(self, dialled: str) -> tuple[Prompt, ...] | None:
        """See `softswitch.ports.Campaigns`: the code and the slot's place, perhaps ``*`` and that of a message."""
        if not self._preview or not self._slots or not dialled.startswith(self._preview):
            return None
        slot, star, place = dialled.removeprefix(self._preview).partition("*")
        if not slot.isascii() or not slot.isdigit() or (star and not (place.isascii() and place.isdigit())):
            return None
        names = list(self._slots)
        number = int(slot) - 1
        bindings = self._bindings(names[number]) if 0 <= number < len(names) else ()
        if star:
            bindings = bindings[int(place) - 1 : int(place)] if int(place) else ()
        return tuple(binding.prompt for binding in bindings)

    def percents(self, place: Target) -> Mapping[Target, float]:
        """See `softswitch.ports.Campaigns`."""
        return self.rollouts.percents(place)

    def told(self, number: str, call: str, key: str, now: float, *, customer_id: str = "") -> None:
        """See `softswitch.ports.Campaigns`."""
        _, slot, *_ = key.split(".", 2)
        if slot in self._slots and self._slots[slot].advertising:
            self.contacts.told(number, call, key, now, customer_id=customer_id)

    def opted(self, number: str, call: str, now: float, *, out: bool, by: str = "caller") -> None:
        """See `softswitch.ports.Campaigns`."""
        with contextlib.suppress(NotANumber):  # who withholds it is known in this call only
            self.contacts.opt(number, now, out=out, by=by, call=call)

    def prompts(self) -> tuple[Prompt, ...]:
        """Everything that is bound somewhere, drafts too."""
        return tuple(binding.prompt for page in self._pages.values() for binding in page.bindings)

    # ------------------------------------------------------------------------------------------------ looking
    @property
    def templates(self) -> Mapping[str, Template]:
        return self._places.templates

    @property
    def menus(self) -> Mapping[str, str]:
        """The menu of each slot."""
        return self._places.menus

    @property
    def slots(self) -> Mapping[str, Slot]:
        """By id; their order is that of the preview numbers."""
        return self._slots

    def version(self, slot: str) -> int:
        """0: nothing was ever bound. Raises NoSuchSlot."""
        return self._page(slot).version

    def documents(self, slot: str) -> Documents:
        """What is bound, in its order. Raises NoSuchSlot."""
        return self._page(slot).documents

    def unfit(self, slot: str) -> Mapping[int, str]:
        """Why some of its messages are silent for everybody, by their place. Raises NoSuchSlot."""
        return self._page(slot).unfit

    def unknown(self, slot: str) -> list[tuple[str, str]]:
        """Variables that its messages mention and that nothing gives to calls: field, and what is odd about it.

        Raises NoSuchSlot.
        """
        return list(unknown(self.documents(slot), self._places.known))

    def history(self, slot: str) -> Sequence[Change]:
        """All versions that are kept, newest first. Raises NoSuchSlot."""
        return self._page(slot).changes[::-1]

    def first_bound(self, campaign: str) -> float:
        """When *campaign* was first bound anywhere, as far as is remembered (wall time); 0.0: nobody knows."""
        kept = [change for page in self._pages.values() for change in page.changes]
        if any(page.changes and page.changes[0].version > 1 for page in self._pages.values()):
            return 0.0  # the beginning is forgotten
        bound = [change.at for change in kept if any(data.get("campaign") == campaign for data in change.documents)]
        return min(bound, default=0.0)

    def campaigns(self) -> set[str]:
        """All that were bound anywhere, as far as is remembered."""
        kept = (change for page in self._pages.values() for change in page.changes)
        return {str(data.get("campaign")) for change in kept for data in change.documents}

    def _page(self, slot: str) -> _Page:
        if slot not in self._slots:
            raise NoSuchSlot(slot)
        return self._pages.setdefault(slot, _Page())

    # ------------------------------------------------------------------------------------------------ changing
    def put(
        self,
        slot: str,
        documents: Sequence[BindingDocument],
        now: float,
        *,
        by: str,
        restructure: bool,
        expected: int | None = None,
        what: str = "put",
    ) -> int:
        """Bind these and nothing else; the new version, in force when this returns.

        *expected*: the version that the change was made for. Raises NoSuchSlot, Outdated, Invalid, NotAllowed.
        """
        page = self._page(slot)
        if expected is not None and expected != page.version:
            raise Outdated(page.version)
        version = page.version + 1
        versions = [self._version_of(page, document, version) for document in documents]
        ground = self._places.ground(slot)
        bindings = compiled(documents, versions, ground, restructure=restructure, strict=True)
        kept = [plain(*both) for both in zip(documents, versions, strict=True)]
        self._change(slot, page, Change(version, self._clock.wall(now), by, what, kept, restructure), bindings, {})
        return version

    def rollback(self, slot: str, now: float, *, by: str, to: int | None = None, expected: int | None = None) -> int:
        """Say again what version *to* said, or the one before the present one; the new version.

        Raises NoSuchSlot, NoSuchVersion, Outdated.
        """
        page = self._page(slot)
        if expected is not None and expected != page.version:
            raise Outdated(page.version)
        wanted = page.version - 1 if to is None else to
        nothing = Change(0, 0.0, "", "", [], restructure=False)
        old = nothing if wanted == 0 else next((c for c in page.changes if c.version == wanted), None)
        if old is None or wanted < 0:
            raise NoSuchVersion(f"there is no version {wanted}")
        bindings, unfit = fitting(slot, old.documents, self._places, restructure=old.restructure)
        version, at = page.version + 1, self._clock.wall(now)
        change = Change(version, at, by, f"rollback to {wanted}", old.documents, old.restructure)
        self._change(slot, page, change, bindings, unfit)
        return change.version

    @staticmethod
    def _version_of(page: _Page, document: BindingDocument, new: int) -> int:
        """A message that stays as it was keeps its version: its figures are about the same words."""
        for data in page.documents:
            with contextlib.suppress(Invalid):
                before, version = from_plain(data)
                if before == document:
                    return version
        return new

    def _change(
        self,
        slot: str,
        page: _Page,
        change: Change,
        bindings: tuple[Binding, ...],
        unfit: dict[int, str],
    ) -> None:
        line = {"slot": slot, "version": change.version, "by": change.by, "what": change.what}
        self._journal.append(
            CHANGED,
            None,
            {**line, "old": page.documents, "new": change.documents, "restructure": change.restructure},
            at=change.at,
        )
        page.changes = [*page.changes, change][-KEPT:]
        page.bindings, page.unfit = bindings, unfit
        self._on_changed([binding.prompt for binding in bindings])
