"""An attack on the running switch, with good calls going on.

    python -m bench.attack                                   # 200,000 SIP and 500,000 RTP datagrams, some minutes
    python -m bench.attack --sip 5000 --rtp 10000 --seconds 8

Good calls (echo, music, bridge) are measured in a process of their own while attackers (`bench.attackers`) send all
that an outsider or a spoilt phone can. The switch must stay alive and say nothing of trouble; good calls must lose
nothing, hear nothing that was injected and not be torn down; nobody may be sent what he has no call for; and when it is
over, new calls are served as before. The exit status is 1 when one of these does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import select
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.processes import CpuMeter, descendants, difference, read_all
from bench.servers import Place, settle, switch
from softswitch.store.database import FILE_NAME

#: What may be heard through three packets of jitter buffer.
GAP = 0.060
_PATIENCE = 60.0
_RTP_PORTS = 128
_MIX = (("9000", 6), ("9001", 6), ("9004", 4))
_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ +[\w.]+: ")
_TROUBLE = re.compile(r"Traceback|\b(?:ERROR|CRITICAL)\b|never awaited|internal error")
#: Insiders place more calls than there is room for.
_FORGIVEN = "no RTP port is left"
_GOOD = "127.0.0.5"


@dataclass(frozen=True)
class Scale:
    """How much is sent within *seconds*, and how many good calls there are by number."""

    sip: int = 200_000
    rtp: int = 500_000
    seconds: float = 150.0
    seed: int = 1
    mix: tuple[tuple[str, int], ...] = _MIX
    lost: float = 0.0
    """Share of the good calls' packets that may be missing: on a machine that stalls, some are."""
    drain: float = 75.0
    """Seconds after which everything that attackers began must be over, calls on hold excepted."""


@dataclass
class Report:
    figures: dict[str, Any] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def demand(self, good: bool, what: str) -> None:
        if not good:
            self.failures.append(what)


class Calls:
    """The process of the good calls."""

    def __init__(self, place: Place, pid: int, mix: tuple[tuple[str, int], ...]) -> None:
        order = {"pid": pid, "server": place.server, "answer_at": place.answer_at, "mix": mix}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.attack_calls", json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.up = self._read()

    def window(self) -> dict[str, Any]:
        """What was measured since the last one."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._read()

    def end(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.close()
        window = self._read()
        self.stop()
        return window

    def stop(self) -> None:
        with self._process:
            if self._process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    self._process.stdin.close()
            try:
                self._process.wait(5.0)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], _PATIENCE)[0]:
            raise RuntimeError("the good calls say nothing")
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process of the good calls has ended")
        return dict(json.loads(line))


def options(server: tuple[str, int], *, stream: bool) -> float:
    """Seconds until OPTIONS is answered with 200; infinite when it is not within five seconds."""
    kind = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
    began = time.monotonic()
    with socket.socket(socket.AF_INET, kind) as opened, contextlib.suppress(OSError):
        opened.settimeout(5.0 if stream else 0.5)
        opened.bind((_GOOD, 0))
        opened.connect(server)
        number = time.time_ns()
        request = (
            f"OPTIONS sip:switch@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{'TCP' if stream else 'UDP'} "
            f"{_GOOD}:{opened.getsockname()[1]};branch=z9hG4bKg{number};rport\r\nFrom: <sip:good@{_GOOD}>;tag=1\r\n"
            f"To: <sip:switch@127.0.0.1>\r\nCall-ID: good-{number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
        for _ in range(1 if stream else 10):  # as timer E would have it
            opened.sendall(request.encode())
            with contextlib.suppress(TimeoutError):
                if opened.recv(8192).startswith(b"SIP/2.0 200 "):
                    return time.monotonic() - began
    return float("inf")


def memory(pid: int) -> dict[int, float]:
    """Resident megabytes of *pid* and of what it started."""
    found = {}
    for each in descendants(read_all(), pid):
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{each}/status").read_text()
            if match := re.search(r"VmRSS:\s+(\d+) kB", text):
                found[each] = int(match[1]) / 1024
    return found


def waited(pid: int) -> float:
    """Seconds that the main thread of *pid* was ready to run and did not get a processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def dropped(ports: set[int]) -> int:
    """Datagrams that the kernel dropped because the sockets of *ports* were full."""
    lost = 0
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) in ports:
            lost += int(fields[-1])
    return lost


