"""The whole switch above its sockets among strangers, on virtual time: calls end, are on record, and leave nothing.

Half of the strangers are trusted (a trunk, a phone by its address), so that what they say reaches menus, queues and
other phones; those that are called answer just as badly.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from bench.fuzz_cases import Broken, Target
from bench.fuzz_endpoint import left_over
from bench.fuzz_strangers import Strangers
from rtp.legs import MediaTimeout
from sip.flow import Flow, Transport
from tests.support.sim_switch import ADDRESS, SimSwitch
from tests.support.sim_world import SimNetwork, SimWorld

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from sip.flow import Address

INPUTS = 50
#: By then the last timer of a call has run out that nobody ends.
_LONGEST = 400.0
_TRUNK, _PHONE, _STRANGER = ("198.51.100.7", 5060), ("198.51.100.8", 5060), ("198.51.100.9", 5060)
_CONFIG = """
[sip]
domain = "switch"
qualify = 0

[trunk.carrier]
source = ["198.51.100.7"]

[[phone]]
user = "alice"
contact = "sip:alice@198.51.100.8"
source = ["198.51.100.8"]
ring_timeout = 15

[[phone]]
user = "bob"
password = "secret"

[[agent]]
id = "alice"
phone = "alice"
skills = { calls = 100 }
logged_in = true

[menu.main]
say = { en = "For the queue press 1, for Alice press 2, to hear yourself press 3." }
keys = { 1 = "queue:calls", 2 = "phone:alice", 3 = "echo" }
timeout = 5
retries = 1

[queue.calls]
needs = "calls"
ring_timeout = 5
wrap_up = 0
max_wait = 60

[[route]]
did = "100"
to = "menu:main"

[[route]]
did = "101"
to = "queue:calls"

[[route]]
did = "102"
to = "phone:alice"

[[route]]
did = "103"
to = "echo"
"""


class _Complaints(logging.Handler):
    """What the switch calls an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


class _Town:
    """The switch and three addresses at which strangers listen."""

    def __init__(self, rng: random.Random) -> None:
        self.world = SimWorld(rng.randrange(1 << 30))
        self.network = SimNetwork(self.world)
        self.addresses = (_TRUNK, _PHONE, _STRANGER)
        numbers = (b"100", b"101", b"102", b"103", b"*11", b"*12", b"bob", b"999")
        users = (b"alice", b"alice", b"bob", b"eve")
        self.strangers = {
            address: Strangers(rng, host=address[0].encode() + b":5060", numbers=numbers, users=users)
            for address in self.addresses
        }
        self.rng = rng
        self.switch = SimSwitch(self.world, self.network, _CONFIG)
        for address in self.addresses:
            self.network.hosts[address] = self._hearer(address)

    def _hearer(self, address: Address) -> Callable[[bytes, Flow], None]:
        def hear(data: bytes, flow: Flow) -> None:
            self.strangers[address].hear(data)

        return hear

    def send(self) -> float:
        """One message; CPU seconds that it and what came of it took."""
        address = self.rng.choice(self.addresses)
        message = self.strangers[address].say()
        started = time.process_time()
        self.switch._receive(message, Flow(Transport.UDP, ADDRESS, address))
        return time.process_time() - started

    def finish(self) -> None:
        """Whoever still talks vanishes."""
        self.network.hosts = {ADDRESS: self.network.hosts[ADDRESS]}
        for leg in list(self.switch.media.specs):
            self.switch.on_media(MediaTimeout(leg, 60.0))
        self.world.run(_LONGEST)
        for leg in list(self.switch.media.specs):
            self.switch.on_media(MediaTimeout(leg, 60.0))
        self.world.run(_LONGEST)


def live(data: bytes, rng: random.Random) -> float:
    """`INPUTS` messages; the worst CPU seconds of one."""
    complaints = _Complaints()
    log = logging.getLogger("softswitch")
    level, propagate = log.level, log.propagate
    log.addHandler(complaints)
    log.setLevel(logging.ERROR)
    log.propagate = False
    try:
        town = _Town(rng)
        worst = 0.0
        for _ in range(INPUTS):
            worst = max(worst, town.send())
            if rng.random() < 0.8:
                town.world.run(rng.choice((0.021, 0.021, 0.1, 0.1, 0.6, 3.0, 12.0)))
                town.switch.check()
        town.finish()
        town.switch.check_ledger()
        town.switch.check_nothing_left()
    finally:
        log.removeHandler(complaints)
        log.setLevel(level)
        log.propagate = propagate
    if complaints.texts:
        raise Broken(complaints.texts[0])
    if left := left_over(town.switch.endpoint):
        raise Broken(f"left over: {left}")
    return worst


CALL_CONTROL = Target("call-control", live, [], 0, inputs=INPUTS)
