"""Every kind of place and every way out of it, walked through; times, keys and answers as people write them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivr.targets import KINDS, Target
from softswitch.config import flows, parse_config
from softswitch.tryout.command import Request, attempt
from softswitch.tryout.walk import walk

if TYPE_CHECKING:
    from softswitch.config import Config
    from softswitch.tryout.walk import Walk

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday

CENTRE = """
[server]
country = "UA"

[[phone]]
user = "1001"
password = "a-long-secret"
when_busy = "say:busy"
when_no_answer = "say:no-answer"
when_unavailable = "say:unavailable"

[[agent]]
id = "olena"
phone = "1001"
skills = { sales = 80 }

[trunk.carrier]
host = "192.0.2.1"
when_busy = "say:busy"
when_no_answer = "say:no-answer"
when_unavailable = "say:unavailable"

[say.busy]
say = "Busy."
[say.no-answer]
say = "No answer."
[say.unavailable]
say = "Unavailable."
[say.failed]
say = "Failed."
[say.good]
say = "Good."
[say.full]
say = "Full."
[say.late]
say = "Late."
[say.empty]
say = "Empty."
[say.refused]
say = "Refused."
[say.value]
say = "It is {status}, {sum:money}, for {who}."
[say.long]
say = "A text that is heard to its end before anything is done about what was pressed meanwhile."
barge_in = false
then = "menu:main"

[menu.main]
say = "One, two or the star."
keys = { 1 = "say:good", 2 = "menu:sub", "*" = "repeat", 50 = "say:late", "#" = "back" }
timeout = 5
retries = 1
when_no_input = "say:failed"

[menu.sub]
say = "Below."
keys = { 1 = "say:good", "#" = "back" }
when_invalid = "say:refused"
when_no_input = "say:late"
retries = 0

