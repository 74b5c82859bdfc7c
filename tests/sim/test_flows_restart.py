"""The switch is killed in the middle of its work; another one goes on."""

from __future__ import annotations

import pytest

from acd.agent import State, Status
from acd.ticket import Place
from tests.sim.office import CENTRE, Office, bridged
from tests.support.sim_phone import answers, rings_on


def use(office: Office, phone: str, code: str) -> None:
    call = office.phone(phone).dial(code)
    office.world.run_until(lambda: call.over)


def everybody_hangs_up(office: Office) -> None:
    """Of the calls from before the restart only the telephones know."""
    for phone in office.phones.values():
        for call in phone.calls:
            call.ended_at = office.world.now if call.ended_at is None else call.ended_at


def seen(office: Office, agent: str) -> tuple[Status, State, str, str]:
    found = office.switch.dispatcher.agents[agent]
    return found.status, found.state, found.phone, found.reason


def test_agents_are_where_and_as_they_were(office: Office) -> None:
    office.agent("1001")
    office.agent("1002")
    use(office, "1002", "*13")
    use(office, "2006", "*11*olena*4711")
    office.restart(after=30)
    assert seen(office, "olena") == (Status.AVAILABLE, State.IDLE, "2006", "")
    assert seen(office, "piotr") == (Status.ON_BREAK, State.IDLE, "1002", "dialled")
    assert seen(office, "iryna")[0] is Status.LOGGED_OUT
    use(office, "1002", "*14")
    assert seen(office, "piotr")[0] is Status.AVAILABLE


def test_an_agent_takes_calls_after_a_restart_without_doing_anything(office: Office) -> None:
    agent = office.agent("1001")
    served = office.call("2001", "101")
    office.run(4)
    assert bridged(served, agent.call)
    served.hang_up()
    office.run(6)
    calls, idle_since = office.switch.dispatcher.agents["olena"].calls, office.world.now
    office.restart(after=10)
    assert office.switch.dispatcher.agents["olena"].calls == calls == 1
    assert office.switch.dispatcher.agents["olena"].idle_since == pytest.approx(idle_since, abs=2)
    call = office.call("2002", "101")
    office.run(4)
    assert bridged(call, agent.call)


