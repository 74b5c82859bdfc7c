"""Which route takes a call, told in lines; the moment is given, never that of the test."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from softswitch.call.supposed import QuestionError
from softswitch.config import parse_config
from softswitch.explain.route import Question, explain_route

CONFIG = b"""
[server]
country = "UA"
timezone = "Europe/Kyiv"
[[phone]]
user = "1001"
password = "secret-1001"
name = "Olena"
[[agent]]
id = "olena"
phone = "1001"
[queue.vip]
[menu.main]
say = "Press 1."
keys = { 1 = "queue:vip" }
[say.closed]
say = "We are closed."
[hours.office]
open = ["mon-fri 09:00-17:00"]
closed = ["2026-12-25"]
when_open = "menu:main"
when_closed = "say:closed"
[trunk.kyiv]
source = ["192.0.2.1"]
[[list.vip]]
number = "050 123 45 67"
name = "Known Person"
agent = "olena"
priority = 100
[[list.blocked]]
number = "+1*"
[[route]]
from = "list:blocked"
to = "hangup"
reject = "unwanted"
[[route]]
from = "list:vip"
when = "closed:office"
to = "agent:{agent}"
when_unavailable = ["agent:{deputy}", "queue:vip"]
[[route]]
did = "100"
to = "hours:office"
"""
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday; noon in Kyiv


def told(question: Question) -> list[str]:
    config = parse_config(CONFIG, file="config.toml", folder=Path(), env={})
    return list(explain_route(config, question, NOW).lines(question.did))


def test_a_key_contact_by_night() -> None:
    assert told(Question("100", "0501234567", at="2026-12-25 10:00")) == [
        "+380501234567 (Known Person) calls 100 from trunk kyiv, Friday 2026-12-25 10:00 Europe/Kyiv",
        "is on the list vip: name Known Person, agent olena, priority 100",
        "  no  route 1 (from list:blocked): the caller is not on the list blocked",
        "  yes route 2 (from list:vip, when closed:office (2026-12-25))",
        "      office: closed on this date; dates go before everything else",
        "      left out: agent:{deputy}: nothing is known for {deputy}",
        "goes to agent:olena, then queue:vip",
        "with priority 100",
        "  comes to agent:olena",
    ]


def test_the_same_caller_by_day_and_somebody_unknown() -> None:
    assert told(Question("100", "+380501234567"))[3:] == [
        "  no  route 2 (from list:vip, when closed:office): office is open (mon-fri 09:00-17:00)",
        "      office: open on this weekday; nothing closes it",
        "  yes route 3 (did 100)",
        "goes to hours:office",
        "with priority 100",
        "  comes to hours:office",
        "  office is open: mon-fri 09:00-17:00 (open on this weekday; nothing closes it)",
        "  comes to menu:main",
        "  hears menu.main in en",
    ]
    night = told(Question("100", at="22:30"))
    assert night[0] == "a withheld number calls 100 from trunk kyiv, Monday 2026-11-23 22:30 Europe/Kyiv"
    assert night[-3:] == [
        "  office is closed: no rule opens at this time",
        "  comes to say:closed",
        "  hears say.closed in en",
    ]
    assert "office: " not in " ".join(night)  # what a route asks of hours does not count for who is not on its list


def test_hours_that_are_set_by_hand_say_what_their_rules_would() -> None:
    lines = told(Question("100", "0501234567", hours=["office=closed"]))
    assert lines[4:6] == [
        "  yes route 2 (from list:vip, when closed:office (forced by supposition))",
        "      office: by its rules it is open",
    ]
    told_by_day = told(Question("100", "0671112233", hours=["office=closed"]))
    assert "  office is closed: forced by supposition (by its rules it is open)" in told_by_day


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (
            "2026-10-25 03:30",
            'Sunday 2026-10-25 03:30 Europe/Kyiv, the first of two times (the second is "2026-10-25 03:30+02:00")',
        ),
        ("2026-10-25 03:30+02:00", "Sunday 2026-10-25 03:30 Europe/Kyiv, the second of two times"),
        ("2026-10-25T01:30+00:00", "Sunday 2026-10-25 03:30 Europe/Kyiv, the second of two times"),
        ("2026-10-25 04:00", "Sunday 2026-10-25 04:00 Europe/Kyiv"),
        ("2026-03-29 04:00", "Sunday 2026-03-29 04:00 Europe/Kyiv"),
    ],
)
def test_a_time_that_comes_twice_is_told_apart(at: str, shown: str) -> None:
    assert told(Question("100", at=at))[0] == f"a withheld number calls 100 from trunk kyiv, {shown}"


def test_who_is_refused_and_what_no_route_takes() -> None:
    assert told(Question("100", "+12025550123"))[-2:] == ["is refused, SIP 607", "  comes to hangup"]
    assert told(Question("200", "+380671112233"))[-1] == "no route takes the call: it is refused, SIP 404"
    assert told(Question("1001", phone="1001"))[-3:] == [
        "  yes the number of a phone",
        "goes to phone:1001",
        "  comes to phone:1001",
    ]


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        (Question("100", trunk="kiev"), 'there is no trunk "kiev"; did you mean "kyiv"?'),
        (Question("100", phone="101"), 'there is no phone "101"; did you mean "1001"?'),
        (Question("100", at="noon"), '"noon" is no time: write "2026-12-25 10:00" or "10:00"'),
        (
            Question("100", at="2026-03-29 03:30"),
            'no clock shows "2026-03-29 03:30" in Europe/Kyiv: it is put forward from 03:00 to 04:00',
        ),
        (Question("100", at="0001-01-01"), '"0001-01-01" cannot be reckoned: write a year from 1970 to 2200'),
    ],
)
def test_a_question_that_makes_no_sense_is_told_so(question: Question, complaint: str) -> None:
    with pytest.raises(QuestionError) as error:
        told(question)
    assert str(error.value) == complaint
