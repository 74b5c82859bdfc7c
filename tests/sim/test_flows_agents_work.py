"""Breaks with reasons, queues left and joined, the work after a call, and calls that agents do not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.agent import State, Status
from tests.sim.office import CENTRE, MUSIC, Office, bridged, state_of
from tests.sim.test_flows_agents import status_of, use_code
from tests.support.sim_phone import answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.sim_phone import PhoneCall, SimPhone

BREAKS = """
[break]
1 = "lunch"
2 = { reason = "training", paid = true }
"""


def office_with(words: str = "", more: str = "", agent: str = "") -> Office:
    centre = CENTRE.replace("wrap_up = 5\n", "") if "wrap_up" in words else CENTRE
    centre = centre.replace("[queue.sales]\n", f'[queue.sales]\nnumber = "1"\n{words}\n')
    return Office(centre=centre.replace('id = "olena"\n', f'id = "olena"\n{agent}\n') + more)


def served(office: Office) -> tuple[SimPhone, PhoneCall]:
    """An agent has just talked with a caller, who hung up."""
    agent = office.agent("1001", answers(after=1.0))
    call = office.call("2001", "101")
    office.run(5)
    assert bridged(call, agent.call)
    call.hang_up()
    office.run(0.5)
    return agent, call


# --- breaks and queues
def test_a_break_has_the_reason_whose_figure_was_dialled() -> None:
    office = office_with(more=BREAKS)
    office.agent("1001")
    assert use_code(office, "1001", "*131") == "en/agent-break-started-reason/lunch"
    assert office.switch.dispatcher.agents["olena"].reason == "lunch"
    assert use_code(office, "1001", "*139") == "en/agent-break-unknown-reason"
    assert use_code(office, "1001", "*14") == "en/agent-break-ended"
    assert status_of(office, "olena")[0] is Status.AVAILABLE
    office.close()


def test_an_agent_who_leaves_a_queue_gets_its_calls_no_more_until_they_join_it_again() -> None:
    office = office_with()
    agent = office.agent("1001", answers(after=1.0))
    assert use_code(office, "1001", "*151") == "en/agent-queue-left/Sales"
    call = office.call("2001", "101")
    office.run(8)
    assert not [each for each in agent.calls if each.invite]
    assert use_code(office, "1001", "*161") == "en/agent-queue-joined/Sales"
    office.run(2)
    assert bridged(call, agent.call)
    assert use_code(office, "1001", "*159") == "en/agent-queue-unknown"
    office.close()


# --- the work after a call
def test_work_until_done_lasts_until_the_agent_says_so() -> None:
    office = office_with('wrap_up = "until-done"')
    served(office)
    office.run(3600)
    assert state_of(office, "olena") is State.WRAP_UP
    assert use_code(office, "1001", "*17") == "en/agent-wrap-up-ended"
    assert state_of(office, "olena") is State.IDLE
    assert use_code(office, "1001", "*17") == "en/agent-no-wrap-up"
    office.close()


def test_the_work_after_a_call_is_extended_by_what_the_configuration_says() -> None:
    office = office_with("wrap_up = 10", more="[feature]\nextend_by = 60\n")
    served(office)
    assert use_code(office, "1001", "*18") == "en/agent-wrap-up-extended/60"
    office.run(50)
    assert state_of(office, "olena") is State.WRAP_UP
    office.run(15)
    assert state_of(office, "olena") is State.IDLE
    office.close()


@pytest.mark.parametrize(("agent", "seconds"), [("wrap_up = 20", 20.0), ("wrap_up = { max = 3 }", 3.0), ("", 10.0)])
def test_the_agents_own_time_comes_before_the_queues(agent: str, seconds: float) -> None:
    office = office_with("wrap_up = 10", agent=agent)
    served(office)
    office.run(seconds - 1)
    assert state_of(office, "olena") is State.WRAP_UP
    office.run(1.1)
    assert state_of(office, "olena") is State.IDLE
    office.close()


# --- calls that are not taken
@pytest.mark.parametrize(("word", "status"), [("after_reject", 603), ("after_busy", 486)])
def test_each_way_of_not_taking_a_call_has_its_own_pause(word: str, status: int) -> None:
    office = office_with(more=f"[offers]\n{word} = 40\n")
    agent = office.agent("1001", rejects(status, after=0.5))
    call = office.call("2001", "101")
    office.run(1)
    agent.on_call = answers(after=0.5)
    office.run(38)
    assert len([each for each in agent.calls if each.invite]) == 1
    office.run(3)
    assert bridged(call, agent.call)
    office.close()


def rings_out(call: PhoneCall) -> None:
    """The telephone gives up by itself before the switch does."""
    call.ring()
    call.after(8.0, lambda: call.reject(480))


@pytest.mark.parametrize("telephone", [rings_on, rings_out, rejects(480), rejects(302), rejects(408, after=8.0)])
def test_so_many_unanswered_calls_are_a_break_that_says_why(telephone: Callable[[PhoneCall], None]) -> None:
    """It rings on, rings out by itself, is not to be disturbed, or forwards its calls."""
    office = office_with(more="[offers]\nno_answer_limit = 1\nafter_no_answer = 1\n")
    agent = office.agent("1001", telephone)
    call = office.call("2001", "101")
    office.run(30)
    assert status_of(office, "olena")[0] is Status.ON_BREAK
    assert office.switch.dispatcher.agents["olena"].reason == "did not answer"
    assert len([each for each in agent.calls if each.invite]) == 1
    assert call.hears == MUSIC
    agent.on_call = answers(after=1.0)
    assert use_code(office, "1001", "*14") == "en/agent-break-unanswered"
    office.run(2)
    assert bridged(call, agent.call)
    office.close()
