"""What is remembered of the callers of one queue, and of one agent."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from acd.patience import Patience
from acd.samples import Sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Of how arrivals are forgotten, seconds.
_ARRIVALS_MEMORY = 1800.0
_KINDS = 64


@dataclass(frozen=True, slots=True)
class Kind:
    """What distinguishes the callers of one queue: drawn as they came."""

    priority: float = 0.0
    language: str = ""
    needs: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    preferred: str = ""

    def plain(self) -> list[Any]:
        """As JSON-able data."""
        return [self.priority, self.language, self.needs, list(self.variables), self.preferred]

    @classmethod
    def from_plain(cls, plain: Sequence[Any]) -> Kind:
        """What was written down before preferences were has none."""
        priority, language, needs, variables, *rest = plain
        return cls(priority, language, needs, tuple((name, value) for name, value in variables), *rest)

    @classmethod
    def of(cls, joined: Mapping[str, Any]) -> Kind:
        """Of the caller of a record ``call_joined``."""
        return cls(
            float(joined.get("priority", 0.0)),
            str(joined.get("language", "")),
            str(joined.get("needs", "")),
            tuple((str(name), str(value)) for name, value in joined.get("variables", ())),
            str(joined.get("preferred", "")),
        )


@dataclass(slots=True)
class Arrivals:
    """How many call: an exponentially forgetting count, and the kinds of the last ones."""

    since: float | None = None
    at: float = 0.0
    count: float = 0.0
    kinds: deque[Kind] = field(default_factory=lambda: deque(maxlen=_KINDS))

    def add(self, kind: Kind, now: float) -> None:
        if self.since is None:
            self.since = self.at = now
        self.count = self._decayed(now) + 1.0
        self.at = max(self.at, now)
        self.kinds.append(kind)

    def rate(self, now: float) -> float:
        """Calls per second."""
        if self.since is None:
            return 0.0
        seen = -math.expm1(-(now - self.since) / _ARRIVALS_MEMORY) * _ARRIVALS_MEMORY
        # the first call started the clock, and says nothing about how many come after it
        return max(0.0, self._decayed(now) - 1.0) / max(seen, 60.0)

    def plain(self) -> dict[str, Any]:
        """As JSON-able data."""
        kinds = [kind.plain() for kind in self.kinds]
        return {"since": self.since, "at": self.at, "count": self.count, "kinds": kinds}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Arrivals:
        self = cls(plain["since"], plain["at"], plain["count"])
        self.kinds.extend(map(Kind.from_plain, plain["kinds"]))
        return self

    def _decayed(self, now: float) -> float:
        return self.count * math.exp(-max(0.0, now - self.at) / _ARRIVALS_MEMORY)


@dataclass(slots=True)
class QueueLoad:
    """Of one queue."""

    talking: Sample = field(default_factory=Sample)
    patience: Patience = field(default_factory=Patience)
    arrivals: Arrivals = field(default_factory=Arrivals)


@dataclass(slots=True)
class AgentLoad:
    """Of one agent: calls' lengths against what was to be expected, and what the agent does since when."""

    talked: float = 0.0
    expected: float = 0.0
    status: str = ""
    status_since: float = 0.0
    state: str = ""
    state_since: float = 0.0
