"""Opening hours in the running switch: to the second, and set by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.sim.office import CENTRE, Office, said
from tests.support.sim_ports import EPOCH

HOURS = """
[hours.office]
open = ["daily 09:00-17:00"]
timezone = "UTC"
number = "1"
forced_by = ["1001", "piotr"]
when_open = "say:welcome"
when_closed = "say:come-back"
when_special = "say:fire-drill"

[hours.always]
open = ["daily"]
number = "2"
forced_by = "2001"
when_open = "say:welcome"
when_closed = "say:come-back"

[say.welcome]
say = "Welcome."
then = "music"

[say.come-back]
say = "Come back."

[say.fire-drill]
say = "Please wait outside."

[[route]]
did = "200"
to = "hours:office"

[[route]]
did = "201"
to = "hours:always"

[[route]]
did = "202"
when = "open:office"
to = "say:welcome"

[[route]]
did = "202"
to = "say:come-back"
"""
NOON = datetime.fromtimestamp(EPOCH, UTC).replace(hour=12, minute=0, second=0, microsecond=0).timestamp() - EPOCH


@pytest.fixture
def office() -> Office:
    return Office(centre=CENTRE + HOURS)


def wait_until(office: Office, clock: str) -> None:
    """The next time that the clock on the wall shows this."""
    hour, minute, second = map(int, clock.split(":"))
    now = datetime.fromtimestamp(EPOCH + office.world.now, UTC)
    until = now.replace(hour=hour, minute=minute, second=second, microsecond=0).timestamp()
    until += 86_400 if until <= now.timestamp() else 0
    office.run(until - EPOCH - office.world.now)


def hears(office: Office, number: str = "200", phone: str = "2002") -> str:
    """What the first prompt of a call is; the caller hangs up then."""
    call = office.call(phone, number)
    office.run(0.5)
    _, key, *end = said(call)[0].split("/")
    call.hang_up()
    office.run(1)
    return " ".join((key, *(text.partition("T")[2] for text in end)))


def dial(office: Office, phone: str, code: str) -> str:
    return hears(office, code, phone)


def changes(office: Office) -> list[tuple[str, object, object]]:
    lines = office.switch.journal.lines
    return [(line.kind, line.data["hours"], line.data["by"]) for line in lines if line.kind.startswith("hours.")]


def test_hours_end_to_the_second(office: Office) -> None:
    office.phone("2002")
    wait_until(office, "16:59:59")
    assert hears(office) == "say.welcome"
    wait_until(office, "17:00:00")
    assert hears(office) == "say.come-back"
    wait_until(office, "08:59:58")
    assert hears(office) == "say.come-back"
    wait_until(office, "09:00:00")
    assert hears(office) == "say.welcome"


def test_hours_closed_by_telephone_are_closed_for_the_next_caller_and_open_by_themselves(office: Office) -> None:
    wait_until(office, "10:00:00")
    assert dial(office, "1001", "*30*1*2*30") == "hours-closed-today 10:30"
    assert (hears(office), hears(office, "202")) == ("say.come-back", "say.come-back")
    wait_until(office, "10:29:50")
    assert hears(office) == "say.come-back"
    wait_until(office, "10:30:01")
    assert (hears(office), hears(office, "202")) == ("say.welcome", "say.welcome")
    assert changes(office) == [("hours.forced", "office", "1001"), ("hours.released", "office", "expiry")]
    office.close()


def test_a_state_without_an_end_of_its_own_ends_when_the_rules_change(office: Office) -> None:
    wait_until(office, "10:00:00")
    assert dial(office, "1001", "*30*1*2") == "hours-closed-today 17:00"
    wait_until(office, "18:00:00")
    assert changes(office)[-1] == ("hours.released", "office", "expiry")
    assert dial(office, "1001", "*30*1*1") == "hours-open-tomorrow 09:00"
    assert hears(office) == "say.welcome"
    assert dial(office, "2001", "*30*2*2") == "hours-closed"  # these rules never change
    office.run(3 * 86_400)
    assert hears(office, "201") == "say.come-back"


def test_special_hours_last_until_they_are_released(office: Office) -> None:
    wait_until(office, "20:00:00")
    assert dial(office, "1001", "*30*1*3*0") == "hours-special"
    wait_until(office, "11:00:00")
    assert (hears(office), hears(office, "202")) == ("say.fire-drill", "say.come-back")
    assert dial(office, "1001", "*30*1*0") == "hours-released-open"
    assert hears(office) == "say.welcome"
    assert changes(office)[-1] == ("hours.released", "office", "1001")


def test_an_agent_who_may_set_hours_may_do_so_at_any_phone_and_hears_it_in_the_own_language(office: Office) -> None:
    wait_until(office, "10:00:00")
    assert dial(office, "1002", "*30*1*2") == "hours-not-allowed"
    office.agent("1002")
    call = office.call("1002", "*30*1*2")
    office.run(0.5)
    assert said(call) == ("pl/hours-closed-today/2026-11-17T17:00",)
    assert changes(office) == [("hours.forced", "office", "piotr")]


@pytest.mark.parametrize(
    ("phone", "code", "answer"),
    [
        ("2002", "*30*1*2", "hours-not-allowed"),
        ("1001", "*30*2*2", "hours-not-allowed"),
        ("1001", "*30*9*2", "hours-unknown"),
        ("1001", "*30*1*4", "hours-code-wrong"),
        ("1001", "*30*1", "hours-code-wrong"),
        ("1001", "*30", "hours-code-wrong"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(office: Office, phone: str, code: str, answer: str) -> None:
    assert dial(office, phone, code) == answer
    assert changes(office) == []
    assert hears(office, "201") == "say.welcome"


def test_a_trunk_cannot_set_hours(office: Office) -> None:
    call = office.trunk().dial("*30*1*2")
    office.run(5)
    assert call.status == 404
    assert changes(office) == []


def test_hours_stay_as_they_were_set_over_a_restart(office: Office) -> None:
    wait_until(office, "10:00:00")
    dial(office, "1001", "*30*1*2*30")
    dial(office, "2001", "*30*2*2")
    dial(office, "2001", "*30*2*0")
    office.restart(after=600)
    assert (hears(office), hears(office, "201")) == ("say.come-back", "say.welcome")
    wait_until(office, "10:30:01")
    assert hears(office) == "say.welcome"


def test_what_was_over_while_the_switch_was_down_is_over(office: Office) -> None:
    wait_until(office, "10:00:00")
    dial(office, "1001", "*30*1*2*30")
    office.restart(after=3600)
    assert hears(office) == "say.welcome"
    assert changes(office)[-1] == ("hours.released", "office", "expiry")


def test_hours_that_are_no_more_are_released(office: Office) -> None:
    dial(office, "2001", "*30*2*2*0")
    hours = HOURS[HOURS.index("[hours.always]") : HOURS.index("[say.welcome]")]
    office.reload((hours, ""), ('to = "hours:always"', 'to = "say:welcome"'))
    assert changes(office)[-1] == ("hours.released", "always", "configuration")
    office.reload(('did = "201"\nto = "say:welcome"', 'did = "201"\nto = "hours:always"'), more=hours)
    assert hears(office, "201") == "say.welcome"
