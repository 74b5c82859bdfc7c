"""Callbacks are offered by the place in the queue and before its hours end; who has hung up may stand behind."""

from __future__ import annotations

import pytest

from ivr.forced import ForcedState
from tests.sim.office import CENTRE, Office, said
from tests.sim.test_flows_callbacks import QUEUE, order

#: The simulation begins at noon on a Monday.
HOURS = '\n[hours.office]\nopen = ["mon 08:00-13:00"]\nwhen_open = "queue:sales"\nwhen_closed = "hangup"\n'
OFFER = 'offer_callback = { after = 9000, key = "2", closing = "hours:office", closing_within = 600 }'


def office_with(words: str) -> Office:
    old = "announce = { position = true, first_after = 5, every = 20 }\n"
    return Office(centre=CENTRE.replace(old, "").replace("[queue.sales]\n", f"[queue.sales]\n{QUEUE}{words}\n") + HOURS)


def until(office: Office, seconds: float) -> None:
    office.run(seconds - office.world.now)


def test_before_the_hours_end_a_callback_is_offered_to_who_waits_and_who_comes() -> None:
    office = office_with(OFFER)
    early = office.call("2001", "101")
    until(office, 2999)
    assert said(early) == ()
    until(office, 3000.5)
    assert said(early) == ("en/callback-offer/2",)
    late = office.call("2002", "101")
    office.run(0.5)
    assert said(late) == ("en/callback-offer/2",)
    office.restart()
    assert office.switch.dispatcher.ending == {"sales"}
    until(office, 3601)
    assert office.switch.dispatcher.ending == frozenset()


@pytest.mark.parametrize(("hours", "offered"), [("open until", True), ("open", False), ("closed", False)])
def test_hours_set_by_hand_count(hours: str, offered: bool) -> None:
    office = office_with(OFFER)
    wall = office.switch.control._clock.wall(office.world.now)
    state = ForcedState.CLOSED if hours == "closed" else ForcedState.OPEN
    end = wall + 2 * 3600 if hours == "open until" else None
    office.switch.control.forcing.force("office", state, office.world.now, until=end, by="1001")
    call = office.call("2001", "101")
    until(office, 3001)
    assert said(call) == (), "the rules do not count"
    until(office, 2 * 3600 - 599.5)
    assert (said(call) == ("en/callback-offer/2",)) is offered
    assert office.switch.dispatcher.ending == (frozenset({"sales"}) if offered else frozenset())


def test_a_reload_that_takes_the_word_out_takes_it_back() -> None:
    office = office_with(OFFER)
    until(office, 3100)
    assert office.switch.dispatcher.ending == {"sales"}
    office.reload((', closing = "hours:office", closing_within = 600', ""))
    office.run(1)
    assert office.switch.dispatcher.ending == frozenset()


def test_who_comes_with_somebody_ahead_is_offered_a_callback_at_once() -> None:
    office = office_with('offer_callback = { after = 9000, key = "2", position = 1 }')
    first = office.call("2001", "101")
    second = office.call("2002", "101")
    office.run(0.5)
    assert (said(first), said(second)) == ((), ("en/callback-offer/2",))


def test_who_hung_up_stands_behind_those_on_the_line_by_so_much() -> None:
    office = office_with('offer_callback = { after = 8, key = "2", priority = -60 }')
    order(office)
    live = office.call("2002", "101")
    office.run(1)
    first, second = office.switch.dispatcher.waiting("sales")
    assert (first.number, second.number) == ("", "2001")
    assert not live.over
