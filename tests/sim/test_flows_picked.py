"""Callers who are picked out of the queue by hand: for an agent, or for somebody at another telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.agent import State
from acd.figures.stays import Outcome
from acd.ticket import Place
from softswitch.admin.protocol import AdminError
from softswitch.store.cdr import Disposition
from tests.sim.figures import check_accounts, collected
from tests.sim.office import CENTRE, MUSIC, Office, bridged, record_of, said, state_of
from tests.sim.test_flows_operations import Desk
from tests.support.sim_phone import answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from acd.figures.stays import Stay
    from acd.ticket import Ticket
    from tests.support.sim_phone import PhoneCall, SimPhone

WORDS = """
[queue.sales]
music = "default"
announce = { position = false }
offer_callback = { key = "2", at_once = true, greeting = false, retry_after = [30], tries = 3 }
"""


@pytest.fixture
def office() -> Iterator[Office]:
    text = CENTRE.replace("announce = { position = true, first_after = 5, every = 20 }\n", "")
    centre = Office(centre=text.replace("\n[queue.sales]\n", WORDS))
    yield centre
    check_accounts(centre.switch.journal.lines)
    centre.close()


def waits(office: Office, seconds: float = 5.0) -> PhoneCall:
    call = office.call("2001", "101")
    office.run(seconds)
    return call


def ticket_of(office: Office) -> Ticket:
    (ticket,) = office.switch.dispatcher.tickets.values()
    return ticket


def send(office: Office, to: str) -> None:
    Desk(office).ask("call.change", call=ticket_of(office).call, to=to, by="oksana")


def stays(office: Office) -> list[Stay]:
    return collected(office.switch.journal.lines).stays


# --- for an agent
def test_a_caller_is_picked_for_an_agent_who_could_not_be_asked(office: Office) -> None:
    piotr = office.agent("1002", answers(after=1.0))
    call = waits(office)
    ticket = ticket_of(office).call
    sent = Desk(office).ask("call.change", call=ticket[:8], to="agent:piotr", by="oksana")
    assert (sent["to"], sent["queue"]) == ("agent:piotr", "sales")
    assert state_of(office, "piotr") is State.OFFERED
    assert call.hears == MUSIC
    office.run(2.0)
    assert bridged(call, piotr.call)
    assert state_of(office, "piotr") is State.TALKING
    (audited,) = [line.data for line in office.switch.journal.of("admin.changed")]
    assert (audited["by"], audited["to"], audited["call"]) == ("oksana", "agent:piotr", ticket)


def test_it_is_a_call_of_the_queue_with_talk_time_and_wrap_up(office: Office) -> None:
    office.agent("1002", answers(after=1.0))
    call = waits(office)
    send(office, "agent:piotr")
    office.run(60.0)
    call.hang_up()
    office.run(1)
    assert state_of(office, "piotr") is State.WRAP_UP
    record = record_of(call)
    assert [(step.kind, step.name) for step in record.path] == [("queue", "sales"), ("talk", "piotr")]
    assert (record.queue, record.agent, record.disposition) == ("sales", "piotr", Disposition.SERVED)
    office.run(10.0)
    assert state_of(office, "piotr") is State.IDLE
    (stay,) = stays(office)
    assert (stay.outcome, stay.agent, stay.offers) == (Outcome.ANSWERED, "piotr", 1)
    assert stay.talk / 1e6 == pytest.approx(59.0, abs=1.0)
    assert stay.wrap_up / 1e6 == pytest.approx(5.0, abs=0.1)


def test_the_telephone_of_a_free_agent_is_the_agent(office: Office) -> None:
    office.agent("1002", answers(after=1.0))
    waits(office)
    send(office, "phone:1002")
    office.run(2.0)
    assert state_of(office, "piotr") is State.TALKING


def test_whoever_rings_at_that_moment_rings_no_more(office: Office) -> None:
    olena, piotr = office.agent("1001", rings_on), office.agent("1002", answers(after=1.0))
    call = waits(office)
    assert state_of(office, "olena") is State.OFFERED
    send(office, "agent:piotr")
    assert state_of(office, "olena") is State.IDLE
    office.run(2.0)
    assert bridged(call, piotr.call)
    assert olena.call.over


def test_who_is_not_taken_waits_on_in_the_same_place(office: Office) -> None:
    office.agent("1002", rejects(486, after=1.0))
    call = waits(office)
    since = ticket_of(office).since
    send(office, "agent:piotr")
    office.run(3.0)
    assert (ticket_of(office).place, ticket_of(office).since) == (Place.WAITING, since)
    olena = office.agent("1001", answers(after=1.0))
    office.run(3.0)
    assert bridged(call, olena.call)


def test_who_cannot_be_rung_is_told_and_the_caller_waits_on(office: Office) -> None:
    call = waits(office)
    with pytest.raises(AdminError, match="piotr cannot be rung: logged out"):
        send(office, "agent:piotr")
    office.run(1.0)
    assert ticket_of(office).place is Place.WAITING
    assert call.hears == MUSIC


def test_a_pick_that_rings_outlasts_what_else_changes_there(office: Office) -> None:
    """The agent is in none of the queue's skills: nobody asks about that any more."""
    piotr = office.agent("1002", answers(after=4.0))
    call = waits(office)
    send(office, "agent:piotr")
    Desk(office).ask("call.change", call=ticket_of(office).call, priority=9)
    office.reload(more="\n[queue.fresh]\n")
    assert state_of(office, "piotr") is State.OFFERED
    office.run(5.0)
    assert bridged(call, piotr.call)


