"""Texts that somebody may hear who does not understand them."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from softswitch.config import ConfigError, parse_config
from softswitch.config.checks.languages import ADDED, AGENTS, CALLERS
from softswitch.config.model import Config
from softswitch.config.words.values import Spoken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: A file for each; `TEXT` is the text that is missing in a language.
PLACES = {
    "menu.m.say": "[menu.m]\nsay = TEXT\nkeys = { 0 = 'hangup' }",
    "menu.m.say_invalid[2]": "[menu.m]\nsay = BOTH\nkeys = { 0 = 'hangup' }\nsay_invalid = [BOTH, TEXT]",
    "menu.m.say_no_input": "[menu.m]\nsay = BOTH\nkeys = { 0 = 'hangup' }\nsay_no_input = TEXT",
    "menu.m.slot[1].fallback": "[menu.m]\nsay = BOTH\nkeys = { 0 = 'hangup' }\nslot = [{ id = 'a', fallback = TEXT }]",
    "say.s.say": "[say.s]\nsay = TEXT",
    "collect.c.say": "[collect.c]\nsay = TEXT\nthen = 'hangup'",
    "collect.c.confirm": "[collect.c]\nsay = BOTH\nconfirm = TEXT\nthen = 'hangup'",
    "lookup.l.say": "[lookup.l]\nlist = 'vip'\nsay = TEXT\n[[list.vip]]\nnumber = '+380501234567'",
    "webservice.w.collect.say": "[webservice.w]\nurl = 'https://a.b/'\ncollect = { say = TEXT }",
    "webservice.w.meanwhile.say": "[webservice.w]\nurl = 'https://a.b/'\nmeanwhile = { say = TEXT }",
    "sms.s.text": "[webservice.w]\nurl = 'https://a.b/'\n[sms.s]\nwebservice = 'w'\ntext = TEXT",
    "survey.s.question[1].say": "[[survey.s.question]]\nid = 'a'\nsay = TEXT",
    "survey.s.thanks": "[survey.s]\nthanks = TEXT\n[[survey.s.question]]\nid = 'a'\nsay = BOTH",
    "queue.q.announce.comfort_say[1]": "[queue.q.announce]\ncomfort_say = [TEXT]",
    "template.t.text": "[template.t]\ntext = TEXT",
    "voicemail.v.greeting": "[voicemail.v]\ngreeting = TEXT",
}
#: What makes callers hear Ukrainian.
CHOOSING = {
    "route": "[[route]]\ndid = '1'\nto = 'hangup'\nlanguage = 'uk'",
    "goto": "[goto.g]\nthen = 'hangup'\nlanguage = 'uk'",
    "set": "[set.g]\nthen = 'hangup'\nlanguage = 'uk'",
    "trunk": "[trunk.t]\nhost = '192.0.2.1'\nlanguage = 'uk'",
    "phone": "[[phone]]\nuser = '1'\npassword = 'Zx81-and-more'\nlanguage = 'uk'",
    "an entry of a list": "[[list.known]]\nnumber = '+380501234560'\nlanguage = 'uk'",
    "a row of a file": "[[list.known]]\nfile = 'known.csv'",
}


def findings(folder: Path, text: str) -> list[tuple[str, str]]:
    """Where a text is missing, and in which language."""
    (folder / "known.csv").write_text("number;language\n+380501234560;uk\n")
    try:
        found = parse_config(text.encode(), file="f", folder=folder, env={}).warnings
    except ConfigError as error:
        found = error.problems
    return [(each.where, each.what.partition(";")[0]) for each in found if "has no text in" in each.what]


def filled(place: str, text: str) -> str:
    if "confirm = TEXT" in place:
        text = text.replace("' ", " {value}' ").replace("',", " {value}',")
    return place.replace("TEXT", text).replace("BOTH", "{ en = 'Yes', uk = 'Так' }")


@pytest.mark.parametrize("where", PLACES)
def test_a_text_that_callers_cannot_hear_in_their_language_is_found_wherever_it_stands(
    tmp_path: Path, where: str
) -> None:
    chosen = CHOOSING["set"] + "\n"
    assert findings(tmp_path, chosen + filled(PLACES[where], "{ en = 'Yes' }")) == [(where, "has no text in uk")]
    assert findings(tmp_path, chosen + filled(PLACES[where], "{ en = 'Yes', uk = 'Так', pl = 'Tak' }")) == []
    assert findings(tmp_path, filled(PLACES[where], "{ uk = 'Так' }")) == [
        (where, 'has no text in "en", the language of the switch')
    ]


@pytest.mark.parametrize("way", CHOOSING)
def test_a_language_is_one_that_callers_hear_however_they_come_to_it(tmp_path: Path, way: str) -> None:
    text = "[say.s]\nsay = 'Yes'\n"
    assert findings(tmp_path, text) == []
    assert findings(tmp_path, text + CHOOSING[way]) == [("say.s.say", "has no text in uk")]


def test_what_is_added_in_one_foreign_language_is_for_everybody(tmp_path: Path) -> None:
    say = f"{CHOOSING['set']}\n[say.s]\nsay = 'Yes'\n"
    assert findings(tmp_path, f"{say}say_also = [{{ uk = 'Так' }}]") == []
    assert findings(tmp_path, f"{say}say_also = [{{ uk = 'Так' }}, 'No']") == []
    assert [where for where, _ in findings(tmp_path, f"{say}say_also = ['No']")] == ["say.s.say", "say.s.say_also[1]"]


def test_what_agents_hear_is_wanted_in_the_languages_of_agents(tmp_path: Path) -> None:
    text = (
        "[verification.v]\nask = 'Name?'\n[queue.q]\nverify = 'v'\nwhisper = { say = 'Call' }\n"
        "[[phone]]\nuser = '1'\npassword = 'Zx81-and-more'\n[[agent]]\nid = 'a'\nphone = '1'\n"
    )
    assert findings(tmp_path, text + CHOOSING["set"]) == []
    assert findings(tmp_path, f"{text}language = 'pl'") == [
        ("verification.v.ask", "has no text in pl"),
        ("queue.q.whisper.say", "has no text in pl"),
    ]


def test_no_text_of_the_configuration_is_forgotten() -> None:
    known = {pattern.replace(".slot.*", ".slot") for pattern in (*CALLERS, *ADDED, *AGENTS)}
    known = {pattern.replace(".question.*", ".question").removesuffix(".*") for pattern in known}
    assert set(spoken(Config, "")) == known


def spoken(model: type[BaseModel], at: str) -> Iterator[str]:
    """Where texts may stand in *model*; of a list it is the list itself."""
    for name, field in model.model_fields.items():
        yield from _spoken(field.annotation, f"{at}{field.alias or name}", tuple(field.metadata))


def _spoken(kind: Any, at: str, metadata: tuple[object, ...] = ()) -> Iterator[str]:
    if any(each in metadata for each in get_args(Spoken)[1:] if "Json" in type(each).__name__):
        yield at
    elif get_origin(kind) is Annotated:
        yield from _spoken(get_args(kind)[0], at, get_args(kind)[1:])
    elif get_origin(kind) in (Union, UnionType, tuple):
        for each in dict.fromkeys(get_args(kind)):
            yield from _spoken(each, at)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from spoken(kind, f"{at}.")
    elif get_origin(kind) not in (None, Literal):
        yield from _spoken(get_args(kind)[-1], f"{at}.*")
