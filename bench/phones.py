"""Telephones by the thousand: a process of their own, on our SIP and RTP cores.

    python -m bench.phones '{"number": "9000", "calls": 400, "server": ["127.0.0.1", 5060], …}'

The fields are those of `Order`. One JSON line (`Outcome`) comes out. Callers are at 127.0.0.2; with `answer_at` the
same process is also the answering side. One thread does everything on ticks of 1 ms: audio by `Streams`, signalling by
a `SipEndpoint` per side. It asks for real-time priority, as real phones do not slow down with the server.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.processes import CpuMeter, difference
from bench.streams import PHASES, Streams
from rtp.negotiate import MediaAddress, accept_answer, answer_offer, make_offer
from sip import events as ev
from sip.endpoint import SipEndpoint
from sip.flow import Address, Flow, Transport
from sip.headers import NameAddr
from sip.uri import Uri
from softswitch.ids import RandomIds

if TYPE_CHECKING:
    from collections.abc import Callable

CALLERS = "127.0.0.2"
TICK = 0.02 / PHASES
CATCH_UP = 0.2
"""Seconds of ticks made up for; what is beyond is left out, and the run is of no use."""
_CODECS = ("PCMU",)
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Order:
    """What the phones are to do. Times in seconds."""

    pid: int
    """The server whose CPU time is read."""
    calls: int = 0
    """So many at the same time, measured for `window` once all are up; 0: short calls at `rate` for `window`."""
    number: str = ""
    server: tuple[str, int] = ("127.0.0.1", 5060)
    answer_at: tuple[str, int] | None = None
    direct: tuple[str, int] | None = None
    """No signalling: call n is sent to this address, n ports of two further."""
    rate: float = 100.0
    settle: float = 1.5
    window: float = 5.0
    hold: float = 0.5
    """How long a short call lasts."""


@dataclass(slots=True)
class Outcome:
    """What came of it. Times in seconds."""

    answered: int = 0
    failed: int = 0
    causes: dict[str, int] = field(default_factory=dict)
    ended: int = 0
    """Calls that ended while they should have lasted."""
    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    """CPU seconds in the window, by part of the server."""
    answered_in_window: int = 0
    expected: int = 0
    lost: int = 0
    delay: tuple[float, float, float] | None = None
    """Median, 99th percentile and maximum of the packets that came with our stamp."""
    largest_gap: float = 0.0
    gaps: int = 0
    own_gap: float = 0.0
    setup: tuple[float, float, float] | None = None
    """Median, 99th percentile, maximum from INVITE to 200."""
    late: tuple[float, float] = (0.0, 0.0)
    """99th percentile and maximum of how late our own ticks were in the window."""
    skipped: int = 0
    own_cpu: float = 0.0
    real_time: bool = False


class Side:
    """One SIP socket and the endpoint behind it."""

    def __init__(self, address: Address, on_event: Callable[[ev.Event, float], None]) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.setblocking(False)
        self._socket.bind(address)
        self.address: Address = self._socket.getsockname()
        self._on_event = on_event
        self._flows: dict[Address, Flow] = {}
        self.endpoint = SipEndpoint(
            ids=RandomIds(address[0]), local=lambda flow: self.address, user_agent="softswitch bench"
        )

    def flow_to(self, remote: Address) -> Flow:
        if remote not in self._flows:
            self._flows[remote] = Flow(Transport.UDP, self.address, remote)
        return self._flows[remote]

    def work(self, now: float) -> None:
        """Take what has come, let what is due happen, send."""
        endpoint = self.endpoint
        while True:
            try:
                data, remote = self._socket.recvfrom(8192)
            except BlockingIOError:
                break
            except OSError:
                continue
            endpoint.receive_datagram(data, self.flow_to(remote), now)
            self.drain(now)
        at = endpoint.next_deadline()
        if at is not None and at <= now:
            endpoint.handle_timeout(now)
        self.drain(now)

    def drain(self, now: float) -> None:
        endpoint = self.endpoint
        while True:
            if (transmit := endpoint.next_transmit()) is not None:
                with contextlib.suppress(OSError):
                    self._socket.sendto(transmit.data, transmit.flow.remote)
            elif (event := endpoint.next_event()) is not None:
                self._on_event(event, now)
            else:
                break

    def close(self) -> None:
        self._socket.close()


@dataclass(slots=True)
class _Call:
    offer: bytes
    placed: float
    phone: int | None
    up: bool = False


class Phones:
    """Callers, and the phones that are called."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.outcome = Outcome()
        audio = order.calls * (2 if order.answer_at else 1)
        self.streams = Streams(max(1, audio))
        self._caller = Side((CALLERS, 0), self._caller_event)
        self._answerer = Side(order.answer_at, self._answerer_event) if order.answer_at else None
        self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        """Where the audio of short calls goes; nobody listens to it."""
        self._sink.bind((CALLERS, 0))
        self._caller_ports, self._answer_ports = count(26_000, 2), count(46_000, 2)
        self._calls: dict[str, _Call] = {}
        self._answering: dict[str, int] = {}
        self._setups: list[float] = []
        self._hang_ups: deque[tuple[float, str]] = deque()
        self._numbers = count(1)
        self._late: list[float] = []
        self.measuring = False
        self.ending = False

    # ------------------------------------------------------------------------------------------------ calls
    def place(self, now: float) -> None:
        order = self.order
        host, port = order.server
        phone = None
        local = int(self._sink.getsockname()[1])
        if order.calls:
            phone, local = self.streams.open(CALLERS, self._caller_ports)
        offer = make_offer(
            local=MediaAddress(CALLERS, local), codecs=_CODECS, session_id=next(self._numbers), version=1
        )
        usage = self._caller.endpoint.invite(
            uri=Uri("sip", order.number, host, port),
            flow=self._caller.flow_to((host, port)),
            from_=NameAddr("", Uri("sip", "bench", CALLERS)),
            to=NameAddr("", Uri("sip", order.number, host, port)),
            body=offer,
            now=now,
        )
        self._calls[usage] = _Call(offer, now, phone)
        self._caller.drain(now)

    def begin_directly(self) -> None:
        """Without signalling."""
        assert self.order.direct is not None
        host, port = self.order.direct
        for n in range(self.order.calls):
            phone, _ = self.streams.open(CALLERS, self._caller_ports)
            self.streams.start(phone, (host, port + 2 * n))
            self.outcome.answered += 1

    def hang_up(self, usage: str, now: float) -> None:
        self._caller.endpoint.hang_up(usage, now=now)
        self._caller.drain(now)

    @property
    def up(self) -> list[str]:
        return [usage for usage, call in self._calls.items() if call.up]

    @property
    def pending(self) -> int:
        return sum(not call.up for call in self._calls.values())

    @property
    def idle(self) -> bool:
        return not self._calls and not self._answering

    def _caller_event(self, event: ev.Event, now: float) -> None:
        match event:
            case ev.Answered(usage, response):
                call = self._calls[usage]
                call.up = True
                self.outcome.answered += 1
                if self.measuring:
                    self.outcome.answered_in_window += 1
                self._setups.append(now - call.placed)
                remote = accept_answer(call.offer, response.body).remote
                if call.phone is None:
                    self._hang_ups.append((now + self.order.hold, usage))
                elif remote is not None:
                    self.streams.start(call.phone, (remote.host, remote.port))
            case ev.Rejected(usage, _, status, cause):
                self._calls.pop(usage)
                self.outcome.failed += 1
                key = f"{status} {cause}"
                self.outcome.causes[key] = self.outcome.causes.get(key, 0) + 1
            case ev.Ended(usage, cause, _, _):
                call = self._calls.pop(usage)
                if call.phone is not None:
                    self.streams.stop(call.phone)
                    if not self.ending:
                        self.outcome.ended += 1
                elif cause is not ev.EndCause.LOCAL:
                    self.outcome.ended += 1
            case _:
                pass

    def _answerer_event(self, event: ev.Event, now: float) -> None:
        assert self._answerer is not None
        match event:
            case ev.InviteReceived(usage, request, _):
                host = self._answerer.address[0]
                phone, port = self.streams.open(host, self._answer_ports)
                answer, settings = answer_offer(
                    request.body,
                    local=MediaAddress(host, port),
                    codecs=_CODECS,
                    session_id=next(self._numbers),
                    version=1,
                )
                self._answering[usage] = phone
                self._answerer.endpoint.answer(usage, body=answer, now=now)
                if settings.remote is not None:
                    self.streams.start(phone, (settings.remote.host, settings.remote.port))
            case ev.RequestReceived(transaction):
                self._answerer.endpoint.respond(transaction, 200, now=now)
            case ev.Ended(usage) | ev.Cancelled(usage):
                self.streams.stop(self._answering.pop(usage))
            case _:
                pass

    # ------------------------------------------------------------------------------------------------ time
    def run(self, until: Callable[[float], bool]) -> None:
        """Tick until that is true."""
        start = time.monotonic()
        number = 0
        while True:
            due = start + number * TICK
            now = time.monotonic()
            if now < due:
                time.sleep(due - now)
                now = time.monotonic()
            if self.measuring:
                self._late.append(now - due)
            if now - due > CATCH_UP:
                missed = int((now - due) / TICK)
                start += missed * TICK
                self.outcome.skipped += missed
            if len(self.streams):
                self.streams.tick(number)
            self._caller.work(now)
            if self._answerer is not None:
                self._answerer.work(now)
            while self._hang_ups and self._hang_ups[0][0] <= now:
                self.hang_up(self._hang_ups.popleft()[1], now)
            if until(now):
                return
            number += 1

    def run_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.run(lambda now: now >= end)

    def place_all(self, rate: float, calls: int) -> None:
        """*calls* calls at *rate*."""
        start = time.monotonic()
        placed = 0

        def due(now: float) -> bool:
            nonlocal placed
            while placed < calls and placed <= (now - start) * rate:
                self.place(now)
                placed += 1
            return placed == calls

        self.run(due)

    def end_all(self, rate: float) -> None:
        """Hang up everything, and wait until everybody has heard of it."""
        self.ending = True
        waiting = self.up
        start = time.monotonic()
        ended = 0

        def due(now: float) -> bool:
            nonlocal ended
            while ended < len(waiting) and ended <= (now - start) * rate:
                self.hang_up(waiting[ended], now)
                ended += 1
            return (ended == len(waiting) and self.idle) or now - start > len(waiting) / rate + 5.0

        self.run(due)

    def measure(self, meter: CpuMeter) -> None:
        outcome = self.outcome
        self._late.clear()
        outcome.skipped = 0
        own = resource.getrusage(resource.RUSAGE_SELF)
        began = time.monotonic()
        before = meter.read()
        self.measuring = True
        self.streams.begin()
        if self.order.calls:
            self.run_for(self.order.window)
        else:
            self.place_all(self.order.rate, round(self.order.rate * self.order.window))
        heard = self.streams.end()
        self.measuring = False
        outcome.cpu = difference(before, meter.read())
        outcome.seconds = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_SELF)
        outcome.own_cpu = after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime
        outcome.late = (float(np.percentile(self._late, 99)), max(self._late))
        outcome.expected, outcome.lost = heard.expected, heard.lost
        outcome.largest_gap, outcome.gaps, outcome.own_gap = heard.largest_gap, heard.gaps, heard.largest_own_gap
        outcome.delay = spread_of(heard.delays)
        outcome.setup = spread_of(np.array(self._setups))

    def close(self) -> None:
        self.streams.close()
        self._sink.close()
        self._caller.close()
        if self._answerer is not None:
            self._answerer.close()


