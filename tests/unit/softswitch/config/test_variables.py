"""Which variables skill expressions may name: every one that a call can carry, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from softswitch.config import ConfigError, parse_config

if TYPE_CHECKING:
    from pathlib import Path

BASE = """
[[phone]]
user = "1"
password = "long-enough"
[[agent]]
id = "a"
phone = "1"
skills = { gold = 80 }
[queue.q]
needs = "{tier} >= 50"
"""


def read(folder: Path, more: str, base: str = BASE) -> list[str]:
    """Warnings about [queue.q]; raises ConfigError."""
    parsed = parse_config(f"{base}\n{more}".encode(), file="c", folder=folder, env={})
    return [f"{problem.code}: {problem.what}" for problem in parsed.warnings if problem.where.startswith("queue.q")]


@pytest.mark.parametrize(
    "more",
    [
        '[[list.vip]]\nnumber = "+380501234567"\ndata = { tier = "gold" }',
        '[[list.vip]]\nfile = "vip.csv"',
        '[[route]]\ndid = "1"\nto = "queue:q"\ndata = { tier = "gold" }',
        '[set.x]\nthen = "queue:q"\ndata = { tier = "gold" }',
        '[collect.x]\nsay = "x"\nthen = "queue:q"\nvariable = "tier"',
        '[webservice.x]\nurl = "https://a.example/"\nresult = { tier = "account.tier" }',
        '[webservice.x]\nurl = "https://a.example/"\nresult = { y = "y" }\ncollect = { say = "x", variable = "tier" }',
        '[lookup.x]\nfile = "vip.csv"\ncolumn = "number"',
        '[lookup.x]\ndatabase = "a.db"\nquery = "SELECT level FROM c"\nresult = { tier = "level" }',
        '[verbs.x]\nurl = "https://app.example/"',
        '[record.tier]\nsay = "x"\nvariable = "tier"',
    ],
)
def test_a_variable_that_some_part_of_the_file_gives_to_calls(tmp_path: Path, more: str) -> None:
    (tmp_path / "a.db").touch()
    (tmp_path / "vip.csv").write_text("number;Tier\n+380501234567;gold\n")
    assert read(tmp_path, more) == []


@pytest.mark.parametrize("name", ["language", "ani", "did", "name", "label", "lists", "agent", "deputy", "priority"])
def test_what_is_known_of_every_call(tmp_path: Path, name: str) -> None:
    read(tmp_path, "", BASE.replace("{tier}", f"{{{name}}}"))


def test_a_variable_of_which_nobody_tells_is_named_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as failed:
        read(tmp_path, '[set.x]\nthen = "queue:q"\ndata = { product = "gold" }')
    (problem,) = failed.value.problems
    assert (problem.line, problem.column) == (10, 10)
    assert 'nothing is known of the caller as "{tier}"' in str(problem)
    assert "known are {agent}, {ani}, " in str(problem)
    assert "{product}" in str(problem)


@pytest.mark.parametrize(
    "place",
    [
        '[[list.vip]]\nnumber = "+380501234567"\n{} = "{{tire}}"',
        '[[route]]\ndid = "1"\nto = "queue:q"\n{} = "{{tire}}"',
        '[set.y]\nthen = "queue:q"\n{} = "{{tire}}"',
        '[goto.y]\nthen = "queue:q"\n{} = "{{tire}}"',
    ],
)
@pytest.mark.parametrize("word", ["needs", "prefer"])
def test_wherever_skills_are_asked_for(tmp_path: Path, place: str, word: str) -> None:
    known = '\n[set.x]\nthen = "queue:q"\ndata = { tier = "gold" }\n'
    with pytest.raises(ConfigError) as failed:
        read(tmp_path, place.format(word) + known)
    (problem,) = failed.value.problems
    assert problem.nearest == "{tier}"


def test_an_answer_that_becomes_variables_as_it_comes_may_have_it_or_not(tmp_path: Path) -> None:
    assert read(tmp_path, '[webservice.crm]\nurl = "https://a.example/"') == [
        'uncertain-variable: "{tier}" is known only if an answer of webservice.crm has it'
    ]


def test_what_is_entered_masked_is_told_to_nobody(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is entered with mask = true"):
        read(tmp_path, '[collect.x]\nsay = "x"\nthen = "queue:q"\nvariable = "tier"\nmask = true')


def test_a_queue_is_only_said_to_be_served_by_nobody_if_no_value_could_change_that(tmp_path: Path) -> None:
    known = '[set.x]\nthen = "queue:q"\ndata = { tier = "gold" }'
    assert read(tmp_path, known) == []
    assert read(tmp_path, known, BASE.replace(">= 50", ">= 90")) == ["nobody-serves: nobody can serve this queue"]
