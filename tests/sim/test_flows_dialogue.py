"""What callers enter, what is found out for them, and what they answer after the conversation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from acd.agent import State
from rtp.legs import Echo, Music
from tests.sim.office import CENTRE, MUSIC, Office, bridged, said, state_of
from tests.support.sim_phone import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sim_phone import PhoneCall

DIALOGUE = (
    CENTRE.replace('label = "Sales"', 'label = "Sales"\nsurvey = "survey:after"')
    + """
[webservice.parcel]
collect = { say = "Enter your parcel number, then hash.", digits = "1-12", variable = "parcel" }
url = "https://erp.example/parcels/{parcel}"
timeout = 60
say = "Your parcel {parcel:digits} is {status}."
when.status = { lost = "queue:sales" }
when_failed = "say:sorry"
then = "echo"

[collect.pin]
say = "Enter your code."
digits = 4
mask = true
variable = "pin"
then = "lookup:pin"
when_failed = "say:sorry"

[lookup.pin]
key = "{ani}/{pin}"
list = "known"
then = "set:known"
when_unknown = "collect:pin"
when_failed = "say:sorry"

[[list.known]]
number = "5"

[set.known]
then = "queue:sales"
priority = 7
label = "{name}"
data = { segment = "support" }
needs = "{segment} >= 50"

[survey.after]
thanks = "Thank you."
[[survey.after.question]]
id = "service"
say = "How was it, from one to five?"
[[survey.after.question]]
id = "friends"
scale = "nps"
say = "From zero to ten?"

[verbs.app]
url = "https://app.example/call"
when_failed = "say:sorry"
max_priority = 100

[[route]]
did = "112"
to = "verbs:app"

[[route]]
did = "110"
to = "webservice:parcel"

