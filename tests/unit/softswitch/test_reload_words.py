"""Each word of the configuration is taken over by a reload, or is named as one that waits for a restart.

Derived from the model: a section or a word that is added is tried as well, and fails here unless one of the two holds.
A switch is built by a file, another by a file in which some words are different, which the first one then takes over.
Wherever the two differed, the first has to be as the second by then: nothing of the old word is left in any part.
"""

from __future__ import annotations

import asyncio
import types
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, time
from enum import Enum
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from acd.dispatcher import Dispatcher
from ivr.hours_grammar import Rule, parse_rule
from ivr.targets import Target
from sip.uri import Uri
from softswitch.admin.reloader import Prepared
from softswitch.app import Switch
from softswitch.config import Config, flows, parse_config
from softswitch.config.acd import acd_config
from softswitch.config.calendars import parse_calendar
from softswitch.config.changes import difference
from softswitch.config.restart import FIXED, as_far_as_possible, needs_restart
from softswitch.config.secrets import Secret
from softswitch.config.words.calendars import Calendar
from softswitch.config.words.campaigns import Cap
from softswitch.config.words.waiting import Overflow
from softswitch.store.database import FILE_NAME, open_database
from softswitch.voice import find_speech, prompt_folders

if TYPE_CHECKING:
    from collections.abc import Iterator

TESTS = Path(__file__).parents[2]
#: Every section, with one table. A section that is added has to be added here.
EVERYTHING = """
[server]
data_dir = "DATA"
[mail]
host = "mail.example"
from = "pbx@example.org"
[api]
listen = "127.0.0.1:8099"
[[api.token]]
name = "crm"
role = "marketing"
token = "a-long-token-of-24-letters"
[event_log]
file = "events.jsonl"
[[webhook]]
name = "crm"
url = "https://crm.example/events"
secret = "a-secret-of-the-crm-that-is-long"
[park]
places = "701-703"
[[phone]]
user = "1001"
password = "secret-1001"
[[agent]]
id = "olena"
phone = "1001"
skills = { sales = 80 }
[trunk.carrier]
host = "192.0.2.9"
[queue.q]
verify = "id"
[verification.id]
ask = "The date of birth."
[menu.m]
say = "Press one."
keys = { 1 = "echo" }
[[menu.m.slot]]
id = "promo"
[say.s]
say = "Words."
[hours.h]
open = ["mon-fri 09:00-17:00"]
when_open = "echo"
when_closed = "say:s"
[goto.g]
then = "say:s"
[set.set]
then = "say:s"
[music.jazz]
files = ["MUSIC"]
[[list.vip]]
number = "+380501234567"
[voicemail.box]
mail_to = ["sales@example.org"]
[callback.later]
due = "hours:h"
queue = "q"
[findme.her]
ring = ["phone:1001"]
[collect.code]
say = "Enter it."
digits = 4
then = "say:s"
[lookup.who]
list = "vip"
then = "say:s"
[webservice.parcel]
url = "https://erp.example/parcel"
[sms.link]
webservice = "parcel"
to = "{ani}"
text = "A link."
[verbs.app]
url = "https://app.example/call"
[survey.after]
[[survey.after.question]]
id = "service"
say = "How was it?"
[record.speech]
say = "Speak."
[conference.room]
pin = "4711"
[break]
1 = "Lunch"
[template.offer]
text.en = "An offer."
[[route]]
did = "100"
to = "menu:m"
"""

#: Read by `check` and by the loader; nothing that runs goes by them.
NOT_IN_A_RUNNING_SWITCH = {"include", "lint"}
#: Values for words in which another value cannot be guessed.
OTHERS: dict[str, Any] = {
    "server.country": "PL",
    "queue.overflow": (Overflow.model_construct(after=5.0, to=Target("echo")),),
}

