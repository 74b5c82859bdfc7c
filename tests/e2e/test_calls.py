"""Phone to phone, from the trunk, held and resumed, and with a caller who breaks the rules."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Clients, demand_root, demand_sipp
from tests.e2e.office import PASSWORDS, TRUNK_ADDRESS
from tests.support import sipp
from tests.support.capture import Capture
from tests.support.switch import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.office import Office
    from tests.support.pjsua_agent import PjsuaCall, PjsuaPhone
    from tests.support.ports import Ports
    from tests.support.sipp import Sipp
    from tests.support.switch import Switch


@pytest.fixture(scope="module", autouse=True)
def never_acknowledging(
    shared_switch: tuple[Switch, object], ports: Ports, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sipp | None]:
    """A caller from the trunk who says nothing more after the INVITE, while the other tests of this module run.

    Giving up takes 64·T1 = 32 s (RFC 3261 section 13.3.1.4), which the last test collects.
    """
    switch, _ = shared_switch
    if not sipp.is_installed():  # the other tests can do without
        yield None
        return
    with ExitStack() as stack:
        clients = Clients(ports, tmp_path_factory.mktemp("silent"), stack)
        yield clients.sipp(
            "uac-no-ack",
            remote=switch.server,
            domain=switch.domain,
            address=TRUNK_ADDRESS,
            service="9000",
            caller="silent",
        )


def connect(office: Office, caller: PjsuaPhone, callee: PjsuaPhone, number: str) -> tuple[PjsuaCall, PjsuaCall]:
    earlier = callee.incoming_calls()
    call = office.dial(caller, number)
    taken = callee.wait_incoming(after=earlier[-1] if earlier else None)
    call.wait_ringing()
    taken.answer()
    call.wait_confirmed()
    taken.wait_confirmed()
    return call, taken


def test_two_phones_talk_and_either_may_hang_up(office: Office) -> None:
    cara, dan = office.phone("2001"), office.phone("2002")
    for who_ends in ("caller", "callee"):
        call, taken = connect(office, cara, dan, "2002")
        call.play_tone(440)
        taken.play_tone(1000)
        taken.listen_for_tone(440)
        call.listen_for_tone(1000)
        ending, other = (call, taken) if who_ends == "caller" else (taken, call)
        ending.hang_up()
        other.wait_ended()
        assert taken.heard().tone_level(440) == pytest.approx(-12, abs=1)


def test_phones_with_different_codecs_and_transports_talk(office: Office) -> None:
    cara = office.phone("2001", codecs=("PCMU",), transport="tcp")
    dan = office.phone("2002", codecs=("PCMA",))

    call, taken = connect(office, cara, dan, "2002")
    call.play_tone(440)
    taken.play_tone(1000)

    taken.listen_for_tone(440)
    call.listen_for_tone(1000)
    assert call.statistics()["codec"] == "PCMU"
    assert taken.statistics()["codec"] == "PCMA"


@pytest.mark.parametrize("who", ["caller", "callee"])
@pytest.mark.parametrize("style", ["rfc3264", "rfc2543"])
def test_hold_and_resume(office: Office, who: str, style: str) -> None:
    cara, dan = office.phone("2001", hold=style), office.phone("2002", hold=style)
    call, taken = connect(office, cara, dan, "2002")
    holder, other = (call, taken) if who == "caller" else (taken, call)
    holder.play_tone(440)
    other.play_tone(1000)
    other.listen_for_tone(440)

    holder.hold()
    other.listen(0.5)  # frames on their way
    held_from = time.monotonic()
    other.listen(1)
    resumed_at = time.monotonic()
    holder.resume()

    other.listen_for_tone(440, since=resumed_at)
    holder.listen_for_tone(1000, since=resumed_at)
    holder.hang_up()
    other.wait_ended()
    assert other.heard().between(held_from, resumed_at).tone_spans(440) == []
    assert holder.heard().between(held_from, resumed_at).tone_spans(1000) == []


def test_a_baresip_phone_holds_and_resumes(office: Office) -> None:
    cara = office.phone("2001")
    dan = office.baresip("2002", tone_hz=440)
    dialled = dan.call(office.switch.uri("2001"))
    taken = cara.wait_incoming()
    taken.answer()
    dan.wait_established(after=dialled)
    taken.play_tone(1000)
    taken.listen_for_tone(440)

    dan.hold()
    taken.listen_until(lambda heard: heard.part(heard.length - 0.5).tone_spans(440) == [], what="the hold")
    resumed_at = time.monotonic()
    dan.resume()

    taken.listen_for_tone(440, since=resumed_at)
    dan.hang_up()
    taken.wait_ended()


def test_sipp_holds_and_resumes_and_hears_again(office: Office) -> None:
    demand_root("capture what SIPp hears")
    cara = office.phone("2001")
    ports = office.clients.reserve_sipp()
    with Capture(ports.media) as wire:
        caller = office.clients.sipp(
            "uac-reinvite-hold-resume",
            ports=ports,
            remote=office.switch.server,
            domain=office.switch.domain,
            address="127.0.0.1",
            service="9000",
            caller="2001",
            password=PASSWORDS["2001"],
            tone_hz=500,
            pause=1.0,
        )
        caller.wait()
        assert wire.heard().tone_seconds(500) > 1.2
    assert cara.incoming_calls() == []


def test_a_busy_phone_an_absent_one_and_one_nobody_answers(office: Office) -> None:
    cara, dan = office.phone("2001"), office.phone("2002")

    busy = office.dial(cara, "2002")
    dan.wait_incoming().hang_up(486)
    assert busy.wait_ended()["status"] == 486

    assert office.dial(cara, "1003").wait_ended()["status"] == 480

    unanswered = office.dial(cara, "2002")
    ringing = dan.wait_incoming(after=dan.incoming_calls()[0])
    unanswered.wait_ringing()
    unanswered.hang_up()
    assert ringing.wait_ended()["status"] == 487


def test_a_call_from_the_trunk_needs_no_password_and_reaches_an_agent(office: Office) -> None:
    outside = office.outside_caller("+380501234567")
    olena = office.phone("1001")

    call = office.dial(outside, "101")
    call.wait_confirmed()
    taken = olena.wait_incoming()
    assert "+380501234567" in taken.remote
    taken.answer()
    taken.wait_confirmed()
    call.play_tone(440)
    taken.play_tone(1000)

    taken.listen_for_tone(440)
    call.listen_for_tone(1000)


def test_a_stranger_may_not_call(office: Office) -> None:
    stranger = office.clients.pjsua("stranger", address="127.0.0.8")
    stranger.use_account("stranger", server=office.switch.server, domain=office.switch.domain)

    assert office.dial(stranger, "100").wait_ended()["status"] in (401, 403, 407)


def test_a_repeated_invite_is_one_call(office: Office) -> None:
    dan = office.phone("2002")
    caller = office.clients.sipp(
        "uac-retransmit-invite",
        remote=office.switch.server,
        domain=office.switch.domain,
        address=TRUNK_ADDRESS,
        service="105",
        pause=0.3,
    )
    taken = dan.wait_incoming()
    taken.answer()
    caller.wait()

    taken.wait_ended()
    assert len(dan.incoming_calls()) == 1
    assert len(office.records(1)) == 1


def test_sipp_gives_up_while_a_phone_rings(office: Office) -> None:
    dan = office.phone("2002")
    caller = office.clients.sipp(
        "uac-cancel-after-180",
        remote=office.switch.server,
        domain=office.switch.domain,
        service="2002",
        caller="2001",
        password=PASSWORDS["2001"],
        pause=0.3,
    )
    ringing = dan.wait_incoming()
    caller.wait()

    assert ringing.wait_ended()["status"] == 487


def test_sipp_calls_a_phone_until_that_hangs_up(office: Office) -> None:
    dan = office.phone("2002")
    caller = office.clients.sipp(
        "uac-call-until-bye",
        remote=office.switch.server,
        domain=office.switch.domain,
        service="2002",
        caller="2001",
        password=PASSWORDS["2001"],
        transport="tcp",
        tone_hz=600,
    )
    taken = dan.wait_incoming()
    taken.answer()
    taken.listen_for_tone(600)
    taken.hang_up()

    caller.wait()


def test_a_caller_who_never_acknowledges_is_given_up(office: Office, never_acknowledging: Sipp | None) -> None:
    demand_sipp()
    assert never_acknowledging is not None
    never_acknowledging.wait(45)
    assert never_acknowledging.received(method="BYE")
    eventually(
        lambda: any(record["caller"] == "silent" and record["ended"] is not None for record in office.switch.calls()),
        what="record of the call",
    )
