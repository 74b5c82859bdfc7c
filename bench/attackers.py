"""Attackers, as a process of their own: everything that an outsider, and a spoilt phone, can send to a switch.

    python -m bench.attackers '{"server": ["127.0.0.1", 5060], "rtp_ports": [14000, …], "sip": 200000, "rtp": 500000}'

Outsiders are at 127.0.0.66 and 127.0.0.67, which the switch does not know. Insiders are at 127.0.0.2, which it trusts
to place calls: a trunk gone mad. One JSON line comes out: what was sent, and what came back that should not have.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import struct
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bench.attack_calls import GOOD_MARK, MARK
from bench.fuzz_cases import FRAGMENTS, mutate
from bench.fuzz_parsers import RTCP, SIP
from bench.fuzz_strangers import TORTURES, Strangers, fields_of
from bench.phones import CALLERS, Side
from rtp.negotiate import MediaAddress, accept_answer, make_offer
from sip import events as ev
from sip.headers import NameAddr
from sip.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sip.flow import Address

OUTSIDERS = ("127.0.0.66", "127.0.0.67")
_PACE = 0.01
_NUMBERS = (b"9000", b"9001", b"9002", b"9003", b"9004", b"9006", b"agent1", b"uas", b"*11", b"12345")
_USERS = (b"uas", b"agent1", b"agent2", b"eve", b"")
_LARGEST = 65_507
_TCP_EACH = 30  # the switch takes 20 from one address
_SPOOFED = ("BYE", "CANCEL", "INVITE", "ACK", "INFO", "UPDATE", "REFER")


@dataclass(frozen=True)
class Orders:
    """*sip*, *rtp*: how many datagrams, sent within *seconds*. *dialogs*: Call-ID and tags of calls to be torn down."""

    server: Address
    rtp_ports: tuple[int, ...]
    sip: int
    rtp: int
    seconds: float
    seed: int
    dialogs: tuple[tuple[str, str, str], ...] = ()


@dataclass
class Spoils:
    """What came of it. *leaked*: media that was sent to somebody who has no call."""

    sent: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    spoofed: Counter[str] = field(default_factory=Counter)
    leaked: Counter[str] = field(default_factory=Counter)
    own_audio: int = 0
    seconds: float = 0.0


class Listener(Protocol):
    def listen(self) -> None: ...


def udp(host: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    opened.bind((host, 0))
    return opened


def received(opened: socket.socket) -> list[bytes]:
    """All that has come."""
    found = []
    with contextlib.suppress(OSError):
        while True:
            found.append(opened.recv(_LARGEST))
    return found


class Talker:
    """Spoilt signalling from one address."""

    def __init__(self, host: str, rng: random.Random, orders: Orders, spoils: Spoils) -> None:
        self._socket = udp(host)
        own = f"{host}:{self._socket.getsockname()[1]}".encode()
        self._strangers = Strangers(rng, host=own, numbers=_NUMBERS, users=_USERS)
        self._rng = rng
        self._server = orders.server
        self._spoils = spoils
        self._own = own
        self._name = "insider's SIP" if host == CALLERS else "outsider's SIP"
        self._dialogs: dict[bytes, dict[bytes, list[bytes]]] = {}

    def listen(self) -> None:
        for data in received(self._socket):
            self._strangers.hear(data)
            if data.startswith(b"SIP/2.0 2") and b" INVITE\r\n" in data:
                found = fields_of(data)
                if all(len(found.get(name, ())) == 1 for name in (b"from", b"to", b"call-id")):
                    self._dialogs[found[b"call-id"][0]] = found
            self._spoils.answers[data[8:11].decode("latin-1") if data.startswith(b"SIP/2.0 ") else "request"] += 1

    def send(self) -> None:
        kind = self._rng.random()
        if kind < 0.02:
            data = self._rng.randbytes(self._rng.choice((0, 1, 12, 100, 1400)))
        elif kind < 0.021:  # one piece blown up as far as it goes
            data = self._strangers.say()
            at = self._rng.randrange(len(data) + 1)
            piece = self._rng.choice(FRAGMENTS)
            data = (data[:at] + piece * ((_LARGEST - len(data)) // len(piece)) + data[at:])[:_LARGEST]
        else:
            data = self._strangers.say()[:_LARGEST]
        with contextlib.suppress(OSError):
            self._socket.sendto(data, self._server)
        self._spoils.sent[self._name] += 1

    def leave(self) -> None:
        """Hang up whatever was answered: what is still there afterwards was not forgotten by us."""
        for number, found in enumerate(self._dialogs.values()):
            data = (
                b"BYE sip:9000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP %b;branch=z9hG4bKbye%d;rport\r\nFrom: %b\r\n"
                b"To: %b\r\nCall-ID: %b\r\nCSeq: 2147483647 BYE\r\nContent-Length: 0\r\n\r\n"
                % (self._own, number, found[b"from"][0], found[b"to"][0], found[b"call-id"][0])
            )
            for _ in range(2):
                self._socket.sendto(data, self._server)
                time.sleep(_PACE / 2)


class Spoofer:
    """Requests in the dialogs of others, one tag wrong; every one must be refused."""

    def __init__(self, orders: Orders, rng: random.Random, spoils: Spoils) -> None:
        self._socket = udp(OUTSIDERS[0])
        self._orders, self._rng, self._spoils = orders, rng, spoils
        self._port = self._socket.getsockname()[1]
        self._serial = 0

    def send(self) -> None:
        if not self._orders.dialogs:
            return
        rng = self._rng
        call_id, from_tag, to_tag = rng.choice(self._orders.dialogs)
        method = rng.choice(_SPOOFED)
        wrong = rng.choice(("from", "to", "both"))
        if wrong != "to":
            from_tag = f"{rng.randrange(1 << 40):x}"
        if wrong != "from":
            to_tag = f"{rng.randrange(1 << 40):x}"
        if method == "CANCEL":  # it names the INVITE by its branch, which nobody can know
            to_tag = ""
        self._serial += 1
        host, tag = f"{OUTSIDERS[0]}:{self._port}", f";tag={to_tag}" if to_tag else ""
        data = (
            f"{method} sip:9000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {host};branch=z9hG4bKe{self._serial};rport\r\n"
            f"From: <sip:bench@{CALLERS}>;tag={from_tag}\r\nTo: <sip:9000@127.0.0.1>{tag}\r\n"
            f"Call-ID: {call_id}\r\nCSeq: {rng.randrange(2, 1 << 30)} {method}\r\nMax-Forwards: 70\r\n"
            f"Contact: <sip:eve@{host}>\r\nContent-Length: 0\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            self._socket.sendto(data.encode(), self._orders.server)
        self._spoils.sent["requests in others' dialogs"] += 1

    def listen(self) -> None:
        for data in received(self._socket):
            status = data[8:11].decode("latin-1")
            cseq = next((line for line in data.split(b"\r\n") if line.startswith(b"CSeq:")), b"")
            self._spoils.spoofed[f"{cseq.rpartition(b' ')[2].decode('latin-1')} {status}"] += 1


class Sprayer:
    """Spoilt RTP and RTCP to every lane, from ports that belong to no call; counts what is sent to it.

    At the insiders' address that may be the echo of a call which an insider began and sends nothing in: such a call is
    taken to be behind a NAT. What it may not be is somebody else's audio.
    """

    def __init__(self, hosts: Sequence[str], orders: Orders, rng: random.Random, spoils: Spoils) -> None:
        self._sockets = [(udp(host), host, rng.randrange(1 << 32)) for host in hosts for _ in range(2)]
        self._orders, self._rng, self._spoils = orders, rng, spoils
        self._sequence = 0

    def send(self) -> None:
        rng = self._rng
        port = rng.choice(self._orders.rtp_ports)
        opened, _, ssrc = rng.choice(self._sockets)  # whoever knows the SSRC of a call may move it, so each has his own
        if rng.random() < 0.2:
            port, data = port + 1, spoilt_rtcp(rng)
        else:
            self._sequence += 1
            data = spoilt_rtp(rng, self._sequence, rng.choice((ssrc, rng.randrange(1 << 32))))
        with contextlib.suppress(OSError):
            opened.sendto(data, (self._orders.server[0], port))
        self._spoils.sent["strangers' RTP"] += 1

    def listen(self) -> None:
        for opened, host, _ in self._sockets:
            for data in received(opened):
                if host != CALLERS or data[12:16] == GOOD_MARK:
                    kind = {MARK: "the attackers' own", GOOD_MARK: "good calls'"}.get(data[12:16], "recorded")
                    self._spoils.leaked[f"{kind} audio to {host}"] += 1
                else:
                    self._spoils.own_audio += 1


class SpoiltPhone:
    """A call of the attacker's own, to the echo, in which he sends what he likes from the right address."""

    def __init__(self, orders: Orders, rng: random.Random, spoils: Spoils) -> None:
        self._orders, self._rng, self._spoils = orders, rng, spoils
        self._socket = udp(CALLERS)
        self._control = udp(CALLERS)
        self._side = Side((CALLERS, 0), self._on_event)
        self._offer = make_offer(
            local=MediaAddress(CALLERS, self._socket.getsockname()[1]), codecs=("PCMU",), session_id=1, version=1
        )
        self._remote: Address | None = None
        self._usage = ""
        self._sequence = 0
        self._ssrc = rng.randrange(1 << 32)

    def call(self) -> None:
        host, port = self._orders.server
        to = NameAddr("", Uri("sip", "9000", host, port))
        self._usage = self._side.endpoint.invite(
            uri=to.uri,
            flow=self._side.flow_to(self._orders.server),
            from_=NameAddr("", Uri("sip", "mad", CALLERS)),
            to=to,
            body=self._offer,
            now=time.monotonic(),
        )

    def _on_event(self, event: ev.Event, now: float) -> None:
        if isinstance(event, ev.Answered):
            remote = accept_answer(self._offer, event.response.body).remote
            self._remote = None if remote is None else (remote.host, remote.port)
        elif isinstance(event, ev.Ended | ev.Rejected):
            self._remote = None

    def send(self) -> None:
        if self._remote is None:
            return
        rng = self._rng
        host, port = self._remote
        with contextlib.suppress(OSError):
            if rng.random() < 0.2:
                self._control.sendto(spoilt_rtcp(rng), (host, port + 1))
                self._socket.sendto(spoilt_rtcp(rng), (host, port))
            else:
                self._sequence += rng.choice((0, 1, 1, 1, 1, 3, 9000))
                self._socket.sendto(spoilt_rtp(rng, self._sequence, self._ssrc), (host, port))
        self._spoils.sent["own call's RTP"] += 1

    def listen(self) -> None:
        self._side.work(time.monotonic())
        self._spoils.own_audio += len(received(self._socket))

    def hang_up(self) -> None:
        self._side.endpoint.hang_up(self._usage, now=time.monotonic())
        until = time.monotonic() + 2.0
        while time.monotonic() < until:
            self.listen()
            time.sleep(0.02)


