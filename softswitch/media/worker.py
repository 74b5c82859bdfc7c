"""A media worker: the process that carries the packets of its legs.

One thread runs everything on two or three beats to a frame: take what has come to the lanes in use, let the plane
handle it in one pass, send; a part of the legs that hear recorded audio get their frame on each beat. Without legs it
sleeps on its control socket. Files are read and encoded by a second thread, which is idle otherwise.

The worker listens on a Unix socket and obeys one control connection at a time. It goes on carrying packets when control
goes away, for as long as it was told to (`--grace`), so that calls survive a restart of the control process.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import resource
import select
import signal
import socket
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy.ma  # noqa: F401 (numpy.unique would load it in the middle of a beat, for a fifth of a second)

from rtp.latch import pack_address, unpack_address
from rtp.legs import LegRefused, LegSpec, WorkerHealth
from rtp.plane import LegLimitError, Plane
from rtp.streams import FRAME_TIME
from softswitch.media import protocol
from softswitch.media.lanes import Lanes
from softswitch.media.loader import Loader
from softswitch.media.mmsg import open_io
from softswitch.media.priorities import raise_priority
from softswitch.media.recorder import PERIOD, Discard, Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_BATCHES = 8
"""Full buffers taken from the lanes in one beat; what is left then waits in the sockets."""
TOO_LATE = 0.06
"""Seconds after which missed frames are not caught up with but left out."""
_HEALTH_FRAMES = 50
_TAPE_FRAMES = round(PERIOD / FRAME_TIME)
_REPORT_FRAMES = 25


class Worker:
    def __init__(
        self,
        index: int,
        host: str,
        ports: Sequence[int],
        *,
        portable: bool = False,
        grace: float = -1.0,
        record_below: str = "",
    ) -> None:
        self._index = index
        self._host = host
        self._ports = list(ports)
        self._grace = grace
        self._portable = portable
        self._plane = Plane(ports, cname=f"softswitch@{host}")
        self._sockets = Lanes(host, ports)
        self._io = open_io(self._plane.tables, self._sockets.rtp, portable=portable)
        self._loader = Loader()
        self._recorder = Recorder(record_below)
        self._lanes: list[int] = []
        self._frames = 0
        self._lateness = 0.0
        self._alone_since = 0.0
        self._listener: socket.socket | None = None
        self._control: socket.socket | None = None
        self._decoder = protocol.Decoder()
        self._outbox: list[protocol.Message] = []
        self._unwritten = bytearray()
        self._poll = select.epoll() if hasattr(select, "epoll") else select.poll()
        self._poll_second = 1 if hasattr(select, "epoll") else 1000
        self._stopping = False

    # -------------------------------------------------------------------------------------------------------- the loop
    def run(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        before = os.umask(0o177)
        self._listener.bind(path)
        os.umask(before)
        self._listener.listen(4)
        self._poll.register(self._listener, select.POLLIN)
        self._sockets.watch_reports(self._poll)
        self._alone_since = time.monotonic()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        while not self._stopping:
            if len(self._plane):
                self._run_legs()
            elif self._recorder.busy:
                self._wait(0.02)
                self._collect()
            else:
                self._wait(1.0)
                self._watch(time.monotonic())
        self._recorder.put(self._plane.tape.take(time.monotonic()), time.monotonic())
        self._recorder.close()
        self._collect()
        self._flush_control()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)

    def _run_legs(self) -> None:
        """Beat until no leg is left."""
        frame = time.monotonic()
        beat, beats = 0, self._plane.pace()
        while len(self._plane) and not self._stopping:
            due = frame + beat * FRAME_TIME / beats
            now = time.monotonic()
            if now < due:
                time.sleep(due - now)
                now = time.monotonic()
            late = now - due
            self._lateness = max(self._lateness, late)
            if beat == 0:
                self._wait(0.0)
            self._take(now)
            if late >= TOO_LATE:
                missed = int(late / FRAME_TIME)
                self._plane.skip_time(missed)
                frame += missed * FRAME_TIME
            self._plane.generate(beat, now)
            self._io.send()
            self._collect()
            beat += 1
            if beat == beats:
                frame, beat, beats = frame + FRAME_TIME, 0, self._plane.pace()
                self._frames += 1
                if self._frames % _REPORT_FRAMES == 0:
                    self._send_reports(now)
                if self._frames % _TAPE_FRAMES == 0 and self._plane.tape.active:
                    self._hand_over(now)
                if self._frames % _HEALTH_FRAMES == 0:
                    self._watch(now)

    def _take(self, now: float) -> None:
        plane, io, rows = self._plane, self._io, self._plane.tables.receive_rows
        used = 0
        batches = 0
        for lane in self._lanes:
            while count := io.receive(lane, used):
                used += count
                if used < rows:
                    break
                plane.receive(io.lengths[:used], io.sources[:used], io.lanes[:used], now, io.arrivals[:used])
                io.send()
                used = 0
                batches += 1
                if batches >= MOST_BATCHES:
                    return
        if used:
            plane.receive(io.lengths[:used], io.sources[:used], io.lanes[:used], now, io.arrivals[:used])

    def _watch(self, now: float) -> None:
        """Once a second: silent legs, our health, and whether control is ever coming back."""
        self._plane.check_timeouts(now)
        tables = self._plane.tables
        usage = resource.getrusage(resource.RUSAGE_SELF)
        self._say(
            protocol.event_to_wire(
                WorkerHealth(
                    worker=self._index,
                    pid=os.getpid(),
                    legs=len(self._plane),
                    lateness=self._lateness,
                    cpu=usage.ru_utime + usage.ru_stime,
                    packets_received=tables.received,
                    packets_sent=tables.relayed + tables.generated - self._io.unsent,
                    dropped=self._plane.strays(),
                )
            )
        )
        self._lateness = 0.0
        self._collect()
        if self._control is None and 0 <= self._grace < now - self._alone_since:
            self._stopping = True

    def _collect(self) -> None:
        """Pass on events and assets between the plane, the loader and control."""
        player = self._plane.player
        if player.wanted:
            for key in player.wanted:
                self._loader.request(key)
            player.wanted.clear()
        for key, frames, problem in self._loader.finished():
            if frames is None:
                player.fail(key, problem)
            else:
                player.supply(key, frames)
        if self._plane.tape.urgent:
            self._hand_over(time.monotonic())
        for told in self._recorder.events():
            self._say(protocol.event_to_wire(told))
        if self._plane.events:
            for event in self._plane.events:
                self._say(protocol.event_to_wire(event))
            self._plane.events.clear()
        if self._outbox:
            self._flush_control()

    def _hand_over(self, now: float) -> None:
        """What was heard of recorded legs goes to the thread that writes it down."""
        self._recorder.put(self._plane.tape.take(now), now)

    # --------------------------------------------------------------------------------------------------------- control
    def _wait(self, timeout: float) -> None:
        for fd, _ in self._poll.poll(timeout * self._poll_second):
            if self._listener is not None and fd == self._listener.fileno():
                self._accept()
            elif self._control is not None and fd == self._control.fileno():
                self._read_control()
            else:
                self._read_reports(fd)

    def _read_reports(self, fd: int) -> None:
        now = time.monotonic()
        for lane, address, data, wall in self._sockets.reports(fd):
            self._plane.receive_control(lane, pack_address(address), data, now, wall)

    def _send_reports(self, now: float) -> None:
        for lane, word, packet in self._plane.due_reports(now, time.time()):
            self._sockets.report(lane, unpack_address(word), packet)

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        self._hang_up_control()
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self._control, self._decoder = connection, protocol.Decoder()
        self._poll.register(connection, select.POLLIN)
        facts: dict[str, Any] = {
            "version": protocol.VERSION,
            "index": self._index,
            "pid": os.getpid(),
            "host": self._host,
            "ports": self._ports,
            "portable": self._portable,
            "legs_per_lane": self._sockets.legs_per_lane(),
        }
        self._say([protocol.HELLO, facts])
        self._flush_control()

    def _read_control(self) -> None:
        assert self._control is not None
        try:
            data = self._control.recv(1 << 18)
            messages = self._decoder.feed(data)
        except BlockingIOError:
            return
        except (OSError, protocol.ProtocolError) as error:
            print(f"media worker {self._index}: control connection: {error}", file=sys.stderr)
            self._hang_up_control()
            return
        if not data:
            self._hang_up_control()
            return
        now = time.monotonic()
        for message in messages:
            self._obey(message, now)
        self._find_lanes()
        self._collect()

    def _obey(self, message: protocol.Message, now: float) -> None:
        match message:
            case [protocol.PUT, wire]:
                spec = protocol.spec_from_wire(wire)
                try:
                    self._plane.put(spec, now)
                except (ValueError, LegLimitError) as error:
                    self._say(protocol.event_to_wire(LegRefused(spec.leg, str(error))))
            case [protocol.REMOVE, int(leg)]:
                self._plane.remove(leg, now)
            case [protocol.CHANNEL, str(name), list(items)]:
                self._plane.player.set_channel(name, items)
            case [protocol.PRELOAD, str(path), str(codec)]:
                self._plane.player.preload((path, codec))
            case [protocol.FORGET, str(path)]:
                self._plane.player.forget(path)
            case [protocol.DISCARD, str(path)]:
                self._recorder.put([Discard(path)], now)
            case [protocol.LIST]:
                specs: list[LegSpec] = []
                for leg, spec in self._plane.specs.items():
                    source = self._plane.tables.sources.source(self._plane.slot_of(leg))
                    specs.append(replace(spec, latched=source) if source else spec)
                self._say([protocol.LEGS, [protocol.spec_to_wire(spec) for spec in specs]])
            case [protocol.EXIT]:
                self._stopping = True
            case _:
                print(f"media worker {self._index}: not understood: {message[0]!r}", file=sys.stderr)

    def _find_lanes(self) -> None:
        lanes = self._plane.lanes_in_use()
        for lane in set(lanes) - set(self._lanes):  # what came while nobody was there is nobody's
            while self._io.receive(lane, 0):
                pass
        self._lanes = lanes
        self._io.only_lane = lanes[0] if len(lanes) == 1 else None

    def _say(self, message: protocol.Message) -> None:
        if self._control is not None:
            self._outbox.append(message)

    def _flush_control(self) -> None:
        if self._control is None:
            self._outbox.clear()
            return
        if self._outbox:
            self._unwritten += protocol.encode(self._outbox)
            self._outbox.clear()
        try:
            while self._unwritten:
                sent = self._control.send(self._unwritten)
                del self._unwritten[:sent]
        except BlockingIOError:
            if len(self._unwritten) > protocol.MAX_FRAME:  # control does not read: it is as good as gone
                self._hang_up_control()
        except OSError:
            self._hang_up_control()

    def _hang_up_control(self) -> None:
        if self._control is not None:
            self._poll.unregister(self._control)
            self._control.close()
        self._control = None
        self._unwritten.clear()
        self._outbox.clear()
        self._alone_since = time.monotonic()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="softswitch.media.worker")
    parser.add_argument("--index", type=int, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--ports", required=True, help="RTP ports of the lanes, comma-separated")
    parser.add_argument("--socket", required=True, help="path of the control socket")
    parser.add_argument("--portable", action="store_true", help="one packet per system call")
    parser.add_argument("--realtime", action="store_true", help="ask for real-time scheduling")
    parser.add_argument("--record-below", default="", help="the only directory for recordings")
    parser.add_argument("--grace", type=float, default=-1.0, help="seconds to go on without control; -1: for ever")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # control decides when to stop; a Ctrl-C reaches the whole group
    ports = [int(port) for port in options.ports.split(",")]
    try:
        worker = Worker(
            options.index,
            options.host,
            ports,
            portable=options.portable,
            grace=options.grace,
            record_below=options.record_below,
        )
    except OSError as error:
        sys.exit(f"media worker {options.index}: {error}")
    if options.realtime:
        raise_priority()
    worker.run(options.socket)


if __name__ == "__main__":
    main()
