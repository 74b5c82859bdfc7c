"""Calls between two endpoints on a simulated network: RFC 3261 §9, §13, §15; RFC 5407 for what crosses on the way."""

from __future__ import annotations

import itertools

import pytest

from sip.endpoint import Transmit
from sip.events import (
    Answered,
    Cancelled,
    Confirmed,
    EndCause,
    Ended,
    InviteReceived,
    Rejected,
    RequestReceived,
    Ringing,
)
from sip.flow import Transport
from sip.message import Response
from sip.parser import parse_message
from tests.support.phones import ANSWER, OFFER, answering, call, endings, rejecting, ringing
from tests.support.simnet import Agent, SimNet, World, pair


def start_of(transmit: Transmit) -> str:
    return transmit.data.split(b"\r\n", 1)[0].decode()


def wire(world: World) -> list[str]:
    """What went out: ``alice INVITE``, ``bob 200 INVITE`` …"""
    lines = []
    for _, transmit in world.net.sent:
        message = parse_message(transmit.data)
        sender = next(a.name for a in world.agents if a.address == transmit.flow.local)
        what = f"{message.status} {message.cseq.method}" if isinstance(message, Response) else message.method
        lines.append(f"{sender} {what}")
    return lines


def dropping(*starts: str, times: int = 1) -> SimNet:
    """A network that loses the first *times* datagrams that begin with each of *starts*."""
    left = dict.fromkeys(starts, times)

    def drop(transmit: Transmit) -> bool:
        for start in starts:
            if start_of(transmit).startswith(start) and left[start] > 0:
                left[start] -= 1
                return True
        return False

    return SimNet(drop=drop)


def finish(world: World) -> None:
    world.run_out()
    world.assert_nothing_left()


def test_a_call_is_set_up_and_the_caller_hangs_up() -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob)
    usage = call(alice, bob)
    world.run(10)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    assert wire(world) == [
        "alice INVITE", "bob 180 INVITE", "bob 200 INVITE", "alice ACK", "alice BYE", "bob 200 BYE",
    ]  # fmt: skip
    assert alice.told(Answered)[0].response.body == ANSWER
    assert bob.told(InviteReceived)[0].request.body == OFFER
    assert [e.cause for e in alice.told(Ended)] == [EndCause.LOCAL]
    assert [e.cause for e in bob.told(Ended)] == [EndCause.REMOTE]
    assert len(bob.told(Confirmed)) == 1


@pytest.mark.parametrize("transport", list(Transport))
def test_the_callee_hangs_up_and_says_why(transport: Transport) -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob)
    call(alice, bob, transport=transport)
    world.run(1)
    usage = bob.told(InviteReceived)[0].usage
    bob.endpoint.hang_up(usage, headers=[("Reason", 'Q.850;cause=31;text="Normal"')], now=world.now)
    finish(world)
    [ended] = alice.told(Ended)
    assert (ended.cause, ended.q850) == (EndCause.REMOTE, 31)
    assert ended.request is not None


def test_a_busy_callee() -> None:
    world, alice, bob = pair()
    bob.on_event = rejecting(bob, 486)
    call(alice, bob)
    finish(world)
    [rejected] = alice.told(Rejected)
    assert (rejected.status, rejected.cause) == (486, "Busy Here")
    assert wire(world)[-1] == "alice ACK"
    assert [e.cause for e in bob.told(Ended)] == [EndCause.LOCAL]


def test_nobody_there_is_a_408_after_32_seconds() -> None:
    world, alice, bob = pair(SimNet(drop=lambda transmit: True))
    call(alice, bob)
    finish(world)
    [(at, rejected)] = [(at, e) for at, e in alice.events]
    assert isinstance(rejected, Rejected)
    assert (at, rejected.status, rejected.response) == (32.0, 408, None)
    assert wire(world) == ["alice INVITE"] * 7


def test_the_network_refusing_is_a_503() -> None:
    world, alice, bob = pair()
    call(alice, bob)
    transmit = alice.endpoint.next_transmit()
    assert transmit is not None
    alice.endpoint.transport_failed(transmit.flow, 0.0)
    finish(world)
    assert alice.told(Rejected)[0].status == 503


