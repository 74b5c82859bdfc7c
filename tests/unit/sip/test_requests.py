"""Our own requests outside dialogs: REGISTER and OPTIONS, with and without a challenge (RFC 3261 §8.1, §10.2, §22)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from sip.auth import Credentials, DigestChallenger, ha1
from sip.errors import SerializeError
from sip.events import RequestFailed, RequestReceived, ResponseReceived
from sip.headers import NameAddr
from sip.message import Request
from sip.parser import parse_message
from sip.registrar import Registrar
from sip.uri import Uri
from tests.support.simnet import Agent, SimNet, World, pair

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.events import Event

AOR = NameAddr("Alice", Uri("sip", "alice", "pbx.example"))
DOMAIN = Uri("sip", host="pbx.example")
RIGHT = Credentials("alice", "s3cret")


def ask(alice: Agent, bob: Agent, method: str = "OPTIONS", now: float = 0.0, **options: object) -> str:
    return alice.endpoint.request(
        method,
        uri=DOMAIN,
        flow=alice.flow_to(bob),
        from_=AOR,
        to=AOR,
        now=now,
        **options,  # type: ignore[arg-type]
    )


def replying(agent: Agent, *statuses: int, header: tuple[str, str] | None = None) -> None:
    """*agent* answers the first request with the first status and so on, the rest with the last."""
    left = itertools.chain(statuses, itertools.repeat(statuses[-1]))

    def script(event: Event, now: float) -> None:
        if isinstance(event, RequestReceived):
            headers = () if header is None else (header,)
            agent.endpoint.respond(event.transaction, next(left), headers=headers, now=now)

    agent.on_event = script


def requests_of(world: World, agent: Agent) -> list[Request]:
    sent = [parse_message(t.data) for _, t in world.net.sent if t.flow.local == agent.address]
    return [message for message in sent if isinstance(message, Request)]


def finish(world: World) -> None:
    world.run_out()
    world.assert_nothing_left()


def test_options_gets_its_response() -> None:
    world, alice, bob = pair()
    replying(bob, 200)
    handle = ask(alice, bob, headers=[("Accept", "application/sdp")])
    finish(world)
    [told] = alice.told(ResponseReceived)
    assert (told.request, told.response.status) == (handle, 200)
    [request] = requests_of(world, alice)
    assert request.headers.get("Accept") == "application/sdp"
    assert request.from_.tag
    assert not request.to.tag
    assert not request.contacts


def test_a_contact_is_sent_when_it_has_a_user() -> None:
    world, alice, bob = pair()
    replying(bob, 200)
    ask(alice, bob, "REGISTER", contact_user="alice", body=b"hello", content_type="text/plain")
    finish(world)
    [request] = requests_of(world, alice)
    assert str(request.contacts[0].uri) == "sip:alice@192.0.2.1:5060"
    assert (request.body, request.content_type) == (b"hello", "text/plain")


def test_only_the_final_response_is_told() -> None:
    world, alice, bob = pair()

    def script(event: Event, now: float) -> None:
        if isinstance(event, RequestReceived):
            bob.endpoint.respond(event.transaction, 183, now=now)
            bob.endpoint.respond(event.transaction, 404, now=now)

    bob.on_event = script
    ask(alice, bob)
    finish(world)
    assert [told.response.status for told in alice.told(ResponseReceived)] == [404]


def registrar_at(bob: Agent) -> Registrar:
    """*bob* is a registrar that knows alice's password."""
    server = DigestChallenger("pbx.example", b"a secret of the server")
    registrar = Registrar()

    def lookup(user: str, realm: str, algorithm: str) -> str | None:
        return ha1("alice", realm, "s3cret", algorithm) if user == "alice" else None

    def script(event: Event, now: float) -> None:
        if not isinstance(event, RequestReceived):
            return
        if server.verify(event.request, "REGISTER", lookup, now).ok:
            status, headers, _ = registrar.register("alice", event.request, event.flow, now)
        else:
            status, headers = 401, [("WWW-Authenticate", value) for value in server.challenge(now)]
        bob.endpoint.respond(event.transaction, status, headers=headers, now=now)

    bob.on_event = script
    return registrar


