"""Versions of menus while the switch runs: what share of the callers each one has, and who has changed that.

The configuration says what the versions are and where they begin; from then on the shares are set here, at once and for
every call that comes, and kept in the journal. When the configuration says something else, that counts from then on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ivr.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from softswitch.config import Config
    from softswitch.ports import Clock, Journal
    from softswitch.store.cdr import Record

CHANGED = "rollout.changed"
ALL = 100.0

Shares = dict[Target, float]


class NoSuchPlace(LookupError):
    """The configuration has no versions of this place."""


class WrongShares(ValueError):
    """What was given is no share of the callers, or not of a version that there is."""


@dataclass(frozen=True, slots=True)
class Set:
    """`configured`: what the configuration said when the shares were set."""

    shares: Shares
    configured: Shares
    at: float  # wall time
    by: str


class Rollouts:
    """Places by their target, "menu:main"; shares in percent of all callers."""

    def __init__(self, config: Config, clock: Clock, journal: Journal) -> None:
        self._clock, self._journal = clock, journal
        self._set: dict[Target, Set] = {}
        self.reconfigure(config)

    def reconfigure(self, config: Config) -> None:
        """The versions are those of *config* from now on."""
        found: dict[Target, Shares] = {}
        for kind, tables in (("menu", config.menus), ("goto", config.gotos)):
            for name, table in tables.items():
                if table.versions:
                    found[Target(kind, name)] = {version.to: version.percent for version in table.versions}
        self._configured = found

    def remember(self, records: Iterable[Record]) -> None:
        """What the journal has kept, oldest first."""
        for record in records:
            if record.kind == CHANGED:
                data = record.data
                shares, configured = _read(data["new"]), _read(data["configured"])
                self._set[Target.parse(str(data["place"]))] = Set(shares, configured, record.at, str(data["by"]))

    def percents(self, place: Target) -> Mapping[Target, float]:
        """What was set for *place* and is in force; empty: as configured."""
        found, configured = self._set.get(place), self._configured.get(place)
        return {} if found is None or found.configured != configured else found.shares

    def shown(self) -> list[dict[str, Any]]:
        """All places that have versions, with the share of each and who has set it."""
        return [self.state(place) for place in self._configured]

    def state(self, place: Target) -> dict[str, Any]:
        """One of them. Raises NoSuchPlace."""
        configured = self._of(place)
        in_force = self.percents(place)
        found = self._set[place] if in_force else None
        shares = configured | dict(in_force)
        return {
            "place": str(place),
            "versions": [
                {"to": str(to), "percent": percent, "configured": configured[to]} for to, percent in shares.items()
            ],
            "percent": round(ALL - sum(shares.values()), 6),
            "set_by": None if found is None else found.by,
            "set_at": None if found is None else found.at,
        }

    def put(self, place: Target, shares: Mapping[Target, float], now: float, *, by: str) -> dict[str, Any]:
        """Set the shares of versions of *place*, others stay; its state. Raises NoSuchPlace, WrongShares."""
        configured = self._of(place)
        for to, percent in shares.items():
            if to not in configured:
                raise WrongShares(f"{place} has no version {to}; it has {', '.join(map(str, configured))}")
            if not 0 <= percent <= ALL:
                raise WrongShares(f"{percent:g} is no share: 0 to 100")
        new = configured | dict(self.percents(place)) | dict(shares)
        if (total := sum(new.values())) > ALL:
            raise WrongShares(f"the versions would have {total:g} percent of the callers together")
        old = configured | dict(self.percents(place))
        wall = self._clock.wall(now)
        self._set[place] = Set(new, dict(configured), wall, by)
        line = {"place": str(place), "by": by, "old": _plain(old), "new": _plain(new), "configured": _plain(configured)}
        self._journal.append(CHANGED, None, line, at=wall)
        return self.state(place)

    def back(self, place: Target, now: float, *, by: str) -> dict[str, Any]:
        """No caller comes to a version any more; its state. Raises NoSuchPlace."""
        return self.put(place, dict.fromkeys(self._of(place), 0.0), now, by=by)

    def _of(self, place: Target) -> Shares:
        if place not in self._configured:
            known: Sequence[str] = sorted(map(str, self._configured))
            raise NoSuchPlace(f"{place} has no versions; there are versions of {', '.join(known) or 'nothing'}")
        return self._configured[place]


def _plain(shares: Mapping[Target, float]) -> dict[str, float]:
    return {str(to): percent for to, percent in shares.items()}


def _read(plain: Mapping[str, Any]) -> Shares:
    return {Target.parse(to): float(percent) for to, percent in plain.items()}
