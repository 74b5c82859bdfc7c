"""Registering with carriers (RFC 3261 §10.2), and asking trunks without a registration whether they are there.

A registration is renewed when most of its time is over. What fails is tried again, each time after twice as long up to
ten minutes: sooner helps nobody whose server is in trouble, and a wrong password does not become right. A carrier that
answers anything is there; one that answers nothing is asked for calls after all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from itertools import product
from typing import TYPE_CHECKING
from zlib import crc32

from sip.auth import Credentials
from sip.errors import ParseError
from sip.headers import NameAddr
from sip.uri import Uri
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sip.flow import Flow
    from sip.message import Response
    from softswitch.call.requests import OwnRequests
    from softswitch.call.settings import Settings
    from softswitch.call.trunks.lines import Trunks
    from softswitch.config import Trunk
    from softswitch.config.words.switch import TrunkRegistration

FIRST_RETRY, LONGEST_RETRY = 15.0, 600.0
#: Seconds between two looks for the address of a carrier's name.
NAME_RETRY = 2.0
#: Part of a registration's time after which it is renewed.
RENEW = 0.8
#: At the start all carriers are asked within so many seconds, not all at once.
SPREAD = 1.0
#: CSeq numbers that one REGISTER may take: each challenge that is answered takes one (RFC 3261 §22.2).
_STEP = 5


class State(Enum):
    WAITING = auto()  # for its name to be known, or for the next try
    ASKED = auto()
    REGISTERED = auto()
    RENEWING = auto()  # asked again while the registration still holds


class Input(Enum):
    DUE = auto()
    ACCEPTED = auto()
    REFUSED = auto()  # a final response other than 2xx
    SILENT = auto()  # no response


class Action(Enum):
    ASK = auto()
    HOLD = auto()  # until it is to be renewed
    BACK_OFF = auto()
    TELL_UP = auto()
    TELL_DOWN = auto()


S, E, A = State, Input, Action

# fmt: off
TRANSITIONS: dict[tuple[State, Input], tuple[State, tuple[Action, ...]]] = {
    (S.WAITING,    E.DUE):      (S.ASKED,      (A.ASK,)),
    (S.ASKED,      E.ACCEPTED): (S.REGISTERED, (A.HOLD, A.TELL_UP)),
    (S.ASKED,      E.REFUSED):  (S.WAITING,    (A.BACK_OFF,)),
    (S.ASKED,      E.SILENT):   (S.WAITING,    (A.BACK_OFF,)),
    (S.REGISTERED, E.DUE):      (S.RENEWING,   (A.ASK,)),
    (S.RENEWING,   E.ACCEPTED): (S.REGISTERED, (A.HOLD,)),
    (S.RENEWING,   E.REFUSED):  (S.WAITING,    (A.BACK_OFF, A.TELL_DOWN)),
    (S.RENEWING,   E.SILENT):   (S.WAITING,    (A.BACK_OFF, A.TELL_DOWN)),
}
# fmt: on

#: A request has one outcome, and none is due while one is out.
IMPOSSIBLE: frozenset[tuple[State, Input]] = frozenset(
    {
        *product([S.WAITING, S.REGISTERED], [E.ACCEPTED, E.REFUSED, E.SILENT]),
        *product([S.ASKED, S.RENEWING], [E.DUE]),
    }
)


@dataclass(slots=True)
class _Line:
    trunk: str
    state: State = State.WAITING
    failures: int = 0
    cseq: int = 1
    expires: int = 0  # what is asked for
    granted: float = 0.0
    call_id: str = ""  # of all REGISTERs, and no other's (RFC 3261 §10.2.4)
    status: int = 0


class TrunkWatch:
    """Every trunk that is called out through. *note*(kind, data, now) writes a line about a trunk down."""

    def __init__(
        self,
        trunks: Mapping[str, Trunk],
        lines: Trunks,
        requests: OwnRequests,
        note: Callable[[str, Mapping[str, object], float], None],
        new_call_id: Callable[[], str],
    ) -> None:
        self._config = trunks
        self._lines = lines
        self._requests = requests
        self._note = note
        self._new_call_id = new_call_id
        self._due: Timers[str] = Timers()
        self._watched = {
            name: _Line(name, expires=trunk.registration.expires if trunk.registration else 0)
            for name, trunk in trunks.items()
            if _is_watched(trunk)
        }

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        former, self._config = self._config, settings.config.trunks
        for name, line in list(self._watched.items()):
            if _asks(former[name]) != (_asks(self._config[name]) if name in self._config else None):
                self._leave(line, former[name], now)
        for name, trunk in self._config.items():
            if name not in self._watched and _is_watched(trunk):
                self._watched[name] = _Line(name, expires=trunk.registration.expires if trunk.registration else 0)
                self._due.set(name, now)

    def _leave(self, line: _Line, trunk: Trunk, now: float) -> None:
        """Nothing more is asked of the line; a carrier with whom we are registered is told so."""
        del self._watched[line.trunk]
        self._due.set(line.trunk, None)
        self._lines.heard_of(line.trunk)
        if trunk.registration is None or line.state not in (State.REGISTERED, State.RENEWING):
            return
        self._note("trunk.unregistered", {"trunk": line.trunk, "status": line.status}, now)
        if (flow := self._lines.flow(line.trunk)) is not None:
            self._register(line, trunk.registration, flow, 0, lambda response, at: None, now)

    def start(self, now: float) -> None:
        """Sockets are open: begin."""
        for name in self._watched:
            self._due.set(name, now + SPREAD * (crc32(name.encode()) % 1000) / 1000)

    def is_registered(self, trunk: str) -> bool:
        line = self._watched.get(trunk)
        return line is not None and line.state in (State.REGISTERED, State.RENEWING)

    def next_deadline(self) -> float | None:
        return self._due.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (name := self._due.pop_due(now)) is not None:
            if self._lines.flow(name) is None:
                self._due.set(name, now + NAME_RETRY)  # the look-up has begun
            else:
                self._run(self._watched[name], Input.DUE, now)

    def _run(self, line: _Line, event: Input, now: float) -> None:
        line.state, actions = TRANSITIONS[line.state, event]
        registers = self._config[line.trunk].registration is not None
        for action in actions:
            match action:
                case Action.ASK:
                    self._ask(line, now)
                case Action.HOLD:
                    line.failures = 0
                    every = line.granted * RENEW if registers else self._config[line.trunk].qualify
                    self._due.set(line.trunk, now + every)
                case Action.BACK_OFF:
                    line.failures += 1
                    self._due.set(line.trunk, now + self._patience(line))
                case Action.TELL_UP if registers:
                    self._note("trunk.registered", {"trunk": line.trunk, "expires": line.granted}, now)
                case Action.TELL_DOWN if registers:
                    self._note("trunk.unregistered", {"trunk": line.trunk, "status": line.status}, now)
                case _:
                    pass

    def _patience(self, line: _Line) -> float:
        """Before the next try; a little of it by the trunk's name, so that switches do not keep step."""
        trunk = self._config[line.trunk]
        if trunk.registration is None:
            return trunk.qualify
        if line.status == 423:
            return 0.0  # it has said what would be right
        longer = min(FIRST_RETRY * 2.0 ** min(line.failures - 1, 10), LONGEST_RETRY)
        return longer * (1 + 0.1 * (crc32(f"{line.trunk} {line.failures}".encode()) % 1000) / 1000)

    # ------------------------------------------------------------------------------------------------ asking
    def _ask(self, line: _Line, now: float) -> None:
        flow = self._lines.flow(line.trunk)
        trunk = self._config[line.trunk]
        assert flow is not None
        user = trunk.registration.user if trunk.registration is not None else None
        domain = self._lines.domain(line.trunk)
        own = NameAddr("", Uri("sip", user, domain))

        def done(response: Response | None, at: float) -> None:
            self._answered(line, response, at)

        if trunk.registration is None:
            self._requests.send(
                "OPTIONS", uri=self._lines.uri(line.trunk), flow=flow, from_=own, to=own, done=done, now=now
            )
            return
        self._register(line, trunk.registration, flow, line.expires, done, now)

    def _register(
        self,
        line: _Line,
        login: TrunkRegistration,
        flow: Flow,
        expires: int,
        done: Callable[[Response | None, float], None],
        now: float,
    ) -> None:
        line.call_id = line.call_id or self._new_call_id()
        own = NameAddr("", Uri("sip", login.user, self._lines.domain(line.trunk)))
        self._requests.send(
            "REGISTER",
            uri=self._lines.uri(line.trunk),
            flow=flow,
            from_=own,
            to=own,
            contact_user=login.user,
            headers=(("Expires", str(expires)),),
            auth=Credentials(login.user, login.password.reveal()),
            call_id=line.call_id,
            cseq=line.cseq,
            done=done,
            now=now,
        )
        line.cseq += _STEP

    def _answered(self, line: _Line, response: Response | None, now: float) -> None:
        if self._watched.get(line.trunk) is not line:
            return  # there is another configuration
        line.status = 0 if response is None else response.status
        if response is None or response.status in (408, 503):
            self._lines.silent(line.trunk, now, until_heard=True)
        else:
            self._lines.heard_of(line.trunk)
        if response is None:
            self._run(line, Input.SILENT, now)
        elif self._config[line.trunk].registration is None or 200 <= response.status < 300:
            line.granted = float(_granted(response, line.expires))
            self._run(line, Input.ACCEPTED, now)
        else:
            if response.status == 423:  # too short for them (RFC 3261 §10.2.8)
                longer = _min_expires(response)
                line.status = 423 if longer > line.expires else 400
                line.expires = max(line.expires, longer)
            if line.failures == 0:
                self._note("trunk.refused", {"trunk": line.trunk, "status": line.status}, now)
            self._run(line, Input.REFUSED, now)


def _is_watched(trunk: Trunk) -> bool:
    return trunk.host is not None and (trunk.registration is not None or trunk.qualify > 0)


def _asks(trunk: Trunk) -> tuple[object, ...] | None:
    """What is asked, of whom and how; None: nothing."""
    if not _is_watched(trunk):
        return None
    return trunk.host, trunk.port, trunk.transport, trunk.domain, trunk.registration, trunk.qualify


def _granted(response: Response, asked: int) -> int:
    """Seconds that our contact is registered for, as the first contact or Expires says."""
    try:
        for contact in response.contacts:
            expires = contact.param("expires")
            if expires is not None and expires.isascii() and expires.isdigit():
                return max(1, min(int(expires), asked or 3600))
        return max(1, min(asked or 3600, response.expires if response.expires is not None else asked))
    except ParseError:
        return max(1, asked)


def _min_expires(response: Response) -> int:
    text = response.headers.get("Min-Expires") or ""
    return min(int(text), 86_400) if text.isascii() and text.isdigit() and len(text) < 9 else 0
