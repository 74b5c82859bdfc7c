"""What agents dial."""

from __future__ import annotations

import pytest

from acd.agent import DID_NOT_ANSWER, State, Status
from rtp.legs import Play
from tests.sim.office import Office, bridged, state_of
from tests.support.sim_phone import rings_on


def status_of(office: Office, agent: str) -> tuple[Status, str]:
    seen = office.switch.dispatcher.agents[agent]
    return seen.status, seen.phone


def use_code(office: Office, phone: str, code: str) -> str:
    """Dial *code*; what is said."""
    call = office.call(phone, code)
    said = [source.items[0] for _, source in call.heard if isinstance(source, Play)]
    office.world.run_until(lambda: call.over)
    return said[0]


def test_an_agent_logs_in_takes_a_break_comes_back_and_logs_out_by_dialling(office: Office) -> None:
    assert use_code(office, "1001", "*13") == "en/agent-not-logged-in"
    assert use_code(office, "1001", "*11") == "en/agent-logged-in"
    assert status_of(office, "olena") == (Status.AVAILABLE, "1001")
    assert use_code(office, "1001", "*13") == "en/agent-break-started"
    assert status_of(office, "olena")[0] is Status.ON_BREAK
    call = office.call("2001", "101")
    office.run(10)
    assert not call.over
    assert office.phone("1001").call.number == "*13", "nobody is rung on a break"
    assert use_code(office, "1001", "*14") == "en/agent-break-ended"
    office.run(4)
    assert bridged(call, office.phone("1001").call)
    call.hang_up()
    office.run(1)
    assert use_code(office, "1001", "*12") == "en/agent-logged-out"
    assert status_of(office, "olena") == (Status.LOGGED_OUT, "")


def test_nobody_is_put_through_while_the_agent_is_still_on_the_feature_call(office: Office) -> None:
    use_code(office, "1001", "*11")
    use_code(office, "1001", "*13")
    office.call("2001", "101")
    office.run(10)
    feature = office.phone("1001").dial("*14")
    office.run(0.5)
    offers = [line for line in office.switch.journal.lines if line.kind == "acd.offer"]
    assert not feature.over
    assert offers == []


def test_an_agent_works_at_another_phone_with_the_pin(office: Office) -> None:
    assert use_code(office, "2006", "*11*olena*4711") == "en/agent-logged-in"
    assert status_of(office, "olena") == (Status.AVAILABLE, "2006")
    call = office.call("2001", "101")
    office.run(4)
    assert bridged(call, office.phone("2006").call)
    assert all("4711" not in str(line) for line in office.switch.journal.lines)


def test_an_agent_is_spoken_to_in_their_own_language(office: Office) -> None:
    assert use_code(office, "1002", "*12") == "pl/agent-not-logged-in"
    assert use_code(office, "1002", "*11") == "pl/agent-logged-in"


def test_a_wrong_pin_logs_nobody_in(office: Office) -> None:
    assert use_code(office, "2006", "*11*olena*4712") == "en/agent-login-failed"
    assert use_code(office, "2006", "*11*nobody*4711") == "en/agent-login-failed"
    assert status_of(office, "olena")[0] is Status.LOGGED_OUT


def test_who_was_sent_on_a_break_for_not_answering_is_told_when_coming_back(office: Office) -> None:
    office.agent("1001", rings_on)
    office.call("2001", "101")
    office.run(40)
    assert office.switch.dispatcher.agents["olena"].reason == DID_NOT_ANSWER
    call = office.call("1001", "*14")
    office.world.run_until(lambda: call.over)
    said = [source.items for _, source in call.heard if isinstance(source, Play)]
    assert said == [("en/agent-break-unanswered", "en/agent-break-ended")]
    assert use_code(office, "1001", "*14") == "en/agent-break-ended", "told once"


