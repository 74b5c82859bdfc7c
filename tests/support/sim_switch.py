"""The real switch — signalling, registrar, call control, menus, queues — between fake ports, on virtual time."""

from __future__ import annotations

from collections import deque
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acd import invariants
from acd.events import CallbackCancelled
from acd.ticket import CALLED_BACK
from rtp.legs import Carriage, Digit
from sip.auth import DigestChallenger
from sip.endpoint import SipEndpoint
from sip.flow import Address, Flow, Transport
from sip.refer import EXTENSIONS
from sip.registrar import Registrar
from softswitch.call.control import CallControl
from softswitch.call.model import Stage
from softswitch.call.queues.resuming import Resuming
from softswitch.call.settings import Settings
from softswitch.campaigns.book import CHANGED, Book
from softswitch.config import acd as acd_configuration
from softswitch.config import flows, parse_config
from softswitch.config.restart import as_far_as_possible
from softswitch.recovery.rebuild import RECOVERED, Rebuilder
from softswitch.store.cdr import CallRecord, call_records
from softswitch.voicemail.boxes import Boxes
from tests.support import agreement
from tests.support.ids import CountingIds
from tests.support.sim_ports import (
    FakeMailroom,
    FakeMedia,
    FakeOracle,
    FakeVoice,
    MemoryBindings,
    MemoryJournal,
    SimClock,
)
from tests.support.watched import WatchedDispatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sized

    from acd.dispatcher import Dispatcher
    from acd.model import AcdConfig
    from rtp.legs import MediaEvent
    from sip.uri import Uri
    from tests.support.sim_world import SimNetwork, SimWorld

ADDRESS: Address = ("192.0.2.1", 5060)


