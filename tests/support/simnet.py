"""SIP endpoints on a simulated network: virtual time, latency, seeded loss, duplication and reordering."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sip.endpoint import Flow, SipEndpoint, Transmit, Transport
from tests.support.ids import CountingIds

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.events import Event

Address = tuple[str, int]
E = TypeVar("E")


@dataclass
class SimNet:
    """A heap of (time, destination, datagram). ``drop`` may look at a datagram and say that it is lost."""

    latency: float = 0.01
    jitter: float = 0.0
    loss: float = 0.0
    duplication: float = 0.0
    seed: int = 0
    drop: Callable[[Transmit], bool] = lambda transmit: False
    _heap: list[tuple[float, int, Transmit]] = field(default_factory=list)
    _serial: int = 0
    sent: list[tuple[float, Transmit]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def send(self, transmit: Transmit, now: float) -> None:
        self.sent.append((now, transmit))
        if self.drop(transmit):
            return
        reliable = transmit.flow.transport.reliable
        copies = 1 if reliable else 2 if self._random.random() < self.duplication else 1
        for _ in range(copies):
            if reliable or self._random.random() >= self.loss:
                self._serial += 1
                delay = self.latency + (0 if reliable else self._random.random() * self.jitter)
                heapq.heappush(self._heap, (now + delay, self._serial, transmit))

    def next_arrival(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def take(self) -> Transmit:
        return heapq.heappop(self._heap)[2]


@dataclass
class Agent:
    """One endpoint at one address; ``events`` is everything it told, ``on_event`` what its user does about it."""

    name: str
    address: Address
    endpoint: SipEndpoint = field(init=False)
    events: list[tuple[float, Event]] = field(default_factory=list)
    on_event: Callable[[Event, float], None] = lambda event, now: None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ids = CountingIds(self.name)
        self.endpoint = SipEndpoint(ids=ids, local=lambda flow: self.address, user_agent=self.name, **self.options)

    def flow_to(self, other: Agent, transport: Transport = Transport.UDP) -> Flow:
        return Flow(transport, self.address, other.address)

    def told(self, kind: type[E]) -> list[E]:
        return [event for _, event in self.events if isinstance(event, kind)]


@dataclass
class World:
    """Agents on a network. ``step`` delivers the next datagram or fires the next deadline, whichever is earlier."""

    agents: list[Agent]
    net: SimNet = field(default_factory=SimNet)
    now: float = 0.0

    def flush(self) -> None:
        busy = True
        while busy:
            busy = False
            for agent in self.agents:
                while (transmit := agent.endpoint.next_transmit()) is not None:
                    self.net.send(transmit, self.now)
                    busy = True
                while (event := agent.endpoint.next_event()) is not None:
                    agent.events.append((self.now, event))
                    agent.on_event(event, self.now)
                    busy = True

    def step(self) -> bool:
        """False when nothing is left to happen."""
        self.flush()
        arrival = self.net.next_arrival()
        deadlines = [(at, n) for n, a in enumerate(self.agents) if (at := a.endpoint.next_deadline()) is not None]
        if arrival is None and not deadlines:
            return False
        if arrival is not None and (not deadlines or arrival <= min(deadlines)[0]):
            self.now = max(self.now, arrival)
            transmit = self.net.take()
            for agent in self.agents:
                if agent.address == transmit.flow.remote:
                    arrived = Flow(transmit.flow.transport, agent.address, transmit.flow.local, 0)
                    agent.endpoint.receive_datagram(transmit.data, arrived, self.now)
        else:
            at, number = min(deadlines)
            self.now = max(self.now, at)
            self.agents[number].endpoint.handle_timeout(self.now)
        self.flush()
        return True

    def run(self, seconds: float) -> None:
        """Until *seconds* from now, or until nothing is left."""
        until = self.now + seconds
        while True:
            self.flush()
            times = [a.endpoint.next_deadline() for a in self.agents] + [self.net.next_arrival()]
            following = min((at for at in times if at is not None), default=None)
            if following is None or following > until:
                break
            self.step()
        self.now = until

    def run_out(self, limit: float = 3600.0) -> None:
        """Until nothing is left to happen; a world that never ends is a bug."""
        until = self.now + limit
        while self.step():
            assert self.now <= until, "something goes on for ever"

    def assert_nothing_left(self) -> None:
        for agent in self.agents:
            assert agent.endpoint.load == (0, 0), agent.name
            endpoint = agent.endpoint
            kept = (endpoint._layer._merge, endpoint._layer._streams, endpoint._signalling.pending)
            assert kept == ({}, {}, {}), agent.name
            assert endpoint._usages._by_dialog == {}, agent.name
            assert agent.endpoint.next_deadline() is None
            assert agent.endpoint.next_transmit() is None
            assert agent.endpoint.next_event() is None


def pair(net: SimNet | None = None, **options: Any) -> tuple[World, Agent, Agent]:
    """A caller and a callee."""
    alice = Agent("alice", ("192.0.2.1", 5060), options=options)
    bob = Agent("bob", ("192.0.2.2", 5060), options=options)
    return World([alice, bob], net or SimNet()), alice, bob
