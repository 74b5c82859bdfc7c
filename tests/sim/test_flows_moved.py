"""Callers who are moved to another queue while they wait: everything is that queue's affair from then on.

And what else operators do by hand: whole queues, several agents at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.events import CallChanged
from rtp.legs import Bridge, Music
from softswitch.admin.protocol import AdminError, Code
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
    text = CENTRE.replace("[queue.sales]\n", f"[queue.sales]\n{SALES}")
    text = text.replace("[queue.support]\n", f"[queue.support]\n{SUPPORT}")
    centre = Office(centre=text.replace("[say.nobody]", f"{MORE}\n[say.nobody]"))
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


def test_a_caller_who_is_elsewhere_meanwhile_is_left_alone(office: Office) -> None:
    call = waits(office)
    (ticket,) = office.switch.dispatcher.tickets
    desk = Desk(office)
    with pytest.raises(AdminError, match="is in queue sales, not in support") as refused:
        desk.ask("call.change", call=ticket, priority=5, only_in="support")
    assert refused.value.code is Code.REFUSED
    call.press("9")
    office.run(0.5)
    with pytest.raises(AdminError, match="could not be changed"):
        desk.ask("call.change", call=ticket, to="phone:2002")
    with pytest.raises(AdminError, match="there is no agent nobody"):
        desk.ask("call.change", call=ticket, to="agent:nobody")
    with pytest.raises(AdminError, match="nothing else can be changed"):
        desk.ask("call.change", call=ticket, to="agent:piotr", priority=1)
    assert said(call) == ("en/menu.leave",)


def test_a_whole_queue_is_moved_in_its_order_and_sent_on(office: Office) -> None:
    calls = []
    for phone in ("2001", "2002", "2003"):
        calls.append(office.call(phone, "101"))
        office.run(1.0)
    desk = Desk(office)
    moved = desk.ask("calls.change", call="queue:sales", queue="everybody", by="oksana")
    assert [len(moved["changed"]), moved["refused"]] == [3, []]
    waiting = office.switch.dispatcher.waiting("everybody")
    assert [office.switch.control.calls[ticket.call].caller.phone for ticket in waiting] == ["2001", "2002", "2003"]
    assert [line.data["by"] for line in office.switch.journal.of("admin.changed")] == ["oksana"] * 3
    office.run(1.0)
    assert {call.hears for call in calls} == {Music("default")}
    one, two = waiting[0].call, waiting[2].call
    some = desk.ask("calls.change", call=f"{one}, {two},nobody", to="say:sorry")
    assert [changed["call"] for changed in some["changed"]] == [one, two]
    assert some["refused"] == [{"call": "nobody", "why": "no caller whose id begins with nobody is in a queue"}]
    office.run(0.5)
    assert [said(call) for call in calls] == [("en/say.sorry",), (), ("en/say.sorry",)]
    assert desk.ask("calls.change", call="queue:sales", priority=1) == {"changed": [], "refused": []}


def test_agents_are_changed_together_and_what_cannot_be_is_told(office: Office) -> None:
    office.agent("1001")
    office.agent("1003")
    desk = Desk(office)
    done = desk.ask("agents.change", agent="queue:sales", to="break", reason="meeting", by="oksana")
    assert [changed["agent"] for changed in done["changed"]] == ["olena", "iryna"]
    assert {office.switch.dispatcher.agents[agent].reason for agent in ("olena", "iryna")} == {"meeting"}
    some = desk.ask("agents.change", agent="olena, piotr,nobody", to="back")
    assert [changed["agent"] for changed in some["changed"]] == ["olena"]
    assert [(refused["agent"], refused["why"][:20]) for refused in some["refused"]] == [
        ("piotr", "piotr is not logged "),
        ("nobody", "there is no agent no"),
    ]
    skilled = desk.ask("agents.change", agent="all", to="skills", skills={"pl": 60})
    assert len(skilled["changed"]) == 4
    with pytest.raises(AdminError, match="there is no queue nowhere"):
        desk.ask("agents.change", agent="queue:nowhere", to="back")
