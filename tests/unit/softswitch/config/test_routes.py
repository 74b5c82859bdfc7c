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


def complaints(*routes: str, more: str = "") -> list[str]:
    text = BASE + "".join(f"[[route]]\n{route}\n" for route in routes) + more
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


TRUNKS, PHONES = 'from = "trunk:*"\nto = "echo"', 'from = "phone:*"\nto = "echo"'
OPEN, CLOSED = ('when = "open:office"\nto = "echo"', 'when = "closed:office"\nto = "echo"')


@pytest.mark.parametrize(
    ("routes", "hidden"),
    [
        ((TRUNKS, PHONES, 'did = "300"\nto = "answer"'), True),
        ((PHONES, TRUNKS, 'from = "list:vip"\nto = "answer"'), True),
        ((TRUNKS, 'from = "phone:1001"\nto = "echo"', 'to = "answer"'), False),
        ((TRUNKS, 'did = "4*"\n' + PHONES, 'did = "300"\nto = "answer"'), False),
        ((OPEN, CLOSED, 'from = "trunk:kyiv"\nto = "answer"'), True),
        ((OPEN, CLOSED, 'when = "special:office"\nto = "answer"'), True),
        ((OPEN, 'when = "special:office"\nto = "echo"', 'to = "answer"'), False),
        ((OPEN, 'when = "closed:shop"\nto = "echo"', 'to = "answer"'), False),
    ],
)
def test_a_route_is_hidden_by_several_that_take_all_its_calls_together(routes: tuple[str, ...], hidden: bool) -> None:
    told = complaints(*routes, more='[hours.shop]\nopen = []\nwhen_open = "echo"\nwhen_closed = "answer"\n')
    assert [what.split(" the route")[0] for what in told] == (["route[3]: is never reached:"] if hidden else [])


def test_everybody_is_who_calls_from_trunks_and_phones_and_the_complaint_names_both_routes() -> None:
    both = 'from = ["trunk:*", "phone:*"]\nto = "echo"'
    assert complaints(both, 'from = "withheld"\nto = "answer"') == [NEVER]
    (told,) = complaints(TRUNKS, PHONES, 'to = "answer"')
    assert told == "route[3]: is never reached: the routes in lines 17 and 20 together take all its calls"


@pytest.mark.parametrize(
    ("first", "second", "hidden"),
    [
        ("0501234567", "+380501234567", True),
        ("+380501234567", "050 123 45 67".replace(" ", ""), True),
        ("+38050*", "0501234567", True),
        ("0501234567", "+380501234568", False),
        ("050*", "0501234567", True),
        ("050*", "+38050*", True),
        ("+38050*", "050*", True),
        ("+38050*", "05*", False),
        ("0038050*", "050 123 45 67".replace(" ", ""), True),
    ],
)
def test_numbers_of_callers_are_compared_as_the_country_reads_them(first: str, second: str, hidden: bool) -> None:
    routes = [f'from = "{number}"\nto = "echo"' for number in (first, second)]
    told = complaints(*routes, more='[server]\ncountry = "UA"\n')
    assert [what.split(": the route")[0] for what in told] == (["route[2]: is never reached"] if hidden else [])


OUTSIDE = 'from = "trunk:*"\n'


@pytest.mark.parametrize(
    ("first", "second", "hidden"),
    [
        ("+38044*", "0441234567", True),
        ("044*", "+380441234567", True),
        ("044*", "380441234567", True),
        ("+38044*", "044*", True),
        ("+38044*", "04*", False),
        ("+38044*", "0671234567", False),
        ("+38044*", "4412", False),
        ("0441234567", "+380441234567", True),
    ],
)
def test_numbers_that_trunks_call_are_compared_as_the_country_reads_them(first: str, second: str, hidden: bool) -> None:
    country = '[server]\ncountry = "UA"\n'
    told = complaints(*(OUTSIDE + f'did = "{did}"\nto = "echo"' for did in (first, second)), more=country)
    assert [what.split(": the route")[0] for what in told] == (["route[2]: is never reached"] if hidden else [])


def test_what_phones_dial_is_compared_as_it_stands_and_calls_from_outside_are_warned_of() -> None:
    routes = "".join(f'[[route]]\ndid = "{did}"\nto = "echo"\n' for did in ("+380441234567", "0441234567"))
    text = BASE + '[server]\ncountry = "UA"\n' + routes
    config = parse_config(text.encode(), file="config.toml", folder=Path(), env={})
    (told,) = [problem for problem in config.warnings if "from outside" in problem.what]
    assert (told.where, told.code) == ("route[2]", "odd")
    assert told.what.startswith("is never reached from outside, where these numbers are the same: the route in line ")
    sides = [f'did = "0441234567"\nfrom = "{side}:*"\nto = "echo"' for side in ("trunk", "phone")]
    assert complaints('did = "+38044*"\nfrom = "phone:*"\nto = "echo"', *sides, more='[server]\ncountry = "UA"\n') == []


