"""REFER, Replaces, and the subscription that tells how a transfer goes (RFC 3515, 3891, 3892, 4488, 4538)."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.events import InviteReceived, RequestReceived, ResponseReceived
from sip.headers import NameAddr
from sip.message import Request, Response
from sip.parser import parse_message
from sip.refer import DialogId, parse_refer, replaces_of, target_dialog_of
from sip.subscriptions import IGNORED, TRANSITIONS, Input, State
from sip.uri import Uri
from tests.support.phones import answering, call
from tests.support.simnet import Agent, SimNet, World, pair


def talk(world: World, alice: Agent, bob: Agent) -> tuple[str, str]:
    """A calls B, and they talk: each one's handle of the call."""
    bob.on_event = answering(bob)
    made = call(alice, bob)
    world.run(5)
    return made, bob.told(InviteReceived)[0].usage


def refer(*headers: tuple[str, str]) -> Request:
    text = "REFER sip:b@x SIP/2.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    message = parse_message(
        text.replace(
            "\r\n",
            "\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\n"
            "Call-ID: c\r\nCSeq: 1 REFER\r\n",
            1,
        ).encode()
    )
    assert isinstance(message, Request)
    return message


def test_a_blind_transfer_names_its_target() -> None:
    asked = parse_refer(refer(("r", "<sip:105@pbx.example;user=phone>"), ("b", "<sip:agent@pbx.example>")))
    assert (asked.target.user, asked.replaces, asked.subscribe) == ("105", None, True)
    assert asked.referred_by == "<sip:agent@pbx.example>"


def test_an_attended_transfer_names_the_call_to_take_over() -> None:
    asked = parse_refer(
        refer(("Refer-To", "<sip:b@x?Replaces=12%40h%3Bto-tag%3Dours%3Bfrom-tag%3Dtheirs>"), ("Refer-Sub", "false"))
    )
    assert asked.replaces == DialogId("12@h", "ours", "theirs")
    assert not asked.subscribe


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 400),
        ([("Refer-To", "<sip:a@x>"), ("Refer-To", "<sip:b@x>")], 400),
        ([("Refer-To", "<sip:a@x>, <sip:b@x>")], 400),
        ([("Refer-To", "<mailto:a@x>")], 416),
        ([("Refer-To", "<http://x/>")], 416),
        ([("Refer-To", "<sip:a@x;method=BYE>")], 501),
        ([("Refer-To", "<sip:a@x?Replaces=1>")], 400),
        ([("Refer-To", "<sip:a@x?Replaces=1%3Bto-tag%3D2>")], 400),
        ([("Refer-To", "<sip:a@x?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3&Replaces=1>")], 400),
        ([("Refer-To", "garbage")], 400),
    ],
)
def test_what_cannot_be_carried_out_is_refused(headers: list[tuple[str, str]], status: int) -> None:
    with pytest.raises(ParseError) as refused:
        parse_refer(refer(*headers))
    assert refused.value.status == status


def test_replaces_and_target_dialog_are_the_same_dialog_from_two_sides() -> None:
    pair_of_tags = ("Target-Dialog", "a@b;local-tag=f;remote-tag=t")
    message = refer(("Replaces", "a@b;from-tag=f;to-tag=t;early-only"), pair_of_tags)
    assert replaces_of(message) == DialogId("a@b", "t", "f", early_only=True)
    assert target_dialog_of(message) == DialogId("a@b", "t", "f")
    assert replaces_of(refer()) is target_dialog_of(refer()) is None


@given(st.text(max_size=80))
def test_reading_a_dialog_never_breaks(text: str) -> None:
    try:
        found = DialogId.parse(text)
    except ParseError:
        return
    assert DialogId.parse(str(found)) == found


def test_every_state_and_input_of_a_subscription_is_declared() -> None:
    assert set(product(State, Input)) == TRANSITIONS.keys() | IGNORED
    assert TRANSITIONS.keys() & IGNORED == set()


def referring(net: SimNet | None = None, *, subscribe: bool = True) -> tuple[World, Agent, Agent, str]:
    """Alice and Bob talk; Bob refers Alice's switch, which accepts."""
    world, alice, bob = pair(net)
    _, usage = talk(world, alice, bob)
    names: list[str] = []

    def accept(event: object, now: float) -> None:
        if isinstance(event, RequestReceived) and event.request.method == "REFER":
            names.append(alice.endpoint.accept_refer(event.transaction, event.flow, subscribe=subscribe, now=now))

    alice.on_event = accept
    bob.on_event = lambda event, now: (
        bob.endpoint.respond(event.transaction, 200, now=now) if isinstance(event, RequestReceived) else None
    )
    bob.endpoint.refer(usage, "<sip:105@pbx.example>", now=world.now)
    world.run(1)
    return world, alice, bob, names[0]


