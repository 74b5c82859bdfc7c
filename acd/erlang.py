"""How many agents it takes: Erlang B, C and A for one group of equal agents in a steady state.

``load`` is in Erlangs (arrivals per second times mean handling time). Erlang C knows no impatience: it overstaffs
where callers hang up, and has no steady state at or above full load. Erlang A (Palm; Garnett, Mandelbaum and Reiman,
"Designing a call center with impatient customers", M&SOM 4(3), 2002) lets callers give up after an exponential time.
Several skills have no formula: simulate them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: What is left out of infinite sums.
_NEGLIGIBLE = 1e-13
#: Where sums are scaled down, so that they stay numbers.
_HUGE = 1e200
#: e^(−x) is still a good number for an x of so much.
_STRETCH = 500.0


def erlang_b(load: float, servers: int) -> float:
    """Probability that all servers are busy when those who find no server go away."""
    _check(load, servers)
    blocked = 1.0
    for i in range(1, servers + 1):
        blocked = load * blocked / (i + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    """Probability of having to wait when everybody waits; 1 at or above full load."""
    if load >= servers:
        _check(load, servers)
        return 1.0
    blocked = erlang_b(load, servers)
    return blocked / (1 - load / servers * (1 - blocked))


@dataclass(frozen=True, slots=True)
class ErlangC:
    """M/M/n: ``arrivals`` per second, mean ``handling`` in seconds, nobody gives up."""

    arrivals: float
    handling: float
    servers: int

    def __post_init__(self) -> None:
        _check_rates(self.arrivals, self.handling, self.servers)

    @property
    def load(self) -> float:
        return self.arrivals * self.handling

    @property
    def occupancy(self) -> float:
        return min(1.0, self.load / self.servers)

    @property
    def delayed(self) -> float:
        """Probability of having to wait."""
        return erlang_c(self.load, self.servers)

    @property
    def mean_wait(self) -> float:
        """Average speed of answer in seconds, those who do not wait included; infinite at full load."""
        spare = self.servers - self.load
        return self.delayed * self.handling / spare if spare > 0 else math.inf

    def service_level(self, within: float) -> float:
        """Share of callers answered within so many seconds."""
        spare = self.servers - self.load
        return 1 - self.delayed * math.exp(-spare * within / self.handling) if spare > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ErlangA:
    """M/M/n+M: as :class:`ErlangC`, and callers give up after an exponential time of mean ``patience`` seconds."""

    arrivals: float
    handling: float
    servers: int
    patience: float

    def __post_init__(self) -> None:
        _check_rates(self.arrivals, self.handling, self.servers)
        if self.patience <= 0:
            raise ValueError(f"patience is {self.patience}, it must be more than 0")

    @property
    def load(self) -> float:
        return self.arrivals * self.handling

    @property
    def delayed(self) -> float:
        """Probability of having to wait (for an agent, or until giving up)."""
        blocked = erlang_b(self.load, self.servers)
        rare = self._inverse_queue()
        return blocked / (rare + (1 - rare) * blocked)

    @property
    def abandoned(self) -> float:
        """Share of callers who give up."""
        return self._abandoned_of_delayed() * self.delayed

    @property
    def mean_wait(self) -> float:
        """Seconds, over all callers: served at once, served later, and gone."""
        return self.abandoned * self.patience

    @property
    def occupancy(self) -> float:
        return self.load * (1 - self.abandoned) / self.servers

    def service_level(self, within: float) -> float:
        """Share of all callers who are served within so many seconds."""
        delayed = self.delayed
        return 1 - delayed + delayed * self._served_of_delayed(within)

    def _inverse_queue(self) -> float:
        """``1 / A(nμ/θ, λ/θ)``; A is how much likelier "all busy" is than in the loss system, and may be huge."""
        x, y = self.servers * self.patience / self.handling, self.arrivals * self.patience
        first = total = term = 1.0
        j = 0
        while term > _NEGLIGIBLE * total or j < y - x:
            j += 1
            term *= y / (x + j)
            total += term
            if total > _HUGE:
                first, term, total = first / total, term / total, 1.0
        return first / total

    def _abandoned_of_delayed(self) -> float:
        if self.arrivals == 0:
            return 0.0
        utilisation = self.load / self.servers
        # 1/(ρA) + 1 − 1/ρ, which loses its digits in the difference where hardly anybody gives up
        return min(1.0, max(0.0, self._inverse_queue() / utilisation + 1 - 1 / utilisation))

    def _served_of_delayed(self, within: float) -> float:
        """Share of those who find all servers busy who are served within so many seconds.

        The death chain from "j waiting before me": the next of them leaves at the rate nμ+jθ, I give up at the rate
        θ; with nobody before me I am served at the rate nμ. It is summed by uniformization, all terms positive.
        """
        completions, impatience = self.servers / self.handling, 1 / self.patience
        ahead = self._found_waiting(completions, impatience)
        fastest = completions + len(ahead) * impatience
        stretches = math.ceil(fastest * within / _STRETCH)
        served = 0.0
        for _ in range(stretches):
            gained, ahead = self._serve(ahead, completions, impatience, fastest * within / stretches)
            served += gained
        return served

    def _found_waiting(self, completions: float, impatience: float) -> list[float]:
        """How many somebody finds waiting who finds all servers busy: p[j+1] = p[j]·λ/(nμ+(j+1)θ)."""
        shares, total = [1.0], 1.0
        while shares[-1] > _NEGLIGIBLE * total or self.arrivals > completions + len(shares) * impatience:
            shares.append(shares[-1] * self.arrivals / (completions + len(shares) * impatience))
            total += shares[-1]
            if total > _HUGE:
                shares, total = [share / total for share in shares], 1.0
        return [share / total for share in shares]

    def _serve(
        self, ahead: list[float], completions: float, impatience: float, steps: float
    ) -> tuple[float, list[float]]:
        """Who is served during ``steps`` mean times of the fastest step, and where the others are then."""
        fastest = completions + len(ahead) * impatience
        weight, passed, gained = math.exp(-steps), 0.0, 0.0  # weights are Poisson
        served, after, step = 0.0, [0.0] * len(ahead), 0
        while 1 - passed > _NEGLIGIBLE and step < 10 * steps + 1000:
            passed += weight
            served += weight * gained
            after = [a + weight * b for a, b in zip(after, ahead, strict=True)]
            gained += completions / fastest * ahead[0]
            ahead = _next(ahead, completions, impatience, fastest)
            step += 1
            weight *= steps / step
        return served, after


def _next(ahead: list[float], completions: float, impatience: float, fastest: float) -> list[float]:
    """One step of the uniformized chain."""
    last = len(ahead) - 1
    return [
        share * (1 - (completions + (j + 1) * impatience) / fastest)
        + (ahead[j + 1] * (completions + (j + 1) * impatience) / fastest if j < last else 0.0)
        for j, share in enumerate(ahead)
    ]


def square_root_staffing(load: float, beta: float) -> int:
    """Agents by n = R + β√R: β about 0 keeps agents busy, 1 balances, 2 hardly lets anybody wait (QED regime)."""
    _check(load, 0)
    return max(math.floor(load) + 1 if beta > 0 and load > 0 else 0, math.ceil(load + beta * math.sqrt(load)))


def agents_for(arrivals: float, handling: float, *, target: float, within: float, patience: float | None = None) -> int:
    """The fewest agents who serve the share ``target`` of callers within so many seconds.

    With ``patience`` by Erlang A, else by Erlang C. Divide by (1 − shrinkage) for those to be scheduled.
    """
    if not 0 < target < 1:
        raise ValueError(f"target is {target}, it must lie between 0 and 1")
    servers = 1
    while True:
        if patience is None:
            level = ErlangC(arrivals, handling, servers).service_level(within)
        else:
            level = ErlangA(arrivals, handling, servers, patience).service_level(within)
        if level >= target:
            return servers
        servers += 1


def _check(load: float, servers: int) -> None:
    if load < 0 or servers < 0:
        raise ValueError(f"load is {load} and servers are {servers}, neither can be negative")


def _check_rates(arrivals: float, handling: float, servers: int) -> None:
    if arrivals < 0 or handling <= 0 or servers < 1:
        raise ValueError(
            f"arrivals are {arrivals}, handling is {handling}, servers are {servers}: "
            "arrivals cannot be negative, handling must be more than 0, and there must be a server"
        )
