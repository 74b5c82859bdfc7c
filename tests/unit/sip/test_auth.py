"""Digest authentication: the vectors of RFC 7616 §3.9 and RFC 2617 §3.5, and what attackers try (A8, A9, A10, A12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.auth import (
    AuthOutcome,
    Credentials,
    DigestChallenger,
    answer_challenge,
    digest_response,
    ha1,
    parse_digest,
)
from sip.headers import Headers
from sip.message import Request, Response
from sip.uri import Uri

REALM = "pbx.example"
TARGET = Uri("sip", host="pbx.example")


def challenger(**options: float) -> DigestChallenger:
    return DigestChallenger(REALM, b"a secret of the server", **options)  # type: ignore[arg-type]


def lookup(user: str, realm: str, algorithm: str) -> str | None:
    return ha1("1001", realm, "s3cret", algorithm) if user == "1001" else None


def response_401(server: DigestChallenger, now: float = 0.0, *, only: str = "") -> Response:
    fields = [("WWW-Authenticate", v) for v in server.challenge(now) if not only or f"algorithm={only}," in v]
    return Response(401, "Unauthorized", Headers(fields))


def answer(
    server: DigestChallenger,
    now: float = 0.0,
    *,
    user: str = "1001",
    password: str = "s3cret",
    only: str = "",
    uri: str = "sip:pbx.example",
    method: str = "REGISTER",
) -> str:
    found = answer_challenge(
        response_401(server, now, only=only), Credentials(user, password), method=method, uri=uri, cnonce="c0ffee"
    )
    assert found is not None
    assert found.name == "Authorization"
    return found.value


def verify(server: DigestChallenger, value: str | None, now: float = 1.0, method: str = "REGISTER") -> AuthOutcome:
    fields = [] if value is None else [("Authorization", value)]
    return server.verify(Request(method, TARGET, Headers(fields)), method, lookup, now).outcome


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_vectors_of_rfc_7616(algorithm: str, expected: str) -> None:
    computed = digest_response(
        algorithm=algorithm,
        ha1=ha1("Mufasa", "http-auth@example.org", "Circle of Life", algorithm),
        method="GET",
        uri="/dir/index.html",
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        qop="auth",
        nc="00000001",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert computed == expected


def test_vector_of_rfc_2617() -> None:
    computed = digest_response(
        algorithm="MD5",
        ha1=ha1("Mufasa", "testrealm@host.com", "Circle Of Life", "MD5"),
        method="GET",
        uri="/dir/index.html",
        nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
        qop="auth",
        nc="00000001",
        cnonce="0a4f113b",
    )
    assert computed == "6629fae49393a05397450978507c4ef1"


def test_challenges_come_strongest_first_with_qop() -> None:
    first, second = (parse_digest(value) or {} for value in challenger().challenge(0.0))
    assert (first["algorithm"], second["algorithm"]) == ("SHA-256", "MD5")
    assert first["qop"] == second["qop"] == "auth"
    assert first["realm"] == REALM


@pytest.mark.parametrize("only", ["MD5", "SHA-256"])
def test_the_right_password_is_let_in(only: str) -> None:
    server = challenger()
    assert verify(server, answer(server, only=only)) is AuthOutcome.OK


def test_the_client_prefers_sha_256() -> None:
    assert "algorithm=SHA-256" in answer(challenger())


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("1001", "wrong"),
        ("nobody", "s3cret"),
        ("", ""),
        ('10"01', "s3cret"),
        ("1001\x00", "s3cret"),
        ("1001 ", "s3cret"),
    ],
)
def test_anything_else_is_wrong(user: str, password: str) -> None:
    server = challenger()
    assert verify(server, answer(server, user=user, password=password)) is AuthOutcome.WRONG


def test_no_credentials_or_another_realm_or_scheme_are_missing() -> None:
    server = challenger()
    assert verify(server, None) is AuthOutcome.MISSING
    assert verify(server, answer(server).replace(REALM, "other")) is AuthOutcome.MISSING
    assert verify(server, "Basic MTAwMTpzM2NyZXQ=") is AuthOutcome.MISSING
    assert verify(server, "NoOneKnowsThisScheme opaque-data=here") is AuthOutcome.MISSING


def test_the_credentials_of_our_realm_are_found_among_others() -> None:
    server = challenger()
    fields = [("Authorization", 'Digest realm="other", username="x"'), ("Authorization", answer(server))]
    result = server.verify(Request("REGISTER", TARGET, Headers(fields)), "REGISTER", lookup, 1.0)
    assert (result.ok, result.user) == (True, "1001")


def test_the_same_credentials_a_second_time_are_stale() -> None:
    server = challenger()
    value = answer(server)
    assert verify(server, value) is AuthOutcome.OK
    assert verify(server, value) is AuthOutcome.STALE


def counted(server: DigestChallenger, nonce: str, count: int) -> str:
    nc = f"{count:08x}"
    stored = ha1("1001", REALM, "s3cret", "MD5")
    proof = digest_response(
        algorithm="MD5",
        ha1=stored,
        method="REGISTER",
        uri="sip:pbx.example",
        nonce=nonce,
        qop="auth",
        nc=nc,
        cnonce="c",
    )
    return (
        f'Digest username="1001", realm="{server.realm}", nonce="{nonce}", uri="sip:pbx.example", response="{proof}", '
        f'algorithm=MD5, cnonce="c", qop=auth, nc={nc}'
    )


def nonce_of(server: DigestChallenger, now: float = 0.0) -> str:
    return (parse_digest(server.challenge(now)[0]) or {})["nonce"]


def test_the_nonce_count_must_rise() -> None:
    server = challenger()
    nonce = nonce_of(server)
    outcomes = [verify(server, counted(server, nonce, n)) for n in (1, 2, 5, 3, 5, 6)]
    ok, stale = AuthOutcome.OK, AuthOutcome.STALE
    assert outcomes == [ok, ok, ok, stale, stale, ok]


def test_an_old_nonce_is_stale_and_a_foreign_one_too() -> None:
    server = challenger()
    nonce = nonce_of(server)
    assert verify(server, counted(server, nonce, 1), 301.0) is AuthOutcome.STALE
    assert verify(server, counted(server, nonce[:-1] + ("0" if nonce[-1] != "0" else "1"), 1)) is AuthOutcome.STALE
    assert verify(server, counted(server, "made up", 1)) is AuthOutcome.STALE
    assert verify(server, counted(server, "٣.٣.abc", 1)) is AuthOutcome.STALE


def test_a_nonce_survives_a_restart_with_the_same_secret() -> None:
    value = answer(challenger())
    assert verify(challenger(), value) is AuthOutcome.OK


def test_what_is_forgotten_for_room_cannot_be_played_again() -> None:
    server = challenger(capacity=3)
    values = [answer(server, float(n)) for n in range(10)]
    assert {verify(server, value, 10.0) for value in values} == {AuthOutcome.OK}
    assert {verify(server, value, 11.0) for value in values} == {AuthOutcome.STALE}
    assert len(server._counts) <= 3


def test_nonces_are_unlike_each_other_even_at_the_same_time() -> None:
    server = challenger()
    assert len({nonce_of(server) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("qop=auth", "qop=auth-int"),
        ("nc=00000001", "nc=1"),
        ("nc=00000001", "nc=٠٠٠٠٠٠٠١"),
        ('cnonce="c0ffee"', 'cnonce=""'),
        ("algorithm=SHA-256", "algorithm=MD5-sess"),
        ("algorithm=SHA-256", "algorithm=SHA-512-256"),
        ("algorithm=SHA-256", "algorithm=MD5"),
        ('uri="sip:pbx.example"', 'uri="sip:elsewhere.example"'),
    ],
)
def test_details_that_do_not_fit_are_wrong(old: str, new: str) -> None:
    server = challenger()
    value = answer(server)
    assert old in value
    assert verify(server, value.replace(old, new)) is AuthOutcome.WRONG


def test_credentials_for_another_target_or_method_are_wrong() -> None:
    server = challenger()
    assert verify(server, answer(server, uri="sip:premium@pbx.example")) is AuthOutcome.WRONG
    assert verify(server, answer(server, method="INVITE"), method="REGISTER") is AuthOutcome.WRONG


def test_parameters_of_the_target_may_be_left_out() -> None:
    server = challenger()
    value = answer(server, uri="sip:pbx.example;transport=udp")
    assert verify(server, value) is AuthOutcome.OK


def test_without_qop_a_nonce_is_good_once() -> None:
    # RFC 2069, which RFC 3261 §22.4 still asks for
    server = challenger()
    nonce = nonce_of(server)
    proof = digest_response(
        algorithm="MD5", ha1=ha1("1001", REALM, "s3cret", "MD5"), method="REGISTER", uri="sip:pbx.example", nonce=nonce
    )
    value = f'Digest username="1001", realm="{REALM}", nonce="{nonce}", uri="sip:pbx.example", response="{proof}"'
    assert verify(server, value) is AuthOutcome.OK
    assert verify(server, value) is AuthOutcome.STALE


def test_the_same_work_is_done_for_users_that_do_not_exist() -> None:
    hashed: list[str] = []
    real = challenger()

    def spying(user: str, realm: str, algorithm: str) -> str | None:
        hashed.append(user)
        return lookup(user, realm, algorithm)

    for user in ("1001", "nobody"):
        value = answer(real, user=user, password="wrong")
        request = Request("REGISTER", TARGET, Headers([("Authorization", value)]))
        assert real.verify(request, "REGISTER", spying, 1.0).outcome is AuthOutcome.WRONG
    assert hashed == ["1001", "nobody"]
    assert len(real._nobody("nobody", "MD5")) == 32
    assert len(real._nobody("nobody", "SHA-256")) == 64


def test_secrets_do_not_show() -> None:
    server = challenger()
    found = answer_challenge(
        response_401(server), Credentials("1001", "s3cret"), method="REGISTER", uri="sip:x", cnonce="c"
    )
    assert "secret" not in repr(server)
    assert "s3cret" not in repr(Credentials("1001", "s3cret"))
    assert "response" not in repr(found)


@pytest.mark.parametrize(
    "value",
    [
        'Digest realm="x", nonce="n", qop="auth-int"',
        'Digest realm="x", nonce="n", algorithm=SHA-512-256',
        'Digest realm="x"',
        'Basic realm="x"',
        'Digest realm="x", realm="y", nonce="n"',
        "Digest",
        "",
    ],
)
def test_challenges_that_we_cannot_answer(value: str) -> None:
    response = Response(407, "", Headers([("Proxy-Authenticate", value)]))
    assert answer_challenge(response, Credentials("u", "p"), method="INVITE", uri="sip:x", cnonce="c") is None


def test_a_proxy_is_answered_in_its_own_field_with_its_opaque() -> None:
    response = Response(407, "", Headers([("Proxy-Authenticate", 'Digest realm="x", nonce="n", opaque="o\\"o"')]))
    found = answer_challenge(response, Credentials("u", "p"), method="INVITE", uri="sip:x", cnonce="c")
    assert found is not None
    assert found.name == "Proxy-Authorization"
    assert (parse_digest(found.value) or {})["opaque"] == 'o"o'
    assert "qop" not in (parse_digest(found.value) or {})


def test_credentials_for_one_realm_are_not_shown_to_another() -> None:
    response = Response(401, "", Headers([("WWW-Authenticate", 'Digest realm="phish", nonce="n"')]))
    credentials = Credentials("u", "p", realm="provider")
    assert answer_challenge(response, credentials, method="INVITE", uri="sip:x", cnonce="c") is None


@given(st.text(max_size=60))
def test_parsing_never_raises(text: str) -> None:
    parse_digest("Digest " + text)


@pytest.mark.parametrize("unit", ['"', ",", "a=", 'a="', "\\", "a=b,"])
def test_parsing_is_bounded(unit: str) -> None:
    assert len(parse_digest("Digest " + unit * 20_000) or {}) <= 1


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_user_and_password_round_trip(user: str, password: str) -> None:
    if any(c in user for c in "\r\n") or (not user.isprintable() and "\x00" not in user):
        return
    server = challenger()
    value = answer(server, user=user, password=password)
    request = Request("REGISTER", TARGET, Headers([("Authorization", value)]))
    result = server.verify(request, "REGISTER", lambda u, r, a: ha1(u, r, password, a), 1.0)
    assert result.outcome is AuthOutcome.OK
    assert result.user == user
