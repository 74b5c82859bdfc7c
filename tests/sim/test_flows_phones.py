"""Registration, and calls between telephones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtp.legs import Play, Tone
from sip.flow import Transmit
from sip.message import Response
from sip.parser import parse_message
from softswitch.store.cdr import Disposition
from tests.sim.office import Office, bridged, record_of, said, statuses
from tests.support.sim_phone import PhoneCall, SimPhone, answers, rejects, rings_on

if TYPE_CHECKING:
    from sip.flow import Flow


def test_a_phone_registers_with_its_password(office: Office) -> None:
    phone = office.phone("2001")
    assert phone.registered == 200
    assert [line.data["phone"] for line in office.switch.journal.of("phone.registered")] == ["2001"]
    assert ("2001", "sip:2001@203.0.113.1:5060") in office.switch.bindings.kept


def test_a_registration_is_refreshed_before_it_runs_out_and_forgotten_when_it_is_not(office: Office) -> None:
    phone = office.phone("2001")
    office.run(5 * 3600)
    assert office.switch.control.phones.reachable("2001", office.world.now)
    phone.vanish()
    office.run(2 * 3600)
    assert not office.switch.control.phones.reachable("2001", office.world.now)
    assert [line.data["reason"] for line in office.switch.journal.of("phone.unregistered")] == ["expired"]


def stranger(office: Office, user: str, password: str) -> tuple[SimPhone, list[Response]]:
    """A telephone that tries its luck, and every response that reaches it."""
    phone = SimPhone(office.switch, user, (f"198.51.100.{len(office.phones) + 50}", 5060), password)
    office.phones[f"stranger {len(office.phones)}"] = phone
    seen: list[Response] = []
    receive = office.network.hosts[phone.address]

    def listen(data: bytes, flow: Flow) -> None:
        message = parse_message(data)
        assert isinstance(message, Response)
        seen.append(message)
        receive(data, flow)

    office.network.hosts[phone.address] = listen
    return phone, seen


def shapes(responses: list[Response]) -> list[tuple[int, list[str], bytes]]:
    return [(response.status, [name for name, _ in response.headers], response.body) for response in responses]


def test_a_wrong_password_and_an_unknown_user_look_the_same_to_who_registers(office: Office) -> None:
    looks = []
    for user in ("2001", "7777"):
        phone, seen = stranger(office, user, "guess")
        phone.register()
        office.run(5)
        assert phone.registered == 403
        looks.append(shapes(seen))
    assert looks[0] == looks[1]
    assert [status for status, _, _ in looks[0]] == [401, 403]
    assert not office.switch.bindings.kept


def test_a_wrong_password_and_an_unknown_user_look_the_same_to_who_calls(office: Office) -> None:
    looks = []
    for user in ("2001", "7777"):
        for number in ("101", "999", "2002"):
            phone, seen = stranger(office, user, "guess")
            call = phone.dial(number)
            office.run(5)
            assert call.status == 403
            looks.append(shapes(seen))
    assert looks == looks[:1] * 6
    assert not office.switch.journal.of("call.started")


def test_an_unknown_number_is_not_found_once_the_caller_is_known(office: Office) -> None:
    call = office.phone("2001").dial("999")
    office.run(5)
    assert call.status == 404
    assert not office.switch.journal.of("call.started")


def test_a_trunk_reaches_what_routes_allow_and_no_phone_directly(office: Office) -> None:
    carrier = office.trunk()
    desk, menu = carrier.dial("2001"), carrier.dial("100")
    office.run(2)
    assert desk.status == 404
    assert menu.hears == Play(("uk/menu.main",), 1)
    assert office.switch.journal.of("call.started")[0].data["trunk"] == "carrier"


def test_two_phones_talk(office: Office) -> None:
    callee = office.phone("2002")
    callee.on_call = answers(after=4.0)
    call = office.phone("2001").dial("2002")
    office.run(3)
    assert statuses(call) == [180], "ringing is passed on, and nothing is answered yet"
    assert callee.call.invite is not None
    assert (callee.call.invite.from_.uri.user, callee.call.invite.from_.display_name) == ("2001", "Desk 2001")
    office.run(2)
    assert call.talking
    assert bridged(call, callee.call)
    call.hang_up()
    office.run(1)
    assert callee.call.over
    record = record_of(call)
    assert (record.disposition, record.ended_by) == (Disposition.CONNECTED, "caller")
    assert record.talked == pytest.approx(1.0, abs=0.1)


def test_the_called_phone_hangs_up(office: Office) -> None:
    callee = office.phone("2002")
    call = office.call("2001", "2002")
    office.run(7)
    callee.call.hang_up()
    office.run(1)
    assert call.over
    record = record_of(call)
    assert (record.disposition, record.ended_by) == (Disposition.CONNECTED, "phone")
    assert record.talked == pytest.approx(7.0, abs=0.1)


@pytest.mark.parametrize(
    ("status", "told", "disposition"),
    [(486, 486, Disposition.NO_ANSWER), (600, 486, Disposition.NO_ANSWER), (603, 603, Disposition.NO_ANSWER)],
)
def test_a_phone_that_is_busy_or_declines_says_so_to_the_caller(
    office: Office, status: int, told: int, disposition: Disposition
) -> None:
    office.phone("2002").on_call = rejects(status, after=1.0)
    call = office.phone("2001").dial("2002")
    office.run(3)
    assert call.status == told
    assert record_of(call).disposition is disposition


def test_a_phone_that_nobody_picks_up_stops_ringing(office: Office) -> None:
    callee = office.phone("2002")
    callee.on_call = rings_on
    call = office.phone("2001").dial("2002")
    office.run(14.9)
    assert not call.over
    office.run(0.5)
    assert call.status == 480
    assert callee.call.cause == "cancelled"


def test_a_phone_that_is_not_registered_cannot_be_reached(office: Office) -> None:
    call = office.phone("2001").dial("2002")
    office.run(1)
    assert call.status == 480


def test_a_phone_that_has_vanished_is_given_up(office: Office) -> None:
    office.phone("2002").vanish()
    call = office.phone("2001").dial("2002")
    office.run(16)
    assert call.status == 480


def test_early_media_reaches_the_caller_before_the_answer(office: Office) -> None:
    callee = office.phone("2002")

    def announce(call: PhoneCall) -> None:
        call.early_media()
        call.after(3.0, call.answer)

    callee.on_call = announce
    call = office.phone("2001").dial("2002")
    office.run(1)
    assert statuses(call) == [183]
    assert bridged(call, callee.call)
    assert not call.talking
    office.run(3)
    assert statuses(call) == [183, 200]
    assert bridged(call, callee.call)


def test_early_media_of_a_phone_that_then_declines_ends_with_its_status(office: Office) -> None:
    def announce(call: PhoneCall) -> None:
        call.early_media()
        call.after(3.0, lambda: call.reject(486))

    office.phone("2002").on_call = announce
    call = office.phone("2001").dial("2002")
    office.run(5)
    assert statuses(call) == [183, 486]


def test_a_caller_cancels_while_the_phone_rings(office: Office) -> None:
    callee = office.phone("2002")
    callee.on_call = rings_on
    call = office.phone("2001").dial("2002")
    office.run(3)
    call.hang_up()
    office.run(1)
    assert callee.call.cause == "cancelled"
    assert (record_of(call).ended_by, record_of(call).sip_status) == ("caller", 487)


def test_a_phone_in_a_menu_is_rung_with_ringback(office: Office) -> None:
    desk = office.phone("1002")
    desk.on_call = answers(after=3.0)
    call = office.call("2001", "100")
    call.press("3")
    office.run(2)
    assert call.hears == Tone("ringback")
    office.run(2)
    assert bridged(call, desk.call)


def test_all_devices_of_a_user_ring_and_the_first_answer_wins(office: Office) -> None:
    desk, mobile = office.phone("2002"), office.second("2002")
    desk.on_call, mobile.on_call = rings_on, answers(after=2.0)
    sent = office.network.record()
    call = office.phone("2001").dial("2002")
    office.run(3)
    assert bridged(call, mobile.call)
    assert desk.call.cause == "cancelled"
    (cancel,) = [data for data in sent if data.startswith(b"CANCEL")]
    assert b'Reason: SIP;cause=200;text="Call completed elsewhere"' in cancel, "no missed call is shown"


def test_a_device_that_declines_leaves_the_others_ringing(office: Office) -> None:
    desk, mobile = office.phone("2002"), office.second("2002")
    desk.on_call, mobile.on_call = rejects(603, after=1.0), answers(after=3.0)
    call = office.phone("2001").dial("2002")
    office.run(2)
    assert not call.over
    office.run(2)
    assert bridged(call, mobile.call)


def test_the_best_news_of_several_devices_is_what_the_caller_is_told(office: Office) -> None:
    desk, mobile = office.phone("2002"), office.second("2002")
    desk.on_call, mobile.on_call = rejects(486, after=1.0), rejects(500, after=2.0)
    call = office.phone("2001").dial("2002")
    office.run(3)
    assert call.status == 486


def test_two_devices_that_answer_at_once_are_one_conversation(office: Office) -> None:
    devices = [office.phone("2002"), office.second("2002")]
    for device in devices:
        device.on_call = answers(after=2.0)
    call = office.phone("2001").dial("2002")
    office.run(4)
    assert sorted(device.call.over for device in devices) == [False, True]
    (talking,) = [device.call for device in devices if not device.call.over]
    assert bridged(call, talking)


def test_a_busy_phone_may_send_its_callers_elsewhere(office: Office) -> None:
    office.phone("2005").on_call = rejects(486, after=1.0)
    call = office.call("2001", "2005")
    assert said(call) == ("en/say.nobody",)


def test_early_media_does_not_keep_a_caller_from_going_elsewhere(office: Office) -> None:
    def announce(call: PhoneCall) -> None:
        call.early_media()
        call.after(3.0, lambda: call.reject(486))

    office.phone("2005").on_call = announce
    call = office.call("2001", "2005")
    assert statuses(call) == [183, 200]
    assert said(call) == ("en/say.nobody",)


def test_both_may_hang_up_at_the_same_moment(office: Office) -> None:
    callee = office.phone("2002")
    call = office.call("2001", "2002")
    office.run(1)
    call.hang_up()
    callee.call.hang_up()
    office.run(1)
    assert not office.switch.control.calls


def test_a_registration_that_cannot_be_read_is_refused(office: Office) -> None:
    phone = office.phone("2001")
    sent = office.network.record()
    phone.register()
    office.run(1)
    accepted = next(data for data in sent if b"Authorization" in data)
    contact = b"Contact: <sip:2001@203.0.113.1:5060>"
    assert contact in accepted
    forged = accepted.replace(contact, b"Contact: <sip:20 01@<>").replace(b"z9hG4bK", b"z9hG4bKx")
    phone.network.send(Transmit(forged.replace(b"CSeq: 7", b"CSeq: 9"), phone.flow))
    office.run(1)
    assert sent[-1].startswith(b"SIP/2.0 40")


def test_agents_codes_are_unknown_numbers_to_a_trunk(office: Office) -> None:
    call = office.trunk().dial("*11*olena*4711")
    office.run(1)
    assert call.status == 404
    assert office.switch.dispatcher.agents["olena"].phone == ""
