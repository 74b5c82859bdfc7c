"""Callers who are moved to another queue while they wait: everything is that queue's affair from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.events import CallChanged
from rtp.legs import Bridge, Music
from softswitch.store.cdr import Disposition
from tests.sim.office import CENTRE, Office, bridged, record_of, said
from tests.sim.test_flows_operations import Desk
from tests.support.sim_phone import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall

SALES = """
music = "jazz"
exit = { keys = { 6 = "say:nobody" } }
exit_menu = "menu:leave"
offer_callback = { after = 8, key = "2", greeting = false }
max_wait = 30
when_timed_out = "say:nobody"
"""
SUPPORT = """
exit = { keys = { 5 = "say:sorry" } }
announce = { position = true, first_after = 5 }
offer_callback = { after = 15, key = "3", greeting = false }
"""
MORE = f"""
[menu.leave]
say = "To go on waiting press star or 4, or hang up."
keys = {{ "*" = "back", 4 = "queue:sales", 1 = "queue:everybody" }}
timeout = 4

[music.jazz]
files = ["{__file__}"]  # nobody listens
"""


@pytest.fixture
def office() -> Iterator[Office]:
    centre = CENTRE.replace("[queue.sales]\n", f"[queue.sales]\n{SALES}")
    centre = centre.replace("[queue.support]\n", f"[queue.support]\n{SUPPORT}")
    centre = Office(centre=centre.replace("[say.nobody]", f"{MORE}\n[say.nobody]"))
    yield centre
    centre.close()


def waits(office: Office, seconds: float = 3.0) -> PhoneCall:
    call = office.call("2001", "101")
    office.run(seconds)
    return call


def move(office: Office, queue: str = "support") -> None:
    (ticket,) = office.switch.dispatcher.tickets
    office.switch.control.queues.receive(CallChanged(ticket, queue), office.world.now)
    office.run(0.3)


def test_the_operators_command_moves_the_whole_call(office: Office) -> None:
    call = waits(office)
    (ticket,) = office.switch.dispatcher.tickets
    Desk(office).ask("call.change", call=ticket, queue="support", by="oksana")
    office.run(0.3)
    assert call.hears == Music("default")
    call.press("6")  # a key of sales
    office.run(0.3)
    assert call.hears == Music("default")
    call.press("5")
    office.run(0.3)
    assert said(call) == ("en/say.sorry",)
    call.hang_up()
    office.run(1)
    assert [(step.kind, step.name) for step in record_of(call).path] == [
        ("queue", "sales"),
        ("queue", "support"),
        ("say", "sorry"),
    ]


def test_what_is_said_and_when_it_is_over_is_the_new_queues_affair(office: Office) -> None:
    call = waits(office, 20.0)  # sales would give up in 10 s
    move(office)
    office.run(5.0)
    assert said(call) == ("en/queue-next",)
    office.run(34.0)
    assert call.hears == Music("default")
    office.run(1.5)
    assert said(call) == ("en/say.sorry",)  # of support, after its own 40 s
    call.hang_up()


def test_the_callback_of_the_new_queue_is_offered_and_its_key_works(office: Office) -> None:
    call = waits(office, 12.0)
    move(office)
    call.press("2")
    office.run(0.5)
    assert call.hears == Music("default")
    office.run(16.0)
    call.press("3")
    office.run(0.5)
    assert said(call)
    call.press("1")
    office.run(8.0)
    assert [(t.queue, t.number) for t in office.switch.dispatcher.tickets.values()] == [("support", "2001")]
    assert record_of(call).queue == "support"


def test_the_agent_of_the_new_queue_is_put_through_and_the_record_says_so(office: Office) -> None:
    agent = office.agent("1002", answers(after=1.0))
    call = waits(office)
    move(office)
    office.run(3.0)
    assert bridged(call, agent.call)
    call.hang_up()
    office.run(1)
    record = record_of(call)
    assert (record.queue, record.agent, record.disposition) == ("support", "piotr", Disposition.SERVED)


@pytest.mark.parametrize("back", ["*", "4"])
def test_who_is_in_the_exit_menu_comes_back_to_the_queue_they_were_moved_to(office: Office, back: str) -> None:
    call = waits(office)
    call.press("9")
    office.run(0.5)
    assert said(call) == ("en/menu.leave",)
    move(office)
    assert said(call) == ("en/menu.leave",)
    call.press(back)
    office.run(4.0)
    assert call.hears == Music("default")
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert (ticket.queue, ticket.place.value) == ("support", "waiting")
    assert ticket.since == pytest.approx(call.answered_at, abs=0.5)
    call.press("5")
    office.run(0.5)
    assert said(call) == ("en/say.sorry",)


def test_who_leaves_the_exit_menu_for_a_third_queue_is_there(office: Office) -> None:
    call = waits(office)
    call.press("9")
    office.run(0.5)
    move(office)
    call.press("1")
    office.run(0.5)
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert (ticket.queue, ticket.place.value) == ("everybody", "waiting")
    call.hang_up()


def test_a_callback_that_is_moved_is_served_by_the_new_queue(office: Office) -> None:
    call = waits(office, 9.0)
    call.press("2")
    office.run(0.5)
    call.press("1")
    office.run(8.0)
    assert call.over
    move(office)
    customer = office.phone("2001")
    customer.on_call = answers(after=4.0)
    agent = office.agent("1002", answers(after=1.0))
    office.run(8.0)
    assert bridged(customer.call, agent.call)
    agent.call.hang_up()
    office.run(1)
    assert [(r.queue, r.agent) for r in office.switch.records() if r.agent] == [("support", "piotr")]


def test_a_callback_that_is_moved_while_the_customer_rings_is_served_by_the_new_queue(office: Office) -> None:
    call = waits(office, 9.0)
    call.press("2")
    office.run(0.5)
    call.press("1")
    office.run(8.0)
    customer = office.phone("2001")
    customer.on_call = answers(after=4.0)
    office.agent("1001", answers(after=1.0))
    office.run(1.0)
    assert [ticket.place.value for ticket in office.switch.dispatcher.tickets.values()] == ["dialling"]
    move(office)
    agent = office.agent("1002", answers(after=1.0))
    office.run(12.0)
    assert bridged(customer.call, agent.call)
    customer.call.hang_up()
    office.run(1)
    (record,) = [r for r in office.switch.records() if r.agent]
    assert (record.queue, record.agent) == ("support", "piotr")
    assert [(step.kind, step.name) for step in record.path][-2:] == [("queue", "support"), ("talk", "piotr")]


def test_a_queue_that_came_with_a_reload_takes_callers_who_were_there_before(office: Office) -> None:
    call = waits(office)
    office.reload(more='\n[queue.fresh]\nneeds = "support >= 50"\nexit = { keys = { 7 = "say:sorry" } }\n')
    move(office, "fresh")
    call.press("7")
    office.run(0.5)
    assert said(call) == ("en/say.sorry",)


def test_a_caller_who_is_moved_into_a_queue_that_nobody_serves_goes_on_as_that_queue_says(office: Office) -> None:
    call = waits(office)
    move(office, "manned")
    assert said(call) == ("en/say.sorry",)
    assert not isinstance(call.hears, Bridge)