#: Where it is tested that a section is taken over, by what callers, phones and others then find.
SEEN = {
    **dict.fromkeys(
        (
            *("phone", "queue", "menu", "say", "hours", "goto", "music", "route", "trunk", "list", "voicemail"),
            *("callback", "findme", "collect", "set", "lookup", "webservice", "sms", "verbs", "survey", "record"),
            "conference",
        ),
        ("sim/test_flows_reload_names.py", "test_what_came_with_a_reload_is_there_for_new_callers"),
    ),
    **dict.fromkeys(
        ("server", "rtp", "feature", "break", "offers", "display", "park", "verification"),
        ("sim/test_flows_reload_words.py", "test_new_words_are_gone_by_from_the_next_call_on"),
    ),
    "agent": ("sim/test_flows_reload.py", "test_a_new_agent_who_works_from_the_start_is_logged_in"),
    "journal": ("unit/softswitch/test_reload_words.py", "test_the_journal_is_kept_for_as_long_as_the_new_words_say"),
    "mail": (
        "unit/softswitch/voicemail/test_mailroom.py",
        "test_a_reload_may_name_another_mail_server_or_none_and_take_boxes_away",
    ),
    "webhook": ("unit/softswitch/outbox/test_feeds.py", "test_another_configuration_goes_on_where_the_one_before_was"),
    "event_log": (
        "unit/softswitch/outbox/test_feeds.py",
        "test_another_configuration_goes_on_where_the_one_before_was",
    ),
    "template": (
        "unit/softswitch/campaigns/test_book.py",
        "test_a_message_that_fits_the_configuration_no_more_is_silent_and_the_others_are_not",
    ),
    "campaigns": ("unit/softswitch/test_reload_words.py", "test_the_journal_is_kept_for_as_long_as_the_new_words_say"),
    "transcription": (
        "unit/softswitch/voicemail/test_mailroom_texts.py",
        "test_a_box_may_have_another_program_or_none",
    ),
    "api": ("unit/softswitch/config/test_changes.py", "test_the_http_api_cannot_come_or_go_and_its_tokens_can_change"),
}


def config_of(folder: Path) -> Config:
    music = folder / "music.wav"
    music.touch()
    text = EVERYTHING.replace("DATA", str(folder / "data")).replace("MUSIC", str(music))
    return parse_config(text.encode(), file=str(folder / "config.toml"), folder=folder, env={})


# --- another value for every word
def words() -> dict[str, dict[str, str]]:
    """By section as it is written, the attributes of its words, with what they are written as."""
    found = {}
    for name, field in Config.model_fields.items():
        models = _models(field.annotation)
        section = field.alias or name
        if section not in NOT_IN_A_RUNNING_SWITCH:
            assert models, f"{section} has no words"
            found[section] = {word: inner.alias or word for word, inner in models[0].model_fields.items()}
    return found


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


def changed(config: Config, section: str, names: Collection[str]) -> Config:
    """*config* with other values for these words of the only table of *section*."""
    attribute = next(name for name, field in Config.model_fields.items() if (field.alias or name) == section)
    value = getattr(config, attribute)
    if not isinstance(value, BaseModel | tuple | Mapping) or not value:
        raise AssertionError(f"{section} has no table in EVERYTHING above")
    if isinstance(value, BaseModel):
        new: Any = _with_others(value, section, names)
    elif isinstance(value, tuple):
        new = (_with_others(value[0], section, names), *value[1:])
    else:
        ((key, inner),) = value.items()
        new = {
            key: (_with_others(inner[0], section, names),)
            if isinstance(inner, tuple)
            else _with_others(inner, section, names)
        }
    copy = config.model_copy(update={attribute: new})
    for derived in ("phones", "agents", "plan"):
        copy.__dict__.pop(derived, None)
    return copy


def _with_others(table: BaseModel, section: str, names: Collection[str]) -> BaseModel:
    update = {}
    for name in names:
        field = type(table).model_fields[name]
        word = f"{section}.{field.alias or name}"
        update[name] = OTHERS[word] if word in OTHERS else _other(getattr(table, name), field.annotation, word)
    return table.model_copy(update=update)


def _other(value: Any, annotation: Any, word: str) -> Any:
    """Another value of the same kind."""
    match value:
        case None:
            return _some(annotation, word)
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str() if others := [item for item in _literals(annotation) if item != value]:
            return others[0]
        case str():
            return f"{value}9" if value else "x >= 9"
        case Target():
            return Target("music", "other")
        case Path():
            return value.with_name("other")
        case ZoneInfo():
            return ZoneInfo("Europe/Kyiv")
        case Secret() | Rule() | IPv4Network() | IPv6Network():
            return SOME[type(value)]
        case BaseModel():
            name, field = next(iter(type(value).model_fields.items()))
            return value.model_copy(update={name: _other(getattr(value, name), field.annotation, word)})
        case tuple() if isinstance(fields_of := getattr(value, "_fields", None), tuple):
            last = fields_of[-1]
            other: Any = value._replace(**{last: _other(value[-1], None, f"{word} ({last})")})  # type: ignore[attr-defined]
            return other
        case Mapping() if value:
            key, item = next(iter(value.items()))
            return {**value, key: _other(item, None, word)}
        case tuple() if value:
            return value[1:] or (_other(value[0], None, word),)
        case Mapping() | tuple():
            return _some(annotation, word)
        case _ if is_dataclass(value) and not isinstance(value, type):
            name = fields(value)[-1].name
            return replace(value, **{name: _other(getattr(value, name), None, word)})
    raise AssertionError(f"what is another value of {word}, which is {value!r}? Say so in OTHERS")


