"""Call flows in the style of RFC 3665, as bytes on the wire."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sip.auth import Credentials, DigestChallenger, ha1
from sip.events import InviteReceived, RequestReceived
from sip.flow import Transport
from sip.parser import parse_message
from tests.support.phones import ANSWER, OFFER, answering, call, rejecting, ringing
from tests.support.simnet import Agent, SimNet, World, pair

Golden = Callable[[str, World], None]


def finish(world: World) -> None:
    world.run_out()
    world.assert_nothing_left()


@pytest.mark.parametrize("transport", list(Transport))
def test_call(golden: Golden, transport: Transport) -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob)
    usage = call(alice, bob, transport=transport)
    world.run(10)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    golden(f"call-{transport.value}", world)


def test_busy(golden: Golden) -> None:
    world, alice, bob = pair()
    bob.on_event = rejecting(bob)
    call(alice, bob)
    finish(world)
    golden("busy", world)


def test_no_answer(golden: Golden) -> None:
    world, alice, bob = pair(SimNet(drop=lambda transmit: True))
    call(alice, bob)
    finish(world)
    golden("no-response", world)


def test_cancel(golden: Golden) -> None:
    world, alice, bob = pair()
    bob.on_event = ringing(bob)
    usage = call(alice, bob)
    world.run(3)
    alice.endpoint.hang_up(usage, headers=[("Reason", 'SIP;cause=200;text="Call completed elsewhere"')], now=world.now)
    finish(world)
    golden("cancel", world)


def test_cancel_and_200_cross(golden: Golden) -> None:
    world, alice, bob = pair()
    bob.on_event = ringing(bob)
    usage = call(alice, bob)
    world.run(1)
    bob.endpoint.answer(bob.told(InviteReceived)[0].usage, body=ANSWER, now=world.now)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    golden("cancel-200-race", world)


def test_hold_and_glare(golden: Golden) -> None:
    world, alice, bob = pair()
    alice.on_event = answering(alice)
    bob.on_event = answering(bob)
    usage = call(alice, bob)
    world.run(1)
    theirs = bob.told(InviteReceived)[0].usage
    alice.endpoint.reinvite(usage, body=OFFER, now=world.now)
    bob.endpoint.reinvite(theirs, body=OFFER, now=world.now)
    world.run(10)
    bob.endpoint.hang_up(theirs, now=world.now)
    finish(world)
    golden("reinvite-glare", world)


def test_late_offer(golden: Golden) -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob, body=OFFER)
    usage = call(alice, bob, body=b"")
    world.run(0.1)
    alice.endpoint.ack(usage, body=ANSWER, now=world.now)
    world.run(1)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    golden("late-offer", world)


def test_login(golden: Golden) -> None:
    world, alice, bob = pair()
    challenger = DigestChallenger("example.com", b"secret")

    def script(event: object, now: float) -> None:
        if isinstance(event, InviteReceived):
            verified = challenger.verify(event.request, "INVITE", lambda u, r, a: ha1(u, r, "s3cret", a), now)
            if verified.ok:
                bob.endpoint.answer(event.usage, body=ANSWER, now=now)
            else:
                headers = [("WWW-Authenticate", value) for value in challenger.challenge(now)]
                bob.endpoint.reject(event.usage, 401, headers=headers, now=now)

    bob.on_event = script
    usage = call(alice, bob, auth=Credentials("alice", "s3cret"))
    world.run(1)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    golden("login", world)


def test_lost_ack(golden: Golden) -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob, ring=False)
    lost: list[bytes] = []
    world.net.drop = lambda t: t.data.startswith(b"ACK") and not lost and not lost.append(t.data)  # type: ignore[func-returns-value]
    usage = call(alice, bob)
    world.run(2)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    golden("lost-ack", world)


def test_options_and_info(golden: Golden) -> None:
    world, alice, bob = pair()

    def script(event: object, now: float) -> None:
        answering(bob)(event, now)  # type: ignore[arg-type]
        if isinstance(event, RequestReceived):
            bob.endpoint.respond(event.transaction, 200, now=now)

    bob.on_event = script
    usage = call(alice, bob)
    world.run(1)
    alice.endpoint.info(usage, body=b"Signal=5\r\n", content_type="application/dtmf-relay", now=world.now)
    world.run(1)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    golden("info", world)


def test_every_message_that_we_send_parses_again() -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob)
    carol = Agent("carol", ("192.0.2.3", 5060))
    world.agents.append(carol)
    call(alice, bob)
    world.run(1)
    for _, transmit in world.net.sent:
        parse_message(transmit.data)
