"""Walks of single calls: the router and the IVR of the running switch, and everybody else as they are told to be."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ivr.nodes import Result
from softswitch.call.supposed import QuestionError, caller_of, moment
from softswitch.config import parse_config
from softswitch.tryout.answers import check_answers
from softswitch.tryout.attempt import Attempt, Press, Reply, presses, reply
from softswitch.tryout.walk import walk

if TYPE_CHECKING:
    from softswitch.config import Config
    from softswitch.tryout.walk import Walk

CENTRE = """
[server]
country = "UA"

[[phone]]
user = "1001"
password = "a-long-secret"

[[agent]]
id = "olena"
phone = "1001"
skills = { sales = 80, en = 60 }

[[agent]]
id = "piotr"
phone = "1001"
skills = { sales = 80, pl = 60 }

[trunk.carrier]
host = "192.0.2.1"

[[list.vip]]
number = "+380501111111"
name = "Anna"

[queue.sales]
needs = "sales >= 50 and {language} >= 50"
priority = 10
when_timed_out = "say:sorry"

[menu.main]
say = { en = "For sales press 1.", pl = "Sprzedaż, naciśnij 1." }
keys = { 1 = "queue:sales", 2 = "say:two", "#" = "back", 50 = "echo", 5 = "music:default" }
timeout = 5
retries = 1
when_no_input = "say:sorry"

[say.two]
say = "Two."
then = "menu:main"

[say.sorry]
say = "We are sorry, this takes longer today than we all would like it to."

