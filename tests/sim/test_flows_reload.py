"""Another configuration while calls are in every stage: nothing that goes on is disturbed, all that is new is new."""

from __future__ import annotations

import random
import types
from typing import TYPE_CHECKING, Any

import pytest

from acd.agent import Status
from tests.sim.office import CENTRE, Office, bridged, said, state_of, statuses
from tests.sim.test_flows_callbacks import OFFER, office_with
from tests.sim.test_flows_transfers import served
from tests.support.sim_carrier import SimCarrier
from tests.support.sim_phone import answers, rings_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sip.message import Request
    from tests.support.sim_phone import PhoneCall


QUEUE_101 = 'did = "101"\nto = "queue:sales"'
SALES_KEY = '1 = "queue:sales"'
#: The support queue with everything that leads there taken away, and another that has the number.
NO_SUPPORT = (
    ('[queue.support]\nneeds = "support >= 50"\n', '[queue.help]\nneeds = "support >= 50"\n'),
    ('2 = "queue:support"', '2 = "queue:help"'),
    ('did = "102"\nto = "queue:support"', 'did = "102"\nto = "queue:help"'),
)


@pytest.fixture
def office() -> Iterator[Office]:
    office = Office()
    yield office
    office.close()


def reach(start: object) -> Iterator[object]:
    """Every object that can be come to from *start*, through attributes, containers and closures."""
    seen: set[int] = set()
    pending: list[Any] = [start]
    while pending:
        found = pending.pop()
        if id(found) in seen or isinstance(found, type | types.ModuleType | str | bytes | int | float):
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, dict):
            pending += [*found, *found.values()]
        elif isinstance(found, list | tuple | set | frozenset):
            pending += found
        elif isinstance(found, types.MethodType):
            pending += [found.__self__, found.__func__]
        elif isinstance(found, types.FunctionType):
            pending += [cell.cell_contents for cell in found.__closure__ or ()]
        elif type(found).__module__.split(".")[0] in ("softswitch", "ivr", "sip", "collections"):
            pending += vars(found).values() if hasattr(found, "__dict__") else ()
            slots = [name for cls in type(found).__mro__ for name in getattr(cls, "__slots__", ())]
            pending += [getattr(found, name) for name in slots if hasattr(found, name)]


def test_no_part_goes_by_the_old_configuration_after_a_reload(office: Office) -> None:
    office.call("2001", "101").hang_up()
    office.run(1)
    old = office.switch.config
    assert any(found is old for found in reach(office.switch.control)), "the search finds nothing at all"
    parts = {id(old): "the configuration"}
    for name in type(old).model_fields:
        value = getattr(old, name)
        if isinstance(value, dict | tuple) and value and name not in ("sip", "server"):
            parts[id(value)] = name
            parts |= {id(item): f"one of {name}" for item in (value.values() if isinstance(value, dict) else value)}
    office.reload(more="\n")
    assert office.switch.config is not old
    assert {parts[id(found)] for found in reach(office.switch.control) if id(found) in parts} == set()


def test_a_caller_in_a_menu_goes_by_the_menu_they_heard_and_the_next_one_by_the_new(office: Office) -> None:
    office.agent("1001")
    office.agent("1002")
    old = office.call("2001", "100")
    office.run(0.5)
    office.reload((SALES_KEY, '1 = "queue:support"'))
    new = office.call("2002", "100")
    office.run(1)
    old.press("1")
    new.press("1")
    office.run(8)
    assert bridged(old, office.phone("1001").calls[-1])
    assert bridged(new, office.phone("1002").calls[-1])


@pytest.mark.parametrize("seconds", [0.1, 1.0, 3.5, 6.0, 12.0])
def test_a_call_to_a_queue_is_served_whenever_the_reload_comes(office: Office, seconds: float) -> None:
    desk = office.agent("1001", answers(after=5.0))
    caller = office.phone("2001").dial("101")
    office.run(seconds)
    office.reload(("wrap_up = 5", "wrap_up = 7"), ("ring_timeout = 10", "ring_timeout = 11"))
    office.run(20 - seconds)
    assert bridged(caller, desk.calls[-1])
    assert len(desk.calls) == 2, "it rang once, after the login"


def test_agents_stay_logged_in_and_on_their_breaks(office: Office) -> None:
    office.agent("1001")
    office.agent("1003")
    office.phone("1003").dial("*13")
    office.run(6)
    agents = office.switch.dispatcher.agents
    before = {name: (agent.status, agent.reason, agent.phone) for name, agent in agents.items()}
    office.reload(('name = "Olena Koval"', 'name = "Olena Kovalenko"'), ("sales = 80", "sales = 90"))
    assert {name: (agent.status, agent.reason, agent.phone) for name, agent in agents.items()} == before
    assert before["iryna"][0] is Status.ON_BREAK
    assert agents["olena"].skills == {"sales": 90}


