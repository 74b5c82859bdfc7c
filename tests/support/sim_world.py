"""Virtual time and a lossy network for whole systems: everything costs O(log n), however many phones there are."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Protocol

from sip.flow import Address, Flow, Transmit

if TYPE_CHECKING:
    from collections.abc import Callable

_NEVER = float("inf")


class Actor(Protocol):
    """Something with deadlines: the switch, a phone. ``armed`` belongs to the world."""

    armed: float

    def next_deadline(self) -> float | None: ...
    def handle_timeout(self, now: float) -> None: ...


@dataclass
class SimWorld:
    """Seconds since the beginning, and what is to happen when."""

    seed: int = 0
    now: float = 0.0
    events: int = 0
    random: random.Random = field(init=False)
    _heap: list[tuple[float, int, Actor | Callable[[], None]]] = field(default_factory=list)
    _serial: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        heappush(self._heap, (self.now + seconds, next(self._serial), action))

    def arm(self, actor: Actor) -> None:
        """Call after every change of *actor*."""
        at = actor.next_deadline()
        if at is not None and at < actor.armed:
            actor.armed = at
            heappush(self._heap, (at, next(self._serial), actor))

    def step(self, until: float) -> bool:
        """The next thing that happens; False when nothing does before *until*."""
        while self._heap and self._heap[0][0] <= until:
            at, _, what = heappop(self._heap)
            if callable(what):
                self.now = max(self.now, at)
                what()
            elif what.armed != at:
                continue
            else:
                what.armed = _NEVER
                due = what.next_deadline()
                if due is not None and due <= max(at, self.now):
                    self.now = max(self.now, at)
                    what.handle_timeout(self.now)
                self.arm(what)
            self.events += 1
            return True
        return False

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self.step(until):
            pass
        self.now = until

    def run_until(self, happened: Callable[[], bool], *, within: float = 60.0, what: str = "") -> None:
        """Stop at the very instant at which *happened* becomes true."""
        until = self.now + within
        while not happened():
            if not self.step(until):
                raise AssertionError(f"seed {self.seed}: no {what or 'change'} within {within:g} s, now {self.now:.3f}")


@dataclass
class SimNetwork:
    """Delivers datagrams late, several times, out of order or not at all. What comes for nobody is lost.

    ``loss`` and ``duplication`` are probabilities; ``drop`` may look at a datagram and say that it is lost.
    """

    world: SimWorld
    latency: float = 0.01
    jitter: float = 0.0
    loss: float = 0.0
    duplication: float = 0.0
    copies: int = 2
    drop: Callable[[Transmit], bool] = lambda transmit: False
    hosts: dict[Address, Callable[[bytes, Flow], None]] = field(default_factory=dict)
    delivered: int = 0

    def send(self, transmit: Transmit) -> None:
        if transmit.flow.local not in self.hosts or self.drop(transmit):
            return
        chance = self.world.random.random
        for _ in range(self.copies if chance() < self.duplication else 1):
            if chance() >= self.loss:
                self.world.call_later(self.latency + chance() * self.jitter, lambda: self._deliver(transmit))

    def record(self) -> list[bytes]:
        """What is sent from now on."""
        sent: list[bytes] = []

        def note(transmit: Transmit) -> bool:
            sent.append(transmit.data)
            return False

        self.drop = note
        return sent

    def _deliver(self, transmit: Transmit) -> None:
        flow = transmit.flow
        receive = self.hosts.get(flow.remote)
        if receive is not None:
            self.delivered += 1
            receive(transmit.data, Flow(flow.transport, flow.remote, flow.local))
