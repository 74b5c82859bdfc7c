"""Control points in the file: what is accepted, and what people read when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.nodes import Menu, Say, Set
from ivr.targets import Target
from ivr.validate import edges
from softswitch.config import Config, ConfigError, flows, parse_config

MENU = """
[menu.main]
say = "Welcome."
keys = { 1 = "echo", 0 = "echo", "*" = "repeat", "#" = "back" }

[[menu.main.slot]]
id = "promo"
key = "4"
targets = ["echo"]
%s

[template.offer]
text = "{what:text}"

[[route]]
did = "100"
to = "menu:main"

[webservice.crm]
url = "https://crm.example/{ani}"
"""


def config(words: str, more: str = "") -> Config:
    return parse_config((MENU % words + more).encode(), file="c.toml", folder=Path(), env={})


def test_a_web_service_that_only_a_slot_asks_is_no_place_that_nobody_comes_to() -> None:
    asked = config('webservice = "crm"\nwait = 1')
    assert not any("webservice" in str(warning) for warning in asked.warnings)
    assert any("no call ever comes to webservice:crm" in str(warning) for warning in config("").warnings)
    menu = flows.flow(asked).find(Target("menu", "main"))
    assert isinstance(menu, Menu)
    assert (menu.slots[0].asks, menu.slots[0].wait) == ("crm", 1)


def test_the_key_of_who_wants_no_offers_leads_through_a_note_and_words_back_to_the_menu() -> None:
    flow = flows.flow(config('optout = { key = "9" }'))
    noted = flow.find(Target("set", "promo/optout"))
    assert isinstance(noted, Set)
    assert noted.optout is True
    told = flow.find(noted.then)
    assert isinstance(told, Say)
    assert [prompt.key for prompt in told.say] == ["opted-out"]
    assert told.then == Target("menu", "main")
    menu = flow.find(Target("menu", "main"))
    assert menu is not None
    assert noted.target in [target for _, target in edges(menu)]
    own = flows.flow(config('optout = { key = "9", say = "As you wish.", then = "echo" }'))
    words = own.find(Target("say", "promo/opted-out"))
    assert isinstance(words, Say)
    assert (words.say[0].text, words.then) == ({"en": "As you wish."}, Target("echo", ""))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ('webservice = "cmr"', 'menu.main.slot[1].webservice: there is no [webservice.cmr]; did you mean "crm"?'),
        ("wait = 3", "menu.main.slot[1].wait"),
        ('optout = { key = "1" }', '"1" is a key of the menu already'),
        ('optout = { key = "4" }', '"4" is a key of the slot "promo" already'),
        ('optout = { key = "9", then = "say:nothing" }', "there is no [say.nothing]"),
        ('optout = { key = "9", then = "back" }', '"back" makes sense only as a key of a menu'),
    ],
)
def test_what_cannot_work_is_an_error(words: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        config(words)
    assert message in str(error.value)


def test_a_message_cannot_lead_back() -> None:
    with pytest.raises(ConfigError, match='"back" makes sense only as a key of a menu'):
        parse_config((MENU % "").replace('["echo"]', '["back"]').encode(), file="c.toml", folder=Path(), env={})


def test_limits_of_campaigns_have_bounds() -> None:
    found = config("", "[campaigns.cap]\nmessages = 3\ndays = 7\n[campaigns.audio]\nmax_bytes = 50000000").campaigns
    assert found.cap is not None
    assert (found.cap.messages, found.cap.days, found.audio.max_bytes) == (3, 7, 50_000_000)
    with pytest.raises(ConfigError, match=r"campaigns\.cap\.messages"):
        config("", "[campaigns.cap]\nmessages = 0\ndays = 7")
