"""How long a waiting caller still has to wait, where a formula tells: one kind of callers, no priorities (QL-A).

With *k* ahead, *n* agents who are all busy, mean handling time 1/μ and mean patience 1/θ, the wait is a sum of
exponential times with rates nμ, nμ+θ, …, nμ+kθ: the next departure from the queue, service or hang-up, of those
still ahead (Whitt, "Improving service by informing customers about anticipated delays", Management Science 45(2),
1999; Ibrahim and Whitt, "Real-time delay estimation in overloaded multiserver queues with abandonments", 2009). The
caller asked about does not hang up. Skills and priorities need :mod:`acd.forward`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of the wait that is still to come, in seconds: median, the time that suffices in 80 %, mean, deviation."""

    p50: float
    p80: float
    mean: float
    sd: float

    @property
    def spread(self) -> float:
        """Coefficient of variation: how little is known. 1 for the next one to be served, less further back."""
        return self.sd / self.mean if self.mean > 0 else 0.0


AT_ONCE = Estimate(0.0, 0.0, 0.0, 0.0)


def ql_a(ahead: int, servers: int, handling: float, patience: float = math.inf) -> Estimate:
    """The wait with so many callers ahead and all of so many agents busy.

    ``handling`` is the mean time in seconds that a call keeps an agent, ringing and wrap-up included; ``patience`` the
    mean time after which a caller hangs up (infinite: never). Nobody to serve: everything is infinite.
    """
    if ahead < 0 or handling <= 0 or patience <= 0:
        raise ValueError(f"{ahead} ahead, handling {handling}, patience {patience}: none of them can be less")
    if servers < 1:
        return Estimate(math.inf, math.inf, math.inf, math.inf)
    completions, impatience = servers / handling, 1 / patience
    means = [1 / (completions + i * impatience) for i in range(ahead + 1)]
    mean = math.fsum(means)
    sd = math.sqrt(math.fsum(m * m for m in means))
    p50 = _quantile(0.5, ahead, completions, impatience, mean, sd)
    p80 = _quantile(0.8, ahead, completions, impatience, mean, sd)
    return Estimate(p50, p80, mean, sd)


def still_waiting(seconds: float, ahead: int, completions: float, impatience: float) -> float:
    """Probability that the wait is longer than this: the hypoexponential's survival function.

    With rates in arithmetic progression, e^(−θW) has a beta distribution, so it is a sum of positive terms:
    e^(−nμt) · Σ_i ∏_{j=1..i} (nμ+(j−1)θ)·g/j over i = 0…k, where g = (1−e^(−θt))/θ.
    """
    grown = -math.expm1(-impatience * seconds) / impatience if impatience > 0 else seconds
    # scaled by powers of e on the way, for thousands ahead and hours of waiting
    exponent, term, total = -completions * seconds, 1.0, 1.0
    for j in range(1, ahead + 1):
        term *= (completions + (j - 1) * impatience) * grown / j
        total += term
        if total > _LARGE:
            exponent += math.log(total)
            term /= total
            total = 1.0
    return min(1.0, math.exp(exponent + math.log(total)))


_LARGE = 1e200


def _quantile(share: float, ahead: int, completions: float, impatience: float, mean: float, sd: float) -> float:
    """Where the survival function is ``1 − share``; regula falsi (Illinois) on its logarithm."""
    wanted = math.log(1 - share)

    def miss(seconds: float) -> float:
        return math.log(max(still_waiting(seconds, ahead, completions, impatience), 1e-300)) - wanted

    low, high = 0.0, mean + sd
    at_low, at_high = -wanted, miss(high)
    while at_high > 0:
        low, at_low, high = high, at_high, 2 * high
        at_high = miss(high)
    moved_last = 0
    for _ in range(100):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        at_middle = miss(middle)
        if abs(at_middle) < 1e-12 or high - low <= 1e-12 * high:
            return middle
        if at_middle > 0:
            low, at_low = middle, at_middle
            at_high /= 2 if moved_last == 1 else 1
            moved_last = 1
        else:
            high, at_high = middle, at_middle
            at_low /= 2 if moved_last == -1 else 1
            moved_last = -1
    return high


def of_samples(waits: Sequence[float]) -> Estimate:
    """The estimate from drawn waits; at least one is needed."""
    if not waits:
        raise ValueError("an estimate needs at least one drawn wait")
    ordered, n = sorted(waits), len(waits)
    mean = math.fsum(ordered) / n
    variance = math.fsum((wait - mean) ** 2 for wait in ordered) / (n - 1) if n > 1 else 0.0
    return Estimate(_order_statistic(ordered, 0.5), _order_statistic(ordered, 0.8), mean, math.sqrt(variance))


def _order_statistic(ordered: Sequence[float], share: float) -> float:
    """Interpolated at (n+1)·share, so that a new draw lies below with that probability however few there are."""
    at = min(max((len(ordered) + 1) * share, 1.0), float(len(ordered))) - 1
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])
