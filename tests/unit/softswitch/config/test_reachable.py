"""What is warned of as unreachable: only what nobody asks, and no call comes to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import softswitch.config.words
from softswitch.config import parse_config

BASE = """
[[phone]]
user = "1001"
password = "a-long-secret"

[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "echo"
when_closed = "hangup"
"""
ROUTE = '\n[[route]]\ndid = "100"\nto = "{}"\n'
DUE = '\n[callback.office]\nmail_to = "office@example.com"\ndue = "hours:office"\n'
MAIL = '[mail]\nhost = "mail.example.com"\nfrom = "pbx@example.com"\n'
CLOSING = '\n[[agent]]\nid = "olena"\nphone = "1001"\n[queue.sales]\noffer_callback = {{ closing = "hours:office" }}\n'
#: Wherever hours are named, by the words for it in the reference.
PLACES = {
    "route.to": ROUTE.format("hours:office"),
    "route.when_unavailable": ROUTE.format("phone:1001") + 'when_unavailable = "hours:office"\n',
    "route.when open": ROUTE.format("echo") + 'when = "open:office"\n',
    "route.when closed": ROUTE.format("echo") + 'when = "closed:office"\n',
    "route.when special": ROUTE.format("echo") + 'when = "special:office"\n',
    "route.to by a list": ROUTE.format("hours:{place}")
    + 'from = "list:vip"\n[[list.vip]]\nnumber = "+380501234567"\ndata = { place = "office" }\n',
    "menu.keys": ROUTE.format("menu:main") + '[menu.main]\nsay = "Press 1."\nkeys = { 1 = "hours:office" }\n',
    "say.then": ROUTE.format("say:hello") + '[say.hello]\nsay = "Hello."\nthen = "hours:office"\n',
    "queue.when_full": ROUTE.format("queue:sales")
    + '[[agent]]\nid = "olena"\nphone = "1001"\n[queue.sales]\nwhen_full = "hours:office"\n',
    "callback.due": ROUTE.format("callback:office") + DUE + MAIL,
    "queue.offer_callback.closing": ROUTE.format("queue:sales") + CLOSING.format(),
}  # fmt: skip


def unreachable(text: str) -> list[str]:
    config = parse_config((BASE + text).encode(), file="config.toml", folder=Path(), env={})
    return [problem.where for problem in config.warnings if problem.code == "unreachable"]


@pytest.mark.parametrize("place", PLACES)
def test_hours_are_reached_wherever_they_are_named(place: str) -> None:
    assert unreachable(PLACES[place]) == []


def test_hours_that_are_named_nowhere_are_unreachable() -> None:
    assert unreachable(ROUTE.format("echo")) == ["hours.office"]


def test_every_word_whose_value_is_the_name_of_hours_is_tried() -> None:
    """Those that are no target, as the words of the configuration describe them."""
    words = Path(*softswitch.config.words.__path__)
    told = re.findall(
        r'\n    (\w+): [^\n]*\n    """``(?:hours|open):name``', "".join(p.read_text() for p in words.glob("*.py"))
    )
    assert sorted(told) == ["closing", "due", "when"]
    assert {name.partition(" ")[0].rpartition(".")[2] for name in PLACES} >= set(told)


def test_what_follows_the_survey_of_a_queue_is_reached() -> None:
    survey = (
        ROUTE.format("queue:sales")
        + '[[agent]]\nid = "olena"\nphone = "1001"\n[queue.sales]\nsurvey = "survey:after"\n'
        + '[survey.after]\nthen = "say:thanks"\n[[survey.after.question]]\nid = "happy"\nsay = "Were you happy?"\n'
        + '[say.thanks]\nsay = "Thanks."\n'
    )
    assert unreachable(survey) == ["hours.office"]
