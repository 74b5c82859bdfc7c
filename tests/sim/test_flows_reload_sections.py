"""Every kind of section is renamed while callers stand before it: they find what was there when they came."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from acd.agent import Status
from rtp.legs import Music
from tests.sim.office import CENTRE, Office, bridged, said
from tests.support.sim_phone import answers

if TYPE_CHECKING:
    from tests.support.sim_phone import PhoneCall

#: All names end in the version, and so does what is said; every route leads into the menu of its version.
EVERYTHING = """
[webservice.parcel-@]
url = "https://erp.example/@"
timeout = 60
say = "It is {status}."
then = "say:end-@"
when_failed = "say:end-@"

[sms.text-@]
webservice = "parcel-@"
to = "+380501234567"
text = "Text @."
say = "It is {status}."
then = "say:end-@"
when_failed = "say:end-@"

[lookup.who-@]
list = "known-@"
then = "say:end-@"
when_failed = "say:end-@"

[[list.known-@]]
number = "5"

[verbs.app-@]
url = "https://app.example/@"
when_failed = "say:end-@"

[findme.boss-@]
ring = ["phone:2005", "phone:2006"]
timeout = 5
when_no_answer = "say:end-@"
when_nobody = "say:end-@"

[voicemail.box-@]
greeting = "This is @."
max_seconds = 10
then = "say:end-@"
when_failed = "say:end-@"

[record.speech-@]
say = "Speak to @."
max_seconds = 10
review = false
then = "say:end-@"
when_failed = "say:end-@"

[conference.room-@]
say = "Room @."
max_members = 10

[callback.later-@]
due = "hours:never-@"
queue = "sales"
confirm = "Called back by @."
when_failed = "say:end-@"

[hours.never-@]
open = ["tue 09:00-10:00"]
when_open = "say:end-@"
when_closed = "goto:on-@"

[goto.on-@]
then = "set:known-@"

[set.known-@]
then = "collect:code-@"
data = { version = "@" }

[collect.code-@]
say = "Enter a code."
digits = 1
then = "survey:after-@"
when_failed = "say:end-@"

[survey.after-@]
thanks = "Thanks from @."
then = "say:end-@"
[[survey.after-@.question]]
id = "q"
say = "How was @?"

[queue.help-@]
needs = "nobody >= 50"
max_wait = 20
when_timed_out = "say:end-@"

[say.end-@]
say = "The end of @."

[menu.all-@]
say = "Choose."
keys = { 1 = "webservice:parcel-@", 2 = "lookup:who-@", 3 = "verbs:app-@", 4 = "findme:boss-@", 5 = "voicemail:box-@", \
6 = "record:speech-@", 7 = "conference:room-@", 8 = "callback:later-@", 9 = "hours:never-@", 0 = "queue:help-@", \
"*" = "sms:text-@" }
timeout = 60

[[route]]
did = "300"
to = "menu:all-@"

