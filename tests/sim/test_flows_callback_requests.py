"""Being called back when it is open again: confirmed only when it is safe, due at the opening, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sim.office import CENTRE, Office, said
from tests.support.sim_phone import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall

#: The simulation begins at noon on a Monday.
REQUESTS = """
[hours.office]
open = ["mon 13:00-18:00"]
when_open = "queue:sales"
when_closed = "callback:sales"

[callback.sales]
mail_to = "sales@example.com"
label = "Sales"
due = "hours:office"
queue = "sales"
spread = 60
when_failed = "say:sorry"

[[route]]
did = "130"
to = "hours:office"
"""
OPENING = 3600.0


@pytest.fixture
def office() -> Iterator[Office]:
    centre = Office(centre=CENTRE + REQUESTS)
    yield centre
    centre.close()


def asked(office: Office, user: str = "2001") -> PhoneCall:
    call = office.call(user, "130")
    office.run(0.5)
    assert said(call) == (f"en/callback-number/{user}", "en/number-confirm")
    call.press("1")
    office.run(0.5)
    return call


def until_opening(office: Office, seconds: float = 0.0) -> None:
    office.run(OPENING + seconds - office.world.now)


def test_a_request_is_confirmed_mailed_and_due_at_the_opening(office: Office) -> None:
    call = asked(office)
    assert said(call) == ("en/callback-request-today/2026-11-16T13:00",)
    (request,) = office.switch.boxes.requests()
    assert request.number == "2001"
    assert request.due - request.at == pytest.approx(OPENING, abs=5)
    assert office.switch.mailroom.posted == [request]
    office.run(4)
    assert call.over


@pytest.fixture
def by_mail() -> Iterator[Office]:
    """Nobody but the reader of the mail calls back."""
    hours = REQUESTS.replace("mon 13:00", "mon-fri 13:00").replace('queue = "sales"\n', "")
    centre = Office(centre=CENTRE + hours)
    yield centre
    centre.close()


def test_who_asks_again_before_the_time_is_mailed_once_and_after_it_anew(by_mail: Office) -> None:
    boxes, posted = by_mail.switch.boxes, by_mail.switch.mailroom.posted
    asked(by_mail)
    by_mail.run(4)
    (first,) = boxes.requests()
    boxes.mailed(first)
    asked(by_mail)
    by_mail.run(4)
    assert [known.asked for known in boxes.requests()] == [2]
    assert posted == [first]

    by_mail.run(86_400 - 2 * 3600)  # the reader of the mail has called at the opening, or should have
    call = asked(by_mail)
    assert said(call) == ("en/callback-request-today/2026-11-17T13:00",)
    (second,) = boxes.requests()
    assert posted == [first, second]
    assert (second.asked, second.mailed, second.id != first.id) == (1, False, True)
    assert [line.data for line in by_mail.switch.journal.of("callback_request.forgotten")] == [{"request": first.id}]


def test_what_could_not_be_mailed_yet_is_still_the_same_request(by_mail: Office) -> None:
    asked(by_mail)
    by_mail.run(86_400 - 2 * 3600)
    asked(by_mail)
    assert [known.asked for known in by_mail.switch.boxes.requests()] == [2]


def test_nothing_is_confirmed_before_it_is_written_down(office: Office) -> None:
    office.switch.disk = None
    call = asked(office)
    office.run(5)
    assert said(call) == ()
    assert office.switch.mailroom.posted == []
    office.run(6)
    assert said(call) == ("en/callback-request-failed",)
    office.run(3)
    assert said(call) == ("en/say.sorry",)


def test_another_number_is_keyed_and_confirmed(office: Office) -> None:
    call = office.call("2001", "130")
    office.run(0.5)
    call.press("2")
    office.run(0.5)
    call.press("2002#")
    office.run(0.5)
    assert said(call) == ("en/number-read-back/2002", "en/number-confirm")
    call.press("1")
    office.run(0.5)
    assert [request.number for request in office.switch.boxes.requests()] == ["2002"]


def test_who_asks_twice_is_called_back_once(office: Office) -> None:
    for _ in range(2):
        asked(office).hang_up()
        office.run(1)
    (request,) = office.switch.boxes.requests()
    assert request.asked == 2


def test_customers_are_called_back_after_the_opening_and_not_all_at_once(office: Office) -> None:
    users = ("2001", "2002", "2003")
    for user in users:
        asked(office, user).hang_up()
        office.run(1)
    until_opening(office, -1)
    assert not office.switch.dispatcher.tickets
    tickets = []
    for step in range(3):
        until_opening(office, 1 + 20 * step)
        tickets.append([ticket.number for ticket in office.switch.dispatcher.tickets.values()])
    assert tickets == [["2001"], ["2001", "2002"], ["2001", "2002", "2003"]]
    assert office.switch.boxes.requests() == []


def test_an_agent_and_the_customer_are_connected(office: Office) -> None:
    asked(office).hang_up()
    office.run(1)
    until_opening(office, -30)
    office.agent("1001")
    customer = office.phone("2001")
    customer.on_call = answers(after=2.0)
    customer.on_talk = lambda call: call.press("1")
    until_opening(office, 20)
    assert customer.call.invite is not None
    assert office.switch.journal.of("callback_request.due")


def test_requests_outlive_a_restart(office: Office) -> None:
    asked(office).hang_up()
    office.run(1)
    office.restart()
    until_opening(office, 5)
    assert [ticket.number for ticket in office.switch.dispatcher.tickets.values()] == ["2001"]


def test_while_it_is_open_a_request_is_due_at_once(office: Office) -> None:
    until_opening(office, 10)
    due = office.switch.control.left.requests.due.due(office.switch.config.callback_requests["sales"], office.world.now)
    assert due.at == pytest.approx(office.switch.control._clock.wall(office.world.now))