# --- to somebody else
def test_who_is_put_through_to_another_telephone_counts_as_answered_and_talked(office: Office) -> None:
    boss = office.phone("2002")
    boss.on_call = answers(after=3.0)
    call = waits(office)
    send(office, "phone:2002")
    office.run(33.0)
    assert bridged(call, boss.call)
    boss.call.hang_up()
    office.run(1.0)
    assert record_of(call).disposition is Disposition.CONNECTED
    (stay,) = stays(office)
    assert (stay.outcome, stay.agent, stay.conversations) == (Outcome.ANSWERED, "", 1)
    assert stay.waited / 1e6 == pytest.approx(8.0, abs=0.5)
    assert stay.talk / 1e6 == pytest.approx(30.0, abs=0.5)
    assert stay.wrap_up == 0


def test_who_hangs_up_while_that_telephone_rings_has_given_up(office: Office) -> None:
    office.phone("2002").on_call = rings_on
    call = waits(office)
    send(office, "phone:2002")
    office.run(5.0)
    call.hang_up()
    office.run(1.0)
    (stay,) = stays(office)
    assert stay.outcome is Outcome.ABANDONED
    assert stay.waited / 1e6 == pytest.approx(10.0, abs=0.5)
    assert record_of(call).disposition is Disposition.ABANDONED


def test_who_is_not_taken_at_that_telephone_has_waited_in_one_go(office: Office) -> None:
    office.phone("2002").on_call = rejects(486, after=2.0)
    call = waits(office)
    since = ticket_of(office).since
    send(office, "phone:2002")
    office.run(5.0)
    assert (ticket_of(office).queue, ticket_of(office).since) == ("sales", since)
    assert call.hears == MUSIC
    olena = office.agent("1001", answers(after=1.0))
    office.run(3.0)
    assert bridged(call, olena.call)
    call.hang_up()
    office.run(10.0)
    (stay,) = stays(office)
    assert (stay.outcome, stay.agent) == (Outcome.ANSWERED, "olena")
    assert stay.waited / 1e6 == pytest.approx(14.0, abs=0.5)


def test_who_is_sent_to_an_announcement_has_left(office: Office) -> None:
    call = waits(office)
    send(office, "say:sorry")
    office.run(0.5)
    assert said(call) == ("en/say.sorry",)
    office.run(20.0)
    (stay,) = stays(office)
    assert stay.outcome is Outcome.LEFT
    assert record_of(call).disposition is Disposition.SELF_SERVICE


# --- a customer who was called back
@pytest.fixture
def customer(office: Office) -> SimPhone:
    """Has ordered a callback, has answered it, and waits because the agent was not there."""
    phone = office.phone("2001")
    call = waits(office, 2.0)
    call.press("2")
    office.run(0.5)
    call.press("1")
    office.run(6.0)
    assert call.over
    phone.on_call = answers(after=1.0)
    olena = office.agent("1001", rings_on)
    office.run(2.0)
    assert phone.call.talking
    olena.unregister()
    office.run(1.0)
    assert ticket_of(office).urgent
    return phone


def due(ticket: Ticket) -> tuple[Place, str, int]:
    return ticket.place, ticket.number, ticket.tries


def test_a_promise_outlasts_a_hand_that_sends_the_customer_where_nobody_answers(
    office: Office, customer: SimPhone
) -> None:
    office.phone("2002").on_call = rings_on
    send(office, "phone:2002")
    office.run(3.0)
    assert due(ticket_of(office)) == (Place.CALLED_AGAIN, "2001", 1)
    customer.call.hang_up()
    office.run(0.5)
    assert due(ticket_of(office)) == (Place.CALLBACK, "2001", 1)
    assert ticket_of(office).due_at == pytest.approx(office.world.now + 29.5, abs=0.5)  # as after any failed try
    office.phones["1001"].register()
    office.run(32.0)
    assert customer.call.talking, "is not called back again"


def test_who_is_not_taken_there_is_first_again_and_still_promised(office: Office, customer: SimPhone) -> None:
    office.phone("2002").on_call = rejects(486, after=2.0)
    ordered = ticket_of(office).ordered_at
    send(office, "phone:2002")
    office.run(4.0)
    ticket = ticket_of(office)
    assert due(ticket) == (Place.WAITING, "2001", 1)
    assert (ticket.urgent, ticket.ordered_at) == (True, ordered)
    assert customer.call.hears == MUSIC
    customer.call.hang_up()
    office.run(0.5)
    assert due(ticket_of(office)) == (Place.CALLBACK, "2001", 1)
    assert ticket_of(office).due_at == pytest.approx(office.world.now + 29.5, abs=0.5)


def test_who_is_taken_there_has_had_the_callback(office: Office, customer: SimPhone) -> None:
    boss = office.phone("2002")
    boss.on_call = answers(after=2.0)
    send(office, "phone:2002")
    office.run(12.0)
    assert bridged(customer.call, boss.call)
    assert not office.switch.dispatcher.tickets
    boss.call.hang_up()
    office.run(1.0)
    assert [line.data["result"] for line in office.switch.journal.of("acd.callback_over")] == ["served"]
    (stay,) = stays(office)
    assert (stay.outcome, stay.called_back) == (Outcome.CALLBACK, True)
    assert stay.talk / 1e6 == pytest.approx(10.0, abs=0.5)


def test_a_promise_outlasts_a_kill_while_the_customer_is_elsewhere(office: Office, customer: SimPhone) -> None:
    """What the kill cut off was no fault of the customer's: the try does not count."""
    office.phone("2002").on_call = rings_on
    send(office, "phone:2002")
    office.run(2.0)
    office.restart(after=5.0)
    for call in customer.calls:
        call.ended_at = call.ended_at or office.world.now
    assert due(ticket_of(office)) == (Place.CALLBACK, "2001", 0)
    olena = office.phones["1001"]
    olena.register()
    olena.on_call = answers(after=1.0)
    office.run(10.0)
    assert bridged(customer.call, olena.call)