[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "say:good"
when_closed = "say:late"

[goto.polish]
then = "say:good"
language = "pl"

[set.known]
then = "say:value"
data = { who = "{ani}", status = "set", sum = "2 UAH" }
language = "{spoken}"

[collect.number]
say = "Enter it."
digits = "2-4"
variable = "status"
then = "say:good"
when_failed = "say:failed"
retries = 1

[collect.sure]
say = "Enter it."
digits = 2
confirm = true
then = "say:good"
when_failed = "say:failed"
retries = 1

[lookup.list]
list = "vip"
result = { who = "name" }
say = "It is {who}."
then = "say:good"
when_unknown = "say:empty"
when_failed = "say:failed"

[[list.vip]]
number = "+380501111111"
name = "Anna"

[lookup.file]
database = "@FILE@"
query = "SELECT name FROM people WHERE phone = :key"
result = { who = "name" }
when.who = { Anna = "say:good" }
then = "say:late"
when_failed = "say:failed"

[webservice.parcel]
collect = { say = "The number?", digits = 2, variable = "parcel" }
url = "https://erp.example/{parcel}"
result = { status = "order.status", sum = "order.sum" }
say = "It is {status} and costs {sum:money}."
when.status = { lost = "say:refused" }
then = "say:good"
when_failed = "say:failed"

[sms.link]
webservice = "gateway"
text = "{who}, see {status}."
say = "Sent."
when.state = { rejected = "say:refused" }
then = "say:good"
when_failed = "say:failed"

[webservice.gateway]
method = "POST"
url = "https://sms.example/"
body = "json"
fields = { to = "{sms_to}", text = "{sms_text}" }
result = { state = "message.state" }

[verbs.app]
url = "https://app.example/"
when_failed = "say:failed"

[survey.after]
thanks = "Thanks."
then = "say:good"
[[survey.after.question]]
id = "one"
say = "First?"
[[survey.after.question]]
id = "two"
say = "Second?"

[record.speech]
say = "Speak."
then = "say:good"
when_failed = "say:failed"

[voicemail.box]
then = "say:good"
when_failed = "say:failed"

[callback.later]
queue = "sales"
when_failed = "say:failed"

[conference.room]
when_full = "say:full"
when_refused = "say:refused"

[findme.boss]
ring = ["phone:1001"]
when_no_answer = "say:no-answer"
when_nobody = "say:empty"

[queue.sales]
needs = "sales >= 50"
when_full = "say:full"
when_timed_out = "say:late"
when_empty = "say:empty"
survey = "survey:after"
exit = { keys = { 7 = "say:good" } }

[queue.help]
needs = "sales >= 50"
overflow = [{ after = 60, to = "say:late" }]

"""
#: What is dialled for each place; the route before it is in its language.
PLACES = (
    *("menu:main", "menu:sub", "hours:office", "say:good", "say:long", "goto:polish", "set:known", "collect:number"),
    *("collect:sure", "lookup:list", "lookup:file", "webservice:parcel", "verbs:app", "survey:after", "record:speech"),
    "sms:link",
    *("voicemail:box", "callback:later", "conference:room", "findme:boss", "queue:sales", "queue:help", "agent:olena"),
    *("phone:1001", "external:+380441234567@carrier", "echo", "music", "answer", "hangup"),
)
NUMBERS = {place: str(300 + number) for number, place in enumerate(PLACES)}
ROUTES = "".join(f'[[route]]\ndid = "{did}"\nto = "{place}"\n' for place, did in NUMBERS.items())


@pytest.fixture(scope="module")
def config() -> Config:
    return parse_config((CENTRE.replace("@FILE@", __file__) + ROUTES).encode(), file="c", folder=Path("/"), env={})


def tried(config: Config, place: str, digits: str = "", *answers: str, at: str = "", ani: str = "0502222222") -> Walk:
    request = Request(NUMBERS[place], ani, at=at, digits=digits, answers=answers)
    return walk(config, attempt(config, request, NOW))


GOOD, END = ["say:good", "hangup"], "flow-ended"
GATHER = '{"verb": "gather", "text": "Press.", "variable": "status", "digits": 1, "retries": 0}'

#: Place, keys, answers; the way from there on, and how it ends.
WAYS: list[tuple[str, str, tuple[str, ...], list[str], str]] = [
    ("menu:main", "1", (), GOOD, END),
    ("menu:main", "*,1", (), GOOD, END),
    ("menu:main", "50", (), ["say:late", "hangup"], END),
    ("menu:main", "2,1", (), ["menu:sub", *GOOD], END),
    ("menu:main", "2,#,1", (), ["menu:sub", "menu:main", *GOOD], END),
    ("menu:main", "#,1", (), GOOD, END),
    ("menu:main", "9,1", (), GOOD, END),
    ("menu:main", "9,9", (), ["say:failed", "hangup"], END),
    ("menu:main", "-,-", (), ["say:failed", "hangup"], END),
    ("menu:main", "21", (), ["menu:sub", *GOOD], END),
    ("menu:sub", "9", (), ["say:refused", "hangup"], END),
    ("menu:sub", "-", (), ["say:late", "hangup"], END),
    ("say:good", "", (), ["hangup"], END),
    ("say:long", "1", (), ["menu:main", *GOOD], END),
    ("goto:polish", "", (), GOOD, END),
    ("set:known", "", (), ["say:value", "hangup"], END),
    ("collect:number", "1234", (), GOOD, END),
    ("collect:number", "12#", (), GOOD, END),
    ("collect:number", "123", (), GOOD, END),
    ("collect:number", "1,12#", (), GOOD, END),
    ("collect:number", "1#,-", (), ["say:failed", "hangup"], END),
    ("collect:sure", "12,1", (), GOOD, END),
    ("collect:sure", "12,2,34,1", (), GOOD, END),
    ("collect:sure", "-,-", (), ["say:failed", "hangup"], END),
    ("lookup:list", "", (), ["say:empty", "hangup"], END),
    ("lookup:list", "", ('lookup:list={"name": "Eva", "age": 7}',), ["lookup:list/say", *GOOD], END),
    ("lookup:list", "", ("lookup:list=failed",), ["say:failed", "hangup"], END),
    ("lookup:file", "", ("lookup:file=ok,who=Anna",), GOOD, END),
    ("lookup:file", "", ('lookup:file={"name": "Eva"}',), ["say:late", "hangup"], END),
    ("lookup:file", "", (), ["say:failed", "hangup"], END),
    ("webservice:parcel", "12", ("webservice:parcel=ok,status=sent,sum=1 UAH",), ["…/ask", "…/say", *GOOD], END),
    (
        "webservice:parcel",
        "12",
        ('webservice:parcel={"order": {"status": "lost", "sum": "1"}}',),
        ["…/ask", "say:refused", "hangup"],
        END,
    ),
    (
        "webservice:parcel",
        "12",
        ('webservice:parcel={"order": {"status": "lost"}}',),
        ["…/ask", "say:failed", "hangup"],
        END,
    ),
    ("webservice:parcel", "12", ("webservice:parcel=timeout",), ["…/ask", "say:failed", "hangup"], END),
    ("webservice:parcel", "12", (), ["…/ask", "say:failed", "hangup"], END),
    ("webservice:parcel", "-,-,-", (), ["say:failed", "hangup"], END),
    ("sms:link", "", ("sms:link=ok",), ["sms:link/say", *GOOD], END),
    ("sms:link", "", ('sms:link={"message": {"state": "rejected"}}',), ["say:refused", "hangup"], END),
    ("sms:link", "", ("sms:link=timeout",), ["say:failed", "hangup"], END),
    ("sms:link", "", (), ["say:failed", "hangup"], END),
    (
        "verbs:app",
        "",
        ('verbs:app=[{"verb": "say", "text": "a, b"}, {"verb": "queue", "name": "help"}]',),
        ["verbs:app/0", "verbs:app/1", "queue:help"],
        "queue:help",
    ),
    (
        "verbs:app",
        "5",
        (f"verbs:app=ok,verbs=[{GATHER}]", 'verbs:app=[{"verb": "hangup"}]'),
        ["verbs:app/0", "verbs:app", "verbs:app/0", "hangup"],
        END,
    ),
    ("verbs:app", "-", (f"verbs:app=[{GATHER}]",), ["verbs:app/0", "hangup"], END),
    (
        "verbs:app",
        "",
        (
            'verbs:app=[{"verb": "dial", "to": "phone:1001"}, {"verb": "redirect", "to": "say:good"}]',
            "phone:1001=unavailable",
        ),
        ["verbs:app/0", "phone:1001", "say:unavailable", "hangup"],
        END,
    ),
    ("verbs:app", "", ('verbs:app=[{"verb": "queue", "name": "none"}]',), ["say:failed", "hangup"], END),
    ("verbs:app", "", ('verbs:app=[{"verb": "sing"}]',), ["say:failed", "hangup"], END),
    ("verbs:app", "", ("verbs:app=timeout",), ["say:failed", "hangup"], END),
    ("verbs:app", "", (), ["say:failed", "hangup"], END),
    ("survey:after", "5,4", (), ["survey:after/2", "survey:after/thanks", *GOOD], END),
    ("survey:after", "9,5,-", (), ["survey:after/2", "survey:after/thanks", *GOOD], END),
    ("record:speech", "", ("record:speech=done",), GOOD, END),
    ("record:speech", "", ("record:speech=failed",), ["say:failed", "hangup"], END),
    ("voicemail:box", "", ("voicemail:box=done",), GOOD, END),
    ("voicemail:box", "", ("voicemail:box=failed",), ["say:failed", "hangup"], END),
    ("callback:later", "", ("callback:later=done",), ["hangup"], END),
    ("callback:later", "", ("callback:later=failed",), ["say:failed", "hangup"], END),
    ("conference:room", "", ("conference:room=busy",), ["say:full", "hangup"], END),
    ("conference:room", "", ("conference:room=rejected",), ["say:refused", "hangup"], END),
    ("conference:room", "", (), [], "conference:room"),
    ("findme:boss", "", ("findme:boss=no-answer",), ["say:no-answer", "hangup"], END),
    ("findme:boss", "", ("findme:boss=rejected",), ["say:no-answer", "hangup"], END),
    ("findme:boss", "", ("findme:boss=busy",), ["say:no-answer", "hangup"], END),
    ("findme:boss", "", ("findme:boss=unavailable",), ["say:empty", "hangup"], END),
    ("findme:boss", "", ("findme:boss=answered",), ["hangup"], "findme:boss"),
    ("queue:sales", "", (), [], "queue:sales"),
    ("queue:sales", "", ("queue:sales=full",), ["say:full", "hangup"], END),
    ("queue:sales", "", ("queue:sales=timed-out",), ["say:late", "hangup"], END),
    ("queue:sales", "", ("queue:sales=empty",), ["say:empty", "hangup"], END),
    ("queue:sales", "", ("queue:sales=key,key=7",), GOOD, END),
    (
        "queue:sales",
        "1,1",
        ("queue:sales=served",),
        ["survey:after", "survey:after/2", "survey:after/thanks", *GOOD],
        "queue:sales",
    ),
    ("queue:help", "", ("queue:help=overflowed",), ["say:late", "hangup"], END),
    ("queue:help", "", ("queue:help=timed-out",), ["say:queue-timed-out", "hangup"], END),
    ("agent:olena", "", (), [], "agent:olena"),
    ("agent:olena", "", ("agent:olena=busy",), ["hangup"], "not-connected"),
    ("agent:olena", "", ("agent:olena=answered",), ["hangup"], "agent:olena"),
    *[
        (place, "", (f"{place}={result}",), [f"say:{to}", "hangup"], END)
        for place in ("phone:1001", "external:+380441234567@carrier")
        for result, to in (
            ("busy", "busy"),
            ("rejected", "busy"),
            ("no-answer", "no-answer"),
            ("unavailable", "unavailable"),
        )
    ],
    ("phone:1001", "", (), [], "phone:1001"),
    ("external:+380441234567@carrier", "", (), [], "external:+380441234567@carrier"),
    ("echo", "", (), [], "echo"),
    ("music", "", (), [], "music:default"),
    ("answer", "", (), [], "answer"),
    ("hangup", "", (), [], END),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: " ".join((way[0], way[1], *(a[:30] for a in way[2]))))
def test_every_way_leads_where_it_should(config: Config, way: tuple[str, str, tuple[str, ...], list[str], str]) -> None:
    place, digits, answers, then, end = way
    done = tried(config, place, digits, *answers)
    wanted = [step.replace("…", place) for step in then]
    assert done.path == [str(Target.parse(place)), *wanted]
    assert done.end == end


def test_the_hours_decide_by_the_moment(config: Config) -> None:
    assert tried(config, "hours:office", at="2026-11-23 16:59").path[1] == "say:good"
    assert tried(config, "hours:office", at="2026-11-23 17:00").path[1] == "say:late"
    assert tried(config, "hours:office", at="2026-11-22").path[1] == "say:late"


def test_who_is_on_a_list_is_found_there(config: Config) -> None:
    done = tried(config, "lookup:list", ani="050 111 11 11")
    assert done.path[1:] == ["lookup:list/say", *GOOD]
    assert [said.text for said in done.said] == ["It is Anna.", "Good."]


def test_lookups_in_files_and_databases_are_really_made(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "people.db")) as database:
        database.execute("CREATE TABLE people (phone, name)")
        database.execute("INSERT INTO people VALUES ('+380501111111', 'Anna')")
        database.commit()
    text = CENTRE.replace("@FILE@", "people.db") + ROUTES
    config = parse_config(text.encode(), file="c", folder=tmp_path, env={})
    done = tried(config, "lookup:file", ani="+380501111111")
    assert done.path[1:] == GOOD
    assert "lookup:file is asked: ok, who = Anna" in [step.text for step in done.steps]
    assert tried(config, "lookup:file", ani="+380502222222").path[1:] == ["say:failed", "hangup"]
    query = 'database = "people.db"\nquery = "SELECT name FROM people WHERE phone = :key"'
    text = text.replace(query, 'file = "p.csv"\ncolumn = "tel"')
    rows = parse_config(text.encode(), file="c", folder=with_csv(tmp_path), env={})
    assert tried(rows, "lookup:file", ani="+380501111111").path[1:] == GOOD
    (tmp_path / "p.csv").write_text("phone;name\n")
    done = tried(rows, "lookup:file", ani="+380501111111")
    assert done.path[1:] == ["say:failed", "hangup"]
    trouble = [step.text for step in done.steps if step.kind == "trouble"]
    assert trouble == [f'lookup:file: {tmp_path}/p.csv has no column "tel"']


def with_csv(folder: Path) -> Path:
    (folder / "p.csv").write_text("tel;name\n+380501111111;Anna\n")
    return folder


def test_what_is_set_is_said_and_a_language_that_there_is_not_changes_nothing(config: Config) -> None:
    done = tried(config, "set:known")
    assert done.said[0].text == "It is set, two hryvnias, for +380502222222."
    assert tried(config, "goto:polish").language == "pl"
    assert done.language == "en"


def test_a_value_that_cannot_be_said_is_pointed_at(config: Config) -> None:
    done = tried(config, "webservice:parcel", "12", "webservice:parcel=ok,status=sent,sum=much")
    assert done.said[1].text == "It is sent and costs much."
    assert [step.text for step in done.steps if step.kind == "trouble"] == [
        "webservice.parcel: the value of {sum:money} does not fit"
    ]


def test_a_text_message_is_written_down(config: Config) -> None:
    done = tried(config, "sms:link", "", "sms:link=ok")
    assert [step.text for step in done.steps if step.kind == "sms"] == ['writes to +380502222222: ", see ."']


def test_a_caller_without_a_number_gets_no_text_message(config: Config) -> None:
    done = tried(config, "sms:link", "", "sms:link=ok", ani="anonymous")
    assert done.path[1:] == ["say:failed", "hangup"]
    asked = [step.text for step in done.steps if step.kind in ("sms", "ask")]
    assert asked == ["has no number to write to", "sms:link is asked: no-number"]


def test_why_verbs_are_not_carried_out_is_told(config: Config) -> None:
    done = tried(config, "verbs:app", "", 'verbs:app=[{"verb": "queue", "name": "none"}]')
    assert [step.text for step in done.steps if step.kind == "trouble"] == ["verbs:app: there is no queue:none"]


def test_all_kinds_and_all_nodes_are_walked_through(config: Config) -> None:
    """A kind that is added has to be added above, too."""
    assert {Target.parse(place).kind for place, *_ in WAYS} | {"hours"} == set(KINDS)
    walked = {step for place, digits, answers, *_ in WAYS for step in tried(config, place, digits, *answers).path}
    nodes = {str(target) for target in flows.flow(config).nodes if target.kind != "external"}
    nodes -= {"webservice:gateway"}  # asked by text messages only
    unseen = nodes - walked - {"hours:office", "say:queue-full", "say:queue-empty", "say:not-connected"}
    assert unseen == set()
