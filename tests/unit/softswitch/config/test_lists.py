"""Lists of callers in the configuration and in files: what is read, and how mistakes are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from softswitch.config import Config, ConfigError, parse_config
from softswitch.voice import spoken_languages

if TYPE_CHECKING:
    from pathlib import Path

BASE = """
[server]
country = "UA"
[[phone]]
user = "1001"
password = "secret-1001"
[[agent]]
id = "olena"
phone = "1001"
[queue.vip]
[[route]]
from = "list:vip"
to = "queue:{team}"
when_unavailable = "agent:{agent}"
"""


def load(folder: Path, entries: str, csv: str = "") -> Config:
    (folder / "vip.csv").write_text(csv, encoding="utf-8")
    return parse_config((BASE + entries).encode(), file="config.toml", folder=folder, env={})


def complaints(folder: Path, entries: str, csv: str = "") -> list[str]:
    with pytest.raises(ConfigError) as error:
        load(folder, entries, csv)
    return [f"{problem.where}: {problem.what}" for problem in error.value.problems]


def test_entries_and_rows_make_one_list_and_columns_win_over_what_is_said_of_the_file(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        '[[list.vip]]\nnumber = "050 111 22 33"\nagent = "olena"\n'
        '[[list.vip]]\nfile = "vip.csv"\npriority = 10\ndata = { team = "vip" }\n',
        "number;name;priority\n+380502223344;Iryna;50\n+48*;;\n",
    )
    vip, read = config.lists["vip"], config.plan.read
    assert vip.find(read("+380501112233")) == {"agent": "olena"}
    assert vip.find(read("0502223344")) == {"team": "vip", "priority": "50", "name": "Iryna"}
    assert vip.find(read("+48221234567")) == {"team": "vip", "priority": "10"}


def test_rows_that_cannot_be_used_are_told_with_file_and_row(tmp_path: Path) -> None:
    found = complaints(
        tmp_path,
        '[[list.vip]]\nfile = "vip.csv"\n',
        "number,agent,priority,language,team\n+380501112233,olna,,,\n+380501112234,,much,,\n"
        "+380501112235,,,de,\nnobody,,,,\n+380501112236,,,,sales\n+380501112237,olena,1,uk,vip\n",
    )
    file = f"list.vip[1].file: {tmp_path / 'vip.csv'}"
    assert found == [
        f'{file} row 2: agent: there is no [[agent]] with the id "olna"; did you mean "olena"?',
        f'{file} row 3: priority: "much" is not a number',
        f'{file} row 4: language: "de" is not one of en, uk, ru, pl',
        f'{file} row 5: "nobody" is not a telephone number',
        f'{file} row 6: there is no queue "sales"',
    ]


def test_entries_that_cannot_be_used_are_told_with_their_place(tmp_path: Path) -> None:
    found = complaints(
        tmp_path,
        '[[list.vip]]\nnumber = "me"\n[[list.vip]]\nagent = "olena"\n'
        '[[list.vip]]\nfile = "none.csv"\n[[list.vip]]\nnumber = "0501112233"\ndeputy = "nobody"\n',
    )
    assert found == [
        'list.vip[1].number: "me" is not a telephone number',
        "list.vip[2]: has no numbers",
        f"list.vip[3].file: {tmp_path / 'none.csv'} cannot be read: No such file or directory",
        'list.vip[4]: deputy: there is no [[agent]] with the id "nobody"',
    ]


def test_texts_are_missed_in_the_languages_of_callers_on_a_list(tmp_path: Path) -> None:
    entry = '[[list.vip]]\nnumber = "+48*"\nlanguage = "pl"\n[say.x]\nsay = "Hello."\n[[route]]\nto = "say:x"\n'
    config = load(tmp_path, entry.replace('to = "say:x"', 'did = "1"\nto = "say:x"'))
    assert [w.where for w in config.warnings if "pl" in w.what] == ["say.x.say"]
    assert spoken_languages(config) == ("en", "pl")


def test_a_hundred_thousand_rows_are_loaded_and_found(tmp_path: Path) -> None:
    rows = "".join(f"+38050{number:07d},olena\n" for number in range(100_000))
    config = load(tmp_path, '[[list.vip]]\nfile = "vip.csv"\n', "number,agent\n" + rows)
    vip, numbers = config.lists["vip"], [config.plan.read(f"+38050{number:07d}") for number in range(0, 100_000, 500)]
    assert all(vip.find(number) == {"agent": "olena"} for number in numbers)


def test_skills_that_callers_of_a_list_need_are_read_in_the_file_and_in_its_rows(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        '[[list.vip]]\nnumber = "+380501112233"\nneeds = "{team} >= 50"\nprefer = "uk"\ndata = { team = "vip" }\n'
        '[[list.vip]]\nfile = "vip.csv"\n',
        "number,needs,team\n+380502223344,pl >= 50,vip\n",
    )
    vip, read = config.lists["vip"], config.plan.read
    assert vip.find(read("+380501112233")) == {"needs": "{team} >= 50", "prefer": "uk", "team": "vip"}
    assert vip.find(read("+380502223344")) == {"needs": "pl >= 50", "team": "vip"}
    found = complaints(tmp_path, '[[list.vip]]\nfile = "vip.csv"\n', "number,needs\n+380502223344,pl >=\n")
    assert "row 2" in found[0]
    assert "needs: column 6: a level was expected" in found[0]


def test_rows_that_ask_for_what_nobody_has_or_knows_are_told(tmp_path: Path) -> None:
    skills = BASE.replace('phone = "1001"\n[queue', 'phone = "1001"\nskills = { sales = 80, pl = 50 }\n[queue')
    entry = '[[list.vip]]\nfile = "vip.csv"\ndata = { team = "vip" }\n'
    rows = (
        "number,needs,prefer\n+380501112231,sale >= 50,\n+380501112232,sales,polish\n"
        "+380501112233,sale,pl\n+380501112234,{language} >= 50 and {team},\n"
    )
    (tmp_path / "vip.csv").write_text(rows, encoding="utf-8")
    config = parse_config((skills + entry).encode(), file="config.toml", folder=tmp_path, env={})
    file = f"list.vip[1].file: {tmp_path / 'vip.csv'}"
    told = [(w.where, w.what, w.right, w.line) for w in config.warnings if w.code == "no-such-skill"]
    assert told == [
        (f"{file} row 2", 'needs: nobody has the skill "sale" (2 rows)', 'did you mean "sales"?', 17),
        (f"{file} row 3", 'prefer: nobody has the skill "polish"', "give it to somebody: skills = { … }", 17),
    ]
    assert len(config.lists["vip"]) == 4
    silent = skills + entry + '[lint]\nignore = ["no-such-skill"]\n'
    quiet = parse_config(silent.encode(), file="config.toml", folder=tmp_path, env={})
    assert not [w for w in quiet.warnings if w.code == "no-such-skill"]
    found = complaints(tmp_path, entry, "number,needs\n+380501112233,{taem} >= 50\n")
    assert found == [f'{file} row 2: needs: nothing is known of the caller as "{{taem}}"; did you mean "{{team}}"?']


@pytest.mark.parametrize(
    ("route", "row", "complaint"),
    [
        ('from = "list:vip"\nto = "queue:{team}"', "sale", 'there is no queue "sale"; did you mean "sales"?'),
        ('did = "7"\nto = "queue:{team}"', "sale", 'there is no queue "sale"; did you mean "sales"?'),
        ('from = ["withheld", "list:vip"]\nto = "menu:{team}"', "min", 'there is no menu "min"; did you mean "main"?'),
        ('from = "trunk:*"\nto = "voicemail:{team}"', "office", 'there is no voicemail "office"'),
        ('from = "trunk:*"\nto = "collect:{team}"', "main", 'there is no collect "main"'),
        ('from = "list:others"\nto = "queue:{team}"', "sale", ""),
        ('from = "list:vip"\nto = "queue:{team}"\ndata = { team = "sales" }', "sale", ""),
        ('from = "list:vip"\nto = "queue:{team}"', "sales", ""),
    ],
)
def test_places_that_rows_name_exist_wherever_routes_lead_their_callers(
    tmp_path: Path, route: str, row: str, complaint: str
) -> None:
    text = (
        '[[phone]]\nuser = "1001"\npassword = "a-long-secret"\n[[agent]]\nid = "olena"\nphone = "1001"\n[queue.sales]\n'
        '[menu.main]\nsay = "Press 1."\nkeys = { 1 = "queue:sales" }\n[[list.others]]\nnumber = "+380501112299"\n'
        f'[[list.vip]]\nfile = "vip.csv"\n[[route]]\n{route}\n'
    )
    (tmp_path / "vip.csv").write_text(f"number,team\n+380501112233,{row}\n", encoding="utf-8")
    if not complaint:
        assert parse_config(text.encode(), file="config.toml", folder=tmp_path, env={}).lists["vip"]
        return
    with pytest.raises(ConfigError) as error:
        parse_config(text.encode(), file="config.toml", folder=tmp_path, env={})
    assert [problem.what for problem in error.value.problems] == [complaint]
    assert f"{tmp_path / 'vip.csv'} row 2" in error.value.problems[0].where


def test_an_entry_between_slashes_is_a_regular_expression(tmp_path: Path) -> None:
    config = load(tmp_path, "[[list.vip]]\nnumber = '/\\+38050\\d*7/'\nagent = \"olena\"\n")
    vip, read = config.lists["vip"], config.plan.read
    assert vip.find(read("0501234567")) == {"agent": "olena"}
    assert vip.find(read("0501234568")) is None
    (told,) = complaints(tmp_path, '[[list.vip]]\nnumber = "/(/"\n')
    assert told.startswith('list.vip[1].number: "/(/" is not a regular expression')
    both = complaints(tmp_path, '[[list.vip]]\nnumber = ["/(/", "+380501234567", "/[/"]\n')
    assert [what.split(" is not")[0] for what in both] == [
        'list.vip[1].number[1]: "/(/"',
        'list.vip[1].number[3]: "/[/"',
    ]
