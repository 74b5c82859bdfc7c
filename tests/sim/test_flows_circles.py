"""Callers who are led round in circles: patiently for as long as they like, and never hung up on without a word."""

from __future__ import annotations

import pytest

from tests.sim.office import CENTRE, Office, said, statuses
from tests.support.sim_phone import answers

CIRCLES = """
[queue.patient]
needs = "sales >= 50"
max_waiting = 1
when_full = "say:still"
wrap_up = 0
[say.still]
say = "All places are taken. Please stay on the line."
then = "queue:patient"

[queue.early]
needs = "sales >= 50"
max_wait = 30
when_timed_out = "queue:late"
[queue.late]
needs = "sales >= 50"
max_wait = 30
when_timed_out = "queue:early"

[queue.full]
needs = "sales >= 50"
max_waiting = 1
when_full = "queue:full"

[[route]]
did = "300"
to = "queue:patient"
[[route]]
did = "301"
to = "queue:early"
[[route]]
did = "302"
to = "queue:full"
"""


@pytest.mark.parametrize("number", ["300", "301"])
def test_silent_callers_are_led_round_for_as_long_as_they_like(number: str) -> None:
    office = Office(centre=CENTRE + CIRCLES)
    office.agent("1001", answers(after=1))
    office.call("2002", "101")
    office.run(5)
    office.call("2003", "300")
    office.run(1)
    call = office.trunk().dial(number)
    office.run(3600)
    assert not call.over
    call.hang_up()
    office.run(1)
    office.close()


def test_a_circle_in_which_no_time_passes_ends_with_words() -> None:
    office = Office(centre=CENTRE + CIRCLES)
    office.agent("1001", answers(after=1))
    office.call("2002", "101")
    office.run(5)
    office.call("2003", "302")
    office.run(1)
    call = office.trunk().dial("302")
    office.run(1)
    assert said(call) == ("uk/not-connected",)
    assert max(statuses(call)) < 400
    (trouble,) = office.switch.journal.of("ivr.trouble")
    assert trouble.data["what"] == "goes round without end: say:not-connected in place of queue:full"
    office.run(10)
    assert call.over
    (ended,) = [line for line in office.switch.journal.of("call.ended") if line.call == trouble.call]
    assert (ended.data["by"], ended.data["cause"]) == ("switch", "step-limit")
    office.close()