def told(bob: Agent) -> list[tuple[str, str]]:
    notes = [event.request for event in bob.told(RequestReceived) if event.request.method == "NOTIFY"]
    return [(note.body.decode().strip(), note.headers.get("Subscription-State") or "") for note in notes]


def test_whoever_refers_is_told_how_it_goes() -> None:
    world, alice, bob, name = referring()
    assert [event.response.status for event in bob.told(ResponseReceived)] == [202]
    for status, last in ((100, False), (180, False), (200, True), (486, True)):
        alice.endpoint.tell_referrer(name, status, last=last, now=world.now)
        world.run(1)
    assert told(bob) == [
        ("SIP/2.0 100 Trying", "active;expires=180"),
        ("SIP/2.0 180 Ringing", "active;expires=180"),
        ("SIP/2.0 200 OK", "terminated;reason=noresource"),
    ]
    note = next(event.request for event in bob.told(RequestReceived) if event.request.method == "NOTIFY")
    assert (note.headers.get("Event"), note.content_type) == ("refer;id=1", "message/sipfrag")
    assert len(alice.endpoint._subscriptions) == 0


def test_news_that_became_stale_is_not_told_and_nothing_overtakes() -> None:
    world, alice, bob, name = referring()
    for status, last in ((100, False), (180, False), (183, False), (200, True)):
        alice.endpoint.tell_referrer(name, status, last=last, now=world.now)
    world.run(1)
    assert [body for body, _ in told(bob)] == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"]


def test_a_referrer_who_hung_up_is_told_all_the_same() -> None:
    world, alice, bob, name = referring()
    usage = next(iter(bob.endpoint._usages._by_id))
    bob.endpoint.hang_up(usage, now=world.now)
    world.run(1)
    alice.endpoint.tell_referrer(name, 200, last=True, now=world.now)
    world.run(40)
    sent = [parse_message(t.data) for _, t in world.net.sent if t.flow.local == alice.address]
    assert any(isinstance(message, Request) and message.method == "NOTIFY" for message in sent)
    assert len(alice.endpoint._subscriptions) == 0, "481 ends the subscription"
    world.assert_nothing_left()


def test_who_does_not_want_to_know_is_not_told() -> None:
    world, alice, bob, name = referring(subscribe=False)
    assert name == ""
    response = bob.told(ResponseReceived)[0].response
    assert isinstance(response, Response)
    assert response.headers.get("Refer-Sub") == "false"
    alice.endpoint.tell_referrer(name, 200, last=True, now=world.now)
    world.run(1)
    assert told(bob) == []


def test_a_refer_outside_calls_makes_a_dialog_of_its_own() -> None:
    world, alice, bob = pair()
    names: list[str] = []

    def accept(event: object, now: float) -> None:
        if isinstance(event, RequestReceived):
            names.append(alice.endpoint.accept_refer(event.transaction, event.flow, now=now))

    alice.on_event = accept
    own = NameAddr("", Uri("sip", "bob", "pbx.example"))
    bob.endpoint.request(
        "REFER",
        uri=Uri("sip", "alice", "pbx.example"),
        flow=bob.flow_to(alice),
        from_=own,
        to=own,
        contact_user="bob",
        headers=(("Refer-To", "<sip:105@pbx.example>"),),
        now=0.0,
    )
    world.run(1)
    alice.endpoint.tell_referrer(names[0], 200, last=True, now=world.now)
    world.run(40)
    sent = [parse_message(t.data) for _, t in world.net.sent if t.flow.local == alice.address]
    note = next(message for message in sent if isinstance(message, Request))
    accepted = next(message for message in sent if isinstance(message, Response))
    assert (note.method, note.from_.tag, str(note.uri)) == ("NOTIFY", accepted.to.tag, "sip:bob@192.0.2.2:5060")
    world.assert_nothing_left()


def test_a_call_is_found_by_both_tags_until_it_is_over() -> None:
    world, alice, bob = pair()
    made, taken = talk(world, alice, bob)
    dialog = next(iter(bob.endpoint._usages._by_id.values())).dialog
    assert dialog is not None
    name = DialogId(dialog.call_id, dialog.local_tag, dialog.remote_tag)
    assert bob.endpoint.usage_of(name) == taken
    assert alice.endpoint.usage_of(DialogId(name.call_id, name.from_tag, name.to_tag)) == made
    assert bob.endpoint.usage_of(DialogId(name.call_id, name.to_tag, "other")) is None
    assert bob.endpoint.usage_of(DialogId(name.call_id, name.from_tag, name.to_tag)) is None
    alice.endpoint.hang_up(made, now=world.now)
    world.run(1)
    assert bob.endpoint.usage_of(name) is None
