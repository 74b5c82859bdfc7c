"""A registrar and nothing else, on our own endpoint: what a phone needs to be able to register."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sip.auth import DigestChallenger, ha1
from sip.events import RequestReceived
from sip.registrar import Registrar
from softswitch.transport.edge import SipEdge
from tests.support.ids import CountingIds

if TYPE_CHECKING:
    from sip.events import Event
    from sip.flow import Address

DOMAIN = "pbx.test"
PASSWORD = "s3cret"


class TinyRegistrar:
    def __init__(self, *, min_expires: int = 60) -> None:
        self.registrar = Registrar(min_expires=min_expires)
        self.seen: list[tuple[str, int]] = []  # method and status of every answer
        self._challenger = DigestChallenger(DOMAIN, b"a secret of the server")
        self._edge = SipEdge(listen=["udp:127.0.0.1:0"], ids=CountingIds("registrar"), on_event=self._on_event)

    async def __aenter__(self) -> TinyRegistrar:
        await self._edge.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._edge.close()

    @property
    def address(self) -> Address:
        return self._edge.addresses[0].address

    def contacts(self, user: str) -> list[str]:
        return [str(b.contact) for b in self.registrar.bindings(user, asyncio.get_running_loop().time())]

    def _on_event(self, event: Event) -> None:
        if not isinstance(event, RequestReceived):
            return
        request, now = event.request, self._edge.now()
        status = 200
        headers: list[tuple[str, str]] = []
        if request.method == "REGISTER":
            if self._challenger.verify(request, "REGISTER", _lookup, now).ok:
                user = request.to.uri.user or ""
                status, headers, _ = self.registrar.register(user, request, event.flow, now)
            else:
                status, headers = 401, [("WWW-Authenticate", value) for value in self._challenger.challenge(now)]
        self.seen.append((request.method, status))
        self._edge.endpoint.respond(event.transaction, status, headers=headers, now=now)


def _lookup(user: str, realm: str, algorithm: str) -> str | None:
    return ha1(user, realm, PASSWORD, algorithm)