[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "menu:main"
when_closed = "say:sorry"

[[route]]
from = "list:vip"
to = "queue:sales"
priority = 100

[[route]]
did = "100"
to = "hours:office"

[[route]]
did = "200"
to = "phone:1001"
"""
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def config() -> Config:
    return parse_config(CENTRE.encode(), file="c", folder=Path("/nowhere"), env={})


def call(config: Config, digits: str = "", at: datetime = MONDAY, ani: str = "0502222222", **more: object) -> Walk:
    settings = {"did": "100", "hang_up": None, "answers": {}, **more}
    return walk(
        config,
        Attempt(
            str(settings["did"]),
            caller_of(config, ani, "", ""),
            at,
            presses(digits.split(",") if digits else ()),
            settings["answers"],  # type: ignore[arg-type]
            settings["hang_up"],  # type: ignore[arg-type]
        ),
    )


def test_a_call_to_a_queue_tells_its_path_and_who_could_serve_it(config: Config) -> None:
    done = call(config, "1")
    assert done.path == ["hours:office", "menu:main", "queue:sales"]
    assert done.end == "queue:sales"
    assert done.queue == {
        "name": "sales",
        "needs": "(sales >= 50 and {language} >= 50)",
        "priority": 10.0,
        "prefer": "",
        "language": "en",
        "agents": ["olena"],
    }
    assert [said.text for said in done.said] == ["For sales press 1."]
    assert done.variables["ani"] == "+380502222222"
    assert [(step.at, step.text) for step in done.steps if step.kind in ("key", "hours")] == [
        (0.0, "office: open, mon-fri 09:00-17:00"),
        (1.0, "presses 1"),
    ]


def test_the_hours_are_those_of_the_moment_that_the_walk_has_come_to(config: Config) -> None:
    assert call(config, at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC)).path[1] == "say:sorry"
    assert call(config, at=datetime(2026, 11, 23, 17, 0, tzinfo=UTC)).path[1] == "say:sorry"


def test_a_caller_on_a_list_takes_another_route_with_more_priority(config: Config) -> None:
    done = call(config, ani="050 111 11 11")
    assert done.path == ["queue:sales"]
    assert done.queue["priority"] == 110
    assert done.variables["name"] == "Anna"


def test_those_who_could_serve_have_the_skills_that_the_caller_brings_along() -> None:
    text = CENTRE.replace('name = "Anna"\n', 'name = "Anna"\ndata = { skill = "pl" }\nneeds = "{skill} >= 50"\n')
    text = text.replace('needs = "sales >= 50 and {language} >= 50"', 'needs = "sales >= 50"')
    centre = parse_config(text.encode(), file="c.toml", folder=Path(), env={})
    assert call(centre, ani="050 111 11 11").queue["agents"] == ["piotr"]


def test_silence_is_a_turn_too_and_retries_are_counted(config: Config) -> None:
    done = call(config)
    assert done.path == ["hours:office", "menu:main", "say:sorry", "hangup"]
    assert [said.key for said in done.said] == ["menu.main", "no-input", "menu.main", "say.sorry"]
    assert call(config, "-,1").path[-1] == "queue:sales"
    assert call(config, "9,1").path[-1] == "queue:sales"


def test_keys_are_pressed_when_they_are_said_to_be(config: Config) -> None:
    done = call(config, "1@4.5")
    assert [step.at for step in done.steps if step.kind == "key"] == [4.5]
    assert call(config, "50").end == "echo"
    done = call(config, "5")
    assert (done.end, [step.at for step in done.steps if step.kind == "end"]) == ("music:default", [3.0])


def test_a_text_that_is_only_said_takes_no_keys_of_the_caller(config: Config) -> None:
    assert call(config, "2,1").path == ["hours:office", "menu:main", "say:two", "menu:main", "queue:sales"]


def test_others_do_what_they_are_told_one_answer_after_another(config: Config) -> None:
    answers = {"queue:sales": [Reply("timed-out", after=30.0)]}
    done = call(config, "1", answers=answers)
    assert done.path[-3:] == ["queue:sales", "say:sorry", "hangup"]
    assert done.end == "flow-ended"
    assert done.steps[-1].at > 31.0
    served = call(config, "1", answers={"queue:sales": [Reply("answered")]})
    assert served.end == "queue:sales"
    with pytest.raises(QuestionError, match='"asleep" is no result; there are answered'):
        call(config, "1", answers={"queue:sales": [Reply("asleep")]})


def test_a_phone_that_nobody_answers_for_ends_the_walk(config: Config) -> None:
    assert call(config, did="200").end == "phone:1001"
    done = call(config, did="200", answers={"phone:1001": [Reply("busy")]})
    assert (done.end, done.steps[-1].text) == ("not-connected", "is hung up on: not-connected (busy)")


def test_a_room_that_is_full_says_so(led: Config) -> None:
    done = call(led, did="304", answers={"conference:room": [Reply("full")]})
    assert done.path == ["conference:room", "say:not-connected", "hangup"]


def test_a_caller_may_hang_up(config: Config) -> None:
    done = call(config, hang_up=2.0)
    assert (done.end, done.steps[-1].at) == ("caller-hung-up", 2.0)


def test_a_number_without_a_route_is_refused_with_the_reason_of_each_route(config: Config) -> None:
    done = call(config, did="999")
    assert done.end == "refused 404"
    assert sum(step.kind == "route" for step in done.steps) == 3
    assert done.path == []


def test_a_feature_code_is_told_apart_from_a_number(config: Config) -> None:
    done = walk(config, Attempt("*11", caller_of(config, "", "", "1001"), MONDAY))
    assert done.end == "feature:login"


def test_a_walk_changes_nothing_and_is_the_same_every_time(config: Config) -> None:
    assert call(config, "9,2,1") == call(config, "9,2,1")


# --- how attempts are written
def test_digits_as_they_are_written() -> None:
    assert presses(["1", " 12# ", "-", "7@2.5"]) == (Press("1"), Press("12#"), Press(""), Press("7", 2.5))
    for wrong in ("", "x", "1@", "1@-2", "1 2"):
        with pytest.raises(QuestionError, match="cannot be pressed"):
            presses([wrong])


def test_answers_as_they_are_written() -> None:
    assert reply("timed-out") == Reply("timed-out")
    assert reply("ok, status=sent,sum=12.50") == Reply("ok", {"status": "sent", "sum": "12.50"})
    assert reply("key,key=1").key == "1"
    assert reply("served").result is Result.ENDED


def test_moments_as_they_are_written() -> None:
    assert moment("", MONDAY) == MONDAY
    assert moment("12:30", MONDAY) == MONDAY.replace(hour=12, minute=30)
    assert moment("2027-01-01 08:00", MONDAY) == datetime(2027, 1, 1, 8, 0, tzinfo=UTC)
    with pytest.raises(QuestionError, match="is no time"):
        moment("noon", MONDAY)


def test_callers_who_do_not_exist_are_named(config: Config) -> None:
    with pytest.raises(QuestionError, match=r'no phone "1002"; did you mean "1001"'):
        caller_of(config, "", "", "1002")
    with pytest.raises(QuestionError, match=r'no trunk "carier"; did you mean "carrier"'):
        caller_of(config, "", "carier", "")
    assert caller_of(config, "withheld", "", "").withheld


def test_json_is_the_very_answer_of_whoever_is_asked() -> None:
    verbs = '[{"verb": "say", "text": "One, two, three."}, {"verb": "queue", "name": "sales"}]'
    assert reply(verbs) == Reply("ok", body=verbs)
    assert reply(f"ok, verbs={verbs}, x=1") == Reply("ok", {"verbs": verbs, "x": "1"})
    assert reply('{"a": [1, 2]}').body == '{"a": [1, 2]}'
    assert reply("timeout").outcome == "timeout"
    with pytest.raises(QuestionError, match="is not JSON"):
        reply("[oops")


MASKED = f"""{CENTRE}
[collect.pin]
say = "Your PIN."
digits = 4
mask = true
variable = "pin"
then = "webservice:crm"

[webservice.crm]
url = "https://crm.example/{{pin}}"
say = "{{echo}}, {{name}}."
then = "verbs:app"

[verbs.app]
url = "https://app.example/"

[[route]]
did = "300"
to = "collect:pin"
"""


def test_nothing_of_a_walk_tells_what_was_entered_masked() -> None:
    config = parse_config(MASKED.encode(), file="c", folder=Path("/nowhere"), env={})
    answers = {
        "webservice:crm": [reply("ok, echo=code 4711, pin=0815, name=Olena")],
        "verbs:app": [reply('[{"verb": "say", "text": "4711 is right."}]')],
    }
    done = call(config, "4711", did="300", answers=answers)
    assert done.keys == ["•"] * 4
    assert done.path[-2:] == ["verbs:app/0", "hangup"]
    texts = [step.text for step in done.steps]
    assert "webservice:crm is asked: ok, echo = code ••••, pin = •, name = Olena" in texts
    assert "(en) •••• is right." in texts
    assert not any(secret in str(done) for secret in ("4711", "0815"))


LED = f"""{CENTRE}
[verbs.app]
url = "https://app.example/"
max_priority = 10
when_failed = "say:sorry"

[webservice.slow]
url = "https://crm.example/"
meanwhile = {{ say = "One moment please, we are looking it up." }}
then = "menu:two"

[menu.two]
say = "Press 1."
keys = {{ 1 = "echo" }}
type_ahead = false

[[list.known]]
number = "+380503333333"

[lookup.who]
list = "known"
key = "{{customer_id}}"
then = "menu:main"
when_unknown = "say:sorry"

[conference.room]

[[route]]
did = "304"
to = "conference:room"

[[route]]
did = "301"
to = "verbs:app"

[[route]]
did = "302"
to = "webservice:slow"

[[route]]
did = "303"
from = "phone:*"
to = "lookup:who"
"""


@pytest.fixture(scope="module")
def led() -> Config:
    return parse_config(LED.encode(), file="c", folder=Path("/nowhere"), env={})


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"priority": 11}, "priority 11 is more than max_priority, which is 10"),
        ({"needs": "gold >="}, "needs: "),
        ({"priority": 10, "needs": "sales >= 10"}, ""),
    ],
)
def test_an_application_gets_no_more_than_the_switch_would_give_it(
    led: Config, wanted: dict[str, Any], why: str
) -> None:
    verbs = json.dumps([{"verb": "set", **wanted}, {"verb": "queue", "name": "sales"}])
    done = call(led, did="301", answers={"verbs:app": [reply(verbs)]})
    assert done.path[-1] == ("hangup" if why else "queue:sales")
    assert any(why in step.text for step in done.steps if step.kind == "trouble") is bool(why)


def test_what_is_only_said_for_others_takes_no_keys_of_the_caller(led: Config) -> None:
    gather = {"verb": "gather", "text": "One key.", "digits": 1, "variable": "choice"}
    verbs = json.dumps([{"verb": "say", "text": "Hello and welcome."}, gather])
    done = call(led, "7", did="301", answers={"verbs:app": [reply(verbs), reply('[{"verb": "hangup"}]')]})
    assert done.variables["choice"] == "7"
    assert call(led, "1", did="302", answers={"webservice:slow": [Reply("ok", after=2.0)]}).end == "echo"


def test_who_is_no_customer_of_anybody_is_known_by_the_number(led: Config) -> None:
    own = caller_of(led, "", "", "1001")
    listed = replace(own, number="+380503333333")
    assert walk(led, Attempt("303", listed, MONDAY)).path[:2] == ["lookup:who", "menu:main"]
    assert walk(led, Attempt("303", own, MONDAY)).path[:2] == ["lookup:who", "say:sorry"]


@pytest.mark.parametrize(
    ("points", "said"), [("1", "один бал"), ("22", "двадцять два бали"), ("25", "двадцять п’ять балів")]
)
def test_texts_of_the_configuration_agree_with_their_numbers(points: str, said: str) -> None:
    config = parse_config(
        f"""
[server]
language = "uk"
[[phone]]
user = "1"
password = "a-long-secret"
[[route]]
did = "9"
to = "set:a"
[set.a]
data = {{ points = "{points}" }}
then = "say:a"
[say.a]
say = "Ви маєте {{points:number}} {{points:plural бал|бали|балів}} і {{points:money UAH}}."
""".encode(),
        file="config.toml",
        folder=Path("/somewhere"),
        env={},
    )
    assert not [found for found in config.warnings if found.where.startswith("say")]
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    heard = walk(config, Attempt("9", caller_of(config, "", "", "1"), at)).said[0].text
    assert heard.startswith(f"Ви маєте {said} і ")
    assert "грив" in heard


def test_answers_are_words_that_those_who_are_asked_could_say() -> None:
    config = parse_config(b"[webservice.w]\nurl = 'https://a.example/'", file="c", folder=Path("/somewhere"), env={})
    for outcome in ("ok", "unavailable", "timeout", "status", "circuit-open", "unreadable"):
        check_answers(config, {"webservice:w": [Reply(outcome)]})
    with pytest.raises(QuestionError, match=r'"timeot" is no answer of webservice:w; .*did you mean "timeout"'):
        check_answers(config, {"webservice:w": [Reply("timeot")]})
    check_answers(config, {"external:+380441234567@kyiv": [Reply("busy")]})


def test_closed_hours_say_by_which_rule_and_when_they_open() -> None:
    text = """
[[phone]]
user = "1"
password = "a-long-secret"
[[route]]
did = "9"
to = "hours:office"
[hours.office]
open = ["mon-fri 09:00-17:00"]
closed = ["2026-12-25"]
number = "1"
when_open = "echo"
when_closed = "hangup"
[feature]
hours = "*30"
"""
    config = parse_config(text.encode(), file="config.toml", folder=Path("/somewhere"), env={})
    caller = caller_of(config, "", "", "1")

    def told(at: datetime) -> list[str]:
        return [step.text for step in walk(config, Attempt("9", caller, at)).steps if step.kind == "hours"]

    assert told(datetime(2026, 11, 21, 10, tzinfo=UTC)) == [
        "office: closed (no rule opens at this time); opens Monday 2026-11-23 09:00"
    ]
    assert told(datetime(2026, 12, 25, 10, tzinfo=UTC)) == [
        "office: closed, 2026-12-25 (closed on this date; dates go before everything else); "
        "opens Monday 2026-12-28 09:00"
    ]
    assert told(datetime(2026, 11, 23, 10, tzinfo=UTC)) == ["office: open, mon-fri 09:00-17:00"]
    for dialled in ("*30", "*30*1*2", "*30*1*2*60"):
        assert walk(config, Attempt(dialled, caller, datetime(2026, 11, 23, 10, tzinfo=UTC))).end == "feature:hours"
    assert walk(config, Attempt("*301", caller, datetime(2026, 11, 23, 10, tzinfo=UTC))).end == "refused 404"
