"""When waits are estimated, and how: by formula in place, or by the simulating process. Never on the call path.

Estimates are made while somebody waits in a queue that uses them, and at most every :data:`INTERVAL` seconds. They
become a `WaitEstimated` event. When the process dies, hangs or is late there are no estimates for a while, and nothing
else happens: it is started anew after a pause that grows.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from acd.events import WaitEstimated
from acd.load import Load
from acd.plain import plain_estimates, plain_queues
from acd.ticket import OUT_OF_THE_ROOM
from softswitch.child import ChildFailed
from softswitch.estimates.history import PREFIX
from softswitch.estimates.process import EstimatorProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from acd.dispatcher import Dispatcher
    from acd.model import QueueConfig
    from acd.plain import Crews
    from softswitch.ports import Journal

log = logging.getLogger(__name__)

#: Seconds between two rounds of estimates.
INTERVAL: Final = 5.0
#: Writing the state down stalls the loop for a moment: for at most this share of the time.
SHARE: Final = 0.005
#: Seconds of the journal before the start that are learnt from.
HISTORY: Final = 28 * 86400.0
FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 300.0

_SOMEBODY_WAITS: Final = frozenset({"queued", "returned", "rejoined", "call_changed", "callback_requested"})

Estimated = tuple[str, float, float, float]


class Estimator:
    """Use between `start` and `stop`, on one event loop."""

    def __init__(
        self,
        database: Path,
        *,
        wall: float,
        interval: float = INTERVAL,
        pause: float = FIRST_PAUSE,
        process: EstimatorProcess | None = None,
    ) -> None:
        """*wall*: the time of the start, up to which the journal is history. *pause*: before the first new attempt."""
        self.load = Load()
        self.rounds = 0
        self.failures = 0
        self.stalled = 0.0
        """Longest time in seconds that the loop was kept from other things by writing the state down."""
        self._process = process or EstimatorProcess(database, wall - HISTORY)
        self._interval = interval
        self._dispatcher: Dispatcher | None = None
        self._deliver: Callable[[WaitEstimated], None] = lambda event: None
        self._somebody = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._simulation: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._recalled = False
        self._first_pause = self._pause = pause
        self._crews: Crews = {}
        self._crews_of: tuple[int, ...] = ()

    # ------------------------------------------------------------------------------------------------ life
    async def start(self, dispatcher: Dispatcher, deliver: Callable[[WaitEstimated], None]) -> None:
        """Begin to estimate; *deliver* takes the events to the dispatcher. The process starts when it is needed."""
        self._dispatcher, self._deliver = dispatcher, deliver
        self._somebody.set()  # callers may have outlasted a restart
        self._task = asyncio.create_task(self._run(), name="estimates")

    async def stop(self) -> None:
        for task in (self._task, self._simulation):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self._task = self._simulation = None
        await self._process.stop()

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker while one runs."""
        return self._process.pid

    # ------------------------------------------------------------------------------------------------ learning
    def overhear(self, journal: Journal) -> Journal:
        """The journal, with everything that is written to it learnt from."""
        return _Overheard(journal, self)

    def learn(self, kind: str, data: Mapping[str, Any]) -> None:
        """Take in a line of the distributor's."""
        self.load.take(kind, data, data["at"])
        if kind in _SOMEBODY_WAITS:
            self._somebody.set()

    # ------------------------------------------------------------------------------------------------ estimating
    async def _run(self) -> None:
        while True:
            await self._somebody.wait()
            pause = self._interval
            try:
                self._round()
            except Exception:
                log.exception("waits cannot be estimated; next try in %g s", _LONGEST_PAUSE)
                pause = _LONGEST_PAUSE
            await asyncio.sleep(pause)

    def _round(self) -> None:
        """Estimate for everybody who waits: at once where a formula tells, the others as soon as the process can."""
        dispatcher = self._dispatcher
        assert dispatcher is not None
        waited_in = {t.queue for t in dispatcher.tickets.values() if t.place not in OUT_OF_THE_ROOM}
        wanted = [queue for queue in dispatcher.config.queues if queue.id in waited_in and uses_estimates(queue)]
        if not wanted:
            self._somebody.clear()
            return
        crews = self._plain(dispatcher)
        estimates: list[Estimated] = []
        others = False
        for queue in wanted:
            crew = crews.get(queue.id)
            found = None if crew is None else plain_estimates(dispatcher, self.load, queue.id, crew)
            if found is None:
                others = True
            else:
                estimates += [(call, e.p50, e.p80, e.spread) for call, e in found.items()]
        self._tell(estimates)
        busy = self._simulation is not None and not self._simulation.done()
        if others and not busy and time.monotonic() >= self._not_before:
            self._simulation = asyncio.create_task(self._simulate(dispatcher), name="simulated waits")

    def _plain(self, dispatcher: Dispatcher) -> Crews:
        """See `acd.plain`; worked out anew when queues or skills have changed."""
        queues, agents = dispatcher.config.queues, dispatcher.agents
        now = (*map(id, queues), *(id(agent.skills) for agent in agents.values()))
        if now != self._crews_of:
            self._crews, self._crews_of = plain_queues(queues, agents), now
        return self._crews

    async def _simulate(self, dispatcher: Dispatcher) -> None:
        """One question to the process, and its answer to the dispatcher."""
        pause = 0.0
        try:
            if not self._process.running:
                await self._start_process()
            began = time.perf_counter()
            number, job = self._job(dispatcher)
            stalled = time.perf_counter() - began
            self.stalled, pause = max(self.stalled, stalled), stalled / SHARE
            answer = await self._process.ask(number, job)
            self._pause = self._first_pause
            took = time.perf_counter() - began
            self._tell(list(_estimates(answer, took)))
            pause = max(pause, took)  # the process rests for as long as it worked
        except ChildFailed as failure:
            log.warning("the process that estimates waits %s; next try in %g s", failure, self._pause)
            self.failures += 1
            pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        except Exception:
            log.exception("waits cannot be simulated; next try in %g s", _LONGEST_PAUSE)
            pause = _LONGEST_PAUSE
        self._not_before = time.monotonic() + pause

    def _job(self, dispatcher: Dispatcher) -> tuple[int, bytes]:
        self.rounds += 1
        job = {
            "id": self.rounds,
            "seed": self.rounds,
            "snapshot": dispatcher.snapshot(),
            "load": self.load.plain(),
        }
        return self.rounds, pickle.dumps(job, protocol=5)

    async def _start_process(self) -> None:
        hello = await self._process.start()
        if self._recalled:
            return
        self._recalled = True
        if "load" in hello:
            self.load.recall(Load.from_plain(hello["load"]))
        else:
            log.info("nothing is learnt from earlier days: %s", hello.get("why"))

    def _tell(self, estimates: list[Estimated]) -> None:
        dispatcher = self._dispatcher
        assert dispatcher is not None
        known = tuple(estimate for estimate in estimates if estimate[0] in dispatcher.tickets)
        if known:
            self._deliver(WaitEstimated(known))


def uses_estimates(queue: QueueConfig) -> bool:
    """Whether anything in this queue depends on expected waits."""
    return queue.announce.wait or queue.max_expected_wait is not None or queue.callback is not None


def _estimates(answer: Mapping[str, Any], age: float) -> Iterator[Estimated]:
    """Those of an answer, as of now: *age* seconds of each wait have passed since the state was written down."""
    for call, p50, p80, spread in answer.get("estimates", ()):
        yield str(call), max(0.0, p50 - age), max(0.0, p80 - age), float(spread)


class _Overheard:
    """See `softswitch.ports.Journal`."""

    def __init__(self, journal: Journal, estimator: Estimator) -> None:
        self._journal = journal
        self._estimator = estimator

    def append(self, kind: str, call: str | None, data: Mapping[str, object], *, at: float) -> None:
        self._journal.append(kind, call, data, at=at)
        if kind.startswith(PREFIX):
            self._estimator.learn(kind[len(PREFIX) :], data)

    def barrier(self, mark: str) -> None:
        self._journal.barrier(mark)