def spoilt_rtp(rng: random.Random, sequence: int, ssrc: int) -> bytes:
    kind = rng.random()
    if kind < 0.01:
        return rng.randbytes(rng.choice((0, 1, 11, 12, 13, 2000, _LARGEST)))
    types = (0, 0, 0, 0, 8, 13, 101, 96, 72, 0x80)
    head = struct.pack("!BBHII", 0x80, rng.choice(types), sequence & 0xFFFF, sequence * 160 & 0xFFFFFFFF, ssrc)
    data = bytearray(head + MARK * 40)
    if kind < 0.4:
        data[rng.randrange(16)] = rng.randrange(256)
    elif kind < 0.5:
        del data[rng.randrange(len(data)) :]
    elif kind < 0.6:
        mutate(data, RTCP, rng)
    return bytes(data)


def spoilt_rtcp(rng: random.Random) -> bytes:
    data = bytearray(rng.choice(RTCP))
    for _ in range(rng.randrange(3)):
        mutate(data, RTCP, rng)
    return bytes(data[:2000])


class Streamer:
    """TCP: more connections than are allowed; some dribble, some lie idle, some send spoilt messages in pieces."""

    def __init__(self, host: str, orders: Orders, rng: random.Random, spoils: Spoils) -> None:
        self._host, self._server, self._rng, self._spoils = host, orders.server, rng, spoils
        self._open: dict[socket.socket, str] = {}
        self._waiting: dict[socket.socket, bytes] = {}
        self._strangers = Strangers(rng, host=host.encode() + b":5060", numbers=_NUMBERS, users=_USERS)

    def send(self) -> None:
        """One thing on one connection."""
        rng = self._rng
        if len(self._open) < _TCP_EACH:
            opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            opened.setblocking(False)
            opened.bind((self._host, 0))
            with contextlib.suppress(BlockingIOError):
                opened.connect(self._server)
            self._open[opened] = rng.choice(("idle", "slow", "slow", "stream", "stream", "stream"))
            self._spoils.sent["TCP connections"] += 1
            return
        opened, kind = rng.choice(list(self._open.items()))
        try:
            if kind == "slow":
                opened.send(rng.choice(FRAGMENTS)[:1])
            elif kind == "stream":
                data = self._waiting.get(opened) or b"".join(self._message() for _ in range(rng.choice((1, 1, 3))))
                cut = rng.randrange(1, len(data) + 1) if data else 0
                sent = opened.send(data[:cut])
                self._waiting[opened] = data[sent:]
                self._spoils.sent["TCP pieces"] += 1
            answer = opened.recv(_LARGEST)
            if not answer:
                raise ConnectionResetError
            self._strangers.hear(answer)
        except BlockingIOError:
            pass
        except OSError:
            self._spoils.answers["connections closed"] += 1
            opened.close()
            del self._open[opened]
            self._waiting.pop(opened, None)

    def _message(self) -> bytes:
        rng = self._rng
        if rng.random() < 0.6:
            return self._strangers.say().replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP")
        data = bytearray(rng.choice(SIP + TORTURES))
        if rng.random() < 0.5:
            mutate(data, SIP, rng)
        return bytes(data)

    def close(self) -> None:
        for opened in self._open:
            opened.close()