def explained(window: dict[str, Any]) -> float:
    """The longest gap that the phones' own lateness allows for."""
    return GAP + max(0.0, float(window["own_gap"]) - 0.02) + float(window["late"][1])


def free_place() -> Place:
    """Ports that nobody uses."""
    for base in range(23_000, 32_000, 500):
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", base))
            for port in range(base + 100, base + 100 + _RTP_PORTS):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                    probe.bind(("127.0.0.1", port))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("127.0.0.3", base + 50))
        except OSError:
            continue
        return Place(sip=base, rtp=base + 100, answer=base + 50)
    raise RuntimeError("no free ports")


def attack(folder: Path, scale: Scale) -> Report:
    report = Report()
    place = free_place()
    with switch(place, folder) as server:
        settle(server.pid, within=60.0)
        calls = Calls(place, server.pid, scale.mix)
        try:
            _measure(report, calls, place, server.pid, scale)
            if scale.drain:
                time.sleep(scale.drain)
                idle = _cpu_of_media(server.pid, 2.0)
                report.figures["media CPU when all is over"] = idle
                report.demand(
                    idle < 0.02, f"media workers are busy ({idle:.1%}) when all calls are over: legs are left"
                )
            again = Calls(place, server.pid, scale.mix)
            try:
                report.demand(
                    again.up["up"] == sum(n for _, n in scale.mix), f"afterwards only {again.up} of the calls come up"
                )
                time.sleep(1.0)
                after = again.end()
                missing = after["lost"] / after["expected"]
                report.demand(missing <= scale.lost, f"afterwards {missing:.2%} of the packets are lost")
                time.sleep(0.5)  # the last BYE is on its way
            finally:
                again.stop()
        finally:
            calls.stop()
        stopping = time.monotonic()
    report.figures["seconds to stop"] = round(time.monotonic() - stopping, 2)
    _check_records(report, folder / "data" / FILE_NAME)
    if scale.drain and "shutdown" not in report.figures["how they ended"]:
        idle = report.figures["media CPU when all is over"]
        report.demand(idle < 0.02, f"legs without calls: media workers are busy ({idle:.1%}) when all is over")
    log = (folder / "switch.log").read_text(errors="replace")
    _check_log(report, log)
    report.demand(server.code == 0, f"the switch ended with {server.code}")
    return report


