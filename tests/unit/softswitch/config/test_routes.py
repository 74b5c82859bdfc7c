"""Which routes can never match, and words of routes that make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import ConfigError, parse_config

BASE = """
[[phone]]
user = "1001"
password = "secret-1001"
[[agent]]
id = "olena"
phone = "1001"
[trunk.kyiv]
source = ["192.0.2.1"]
[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "echo"
when_closed = "answer"
[[list.vip]]
number = "+380501234567"
agent = "olena"
"""


def complaints(*routes: str) -> list[str]:
    text = BASE + "".join(f"[[route]]\n{route}\n" for route in routes)
    try:
        parse_config(text.encode(), file="config.toml", folder=Path(), env={})
    except ConfigError as error:
        return [f"{problem.where}: {problem.what}" for problem in error.problems]
    return []


NEVER = "route[2]: is never reached: the route in line 17 takes all its calls"


@pytest.mark.parametrize(
    ("first", "second", "hidden"),
    [
        ('from = "list:vip"\nto = "echo"', 'from = "list:vip"\ndid = "100"\nto = "answer"', True),
        ('from = "list:vip"\nwhen = "open:office"\nto = "echo"', 'from = "list:vip"\nto = "answer"', False),
        ('when = "open:office"\nto = "echo"', 'when = "closed:office"\nto = "answer"', False),
        ('when = "open:office"\nto = "echo"', 'when = "open:office"\ndid = "1"\nto = "answer"', True),
        ('from = "+48*"\nto = "echo"', 'from = "+4822*"\nto = "answer"', True),
        ('from = "+4822*"\nto = "echo"', 'from = "+48*"\nto = "answer"', False),
        ('from = "list:vip"\nto = "agent:{agent}"', 'from = "list:vip"\nto = "answer"', False),
        (
            'from = "list:vip"\nto = "agent:{agent}"\nwhen_unavailable = "echo"',
            'from = "list:vip"\nto = "answer"',
            True,
        ),
        ('from = "withheld"\nto = "echo"', 'from = "list:vip"\nto = "answer"', False),
        ('to = "echo"', 'from = "withheld"\nto = "answer"', True),
    ],
)
def test_a_route_is_hidden_by_one_that_takes_all_its_calls_at_all_times(first: str, second: str, hidden: bool) -> None:
    assert complaints(first, second) == ([NEVER] if hidden else [])


@pytest.mark.parametrize(
    ("route", "complaint"),
    [
        ('from = "list:vpi"\nto = "echo"', 'route[1].from: there is no list "vpi"'),
        ('from = "somebody"\nto = "echo"', 'route[1].from: "somebody" does not say who calls'),
        ('when = "open:offce"\nto = "echo"', "route[1].when: there is no [hours.offce]"),
        ('when = "office"\nto = "echo"', 'route[1].when: "office" does not say when'),
        ('to = "echo"\nreject = "busy"', "route[1].reject: is for calls that are not taken"),
        ('to = "echo"\nneeds = "sales >"', "route[1].needs:"),
        ('to = "echo"\nprefer = "sales >"', "route[1].prefer:"),
        ('to = "echo"\ndata = { needs = "vip" }', "route[1].data.needs: is a word of the route itself"),
        ('to = "agent:olna"', 'route[1].to: there is no [[agent]] with the id "olna"'),
        ('to = "echo"\nwhen_unavailable = ["queue:x"]', "route[1].when_unavailable[1]: there is no [queue.x]"),
    ],
)
def test_words_that_make_no_sense_are_told_with_their_place(route: str, complaint: str) -> None:
    (told,) = complaints(route)
    assert told.startswith(complaint)


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        ('[findme.x]\nring = ["queue:q"]\n[queue.q]', 'findme.x.ring[1]: "queue:q" cannot be rung'),
        ('[findme.x]\nring = ["phone:1001"]\nadd_after = 5', "findme.x.add_after: is for a cascade"),
        ('[findme.x]\nring = ["agent:nobody"]', 'findme.x.ring[1]: there is no [[agent]] with the id "nobody"'),
        (
            '[menu.m]\nsay = "x"\nkeys = { 1 = "echo" }\nlabels = { 2 = "Two" }',
            "menu.m.labels.2: is no key of this menu",
        ),
    ],
)
def test_people_and_labels(tables: str, complaint: str) -> None:
    text = BASE + tables + '\n[[route]]\nto = "echo"\n'
    with pytest.raises(ConfigError) as error:
        parse_config(text.encode(), file="config.toml", folder=Path(), env={})
    (problem,) = error.value.problems
    assert f"{problem.where}: {problem.what}" == complaint