def carry_out(orders: Orders) -> Spoils:
    rng = random.Random(orders.seed)
    spoils = Spoils()
    talkers = [Talker(host, rng, orders, spoils) for host in (*OUTSIDERS, CALLERS)]
    spoofer = Spoofer(orders, rng, spoils)
    sprayer = Sprayer((*OUTSIDERS, CALLERS), orders, rng, spoils)
    phone = SpoiltPhone(orders, rng, spoils)
    streamers = [Streamer(host, orders, rng, spoils) for host in OUTSIDERS]
    listeners: list[Listener] = [*talkers, spoofer, sprayer, phone]
    phone.call()
    began = time.monotonic()
    sip = rtp = 0
    while sip < orders.sip or rtp < orders.rtp:
        share = min(1.0, (time.monotonic() - began) / orders.seconds)
        while sip < share * orders.sip:
            rng.choice(talkers).send()
            sip += 1
            if sip % 20 == 0:
                spoofer.send()
        while rtp < share * orders.rtp:
            (phone if rtp % 5 == 0 else sprayer).send()
            rtp += 1
        for streamer in streamers:
            for _ in range(3):
                streamer.send()
        for each in listeners:
            each.listen()
        time.sleep(_PACE)
    phone.hang_up()
    for talker in talkers:
        talker.leave()
    for streamer in streamers:
        streamer.close()
    for each in listeners:
        each.listen()
    spoils.seconds = time.monotonic() - began
    return spoils


def main() -> None:
    fields = json.loads(sys.argv[1])
    fields["server"] = tuple(fields["server"])
    fields["rtp_ports"] = tuple(fields["rtp_ports"])
    fields["dialogs"] = tuple(tuple(dialog) for dialog in fields.get("dialogs", ()))
    os.nice(5)  # phones and switch come first: what is looked for is not a lack of processors
    print(json.dumps(vars(carry_out(Orders(**fields)))))


if __name__ == "__main__":
    main()