def _measure(report: Report, calls: Calls, place: Place, pid: int, scale: Scale) -> None:
    figures = report.figures
    wanted = sum(count for _, count in scale.mix)
    report.demand(calls.up["up"] == wanted, f"only {calls.up} of {wanted} calls come up")
    time.sleep(2.0)
    figures["before"] = before = calls.window()
    figures["OPTIONS before (ms)"] = [round(options(place.server, stream=stream) * 1e3, 1) for stream in (False, True)]
    resident, ready = memory(pid), waited(pid)
    orders = {
        "server": place.server,
        "rtp_ports": tuple(range(place.rtp, place.rtp + _RTP_PORTS, 2)),
        "sip": scale.sip,
        "rtp": scale.rtp,
        "seconds": scale.seconds,
        "seed": scale.seed,
        "dialogs": calls.up["dialogs"],
    }
    attackers = subprocess.Popen(
        [sys.executable, "-m", "bench.attackers", json.dumps(orders)], stdout=subprocess.PIPE, text=True
    )
    try:
        during = []
        while attackers.poll() is None:
            during.append([options(place.server, stream=stream) for stream in (False, True)])
            time.sleep(0.5)
        assert attackers.stdout is not None
        spoils = json.loads(attackers.stdout.read())
    finally:
        with attackers:
            attackers.kill()
    figures["during"] = window = calls.window()
    figures["attack"] = spoils
    starved = waited(pid) - ready
    figures["seconds that control waited for a processor"] = round(starved, 1)
    # what comes late then says nothing about the switch
    disturbed = starved > 0.2 * window["seconds"] or window["late"][0] > 0.01
    figures["disturbed by others on this machine"] = disturbed
    for at, name in enumerate(("UDP", "TCP")):
        times = sorted(each[at] for each in during)
        marks = (times[len(times) // 2], times[len(times) * 95 // 100], times[-1])
        figures[f"OPTIONS by {name} during (ms): median, 95 %, worst"] = [round(mark * 1e3, 1) for mark in marks]
        report.demand(disturbed or times[-1] < 2.0, f"OPTIONS by {name} took {times[-1]:.1f} s during the attack")
    figures["OPTIONS after (ms)"] = after = [
        round(options(place.server, stream=stream) * 1e3, 1) for stream in (False, True)
    ]
    report.demand(max(after) < 500 or disturbed, f"OPTIONS takes {after} ms after the attack")
    now = memory(pid)
    figures["memory (MB) before, after"] = [round(sum(resident.values())), round(sum(now.values()))]
    report.demand(set(resident) <= set(now), "a process of the switch died and was started again")
    report.demand(sum(now.values()) < sum(resident.values()) + 100, "memory grew by more than 100 MB")
    figures["datagrams dropped by the kernel: SIP, RTP"] = [
        dropped({place.sip}),
        dropped(set(range(place.rtp, place.rtp + _RTP_PORTS))),
    ]
    missing = window["lost"] / window["expected"]
    report.demand(missing <= scale.lost or disturbed, f"good calls lost {window['lost']} packets, {missing:.2%}")
    report.demand(window["injected"] == 0, f"good calls heard {window['injected']} packets of the attackers")
    report.demand(window["ended"] == 0, f"{window['ended']} good calls were torn down")
    allowed = explained(window)
    report.demand(
        disturbed or window["largest_gap"] <= max(allowed, before["largest_gap"]),
        f"a gap of {window['largest_gap'] * 1e3:.0f} ms, of which our own lateness explains {allowed * 1e3:.0f}",
    )
    report.demand(not spoils["leaked"], f"media was sent to strangers: {spoils['leaked']}")
    wrong = {what: n for what, n in spoils["spoofed"].items() if not what.endswith((" 481", " 405", " 503"))}
    report.demand(not wrong, f"requests with a wrong tag were taken: {wrong}")
    figures["end"] = end = calls.end()
    report.demand(end["left_up"] == 0, f"{end['left_up']} good calls could not be ended")


def _cpu_of_media(pid: int, seconds: float) -> float:
    """Share of one core that the workers use."""
    meter = CpuMeter(pid)
    before = meter.read()
    time.sleep(seconds)
    return difference(before, meter.read()).get("media", 0.0) / seconds


def _check_records(report: Report, database: Path) -> None:
    """Every call is on record, and ended once."""
    with contextlib.closing(sqlite3.connect(database)) as opened:
        counts = dict(opened.execute("SELECT kind, count(*) FROM journal WHERE kind LIKE 'call.%' GROUP BY kind"))
        ended = opened.execute("SELECT count(DISTINCT call) FROM journal WHERE kind = 'call.ended'").fetchone()[0]
        causes = opened.execute(
            "SELECT data ->> 'cause', count(*) FROM journal WHERE kind = 'call.ended' GROUP BY 1 ORDER BY 2 DESC"
        )
        report.figures["how they ended"] = dict(causes.fetchall())
    report.figures["calls on record"] = counts
    good = counts.get("call.started") == counts.get("call.ended") == ended
    report.demand(good, f"calls do not add up: {counts}, {ended} different ones ended")


def _check_log(report: Report, log: str) -> None:
    lines = log.splitlines()
    report.figures["log: lines, bytes"] = [len(lines), len(log)]
    trouble = [line for line in lines if _TROUBLE.search(line) and _FORGIVEN not in line]
    report.demand(not trouble, "the switch logged trouble: " + "\n".join(trouble[:5]))
    control = re.search(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u2028\u2029]", log)
    report.demand(control is None, "a control character got into the log")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sip", type=int, default=Scale.sip)
    parser.add_argument("--rtp", type=int, default=Scale.rtp)
    parser.add_argument("--seconds", type=float, default=Scale.seconds)
    parser.add_argument("--seed", type=int, default=Scale.seed)
    parser.add_argument("--drain", type=float, default=Scale.drain)
    parser.add_argument("--keep", type=Path, help="folder for the switch's log and data")
    chosen = parser.parse_args()
    scale = Scale(chosen.sip, chosen.rtp, chosen.seconds, chosen.seed, drain=chosen.drain)
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report = attack(folder, scale)
    print(json.dumps(report.figures, indent=1))
    for failure in report.failures:
        print(f"FAILED {failure}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