[[route]]
did = "111"
to = "collect:pin"
"""
)


@pytest.fixture
def office() -> Iterator[Office]:
    there = Office(centre=DIALOGUE)
    yield there
    there.close()


def sent_on(office: Office, to: str) -> tuple[PhoneCall, PhoneCall]:
    """A caller of queue sales whom the agent has sent to *to*, and who talks there."""
    agent, phone = office.agent("1001", answers(after=1)), office.phone("1002")
    phone.on_call = answers(after=1)
    call = office.call("2001", "101")
    office.run(6)
    agent.calls[-1].transfer(to)
    office.run(4)
    assert bridged(call, phone.calls[-1])
    return call, phone.calls[-1]


def test_who_was_sent_on_is_asked_when_the_second_one_hangs_up(office: Office) -> None:
    call, second = sent_on(office, "1002")
    second.hang_up()
    office.run(0.5)
    assert said(call) == ("en/survey.after.service",)
    call.press("4")
    office.run(0.5)
    (answer,) = journaled(office, "ivr.survey")
    assert (answer["score"], answer["agent"], answer["queue"]) == (4, "olena", "sales")


def test_who_was_sent_on_to_another_queue_is_asked_what_that_one_asks(office: Office) -> None:
    office.agent("1002")
    call, second = sent_on(office, "support")
    second.hang_up()
    office.run(1)
    assert call.over


def hears(call: PhoneCall) -> object:
    return call.hears


def journaled(office: Office, kind: str) -> list[dict[str, object]]:
    return [dict(line.data) for line in office.switch.journal.of(kind)]


def asked_for_a_parcel(office: Office) -> PhoneCall:
    call = office.call("2001", "110")
    office.run(4)
    for key in "0042#":
        call.press(key)
        office.run(0.3)
    return call


def test_a_caller_enters_a_number_and_hears_what_the_service_knows_of_it(office: Office) -> None:
    call = asked_for_a_parcel(office)
    target, variables = office.switch.oracle.asked[1]
    assert target == "webservice:parcel"
    assert (variables["parcel"], variables["ani"], variables["did"]) == ("0042", "2001", "110")
    office.switch.answered({"status": "on its way"})
    office.run(0.1)
    assert said(call) == ("en/webservice.parcel/0042/on its way",)
    office.run(4)
    assert hears(call) == Echo()


def test_a_value_that_cannot_be_said_is_told_to_whoever_looks_after_the_service(office: Office) -> None:
    call = asked_for_a_parcel(office)
    office.switch.answered({"status": "unfit"})
    office.run(0.1)
    assert said(call) == ("en/webservice.parcel/0042/unfit",)
    assert [line["what"] for line in journaled(office, "ivr.trouble")] == [
        "webservice.parcel: the value of status does not fit"
    ]


def test_an_answer_may_send_the_caller_elsewhere(office: Office) -> None:
    office.agent("1001")
    call = asked_for_a_parcel(office)
    office.switch.answered({"status": "lost"})
    office.run(4)
    assert state_of(office, "olena") is State.TALKING
    call.hang_up()


def test_a_service_that_is_stuck_keeps_the_music_playing_and_nobody_else_waiting(office: Office) -> None:
    call = asked_for_a_parcel(office)
    began = office.world.now
    other = office.call("2002", "100")
    office.run(4)
    other.press("9")
    office.run(54)
    assert hears(other) == Echo()
    assert hears(call) == Music("default")
    since = [source for at, source in call.heard if at > began]
    assert since == [Music("default")], "nothing interrupts it"
    office.run(5)
    assert said(call) == ("en/say.sorry",)
    assert office.switch.oracle.forgotten == [1]


def test_a_caller_may_hang_up_while_the_service_is_stuck(office: Office) -> None:
    call = asked_for_a_parcel(office)
    office.run(10)
    call.hang_up()
    office.run(1)
    assert office.switch.oracle.forgotten == [1]
    office.switch.answered({"status": "too late"})
    assert office.switch.control.calls == {}


def test_a_secret_code_reaches_whom_it_is_for_and_no_record(office: Office) -> None:
    call = office.call("2001", "111")
    for code in ("9786", "9785"):
        office.run(4)
        for key in code:
            call.press(key)
            office.run(0.2)
        office.switch.answered(outcome="unknown" if code == "9786" else "ok")
    assert [variables["pin"] for _, variables in office.switch.oracle.asked.values()] == ["9786", "9785"]
    office.run(1)
    assert hears(call) == MUSIC
    assert "978" not in str(office.switch.journal.lines)
    assert [data["digit"] for data in journaled(office, "ivr.digit_pressed")] == ["•"] * 8
    call.hang_up()


def test_who_is_known_has_a_priority_a_label_and_skills_of_their_own(office: Office) -> None:
    call = office.call("2001", "111")
    office.run(4)
    for key in "9785":
        call.press(key)
        office.run(0.2)
    office.switch.answered({"name": "Olha"})
    office.run(1)
    (joined,) = journaled(office, "acd.queued")
    assert {"segment": "support", "label": "Olha"} in [
        data["values"] for data in journaled(office, "ivr.variables_set")
    ]
    session = next(iter(office.switch.control.calls.values())).session
    assert session.progress.priority == 7.0
    assert joined["queue"] == "sales"
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert ticket.variables == {"language": "en", "segment": "support"}
    call.hang_up()


def left_by_the_agent(office: Office) -> PhoneCall:
    agent = office.agent("1001")
    call = office.call("2001", "101")
    office.run(10)
    agent.calls[-1].hang_up()
    office.run(0.5)
    return call


def call_id(office: Office) -> str | None:
    """The call in which a survey was answered."""
    return office.switch.journal.of("ivr.survey")[0].call


def test_who_is_left_by_the_agent_is_asked_how_it_was(office: Office) -> None:
    call = left_by_the_agent(office)
    assert said(call) == ("en/survey.after.service",)
    call.press("4")
    office.run(4)
    assert said(call) == () or said(call) == ("en/survey.after.friends",)
    for key in "10":
        call.press(key)
    office.run(1)
    assert said(call) == ("en/survey.after.thanks",)
    office.run(4)
    assert call.over
    assert [(data["question"], data["scale"], data["score"]) for data in journaled(office, "ivr.survey")] == [
        ("service", "csat", 4),
        ("friends", "nps", 10),
    ]
    first, _ = journaled(office, "ivr.survey")
    assert (first["agent"], first["queue"], first["menu_path"]) == ("olena", "sales", "")
    (ended,) = [line for line in office.switch.journal.of("call.ended") if line.call == call_id(office)]
    assert "menu_path" not in ended.data, "an answer is no choice of a menu"


def test_who_answers_nothing_is_thanked_all_the_same(office: Office) -> None:
    call = left_by_the_agent(office)
    office.run(60)
    assert call.over
    assert journaled(office, "ivr.survey") == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"needs": "gold >="}, "verb 2: set: needs: column 8: a level was expected"),
        ({"prefer": "(gold"}, "verb 2: set: prefer: column 6: a bracket is missing"),
        ({"priority": 101}, "verb 2: set: priority 101 is more than max_priority, which is 100"),
    ],
)
def test_an_application_that_asks_for_what_cannot_be_is_not_obeyed(
    office: Office, caplog: pytest.LogCaptureFixture, wrong: dict[str, object], told: str
) -> None:
    call = office.phone("2001").dial("112")
    office.run(0.5)
    verbs = [{"verb": "say", "text": "Hello."}, {"verb": "set", **wrong}, {"verb": "queue", "name": "sales"}]
    office.switch.answered({"verbs": json.dumps(verbs)})
    office.run(0.2)
    assert said(call) == ("en/say.sorry",)
    assert f"verbs app: {told}" in caplog.text
    call.hang_up()


def test_an_application_says_by_whom_a_caller_is_served(office: Office) -> None:
    call = office.phone("2001").dial("112")
    office.run(0.5)
    more = {"needs": "{tier} >= 50", "prefer": "uk", "priority": 90, "data": {"tier": "gold"}}
    office.switch.answered({"verbs": json.dumps([{"verb": "set", **more}, {"verb": "queue", "name": "sales"}])})
    office.run(0.2)
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert (str(ticket.needs), str(ticket.preferred), ticket.priority) == ("{tier} >= 50", "uk >= 1", 90)
    assert ticket.variables["tier"] == "gold"
    call.hang_up()


def test_an_application_drives_the_call(office: Office) -> None:
    call = office.phone("2001").dial("112")
    office.run(0.5)
    verbs = [
        {"verb": "gather", "text": "Press 1.", "variable": "choice", "digits": 1, "retries": 0},
        {"verb": "redirect", "to": "say:sorry"},
    ]
    office.switch.answered({"verbs": json.dumps(verbs)})
    office.run(0.2)
    assert said(call) == ("en/verbs.app.0",)
    call.press("1")
    office.run(0.2)
    target, variables = office.switch.oracle.asked[2]
    assert (target, variables["choice"]) == ("verbs:app", "1")
    office.switch.answered({"verbs": json.dumps([{"verb": "redirect", "to": "echo"}])})
    office.run(0.2)
    assert hears(call) == Echo()
    call.hang_up()
