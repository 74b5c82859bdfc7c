"""Versions of a place: a share of all callers comes to a new one, by a number that is always the same for a caller.

Who has come to a version in a call stays with it until the call is over, whatever becomes of the shares meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr import effects as fx
from ivr.decisions import find
from ivr.nodes import Goto, Menu
from ivr.slots import share
from ivr.steps import Steps
from ivr.targets import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ivr.nodes import Version
    from ivr.steps import RolloutLookup


def choose(
    place: Target, versions: Sequence[Version], caller: str, percents: Mapping[Target, float]
) -> tuple[Target | None, float]:
    """The version for *caller*, and how many percent of all callers come to it; None: none of them.

    The versions divide the callers in their order: when the last one grows, nobody else moves. Who withholds the number
    cannot be told from others, and comes to a version only when everybody does.
    """
    taken, mine = 0.0, share(f"versions:{place}", caller) if caller else 100.0 - 1e-9
    for version in versions:
        percent = percents.get(version.to, version.percent)
        if taken <= mine < taken + percent and (caller or percent >= 100.0):
            return version.to, percent
        taken += percent
    return None, max(0.0, 100.0 - taken)


class Versions(Steps):
    """The share of each version is as configured, or as somebody has set it while the switch runs."""

    _rollouts: RolloutLookup | None

    def _choose_version(self, now: float) -> None:
        p = self.progress
        node = find(self.flow, p, p.target)
        assert isinstance(node, Menu)
        p.target = self._version(p.target, node, now) or p.target
        p.chosen_version = str(p.target)

    def _version(self, place: Target, node: Menu | Goto, now: float) -> Target | None:
        """The version that this caller has; None: none of them."""
        p = self.progress
        if not node.versions:
            return None
        known = p.versions.get(str(place))
        if known is not None:
            to = Target.parse(known)
            return to if to != place and self.flow.find(to) is not None else None
        percents = None if self._rollouts is None else self._rollouts(place)
        chosen, percent = choose(place, node.versions, p.data.get("ani", ""), percents or {})
        p.versions[str(place)] = str(chosen or place)
        self._journal(now, fx.VersionChosen(place, chosen or place, round(percent, 3)))
        return chosen
