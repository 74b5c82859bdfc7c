"""A configuration in several files: what they say together, and errors that name the right one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from softswitch.config import ConfigError, load_config
from softswitch.config.changes import difference

if TYPE_CHECKING:
    from pathlib import Path

    from softswitch.config import Config

MAIN = """include = ["people.toml", "menus/*.toml"]

[server]
country = "UA"

[[route]]
did = "100"
to = "menu:main"
"""
PEOPLE = """[[phone]]
user = "1001"
password = "a-long-secret"

[[route]]
did = "101"
to = "phone:1001"
"""
MENU = """[menu.main]
say = "Welcome."
keys = { 1 = "say:one", "*" = "repeat" }
[[menu.main.slot]]
id = "promo"
"""
SAY = """[say.one]
say = "One."

[[route]]
did = "102"
to = "say:one"

[[list.vip]]
number = "1"
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "config.toml"


GOOD = {"config.toml": MAIN, "people.toml": PEOPLE, "menus/a.toml": MENU, "menus/b.toml": SAY}


def load(folder: Path, **changed: str) -> Config:
    return load_config(
        write(folder, GOOD | {name.replace("__", "/") + ".toml": text for name, text in changed.items()})
    )


def errors(folder: Path, **changed: str) -> list[str]:
    with pytest.raises(ConfigError) as failed:
        load(folder, **changed)
    return [line.replace(f"{folder}/", "") for line in str(failed.value).splitlines()]


def test_files_are_read_as_one(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert [route.did for route in config.routes] == [("100",), ("101",), ("102",)], (
        "lists are continued in the order of files"
    )
    assert (list(config.phones), list(config.menus), list(config.says)) == (["1001"], ["main"], ["one"])
    assert config.include == ("people.toml", "menus/*.toml")
    everything = "".join((MAIN, PEOPLE, MENU, SAY)).encode()
    assert config.digest == hashlib.sha256(everything).hexdigest()


def test_tables_may_be_spread_over_files(tmp_path: Path) -> None:
    config = load(tmp_path, people=PEOPLE + '[server]\nlanguage = "uk"\n[[list.vip]]\nnumber = "2"\n')
    assert (config.server.country, config.server.language) == ("UA", "uk")
    assert [entry.number for entry in config.list_entries["vip"]] == [("2",), ("1",)]


def test_a_file_that_is_included_may_include_others_and_paths_start_at_the_first(tmp_path: Path) -> None:
    config = load(
        tmp_path, people='include = "menus/deep/more.toml"\n' + PEOPLE, menus__deep__more='[say.more]\nsay = "M."'
    )
    assert list(config.says) == ["more", "one"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {"menus__b": SAY.replace("say:one", "say:on")},
            ['menus/b.toml:6:6: route[3].to: there is no [say.on]; did you mean "say:one"?'],
        ),
        (
            {"menus__a": MENU.replace("keys", "kys")},
            ['menus/a.toml:3:1: menu.main.kys: unknown key; did you mean "keys"?', "menus/a.toml:1:7: menu.main"],
        ),
        (
            {"people": PEOPLE.replace('password = "a-long-secret"', "password = 5")},
            ["people.toml:3:12: phone[1].password: should be a string"],
        ),
        ({"menus__b": SAY + "x = = 1"}, ["menus/b.toml:10:5: not valid TOML: invalid value"]),
        ({"menus__b": SAY + MENU}, ["menus/b.toml:10:7: menu.main: stands in menus/a.toml:1 already"]),
        (
            {"menus__b": PEOPLE.replace("101", "103") + SAY},
            ['menus/b.toml:2:8: phone[2].user: another phone is "1001" already (people.toml:2); choose another'],
        ),
        (
            {"menus__b": MENU.replace("menu.main", "menu.more") + SAY},
            ['menus/b.toml:5:6: menu.more.slot[1].id: another slot is "promo" already (menus/a.toml:5)'],
        ),
        (
            {"menus__b": SAY.replace("102", "101")},
            ["menus/b.toml:4:1: route[3]: is never reached: the route in people.toml:5 takes all its calls"],
        ),
        (
            {"menus__b": SAY.replace('"102"', '["100", "101"]')},
            [
                "menus/b.toml:4:1: route[3]: is never reached: "
                "the routes in config.toml:6 and people.toml:5 together take all its calls"
            ],
        ),
        (
            {"menus__b": SAY.replace('"102"', '["100", "102"]')},
            ['menus/b.toml:5:1: route[3].did: "100" has a route already (config.toml:6); first match wins'],
        ),
        (
            {"people": PEOPLE + '[server]\ncountry = "PL"\n'},
            ["people.toml:9:1: server.country: stands in config.toml:4 already"],
        ),
        ({"config": MAIN.replace("people", "peopel")}, ['config.toml:1:12: include: there is no file "peopel.toml"']),
        (
            {"people": 'include = ["config.toml"]\n' + PEOPLE},
            ['people.toml:1:12: include: "config.toml" is included already: config.toml → people.toml → config.toml'],
        ),
        (
            {"people": 'include = ["menus/c.toml"]\n' + PEOPLE, "menus__c": 'include = ["people.toml"]'},
            ['menus/c.toml:1:12: include: "people.toml" is included already: config.toml → people.toml → menus/c.toml'],
        ),
        (
            {"config": MAIN.replace('"people.toml"', '"people.toml", "people.toml"')},
            ['config.toml:1:27: include: "people.toml" is included already; leave it out here'],
        ),
        ({"people": "include = [1]\n" + PEOPLE}, ["people.toml:1:12: include: should be a string"]),
        ({"config": MAIN.replace('["people.toml", "menus/*.toml"]', "7")}, ["config.toml:1:11: include"]),
    ],
)
def test_errors_name_the_file_the_line_and_the_column(
    tmp_path: Path, changed: dict[str, str], expected: list[str]
) -> None:
    found = errors(tmp_path, **changed)
    for wanted in expected:
        assert any(line.startswith(wanted) for line in found), found


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "menus" / "b.toml").write_bytes(b'[say.one]\nsay = "\xff"')
    with pytest.raises(ConfigError, match=r"menus/b\.toml:2:8: byte 0xff is not UTF-8"):
        load_config(tmp_path / "config.toml")


def test_a_pattern_that_matches_nothing_is_odd_and_one_that_matches_itself_means_the_others(tmp_path: Path) -> None:
    config = load(tmp_path, config=MAIN.replace('"people.toml"', '"*.toml", "nothing/*.toml"'))
    told = [warning.render("config.toml") for warning in config.warnings if warning.where == "include"]
    assert told == [f'config.toml:1:22: warning: include: no file matches "nothing/*.toml" in {tmp_path} [odd]']
    assert list(config.phones) == ["1001"]


def test_warnings_of_included_files_name_them(tmp_path: Path) -> None:
    config = load(tmp_path, people=PEOPLE.replace("a-long-secret", "weak"))
    (weak,) = [warning for warning in config.warnings if warning.code == "weak-password"]
    assert weak.render("x").removeprefix(f"{tmp_path}/").startswith("people.toml:3:1: warning: phone[1].password")


def test_a_reload_sees_what_has_changed_in_an_included_file(tmp_path: Path) -> None:
    before = load(tmp_path)
    after = load(tmp_path, menus__b=SAY.replace("One.", "Two."))
    assert [(change.what, change.name) for change in difference(before, after).changes] == [("say", "one")]
    assert before.digest != after.digest
