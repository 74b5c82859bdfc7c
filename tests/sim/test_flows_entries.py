"""What callers enter on the way to people, and what is long."""

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


def test_long_texts_are_said_to_their_end() -> None:
    told = """
[say.terms]
say = "Terms and conditions."
say_also = ["More of them."]
then = "echo"
[[route]]
did = "301"
to = "say:terms"
"""
    office = Office(centre=CENTRE + told)
    office.switch.voice.lengths |= {"say.terms": 200.0, "say.terms.2": 220.0}
    call = office.trunk().dial("301")
    office.run(425)
    (ended,) = office.switch.journal.of("ivr.prompts_ended")
    assert (ended.data["played"], ended.data["completed"]) == (420.0, True)
    call.hang_up()
    office.run(1)
    office.close()
