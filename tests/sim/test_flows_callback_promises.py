"""Promised callbacks are made: whatever limits the queue has, whatever the file says now, whoever is killed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from acd.ticket import Place
from ivr.forced import ForcedState
from softswitch.campaigns.documents import read
from tests.sim.office import CENTRE, Office, bridged, said
from tests.sim.test_flows_callback_requests import OPENING, REQUESTS, asked, until_opening
from tests.sim.test_flows_callbacks import OFFER, QUEUE, called_back, office_with, order
from tests.support.sim_phone import answers, rings_on


def sales(words: str, more: str = "") -> Office:
    return Office(centre=(CENTRE + REQUESTS + more).replace("[queue.sales]\n", f"[queue.sales]\n{words}\n"))


def places(office: Office) -> list[tuple[str, Place]]:
    return [(ticket.number, ticket.place) for ticket in office.switch.dispatcher.tickets.values()]


# --- limits
@pytest.mark.parametrize("limit", ['when_empty = "say:sorry"', "max_waiting = 1", "max_expected_wait = 1"])
def test_who_asked_at_night_is_no_newcomer_in_the_morning(limit: str) -> None:
    office = sales(limit)
    asked(office).hang_up()
    office.run(1)
    live = office.call("2002", "101") if "max_waiting" in limit else None
    until_opening(office, 5)
    assert places(office)[-1] == ("2001", Place.CALLBACK)
    assert office.switch.boxes.requests() == []
    if live is not None:
        live.hang_up()
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    customer.on_talk = lambda call: call.press("1")
    agent = office.agent("1001", answers(after=1.0))
    office.run(6)
    assert bridged(called_back(customer), agent.call)
    office.close()


def test_who_gave_up_is_listed_although_nobody_is_there_any_more() -> None:
    office = office_with('offer_callback = { abandoned_after = 10 }\nwhen_empty = "say:sorry"')
    office.agent("1001", rings_on)
    call = office.call("2001", "101")
    office.run(15)
    office.phone("1001").dial("*12")
    call.hang_up()
    office.run(2)
    assert places(office) == [("2001", Place.CALLBACK)]


def test_callbacks_need_what_the_call_brought() -> None:
    words = 'offer_callback = { abandoned_after = 5 }\nneeds = "{level} >= 50"'
    old = 'needs = "sales >= 50"\nstrategy'
    centre = (CENTRE + SKILLED).replace(f'[queue.sales]\nlabel = "Sales"\n{old}', f"[queue.sales]\n{words}\nstrategy")
    office = Office(centre=centre)
    asked_in = office.call("2001", "140")
    office.run(10)
    asked_in.hang_up()
    office.run(1)
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert ticket.variables["level"] == "support"
    office.agent("1001")
    assert places(office) == [("2001", Place.CALLBACK)], "has other skills"
    office.agent("1002")
    assert places(office) == [("2001", Place.DIALLING)]


SKILLED = """
[set.level]
data = { level = "support" }
then = "queue:sales"

