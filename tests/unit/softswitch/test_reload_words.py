"""Each word of the configuration is taken over by a reload, or is named as one that waits for a restart.

Derived from the model: a section or a word that is added is tried as well, and fails here unless one of the two holds.
A switch is built by a file, another by a file in which some words are different, which the first one then takes over.
Wherever the two differed, the first has to be as the second by then: nothing of the old word is left in any part.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from acd.dispatcher import Dispatcher
from softswitch.admin.reloader import Prepared
from softswitch.app import Switch
from softswitch.config import Config, flows, parse_config
from softswitch.config.acd import acd_config
from softswitch.config.changes import difference
from softswitch.config.restart import FIXED, as_far_as_possible, needs_restart
from softswitch.config.words.campaigns import Cap
from softswitch.store.database import FILE_NAME, open_database
from softswitch.voice import find_speech, prompt_folders
from tests.support.other_words import changed, words
from tests.support.parts import Missing, differing, parts

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
    assert {
        f"{section}.{word}" for section, words in WORDS.items() for word in words.values() if waits(section, word)
    } == {
        *("server.data_dir", "server.timezone", "rtp.ports", "rtp.workers", "api.listen"),
        *(f"{section}.{word}" for section in ("sip", "tts") for word in WORDS[section].values()),
    }
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
