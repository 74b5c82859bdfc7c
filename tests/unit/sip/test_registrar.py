"""RFC 3261 §10.3, RFC 3665 §2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.flow import Flow, Transport
from sip.headers import Headers
from sip.message import Request
from sip.registrar import (
    Binding,
    BindingAdded,
    BindingRefreshed,
    BindingRemoved,
    Registrar,
    Registration,
    RemovalReason,
)
from sip.uri import Uri

LOCAL = ("192.0.2.2", 5060)
UDP = Flow(Transport.UDP, LOCAL, ("198.51.100.7", 40000))


def register(
    *contacts: str,
    expires: int | None = None,
    call_id: str = "reg-1",
    cseq: int = 1,
    extra: tuple[str, str] | None = None,
) -> Request:
    fields = [
        ("Via", "SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1"),
        ("From", "<sip:1001@pbx.example>;tag=a"),
        ("To", "<sip:1001@pbx.example>"),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} REGISTER"),
        *(("Contact", contact) for contact in contacts),
    ]
    if expires is not None:
        fields.append(("Expires", str(expires)))
    if extra is not None:
        fields.append(extra)
    return Request("REGISTER", Uri("sip", host="pbx.example"), Headers(fields))


def contacts_of(registration: Registration) -> list[str]:
    return [value for name, value in registration.headers if name == "Contact"]


def test_a_contact_is_bound_for_the_time_it_asks_for() -> None:
    registrar = Registrar()
    result = registrar.register("1001", register("<sip:1001@10.0.0.5:5062>;expires=600"), UDP, 0.0)
    assert result.status == 200
    assert contacts_of(result) == ["<sip:1001@10.0.0.5:5062>;expires=600"]
    [added] = result.effects
    assert isinstance(added, BindingAdded)
    [binding] = registrar.bindings("1001", 599.0)
    assert (str(binding.contact), binding.flow, binding.expires_at) == ("sip:1001@10.0.0.5:5062", UDP, 600.0)
    assert registrar.bindings("1001", 600.0) == []


@pytest.mark.parametrize(
    ("contact", "expires", "granted"),
    [
        ("<sip:a@h>;expires=100", 200, 100),
        ("<sip:a@h>", 200, 200),
        ("<sip:a@h>", None, 3600),
        ("<sip:a@h>;expires=99999", None, 3600),
        ("<sip:a@h>;expires=99999999999999", None, 3600),
        ("<sip:a@h>;expires=soon", 200, 3600),
        ("<sip:a@h>;expires=60", None, 60),
    ],
)
def test_how_long_a_binding_lasts(contact: str, expires: int | None, granted: int) -> None:
    result = Registrar().register("1001", register(contact, expires=expires), UDP, 0.0)
    assert contacts_of(result) == [f"<sip:a@h>;expires={granted}"]


def test_too_short_is_423_with_the_minimum() -> None:
    registrar = Registrar(min_expires=60)
    result = registrar.register("1001", register("<sip:a@h>;expires=59"), UDP, 0.0)
    assert (result.status, result.headers, result.effects) == (423, [("Min-Expires", "60")], [])
    assert registrar.bindings("1001", 0.0) == []


def test_refresh_keeps_one_binding() -> None:
    registrar = Registrar()
    registrar.register("1001", register("<sip:a@h>"), UDP, 0.0)
    result = registrar.register("1001", register("<sip:a@H:5060;x=1>", cseq=2), UDP, 10.0)
    assert isinstance(result.effects[0], BindingAdded)  # 5060 and no port are different (§19.1.4)
    result = registrar.register("1001", register("<sip:a@h>", cseq=3), UDP, 20.0)
    assert [type(e) for e in result.effects] == [BindingRefreshed]
    assert len(registrar.bindings("1001", 20.0)) == 2


def test_one_contact_is_removed_and_the_others_stay() -> None:
    registrar = Registrar()
    registrar.register("1001", register("<sip:a@h>", "<sip:b@h>"), UDP, 0.0)
    result = registrar.register("1001", register("<sip:a@h>;expires=0", cseq=2), UDP, 1.0)
    assert [(type(e), e.binding.contact.user) for e in result.effects] == [(BindingRemoved, "a")]
    assert contacts_of(result) == ["<sip:b@h>;expires=3599"]


def test_star_with_expires_0_removes_all() -> None:
    registrar = Registrar()
    registrar.register("1001", register("<sip:a@h>", "<sip:b@h>"), UDP, 0.0)
    result = registrar.register("1001", register("*", expires=0, cseq=2), UDP, 1.0)
    assert result.status == 200
    assert {e.reason for e in result.effects if isinstance(e, BindingRemoved)} == {RemovalReason.UNREGISTERED}
    assert contacts_of(result) == []
    assert registrar.next_deadline() is None


@pytest.mark.parametrize("request_", [register("*", expires=10), register("*")])
def test_star_otherwise_is_refused_and_changes_nothing(request_: Request) -> None:
    registrar = Registrar()
    registrar.register("1001", register("<sip:b@h>", call_id="other"), UDP, 0.0)
    assert registrar.register("1001", request_, UDP, 1.0).status == 400
    assert len(registrar.bindings("1001", 1.0)) == 1


def test_star_beside_a_contact_is_malformed() -> None:
    with pytest.raises(ParseError):
        Registrar().register("1001", register("*", "<sip:a@h>", expires=0), UDP, 0.0)


def test_without_contact_it_lists_what_is_there() -> None:
    registrar = Registrar()
    registrar.register("1001", register("<sip:a@h>;q=0.5", "<sip:b@h>;q=0.7"), UDP, 0.0)
    result = registrar.register("1001", register(cseq=2), UDP, 100.0)
    assert contacts_of(result) == ["<sip:b@h>;expires=3500;q=0.7", "<sip:a@h>;expires=3500;q=0.5"]
    assert result.effects == []


def test_a_register_that_was_overtaken_changes_nothing_at_all() -> None:
    registrar = Registrar()
    registrar.register("1001", register("<sip:a@h>", cseq=5), UDP, 0.0)
    result = registrar.register("1001", register("<sip:new@h>", "<sip:a@h>;expires=0", cseq=4), UDP, 1.0)
    assert (result.status, result.effects) == (500, [])
    assert [b.contact.user for b in registrar.bindings("1001", 1.0)] == ["a"]
    assert registrar.register("1001", register("*", expires=0, cseq=5), UDP, 1.0).status == 500
    assert registrar.register("1001", register("<sip:a@h>;expires=0", cseq=1, call_id="reboot"), UDP, 1.0).status == 200


def test_a_malformed_contact_among_good_ones_changes_nothing() -> None:
    registrar = Registrar()
    with pytest.raises(ParseError):
        registrar.register("1001", register("<sip:a@h>", "<sip:b@>"), UDP, 0.0)
    assert registrar.register("1001", register("<sip:a@h>", "<mailto:b@h>"), UDP, 0.0).status == 400
    assert registrar.bindings("1001", 0.0) == []


def test_the_oldest_contact_makes_room() -> None:
    registrar = Registrar(max_contacts=2)
    for n in range(3):
        result = registrar.register("1001", register(f"<sip:p{n}@h>", cseq=n + 1), UDP, float(n))
    assert [(e.binding.contact.user, e.reason) for e in result.effects if isinstance(e, BindingRemoved)] == [
        ("p0", RemovalReason.REPLACED)
    ]
    assert [b.contact.user for b in registrar.bindings("1001", 3.0)] == ["p2", "p1"]
    too_many = register(*(f"<sip:x{n}@h>" for n in range(3)), cseq=9)
    assert registrar.register("1001", too_many, UDP, 4.0).status == 403


def test_the_same_phone_on_another_port_replaces_its_old_contact() -> None:
    registrar = Registrar()
    instance = '+sip.instance="<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>"'
    registrar.register("1001", register(f"<sip:a@h:1111>;{instance}"), UDP, 0.0)
    registrar.register("1001", register("<sip:other@h>", cseq=1, call_id="reg-2"), UDP, 0.0)
    registrar.register("1001", register(f"<sip:a@h:2222>;{instance}", call_id="reg-3"), UDP, 1.0)
    assert {str(b.contact) for b in registrar.bindings("1001", 1.0)} == {"sip:other@h", "sip:a@h:2222"}


def test_bindings_expire_by_themselves() -> None:
    registrar = Registrar()
    registrar.register("1001", register("<sip:a@h>;expires=60", "<sip:b@h>;expires=120"), UDP, 0.0)
    registrar.register("1002", register("<sip:c@h>;expires=90", call_id="r2"), UDP, 0.0)
    gone = []
    while (at := registrar.next_deadline()) is not None:
        gone += [(at, e.binding.contact.user, e.reason) for e in registrar.handle_timeout(at)]  # type: ignore[union-attr]
    assert gone == [
        (60.0, "a", RemovalReason.EXPIRED),
        (90.0, "c", RemovalReason.EXPIRED),
        (120.0, "b", RemovalReason.EXPIRED),
    ]
    assert [registrar.bindings(aor, 0.0) for aor in ("1001", "1002")] == [[], []]


def test_what_was_stored_is_taken_over_and_expires_too() -> None:
    registrar = Registrar()
    binding = Binding("1001", Uri.parse("sip:a@h"), UDP, 50.0, "reg-1", 7)
    registrar.restore([binding])
    assert registrar.bindings("1001", 10.0) == [binding]
    assert registrar.register("1001", register("<sip:a@h>", cseq=7), UDP, 11.0).status == 500
    assert [type(e) for e in registrar.handle_timeout(50.0)] == [BindingRemoved]


def test_a_lost_connection_takes_contacts_along_that_cannot_be_connected_to() -> None:
    registrar = Registrar()
    flow = Flow(Transport.TCP, LOCAL, ("198.51.100.7", 40000), connection=7)
    registrar.register("1001", register("<sip:a@10.0.0.5:5062;transport=tcp>"), flow, 0.0)
    registrar.register("1002", register("<sip:b@198.51.100.7:5062;transport=tcp>", call_id="r2"), flow, 0.0)
    registrar.register("1003", register("<sip:c@h>", call_id="r3"), UDP, 0.0)
    effects = registrar.connection_lost(flow)
    assert {(type(e), e.binding.contact.user) for e in effects} == {(BindingRemoved, "a"), (BindingRefreshed, "b")}
    [moved] = registrar.bindings("1002", 0.0)
    assert moved.flow == Flow(Transport.TCP, LOCAL, ("198.51.100.7", 5062))
    assert registrar.bindings("1001", 0.0) == []
    assert registrar.connection_lost(flow) == []


def test_path_and_the_name_of_the_phone_are_kept() -> None:
    registrar = Registrar()
    request = register("<sip:a@h>", extra=("Path", "<sip:edge.example;lr>"))
    request.headers.add("User-Agent", "Desk phone 3")
    registrar.register("1001", request, UDP, 0.0)
    [binding] = registrar.bindings("1001", 0.0)
    assert (binding.path, binding.user_agent) == (("<sip:edge.example;lr>",), "Desk phone 3")


CONTACTS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from([0, 30, 60, 90, 7200]), st.sampled_from([5.0, 50.0])),
    max_size=12,
)


@given(CONTACTS)
def test_effects_tell_the_whole_story(steps: list[tuple[str, int, float]]) -> None:
    """Whoever follows the effects has the same bindings as the registrar, and nothing is left in the end."""
    registrar = Registrar(max_contacts=2)
    now = 0.0
    mirror: dict[str, Binding] = {}

    def follow(effects: list[object]) -> None:
        for effect in effects:
            match effect:
                case BindingAdded(binding=binding):
                    assert str(binding.contact) not in mirror
                    mirror[str(binding.contact)] = binding
                case BindingRefreshed(binding=binding):
                    assert str(binding.contact) in mirror
                    mirror[str(binding.contact)] = binding
                case BindingRemoved(binding=binding):
                    del mirror[str(binding.contact)]

    for cseq, (user, expires, pause) in enumerate(steps):
        while (at := registrar.next_deadline()) is not None and at <= now:
            follow(list(registrar.handle_timeout(at)))
        result = registrar.register("1001", register(f"<sip:{user}@h>;expires={expires}", cseq=cseq), UDP, now)
        assert result.status == (423 if expires == 30 else 200)
        follow(list(result.effects))
        live = {str(b.contact): b for b in registrar.bindings("1001", now)}
        assert live == {k: b for k, b in mirror.items() if b.expires_at > now}
        assert len(live) <= 2
        now += pause
    while (at := registrar.next_deadline()) is not None:
        follow(list(registrar.handle_timeout(at)))
    assert mirror == {}