def test_wrap_up_ends_when_it_would_have_ended(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    agent.call.hang_up()
    office.run(1)
    assert seen(office, "olena")[1] is State.WRAP_UP
    office.restart(after=1)
    office.run(2.5)
    assert seen(office, "olena")[1] is State.WRAP_UP
    office.run(1)
    assert seen(office, "olena")[1] is State.IDLE
    assert call.over


def test_nobody_is_rung_before_it_is_known_who_can_be_reached(office: Office) -> None:
    agent = office.agent("1001")
    agent.unregister()
    office.run(1)
    office.restart()
    assert seen(office, "olena")[0] is Status.AVAILABLE
    assert not office.switch.dispatcher.agents["olena"].reachable
    office.call("2001", "101")
    office.run(3)
    agent.register()
    office.run(4)
    assert agent.call.talking


def test_agents_are_taken_to_be_away_while_the_state_is_taken_over(office: Office) -> None:
    office.agent("1001")
    office.restart()
    kinds = [line.kind for line in office.switch.journal.lines]
    taken_over = kinds[kinds.index("switch.recovered") :]
    assert taken_over.index("acd.agent_unreachable") < taken_over.index("acd.restarted")
    assert taken_over.index("acd.restarted") < taken_over.index("acd.agent_reachable")


def test_agents_phones_are_asked_soon_after_a_restart() -> None:
    office = Office(centre=CENTRE.replace("qualify = 0", "qualify = 600"))
    office.agent("1001").vanish()
    office.restart()
    office.run(8)
    assert not office.switch.dispatcher.agents["olena"].reachable


def test_a_changed_configuration_is_in_force_after_the_restart(office: Office) -> None:
    office.agent("1001")
    office.agent("1002")
    centre = office.centre.replace('needs = "sales >= 50"\nstrategy', 'needs = "support >= 50"\nstrategy')
    office.restart(centre=centre)
    call = office.call("2001", "101")
    office.run(4)
    assert bridged(call, office.phone("1002").call)


def test_an_agent_whose_phone_is_no_more_is_logged_out(office: Office) -> None:
    use(office, "2006", "*11*olena*4711")
    centre, _, rest = office.centre.partition('[[phone]]\nuser = "2006"')
    office.restart(centre=centre + rest.partition("\n\n")[2] if "\n\n" in rest else centre)
    assert seen(office, "olena")[0] is Status.LOGGED_OUT
    assert "2006" in seen(office, "olena")[3]


def test_logged_in_from_the_start_does_not_undo_a_logout() -> None:
    office = Office(centre=CENTRE.replace('pin = "4711"', 'pin = "4711"\nlogged_in = true'))
    assert seen(office, "olena")[0] is Status.AVAILABLE
    office.phone("1001")
    use(office, "1001", "*12")
    office.restart()
    assert seen(office, "olena")[0] is Status.LOGGED_OUT
    office.close()


def test_whoever_is_new_and_to_be_logged_in_from_the_start_is(office: Office) -> None:
    office.phone("1001")
    office.restart(centre=office.centre.replace('pin = "4711"', 'pin = "4711"\nlogged_in = true'))
    assert seen(office, "olena")[0] is Status.AVAILABLE


def test_a_second_restart_finds_what_the_first_one_left(office: Office) -> None:
    office.agent("1001")
    office.restart(after=5)
    use(office, "1001", "*13")
    office.restart(after=5)
    assert seen(office, "olena")[:1] == (Status.ON_BREAK,)


def test_who_talked_is_free_after_wrap_up_and_who_rang_at_once(office: Office) -> None:
    agent = office.agent("1001")
    office.call("2001", "101")
    office.run(4)
    assert seen(office, "olena")[1] is State.TALKING
    office.agent("1003", rings_on)
    office.call("2002", "101")
    office.run(2)
    assert seen(office, "iryna")[1] is State.OFFERED
    everybody_hangs_up(office)
    office.restart()
    agent.on_call = office.phone("1003").on_call = answers(after=1.0)
    assert seen(office, "olena")[1] in (State.WRAP_UP, State.IDLE)
    assert seen(office, "iryna")[1] is State.IDLE
    office.run(6)
    one, two = office.call("2003", "101"), office.call("2004", "101")
    office.run(4)
    assert one.talking
    assert two.talking
    assert bridged(one, agent.call) or bridged(two, agent.call)


def test_calls_of_that_moment_are_cut_and_nothing_of_them_is_left(office: Office) -> None:
    office.agent("1001")
    office.call("2001", "101")
    office.call("2002", "101")
    office.run(4)
    office.restart()
    assert not office.switch.control.calls
    assert not office.switch.dispatcher.tickets
    assert not office.switch.dispatcher.offers
    assert [record.disposition.value for record in office.switch.records()][-2:] == ["cut by restart"] * 2


def test_a_wait_that_went_on_in_another_queue_goes_on_in_either_after_a_restart() -> None:
    office = Office(
        centre=CENTRE.replace("[queue.sales]\n", '[queue.sales]\noverflow = [{ after = 20, to = "queue:everybody" }]\n')
    )
    office.call("2001", "101")
    office.run(40)
    assert [ticket.queue for ticket in office.switch.dispatcher.tickets.values()] == ["everybody"]
    office.restart()
    office.run(5)
    office.call("2001", "101")
    office.run(1)
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert (ticket.queue, office.world.now - ticket.since > 45) == ("sales", True)
    office.close()


def test_who_waited_long_enough_and_was_cut_off_is_called_back() -> None:
    words = "offer_callback = { after = 1000, abandoned_after = 10, greeting = false }"
    office = Office(centre=CENTRE.replace("[queue.sales]\n", f"[queue.sales]\n{words}\n"))
    office.call("2001", "101")
    office.run(40)
    office.call("2002", "101")
    office.run(5)
    everybody_hangs_up(office)
    office.restart()
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert (ticket.number, ticket.place) == ("2001", Place.CALLBACK)
    assert office.world.now - ticket.since > 45
    assert ticket.about["dialled"] == "101"
    office.restart()
    assert list(office.switch.dispatcher.tickets) == [ticket.call]
    office.phone("2001").on_call = answers(after=1)
    agent = office.agent("1001", answers(after=1))
    office.run(8)
    assert bridged(office.phone("2001").call, agent.call)
    office.close()