@pytest.mark.parametrize(
    ("routes", "hidden"),
    [
        (("list:vip", "+380501234567"), True),
        (("list:vip", "0501234567"), True),
        (("list:vip", "+380501234568"), False),
        (("list:vip", "+38050*"), False),
        (("list:mobiles", "0671234567"), True),
        (("list:mobiles", "+38067*"), True),
        (("phone:*", "1001"), True),
    ],
)
def test_numbers_on_a_list_are_its_callers(routes: tuple[str, ...], hidden: bool) -> None:
    written = [f'from = "{who}"\nto = "echo"' for who in routes]
    told = complaints(*written, more='[server]\ncountry = "UA"\n[[list.mobiles]]\nnumber = "067*"\n')
    last = f"route[{len(routes)}]: is never reached:"
    assert [what.split(" the route")[0] for what in told] == ([last] if hidden else [])


@pytest.mark.parametrize(
    ("routes", "hidden"),
    [
        (("trunk:kyiv", "trunk:lviv", "trunk:*"), True),
        (("trunk:kyiv", "trunk:*"), False),
        (("trunk:kyiv", "trunk:lviv", "phone:*", "*"), True),
        (("trunk:kyiv", "trunk:lviv", "phone:*", "list:vip"), True),
        (("trunk:kyiv", "trunk:lviv", "+380501234567"), False),
    ],
)
def test_after_all_trunks_one_by_one_only_those_of_tomorrow_are_left(routes: tuple[str, ...], hidden: bool) -> None:
    text = BASE + '[trunk.lviv]\nsource = ["192.0.2.2"]\n'
    for who in routes:
        text += "[[route]]\n" + ("" if who == "*" else f'from = "{who}"\n') + 'to = "echo"\n'
    config = parse_config(text.encode(), file="config.toml", folder=Path(), env={})
    told = [f"{problem.where}: {problem.what}" for problem in config.warnings if "not yet" in problem.what]
    only = f"route[{len(routes)}]: is only for trunks that there are not yet"
    assert [what.split(": the routes")[0] for what in told] == ([only] if hidden else [])


@pytest.mark.parametrize(
    ("states", "contradict"),
    [
        ('["open:office", "closed:office"]', "open and closed"),
        ('["special:office", "open:office"]', "special and open"),
        ('["special:office", "closed:office"]', ""),
    ],
)
def test_hours_are_not_in_two_states_at_once(states: str, contradict: str) -> None:
    told = complaints(f'when = {states}\nto = "echo"')
    never = f"route[1].when[2]: is never reached: office is not {contradict} at once"
    assert told == ([never] if contradict else [])


def test_hours_that_a_route_asks_are_not_unreachable() -> None:
    routes = '[[route]]\nwhen = "open:office"\nto = "echo"\n'
    config = parse_config((BASE + routes).encode(), file="config.toml", folder=Path(), env={})
    assert not [problem.what for problem in config.warnings if problem.code == "unreachable"]
    config = parse_config((BASE + '[[route]]\nto = "echo"\n').encode(), file="config.toml", folder=Path(), env={})
    assert [problem.what for problem in config.warnings if problem.code == "unreachable"]


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


def countries(*routes: str, base: str = BASE) -> list[str]:
    text = base + "".join(f'[[route]]\n{route}\nto = "echo"\n' for route in routes)
    config = parse_config(text.encode(), file="c", folder=Path(), env={})
    return [warning.render("c") for warning in config.warnings if warning.code == "no-country"]


MISSES = 'misses calls of carriers that send "{did}" {form}: no country says that it is one number'


@pytest.mark.parametrize(
    ("did", "form"),
    [
        ("0441234567", 'with "+" and the code of the country'),
        ("044*", 'with "+" and the code of the country'),
        ("221234567", 'with "+" and the code of the country'),
        ("+380441234567", "as the country dials it"),
        ("+38044*", "as the country dials it"),
    ],
)
@pytest.mark.parametrize(
    "callers", ["", 'from = "trunk:kyiv"', 'from = ["phone:1001", "trunk:*"]', 'from = "list:vip"']
)
def test_a_number_that_carriers_may_send_in_another_form_needs_a_country(did: str, form: str, callers: str) -> None:
    route = f'did = "{did}"\n{callers}'
    right = 'write country = "UA", or whichever it is, in [server]'
    told = f"c:18:1: warning: route[1].did: {MISSES.format(did=did, form=form)}; {right} [no-country]"
    assert countries(route) == [told]
    assert countries(route, base='server = { country = "UA" }\n' + BASE) == []


def test_one_country_is_missed_once_at_the_first_number() -> None:
    (told,) = countries('did = ["100", "0441234567"]', 'did = ["+48221234567", "+380501234567"]')
    assert told.startswith("c:18:15: warning: route[1].did[2]: misses calls")
    assert "one number; so it is with 2 more; write" in told


@pytest.mark.parametrize(
    "routes",
    [
        ('did = "100"',),
        ('did = ["0", "5012", "044123", "reception"]', 'did = "0*"', 'did = "*"'),
        ('did = "0441234567"\nfrom = "phone:1001"', 'did = "+380441234567"\nfrom = ["phone:*"]'),
        ('did = ["0441234567", "+380441234567"]',),
        ('did = "+38044*"', 'did = "044*"\nfrom = "trunk:kyiv"'),
    ],
)
def test_numbers_that_come_in_one_form_or_stand_there_in_both_need_no_country(routes: tuple[str, ...]) -> None:
    assert countries(*routes) == []


def test_a_switch_without_trunks_needs_no_country() -> None:
    assert countries('did = "0441234567"', base="") == []
