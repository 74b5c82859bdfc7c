"""What menus say of a caller decides who serves and when: skills, preferences, priority."""

from __future__ import annotations

import pytest

from tests.sim.office import CENTRE, Office, bridged
from tests.support.sim_phone import answers, rings_on

WAYS = """
[goto.urgent]
then = "queue:everybody"
priority = 60

[goto.sellers]
then = "queue:everybody"
needs = "sales >= 50"

[goto.support]
then = "queue:everybody"
prefer = "support >= 50"

[[route]]
did = "201"
to = "goto:urgent"

[[route]]
did = "202"
to = "goto:sellers"

[[route]]
did = "203"
to = "goto:support"

[[route]]
did = "204"
to = "queue:everybody"

[[route]]
did = "100"
"""


@pytest.fixture
def office() -> Office:
    return Office(centre=CENTRE.replace('strategy = "ring-all"\n', "").replace('[[route]]\ndid = "100"\n', WAYS))


def test_a_caller_with_priority_overtakes_who_has_waited_less_than_that(office: Office) -> None:
    early, late = office.call("2001", "204"), office.call("2002", "204")
    office.run(50)
    urgent = office.call("2003", "201")
    office.run(5)
    agent = office.agent("1004", answers(after=1.0))
    office.run(3)
    assert bridged(urgent, agent.call), "60 points, and the others have 55"
    for call in (urgent, early, late):
        assert bridged(call, agent.call)
        agent.call.hang_up()
        office.run(4)
    office.close()


def test_a_caller_with_needs_of_their_own_waits_for_who_satisfies_them(office: Office) -> None:
    office.agent("1002", answers(after=1.0))
    office.agent("1004", answers(after=1.0))
    call = office.call("2001", "202")
    office.run(30)
    assert not any(bridged(call, office.phones[user].call) for user in ("1002", "1004"))
    seller = office.agent("1003", answers(after=1.0))
    office.run(3)
    assert bridged(call, seller.call)
    office.close()


def test_a_preference_chooses_among_the_idle_and_nobody_waits_for_it(office: Office) -> None:
    other, preferred = office.agent("1004", answers(after=1.0)), office.agent("1002", answers(after=1.0))
    office.run(60)
    first, second = office.call("2001", "203"), office.call("2002", "203")
    office.run(3)
    assert bridged(first, preferred.call)
    assert bridged(second, other.call)
    office.close()


def test_one_phone_after_another_rings_and_the_first_to_answer_has_the_caller() -> None:
    words = 'strategy = "ring-progressively"\nring_next_after = 4'
    office = Office(centre=CENTRE.replace('strategy = "ring-all"', words))
    first = office.agent("1002", rings_on)
    second, third = office.agent("1003", answers(after=2.0)), office.agent("1004", rings_on)
    call = office.call("2001", "103")
    office.run(3.5)
    assert [agent.call.number == "2001" for agent in (first, second, third)] == [True, False, False]
    office.run(1)
    assert [agent.call.number == "2001" for agent in (first, second, third)] == [True, True, False]
    ringing = [agent.call.over for agent in (first, second)]
    office.run(2.5)
    assert bridged(call, second.call)
    assert (ringing, first.call.over, third.call.number == "2001") == ([False, False], True, False)
    office.close()
