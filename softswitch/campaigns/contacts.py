"""What customers want to hear: who wants no offers, and how many messages each has heard lately.

A customer is a number. What one wishes is kept in the journal, for good, with who noted it; so is what was told, where
the configuration limits it. Nothing here is asked about news that everybody has to hear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from softswitch.campaigns.sealing import SEALED, sealed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from softswitch.config import Config
    from softswitch.ports import Clock, Journal
    from softswitch.store.cdr import Record

OPTED, TOLD = "contact.opted", "contact.told"
#: A number, or the beginning of numbers with a star.
NUMBER = re.compile(r"\+?[0-9]{1,20}\*?")
_CAMPAIGN = re.compile(r"[A-Za-z0-9_-]{0,64}")
_DAY = 86_400.0
#: Customers whose hearings are looked through at a time for what is too old to count.
_SWEEP = 10_000


class NotANumber(ValueError):
    """What was given is no number of a customer, or no name of a campaign."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Of a number, or of all that begin so: no offers of a campaign, or of any (`campaign` is empty)."""

    number: str
    campaign: str
    at: float  # wall time
    by: str

    def to_plain(self) -> dict[str, Any]:
        return {"number": self.number, "campaign": self.campaign, "at": self.at, "by": self.by}


@dataclass(frozen=True, slots=True)
class Told:
    """One message in one call; heard again in the same call it is still one."""

    at: float
    call: str
    key: str


@dataclass(slots=True)
class _Wishes:
    """`beginnings`: how long those are that end in a star; `sealed`: some are of numbers that were erased."""

    known: dict[str, dict[str, Wish]] = field(default_factory=dict)
    beginnings: frozenset[int] = frozenset()
    count: int = 0
    sealed: bool = False


def _known_by(number: str, customer_id: str) -> tuple[str, ...]:
    """Under which names what was told to somebody counts; an id may look like a number and be none."""
    return tuple(name for name in (number, customer_id and f"id:{customer_id}") if name)


