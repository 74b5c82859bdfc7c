"""re-INVITE (RFC 3261 §14): from both sides, at once, refused, unanswered."""

from __future__ import annotations

import pytest

from sip.endpoint import Flow, Transmit
from sip.events import (
    EndCause,
    Ended,
    InviteReceived,
    ReinviteAnswered,
    ReinviteConfirmed,
    ReinviteReceived,
    ReinviteRejected,
)
from sip.message import Request, Response
from sip.parser import parse_message
from tests.support.phones import ANSWER, OFFER, answering, call
from tests.support.simnet import Agent, SimNet, World, pair

HOLD = b"v=0\r\na=sendonly\r\n"
RESUME = b"v=0\r\na=sendrecv\r\n"


def in_call(net: SimNet | None = None) -> tuple[World, Agent, Agent, str, str]:
    world, alice, bob = pair(net)
    bob.on_event = answering(bob)
    alice.on_event = answering(alice)
    ours = call(alice, bob)
    world.run(1)
    return world, alice, bob, ours, bob.told(InviteReceived)[0].usage


def finish(world: World, agent: Agent, usage: str) -> None:
    world.run(40)
    agent.endpoint.hang_up(usage, now=world.now)
    world.run_out()
    world.assert_nothing_left()


def count(world: World, what: str) -> int:
    total = 0
    for _, transmit in world.net.sent:
        message = parse_message(transmit.data)
        total += what == (message.method if isinstance(message, Request) else f"{message.status}")
    return total


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_hold_and_resume_from_either_side(side: str) -> None:
    world, alice, bob, ours, theirs = in_call()
    holder, held, usage = (alice, bob, ours) if side == "caller" else (bob, alice, theirs)
    holder.endpoint.reinvite(usage, body=HOLD, now=world.now)
    world.run(1)
    holder.endpoint.reinvite(usage, body=RESUME, now=world.now)
    world.run(1)
    assert [e.request.body for e in held.told(ReinviteReceived)] == [HOLD, RESUME]
    assert [e.offer for e in holder.told(ReinviteAnswered)] == [HOLD, RESUME]
    assert len(held.told(ReinviteConfirmed)) == 2
    finish(world, alice, ours)


def test_wishes_follow_one_another_and_the_newest_unsent_one_wins() -> None:
    world, alice, bob, ours, _ = in_call()
    for body in (b"1", b"2", b"3"):
        alice.endpoint.reinvite(ours, body=body, now=world.now)
    world.run(1)
    assert [e.request.body for e in bob.told(ReinviteReceived)] == [b"1", b"3"]
    finish(world, alice, ours)


def test_a_wish_before_the_call_is_confirmed_goes_out_afterwards() -> None:
    world, alice, bob = pair(SimNet(latency=0.05))
    bob.on_event = answering(bob)
    alice.on_event = answering(alice)
    ours = call(alice, bob)
    world.run(0.06)
    bob.endpoint.reinvite(bob.told(InviteReceived)[0].usage, body=HOLD, now=world.now)
    world.run(1)
    assert [e.request.body for e in alice.told(ReinviteReceived)] == [HOLD]
    finish(world, alice, ours)


def test_glare_both_get_491_and_both_changes_are_made_in_the_end() -> None:
    # fault F36
    world, alice, bob, ours, theirs = in_call()
    start = world.now
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    bob.endpoint.reinvite(theirs, body=RESUME, now=world.now)
    world.run(10)
    assert count(world, "491") == 2
    assert [e.offer for e in alice.told(ReinviteAnswered)] == [HOLD]
    assert [e.offer for e in bob.told(ReinviteAnswered)] == [RESUME]
    sent = {t.flow.local: at - start for at, t in world.net.sent if t.data.startswith(b"INVITE")}
    # §14.1: bob did not make the Call-ID, so he tries again first; alice goes on as soon as his change is made
    assert 0.0 <= sent[bob.address] - 0.02 <= 2.01
    assert sent[alice.address] == pytest.approx(sent[bob.address] + 0.03)
    finish(world, alice, ours)