def test_an_agent_who_is_taken_out_ends_the_conversation_and_is_logged_out(office: Office) -> None:
    desk = office.agent("1001")
    caller = office.call("2001", "101")
    office.run(5)
    assert bridged(caller, desk.calls[-1])
    start, end = office.centre.index('[[agent]]\nid = "olena"'), office.centre.index('[[agent]]\nid = "piotr"')
    office.reload((office.centre[start:end], ""))
    office.run(2)
    assert bridged(caller, desk.calls[-1])
    caller.hang_up()
    office.run(2)
    assert "olena" not in office.switch.dispatcher.agents or state_of(office, "olena").value == "logged_out"


def test_a_new_agent_who_works_from_the_start_is_logged_in(office: Office) -> None:
    office.phone("2006")
    office.reload(more='[[agent]]\nid = "new"\nphone = "2006"\nskills = { sales = 70 }\nlogged_in = true\n')
    office.phone("2006").on_call = answers(after=1.0)
    caller = office.call("2001", "101")
    office.run(5)
    assert bridged(caller, office.phone("2006").calls[-1])


def test_a_queue_that_is_no_more_serves_whoever_is_in_it_or_may_still_come(office: Office) -> None:
    in_menu = office.call("2002", "100")
    waiting = office.call("2001", "102")
    office.run(1)
    office.reload(*NO_SUPPORT)
    control = office.switch.control
    assert control.reconfiguring.kept == {"support"}
    newer = office.call("2003", "102")
    in_menu.press("2")
    office.run(2)
    queues = [ticket.queue for ticket in office.switch.dispatcher.tickets.values()]
    assert sorted(queues) == ["help", "support", "support"]
    desk = office.agent("1002")
    for caller in (waiting, newer, in_menu):
        office.run(6)
        assert bridged(caller, desk.calls[-1])
        caller.hang_up()
        office.run(3)
    assert control.reconfiguring.kept == set()
    assert [queue.id for queue in office.switch.dispatcher.config.queues] == ["sales", "help", "everybody", "manned"]
    for part in (control.waiting, control.offers.whispers, control.holds):
        assert "support" not in part._queues


def test_a_queue_without_callers_is_gone_at_once(office: Office) -> None:
    office.reload(*NO_SUPPORT)
    assert office.switch.control.reconfiguring.kept == set()
    assert "support" not in {queue.id for queue in office.switch.dispatcher.config.queues}


def test_a_waiting_caller_times_out_of_a_removed_queue_to_what_they_were_promised(office: Office) -> None:
    caller = office.call("2001", "102")
    office.run(1)
    office.reload(*NO_SUPPORT, ('when_timed_out = "say:sorry"\n', ""))
    office.run(40)
    assert said(caller) == ("sorry:en",) or any("sorry" in text for text in said(caller))


def test_a_new_queue_route_and_menu_are_there_at_once(office: Office) -> None:
    office.agent("1004")
    before = office.phone("2001").dial("150")
    office.run(1)
    assert statuses(before)[-1] == 404
    office.reload(more='[queue.new]\nneeds = "everything >= 50"\n[[route]]\ndid = "150"\nto = "queue:new"\n')
    caller = office.call("2002", "150")
    office.run(5)
    assert bridged(caller, office.phone("1004").calls[-1])


def test_a_caller_can_be_sent_on_to_a_place_that_came_with_the_reload(office: Office) -> None:
    desk = office.agent("1001")
    caller = office.call("2001", "101")
    office.run(5)
    office.reload(more='[say.new]\nsay = "A new place."\n[[route]]\ndid = "151"\nto = "say:new"\n')
    desk.calls[-1].transfer("151")
    office.run(2)
    assert any("new" in text for text in said(caller))


def test_registrations_of_phones_that_still_exist_are_kept_and_others_are_forgotten(office: Office) -> None:
    office.phone("2001")
    office.phone("2002")
    control, now = office.switch.control, office.world.now
    start = office.centre.index('[[phone]]\nuser = "2002"')
    office.reload((office.centre[start : office.centre.index("[[phone]]", start + 5)], ""))
    assert control.phones.places("2001", now)
    assert not control.phones.places("2002", now)
    assert not any(aor == "2002" for aor, _ in office.switch.bindings.kept)
    assert [line.data["reason"] for line in office.switch.journal.of("phone.unregistered")] == ["no such user"]


def test_a_changed_password_is_asked_for_from_the_next_request_on(office: Office) -> None:
    phone = office.phone("2001")
    office.reload(("secret of 2001", "another secret"))
    assert office.switch.control.phones.places("2001", office.world.now), "it is still registered"
    call = phone.dial("106")
    office.run(2)
    assert statuses(call)[-1] == 403


