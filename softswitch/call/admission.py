"""Who sends this request: a trusted host, one of our phones, or nobody we know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

from sip.auth import AuthOutcome, DigestChallenger, ha1
from softswitch.call.model import Caller
from softswitch.callers.identity import DialledHeader, IdentityHeader, dialled, identify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ipaddress import IPv4Address, IPv6Address

    from sip.flow import Flow
    from sip.message import Request
    from softswitch.call.settings import Settings
    from softswitch.config import Config, Phone

#: Longest caller number and name that are passed on; a number is E.164's 15 digits with room for extensions.
MAX_NUMBER, MAX_NAME = 64, 64


_address = lru_cache(maxsize=4096)(ip_address)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to somebody who may not: a status and its headers. Says the same to a guessed and a real name."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


class Admission:
    """Trusted sources first, then digest authentication (RFC 8760)."""

    def __init__(
        self,
        config: Config,
        phones: Mapping[str, Phone],
        challenger: DigestChallenger,
        trunk_at: Callable[[str], str | None] = lambda address: None,
    ) -> None:
        """*trunk_at* knows the addresses of trunks that are given by name."""
        self._challenger = challenger
        self._phones = phones
        self._trunks = config.trunks
        self._plan = config.plan
        self._trunk_at = trunk_at
        self._realm = config.sip.domain
        self._ha1: dict[tuple[str, str], str] = {}

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        config = settings.config
        self._phones, self._trunks, self._plan = config.phones, config.trunks, config.plan
        self._ha1.clear()

    def caller(self, request: Request, flow: Flow, now: float) -> Caller | Refusal:
        """Who places the call of *request* (an INVITE)."""
        source = _address(flow.remote[0])
        sender = request.from_
        trunk = self._trunk(source)
        if trunk is not None:
            return self._from_outside(request, trunk)
        phone = self._phones.get(sender.uri.user or "")
        if phone is not None and any(source in network for network in phone.source):
            user: str | Refusal = phone.user
        else:
            user = self.authenticate(request, now)
        if isinstance(user, Refusal):
            return user
        known = self._phones[user]
        return Caller(number=user, name=(known.name or sender.display_name)[:MAX_NAME], phone=user)

    def _from_outside(self, request: Request, trunk: str) -> Caller:
        """Who calls, by those headers of the trunk that are believed."""
        told = identify(request, map(IdentityHeader, self._trunks[trunk].identity))
        number = self._plan.read(told.number[:MAX_NUMBER], ours=False)
        if told.withheld or number.withheld:
            return Caller(number="", name="", trunk=trunk, withheld=True)
        return Caller(
            number=number.dialable, name=told.name[:MAX_NAME], trunk=trunk, raw=told.number[:MAX_NUMBER], withheld=False
        )

    def dialled(self, request: Request, caller: Caller) -> str:
        """The number that *caller* dialled, as it was told."""
        if caller.trunk is None:
            return request.uri.user or ""
        return dialled(request, map(DialledHeader, self._trunks[caller.trunk].dialled))[:MAX_NUMBER]

    def _trunk(self, source: IPv4Address | IPv6Address) -> str | None:
        for name, trunk in self._trunks.items():
            if any(source in network for network in trunk.source):
                return name
        return self._trunk_at(str(source))

    def authenticate(self, request: Request, now: float) -> str | Refusal:
        """The user whose password the sender knows, or the challenge or refusal to answer with."""
        result = self._challenger.verify(request, request.method, self._lookup, now)
        match result.outcome:
            case AuthOutcome.OK if result.user is not None:
                return result.user
            case AuthOutcome.WRONG:
                return Refusal(403)
        challenges = self._challenger.challenge(now, stale=result.outcome is AuthOutcome.STALE)
        return Refusal(401, tuple(("WWW-Authenticate", value) for value in challenges))

    def _lookup(self, user: str, realm: str, algorithm: str) -> str | None:
        phone = self._phones.get(user)
        if phone is None or phone.password is None or realm != self._realm:
            return None
        key = (user, algorithm)
        if key not in self._ha1:
            self._ha1[key] = ha1(user, realm, phone.password.reveal(), algorithm)
        return self._ha1[key]
