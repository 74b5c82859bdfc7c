"""How long callers wait before they hang up, learnt although most are served before.

Piecewise exponential: in each stretch of waiting time, hang-ups over seconds waited by all who were there. Callers who
were served (or left otherwise) count with the seconds they waited and without a hang-up: they are censored, not
patient for so long only. Stretches in which little was seen lean on the whole.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acd.samples import Draws

#: Seconds of waiting at which the stretches begin.
STRETCHES = (0.0, 15.0, 45.0, 120.0, 300.0)
#: Mean patience before anything is known, and as how many hang-ups that counts.
BELIEVED = 240.0
_WEIGHT = 3.0
#: Hang-ups after which everything counts half.
_MEMORY = 2000.0


class Patience:
    """Hang-ups and seconds waited, for each stretch."""

    __slots__ = ("_gave_up", "_rates", "_waited")

    def __init__(self) -> None:
        self._gave_up = [0.0] * len(STRETCHES)
        self._waited = [0.0] * len(STRETCHES)
        self._rates: tuple[float, tuple[float, ...]] | None = None

    def add(self, begin: float, end: float, *, gave_up: bool) -> None:
        """Somebody was seen waiting from the age ``begin`` to ``end`` (seconds), and then hung up or did not."""
        begin = max(0.0, begin)
        end = max(begin, end)
        for i in range(bisect_right(STRETCHES, begin) - 1, len(STRETCHES)):
            last = STRETCHES[i + 1] if i + 1 < len(STRETCHES) else math.inf
            self._waited[i] += max(0.0, min(end, last) - max(begin, STRETCHES[i]))
            if end <= last:
                self._gave_up[i] += gave_up
                break
        self._forget()

    def merge(self, other: Patience) -> None:
        """Take in what was seen elsewhere or before."""
        self._gave_up = [mine + more for mine, more in zip(self._gave_up, other._gave_up, strict=True)]
        self._waited = [mine + more for mine, more in zip(self._waited, other._waited, strict=True)]
        self._forget()

    def _forget(self) -> None:
        if sum(self._gave_up) > _MEMORY:
            self._gave_up = [count / 2 for count in self._gave_up]
            self._waited = [seconds / 2 for seconds in self._waited]
        self._rates = None

    def mean(self, believed: float = BELIEVED) -> float:
        """Mean patience as if it were exponential, in seconds."""
        return (sum(self._waited) + _WEIGHT * believed) / (sum(self._gave_up) + _WEIGHT)

    def draw(self, draws: Draws, waited: float = 0.0, believed: float = BELIEVED) -> float:
        """Seconds until somebody who has waited so long hangs up."""
        rates = self._leaning(believed)
        left, age = -math.log1p(-draws.random()), max(0.0, waited)
        for i in range(bisect_right(STRETCHES, age) - 1, len(STRETCHES) - 1):
            stretch = rates[i] * (STRETCHES[i + 1] - age)
            if left < stretch:
                return age + left / rates[i] - max(0.0, waited)
            left -= stretch
            age = STRETCHES[i + 1]
        return age + left / rates[-1] - max(0.0, waited)

    def _leaning(self, believed: float) -> tuple[float, ...]:
        """Hang-ups per second in each stretch."""
        if self._rates is None or self._rates[0] != believed:
            mean = self.mean(believed)
            rates = tuple(
                (count + _WEIGHT) / (seconds + _WEIGHT * mean)
                for count, seconds in zip(self._gave_up, self._waited, strict=True)
            )
            self._rates = believed, rates
        return self._rates[1]

    def plain(self) -> dict[str, Any]:
        return {"gave_up": list(self._gave_up), "waited": list(self._waited)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Patience:
        self = cls()
        self._gave_up, self._waited = list(plain["gave_up"]), list(plain["waited"])
        return self