@pytest.mark.parametrize(("side", "low", "high"), [("caller", 2.1, 4.0), ("callee", 0.0, 2.0)])
def test_after_a_491_the_change_is_tried_again_after_a_random_time(side: str, low: float, high: float) -> None:
    world, alice, bob, ours, theirs = in_call()
    asking, usage, busy, other = (alice, ours, bob, theirs) if side == "caller" else (bob, theirs, alice, ours)
    start = world.now
    asking.endpoint.reinvite(usage, body=HOLD, now=start)
    refused: list[float] = []

    def refuse_once(event: object, now: float) -> None:
        if isinstance(event, ReinviteReceived):
            if refused:
                busy.endpoint.accept_reinvite(other, body=ANSWER, now=now)
            else:
                busy.endpoint.reject_reinvite(other, 491, now=now)
                refused.append(now)

    busy.on_event = refuse_once
    world.run(10)
    again = [at for at, t in world.net.sent if t.data.startswith(b"INVITE") and at > start]
    assert [low <= round(at - refused[0] - 0.01, 6) <= high for at in again] == [True]
    assert [e.offer for e in asking.told(ReinviteAnswered)] == [HOLD]
    finish(world, alice, ours)


def test_a_peer_that_answers_491_for_ever_is_not_asked_for_ever() -> None:
    world, alice, bob, ours, theirs = in_call()

    def refuse(event: object, now: float) -> None:
        if isinstance(event, ReinviteReceived):
            bob.endpoint.reject_reinvite(theirs, 491, now=now)

    bob.on_event = refuse
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    world.run(60)
    assert [e.status for e in alice.told(ReinviteRejected)] == [491]
    assert len(bob.told(ReinviteReceived)) == 7
    finish(world, alice, ours)


def test_a_refused_change_leaves_the_call_as_it_was() -> None:
    world, alice, bob, ours, theirs = in_call()

    def refuse(event: object, now: float) -> None:
        if isinstance(event, ReinviteReceived):
            bob.endpoint.reject_reinvite(theirs, 488, now=now)

    bob.on_event = refuse
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    world.run(1)
    assert [e.status for e in alice.told(ReinviteRejected)] == [488]
    assert alice.told(Ended) == []
    finish(world, alice, ours)


def test_a_change_that_finds_the_call_gone_ends_it() -> None:
    world, alice, bob, ours, theirs = in_call()
    world.net.drop = lambda transmit: transmit.data.startswith(b"BYE")
    bob.endpoint.hang_up(theirs, now=world.now)
    world.run(40)  # bob is done, alice knows nothing
    world.net.drop = lambda transmit: False
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    world.run_out()
    assert [e.cause for e in alice.told(Ended)] == [EndCause.PEER_GONE]
    world.assert_nothing_left()


def test_a_change_that_gets_no_answer_at_all_ends_the_call_with_bye() -> None:
    world, alice, _, ours, _ = in_call()
    world.net.drop = lambda transmit: transmit.data.startswith(b"INVITE")
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    world.run_out()
    assert [e.cause for e in alice.told(Ended)] == [EndCause.PEER_GONE]
    assert count(world, "BYE") == 1
    world.assert_nothing_left()


def test_a_lost_ack_of_a_reinvite_is_repeated() -> None:
    world, alice, bob, ours, _ = in_call()
    lost: list[Transmit] = []

    def drop(transmit: Transmit) -> bool:
        if transmit.data.startswith(b"ACK") and not lost:
            lost.append(transmit)
            return True
        return False

    world.net.drop = drop
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    world.run(3)
    assert len(bob.told(ReinviteConfirmed)) == 1
    assert len(alice.told(ReinviteAnswered)) == 1
    finish(world, alice, ours)


def test_a_reinvite_that_is_never_acknowledged_ends_the_call() -> None:
    # §14.2
    world, alice, bob, ours, _ = in_call()
    world.net.drop = lambda transmit: transmit.data.startswith(b"ACK")
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    world.run_out()
    assert [e.cause for e in bob.told(Ended)] == [EndCause.ACK_TIMEOUT]
    assert [e.cause for e in alice.told(Ended)] == [EndCause.REMOTE]
    world.assert_nothing_left()


def test_bye_crossing_a_reinvite_ends_both_sides() -> None:
    world, alice, bob, ours, theirs = in_call()
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    bob.endpoint.hang_up(theirs, now=world.now)
    world.run_out()
    assert [e.cause for e in alice.told(Ended)] == [EndCause.REMOTE]
    assert [e.cause for e in bob.told(Ended)] == [EndCause.LOCAL]
    world.assert_nothing_left()