class SimSwitch:
    """Joined as `softswitch.app` joins it."""

    def __init__(
        self,
        world: SimWorld,
        network: SimNetwork,
        toml: str,
        *,
        ports: int = 20_000,
        tamper: Callable[[Any], Any] = lambda port: port,
        before: SimSwitch | None = None,
    ) -> None:
        """*ports*: how many legs there is room for; *tamper* may put something between call control and its ports.

        *before*: one that was killed, on whose journal and registrations this one goes on.
        """
        self.world, self.network = world, network
        self.life: int = 1 if before is None else before.life + 1
        self.armed = float("inf")
        self.killed = False
        self.shift = 0.0
        self.disk: float | None = 0.02
        self.sent: deque[bytes] = deque(maxlen=10_000)
        self.config = parse_config(toml.encode(), file="simulation.toml", folder=Path(), env={})
        self.voice = FakeVoice()
        self.oracle = FakeOracle()
        self.media = FakeMedia(world, self.on_media, self.voice.seconds, ports)
        self.journal: MemoryJournal = MemoryJournal() if before is None else before.journal
        self.bindings: MemoryBindings = MemoryBindings() if before is None else before.bindings
        self.boxes: Boxes = Boxes() if before is None else before.boxes
        self.mailroom = FakeMailroom()
        self.endpoint = SipEndpoint(
            ids=CountingIds("switch" if self.life == 1 else f"switch{self.life}", world.seed),
            local=lambda flow: ADDRESS,
            extensions=EXTENSIONS,
        )
        queues = acd_configuration.acd_config(self.config)
        self.first_queues: AcdConfig = queues if before is None else before.first_queues
        self.dispatcher = WatchedDispatcher(queues) if before is None else self._recovered()
        expires = self.config.sip.expires
        calls, ssrcs = count(1), count(1 + 1_000_000 * (self.life - 1))
        registrar = Registrar(
            min_expires=expires.min, max_expires=expires.max, default_expires=expires.default, max_contacts=10
        )
        registrar.restore(self.bindings.kept.values())
        self.book = Book(self.config, flows.flow(self.config), SimClock(), self.journal)
        self.book.contacts.remember(self.journal.lines)
        self.book.rollouts.remember(self.journal.lines)
        self.book.remember(self.journal.of(CHANGED))
        self.control = CallControl(
            self.config,
            flows.flow(self.config),
            sip=tamper(self.endpoint),
            media=tamper(self.media),
            journal=self.journal,
            bindings=self.bindings,
            voice=tamper(self.voice),
            flows=tamper(self),
            clock=SimClock(),
            dispatcher=self.dispatcher,
            registrar=registrar,
            challenger=DigestChallenger(self.config.sip.domain, b"secret of the simulation"),
            new_call_id=lambda: f"call-{next(calls):05d}" if self.life == 1 else f"call-{self.life}-{next(calls):05d}",
            new_ssrc=lambda: next(ssrcs),
            oracle=self.oracle,
            boxes=self.boxes,
            mailroom=self.mailroom,
            campaigns=self.book,
        )
        self.journal.on_barrier = self._write_down
        network.hosts[ADDRESS] = self._receive
        self.control.forcing.restore(self.journal.lines, world.now)
        self.control.phones.remember_peace(self.journal.lines)
        resuming = Resuming(self.control, self.dispatcher, self.config, queues)
        if before is not None:
            self.journal.append("switch.started", None, {}, at=SimClock().wall(world.now))
            self.journal.append(RECOVERED, None, {"shift": self.shift}, at=SimClock().wall(world.now))
            resuming.remember(world.now, restarted=True)
        resuming.look_around(world.now)
        self.control.start(world.now)
        self.flush()

    def _recovered(self) -> Dispatcher:
        """The distributor as the journal says that it was, by reliving all of it."""
        rebuilder = Rebuilder.from_nothing(self.first_queues)
        rebuilder.read(self.journal.lines)
        dispatcher, self.shift = rebuilder.moved(now=self.world.now, wall=SimClock().wall(self.world.now))
        return WatchedDispatcher.restore(dispatcher.snapshot())

    def reload(self, toml: str) -> None:
        """Another configuration, as `softswitch.app` takes it over."""
        config = parse_config(toml.encode(), file="simulation.toml", folder=Path(), env={})
        self.config = as_far_as_possible(self.config, config)
        self.control.reconfigure(Settings(self.config, flows.flow(self.config)), self.world.now)
        self.flush()

    def kill(self) -> None:
        """Nothing is sent, nothing is heard, nothing is written any more."""
        self.network.hosts.pop(ADDRESS, None)
        self.killed = True

    # --- softswitch.ports.Flows
    def flow_to(self, uri: Uri) -> Flow | None:
        return Flow(Transport.UDP, ADDRESS, (uri.host, uri.port or 5060))

    def keep(self, flow: Flow, until: float) -> None:
        pass

    def advertised_ip(self, flow: Flow) -> str:
        return ADDRESS[0]

    # --- what happens
    def _receive(self, data: bytes, flow: Flow) -> None:
        self.endpoint.receive_datagram(data, flow, self.world.now)
        self.flush()

    def on_media(self, event: MediaEvent) -> None:
        if self.killed:
            return
        self.control.on_media(event, self.world.now)
        self.flush()

    def press(self, leg: int, key: str, carriage: str) -> None:
        """A key that the media of *leg* carries; it travels as long as a packet."""
        digit = Digit(leg, key, Carriage(carriage), self.world.now)
        self.world.call_later(self.network.latency, lambda: self.on_media(digit))

    def _write_down(self, mark: str) -> None:
        """A disk that takes its time; `disk` says how much, and None that it never comes to an end."""
        if self.disk is not None:
            self.world.call_later(self.disk, lambda: self._written(mark))

    def _written(self, mark: str) -> None:
        if not self.killed:
            self.control.on_kept(mark, True, self.world.now)
            self.flush()

    def answered(self, values: Mapping[str, str] | None = None, outcome: str = "ok") -> None:
        """Whoever was asked last answers."""
        self.control.on_answered(max(self.oracle.asked), outcome, values or {}, self.world.now)
        self.flush()

    def spoken(self) -> None:
        """The synthesiser has done something."""
        self.control.on_speech(self.world.now)
        self.flush()

    def next_deadline(self) -> float | None:
        if self.killed:
            return None
        deadlines = (self.endpoint.next_deadline(), self.control.next_deadline())
        return min((at for at in deadlines if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        self.endpoint.handle_timeout(now)
        self.control.handle_timeout(now)
        self.flush()

    def flush(self) -> None:
        """Drain the endpoint until both of its outputs are empty, as the edge does."""
        while True:
            if (transmit := self.endpoint.next_transmit()) is not None:
                self.sent.append(transmit.data)
                self.network.send(transmit)
            elif (event := self.endpoint.next_event()) is not None:
                self.control.on_sip(event, self.world.now)
            else:
                break
        self.world.arm(self)

    def cancel_callbacks(self) -> None:
        for name in [name for name, ticket in self.dispatcher.tickets.items() if ticket.number]:
            self.control.queues.receive(CallbackCancelled(name), self.world.now)
        self.flush()

    # --- what must hold
    def records(self) -> list[CallRecord]:
        return call_records(self.journal.lines)

    def check(self) -> None:
        """Between any two events."""
        invariants.check(self.dispatcher)
        agreement.check(self.control, self.dispatcher)
        control = self.control
        for call in control.calls.values():
            there = control.legs.get(call.a_leg) is not None or call.stage is Stage.CALLING_BACK
            assert there, f"{call.call} goes on without its caller"
            caller = control.legs.get(call.a_leg)
            bridged = caller is not None and caller.peer is not None
            talked_over = call.stage is Stage.TALKING and bridged and control.prompts.speaking(call)
            assert not talked_over, f"{call.call} is talked over"
        queued = {call.queued_as for call in control.calls.values()}
        for name, ticket in self.dispatcher.tickets.items():
            ordered = ticket.place in CALLED_BACK
            assert name in queued or ordered, f"{name} is queued and is no call any more"
        for leg in self.media.ports:
            known = control.legs.get(leg)
            assert known is not None, f"media leg {leg} belongs to nobody"
            assert known.call in control.calls, f"leg {leg} ({known.role}) of {known.call} has outlived its call"

    def check_ledger(self) -> None:
        """Every call began once and ended once; whoever entered a queue left it once for each time."""
        started = [line.call for line in self.journal.of("call.started")]
        ended = [line.call for line in self.journal.of("call.ended")]
        assert len(set(started)) == len(started), "a call began twice"
        assert len(set(ended)) == len(ended), "a call ended twice"
        restarted = max((line.seq for line in self.journal.of("switch.started")), default=0)
        cut = {line.call for line in self.journal.of("call.started") if line.seq < restarted} - set(ended)
        left = set(started) - set(ended) - cut
        assert left == set(self.control.calls), "a call vanished, or ended and is still there"
        assert set(ended) <= set(started), "a call ended that never began"
        queued: set[str | None] = set()
        for line in self.journal.lines:
            if line.kind == "acd.queued":
                assert line.call not in queued, f"{line.call} entered a queue while it was in one"
                queued.add(line.call)
            elif line.kind == "acd.call_over" and line.call in queued:
                queued.discard(line.call)
            elif line.kind == "acd.call_over":
                assert line.data["how"] in ("full", "empty"), f"{line.call} left a queue that it never entered"
        assert queued == set(self.dispatcher.tickets), "queue entries and exits do not add up"

    def check_nothing_left(self) -> None:
        """After the last call: no leg, timer, transaction or reservation remains."""
        control = self.control
        left: dict[str, Sized] = {
            "calls": control.calls,
            "legs": control.legs,
            "attempts": control.dialling,
            "session timers": control.session_timers,
            "ringing timers": control.desks._timers,
            "speech": control.prompts._current,
            "speech timers": control.prompts._waiting,
            "what is heard": control.prompts._playing,
            "offers that ring, were answered, are told of": control.offers,
            "stays in queues": control.waiting,
            "orders of callbacks": control.orders,
            "callers on hold": control.holds,
            "agents who stay on the line": control.staying,
            "searches for people": control.find_me,
            "recordings": control.recordings,
            "callers who are recorded": control.recording,
            "callers in conferences": control.conferences,
            "callbacks": control.callbacks,
            "what callers leave": control.left,
            "busy phones": control.phones._legs,
            "digit mergers": control._signals._mergers,
            "things to do later": control._later,
            "what handlers do": control.menus,
            "questions": control.asking or (),
            "questions about control points": control.pulling,
            "calls on trunks": control.trunks,
            "transfers": control.transfers,
            "conversations that were joined": control.joins,
            "transfers by keys": control.keyed,
            "callers who are parked": control.parking,
            "marks of agents": control.verifying,
            "subscriptions": self.endpoint._subscriptions,
            "requests of our own": control.requests,
            "tickets": self.dispatcher.tickets,
            "offers": self.dispatcher.offers,
            "media legs": self.media.ports,
            "media specs": self.media.specs,
        }
        assert {what: len(things) for what, things in left.items() if len(things)} == {}
        assert self.endpoint.load == (0, 0)
