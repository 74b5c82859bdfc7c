"""Phones register; those that may not learn nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.e2e.office import AGENTS, CENTRE, NAMES, PASSWORDS, Office, phone_tables, write_music

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.sipp import Sipp, SippMessage


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_pjsua_registers_is_called_and_unregisters(office: Office, transport: str) -> None:
    cara = office.phone("2001", transport=transport)
    dan = office.phone("2002")

    call = office.dial(dan, "2001")
    taken = cara.wait_incoming()
    taken.answer()
    call.wait_confirmed()
    call.hang_up()
    taken.wait_ended()
    assert cara.unregister()["status"] == 200

    assert office.dial(dan, "2001").wait_ended()["status"] == 480


@pytest.mark.parametrize("offered", [("SHA-256",), ("SHA-256", "MD5"), ("MD5", "SHA-256")])
def test_pjsua_proves_its_password_by_the_first_algorithm_offered(
    switches: Switches, clients: Clients, tmp_path: Path, offered: tuple[str, ...]
) -> None:
    music = write_music(tmp_path)
    cara = Office(switches.start(phone_tables() + AGENTS + CENTRE, digest=offered), clients, music).phone("2001")

    sent = re.findall(r"^Authorization: (Digest .*)$", cara.log_path.read_text(), re.M)

    assert sent
    assert all(f"algorithm={offered[0]}" in header for header in sent)


def test_sipp_registers_where_md5_is_offered_first(switches: Switches, clients: Clients, tmp_path: Path) -> None:
    write_music(tmp_path)
    switch = switches.start(phone_tables() + AGENTS + CENTRE, digest=("MD5", "SHA-256"))
    phone = clients.sipp(
        "uac-register", remote=switch.server, domain=switch.domain, caller="2003", password=PASSWORDS["2003"]
    )

    phone.wait()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sipp_registers_with_md5(office: Office, transport: str) -> None:
    phone = office.clients.sipp(
        "uac-register",
        remote=office.switch.server,
        domain=office.switch.domain,
        caller="2003",
        password=PASSWORDS["2003"],
        transport=transport,
    )

    accepted = phone.wait()[-1]

    assert f"2003@127.0.0.1:{phone.port}" in accepted.header("Contact")
    assert "algorithm=MD5" in phone.received(status=401)[0].text


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_baresip_registers(office: Office, transport: str) -> None:
    office.baresip("2002", transport=transport)


def test_baresip_with_a_wrong_password_is_refused(office: Office) -> None:
    phone = office.baresip("2002", password="not it")

    assert phone.wait_refused()["param"].split()[0] in ("401", "403")


def test_pjsua_with_a_wrong_password_is_refused(office: Office) -> None:
    phone = office.clients.pjsua("2001")

    refused = phone.register("2001", "not it", server=office.switch.server, domain=office.switch.domain)

    assert refused["status"] in (401, 403)
    assert not refused["active"]


def register_refused(office: Office, user: str) -> Sipp:
    phone = office.clients.sipp(
        "uac-register-refused",
        remote=office.switch.server,
        domain=office.switch.domain,
        caller=user,
        password="not it",
    )
    phone.wait()
    return phone


def same_for_all(message: SippMessage) -> str:
    """A response without what differs from one request to the next."""
    text = re.sub(r"\d{4}@|sip:\d{4}|127\.0\.0\.1:\d+|rport=\d+", "", message.text)
    text = re.sub(r"(nonce|opaque|tag|branch)=\"?[^\";,\s]+\"?", r"\1", text)
    return re.sub(r"^Call-ID:.*$|^Date:.*$", "", text, flags=re.M)


def test_a_wrong_password_and_an_unknown_user_look_the_same(office: Office) -> None:
    known, unknown = register_refused(office, "2001"), register_refused(office, "7777")

    answers = [[same_for_all(m) for m in phone.messages() if not m.sent] for phone in (known, unknown)]

    assert answers[0] == answers[1]


def test_an_unknown_number_is_not_found(office: Office) -> None:
    cara = office.phone("2001")

    assert office.dial(cara, "5551234").wait_ended()["status"] == 404


def test_sipp_calls_an_unknown_number(office: Office) -> None:
    caller = office.clients.sipp(
        "uac-refused-404",
        remote=office.switch.server,
        domain=office.switch.domain,
        service="5551234",
        caller="2001",
        password=PASSWORDS["2001"],
    )

    caller.wait()


@pytest.mark.parametrize("number", ["100", "1001", "5551234"])
def test_nobody_without_a_password_learns_which_numbers_exist(office: Office, number: str) -> None:
    caller = office.clients.sipp(
        "uac-refused-credentials",
        remote=office.switch.server,
        domain=office.switch.domain,
        service=number,
        caller="2001",
        password="not it",
    )
    caller.wait()

    assert {m.status for m in caller.messages() if not m.sent} <= {100, 401, 403, 407}


def test_the_callers_name_is_that_of_the_phone(office: Office) -> None:
    cara, olena = office.phone("2001"), office.phone("1001")

    office.dial(cara, "1001")

    assert NAMES["2001"] in olena.wait_incoming().remote