"""


def centre(version: str) -> str:
    return EVERYTHING.replace("@", version) + CENTRE


def ask_before(office: Office, key: str) -> PhoneCall:
    """A caller has come by version a, chooses in it after everything was renamed."""
    call = office.call("2001", "300")
    office.run(1)
    rename(office)
    call.press(key)
    office.run(0.3)
    return call


def rename(office: Office, version: str = "b") -> None:
    was = "b" if version == "a" else "a"
    office.reload((EVERYTHING.replace("@", was), EVERYTHING.replace("@", version)))


@pytest.fixture
def office() -> Office:
    return Office(centre=centre("a"))


def ends(office: Office, call: PhoneCall, seconds: float = 0.5) -> None:
    """The caller comes to the end of version a, and nothing was wrong on the way."""
    office.run(seconds)
    assert said(call) == ("en/say.end-a",), said(call)
    office.run(4)
    assert call.over
    assert [
        (line.data["by"], line.data["cause"]) for line in office.switch.journal.of("call.ended", call_id(office))
    ] == [("switch", "flow-ended")]
    office.close()


def call_id(office: Office) -> str:
    return str(office.switch.journal.of("call.started")[0].call)


@pytest.mark.parametrize(
    ("key", "kind", "name"), [("1", "webservices", "parcel-a"), ("2", "lookups", "who-a"), ("*", "sms", "text-a")]
)
def test_a_service_or_lookup_of_the_callers_version_is_asked(office: Office, key: str, kind: str, name: str) -> None:
    call = ask_before(office, key)
    assert name in getattr(office.switch.oracle.configs[1], kind)
    office.switch.answered({"status": "well"})
    office.run(0.3)
    if key != "2":
        assert said(call) == (f"en/{'webservice.parcel' if key == '1' else 'sms.text'}-a/well",)
        office.run(3)
    ends(office, call)


def test_verbs_lead_to_places_of_the_callers_version(office: Office) -> None:
    call = ask_before(office, "3")
    office.switch.answered({"verbs": json.dumps([{"verb": "redirect", "to": "say:end-a"}])})
    ends(office, call)


def test_verbs_that_lead_to_places_of_another_version_are_not_carried_out(office: Office) -> None:
    call = ask_before(office, "3")
    office.switch.answered(
        {"verbs": json.dumps([{"verb": "say", "text": "x"}, {"verb": "redirect", "to": "say:end-b"}])}
    )
    ends(office, call)
    assert [line.data["what"] for line in office.switch.journal.of("ivr.trouble")] == ["there is no say:end-b"]


def test_people_of_a_group_that_is_no_more_are_rung(office: Office) -> None:
    office.phone("2005").on_call = answers(after=1.0)
    call = ask_before(office, "4")
    office.run(3)
    assert bridged(call, office.phone("2005").calls[-1])
    call.hang_up()
    office.close()


def test_a_message_is_taken_by_a_box_that_is_no_more(office: Office) -> None:
    call = ask_before(office, "5")
    assert said(call) == ("en/voicemail.box-a",)
    office.run(4)
    rename(office, "a")
    rename(office, "b")
    office.run(4)
    call.press("1")
    office.run(4)
    assert [message.box for message in office.switch.boxes.all()] == ["box-a"]
    assert [item.id for item in office.switch.mailroom.posted] == [office.switch.boxes.all()[0].id]
    ends(office, call)


def test_a_recording_that_is_no_more_is_made(office: Office) -> None:
    call = ask_before(office, "6")
    assert said(call) == ("en/record.speech-a",)
    office.run(8)
    call.press("#")
    ends(office, call)


def test_a_room_that_is_no_more_is_entered(office: Office) -> None:
    call = ask_before(office, "7")
    assert said(call) == ("en/conference.room-a",)
    office.run(4)
    other = office.call("2002", "300")
    other.press("7")
    office.run(0.5)
    assert said(other) == ("en/conference.room-b",)
    assert call.hears == Music("default")
    office.close()


def test_a_callback_that_is_no_more_is_taken_down_and_due_as_it_was_said(office: Office) -> None:
    call = ask_before(office, "8")
    rename(office, "a")
    rename(office, "b")
    call.press("1")
    office.run(0.5)
    assert said(call) == ("en/callback.later-a",)
    (request,) = office.switch.boxes.requests()
    assert request.due - request.at == pytest.approx(21 * 3600, abs=60), "on Tuesday at nine"
    called = office.phone("2001")
    called.on_call = answers(after=1.0)
    office.run(21 * 3600 + 30)
    office.agent("1001", answers(after=1.0))
    office.run(30)
    assert called.calls[-1].answered_at is not None, "the promise holds"
    office.close()


def test_hours_gotos_sets_entries_and_surveys_that_are_no_more_are_walked_through(office: Office) -> None:
    call = ask_before(office, "9")
    assert said(call) == ("en/collect.code-a",)
    rename(office, "a")
    rename(office, "b")
    call.press("7")
    office.run(0.3)
    assert said(call) == ("en/survey.after-a.q",)
    call.press("5")
    office.run(0.3)
    assert said(call) == ("en/survey.after-a.thanks",)
    ends(office, call, 3)


def test_a_queue_that_is_no_more_is_waited_in_and_left_as_it_was_promised(office: Office) -> None:
    call = ask_before(office, "0")
    ends(office, call, 20.5)


@pytest.mark.parametrize("seed", range(4))
def test_a_hundred_reloads_rename_everything_and_nobody_is_dropped_misrouted_or_logged_out(seed: int) -> None:
    office, rng = Office(seed=seed, centre=centre("a")), random.Random(seed)
    office.agent("1001", answers(after=1.0))
    for user in ("2005", "2006"):
        office.phone(user).on_call = answers(after=rng.uniform(0.5, 6.0))
    version, asked = "a", 0
    calls: list[PhoneCall] = []
    for _ in range(100):
        version = "b" if version == "a" else "a"
        rename(office, version)
        idle = [p for p in map(office.phone, ("2001", "2002", "2003", "2004")) if all(call.over for call in p.calls)]
        if idle:
            calls.append(rng.choice(idle).dial("300"))
        for call in calls:
            if not call.over and call.answered_at is not None and rng.random() < 0.6:
                call.press(rng.choice("1234567890"))
            elif not call.over and call.answered_at is not None and rng.random() < 0.3:
                call.hang_up()
        for question in sorted(office.switch.oracle.asked.keys() - set(range(asked + 1))):
            asked = question
            answer(office, question, rng)
        office.run(rng.uniform(0.0, 2.0))
        assert office.switch.dispatcher.agents["olena"].status is Status.AVAILABLE
    assert len(calls) > 15
    check_ways(office)
    office.close()
    assert office.switch.control.reconfiguring.kept == set()


def answer(office: Office, question: int, rng: random.Random) -> None:
    """As somebody would who knows only the version in which the call began."""
    target, _ = office.switch.oracle.asked[question]
    config, (kind, _, name) = office.switch.oracle.configs[question], target.partition(":")
    assert name in {"webservice": config.webservices, "lookup": config.lookups, "verbs": config.verbs}[kind]
    verbs = [{"verb": "redirect", "to": f"say:end-{name[-1]}"}]
    outcome = rng.choice(("ok", "ok", "timeout", "unknown" if kind == "lookup" else "status"))
    values = {"verbs": json.dumps(verbs)} if kind == "verbs" else {"status": "well"}
    office.switch.control.on_answered(question, outcome, values if outcome == "ok" else {}, office.world.now)
    office.switch.flush()


def check_ways(office: Office) -> None:
    """Whoever came in by a version has walked through it alone, and was hung up on only at its end."""
    journal = office.switch.journal
    kinds = set()
    for started in journal.of("call.started"):
        target = str(started.data["target"])
        if not target.startswith("menu:all"):
            continue
        nodes = [str(line.data["node"]) for line in journal.of("ivr.node_entered", started.call)]
        places = [node.partition("/")[0] for node in nodes if node != "hangup"]
        assert {place[-1] for place in places} == {target[-1]}, nodes
        kinds |= {node.partition(":")[0] for node in nodes}
        for ended in journal.of("call.ended", started.call):
            assert (ended.data["by"], ended.data["cause"]) in (
                ("caller", "remote"),
                ("phone", "remote"),
                ("switch", "flow-ended"),
                ("switch", "talk-ended"),
            ), nodes
    assert len(kinds) > 8, kinds
    assert journal.of("ivr.trouble") == []
