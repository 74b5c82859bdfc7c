"""baresip phones for tests: one process each with its own configuration, steered over its ctrl_tcp module.

It speaks what `say` gives it (WAV files), sends keys as telephone-events or as tones, and records what it hears
through its sndfile module: received frames only, one file per call and a new one after each hold.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.support.audio import RATE, Recording, dtmf, read_growing_wav, silence, sine, write_wav
from tests.support.event_log import PATIENCE, Event, EventLog
from tests.support.listening import Listener

if TYPE_CHECKING:
    from numpy.typing import NDArray

MODULE_FOLDERS = ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules")
MODULES = ("g711.so", "sndfile.so", "aufile.so", "aubridge.so")
SPEECH_SECONDS = 180  # baresip ends the call at the end of the file it speaks, so files outlast every test
LOG_TAIL = 80

CONFIG = """\
poll_method epoll
sip_listen {address}:{port}
call_local_timeout 180
call_max_calls 4
audio_player aubridge,nil
audio_source aufile,{source}
audio_alert aubridge,nil
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_buffer 20-160
jitter_buffer_delay 1-5
rtp_ports {rtp_port}-{last_rtp_port}
rtcp_mux no
net_interface {address}
module_path {modules}
module_app menu.so
module_app debug_cmd.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
snd_path {recordings}
"""


class BaresipPhone(Listener):
    """One phone with one account. With `server` (`host:port`) it registers there and sends all requests through it."""

    def __init__(
        self,
        user: str,
        folder: Path,
        *,
        port: int,
        rtp_port: int,
        control_port: int,
        address: str = "127.0.0.1",
        server: str = "",
        domain: str = "",
        password: str = "",
        display_name: str = "",
        transport: str = "udp",
        register: bool = True,
        tone_hz: float = 440,
        codecs: str = "pcma,pcmu",
    ) -> None:
        self.user = user
        self.name = f"baresip {user}"
        self.address = address
        self.port = port
        self.folder = folder / f"baresip-{user}-{port}"
        self._recordings = self.folder / "heard"
        self._recordings.mkdir(parents=True)
        self._output_path = self.folder / "output.log"
        self.log = EventLog(self.name, self._diagnosis)
        self._files = 0
        self._replies: dict[str, dict[str, Any]] = {}
        self._replied = threading.Condition()
        self._commands = 0
        modules = next((path for path in MODULE_FOLDERS if Path(path).is_dir()), MODULE_FOLDERS[0])
        config = CONFIG.format(
            address=address,
            port=port,
            source=self._speech(sine(tone_hz, 1.0), loop=True),
            rtp_port=rtp_port,
            last_rtp_port=rtp_port + 16,
            modules=modules,
            control_port=control_port,
            recordings=self._recordings.name,
        )
        (self.folder / "config").write_text(config + "".join(f"module {name}\n" for name in MODULES))
        uri = f"sip:{user}@{domain or server or address}" + (f";transport={transport}" if server else "")
        options = [f"regint={300 if server and register else 0}", "answermode=manual", f"audio_codecs={codecs}"]
        if password:
            options += [f"auth_user={user}", f"auth_pass={password}"]
        if server:
            options.append(f'outbound="sip:{server};transport={transport}"')
        name = f'"{display_name}" ' if display_name else ""
        (self.folder / "accounts").write_text(f"{name}<{uri}>;{';'.join(options)}\n")
        (self.folder / "contacts").write_text("")  # without the file it would add samples of its own
        with self._output_path.open("wb") as output:
            self._process = subprocess.Popen(
                ["baresip", "-f", str(self.folder), "-s", "-v"],
                cwd=self.folder,  # so that paths are short: of long ones it loses the end
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._control = self._connect(control_port)
        self._reader = threading.Thread(target=self._read, name=f"reader of {self.name}", daemon=True)
        self._reader.start()
        # The account is read only now: earlier it would register before anybody could hear of it.
        self.do("insmod", "account")

    @property
    def uri(self) -> str:
        """Where the phone can be called without any switch."""
        return f"sip:{self.user}@{self.address}:{self.port}"

    # -- verbs --------------------------------------------------------------------------------------------------------

    def wait_registered(self, *, within: float = PATIENCE) -> Event:
        return self.log.wait("REGISTER_OK", within=within)

    def wait_refused(self, *, within: float = PATIENCE) -> Event:
        """The registrar's refusal; `param` holds the status and reason."""
        return self.log.wait("REGISTER_FAIL", within=within)

    def call(self, uri: str) -> Event:
        """Dial; the events of this call are those after the one returned."""
        events = self.log.all()
        self.do("dial", uri)
        return self.log.wait("CALL_LOCAL_SDP", direction="outgoing", after=events[-1] if events else None)

    def wait_ringing(self, *, within: float = PATIENCE, after: Event | None = None) -> Event:
        return self.log.wait("CALL_RINGING", within=within, after=after)

    def wait_incoming(self, *, within: float = PATIENCE, after: Event | None = None) -> Event:
        """`peeruri` and `peerdisplayname` say who calls."""
        return self.log.wait("CALL_INCOMING", within=within, after=after)

    def wait_established(self, *, within: float = PATIENCE, after: Event | None = None) -> Event:
        return self.log.wait("CALL_ESTABLISHED", within=within, after=after)

    def wait_ended(self, *, within: float = PATIENCE, after: Event | None = None) -> Event:
        """The end of the call; `param` says why."""
        return self.log.wait("CALL_CLOSED", within=within, after=after)

    def answer(self) -> None:
        self.do("accept")

    def hang_up(self) -> Event:
        last = self.log.all()[-1]
        self.do("hangup")
        return self.wait_ended(after=last)

    def hold(self) -> None:
        self.do("hold")

    def resume(self) -> None:
        self.do("resume")

    def transfer(self, uri: str) -> None:
        """Blind, of the call that is up."""
        self.do("transfer", uri)

    def press(self, digits: str, *, by: str = "rfc4733") -> None:
        """Press keys, `by` telephone-events (`rfc4733`) or `inband` tones."""
        if by == "inband":
            keys = dtmf(digits)
            self.do("ausrc", f"aufile,{self._speech(keys)}")
            time.sleep(len(keys) / RATE + 0.1)  # it does not say how far it has got
            return
        for digit in digits:
            self.do("sndcode", digit)

    def say_tone(self, hz: float) -> None:
        self.do("ausrc", f"aufile,{self._speech(sine(hz, 1.0), loop=True)}")

    # -- listening ----------------------------------------------------------------------------------------------------

    def heard_so_far(self) -> Recording:
        """All frames received so far, in order, without the pauses in which none came."""
        parts = [read_growing_wav(path).samples for path in sorted(self._recordings.glob("dump-*-dec.wav"))]
        return Recording(np.concatenate([silence(0), *parts]), source=str(self._recordings))

    def why_deaf(self) -> str:
        return "its process ended" if self._process.poll() is not None else ""

    def listener_name(self) -> str:
        return self.name

    # -- plumbing -----------------------------------------------------------------------------------------------------

    def do(self, command: str, parameters: str = "") -> str:
        """Give one command and return its output; a refusal is an AssertionError."""
        self._commands += 1
        token = str(self._commands)
        text = json.dumps({"command": command, "params": parameters, "token": token}).encode()
        self._control.sendall(b"%d:%s," % (len(text), text))
        with self._replied:
            if not self._replied.wait_for(lambda: token in self._replies, PATIENCE):
                raise AssertionError(f"{self.name} did not take {command!r}\n{self._diagnosis()}")
            answer = self._replies.pop(token)
        assert answer["ok"], f"{self.name} refused {command!r}: {answer['data']}\n{self._diagnosis()}"
        return str(answer["data"])

    def kill(self) -> None:
        """End the phone at once, without a word on the wire."""
        self._process.kill()
        self._finish()

    def close(self) -> None:
        """Hang up, unregister and end."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._finish()

    def _finish(self) -> None:
        self._process.wait(5)
        self._reader.join(5)
        self._control.close()

    def _speech(self, samples: NDArray[np.float32], *, loop: bool = False) -> str:
        """The name of a new file in the folder."""
        self._files += 1
        length = round(SPEECH_SECONDS * 8000)
        if loop:
            samples = np.tile(samples, length // len(samples) + 1)[:length]
        else:
            samples = np.concatenate([samples, silence(SPEECH_SECONDS)])
        return write_wav(self.folder / f"speech-{self._files}.wav", samples).name

    def _connect(self, port: int) -> socket.socket:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                control = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._process.kill()
                    self._process.wait(5)
                    raise AssertionError(f"{self.name} did not start\n{self._diagnosis()}") from None
                time.sleep(0.02)
            else:
                control.settimeout(None)
                return control

    def _read(self) -> None:
        data = b""
        while chunk := self._receive():
            data += chunk
            while (colon := data.find(b":")) > 0 and len(data) > colon + 1 + int(data[:colon]):
                end = colon + 1 + int(data[:colon])
                message = json.loads(data[colon + 1 : end])
                data = data[end + 1 :]  # netstrings end with a comma
                if message.get("response"):
                    with self._replied:
                        self._replies[message["token"]] = message
                        self._replied.notify_all()
                else:
                    self.log.add(message["type"], message)
        self.log.close("its process ended")

    def _receive(self) -> bytes:
        try:
            return self._control.recv(65536)
        except OSError:
            return b""

    def _diagnosis(self) -> str:
        if not self._output_path.exists():
            return ""
        text = self._output_path.read_text(errors="replace").replace("\r", "")
        return f"--- {self._output_path} (end)\n" + "\n".join(text.splitlines()[-LOG_TAIL:])


def is_installed() -> bool:
    return shutil.which("baresip") is not None
