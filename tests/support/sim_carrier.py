"""A carrier's side of a trunk, on virtual time: asks for passwords, keeps registrations, rings whoever is dialled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip import events as ev
from sip.auth import DigestChallenger, ha1
from sip.registrar import Registrar
from tests.support.sim_phone import SimPhone

if TYPE_CHECKING:
    from sip.flow import Address
    from sip.message import Request
    from tests.support.sim_switch import SimSwitch

REALM = "carrier.test"


class SimCarrier(SimPhone):
    """With *login* (user, password) it challenges INVITE (407) and REGISTER (401)."""

    def __init__(self, switch: SimSwitch, address: Address, login: tuple[str, str] | None = None) -> None:
        super().__init__(switch, "+380501234567", address)
        self.login = login
        self.challenger = DigestChallenger(REALM, b"a secret of the carrier")
        self.registrar = Registrar()
        self.requests: list[Request] = []
        self.refuses = 0  # a status for every REGISTER and OPTIONS

    def dialled(self) -> list[str]:
        """The numbers that it was to call, challenged or not."""
        return [request.uri.user or "" for request in self.requests if request.method == "INVITE"]

    def count(self, method: str) -> int:
        return sum(request.method == method for request in self.requests)

    def _knows(self, request: Request, header: str) -> bool:
        login = self.login
        if login is None:
            return True

        def lookup(user: str, realm: str, algorithm: str) -> str | None:
            return ha1(user, realm, login[1], algorithm) if user == login[0] else None

        return self.challenger.verify(request, request.method, lookup, self.world.now, header=header).ok

    def _happened(self, event: ev.Event) -> None:
        now = self.world.now
        if isinstance(event, ev.InviteReceived):
            self.requests.append(event.request)
            if not self._knows(event.request, "Proxy-Authorization"):
                headers = tuple(("Proxy-Authenticate", value) for value in self.challenger.challenge(now))
                self.endpoint.reject(event.usage, 407, headers=headers, now=now)
                return
        elif isinstance(event, ev.RequestReceived):
            self.requests.append(event.request)
            if self.refuses:
                self.endpoint.respond(event.transaction, self.refuses, now=now)
                return
            if event.request.method == "REGISTER":
                self._register(event, now)
                return
        super()._happened(event)

    def _register(self, event: ev.RequestReceived, now: float) -> None:
        if not self._knows(event.request, "Authorization"):
            headers = [("WWW-Authenticate", value) for value in self.challenger.challenge(now)]
            self.endpoint.respond(event.transaction, 401, headers=headers, now=now)
            return
        user = event.request.to.uri.user or ""
        status, headers, _ = self.registrar.register(user, event.request, event.flow, now)
        self.endpoint.respond(event.transaction, status, headers=headers, now=now)