def test_an_agent_who_makes_a_call_is_offered_none_meanwhile(office: Office) -> None:
    agent = office.agent("1001")
    own = agent.dial("106")
    office.run(1)
    call = office.call("2001", "101")
    office.run(20)
    assert agent.call is own, "no call is offered"
    own.hang_up()
    office.run(4)
    assert bridged(call, agent.call)


def test_an_agent_who_logs_out_in_a_conversation_finishes_it(office: Office) -> None:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    assert use_code(office, "1001", "*12") == "en/agent-logged-out"
    assert bridged(call, agent.calls[-2])
    call.hang_up()
    office.run(1)
    assert status_of(office, "olena") == (Status.LOGGED_OUT, "")
    assert state_of(office, "olena") is State.IDLE


def test_who_logs_in_at_a_phone_takes_the_place_of_who_was_there(office: Office) -> None:
    office.agent("1001")
    office.agent("1003")
    assert use_code(office, "1003", "*11*olena*4711") == "en/agent-logged-in"
    assert status_of(office, "olena") == (Status.AVAILABLE, "1003")
    assert status_of(office, "iryna")[0] is Status.LOGGED_OUT


def test_the_owner_of_a_phone_logs_in_by_the_code_alone_and_the_one_who_sat_there_is_out(office: Office) -> None:
    assert use_code(office, "1003", "*11*olena*4711") == "en/agent-logged-in"
    assert use_code(office, "1003", "*11") == "en/agent-logged-in"
    assert status_of(office, "iryna") == (Status.AVAILABLE, "1003")
    assert status_of(office, "olena")[0] is Status.LOGGED_OUT


def test_an_agent_who_does_not_want_to_be_disturbed_is_on_a_break_that_says_so(office: Office) -> None:
    phone = office.agent("1001")
    assert use_code(office, "1001", "*78") == "en/dnd-on"
    olena = office.switch.dispatcher.agents["olena"]
    assert (olena.status, olena.reason) == (Status.ON_BREAK, "do not disturb")
    call = office.call("2001", "101")
    office.run(30)
    assert phone.call.number == "*78", "nobody is rung"
    direct = office.phone("2002").dial("1001")
    office.run(1)
    assert direct.status == 486
    assert use_code(office, "1001", "*79") == "en/dnd-off"
    office.run(4)
    assert bridged(call, phone.call)


@pytest.mark.parametrize("code", ["*14", "*11", "*11*olena*4711"])
def test_who_comes_back_to_work_may_be_rung_by_everybody_again(office: Office, code: str) -> None:
    office.agent("1001")
    use_code(office, "1001", "*78")
    use_code(office, "1001", code)
    assert status_of(office, "olena") == (Status.AVAILABLE, "1001")
    direct = office.phone("2001").dial("1001")
    office.run(4)
    assert bridged(direct, office.phone("1001").call)


def test_peace_on_another_break_changes_neither_the_break_nor_its_reason(office: Office) -> None:
    office.agent("1001")
    use_code(office, "1001", "*13")
    use_code(office, "1001", "*78")
    olena = office.switch.dispatcher.agents["olena"]
    assert (olena.status, olena.reason) == (Status.ON_BREAK, "dialled")
    use_code(office, "1001", "*79")
    assert olena.status is Status.ON_BREAK


def test_a_phone_that_is_not_to_be_disturbed_is_ready_when_an_agent_logs_in_there(office: Office) -> None:
    use_code(office, "1001", "*78")
    phone = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    assert bridged(call, phone.call)


def test_peace_during_a_conversation_begins_after_it(office: Office) -> None:
    phone = office.agent("1001")
    call = office.call("2001", "101")
    office.run(4)
    office.phone("1001").dial("*78")
    office.run(1)
    assert bridged(call, phone.calls[-2])
    call.hang_up()
    office.run(20)
    olena = office.switch.dispatcher.agents["olena"]
    assert (olena.status, olena.state, olena.reason) == (Status.ON_BREAK, State.IDLE, "do not disturb")