def test_ringing_for_ever_is_cancelled_after_five_minutes() -> None:
    world, alice, bob = pair()
    bob.on_event = ringing(bob)
    call(alice, bob)
    finish(world)
    assert alice.told(Rejected)[0].status == 408
    assert len(bob.told(Cancelled)) == 1
    # §13.3.1.1: the 180 was repeated every minute meanwhile, the last time as the CANCEL was on its way
    assert wire(world).count("bob 180 INVITE") == 6


def test_100_trying_goes_out_when_the_user_takes_his_time() -> None:
    world, alice, bob = pair()
    call(alice, bob)
    world.run(5)
    assert [(round(at, 3), start_of(t)) for at, t in world.net.sent[1:]] == [(0.21, "SIP/2.0 100 Trying")]
    assert alice.told(Ringing) == []
    assert len(bob.told(InviteReceived)) == 1


def test_cancel_while_ringing() -> None:
    world, alice, bob = pair()
    bob.on_event = ringing(bob)
    usage = call(alice, bob)
    world.run(3)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    assert wire(world)[-4:] == ["alice CANCEL", "bob 200 CANCEL", "bob 487 INVITE", "alice ACK"]
    assert len(bob.told(Cancelled)) == 1
    assert [type(e) for e in endings(alice)] == [Ended]
    cancel = next(t for _, t in world.net.sent if start_of(t).startswith("CANCEL"))
    invite = world.net.sent[0][1]
    assert parse_message(cancel.data).top_via.branch == parse_message(invite.data).top_via.branch


def test_hanging_up_before_any_response_sends_cancel_only_after_the_first_one() -> None:
    # §9.1: no CANCEL until a provisional response has come
    world, alice, bob = pair(dropping("INVITE"))
    bob.on_event = ringing(bob)
    usage = call(alice, bob)
    world.run(0.2)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    assert wire(world)[:4] == ["alice INVITE", "alice INVITE", "bob 180 INVITE", "alice CANCEL"]
    assert len(bob.told(Cancelled)) == 1


def test_a_cancel_that_is_never_answered_frees_the_call_after_64_t1() -> None:
    world, alice, bob = pair()
    bob.on_event = ringing(bob)
    usage = call(alice, bob)
    world.run(1)
    world.net.drop = lambda transmit: True
    alice.endpoint.hang_up(usage, now=world.now)
    while alice.endpoint.load != (0, 0):
        assert world.step()
    assert world.now == pytest.approx(33.0)


@pytest.mark.parametrize("offset_ms", range(-30, 31, 3))
def test_cancel_and_200_crossing_leave_no_call_behind(offset_ms: int) -> None:
    world, alice, bob = pair()
    bob.on_event = ringing(bob)
    usage = call(alice, bob)
    times = sorted([(1.0, "answer"), (1.0 + offset_ms / 1000, "cancel")])
    for at, what in times:
        world.run(at - world.now)
        if what == "cancel":
            alice.endpoint.hang_up(usage, now=world.now)
        else:
            bob.endpoint.answer(bob.told(InviteReceived)[0].usage, body=ANSWER, now=world.now)
        world.flush()
    finish(world)
    assert len(endings(alice)) == len(endings(bob)) == 1
    if isinstance(endings(bob)[0], Ended):  # the 200 was first: it is acknowledged and the call ended with BYE
        assert wire(world).count("alice ACK") >= 1
        assert "alice BYE" in wire(world)


def test_a_lost_ack_is_repeated_for_the_repeated_200() -> None:
    world, alice, bob = pair(dropping("ACK"))
    bob.on_event = answering(bob)
    call(alice, bob)
    world.run(5)
    assert wire(world).count("bob 200 INVITE") == 2
    assert wire(world).count("alice ACK") == 2
    assert len(alice.told(Answered)) == len(bob.told(Confirmed)) == 1


