"""The real switch as a process: `softswitch run --config …` with ports of its own, and what it says and records."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from softswitch.__main__ import cli
from tests.support.event_log import PATIENCE, EventLog

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer.testing import Result

    from tests.support.ports import Ports

START_SECONDS = 30.0
STOP_SECONDS = 15.0
LOG_TAIL = 80
RTP_PORTS = 32
TROUBLE = re.compile(r"Traceback \(most recent call last\)|\b(?:ERROR|CRITICAL)\b|never awaited|unhandled", re.I)

HEAD = """\
[server]
timezone = "UTC"
language = "en"
data_dir = "data"

[sip]
domain = "{domain}"
digest = {digest}
listen = ["udp:127.0.0.1:{port}", "tcp:127.0.0.1:{port}"]
{sip}

[rtp]
ports = "{first_rtp}-{last_rtp}"

"""


class Switch:
    """A running switch. `body` is the configuration after the tables that say where it listens.

    `digest` are the algorithms that it offers; clients with baresip's limits need MD5 alone. `sip`: more lines of
    its table. `verbose`: it logs all. `rtp_ports`: two for each party.
    """

    domain = "pbx.test"

    def __init__(
        self,
        body: str,
        folder: Path,
        ports: Ports,
        *,
        digest: tuple[str, ...] = ("MD5",),
        sip: str = "",
        verbose: bool = False,
        rtp_ports: int = RTP_PORTS,
    ) -> None:
        self.port = ports.one()
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "config.toml"
        first_rtp = ports.run_of(rtp_ports)
        self.rtp_ports = range(first_rtp, first_rtp + rtp_ports)
        head = HEAD.format(
            domain=self.domain,
            digest=json.dumps(digest),
            port=self.port,
            sip=sip,
            first_rtp=first_rtp,
            last_rtp=first_rtp + rtp_ports - 1,
        )
        self.config.write_text(head + body)
        self.forgiven = ""  # a regular expression: what the test itself made the switch complain about
        self._checked = 0  # lines
        self.log = EventLog("the switch", self.diagnosis)
        self._errors_path = folder / "switch-stderr.log"
        self._verbose = verbose
        self._start()

    def _start(self) -> None:
        with self._errors_path.open("ab") as errors:
            self._process = subprocess.Popen(
                [*command("run"), "--config", str(self.config), *(["--verbose"] if self._verbose else [])],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self._reader = threading.Thread(target=self._read, name="reader of the switch", daemon=True)
        self._reader.start()
        try:
            self.log.wait("line", text=lambda text: text.lower().startswith("ready"), within=START_SECONDS)
        except AssertionError:
            self.kill()
            raise

    def kill_and_start_again(self) -> float:
        """SIGKILL without warning, and a new process; the seconds from its start until it is ready."""
        self.kill()
        self.log = EventLog("the switch", self.diagnosis)
        began = time.monotonic()
        self._start()
        return time.monotonic() - began

    def ask(self, verb: str, *args: str) -> Any:
        """What a command for the running switch prints with `--json`."""
        done = self.tell(verb, *args, "--json")
        return json.loads(done)

    def tell(self, verb: str, *args: str) -> str:
        """What a command for the running switch prints."""
        done = self._command(verb, *args)
        assert done.exit_code == 0, f"softswitch {verb} ended with {done.exit_code}:\n{done.stdout}{done.stderr}"
        return done.stdout

    @property
    def server(self) -> str:
        """Where phones send their requests: `host:port`."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def uri(self, number: str) -> str:
        return f"sip:{number}@{self.domain}"

    def stop(self) -> None:
        """Ctrl-C: it must end by itself, with code 0, leaving no process behind and no error in what it said."""
        children = children_of(self.pid)
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the switch did not end within {STOP_SECONDS:g} s\n{self.diagnosis()}") from None
        self._finish()
        assert code == 0, f"the switch ended with code {code}\n{self.diagnosis()}"
        eventually(lambda: not any(is_running(child) for child in children), what="the end of its workers")
        self.check_log()

    def check_log(self) -> None:
        """Nothing that it wrote since the last look speaks of an error."""
        lines = self.output().splitlines()
        trouble = [
            line
            for line in lines[self._checked :]
            if TROUBLE.search(line) and not (self.forgiven and re.search(self.forgiven, line))
        ]
        self._checked = len(lines)
        assert not trouble, "the switch logged trouble:\n" + "\n".join(trouble) + "\n" + self.diagnosis()

    def kill(self) -> None:
        children = children_of(self.pid)
        self._process.kill()
        for child in children:
            if is_running(child):
                os.kill(child, signal.SIGKILL)
        self._process.wait(5)
        self._finish()

    def output(self) -> str:
        """All it wrote so far, both streams."""
        said = "\n".join(event["text"] for event in self.log.all("line"))
        return said + "\n" + self._errors_path.read_text(errors="replace")

    # -- records ------------------------------------------------------------------------------------------------------

    def calls(self) -> list[dict[str, Any]]:
        """The newest call records, as `softswitch calls --json` prints them."""
        done = self._command("calls", "--json")
        if done.exit_code == 1 and not done.stderr.strip():
            return []  # nothing is on record yet
        assert done.exit_code == 0, f"softswitch calls ended with code {done.exit_code}:\n{done.stdout}{done.stderr}"
        return list(json.loads(done.stdout))

    def wait_calls(
        self, count: int, *, of: str = "", since: float = 0.0, within: float = PATIENCE
    ) -> list[dict[str, Any]]:
        """The records of calls that are over, once there are `count`; written in batches, shortly after the end.

        Calls of anybody but the caller `of`, if one is named, and those that began before `since` (wall time) do not
        count.
        """
        records: list[dict[str, Any]] = []

        def enough() -> bool:
            over = [record for record in self.calls() if record["ended"] is not None]
            records[:] = [record for record in over if record["started"] >= since and of in ("", record["caller"])]
            return len(records) >= count

        eventually(enough, within=within, what=f"{count} call records", diagnosis=lambda: repr(records))
        return records

    # -- plumbing -----------------------------------------------------------------------------------------------------

    def _command(self, verb: str, *args: str) -> Result:
        """The command line in this process: another one takes a second of the machine's time to start."""
        done = CliRunner().invoke(cli, [verb, *args, "--config", str(self.config)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    def diagnosis(self) -> str:
        return "--- the switch (end)\n" + "\n".join(self.output().splitlines()[-LOG_TAIL:])

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.log.add("line", {"text": line.rstrip("\n")})
        self.log.close("its process ended")

    def _finish(self) -> None:
        self._reader.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()


def command(verb: str) -> list[str]:
    return [sys.executable, "-m", "softswitch", verb]


def eventually(
    check: Callable[[], bool],
    *,
    within: float = PATIENCE,
    what: str = "",
    diagnosis: Callable[[], str] = str,
    every: float = 0.1,
) -> None:
    """Ask until the answer is yes, for what cannot be waited for as an event."""
    deadline = time.monotonic() + within
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError(f"no {what or 'change'} within {within:g} s\n{diagnosis()}")
        time.sleep(every)


def children_of(pid: int) -> list[int]:
    """All processes below `pid`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(path.parent.name)
            found += [child, *children_of(child)]
    return found


def command_line(pid: int) -> str:
    """Name and arguments of a process; empty when it is gone."""
    try:
        folder = Path(f"/proc/{pid}")
        return (folder / "comm").read_text() + (folder / "cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False