def spread_of(values: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float, float] | None:
    """Median, 99th percentile, maximum."""
    if not len(values):
        return None
    median, high = np.percentile(values, (50, 99))
    return float(median), float(high), float(values.max())


def carry_out(order: Order) -> Outcome:
    phones = Phones(order)
    phones.outcome.real_time = raise_priority()
    meter = CpuMeter(order.pid)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        if not order.calls:
            phones.place_all(order.rate, round(order.rate * order.settle))
            phones.measure(meter)
            end = time.monotonic() + order.hold + _PATIENCE
            phones.run(lambda now: phones.idle or now > end)
            return phones.outcome
        if order.direct is not None:
            phones.begin_directly()
        else:
            phones.place_all(order.rate, order.calls)
            end = time.monotonic() + _PATIENCE
            phones.run(lambda now: not phones.pending or now > end)
        phones.run_for(order.settle)
        phones.measure(meter)
        phones.end_all(4 * order.rate)
        return phones.outcome
    finally:
        phones.close()


def raise_priority() -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except (OSError, AttributeError):
        return False
    return True


def main() -> None:
    fields = json.loads(sys.argv[1])
    for name in ("server", "answer_at", "direct"):
        if fields.get(name):
            fields[name] = tuple(fields[name])
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    print(json.dumps(asdict(carry_out(Order(**fields)))))


if __name__ == "__main__":
    main()