def test_the_agent_of_a_phone_that_is_no_more_is_logged_out(office: Office) -> None:
    office.agent("1004")
    start = office.centre.index('[[phone]]\nuser = "1004"')
    moved = (office.centre[start : office.centre.index("[[phone]]", start + 5)], "")
    office.reload(moved, ('id = "marek"\nphone = "1004"', 'id = "marek"\nphone = "1003"'))
    assert office.switch.dispatcher.agents["marek"].status is Status.LOGGED_OUT


def test_a_phone_that_rings_goes_on_ringing(office: Office) -> None:
    called = office.phone("2002")
    called.on_call = rings_on
    caller = office.phone("2001").dial("2002")
    office.run(2)
    office.reload(('did = "104"', 'did = "105"'))
    called.calls[-1].answer()
    office.run(1)
    assert bridged(caller, called.calls[-1])


def test_carriers_are_registered_with_left_and_registered_with_anew(office: Office) -> None:
    login = '[trunk.new]\nhost = "198.51.100.10"\nregister = { user = "office", password = "a-secret-of-ours" }\n'
    carrier = SimCarrier(office.switch, ("198.51.100.10", 5060))
    watch = office.switch.control.trunk_watch
    office.reload(more=login)
    office.run(2)
    assert watch.is_registered("new")
    assert [request.expires for request in registers(carrier)] == [3600]
    office.reload(("a-secret-of-ours", "another-secret"))
    office.run(2)
    assert watch.is_registered("new")
    assert [request.expires for request in registers(carrier)] == [3600, 0, 3600]
    first, over, anew = (request.call_id for request in registers(carrier))
    assert first == over != anew, "a new registration has a Call-ID of its own"
    office.reload(("[queue.support]", "[queue.support]\nlabel = 'Help'"))
    office.run(2)
    assert len(registers(carrier)) == 3, "what does not concern the carrier is not told to it"
    office.reload((login.replace("a-secret-of-ours", "another-secret"), ""))
    office.run(2)
    assert not watch.is_registered("new")
    assert [request.expires for request in registers(carrier)] == [3600, 0, 3600, 0]
    office.run(4000)
    assert len(registers(carrier)) == 4


def registers(carrier: SimCarrier) -> list[Request]:
    return [request for request in carrier.requests if request.method == "REGISTER"]


@pytest.mark.parametrize("seed", range(6))
def test_a_hundred_reloads_at_any_moment_disturb_nothing_that_goes_on(seed: int) -> None:
    office, rng = Office(seed=seed), random.Random(seed)
    for desk in ("1001", "1002", "1003"):
        office.agent(desk, answers(after=rng.uniform(0.5, 4.0)))
    versions = [office.centre, office.centre]
    for old, new in (*NO_SUPPORT, ("wrap_up = 5", "wrap_up = 0"), ("timeout = 5", "timeout = 7")):
        versions[1] = versions[1].replace(old, new)
    calls: list[PhoneCall] = []
    for number in range(100):
        office.switch.reload(versions[number % 2])
        callers = [office.phone(user) for user in ("2001", "2002", "2003", "2004")]
        idle = [phone for phone in callers if all(call.over for call in phone.calls)]
        if idle and rng.random() < 0.5:
            calls.append(rng.choice(idle).dial(rng.choice(("100", "101", "102", "102"))))
        for call in calls:
            if not call.over and call.number == "100" and call.answered_at is not None and rng.random() < 0.3:
                call.press(rng.choice("12"))
            elif not call.over and call.talking and rng.random() < 0.1:
                call.hang_up()
        office.run(rng.uniform(0.0, 1.5))
        agents = office.switch.dispatcher.agents
        assert [agents[name].status for name in ("olena", "piotr", "iryna")] == [Status.AVAILABLE] * 3
    assert len(calls) > 10
    ended = office.switch.journal.of("call.ended")
    assert {(line.data["by"], line.data["cause"]) for line in ended} <= {
        ("caller", "remote"),
        ("agent", "remote"),
        ("switch", "flow-ended"),
    }
    office.close()
    assert office.switch.control.reconfiguring.kept == set()


def test_a_caller_on_hold_is_not_ended_by_a_limit_that_is_no_more() -> None:
    office = Office(centre=CENTRE.replace("[queue.sales]\n", "[queue.sales]\nmax_hold = 10\n"))
    call, agent = served(office)
    agent.hold()
    office.run(3)
    office.reload(("max_hold = 10\n", ""))
    office.run(15)
    assert not call.over
    assert not agent.over
    call.hang_up()
    office.run(1)
    office.close()


def test_who_is_ordering_a_callback_may_finish_although_none_is_offered_any_more() -> None:
    office = office_with()
    call = office.call("2001", "101")
    office.run(9)
    call.press("2")
    office.run(0.5)
    call.press("2")
    office.reload((OFFER, ""))
    office.run(0.5)
    call.press("2002#")
    office.run(2)
    assert said(call)[0] == "en/number-read-back/2002"
    call.hang_up()
    office.run(1)
    office.close()
