"""Variables that nobody gives to calls, wherever they are mentioned, and braces that hold none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from softswitch.config import ConfigError, parse_config

if TYPE_CHECKING:
    from pathlib import Path

#: Gives {name} of every call a companion {parcel}, and a {pin} that is secret.
KNOWN = """
[set.known]
then = "hangup"
data = { parcel = "1" }
[collect.code]
say = "Enter it."
variable = "pin"
mask = true
then = "hangup"
"""
SERVICE = "[webservice.w]\nurl = 'https://a.example/'\nresult = { status = 'status' }\n"
#: A file for each place; `X` is what is mentioned.
PLACES = {
    "menu.m.say.en": '[menu.m]\nsay = { en = "X" }\nkeys = { 0 = "hangup" }',
    "menu.m.say_invalid[2]": '[menu.m]\nsay = "Yes"\nsay_invalid = ["No", "X"]\nkeys = { 0 = "hangup" }',
    "say.s.say": '[say.s]\nsay = "X"',
    "say.s.say_also[1].uk": '[say.s]\nsay = "Yes"\nsay_also = [{ uk = "X" }]',
    "collect.c.confirm": '[collect.c]\nsay = "Yes"\nconfirm = "{value} X"\nthen = "hangup"',
    "webservice.w.say": f'{SERVICE}say = "X"',
    "webservice.w.url": SERVICE.replace("example/", "example/X"),
    "webservice.w.headers.Who": f'{SERVICE}headers = {{ Who = "X" }}',
    "webservice.w.fields.who": f'{SERVICE}method = "POST"\nbody = "json"\nfields = {{ who = "X" }}',
    "lookup.l.key": '[lookup.l]\nlist = "vip"\nkey = "X"\n[[list.vip]]\nnumber = "+380501234567"',
    "set.s.label": '[set.s]\nlabel = "X"\nthen = "hangup"',
    "set.s.data.way": '[set.s]\ndata = { way = "X" }\nthen = "hangup"',
    "verification.v.show": '[verification.v]\nask = "Yes"\nshow = "X"',
    "verification.v.ask": '[verification.v]\nask = "X"',
    "survey.s.question[1].say": '[[survey.s.question]]\nid = "a"\nsay = "X"',
    "sms.s.text": f'{SERVICE}[sms.s]\nwebservice = "w"\ntext = "X"',
}
REQUESTS = {"webservice.w.url", "webservice.w.headers.Who", "webservice.w.fields.who", "lookup.l.key", "sms.s.text"}


def told(folder: Path, text: str) -> list[tuple[str, str]]:
    found = parse_config(text.encode(), file="f", folder=folder, env={}).warnings
    return [(each.where, f"{each.what}; {each.right}") for each in found if each.code == "unknown-variable"]


@pytest.mark.parametrize("where", PLACES)
def test_a_name_that_is_mistyped_is_found_wherever_it_stands(tmp_path: Path, where: str) -> None:
    text = KNOWN + PLACES[where]
    assert told(tmp_path, text.replace("X", "{nmae}")) == [
        (where, 'nothing is known of the caller as "{nmae}"; did you mean "{name}"?')
    ]
    assert told(tmp_path, text.replace("X", "{name}{parcel}{menu_label}{did}")) == []
    if where.startswith("sms."):
        return  # where secrets are an error
    secret = told(tmp_path, text.replace("X", "{pin}"))
    assert [place for place, what in secret if "mask = true" in what] == ([] if where in REQUESTS else [where])


def test_what_only_those_learn_who_are_asked_is_in_no_text(tmp_path: Path) -> None:
    for where, about in PLACES.items():
        found = told(tmp_path, about.replace("X", "{call}"))
        assert [place for place, _ in found] == ([] if where in REQUESTS else [where])


def test_two_names_in_one_text_are_two_findings_each_at_its_place(tmp_path: Path) -> None:
    text = '[say.s]\nsay = "Hello {nmae}, of {langage}"'
    found = parse_config(text.encode(), file="f", folder=tmp_path, env={}).warnings
    assert [(each.line, each.column) for each in found if each.code == "unknown-variable"] == [(2, 14), (2, 25)]


@pytest.mark.parametrize(
    "others",
    [
        "[webservice.any]\nurl = 'https://a.example/'",
        "[verbs.app]\nurl = 'https://a.example/'",
        "[[api.token]]\nname = 'a'\nrole = 'crm'\ntoken = 'a-long-secret-of-ours'",
    ],
)
def test_where_others_tell_variables_only_what_is_nearly_another_name_is_mistyped(tmp_path: Path, others: str) -> None:
    text = f"{others}\n[say.s]\nsay = 'Yes {{nmae}} {{balance}}'"
    assert [what for _, what in told(tmp_path, text)] == [
        'nothing is known of the caller as "{nmae}"; did you mean "{name}"?'
    ]


@pytest.mark.parametrize("text", ["Hello {name. For sales", "Hello name}", "Hello {Name}", "Hello {}", "Hello {a b}"])
def test_braces_without_a_variable_are_said_as_they_stand(tmp_path: Path, text: str) -> None:
    ((where, what),) = told(tmp_path, f'[say.s]\nsay = "{text}"')
    assert where == "say.s.say"
    assert "is no variable, and said as it stands" in what


def test_where_nothing_is_filled_in_variables_are_said_as_they_stand(tmp_path: Path) -> None:
    assert told(tmp_path, '[queue.q.announce]\ncomfort_say = ["Dear {name}"]') == [
        ("queue.q.announce.comfort_say[1]", '"{name}" is said as it stands: no variables are filled in here; ')
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "You owe {sum:mony}.",
            'f:3:7: say.s.say: "mony" in "{sum:mony}" is neither gender, case, person nor number, ',
        ),
        (
            "{n:plural point|points|more}",
            'f:3:7: say.s.say: has "{n:plural point|points|more}" with 3 plural forms; here it has 2: '
            "{n:plural … (one)|… (other)}",
        ),
        ("Hello {name. You owe {sum:money}.", 'f:3:14: say.s.say: has a "{" without the other brace; write '),
    ],
)
def test_a_text_that_cannot_be_filled_in_is_an_error_at_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as failed:
        parse_config(f'\n[say.s]\nsay = "{text}"'.encode(), file="f", folder=tmp_path, env={})
    assert str(failed.value).startswith(message)


def test_what_a_query_asks_for_is_known(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "c.db")) as database:
        database.execute("CREATE TABLE customers (phone, name)")
    lookup = '[lookup.l]\ndatabase = "c.db"\nresult = { who = "name" }\n'
    query = "query = 'SELECT name FROM customers WHERE phone = :key AND name = :nmae AND name != :pin'"
    assert told(tmp_path, KNOWN + lookup + query) == [
        ("lookup.l.query", 'nothing is known of the caller as ":nmae"; did you mean ":name"?')
    ]
