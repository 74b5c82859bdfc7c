"""Hours in which customers may be called back, and numbers that never are. The simulation begins on a Monday noon."""

from __future__ import annotations

import pytest

from acd.agent import State
from tests.sim.office import MUSIC, Office, bridged, said, state_of
from tests.sim.test_flows_callbacks import OFFER, called_back, office_with, order, waiting
from tests.support.sim_phone import SimPhone, answers, rejects

HOUR = 3600.0


def with_words(words: str) -> Office:
    return office_with(OFFER.replace("after = 8", f"after = 8, {words}").replace("[30]", "[120]"))


def calls_to(phone: SimPhone) -> int:
    return len([call for call in phone.calls if call.invite is not None])


def test_nobody_is_called_before_the_window_opens_and_the_place_is_kept() -> None:
    office = with_words('windows = ["mon-fri 13:00-20:00"], expires_after = 600')
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    order(office)
    agent = office.agent("1001", answers(after=1.0))
    office.run(HOUR - office.world.now - 1)
    assert calls_to(customer) == 0
    assert len(waiting(office)) == 1, "outside of its hours it does not expire"
    assert state_of(office, "olena") is State.IDLE, "and no agent is kept"
    office.run(3)
    back = called_back(customer)
    back.press("1")
    office.run(3)
    assert bridged(back, agent.call)
    office.close()


def test_a_second_try_waits_for_the_next_window() -> None:
    office = with_words('windows = ["mon-fri 09:00-12:01"], expires_after = 600, greeting = false')
    customer = office.phone("2001")
    customer.on_call = rejects(486)
    order(office)
    office.agent("1001", answers(after=1.0))
    office.run(1)
    assert calls_to(customer) == 1
    office.run(20 * HOUR)
    assert calls_to(customer) == 1
    office.run(1.1 * HOUR)
    assert calls_to(customer) == 2
    office.close()


def test_the_window_holds_over_a_restart_and_a_reload_changes_it() -> None:
    office = with_words('windows = ["mon-fri 13:00-20:00"]')
    customer = office.phone("2001")
    customer.on_call = answers(after=1.0)
    order(office)
    office.restart()
    office.run(1)
    office.agent("1001", answers(after=1.0))
    office.run(5)
    assert calls_to(customer) == 0
    office.reload(("13:00-20:00", "09:00-20:00"))
    office.run(3)
    assert said(called_back(customer)) == ("en/callback-greeting/Acme",)
    office.close()


@pytest.mark.parametrize("never", ["2001", "20*"])
def test_who_is_not_to_be_called_cannot_order_it(never: str) -> None:
    office = with_words(f'never = ["{never}"], another_number = false')
    call = office.call("2001", "101")
    office.run(9)
    call.press("2")
    office.run(0.5)
    assert said(call) == ("en/callback-failed",)
    office.run(4)
    assert call.hears == MUSIC
    office.close()


def test_who_is_not_to_be_called_and_hangs_up_is_left_alone() -> None:
    office = with_words('never = ["2001"], abandoned_after = 5')
    for user, kept in (("2001", 0), ("2002", 1)):
        call = office.call(user, "101")
        office.run(10)
        call.hang_up()
        office.run(1)
        assert len(waiting(office)) == kept
    office.close()
