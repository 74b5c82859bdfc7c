"""Whether hours are open at an instant, and which rule says so: what the IVR's hours nodes would decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from ivr.nodes import Hours
from ivr.targets import Target

if TYPE_CHECKING:
    from ivr.nodes import Flow
    from ivr.steps import ForcedLookup, LocalTime
    from softswitch.call.settings import Settings

#: Words of a route's `when`.
OPEN, CLOSED, SPECIAL = "open", "closed", "special"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is "open", "closed" or "special"; `why` the rule that decided, or who forced it; `reason` in words."""

    state: str
    why: str
    reason: str = ""

    def is_(self, wanted: str) -> bool:
        """A special state, set by hand, is no opening."""
        return self.state == wanted or (wanted == CLOSED and self.state == SPECIAL)


class Opening:
    """Answers for the hours of one flow."""

    def __init__(self, flow: Flow, local_time: LocalTime, forced: ForcedLookup | None = None) -> None:
        self._flow = flow
        self._local_time = local_time
        self._forced = forced

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._flow = settings.flow
        self.look_ahead(now)

    def look_ahead(self, now: float) -> None:
        """Ask calendars about this year and the next, which takes a moment at first: no caller is to wait for it."""
        for node in self._flow.nodes.values():
            if not isinstance(node, Hours):
                continue
            local = self._local_time(now, node.timezone)
            for calendar in (node.rules.open_calendar, node.rules.closed_calendar):
                if calendar is not None:
                    calendar.at(local)
                    calendar.at(local + timedelta(days=365))

    def at(self, name: str, now: float) -> Verdict:
        """Raises KeyError when there are no such hours."""
        node = self._node(name)
        forced = None if self._forced is None else self._forced(name, now)
        if forced is not None:
            return Verdict(forced.state.value, "forced" + (f" by {forced.by}" if forced.by else ""))
        return self._by_rules(node, now)

    def by_rules(self, name: str, now: float) -> Verdict:
        """As `at`, whatever is forced."""
        return self._by_rules(self._node(name), now)

    def next_change(self, name: str, now: float) -> float | None:
        """When the rules will next say something else, in seconds since the epoch; None: not in a year."""
        node = self._node(name)
        wall = self._local_time(now, node.timezone)
        change = node.rules.next_change(wall if wall.tzinfo is not None else wall.replace(tzinfo=UTC))
        return None if change is None else change.timestamp()

    def _node(self, name: str) -> Hours:
        node = self._flow.find(Target(Hours.kind, name))
        if not isinstance(node, Hours):
            raise KeyError(name)
        return node

    def _by_rules(self, node: Hours, now: float) -> Verdict:
        verdict = node.rules.explain(self._local_time(now, node.timezone))
        return Verdict(OPEN if verdict.open else CLOSED, verdict.rule, verdict.why)
