"""What callers enter on the way to people."""

from __future__ import annotations

from tests.sim.office import CENTRE, Office, said

ENTRIES = """
[collect.number]
say = "Your number?"
digits = 4
then = "queue:patient"
when_failed = "queue:patient"

[queue.patient]
needs = "sales >= 50"
exit_menu = "menu:leave"
wrap_up = 0

[menu.leave]
say = "To leave a message press 1."
keys = { 1 = "say:sorry", 0 = "back" }
when_no_input = "queue:patient"

[[route]]
did = "300"
to = "collect:number"
"""


def test_a_hash_of_habit_does_not_lead_out_of_the_queue_that_the_entry_led_to() -> None:
    office = Office(centre=CENTRE + ENTRIES)
    call = office.trunk().dial("300")
    office.run(1)
    for key in "1234#":
        call.press(key)
        office.run(0.4)
    assert [str(line.data["node"]) for line in office.switch.journal.of("ivr.node_entered")] == [
        "collect:number",
        "queue:patient",
    ]
    (dropped,) = office.switch.journal.of("ivr.digits_dropped")
    assert dropped.data == {"node": "queue:patient", "digits": "#", "why": "end-of-entry"}
    call.press("#")
    office.run(1)
    assert said(call) == ("uk/menu.leave",)
    office.close()
