"""Our own INVITEs when they are challenged (RFC 3261 §22.2; attacks A8 and A9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sip.auth import Credentials, DigestChallenger, ha1
from sip.events import Answered, EndCause, Ended, InviteReceived, Rejected, RequestReceived
from sip.message import Request
from sip.parser import parse_message
from tests.support.phones import ANSWER, call
from tests.support.simnet import Agent, World, pair

if TYPE_CHECKING:
    from sip.events import Event

CREDENTIALS = Credentials("trunk", "s3cret")


def lookup(user: str, realm: str, algorithm: str) -> str | None:
    return ha1("trunk", realm, "s3cret", algorithm) if user == "trunk" else None


def provider(bob: Agent, *, status: int = 401) -> None:
    """Bob lets in only who logs in."""
    challenger = DigestChallenger("provider", b"secret")
    challenge, answer = (
        ("WWW-Authenticate", "Authorization") if status == 401 else ("Proxy-Authenticate", "Proxy-Authorization")
    )

    def script(event: Event, now: float) -> None:
        if isinstance(event, InviteReceived):
            if challenger.verify(event.request, "INVITE", lookup, now, header=answer).ok:
                bob.endpoint.answer(event.usage, body=ANSWER, now=now)
            else:
                headers = [(challenge, value) for value in challenger.challenge(now)]
                bob.endpoint.reject(event.usage, status, headers=headers, now=now)

    bob.on_event = script


def requests(world: World, method: str) -> list[Request]:
    messages = [parse_message(t.data) for _, t in world.net.sent]
    return [m for m in messages if isinstance(m, Request) and m.method == method]


@pytest.mark.parametrize("status", [401, 407])
def test_a_challenge_is_answered_once_and_the_call_goes_through(status: int) -> None:
    world, alice, bob = pair()
    provider(bob, status=status)
    usage = call(alice, bob, auth=CREDENTIALS)
    world.run(1)
    assert len(alice.told(Answered)) == 1
    first, second = requests(world, "INVITE")
    assert second.cseq.number == first.cseq.number + 1
    assert second.top_via.branch != first.top_via.branch
    assert (second.call_id, second.from_.tag) == (first.call_id, first.from_.tag)
    ack = requests(world, "ACK")[-1]
    assert ("Authorization" if status == 401 else "Proxy-Authorization") in ack.headers  # §22.1
    alice.endpoint.hang_up(usage, now=world.now)
    world.run_out()
    world.assert_nothing_left()
    assert [e.cause for e in alice.told(Ended)] == [EndCause.LOCAL]


def test_without_credentials_the_challenge_is_the_users_affair() -> None:
    world, alice, bob = pair()
    provider(bob)
    call(alice, bob)
    world.run_out()
    assert [e.status for e in alice.told(Rejected)] == [401]
    world.assert_nothing_left()


def test_a_wrong_password_is_tried_twice_and_no_more() -> None:
    # attack A9: a far end that challenges for ever
    world, alice, bob = pair()
    provider(bob)
    call(alice, bob, auth=Credentials("trunk", "wrong"))
    world.run_out()
    assert [e.status for e in alice.told(Rejected)] == [401]
    assert len(requests(world, "INVITE")) == 3
    world.assert_nothing_left()


def test_hanging_up_while_logging_in() -> None:
    world, alice, bob = pair()
    provider(bob)
    usage = call(alice, bob, auth=CREDENTIALS)
    world.run(0.015)
    alice.endpoint.hang_up(usage, now=world.now)
    world.run_out()
    assert alice.told(Answered) == []
    assert len(alice.told(Ended)) == 1
    world.assert_nothing_left()


@pytest.mark.parametrize("realm", ["provider", "elsewhere"])
def test_a_far_end_that_challenges_our_bye_gets_no_digest(realm: str) -> None:
    # attack A8 (CVE-2021-41158): the answer to its challenge would be good at our provider
    world, alice, bob = pair()

    def attacker(event: Event, now: float) -> None:
        if isinstance(event, InviteReceived):
            bob.endpoint.answer(event.usage, body=ANSWER, now=now)
        elif isinstance(event, RequestReceived):
            value = f'Digest realm="{realm}", nonce="n", qop="auth"'
            bob.endpoint.respond(event.transaction, 401, headers=[("WWW-Authenticate", value)], now=now)

    bob.on_event = attacker
    usage = call(alice, bob, auth=CREDENTIALS)
    world.run(1)
    alice.endpoint.info(usage, body=b"Signal=1", content_type="application/dtmf-relay", now=world.now)
    world.run(1)
    alice.endpoint.hang_up(usage, now=world.now)
    world.run_out()
    assert b"response=" not in b"".join(t.data for _, t in world.net.sent)
    world.assert_nothing_left()


def test_the_provider_that_let_us_in_may_challenge_again_in_the_dialog() -> None:
    world, alice, bob = pair()
    provider(bob)
    usage = call(alice, bob, auth=CREDENTIALS)
    world.run(1)
    previous = bob.on_event
    infos: list[Request] = []

    def script(event: Event, now: float) -> None:
        previous(event, now)
        if isinstance(event, RequestReceived):
            infos.append(event.request)
            value = 'Digest realm="provider", nonce="n", qop="auth"'
            status = 200 if "Authorization" in event.request.headers else 401
            headers = [] if status == 200 else [("WWW-Authenticate", value)]
            bob.endpoint.respond(event.transaction, status, headers=headers, now=now)

    bob.on_event = script
    alice.endpoint.info(usage, body=b"Signal=1", content_type="application/dtmf-relay", now=world.now)
    world.run(1)
    assert ["Authorization" in request.headers for request in infos] == [False, True]
    assert infos[1].cseq.number == infos[0].cseq.number + 1
    alice.endpoint.hang_up(usage, now=world.now)
    world.run_out()
    world.assert_nothing_left()