#: One of each type that words have.
SOME: dict[Any, Any] = {
    bool: True,
    int: 5,
    float: 5.0,
    str: "x9",
    Path: Path("other"),
    Secret: Secret("another-secret"),
    Target: Target("music", "other"),
    Calendar: Calendar(Path("other.ics"), "x9", parse_calendar("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n")),
    Rule: parse_rule("sat 10:00-12:00"),
    Uri: Uri.parse("sip:1001@192.0.2.77"),
    IPv4Network: IPv4Network("192.0.2.77/32"),
    ZoneInfo: ZoneInfo("Europe/Kyiv"),
}


def _literals(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((found for inner in get_args(annotation) if (found := _literals(inner))), ())


def _some(annotation: Any, word: str) -> Any:
    """A value of a type that is written "what | None"."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation in SOME:
        return SOME[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        needed = {name: field for name, field in annotation.model_fields.items() if field.is_required()}
        return annotation.model_construct(**{name: _some(field.annotation, word) for name, field in needed.items()})
    if origin is Literal:
        return inner[0]
    if origin is Annotated:
        return _some(inner[0], word)
    if origin in (Union, types.UnionType):
        return _some(next(each for each in inner if each is not type(None)), word)
    if origin is tuple:
        return (_some(inner[0], word),)
    if origin is not None and issubclass(origin, Mapping):
        return {"en" if inner[0] is str and "say" in word else _some(inner[0], word): _some(inner[1], word)}
    raise AssertionError(f"what is a value of {word} ({annotation})? Say so in OTHERS")


# --- what a switch is made of
OURS = ("softswitch", "ivr", "acd", "sip", "rtp", "tests")


def parts(root: object) -> dict[str, object]:
    """Every plain value that some part of *root* holds, by the way to it."""
    found: dict[str, object] = {}
    seen: set[int] = set()
    pending: deque[tuple[str, object]] = deque([("", root)])
    while pending:
        path, value = pending.popleft()
        if _is_plain(value):
            found[path] = value
        elif id(value) not in seen:
            seen.add(id(value))
            pending.extend((f"{path}.{name}", inner) for name, inner in _inside(value))
    return found


_PLAIN = (bool, int, float, str, bytes, Enum, Path, ZoneInfo, datetime, date, time, Secret, BaseModel, type(None))


def _is_plain(value: object) -> bool:
    match value:
        case IPv4Network() | IPv6Network():
            return True
        case _ if isinstance(value, _PLAIN):
            return True
        case Mapping():
            return all(_is_plain(key) and _is_plain(item) for key, item in value.items())
        case list() | tuple() | set() | frozenset() | deque():
            return all(map(_is_plain, value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            frozen = type(value).__dataclass_params__.frozen  # type: ignore[attr-defined]
            return frozen and all(_is_plain(getattr(value, field.name)) for field in fields(value))
    return False


def _inside(value: object) -> Iterator[tuple[str, object]]:
    match value:
        case type() | types.ModuleType():
            return
        case Mapping():
            yield from ((repr(key), item) for key, item in value.items())
        case list() | tuple() | deque():
            yield from ((str(number), item) for number, item in enumerate(value))
        case types.MethodType():
            yield "self", value.__self__
        case types.FunctionType():
            names = value.__code__.co_freevars
            yield from zip(names, (cell.cell_contents for cell in value.__closure__ or ()), strict=True)
        case partial():
            yield from (("func", value.func), ("args", value.args), ("keywords", value.keywords))
        case _ if type(value).__module__.split(".")[0] in OURS:
            yield from sorted(getattr(value, "__dict__", {}).items())
            slots = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())]
            yield from ((name, getattr(value, name)) for name in slots if hasattr(value, name))


async def built(config: Config) -> Switch:
    """All parts, joined, without sockets and processes."""
    switch = Switch(config)
    dispatcher = Dispatcher(acd_config(config))
    switch._control = switch._join(dispatcher)
    await switch._desk.open(
        switch._control, dispatcher, clock=switch._clock, settle=lambda: None, status=lambda: {}, more={}
    )
    await switch._desk.close()
    return switch


async def begun(config: Config) -> dict[str, object]:
    """The parts of a switch that began with *config*."""
    return parts(await built(config))


async def reloaded(before: Config, new: Config) -> dict[str, object]:
    """The parts of one that began with *before* and has taken *new* over."""
    switch, usable = await built(before), as_far_as_possible(before, new)
    resolver = find_speech(prompt_folders(usable), usable.server.language)
    switch._reloader._config = usable
    switch._put_in_force(Prepared(usable, flows.flow(usable), resolver, (), difference(before, new)))
    try:
        return parts(switch)
    finally:
        await switch._feeds.stop()
        await switch._mailroom.stop()
        await switch._inquiries.close()
        await switch._remote_audio.stop()


class Missing:
    """Nothing is there."""


def differing(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    return {path for path in one.keys() | other.keys() if one.get(path, Missing) != other.get(path, Missing)}


def waits(section: str, word: str) -> bool:
    """Whether that word needs a restart, as the switch says."""
    return section in FIXED and (FIXED[section] is None or word in (FIXED[section] or ()))


WORDS = words()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reload")
    (folder / "data").mkdir()

    async def database() -> None:
        await (await open_database(folder / "data" / FILE_NAME)).close()

    asyncio.run(database())
    return folder


def test_every_section_is_seen_to_be_taken_over_or_waits_for_a_restart() -> None:
    """What is added has to be made to work over a reload, and be tested; or be named in FIXED as a whole."""
    waiting = {section for section, words in FIXED.items() if words is None}
    assert SEEN.keys() | waiting == WORDS.keys()
    assert not SEEN.keys() & waiting
    for section, (file, test) in SEEN.items():
        assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), section


@pytest.mark.parametrize("section", WORDS)
def test_diff_names_every_word_and_those_that_wait_for_a_restart(section: str, folder: Path) -> None:
    config = config_of(folder)
    for name, written in WORDS[section].items():
        found = difference(config, changed(config, section, [name]))
        if waits(section, written):
            assert found.needs_restart == (f"{section}.{written}",)
            assert found.changes == ()
        else:
            assert found.needs_restart == ()
            assert {change.what.removeprefix("numbers of ") for change in found.changes} == {section}, written
            told = [line for change in found.changes for line in change.keys]
            renamed = {change.kind for change in found.changes} == {"added", "removed"}
            named = written in ("number", "name")  # by which tables of a list are told apart
            words_told = [line.partition(": ")[0].split(".") for line in told]
            assert renamed or named or any(written in path for path in words_told), (written, told)


@pytest.fixture(scope="module")
def noise(folder: Path) -> set[str]:
    """What is never twice the same: secrets, and moments."""
    config = config_of(folder)

    async def found() -> set[str]:
        begins = differing(await begun(config), await begun(config))
        one = await reloaded(config, config)
        await asyncio.sleep(0.002)
        return begins | differing(one, await reloaded(config, config))

    return asyncio.run(found())


@pytest.mark.asyncio
@pytest.mark.parametrize("section", WORDS)
async def test_after_a_reload_every_part_is_as_if_the_switch_had_begun_so(
    section: str, folder: Path, noise: set[str]
) -> None:
    config = config_of(folder)
    words = WORDS[section].items()
    taken = [name for name, word in words if not waits(section, word) and f"{section}.{word}" != "agent.id"]
    if taken:
        new = changed(config, section, taken)
        before, after, ours = await begun(config), await begun(new), await reloaded(config, new)
        wanted = differing(before, after) - noise
        assert wanted, "nothing in the switch looks at it"
        left = {path for path in wanted if after.get(path, Missing) != ours.get(path, Missing)}
        assert left == set(), "these parts go by the old words"


@pytest.mark.asyncio
@pytest.mark.parametrize("section", FIXED)
async def test_words_that_wait_for_a_restart_change_no_part_before_it(
    section: str, folder: Path, noise: set[str]
) -> None:
    config = config_of(folder)
    fixed = [name for name, written in WORDS[section].items() if waits(section, written)]
    new = changed(config, section, fixed)
    assert len(needs_restart(config, new)) == len(fixed)
    same, ours = await reloaded(config, config), await reloaded(config, new)
    assert differing(same, ours) - noise == set()


@pytest.mark.asyncio
async def test_the_journal_is_kept_for_as_long_as_the_new_words_say(folder: Path) -> None:
    config = config_of(folder)
    switch = await built(config)
    assert switch._retention_days() == config.journal.retention_days
    for days, cap, kept in ((400, None, 400), (30, Cap(messages=3, days=90), 90), (30, None, 30)):
        new = config.model_copy(
            update={
                "journal": config.journal.model_copy(update={"retention_days": days}),
                "campaigns": config.campaigns.model_copy(update={"cap": cap}),
            }
        )
        resolver = find_speech(prompt_folders(new), "en")
        switch._put_in_force(Prepared(new, flows.flow(new), resolver, (), difference(config, new)))
        assert switch._retention_days() == kept
    await switch._feeds.stop()
