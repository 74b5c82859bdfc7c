"""Lines to the outside: which trunk carries a number, in what form, how many calls it holds, whether it is there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sip.auth import Credentials
from sip.headers import NameAddr
from sip.uri import Uri
from softswitch.config.words.values import is_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sip.flow import Flow
    from softswitch.call.model import Caller
    from softswitch.call.settings import Settings
    from softswitch.config import Trunk
    from softswitch.ports import Flows

#: What may be sent to a carrier as a number.
DIALLABLE = re.compile(r"\+?[0-9*#]{1,32}")
#: Seconds for which a trunk that was silent is asked after all others, unless it is heard of again.
SUSPECT = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """How to call a number through one trunk."""

    trunk: str
    uri: Uri
    flow: Flow
    from_: NameAddr
    to: NameAddr
    auth: Credentials | None


class Trunks:
    """All trunks of the configuration, and the legs that each holds at the moment."""

    def __init__(self, trunks: Mapping[str, Trunk], flows: Flows, domain: str) -> None:
        self._trunks = trunks
        self._now_there = trunks  # without those that only calls of before a reload go through
        self._flows = flows
        self._domain = domain
        self._legs: dict[str, set[int]] = {name: set() for name in trunks}
        self._suspect: dict[str, float] = {}

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        known = {**settings.trunks, **settings.config.trunks}
        changed = {name for name, trunk in self._trunks.items() if known.get(name) != trunk}
        self._now_there, self._trunks = settings.config.trunks, known
        self._legs = {name: set[int]() for name in self._trunks} | {
            name: legs for name, legs in self._legs.items() if legs
        }
        for name in changed:
            self._suspect.pop(name, None)

    def __len__(self) -> int:
        """Legs on all trunks."""
        return sum(map(len, self._legs.values()))

    # ------------------------------------------------------------------------------------------------ room
    def calls(self, trunk: str) -> int:
        return len(self._legs[trunk])

    def has_room(self, trunk: str) -> bool:
        limit = self._trunks[trunk].max_calls
        return limit is None or len(self._legs[trunk]) < limit

    def occupy(self, trunk: str, leg: int) -> None:
        """*leg* is a call on the trunk, from the first INVITE on."""
        self._legs[trunk].add(leg)

    def release(self, leg: int) -> None:
        for legs in self._legs.values():
            legs.discard(leg)

    # ------------------------------------------------------------------------------------------------ where
    def trunk_at(self, address: str) -> str | None:
        """The trunk whose host has that address now, for hosts that are given by name."""
        for name, line in self._now_there.items():
            flow = None if line.host is None or is_address(line.host) else self.flow(name)
            if flow is not None and flow.remote[0] == address:
                return name
        return None

    def uri(self, trunk: str, user: str | None = None) -> Uri:
        line = self._trunks[trunk]
        params = (("transport", "tcp"),) if line.transport == "tcp" else ()
        host = line.host or ""
        return Uri("sip", user, f"[{host}]" if ":" in host else host, None if line.port == 5060 else line.port, params)

    def flow(self, trunk: str) -> Flow | None:
        """None: calls cannot be made through it, its name has no address yet, or it is no more."""
        line = self._trunks.get(trunk)
        return None if line is None or line.host is None else self._flows.flow_to(self.uri(trunk))

    def domain(self, trunk: str) -> str:
        """The host in addresses of persons reached through it."""
        line = self._trunks[trunk]
        return line.domain or line.host or self._domain

    # ------------------------------------------------------------------------------------------------ health
    def silent(self, trunk: str, now: float, *, until_heard: bool = False) -> None:
        """It did not answer in time. *until_heard*: it is asked regularly, so it will be known when it is back."""
        until = float("inf") if until_heard else now + SUSPECT
        self._suspect[trunk] = max(until, self._suspect.get(trunk, until))

    def heard_of(self, trunk: str) -> None:
        self._suspect.pop(trunk, None)

    def is_suspect(self, trunk: str, now: float) -> bool:
        return self._suspect.get(trunk, now) > now

    # ------------------------------------------------------------------------------------------------ calling out
    def ways(self, number: str, trunk: str, now: float, lines: Mapping[str, Trunk] | None = None) -> list[str]:
        """Trunks to try for *number*: the named one (empty: the first that carries it), then its failovers.

        *lines*: as a call knows them that began before a reload; None: as they are now. Those of which nothing was
        heard lately come last; whether there is room is asked at the moment of the call.
        """
        if not DIALLABLE.fullmatch(number):
            return []
        known = self._now_there if lines is None else lines
        names = [trunk] if trunk else [name for name, line in known.items() if _carries(line, number)]
        with_failover = dict.fromkeys(self._with_failover(names, known))
        found = [name for name in with_failover if (line := self._trunks.get(name)) is not None and line.host]
        return sorted(found, key=lambda name: self.is_suspect(name, now))

    def _with_failover(self, names: list[str], known: Mapping[str, Trunk]) -> Iterator[str]:
        for name in names:
            line = known.get(name) or self._trunks.get(name)  # an agent may send an old call on by a new one
            if line is not None:
                yield name
                yield from line.failover

    def place(self, trunk: str, number: str, caller: Caller, display: str) -> Place | None:
        """None while the trunk is full or cannot be reached."""
        flow = self.flow(trunk)
        if flow is None or not self.has_room(trunk):
            return None
        line, host = self._trunks[trunk], self.domain(trunk)
        sent = line.prefix + formatted(number, line.number_format)
        login = line.login
        return Place(
            trunk,
            self.uri(trunk, sent),
            flow,
            NameAddr(display, Uri("sip", self._shown(line, caller), host)),
            NameAddr("", Uri("sip", sent, host)),
            None if login is None else Credentials(login[0], login[1].reveal()),
        )

    def _shown(self, line: Trunk, caller: Caller) -> str:
        own = line.caller_number or (line.login[0] if line.login is not None else "{caller}")
        return own.replace("{caller}", caller.number or "anonymous")

    def ring_timeout(self, trunk: str) -> float:
        return self._trunks[trunk].ring_timeout


def _carries(line: Trunk, number: str) -> bool:
    if line.numbers is None:
        return True
    return any(number.startswith(p[:-1]) if p.endswith("*") else number == p for p in line.numbers)


def formatted(number: str, form: str) -> str:
    """*number* with the sign of an international number as the carrier wants it; other numbers stay as they are."""
    if form == "as-dialled" or not number.startswith(("+", "00")):
        return number
    digits = number[1:] if number.startswith("+") else number[2:]
    return {"plus": "+", "00": "00", "digits": ""}[form] + digits