[[route]]
did = "140"
to = "set:level"
"""


# --- kill -9
def test_nothing_is_lost_or_doubled_by_a_kill_between_the_row_and_the_ticket() -> None:
    office = sales("")
    asked(office).hang_up()
    until_opening(office, -1)
    office.switch.disk = None  # the order is never known to be written down
    until_opening(office, 5)
    assert len(office.switch.boxes.requests()) == 1, "the row waits for the order to be safe"
    office.restart()
    office.run(5)
    assert places(office) == [("2001", Place.CALLBACK)]
    assert office.switch.boxes.requests() == []
    assert len(office.switch.journal.of("callback_request.due")) == 1


def test_a_kill_before_the_order_was_written_down_lets_it_be_given_again() -> None:
    office = sales("")
    asked(office).hang_up()
    until_opening(office, -1)
    office.switch.disk = None
    lines = len(office.switch.journal.lines)
    until_opening(office, 1)
    del office.switch.journal.lines[lines:]
    office.restart()
    office.run(5)
    assert places(office) == [("2001", Place.CALLBACK)]


def test_name_trunk_and_number_dialled_outlast_a_restart() -> None:
    office = office_with()
    carrier = office.trunk()
    carrier.on_call = answers(after=1.0)
    call = carrier.dial("101")
    office.run(9)
    call.press("2")
    office.run(0.5)
    call.press("1")
    office.run(5)
    office.restart()
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert dict(ticket.about)["trunk"] == "carrier"
    office.agent("1001", answers(after=1.0))
    office.run(3)
    back = called_back(carrier)
    assert back.invite is not None
    assert back.invite.from_.uri.user == "101"
    assert said(back) == ("uk/callback-greeting/Acme",)
    started = office.switch.journal.of("call.started")[-1].data
    assert (started["trunk"], started["language"]) == ("carrier", "uk")


# --- the customer calls in between
@pytest.mark.parametrize("way", ["timed out", "exit key"])
def test_a_call_in_between_that_nobody_served_does_not_lose_the_order(way: str) -> None:
    words = OFFER + '\nmax_wait = 20\nwhen_timed_out = "say:sorry"\nexit = { keys = { 9 = "say:sorry" } }'
    office = office_with(words)
    order(office)
    call = office.call("2001", "101")
    office.run(2)
    (order_, _) = sorted(office.switch.dispatcher.tickets.values(), key=lambda ticket: ticket.call)
    assert order_.place is Place.CALLED_AGAIN
    if way == "exit key":
        call.press("9")
    office.run(20.2 if way == "timed out" else 0.2)
    assert said(call) == ("en/say.sorry",)
    assert order_.place is Place.CALLED_AGAIN, "on the line"
    office.run(10)
    assert call.over
    assert places(office) == [("2001", Place.CALLBACK)]
    assert order_.since < 10
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    office.agent("1001", answers(after=1.0))
    office.run(3)
    assert said(called_back(customer)) == ("en/callback-greeting/Acme",)


# --- other files
def test_a_queue_that_is_taken_out_still_calls_back_whom_it_promised() -> None:
    office = office_with()
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    order(office)
    first, _, rest = office.centre.partition("[queue.sales]")
    office.centre = first + "[queue.support]" + rest.partition("[queue.support]")[2]
    office.centre = office.centre.replace('"queue:sales"', '"queue:support"')
    office.reload()
    office.agent("1001", answers(after=1.0))
    office.run(4)
    back = called_back(customer)
    assert said(back) == ("en/callback-greeting/Acme",)
    back.press("1")
    office.run(3)
    assert back.talking
    assert office.switch.journal.of("call.ended")[-1].data.get("cause") != "internal-error"


def test_who_is_asked_while_the_kind_of_request_is_taken_out_is_taken_down() -> None:
    office = sales("")
    call = office.call("2001", "130")
    office.run(0.5)
    office.centre = office.centre.replace('when_closed = "callback:sales"', 'when_closed = "say:sorry"')
    head, _, rest = office.centre.partition("[callback.sales]")
    office.centre = head + "[[route]]" + rest.partition("[[route]]")[2]
    office.reload()
    call.press("2")
    office.run(0.5)
    call.press("2002#")
    office.run(0.5)
    call.press("1")
    office.run(0.5)
    assert said(call) == ("en/callback-request-today/2026-11-16T13:00",)
    assert [request.number for request in office.switch.boxes.requests()] == ["2002"]


# --- when
def force(office: Office, state: ForcedState, until: float | None) -> None:
    wall = office.switch.control._clock.wall(office.world.now)
    end = None if until is None else wall + until
    office.switch.control.forcing.force("office", state, office.world.now, until=end, by="1001")


NOON_OPEN = ('open = ["mon 13:00-18:00"]', 'open = ["mon 08:00-18:00"]')


def test_closed_by_hand_until_an_hour_it_is_that_hour() -> None:
    office = Office(centre=(CENTRE + REQUESTS).replace(*NOON_OPEN))
    force(office, ForcedState.CLOSED, 7200.0)
    call = asked(office)
    assert said(call) == ("en/callback-request-today/2026-11-16T14:00",)


def test_closed_by_hand_until_after_the_hours_it_is_the_next_opening() -> None:
    office = Office(centre=(CENTRE + REQUESTS).replace(*NOON_OPEN))
    force(office, ForcedState.CLOSED, 7 * 3600.0)
    call = asked(office)
    (spoken,) = said(call)
    assert spoken.endswith("2026-11-23T08:00")


def test_closed_by_hand_and_nobody_knows_how_long_no_time_is_said() -> None:
    office = Office(centre=(CENTRE + REQUESTS).replace(*NOON_OPEN))
    force(office, ForcedState.CLOSED, None)
    call = asked(office)
    assert said(call) == ("en/callback-request-taken",)
    (request,) = office.switch.boxes.requests()
    assert request.vague
    office.run(600)
    assert places(office) == []
    office.switch.control.forcing.release("office", office.world.now, by="1001")
    office.run(70)
    assert places(office) == [("2001", Place.CALLBACK)], "soon after somebody has opened"


def test_the_opening_is_said_as_the_clock_shows_it_where_it_is() -> None:
    zone = 'timezone = "America/New_York"\n'
    office = Office(centre=(CENTRE + REQUESTS).replace("[hours.office]\n", f"[hours.office]\n{zone}"))
    call = asked(office)
    (spoken,) = said(call)
    assert spoken == "en/callback-request-today/2026-11-16T13:00"
    (request,) = office.switch.boxes.requests()
    assert datetime.fromtimestamp(request.due, UTC).hour == 18


def test_so_many_at_most_are_due_in_a_quarter_of_an_hour() -> None:
    office = Office(centre=(CENTRE + REQUESTS).replace("spread = 60\n", "most_per_quarter = 2\n"))
    for user in ("2001", "2002", "2003"):
        asked(office, user).hang_up()
        office.run(1)
    dues = [request.due for request in office.switch.boxes.requests()]
    assert [due - dues[0] for due in dues] == [0.0, 450.0, 900.0]
    until_opening(office, 460)
    assert len(places(office)) == 2
    until_opening(office, 910)
    assert len(places(office)) == 3


# --- mail
def test_what_was_not_taken_is_neither_mailed_nor_called() -> None:
    office = sales("")
    office.switch.disk = 12.0
    call = asked(office)
    office.run(10)
    assert said(call) == ("en/callback-request-failed",)
    office.run(10)
    assert office.switch.boxes.requests() == []
    assert office.switch.mailroom.posted == []
    until_opening(office, 30)
    assert places(office) == []


def test_a_request_that_is_due_at_once_is_mailed_all_the_same() -> None:
    centre = (CENTRE + REQUESTS).replace(*NOON_OPEN).replace('to = "hours:office"', 'to = "callback:sales"')
    office = Office(centre=centre)
    office.switch.disk = 3.0
    asked(office).hang_up()
    office.run(2)
    assert len(office.switch.boxes.requests()) == 1, "not before it is safe"
    office.run(5)
    assert [item.number for item in office.switch.mailroom.posted if not hasattr(item, "box")] == ["2001"]
    assert places(office) == [("2001", Place.CALLBACK)]
    assert office.world.now < OPENING


# --- as every caller
def test_campaigns_speak_to_customers_who_are_called_back() -> None:
    slot = '[[menu.main.slot]]\nid = "promo"\nkey = "4"\ntargets = ["echo"]\n\n'
    offer = '[template.offer]\ntext = { en = "Insurance for {segment}." }\n\n'
    words = f'{QUEUE}{OFFER}\nexit = {{ keys = {{ 9 = "menu:main" }} }}\n'
    centre = CENTRE.replace("announce = { position = true, first_after = 5, every = 20 }\n", "")
    centre = centre.replace("[queue.sales]\n", f"[queue.sales]\n{words}").replace("[say.nobody]", slot + "[say.nobody]")
    centre += '[set.gold]\ndata = { segment = "gold" }\nthen = "queue:sales"\n[[route]]\ndid = "140"\nto = "set:gold"\n'
    office = Office(centre=centre + offer.replace(" for {segment}", ""))
    document = {"campaign": "spring", "template": "offer", "target": "echo", "condition": "segment in [gold]"}
    office.switch.book.put("promo", read({"bindings": [document]}), office.world.now, by="ann", restructure=False)
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    call = office.call("2001", "140")
    office.run(9)
    for key in "21":
        call.press(key)
        office.run(0.5)
    office.run(4)
    office.restart()
    agent = office.agent("1001", rings_on)
    office.run(3)
    back = called_back(customer)
    back.press("1")
    office.run(1)
    assert agent.call.invite is not None
    back.press("9")
    heard = [said(back)]
    for _ in range(20):
        office.run(0.5)
        heard.append(said(back))
    assert any("slot" in item for items in heard for item in items), heard
    voiced = office.switch.journal.of("ivr.message_voiced")
    assert [(line.data["campaign"], line.data["segment"]) for line in voiced] == [("spring", "gold")]


def test_a_restart_without_the_queue_still_calls_back_whom_it_promised() -> None:
    office = office_with()
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    order(office)
    first, _, rest = office.centre.partition("[queue.sales]")
    centre = first + "[queue.support]" + rest.partition("[queue.support]")[2]
    office.restart(centre=centre.replace('"queue:sales"', '"queue:support"'))
    agent = office.agent("1001", answers(after=1.0))
    office.run(4)
    back = called_back(customer)
    assert said(back)[0].startswith("en/callback-greeting")
    back.press("1")
    office.run(3)
    assert bridged(back, agent.call)
