"""Callers are customers: whoever knows it says so, and events, queues and callbacks go by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.ticket import Place
from tests.sim.office import CENTRE, Office, said
from tests.support.sim_phone import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

IDENTIFYING = """
[lookup.crm]
list = "vip"
customer_id = "{client}"
then = "queue:sales"
when_unknown = "queue:sales"
when_failed = "queue:sales"

[[list.vip]]
number = "2003"
customer_id = "K-3"
data = { client = "K-3" }

[[route]]
from = "list:vip"
to = "queue:sales"

[[route]]
did = "140"
to = "lookup:crm"
"""
OLD = "announce = { position = true, first_after = 5, every = 20 }\n"


def office_with(words: str = "announce = { position = false }") -> Office:
    centre = CENTRE.replace(OLD, "").replace("[queue.sales]\n", f"[queue.sales]\n{words}\n")
    return Office(centre=centre.replace("[[route]]", f"{IDENTIFYING}\n[[route]]", 1))


@pytest.fixture
def office() -> Iterator[Office]:
    there = office_with()
    yield there
    there.close()


def identified(office: Office, user: str, client: str, outcome: str = "ok") -> None:
    office.phone(user).dial("140")
    office.run(1)
    office.switch.answered({"client": client} if client else {}, outcome)
    office.run(1)


def customers(office: Office) -> list[str]:
    return [ticket.customer for ticket in office.switch.dispatcher.tickets.values()]


def test_a_lookup_says_who_calls_and_the_journal_has_it_once(office: Office) -> None:
    identified(office, "2001", "K-1")
    (line,) = office.switch.journal.of("call.identified")
    assert line.data == {"node": "lookup:crm", "customer_id": "K-1"}
    assert customers(office) == ["K-1"]
    assert [record.customer_id for record in office.switch.records() if record.caller == "2001"] == ["K-1"]
    assert [line.data["customer"] for line in office.switch.journal.of("acd.queued")] == ["K-1"]


def test_who_is_not_known_is_known_by_the_number(office: Office) -> None:
    identified(office, "2001", "", "unknown")
    identified(office, "2002", "")
    assert customers(office) == ["phone:2001", "phone:2002"]
    assert office.switch.journal.of("call.identified") == []


def test_a_list_knows_it_before_anything_is_said(office: Office) -> None:
    office.call("2003", "100")
    office.run(1)
    assert office.switch.journal.of("call.started")[-1].data["customer_id"] == "K-3"
    assert customers(office) == ["K-3"]


def test_a_customer_who_is_cut_off_keeps_the_age_at_another_telephone() -> None:
    office = office_with("resume_within = 60\nannounce = { position = false }")
    identified(office, "2001", "K-1")
    office.run(20)
    office.phone("2001").calls[-1].hang_up()
    office.run(5)
    identified(office, "2002", "K-1")
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert office.world.now - ticket.since > 25
    assert said(office.phone("2002").calls[-1]) == ("en/queue-resumed",)
    identified(office, "2001", "K-2")
    assert office.world.now - list(office.switch.dispatcher.tickets.values())[-1].since < 2
    office.close()


ORDERED = "offer_callback = { after = 1000, abandoned_after = 10, greeting = false }"


def test_a_customer_who_gives_up_twice_is_called_back_once_at_the_number_of_the_first() -> None:
    office = office_with(ORDERED)
    for user, client in (("2001", "K-1"), ("2002", "K-1"), ("2004", "K-4")):
        identified(office, user, client)
        office.run(15)
        office.phone(user).calls[-1].hang_up()
        office.run(5)
    orders = [ticket for ticket in office.switch.dispatcher.tickets.values() if ticket.place is Place.CALLBACK]
    assert sorted((ticket.customer, ticket.number) for ticket in orders) == [("K-1", "2001"), ("K-4", "2004")]
    office.phone("2001").on_call = answers(after=1)
    office.agent("1001", answers(after=1))
    office.run(8)
    back = office.switch.journal.of("call.started")[-1].data
    assert (back["caller"], back["customer_id"]) == ("2001", "K-1")
    office.close()


def test_who_was_cut_off_by_a_kill_is_called_back_at_the_number_and_not_at_the_id() -> None:
    office = office_with(ORDERED)
    identified(office, "2001", "K-1")
    office.run(40)
    office.restart()
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert (ticket.customer, ticket.number, ticket.place) == ("K-1", "2001", Place.CALLBACK)
    office.close()
