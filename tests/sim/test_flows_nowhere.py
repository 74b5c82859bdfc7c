"""A route that is filled in leads to a place that there is not: callers go on as from a phone that is nowhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr.targets import NAMED_KINDS
from softswitch.explain.route import Question, explain_route
from softswitch.tryout.command import Request, attempt
from softswitch.tryout.walk import walk
from tests.sim.office import CENTRE, Office, bridged, said, statuses
from tests.sim.test_flows_transfers import served
from tests.support.sim_phone import PhoneCall, answers

#: Any kind of place may be asked for by the number that was dialled.
ROUTES = """
[[route]]
did = "6*"
to = "KIND:{did}"

[[route]]
did = "7*"
to = "KIND:{did}"
when_unavailable = ["KIND:{other}", "phone:2003", "queue:sales"]
data = { other = "no-such" }
"""
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def office_of(kind: str) -> Office:
    return Office(centre=CENTRE + ROUTES.replace("KIND", kind))


def never_busy(office: Office, call: PhoneCall) -> None:
    assert max(statuses(call), default=0) < 400, statuses(call)
    trouble = office.switch.journal.of("call.ended")
    assert not [line for line in trouble if line.data.get("sip_status")], trouble


@pytest.mark.parametrize("kind", NAMED_KINDS)
def test_without_another_place_the_caller_is_told_and_hung_up_on(kind: str) -> None:
    office = office_of(kind)
    call = office.trunk().dial("6100")
    office.run(0.5)
    assert said(call) == ("uk/not-connected",)
    office.run(10)
    assert call.over
    never_busy(office, call)
    (line,) = office.switch.journal.of("ivr.not_there")
    assert line.data == {"node": f"{kind}:6100", "to": "say:not-connected"}
    (ended,) = office.switch.journal.of("call.ended")
    assert (ended.data["by"], ended.data["cause"]) == ("switch", "flow-ended")
    office.close()


@pytest.mark.parametrize("kind", NAMED_KINDS)
@pytest.mark.parametrize("there", [True, False], ids=["registered", "nowhere"])
def test_the_next_place_of_the_route_takes_the_caller_as_from_a_phone_that_is_nowhere(kind: str, there: bool) -> None:
    """Not one that there is not, nor a phone that is not registered."""
    office = office_of(kind)
    if there:
        office.phone("2003").on_call = answers(after=1.0)
    desk = office.agent("1001")
    call = office.trunk().dial("7100")
    office.run(6)
    assert bridged(call, (office.phone("2003") if there else desk).calls[-1])
    never_busy(office, call)
    office.close()


def test_a_number_that_no_trunk_carries_leads_on_as_well() -> None:
    routes = ROUTES.replace("KIND:{did}", "external:{did}@carrier").replace("KIND:{other}", "queue:{other}")
    office = Office(centre=CENTRE.replace("[trunk.carrier]", "[trunk.carrier]\nmax_calls = 1") + routes)
    desk = office.agent("1001")
    call = office.trunk().dial("7100")
    office.run(6)
    assert bridged(call, desk.calls[-1])
    office.close()


def test_a_place_of_ones_own_takes_the_place_of_the_words() -> None:
    own = '[say.not-connected]\nsay = "Nobody has this number."\nthen = "queue:sales"\n'
    office = Office(centre=CENTRE + ROUTES.replace("KIND", "phone") + own)
    call = office.trunk().dial("6100")
    office.run(0.5)
    assert said(call) == ("uk/say.not-connected",)
    office.run(4)
    assert [ticket.queue for ticket in office.switch.dispatcher.tickets.values()] == ["sales"]
    office.close()


def test_nobody_is_sent_to_a_place_that_there_is_not() -> None:
    office = office_of("phone")
    call, agent = served(office)
    agent.transfer("6100")
    office.run(1)
    assert agent.phone.notified[-1:] == [404] or agent.phone.referred[-1:] == [404]
    assert bridged(call, agent)
    office.close()


@pytest.mark.parametrize("kind", NAMED_KINDS)
def test_try_and_explain_say_why(kind: str) -> None:
    office = office_of(kind)
    config = office.switch.config
    asked = attempt(config, Request("7100", ani="+380501234567", trunk="carrier"), NOW)
    done = walk(config, asked)
    assert done.end == "phone:2003"
    why = [f"there is no {kind}:7100: goes on to {kind}:no-such"]
    why.append(f"there is no {kind}:no-such: goes on to phone:2003")
    assert [step.text for step in done.steps if step.kind == "trouble"] == why
    told = explain_route(config, Question("7100", ani="+380501234567", trunk="carrier"), NOW).steps
    assert list(told[:2]) == why
    office.close()
