"""pjsua2 phones for tests, each a process of its own; the process is `pjsua_phone.py`.

Every verb returns when the library has taken it; what comes of it is waited for with a deadline. A wait that fails
says what the phone had reported, and shows the end of its log.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.audio import dtmf, read_growing_wav, read_wav, sine, write_wav
from tests.support.event_log import PATIENCE, Event, EventLog
from tests.support.listening import Listener

if TYPE_CHECKING:
    from tests.support.audio import Recording

SCRIPT = Path(__file__).with_name("pjsua_phone.py")
LOG_TAIL = 60


class PjsuaPhone:
    """One phone: log and recordings go to `folder`, SIP to `port`, media to `rtp_port` and the 16 ports after it."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        port: int,
        rtp_port: int,
        address: str = "127.0.0.1",
        transports: tuple[str, ...] = ("udp", "tcp"),
        codecs: tuple[str, ...] = ("PCMA", "PCMU"),
        ring: bool = True,
    ) -> None:
        self.name = name
        self.folder = folder
        self.address = address
        self.port = port
        self.rtp_port = rtp_port
        self.log_path = folder / f"{name}-pjsua.log"
        self._errors_path = folder / f"{name}-stderr.log"
        self.log = EventLog(f"phone {name}", self._diagnosis)
        self._replies: dict[int, dict[str, Any]] = {}
        self._replied = threading.Condition()
        self._next_id = 0
        self._gone = False
        settings = {
            "name": name,
            "folder": str(folder),
            "address": address,
            "port": port,
            "rtp_port": rtp_port,
            "transports": transports,
            "codecs": codecs,
            "ring": ring,
            "log": str(self.log_path),
        }
        with self._errors_path.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT), json.dumps(settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self._reader = threading.Thread(target=self._read, name=f"reader of {name}", daemon=True)
        self._reader.start()
        try:
            self.log.wait("ready", within=20)
        except AssertionError:
            self.kill()
            raise

    @property
    def uri(self) -> str:
        """Where the phone can be called without any switch."""
        return f"sip:{self.name}@{self.address}:{self.port}"

    # -- registration -------------------------------------------------------------------------------------------------

    def use_account(
        self,
        user: str = "",
        *,
        server: str = "",
        domain: str = "",
        password: str = "",
        auth_user: str = "",
        display_name: str = "",
        transport: str = "udp",
        register: bool = False,
        expires: int = 300,
        hold: str = "rfc3264",
        lamp: bool = False,
    ) -> None:
        """Set the account. With `server` (`host:port`) all requests go there; without, straight to the called URI."""
        user = user or self.name
        self.do(
            "account",
            aor=f"sip:{user}@{domain or server or f'{self.address}:{self.port}'}",
            server=server,
            user=auth_user or user,
            password=password,
            register=register,
            expires=expires,
            transport=transport,
            display_name=display_name,
            hold=hold,
            lamp=lamp,
        )

    def register(self, user: str, password: str, *, server: str, **account: Any) -> Event:
        """Set the account, register, and wait for the registrar's final answer (an event with `status`)."""
        self.use_account(user, server=server, password=password, register=True, **account)
        return self.wait_registration()

    def wait_registration(self, *, within: float = PATIENCE, after: Event | None = None, **fields: Any) -> Event:
        return self.log.wait("registration", within=within, after=after, **fields)

    def wait_lamp(self, new: int, old: int, *, within: float = PATIENCE) -> Event:
        """The phone is told of so many messages."""
        return self.log.wait("lamp", within=within, new=new, old=old)

    def unregister(self) -> Event:
        last = self.log.all()[-1]
        self.do("unregister")
        return self.wait_registration(after=last)

    # -- calls --------------------------------------------------------------------------------------------------------

    def call(self, uri: str) -> PjsuaCall:
        return PjsuaCall(self, self.do("call", uri=uri))

    def wait_incoming(self, *, within: float = PATIENCE, after: Event | None = None) -> PjsuaCall:
        event = self.log.wait("incoming", within=within, after=after)
        return PjsuaCall(self, event["call"], event)

    def incoming_calls(self) -> list[Event]:
        return self.log.all("incoming")

    # -- plumbing -----------------------------------------------------------------------------------------------------

    def do(self, verb: str, **arguments: Any) -> Any:
        """Give one command and wait until the phone has taken it; a refusal is an AssertionError."""
        with self._replied:
            self._next_id += 1
            number = self._next_id
        line = json.dumps({"id": number, "do": verb, **arguments}) + "\n"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except OSError as error:
            raise AssertionError(f"phone {self.name} is gone: {error}\n{self._diagnosis()}") from error
        with self._replied:
            if not self._replied.wait_for(lambda: number in self._replies or self._gone, PATIENCE):
                raise AssertionError(f"phone {self.name} did not take {verb!r}\n{self._diagnosis()}")
            answer = self._replies.pop(number, {"error": "the process ended"})
        if "error" in answer:
            raise AssertionError(f"phone {self.name}: {answer['error']}\n{self._diagnosis()}")
        return answer["value"]

    def freeze(self) -> None:
        """Stop answering anything while the port stays open, as a phone whose network died. See `kill`, `thaw`."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End the phone at once: no BYE, no unregistration, its port refuses packets from now on."""
        self._process.kill()
        self._process.wait(5)
        self._reader.join(5)
        self._close_pipes()

    def close(self) -> None:
        """Hang up, unregister and end the process; kill it if it does not end by itself."""
        if self._process.poll() is None:
            self.thaw()
            try:
                self._process.stdin.close()  # type: ignore[union-attr]
                self._process.wait(8)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()
                self._process.wait(5)
        self._reader.join(5)
        self._close_pipes()

    def _close_pipes(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            if "reply" in message:
                with self._replied:
                    self._replies[message["reply"]] = message
                    self._replied.notify_all()
            else:
                self.log.add(message.pop("event"), message, message.pop("at"))
        with self._replied:
            self._gone = True
            self._replied.notify_all()
        self.log.close("its process ended")

    def _diagnosis(self) -> str:
        parts = []
        for path in (self._errors_path, self.log_path):
            if path.exists() and (text := path.read_text(errors="replace")):
                parts.append(f"--- {path} (end)\n" + "\n".join(text.splitlines()[-LOG_TAIL:]))
        return "\n".join(parts)


class PjsuaCall(Listener):
    """One call of one phone. What it hears is recorded from the first moment, in real time, silence included."""

    def __init__(self, phone: PjsuaPhone, number: int, incoming: Event | None = None) -> None:
        self.phone = phone
        self.number = number
        self.incoming = incoming
        self._files = 0

    @property
    def remote(self) -> str:
        """The other party as the phone shows it: display name and URI."""
        event = self.incoming or self._events("call")[-1]
        return str(event["remote"])

    @property
    def invite(self) -> str:
        """The INVITE that announced this call, as it came from the wire."""
        assert self.incoming is not None
        return str(self.incoming["message"])

    # -- progress -----------------------------------------------------------------------------------------------------

    def wait(self, state: str, *, within: float = PATIENCE, after: Event | None = None) -> Event:
        return self.phone.log.wait("call", call=self.number, state=state, within=within, after=after)

    def wait_ringing(self, *, within: float = PATIENCE) -> Event:
        return self.wait("early", within=within)

    def wait_confirmed(self, *, within: float = PATIENCE) -> Event:
        self.phone.log.wait("call", call=self.number, state=_is_confirmed_or_over, within=within)
        return self.wait("confirmed", within=0)

    def wait_ended(self, *, within: float = PATIENCE) -> Event:
        """The end of the call; the event's `status` and `reason` say how. The recording is complete from here on."""
        self.phone.log.wait("recorded", call=self.number, within=within)
        return self.wait("disconnected", within=0)

    def wait_media(self, status: str, *, within: float = PATIENCE, after: Event | None = None) -> Event:
        """`active`, `local-hold` or `remote-hold`."""
        return self.phone.log.wait("media", call=self.number, status=status, within=within, after=after)

    def wait_digit(self, digit: str, *, within: float = PATIENCE, after: Event | None = None) -> Event:
        return self.phone.log.wait("digit", call=self.number, digit=digit, within=within, after=after)

    @property
    def is_over(self) -> bool:
        return bool(self._events("call", state="disconnected"))

    # -- verbs --------------------------------------------------------------------------------------------------------

    def answer(self, status: int = 200) -> None:
        self.phone.do("answer", call=self.number, status=status)

    def hang_up(self, status: int = 0) -> Event:
        """End or (with `status`) refuse the call, and wait until it is over."""
        self.phone.do("hangup", call=self.number, status=status)
        return self.wait_ended()

    def hold(self) -> Event:
        return self._reinvite("hold", "local-hold")

    def resume(self) -> Event:
        return self._reinvite("resume", "active")

    def transfer(self, to: str | PjsuaCall) -> None:
        """Blind to a URI, or attended to the party of another call of this phone."""
        if isinstance(to, PjsuaCall):
            self.phone.do("transfer_to", call=self.number, other=to.number)
        else:
            self.phone.do("transfer", call=self.number, uri=to)

    def wait_transferred(self, *, within: float = PATIENCE) -> int:
        """The status by which the switch says how the transfer went."""
        return int(self.phone.log.wait("transfer", call=self.number, last=True, within=within)["status"])

    def press(self, digits: str, *, by: str = "rfc4733", duration_ms: int = 120) -> None:
        """Press keys: `by` is `rfc4733`, `info-relay`, `info-plain` or `inband`."""
        if by == "inband":
            last = self.phone.log.all()[-1]
            self.play_once(write_wav(self._file("keys"), dtmf(digits, tone=duration_ms / 1000)))
            self.phone.log.wait("played", call=self.number, after=last)
        else:
            self.phone.do("digits", call=self.number, digits=digits, by=by, duration_ms=duration_ms)

    def play_tone(self, hz: float, *, dbfs: float = -12.0) -> None:
        """Speak a steady tone until told otherwise. Whole periods in the file make the loop seamless."""
        self.play(write_wav(self._file(f"{hz:g}hz"), sine(hz, 2.0, dbfs)))

    def play(self, path: Path) -> None:
        self.phone.do("play", call=self.number, path=str(path), loop=True)

    def play_once(self, path: Path) -> None:
        self.phone.do("play", call=self.number, path=str(path), loop=False)

    def be_quiet(self) -> None:
        """Send silence; RTP goes on."""
        self.phone.do("stop_playing", call=self.number)

    def statistics(self) -> dict[str, Any]:
        """`packets`, `lost`, `reordered`, `codec`, and the addresses `remote` and `local` of the audio stream."""
        return dict(self.phone.do("statistics", call=self.number))

    # -- listening ----------------------------------------------------------------------------------------------------

    def heard(self) -> Recording:
        """All that was heard. Ends the call if it is still up, because only then the file is complete."""
        if not self.is_over:
            self.hang_up()
        started = self._recording()
        return read_wav(Path(started["path"]), started.at)

    def heard_so_far(self) -> Recording:
        """All but the last quarter of a second of what was heard."""
        started = self._recording()
        return read_growing_wav(Path(started["path"]), started.at)

    def why_deaf(self) -> str:
        return "its call ended" if self.is_over else ""

    def listener_name(self) -> str:
        return f"phone {self.phone.name}"

    # -- plumbing -----------------------------------------------------------------------------------------------------

    def _reinvite(self, verb: str, media: str) -> Event:
        last = self.phone.log.all()[-1]
        self.phone.do(verb, call=self.number)
        answered = self.phone.log.wait("transaction", call=self.number, method="INVITE", role="uac", after=last)
        assert answered["status"] == 200, f"{verb} was answered {answered['status']}"
        return self.wait_media(media, after=last)

    def _recording(self) -> Event:
        return self.phone.log.wait("recording", call=self.number, within=0)

    def _events(self, kind: str, **fields: Any) -> list[Event]:
        return self.phone.log.all(kind, call=self.number, **fields)

    def _file(self, name: str) -> Path:
        self._files += 1
        return self.phone.folder / f"{self.phone.name}-{self.number}-{self._files}-{name}.wav"


def _is_confirmed_or_over(state: str) -> bool:
    return state in ("confirmed", "disconnected")
