"""SIPp scenarios with deadlines and a failure text that shows the messages.

The scenarios are in tests/e2e/scenarios. Their common words: `service` is who is called, `caller` who calls, `domain`
the domain of both; `pause` is the length of the unnamed pause. A uac scenario that speaks reads `caller.al`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.audio import sine, write_g711
from tests.support.event_log import PATIENCE
from tests.support.keys_pcap import write_key_pcap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCENARIOS = Path(__file__).parents[1] / "e2e" / "scenarios"
TRACE_TAIL = 80
_MESSAGE = re.compile(r"^-{5,} .*?$\n(?:UDP|TCP) message (sent|received).*?\n\n(.*?)(?=^-{5,} |\Z)", re.M | re.S)


@dataclass(frozen=True, slots=True)
class SippMessage:
    sent: bool
    text: str

    @property
    def first_line(self) -> str:
        return self.text.split("\n", 1)[0].strip()

    @property
    def status(self) -> int:
        """The status of a response, 0 for a request."""
        return int(self.first_line.split()[1]) if self.first_line.startswith("SIP/2.0 ") else 0

    @property
    def method(self) -> str:
        """The method of a request, or of the request that a response answers."""
        return self.header("CSeq").split()[-1]

    def header(self, name: str) -> str:
        """The first such header's value; raises AssertionError when there is none."""
        found = re.search(rf"^{re.escape(name)}\s*:\s*(.*?)\s*$", self.text, re.M | re.I)
        assert found, f"no {name} header in:\n{self.text}"
        return found[1]

    def has_header(self, name: str) -> bool:
        return re.search(rf"^{re.escape(name)}\s*:", self.text, re.M | re.I) is not None


class Sipp:
    """One running SIPp. Begin with `Sipp.start`; then `wait` for its good end or `stop` it."""

    def __init__(self, process: subprocess.Popen[bytes], scenario: str, folder: Path, port: int, address: str) -> None:
        self._process = process
        self.scenario = scenario
        self.folder = folder
        self.port = port
        self.address = address

    @classmethod
    def start(
        cls,
        scenario: str,
        folder: Path,
        *,
        port: int,
        media_port: int,
        remote: str = "",
        address: str = "127.0.0.1",
        service: str = "service",
        caller: str = "sipp",
        domain: str = "",
        password: str = "",
        auth_user: str = "",
        transport: str = "udp",
        pause: float = 1.0,
        keys: Mapping[str, str] | None = None,
        calls: int = 1,
        at_once: int = 1,
        rate: int = 10,
        rows: Sequence[str] = (),
        echo: bool = False,
        tone_hz: float = 440,
        lifetime: float = 120,
    ) -> Sipp:
        """Run `scenario` from `address:port`, for `calls` calls; a uac needs `remote` (`host:port`).

        `rate`: so many calls begin in a second. `rows`: what `[field0]` is in each call.
        """
        own = folder / f"sipp-{scenario}-{port}"
        own.mkdir(parents=True, exist_ok=True)
        # SIPp takes the name of the sound from the scenario as it is, relative to where it runs.
        write_g711(own / "caller.al", sine(tone_hz, 2.0), "PCMA")
        if keys and "digit" in keys:
            write_key_pcap(own / "key.pcap", keys["digit"])
        words = {"caller": caller, "domain": domain or remote, "expires": "300", **(keys or {})}
        command = ["sipp", *([remote] if remote else []), "-sf", str(SCENARIOS / f"{scenario}.xml")]
        command += ["-i", address, "-p", str(port), "-mi", address, "-mp", str(media_port)]
        command += ["-t", {"udp": "u1", "tcp": "t1"}[transport], "-s", service]
        command += ["-au", auth_user or caller, "-ap", password or "none"]
        # Without it SIPp signs for the address that it sends to, which is not the URI of the request.
        where = words["domain"] if scenario.startswith("uac-register") else f"{service}@{words['domain']}"
        command += ["-auth_uri", where, "-d", str(round(pause * 1000))]
        command += ["-m", str(calls), "-l", str(at_once), "-r", str(rate), "-nostdin", "-skip_rlimit"]
        if rows:
            (own / "rows.csv").write_text("\n".join(["SEQUENTIAL", *rows, ""]))
            command += ["-inf", "rows.csv"]
        command += ["-timeout", str(round(lifetime)), "-timeout_error"]
        command += ["-trace_msg", "-message_file", "messages.log", "-trace_err", "-error_file", "errors.log"]
        command += ["-rtp_echo"] if echo else []
        for name, value in words.items():
            command += ["-key", name, value]
        with (own / "screen.log").open("wb") as screen:
            process = subprocess.Popen(
                command,
                cwd=own,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TERM": "dumb"},
            )
        return cls(process, scenario, own, port, address)

    @property
    def uri(self) -> str:
        return f"sip:sipp@{self.address}:{self.port}"

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def wait(self, within: float = PATIENCE) -> list[SippMessage]:
        """Wait for the end of the scenario; an AssertionError with the trace if it went wrong or takes too long."""
        try:
            code = self._process.wait(within)
        except subprocess.TimeoutExpired:
            self.stop()
            raise AssertionError(f"SIPp {self.scenario} did not end within {within:g} s\n{self.diagnosis()}") from None
        assert code == 0, f"SIPp {self.scenario} ended with code {code}\n{self.diagnosis()}"
        return self.messages()

    def stop(self) -> None:
        """End it at once, whatever its scenario is waiting for."""
        if self.is_running:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(5)

    def messages(self) -> list[SippMessage]:
        """What was sent and received so far, in order."""
        trace = self._read("messages.log").replace("\r\n", "\n")
        return [SippMessage(way == "sent", text.strip("\n")) for way, text in _MESSAGE.findall(trace)]

    def received(self, *, status: int = 0, method: str = "") -> list[SippMessage]:
        return [
            message
            for message in self.messages()
            if not message.sent and message.status == status and (not method or message.method == method)
        ]

    def diagnosis(self) -> str:
        errors = self._read("errors.log") or self._read("screen.log")[-2000:]
        trace = self._read("messages.log").replace("\r\n", "\n").splitlines()[-TRACE_TAIL:]
        return "\n".join(["--- errors", errors, "--- messages (end)", *trace])

    def _read(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""


def is_installed() -> bool:
    return shutil.which("sipp") is not None
