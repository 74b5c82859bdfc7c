"""Points and skills that callers bring along: from lists, routes, menus; known in every queue, and when they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.events import CallChanged
from acd.skills import EVERYBODY, parse
from tests.sim.office import CENTRE, Office, bridged, said
from tests.sim.test_flows_operations import Desk
from tests.support.sim_phone import answers, rings_on

if TYPE_CHECKING:
    from collections.abc import Iterator

MORE = """
[[list.vip]]
number = "2001"
priority = 30
needs = "{product} >= 50"
prefer = "{product} >= 70"
data = { product = "sales", team = "support" }

[set.gold]
then = "queue:plain"
priority = 60
needs = "everything >= 50"
data = { product = "support", team = "everything" }
language = "pl"

[menu.leave]
say = "For gold press 1."
keys = { 1 = "set:gold", 2 = "queue:support", "*" = "back" }

[queue.plain]
exit_menu = "menu:leave"
overflow = [{ after = 60, to = "queue:support" }]
wrap_up = 0

[queue.teams]
needs = "{team} >= 50"
when_empty = "say:sorry"
wrap_up = 0

[[route]]
did = "112"
to = "queue:teams"

[[route]]
did = "110"
to = "queue:plain"

[[route]]
did = "111"
to = "queue:plain"
needs = "support >= 50"
prefer = "everything >= 50"
"""


@pytest.fixture
def office() -> Iterator[Office]:
    centre = Office(centre=CENTRE + MORE)
    yield centre
    centre.close()


def ticket_of(office: Office, number: int = 0) -> tuple[str, str, float, dict[str, str]]:
    ticket = list(office.switch.dispatcher.tickets.values())[number]
    return str(ticket.needs), str(ticket.preferred), ticket.priority, dict(ticket.variables)


def test_a_list_says_who_serves_its_callers(office: Office) -> None:
    piotr = office.agent("1002", answers(after=1.0))
    call = office.call("2001", "110")
    assert ticket_of(office)[:3] == ("{product} >= 50", "{product} >= 70", 30)
    office.run(5)
    assert [call.number for call in piotr.calls] == ["*11"], "has not the skill"
    iryna = office.agent("1003", answers(after=1.0))
    office.run(2)
    assert bridged(call, iryna.call)


def test_a_route_says_it_instead(office: Office) -> None:
    call = office.call("2001", "111")
    assert ticket_of(office)[:3] == ("support >= 50", "everything >= 50", 30)
    call.hang_up()


def test_who_is_preferred_is_asked_first(office: Office) -> None:
    office.agent("1003", answers(after=1.0))
    office.run(5)
    olena = office.agent("1001", answers(after=1.0))
    call = office.call("2001", "110")
    office.run(2)
    assert bridged(call, olena.call), "Iryna has been idle for longer, but has only 60"


def test_the_variables_of_a_caller_are_known_in_the_queue_to_which_an_operator_moves_them(office: Office) -> None:
    piotr = office.agent("1002", answers(after=1.0))
    call = office.call("2001", "110")
    (ticket,) = office.switch.dispatcher.tickets
    assert ticket_of(office)[3] == {"language": "en", "product": "sales", "team": "support"}
    office.switch.control.queues.receive(CallChanged(ticket, "teams", needs=EVERYBODY), office.world.now)
    office.run(2)
    assert bridged(call, piotr.call)


def test_a_menu_beside_the_queue_changes_what_they_bring_and_not_their_place(office: Office) -> None:
    marek = office.agent("1004", answers(after=1.0))
    call = office.call("2001", "110")
    office.run(10)
    since = [ticket.since for ticket in office.switch.dispatcher.tickets.values()]
    call.press("9")
    office.run(1)
    call.press("1")
    office.run(2)
    needs, _, priority, variables = ticket_of(office)
    assert (needs, priority) == ("everything >= 50", 60)
    assert variables == {"language": "pl", "product": "support", "team": "everything"}
    assert [ticket.since for ticket in office.switch.dispatcher.tickets.values()] == since
    assert bridged(call, marek.call)


def test_what_an_operator_changed_stays_when_the_menu_changed_nothing(office: Office) -> None:
    call = office.call("2001", "110")
    (ticket,) = office.switch.dispatcher.tickets
    office.switch.control.queues.receive(CallChanged(ticket, priority=500), office.world.now)
    call.press("9")
    office.run(1)
    call.press("*")
    office.run(1)
    assert ticket_of(office)[2] == 500
    call.hang_up()


@pytest.mark.parametrize("way", ["overflow", "menu", "by hand"])
def test_what_an_operator_changed_holds_in_every_queue(office: Office, way: str) -> None:
    office.agent("1001", rings_on)  # may not serve them, so that no queue sends them away
    call = office.call("2001", "110")
    office.run(2)
    (ticket,) = office.switch.dispatcher.tickets
    change = CallChanged(ticket, priority=500, needs=parse("sales >= 1"), preferred=parse("pl >= 50"))
    office.switch.control.queues.receive(change, office.world.now)
    if way == "overflow":
        office.run(60)
    elif way == "menu":
        call.press("9")
        office.run(1)
        call.press("2")
    else:
        Desk(office).ask("call.change", call=ticket, to="phone:2006")  # which is not there
    office.run(2)
    assert ticket_of(office)[:3] == ("sales >= 1", "pl >= 50", 500)
    call.hang_up()


def test_what_a_menu_says_later_counts_instead_of_the_operators_word(office: Office) -> None:
    call = office.call("2001", "110")
    (ticket,) = office.switch.dispatcher.tickets
    change = CallChanged(ticket, priority=500, preferred=parse("pl >= 50"))
    office.switch.control.queues.receive(change, office.world.now)
    call.press("9")
    office.run(1)
    call.press("1")
    office.run(1)
    assert ticket_of(office)[:3] == ("everything >= 50", "pl >= 50", 60)
    call.hang_up()


def test_the_agent_whom_a_list_names_is_asked_first(office: Office) -> None:
    office.reload(("[[list.vip]]\n", '[[list.vip]]\nagent = "iryna"\n'), ('needs = "{product} >= 50"\n', ""))
    olena, iryna = office.agent("1001", rings_on), office.agent("1003", answers(after=1.0))
    call = office.call("2001", "101")
    office.run(3)
    assert bridged(call, iryna.call)
    assert not any(rung.invite for rung in olena.calls)
    call.hang_up()


def test_a_reload_that_asks_about_something_else_finds_it_known_of_those_who_wait(office: Office) -> None:
    office.reload(('[queue.teams]\nneeds = "{team} >= 50"\n', "[queue.teams]\n"), ('needs = "{product} >= 50"\n', ""))
    office.agent("1002", rings_on)
    call = office.call("2001", "110")
    assert "team" not in ticket_of(office)[3]
    office.reload(("[queue.plain]\n", '[queue.plain]\nneeds = "{team} >= 50"\nwhen_empty = "say:sorry"\n'))
    assert ticket_of(office)[3]["team"] == "support"
    assert not call.over
    call.hang_up()


def test_who_lacks_the_variable_is_served_by_nobody_and_goes_where_the_queue_says(office: Office) -> None:
    office.agent("1002", answers(after=1.0))
    call = office.call("2002", "112")
    office.run(0.3)
    assert said(call) == ("en/say.sorry",)
    call.hang_up()