class Contacts:
    """Asked before anything of a campaign is voiced, and by whatever calls customers for one."""

    def __init__(self, config: Config, clock: Clock, journal: Journal) -> None:
        self._clock, self._journal = clock, journal
        self._wishes = _Wishes()
        self._told: dict[str, list[Told]] = {}
        self.key = b""
        """Of the database: numbers that were erased are found again by it."""
        self.reconfigure(config)

    def reconfigure(self, config: Config) -> None:
        """The limit is that of *config* from now on; what was told before counts."""
        self._plan, self._cap = config.plan, config.campaigns.cap

    @property
    def period(self) -> float:
        """Seconds for which what was told counts."""
        return 0.0 if self._cap is None else self._cap.days * _DAY

    def remember(self, records: Iterable[Record]) -> None:
        """What the journal has kept, oldest first."""
        for record in records:
            data = record.data
            if record.kind == OPTED:
                wish = Wish(str(data["number"]), str(data.get("campaign", "")), record.at, str(data.get("by", "")))
                self._take(wish, out=bool(data["out"]))
            elif record.kind == TOLD and record.call is not None:
                told = Told(record.at, record.call, str(data["prompt"]))
                for name in _known_by(str(data["number"]), str(data.get("customer_id", ""))):
                    self._told.setdefault(name, []).append(told)

    # ------------------------------------------------------------------------------------------------ asking
    def wants(self, number: str, campaign: str = "", *, again: bool = False) -> bool:
        """Whether who has this number may be told offers of *campaign*. Nobody knows of a number that is withheld.

        *again*: they have just said so; what they do not want to hear of that campaign they still do not.
        """
        wishes = (self._wishes.known.get(name, {}) for name in (self._names(number) if number else ()))
        return not any(("" in known and not again) or (campaign != "" and campaign in known) for known in wishes)

    def room(
        self, number: str, now: float, *, customer_id: str = "", call: str = "", beside: Iterable[str] = ()
    ) -> float:
        """How many messages may still be told, at this number and to this customer wherever they call from.

        *beside*: keys of those that the caller is about to hear in *call*.
        """
        left = float("inf")
        if self._cap is None:
            return left
        for name in _known_by(number, customer_id):
            recent = self._recent(name, self._clock.wall(now))
            waiting = set(beside) - {told.key for told in recent if told.call == call}
            left = min(left, max(0, self._cap.messages - len(recent) - len(waiting)))
        return left

    # ------------------------------------------------------------------------------------------------ changing
    def told(self, number: str, call: str, key: str, now: float, *, customer_id: str = "") -> None:
        """A message begins to play."""
        if self._cap is None:
            return
        wall = self._clock.wall(now)
        fresh = [
            name
            for name in _known_by(number, customer_id)
            if not any(told.call == call and told.key == key for told in self._recent(name, wall))
        ]
        if not fresh:
            return
        for name in fresh:
            self._told.setdefault(name, []).append(Told(wall, call, key))
        who = {"number": number if number in fresh else ""}
        if number not in fresh or len(fresh) > 1:
            who["customer_id"] = customer_id
        self._journal.append(TOLD, call, {**who, "prompt": key}, at=wall)
        if len(self._told) % _SWEEP == 0:
            self._told = {customer: told for customer in list(self._told) if (told := self._recent(customer, wall))}

    def opt(self, number: str, now: float, *, out: bool, by: str, campaign: str = "", call: str | None = None) -> bool:
        """Note a wish, or that it is none any more; whether that is new. Raises NotANumber."""
        number = self.read(number)
        if not _CAMPAIGN.fullmatch(campaign):
            raise NotANumber(f'"{campaign}" is no name of a campaign')
        if campaign in self._wishes.known.get(sealed(number, self.key), {}):
            if out:
                return False
            number = sealed(number, self.key)
        if (campaign in self._wishes.known.get(number, {})) == out:
            return False
        wish = Wish(number, campaign, self._clock.wall(now), by)
        self._take(wish, out=out)
        line = {"number": number, "campaign": campaign, "out": out, "by": by}
        self._journal.append(OPTED, call, line, at=wish.at)
        return True

    def erase(self, number: str) -> None:
        """Nothing is known of *number* any more but its wishes, and those only when it is asked about."""
        self._told.pop(number, None)
        for name in (number, f"{number}*"):
            for wish in list(self._wishes.known.get(name, {}).values()):
                self._take(wish, out=False)
                self._take(replace(wish, number=sealed(number, self.key)), out=True)

    def read(self, number: str) -> str:
        """As callers' numbers are read; the beginning of numbers stays as it is. Raises NotANumber."""
        bare = re.sub(r"[\s().\-/]", "", number)
        if not NUMBER.fullmatch(bare):
            raise NotANumber(f'"{number}" is no number; write "+380441234567", or "+38044*" for all that begin so')
        return bare if bare.endswith("*") else self._plan.read(bare).dialable

    def wishes(self, number: str = "") -> list[Wish]:
        """Everybody's, oldest first, or all that concern *number*. Raises NotANumber."""
        known = self._wishes.known
        names = self._names(self.read(number)) if number else known
        found = [wish for name in names for wish in known.get(name, {}).values()]
        return sorted(found, key=lambda wish: (wish.at, wish.number, wish.campaign))

    def latest(self, most: int, after: int = 0) -> tuple[int, list[Wish]]:
        """How many wishes there are, and some of them, who was noted last first. A million keep nobody waiting."""
        every = (wish for name in reversed(self._wishes.known) for wish in self._wishes.known[name].values())
        return self._wishes.count, list(islice(every, after, after + most))

    def _names(self, number: str) -> list[str]:
        """Under which a wish about *number* may be."""
        beginnings = (f"{number[:length]}*" for length in sorted(self._wishes.beginnings) if length <= len(number))
        if number.endswith("*"):
            return [number]
        return [number, *beginnings, *([sealed(number, self.key)] if self._wishes.sealed else ())]

    def _take(self, wish: Wish, *, out: bool) -> None:
        wishes = self._wishes.known.setdefault(wish.number, {})
        self._wishes.count += out - (wish.campaign in wishes)
        if out:
            wishes[wish.campaign] = wish
        else:
            wishes.pop(wish.campaign, None)
        if not wishes:
            del self._wishes.known[wish.number]
        self._wishes.sealed |= wish.number.startswith(SEALED)
        if wish.number.endswith("*"):
            starred = (len(name) - 1 for name in self._wishes.known if name.endswith("*"))
            self._wishes.beginnings = frozenset(starred)

    def _recent(self, number: str, wall: float) -> list[Told]:
        told = self._told.get(number, [])
        if told and told[0].at <= wall - self.period:
            told = self._told[number] = [one for one in told if one.at > wall - self.period]
        if not told:
            self._told.pop(number, None)
        return told