def test_a_200_that_is_never_acknowledged_ends_the_call_with_bye_after_64_t1() -> None:
    world, alice, bob = pair(dropping("ACK", times=1000))
    bob.on_event = answering(bob)
    call(alice, bob)
    finish(world)
    times = [at for at, t in world.net.sent if b"200 OK" in t.data and b"1 INVITE" in t.data]
    gaps = [round(b - a, 6) for a, b in itertools.pairwise(times)]
    assert gaps[:5] == [0.5, 1.0, 2.0, 4.0, 4.0]  # §13.3.1.4
    [(at, ended)] = [(at, e) for at, e in bob.events if isinstance(e, Ended)]
    assert ended.cause is EndCause.ACK_TIMEOUT
    assert at == pytest.approx(32.01)
    assert [e.cause for e in alice.told(Ended)] == [EndCause.REMOTE]


def test_hanging_up_before_the_ack_waits_for_it() -> None:
    # §15: the callee must not send BYE until the ACK or the end of the transaction
    world, alice, bob = pair(dropping("ACK"))
    bob.on_event = answering(bob)
    call(alice, bob)
    world.run(0.1)
    bob.endpoint.hang_up(bob.told(InviteReceived)[0].usage, now=world.now)
    finish(world)
    sent = wire(world)
    assert sent.count("alice ACK") == 2
    assert sent.index("bob BYE") > len(sent) - 1 - sent[::-1].index("alice ACK")
    assert [e.cause for e in endings(bob) if isinstance(e, Ended)] == [EndCause.LOCAL]
    assert [e.cause for e in endings(alice) if isinstance(e, Ended)] == [EndCause.REMOTE]


def test_both_hang_up_at_once() -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob)
    usage = call(alice, bob)
    world.run(1)
    alice.endpoint.hang_up(usage, now=world.now)
    bob.endpoint.hang_up(bob.told(InviteReceived)[0].usage, now=world.now)
    finish(world)
    assert wire(world).count("alice 200 BYE") == wire(world).count("bob 200 BYE") == 1
    assert [type(e) for e in endings(alice) + endings(bob)] == [Ended, Ended]


def test_a_storm_of_repeated_requests_is_one_call() -> None:
    # fault F34: every request ten times within 100 ms
    world, alice, bob = pair()
    bob.on_event = answering(bob)
    plain = world.net.send

    def storm(transmit: Transmit, now: float) -> None:
        for n in range(10):
            plain(transmit, now + n * 0.01)

    world.net.send = storm  # type: ignore[method-assign]
    usage = call(alice, bob)
    world.run(5)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    assert [type(e) for _, e in bob.events] == [InviteReceived, Confirmed, Ended]
    assert [type(e) for _, e in alice.events].count(Answered) == 1


def test_hang_up_is_idempotent_and_verbs_after_the_end_do_nothing() -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob)
    usage = call(alice, bob)
    world.run(1)
    for _ in range(3):
        alice.endpoint.hang_up(usage, now=world.now)
    alice.endpoint.reinvite(usage, body=OFFER, now=world.now)
    world.run(1)
    theirs = bob.told(InviteReceived)[0].usage
    bob.endpoint.ring(theirs, now=world.now)
    bob.endpoint.answer(theirs, body=ANSWER, now=world.now)
    bob.endpoint.reject(theirs, 486, now=world.now)
    bob.endpoint.hang_up(theirs, now=world.now)
    bob.endpoint.hang_up("no such usage", now=world.now)
    finish(world)
    assert wire(world).count("alice BYE") == 1
    assert len(endings(alice)) == len(endings(bob)) == 1


def test_declining_an_incoming_call_by_hanging_up() -> None:
    world, alice, bob = pair()
    call(alice, bob)
    world.run(1)
    bob.endpoint.hang_up(bob.told(InviteReceived)[0].usage, now=world.now)
    finish(world)
    assert alice.told(Rejected)[0].status == 603


def test_late_offer_the_ack_carries_the_answer() -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob, body=OFFER)
    usage = call(alice, bob, body=b"")
    world.run(1.2)  # the 200 is repeated while the user thinks, without a second Answered
    assert len(alice.told(Answered)) == 1
    assert "alice ACK" not in wire(world)
    alice.endpoint.ack(usage, body=ANSWER, now=world.now)
    world.run(1)
    assert bob.told(Confirmed)[0].request.body == ANSWER
    assert bob.told(Confirmed)[0].request.content_type == "application/sdp"
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)


