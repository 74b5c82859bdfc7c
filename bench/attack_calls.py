"""Good calls during an attack, as a process of their own: callers and phones at real-time priority, measured.

    python -m bench.attack_calls '{"server": ["127.0.0.1", 5060], "answer_at": …, "mix": [["9000", 6]], "pid": 1234}'

Once all calls are up a line says so, with what an eavesdropper would know of their dialogs. Each line on stdin then
closes a window of measurement and opens the next; the end of stdin ends the calls. Every window comes out as a line.
"""

from __future__ import annotations

import contextlib
import gc
import json
import select
import sys
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from bench.phones import Order, Phones, raise_priority
from bench.processes import CpuMeter
from bench.streams import Streams
from sip import events as ev

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The first four octets of every payload that attackers send: heard by a good call, it was injected.
MARK = b"EVIL"
#: Those of good callers.
GOOD_MARK = b"soft"
_MARK = int.from_bytes(MARK, "big")
_PATIENCE = 20.0
_PLACED_A_SECOND = 20.0


class WatchedStreams(Streams):
    """Counts packets with an attacker's payload."""

    injected = 0

    def _hear(self, phones: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        self.injected += int((self._magic_in[rows] == _MARK).sum())
        super()._hear(phones, rows)


class GoodCalls(Phones):
    def __init__(self, order: Order) -> None:
        super().__init__(order)
        self.streams.close()
        self.streams = self.watched = WatchedStreams(order.calls * 2)
        self.dialogs: list[tuple[str, str, str]] = []

    def _caller_event(self, event: ev.Event, now: float) -> None:
        if isinstance(event, ev.Answered):
            response = event.response
            self.dialogs.append((response.call_id, response.from_.tag or "", response.to.tag or ""))
        super()._caller_event(event, now)

    def _answerer_event(self, event: ev.Event, now: float) -> None:
        """Attackers' calls get here too: to them the line is busy."""
        assert self._answerer is not None
        if isinstance(event, ev.InviteReceived) and event.request.from_.uri.user != "bench":
            self._answerer.endpoint.reject(event.usage, 486, now=now)
        elif not isinstance(event, ev.Ended | ev.Cancelled) or event.usage in self._answering:
            super()._answerer_event(event, now)

    def window(self, meter: CpuMeter) -> dict[str, object]:
        """Measure until there is something on stdin."""
        outcome = self.outcome
        self._late.clear()
        outcome.skipped = 0
        before = meter.read()
        began = time.monotonic()
        self.measuring = True
        self.streams.begin()
        looked = began

        def asked(now: float) -> bool:
            nonlocal looked
            if now - looked < 0.05:
                return False
            looked = now
            return bool(select.select([sys.stdin], [], [], 0)[0])

        self.run(asked)
        heard = self.streams.end()
        self.measuring = False
        outcome.seconds = time.monotonic() - began
        after = meter.read()
        outcome.cpu = {kind: after[kind] - before.get(kind, 0.0) for kind in after}
        outcome.late = (float(np.percentile(self._late, 99)), max(self._late))
        outcome.expected, outcome.lost = heard.expected, heard.lost
        outcome.largest_gap, outcome.gaps, outcome.own_gap = heard.largest_gap, heard.gaps, heard.largest_own_gap
        return {**asdict(outcome), "injected": self.watched.injected}


def carry_out(order: Order, mix: list[tuple[str, int]]) -> None:
    calls = GoodCalls(order)
    calls.outcome.real_time = raise_priority()
    meter = CpuMeter(order.pid)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for number, count in mix:
            calls.order = replace(order, number=number)
            calls.place_all(_PLACED_A_SECOND, count)
        end = time.monotonic() + _PATIENCE
        calls.run(lambda now: not calls.pending or now > end)
        calls.run_for(1.0)
        say({"up": len(calls.up), "causes": calls.outcome.causes, "dialogs": calls.dialogs})
        while True:
            window = calls.window(meter)
            over = sys.stdin.readline() == ""
            if over:
                calls.end_all(200.0)
                window["left_up"] = len(calls.up)
            say(window)
            if over:
                return
    finally:
        with contextlib.suppress(OSError):
            calls.close()


def say(what: dict[str, object]) -> None:
    print(json.dumps(what), flush=True)


def main() -> None:
    fields = json.loads(sys.argv[1])
    mix = [(str(number), int(count)) for number, count in fields["mix"]]
    order = Order(
        pid=fields["pid"],
        calls=sum(count for _, count in mix),
        server=tuple(fields["server"]),
        answer_at=tuple(fields["answer_at"]),
    )
    carry_out(order, mix)


if __name__ == "__main__":
    main()