def test_a_phone_registers_with_its_password_refreshes_and_unregisters() -> None:
    world, alice, bob = pair()
    registrar = registrar_at(bob)
    ask(alice, bob, "REGISTER", contact_user="alice", headers=[("Expires", "600")], auth=RIGHT)
    world.run(1)
    [first] = alice.told(ResponseReceived)
    assert first.response.status == 200
    assert [str(b.contact) for b in registrar.bindings("alice", world.now)] == ["sip:alice@192.0.2.1:5060"]

    response = first.response
    again = {"call_id": response.call_id, "cseq": response.cseq.number + 1, "auth": RIGHT}
    ask(alice, bob, "REGISTER", world.now, headers=[("Contact", "*"), ("Expires", "0")], **again)
    finish(world)
    assert [told.response.status for told in alice.told(ResponseReceived)] == [200, 200]
    assert registrar.bindings("alice", world.now) == []
    sent = requests_of(world, alice)
    assert [request.cseq.number for request in sent] == [1, 2, 3, 4]
    assert len({request.call_id for request in sent}) == 1
    assert len({request.top_via.branch for request in sent}) == 4


def test_a_wrong_password_is_tried_twice_and_then_told() -> None:
    world, alice, bob = pair()
    registrar_at(bob)
    ask(alice, bob, "REGISTER", contact_user="alice", auth=Credentials("alice", "guess"))
    finish(world)
    assert [told.response.status for told in alice.told(ResponseReceived)] == [401]
    assert len(requests_of(world, alice)) == 3


@pytest.mark.parametrize("auth", [None, Credentials("alice", "s3cret", realm="elsewhere")], ids=["none", "of another"])
def test_without_credentials_for_the_realm_the_challenge_is_told(auth: Credentials | None) -> None:
    world, alice, bob = pair()
    registrar_at(bob)
    ask(alice, bob, "REGISTER", contact_user="alice", auth=auth)
    finish(world)
    assert [told.response.status for told in alice.told(ResponseReceived)] == [401]
    assert len(requests_of(world, alice)) == 1


def test_a_proxys_challenge_is_answered_in_its_own_field() -> None:
    world, alice, bob = pair()
    challenge = DigestChallenger("pbx.example", b"secret").challenge(0.0)[0]
    replying(bob, 407, 200, header=("Proxy-Authenticate", challenge))
    ask(alice, bob, auth=RIGHT)
    finish(world)
    assert "Proxy-Authorization" in requests_of(world, alice)[1].headers
    assert [told.response.status for told in alice.told(ResponseReceived)] == [200]


def test_a_silent_peer_fails_after_32_seconds() -> None:
    world, alice, bob = pair(SimNet(drop=lambda transmit: True))
    handle = ask(alice, bob)
    finish(world)
    assert alice.told(RequestFailed) == [RequestFailed(handle, 408, "no response")]
    assert [at for at, event in alice.events if isinstance(event, RequestFailed)] == [32.0]


def test_a_network_that_refuses_fails_at_once() -> None:
    world, alice, bob = pair()
    handle = ask(alice, bob)
    alice.endpoint.transport_failed(alice.flow_to(bob), 0.0)
    world.flush()
    assert alice.told(RequestFailed) == [RequestFailed(handle, 503, "not reachable")]
    assert alice.endpoint.load == (0, 0)


@pytest.mark.parametrize("method", ["INVITE", "ACK", "CANCEL", "BYE"])
def test_methods_of_dialogs_have_verbs_of_their_own(method: str) -> None:
    _, alice, bob = pair()
    with pytest.raises(ValueError, match="verb of its own"):
        ask(alice, bob, method)


def test_nothing_can_be_smuggled_into_a_header() -> None:
    _, alice, bob = pair()
    send: Callable[..., str] = ask
    with pytest.raises(SerializeError):
        send(alice, bob, headers=[("Subject", "x\r\nRoute: <sip:evil>")])
    assert alice.endpoint.load == (0, 0)
    assert alice.endpoint.next_transmit() is None
