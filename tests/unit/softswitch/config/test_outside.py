"""Every way on which a caller from outside could hear busy is found, and none that ends well."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import parse_config

BASE = """
[[phone]]
user = "1001"
password = "secret-1001"
[[phone]]
user = "1002"
password = "secret-1002"
when_busy = "queue:q"
when_no_answer = "queue:q"
when_unavailable = "menu:main"
[[agent]]
id = "olena"
phone = "1001"
[queue.q]
[menu.main]
say = "x"
keys = { 1 = "phone:1001", 2 = "phone:1002", 3 = "queue:q" }
[menu.safe]
say = "x"
keys = { 2 = "queue:q" }
[findme.her]
ring = ["phone:1001"]
[findme.safe]
ring = ["phone:1001"]
when_no_answer = "queue:q"
[trunk.kyiv]
host = "192.0.2.1"
[webservice.crm]
url = "https://crm.example/{ani}"
then = "agent:{consultant}"
when = { known = { no = "agent:{consultant}" } }
when_unavailable = "queue:q"
when_failed = "phone:1001"
[collect.ext]
say = "x"
digits = 4
then = "phone:{digits}"
when_unavailable = "queue:q"
when_failed = "phone:1001"
[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "queue:q"
when_closed = "hangup"
[hours.kind]
open = ["mon-fri 09:00-17:00"]
when_open = "menu:bye"
when_closed = "say:bye"
[menu.bye]
say = "x"
keys = { 1 = "hours:office", 2 = "queue:q" }
[say.bye]
say = "x"
then = "set:mark"
[set.mark]
data = { seen = "yes" }
then = "hangup"
[[list.vip]]
number = "+380501234567"
agent = "olena"
[[route]]
"""


def found(route: str) -> list[str]:
    config = parse_config((BASE + route).encode(), file="config.toml", folder=Path(), env={})
    told = [problem.what for problem in config.warnings if problem.code == "outside-busy"]
    return [way for what in told for way in what.partition("nothing: ")[2].split("; ")]


@pytest.mark.parametrize(
    ("route", "ways"),
    [
        ('to = "menu:main"', ["menu:main → phone:1001 (busy, no answer, not there)"]),
        ('to = "menu:main"\nfrom = "phone:*"', []),
        ('to = "menu:main"\nfrom = ["phone:*", "trunk:kyiv"]', ["menu:main → phone:1001 (busy, no answer, not there)"]),
        ('to = "menu:main"\nwhen_unavailable = "queue:q"', []),
        ('to = "menu:safe"', []),
        ('to = "phone:1002"', ["phone:1002 → menu:main → phone:1001 (busy, no answer, not there)"]),
        ('to = "agent:olena"', ["agent:olena (no answer, not there)"]),
        ('to = "agent:olena"\nwhen_unavailable = "agent:olena"', ["agent:olena → agent:olena (no answer, not there)"]),
        ('to = "agent:{agent}"\nfrom = "list:vip"', ["agent:{agent} (no answer, not there)"]),
        ('to = "agent:{agent}"\nfrom = "list:vip"\nwhen_unavailable = ["agent:{deputy}", "queue:q"]', []),
        ('to = "agent:{agent}"\nwhen_unavailable = "phone:1001"', ["phone:1001 (busy, no answer, not there)"]),
        ('to = "findme:her"', ["findme:her (no answer, not there)"]),
        ('to = "findme:safe"', []),
        # what stands in for who is not there does so for the ways of an answer, and for no others
        ('to = "webservice:crm"', ["webservice:crm → phone:1001 (busy, no answer, not there)"]),
        ('to = "collect:ext"', ["collect:ext → phone:1001 (busy, no answer, not there)"]),
        ('to = "webservice:crm"\nwhen_unavailable = "queue:q"', []),
        ('to = "external:+380441112233@kyiv"', ["external:+380441112233@kyiv (busy, no answer, not there)"]),
        ('to = "hangup"\nreject = "busy"', []),
        (
            'did = "10*"\nto = "phone:{did}"',
            [
                "phone:{did} (busy, no answer, not there)",
                "phone:{did} → menu:main → phone:1001 (busy, no answer, not there)",
            ],
        ),
        ('did = "1002"\nto = "phone:{did}"', ["phone:{did} → menu:main → phone:1001 (busy, no answer, not there)"]),
        ('did = "20*"\nto = "phone:{did}"', []),
        ('did = "20*"\nto = "phone:{did}"\nwhen_unavailable = "queue:q"', []),
        (
            'did = "20*"\nto = "phone:{did}"\nwhen_unavailable = "agent:olena"',
            ["phone:{did} → agent:olena (no answer, not there)"],
        ),
        ('did = ["q", "r"]\nto = "queue:{did}"', []),
        ('did = "q"\nto = "queue:{did}"', []),
        ('to = "queue:{team}"', []),
        ('to = "hours:office"', ["hours:office → hangup (ends unanswered)"]),
        ('to = "hours:kind"', []),
        ('to = "set:mark"', ["set:mark → hangup (ends unanswered)"]),
        ('to = "answer"', ["answer (silence)"]),
        ('to = "phone:1001"\nwhen_unavailable = "hangup"', ["phone:1001 → hangup (ends unanswered)"]),
        ('to = "menu:main"\nwhen_unavailable = "hangup"', []),
    ],
)
def test_ways_to_a_busy_tone(route: str, ways: list[str]) -> None:
    assert found(route) == ways


def test_the_warning_says_where_and_what_to_do_and_its_code() -> None:
    config = parse_config((BASE + 'to = "agent:olena"').encode(), file="c", folder=Path(), env={})
    (warning,) = [problem.render("c") for problem in config.warnings if problem.code == "outside-busy"]
    assert warning == (
        "c:61:1: warning: route[1].to: a caller from outside can hear busy, or nothing: agent:olena (no answer, "
        "not there); say what follows with when_busy, when_no_answer and when_unavailable there or here [outside-busy]"
    )


HOURS = '\n[hours.night]\nopen = ["mon-fri 20:00-24:00"]\nwhen_open = "queue:q"\nwhen_closed = "queue:q"\n'
TAKES = 'did = "1"\nto = "queue:q"\n'


@pytest.mark.parametrize(
    ("routes", "ways"),
    [
        ([TAKES], []),
        ([TAKES + 'from = "trunk:kyiv"'], []),
        ([TAKES + 'from = "phone:*"'], []),
        ([TAKES + 'when = "open:office"'], ["1 while office is closed"]),
        ([TAKES + 'when = "closed:office"'], ["1 while office is open"]),
        ([TAKES + 'when = "open:office"', TAKES + 'when = "closed:office"'], []),
        ([TAKES + 'when = "open:office"', TAKES + 'when = "special:office"'], ["1 while office is closed"]),
        ([TAKES + 'when = "open:office"', 'to = "queue:q"\n'], []),
        ([TAKES + 'when = "open:office"', 'did = "1*"\nto = "queue:q"\n'], []),
        ([TAKES + 'when = "open:office"', 'did = "2*"\nto = "queue:q"\n'], ["1 while office is closed"]),
        ([TAKES + 'when = "open:office"', 'to = "queue:q"\nfrom = "phone:*"\n'], ["1 while office is closed"]),
        (
            [TAKES + 'when = ["open:office", "open:night"]', TAKES + 'when = "closed:office"'],
            ["1 while night is closed and office is open"],
        ),
        ([TAKES + 'from = "list:vip"'], ["1 by callers who are not list:vip"]),
        ([TAKES + 'from = "list:vip"', TAKES + 'from = "trunk:*"'], []),
        (
            ['did = "1"\nto = "agent:{agent}"\nwhen_unavailable = "agent:{deputy}"\n'],
            ["1 by callers of whom nothing is known"],
        ),
        (['did = "1"\nto = "agent:{agent}"\nwhen_unavailable = "queue:q"\n'], []),
        (['did = "1"\nto = "queue:{team}"\ndata = { team = "q" }\n'], []),
    ],
)
def test_calls_that_no_route_takes(routes: list[str], ways: list[str]) -> None:
    told = [way for way in found("\n[[route]]\n".join(routes) + HOURS) if way.endswith("takes the call (404)")]
    assert [way.partition(", and no route")[0] for way in told] == ways


@pytest.mark.parametrize(
    ("rest", "missing"), [("+380441234567", False), ("044*", False), ("+38044*", False), ("+380441234568", True)]
)
def test_the_calls_to_a_number_are_those_in_every_form(rest: str, missing: bool) -> None:
    routes = f'did = "0441234567"\nto = "queue:q"\nwhen = "open:office"\n[[route]]\ndid = "{rest}"\nto = "queue:q"\n'
    told = found(routes + HOURS + '[server]\ncountry = "UA"\n')
    assert any(way.endswith("takes the call (404)") for way in told) is missing


def test_a_trunk_that_can_be_full_is_warned_of() -> None:
    text = BASE.replace('host = "192.0.2.1"', 'host = "192.0.2.1"\nmax_calls = 30') + TAKES
    config = parse_config(text.encode(), file="c", folder=Path(), env={})
    (warning,) = [problem.render("c") for problem in config.warnings if problem.code == "outside-busy"]
    assert (
        "trunk.kyiv.max_calls: a caller from outside can hear busy, or nothing: the next one after 30 calls" in warning
    )