def test_late_offer_hung_up_before_the_answer_is_still_acknowledged() -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob, body=OFFER)
    usage = call(alice, bob, body=b"")
    world.run(0.2)
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)
    assert wire(world)[-3:] == ["alice ACK", "alice BYE", "bob 200 BYE"]


def test_late_offer_that_the_user_never_answers_ends() -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob, body=OFFER)
    call(alice, bob, body=b"")
    finish(world)
    assert len(endings(alice)) == len(endings(bob)) == 1


def test_the_second_party_behind_a_forking_proxy_is_acknowledged_and_released() -> None:
    # fault F38. The proxy is played by hand: bob and carol both get the INVITE and both answer.
    world, alice, bob = pair()
    carol = Agent("carol", ("192.0.2.3", 5060))
    world.agents.append(carol)
    bob.on_event = answering(bob)
    carol.on_event = answering(carol)
    plain = world.net.send

    def fork(transmit: Transmit, now: float) -> None:
        plain(transmit, now)
        if start_of(transmit).startswith("INVITE"):
            flow = transmit.flow
            plain(Transmit(transmit.data, type(flow)(flow.transport, flow.local, carol.address)), now + 0.005)

    world.net.send = fork  # type: ignore[method-assign]
    usage = call(alice, bob)
    world.run(5)
    assert len(alice.told(Answered)) == 1
    assert [e.cause for e in carol.told(Ended)] == [EndCause.REMOTE]
    assert len(carol.told(Confirmed)) == 1
    assert endings(bob) == []
    alice.endpoint.hang_up(usage, now=world.now)
    finish(world)


def test_a_provisional_response_with_a_body_is_early_media() -> None:
    world, alice, bob = pair()
    call(alice, bob)
    world.run(1)
    bob.endpoint.ring(bob.told(InviteReceived)[0].usage, 183, body=ANSWER, now=world.now)
    world.run(1)
    assert [(e.response.status, e.response.body) for e in alice.told(Ringing)] == [(183, ANSWER)]


def test_info_reaches_the_other_side_and_its_failure_ends_a_dead_call() -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob)
    usage = call(alice, bob)
    world.run(1)
    alice.endpoint.info(usage, body=b"Signal=5\r\n", content_type="application/dtmf-relay", now=world.now)
    world.run(1)
    [info] = bob.told(RequestReceived)
    assert info.usage == bob.told(InviteReceived)[0].usage
    assert (info.request.method, info.request.body) == ("INFO", b"Signal=5\r\n")
    bob.endpoint.respond(info.transaction, 200, now=world.now)
    world.run(1)
    assert endings(alice) == []
    alice.endpoint.info(usage, body=b"Signal=6\r\n", content_type="application/dtmf-relay", now=world.now)
    world.run(1)
    bob.endpoint.respond(bob.told(RequestReceived)[1].transaction, 481, now=world.now)
    world.run(1)
    assert [e.cause for e in alice.told(Ended)] == [EndCause.PEER_GONE]


def test_a_peer_that_vanished_is_given_up_when_it_does_not_answer_an_info() -> None:
    world, alice, bob = pair()
    bob.on_event = answering(bob)
    usage = call(alice, bob)
    world.run(1)
    world.net.drop = lambda transmit: True
    alice.endpoint.info(usage, body=b"Signal=5\r\n", content_type="application/dtmf-relay", now=world.now)
    while alice.endpoint.load != (0, 0):
        assert world.step()
    assert [e.cause for e in alice.told(Ended)] == [EndCause.PEER_GONE]


def test_a_tcp_caller_whose_connection_dies_while_ringing_leaves_nothing() -> None:
    # attack A23
    world, alice, bob = pair()
    bob.on_event = ringing(bob)
    call(alice, bob, transport=Transport.TCP)
    world.run(1)
    flow = bob.told(InviteReceived)[0].flow
    bob.endpoint.transport_failed(flow, world.now)
    world.net.drop = lambda transmit: True
    while bob.endpoint.load != (0, 0):
        assert world.step()
    assert [e.cause for e in bob.told(Ended)] == [EndCause.TRANSPORT]
