"""The torture messages again, on a whole endpoint: each gets the response its manifest entry asks for."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from sip.auth import AuthOutcome, DigestChallenger
from sip.endpoint import Flow, SipEndpoint, Transport
from sip.errors import ParseError
from sip.events import InviteReceived, RequestReceived
from sip.parser import parse_message
from sip.registrar import Registrar
from tests.support.ids import CountingIds

TORTURE = Path(__file__).parents[2] / "golden" / "torture"
MANIFEST: dict[str, dict[str, Any]] = tomllib.loads((TORTURE / "manifest.toml").read_text(encoding="utf-8"))
FLOW = Flow(Transport.UDP, ("192.0.2.2", 5060), ("198.51.100.7", 5060))


def status_of(name: str) -> int | None:
    """What a switch with a registrar would answer, None for nothing yet."""
    data = (TORTURE / f"{name}.dat").read_bytes()
    agent = SipEndpoint(ids=CountingIds("us"), local=lambda flow: flow.local)
    agent.receive_datagram(data, FLOW, 0.0)
    while (event := agent.next_event()) is not None:
        if isinstance(event, RequestReceived) and event.request.method == "REGISTER":
            challenger = DigestChallenger("example.com", b"secret")
            outcome = challenger.verify(event.request, "REGISTER", lambda *_: None, 0.0).outcome
            if "Authorization" in event.request.headers and outcome is not AuthOutcome.OK:
                agent.respond(event.transaction, 401, now=0.0)
                continue
            try:
                registration = Registrar().register("user", event.request, FLOW, 0.0)
            except ParseError as error:
                agent.respond(event.transaction, error.status, now=0.0)
            else:
                agent.respond(event.transaction, registration.status, now=0.0)
        elif isinstance(event, InviteReceived):
            agent.ring(event.usage, now=0.0)
    finals = []
    while (transmit := agent.next_transmit()) is not None:
        status = int(transmit.data.split(b" ", 2)[1])
        finals += [status] if status >= 200 else []
    assert len(finals) <= 1
    agent.handle_timeout(100.0)
    agent.handle_timeout(400.0)
    return finals[0] if finals else None


@pytest.mark.parametrize("name", [n for n, e in MANIFEST.items() if e["layer"] == "application"])
def test_what_the_application_objects_to(name: str) -> None:
    assert status_of(name) == MANIFEST[name].get("status")


@pytest.mark.parametrize("name", [n for n, e in MANIFEST.items() if e["layer"] == "parse"])
def test_what_the_parser_objects_to_is_answered_or_dropped(name: str) -> None:
    assert status_of(name) == MANIFEST[name].get("status")


@pytest.mark.parametrize("name", [n for n, e in MANIFEST.items() if e["layer"] in ("accept", "transaction")])
def test_what_is_accepted_is_not_called_malformed(name: str) -> None:
    data = (TORTURE / f"{name}.dat").read_bytes()
    parse_message(data)
    assert status_of(name) in (None, 200, 405, 415, 416, 481, 501)