def test_hanging_up_while_the_peers_reinvite_waits_answers_it_487() -> None:
    world, alice, bob, ours, theirs = in_call()
    bob.on_event = lambda event, now: None
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    world.run(0.1)
    bob.endpoint.hang_up(theirs, now=world.now)
    world.run_out()
    assert count(world, "487") == 1
    assert len(alice.told(Ended)) == 1
    world.assert_nothing_left()


def test_a_2xx_with_a_contact_that_cannot_be_read_is_acknowledged_all_the_same() -> None:
    world, alice, _, ours, _ = in_call()
    deliver = alice.endpoint.receive_datagram

    def spoil(data: bytes, flow: Flow, now: float) -> None:
        deliver(data.replace(b"Contact: <sip:", b"Contact: <sip:@") if b" INVITE" in data else data, flow, now)

    alice.endpoint.receive_datagram = spoil  # type: ignore[method-assign]
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    world.run(1)
    assert len(alice.told(ReinviteAnswered)) == 1
    assert count(world, "ACK") == 2
    finish(world, alice, ours)


def test_a_peer_that_is_still_trying_when_the_call_ends_is_not_waited_for_for_ever() -> None:
    world, alice, bob, ours, _ = in_call()
    bob.on_event = lambda event, now: None
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    world.run(1)
    assert count(world, "100") == 1
    world.net.drop = lambda transmit: True
    alice.endpoint.hang_up(ours, now=world.now)
    world.run(70)
    assert alice.endpoint.load == (0, 0)


def test_a_reinvite_without_offer_gets_ours_and_its_ack_the_answer() -> None:
    world, alice, bob, ours, theirs = in_call()
    alice.endpoint.reinvite(ours, body=b"", now=world.now)
    world.run(1)
    assert bob.told(ReinviteReceived)[0].request.body == b""
    # our own side asks only with offers; the ACK with an answer comes from other implementations
    confirmed = bob.told(ReinviteConfirmed)[0]
    assert confirmed.usage == theirs
    finish(world, alice, ours)


def test_cancelling_a_reinvite_answers_it_487_and_keeps_the_call() -> None:
    world, alice, bob, ours, _ = in_call()
    bob.on_event = lambda event, now: None
    alice.endpoint.reinvite(ours, body=HOLD, now=world.now)
    world.run(0.1)
    invite = parse_message(next(t.data for _, t in reversed(world.net.sent) if t.data.startswith(b"INVITE")))
    assert isinstance(invite, Request)
    lines = [f"CANCEL {invite.uri} SIP/2.0"]
    lines += [f"{n}: {v}" for n, v in invite.headers if n in ("Via", "From", "To", "Call-ID")]
    lines += [f"CSeq: {invite.cseq.number} CANCEL", "Content-Length: 0", "", ""]
    world.net.send(Transmit("\r\n".join(lines).encode(), alice.flow_to(bob)), world.now)
    world.run(1)
    assert count(world, "487") == 1
    assert [e.status for e in alice.told(ReinviteRejected)] == [487]
    assert bob.told(Ended) == []
    finish(world, alice, ours)


def test_responses_to_a_second_reinvite_are_told_apart_from_repeated_ones_to_the_first() -> None:
    world, alice, bob, ours, _ = in_call()
    alice.endpoint.reinvite(ours, body=b"1", now=world.now)
    world.run(1)
    first_200 = next(
        t
        for _, t in reversed(world.net.sent)
        if isinstance(m := parse_message(t.data), Response) and m.status == 200 and m.cseq.number == 2
    )
    world.net.drop = lambda transmit: transmit.data.startswith(b"INVITE")
    alice.endpoint.reinvite(ours, body=b"2", now=world.now)
    world.net.send(first_200, world.now)
    world.run(1)
    assert [e.offer for e in alice.told(ReinviteAnswered)] == [b"1"]
    world.net.drop = lambda transmit: False
    world.run(3)
    assert [e.offer for e in alice.told(ReinviteAnswered)] == [b"1", b"2"]
    assert [e.request.body for e in bob.told(ReinviteReceived)] == [b"1", b"2"]
    finish(world, alice, ours)


def test_the_offer_of_the_first_invite_is_no_change() -> None:
    world, alice, bob, ours, _ = in_call()
    assert bob.told(InviteReceived)[0].request.body == OFFER
    assert bob.told(ReinviteReceived) == []
    assert ANSWER
    finish(world, alice, ours)
