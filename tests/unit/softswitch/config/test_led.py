"""Targets that a variable fills in on the way: where they may stand, and what they may never be."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.nodes import Goto, Inquiry
from ivr.targets import FILLED_KINDS, Target
from softswitch.config import ConfigError, parse_config
from softswitch.config.flows import flow

BASE = """
[[phone]]
user = "1001"
password = "secret-1001"
[[agent]]
id = "olena"
phone = "1001"
[trunk.kyiv]
host = "192.0.2.1"
[queue.q]
[collect.ext]
say = "x"
digits = 4
variable = "ext"
then = "set:on"
when_failed = "queue:q"
[collect.pin]
say = "x"
mask = true
variable = "pin"
then = "queue:q"
when_failed = "queue:q"
[[route]]
to = "collect:ext"
"""
SET = '[set.on]\nthen = "{}"\nwhen_unavailable = "queue:q"\n'


def read(more: str, code: str = "") -> list[str]:
    """What is wrong with it, or what warnings with *code* say."""
    try:
        config = parse_config((BASE + more).encode(), file="c.toml", folder=Path(), env={})
    except ConfigError as error:
        return [problem.what for problem in error.problems]
    return [problem.what for problem in config.warnings if problem.code == code]


@pytest.mark.parametrize("kind", FILLED_KINDS)
def test_a_variable_may_say_which_one_it_is(kind: str) -> None:
    assert read(SET.format(f"{kind}:{{ext}}")) == []
    assert read(SET.format(f"{kind}:{{ext}}"), "outside-busy") == []


@pytest.mark.parametrize(
    "more",
    [
        '[menu.m]\nsay = "x"\nkeys = { 1 = "agent:{agent}" }\nwhen_no_input = "queue:{ext}"\n',
        '[goto.g]\nthen = "agent:{agent}"\nwhen_unavailable = ["agent:{deputy}", "queue:q"]\n',
        '[hours.h]\nopen = ["daily 09:00-17:00"]\nwhen_open = "agent:{agent}"\nwhen_closed = "voicemail:{agent}"\n',
        '[webservice.w]\nurl = "https://x.example/"\nresult = { own = "own" }\nthen = "agent:{own}"\n',
        '[webservice.w]\nurl = "https://x.example/"\nthen = "agent:{whatever}"\nwhen.kind = { a = "queue:{team}" }\n',
        '[queue.other]\nwhen_timed_out = "queue:{ext}"\n',
    ],
)
def test_wherever_callers_are_led(more: str) -> None:
    assert read(SET.format("queue:q") + more) == []


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (SET.format("external:{ext}@kyiv"), 'no variable says which number outside: "external:{ext}@kyiv"'),
        (SET.format("external:+38{ext}"), 'no variable says which number outside: "external:+38{ext}"'),
        (SET.format("external:{did}"), '"{did}" makes sense only in a route'),
        (SET.format("external:{ani}"), 'no variable says which number outside: "external:{ani}"'),
        (SET.format("music:{ext}"), 'no variable says which music: "music:{ext}"'),
        (SET.format("webservice:{ext}"), 'no variable says which webservice: "webservice:{ext}"'),
        (SET.format("phone:1{ext}"), '"phone:1{ext}" is no target'),
        (SET.format("phone:{ext}{ext}"), '"phone:{ext}{ext}" is no target'),
        (SET.format("phone:{Ext}"), '"phone:{Ext}" is no target'),
        (SET.format("phone:{ext"), '"phone:{ext" is no target'),
        (SET.format("phone:{ext:digits}"), '"phone:{ext:digits}" is no target'),
        (SET.format("phone:{pin}"), "{pin} is entered with mask = true, and leads nowhere"),
        (
            SET.format("queue:q") + '[findme.f]\nring = ["agent:{agent}"]\nwhen_no_answer = "queue:q"\n',
            '"agent:{agent}" cannot depend on the caller here',
        ),
        (
            '[set.on]\nthen = "queue:q"\nwhen_unavailable = ["queue:q", "agent:nobody"]\n',
            'there is no [[agent]] with the id "nobody"',
        ),
    ],
)
def test_what_a_variable_can_never_say_is_an_error(more: str, says: str) -> None:
    assert any(says in what for what in read(more)), read(more)


def test_a_variable_that_nothing_gives_to_calls_is_a_warning() -> None:
    assert any("{exxt}" in what for what in read(SET.format("phone:{exxt}"), "unknown-variable"))
    assert read(SET.format("phone:{ext}"), "unknown-variable") == []


def test_who_may_be_busy_or_nobody_without_a_way_on_is_warned_of() -> None:
    bare = SET.format("agent:{ext}").replace('when_unavailable = "queue:q"\n', "")
    (what,) = read(bare, "outside-busy")
    assert what.endswith("collect:ext → set:on → agent:{ext} (no answer, not there)")


@pytest.mark.parametrize(
    ("words", "fallbacks"),
    [
        ('then = "agent:{agent}"', ""),
        ('then = "agent:{agent}"\nwhen_failed = "queue:q"', "queue:q"),
        ('then = "agent:{agent}"\nwhen_failed = "queue:q"\nwhen_unknown = "say:a"', "say:a"),
        ('then = "agent:{agent}"\nwhen_failed = "queue:q"\nwhen_unavailable = ["say:a", "say:b"]', "say:a say:b"),
        ('then = "agent:olena"\nwhen_failed = "queue:q"', ""),
        ('then = "agent:olena"\nwhen_unavailable = "say:b"', "say:b"),
        ('then = "queue:q"\nwhen_failed = "say:a"\nwhen.team = { a = "queue:{team}" }', "say:a"),
    ],
)
def test_who_is_led_to_nobody_goes_where_failures_lead_unless_it_is_written(words: str, fallbacks: str) -> None:
    more = '[say.a]\nsay = "a"\n[say.b]\nsay = "b"\n[[list.vip]]\nnumber = "+380501234567"\n[lookup.l]\nlist = "vip"\n'
    config = parse_config(
        (BASE + SET.format("queue:q") + more + words + "\n").encode(), file="c", folder=Path(), env={}
    )
    node = flow(config).find(Target("lookup", "l"))
    assert isinstance(node, Inquiry)
    assert " ".join(map(str, node.fallbacks)) == fallbacks
    on = flow(config).find(Target("set", "on"))
    assert isinstance(on, Goto)
    assert on.fallbacks == (Target("queue", "q"),)


def test_rows_of_a_list_that_is_looked_up_name_what_there_is() -> None:
    lookup = '[lookup.l]\nlist = "vip"\nthen = "queue:{team}"\nwhen_failed = "queue:q"\n'
    row = '[[list.vip]]\nnumber = "+380501234567"\ndata = { team = "%s" }\n'
    assert read(SET.format("queue:q") + lookup + row % "q") == []
    (what,) = read(SET.format("queue:q") + lookup + row % "qq")
    assert what == 'there is no queue "qq"; did you mean "q"?'


@pytest.mark.parametrize(("then", "wrong"), [("phone:{ext}", True), ("phone:1001", False)])
def test_whoever_is_nobody_is_not_led_round_and_round(then: str, wrong: bool) -> None:
    lookup = SET.format("lookup:l") + f'[lookup.l]\nlist = "vip"\nthen = "{then}"\nwhen_unavailable = "goto:l"\n'
    goto = '[goto.l]\nthen = "lookup:l"\n[[list.vip]]\nnumber = "+380501234567"\n'
    assert [("goes round for ever" in what) for what in read(lookup + goto)] == [True] * wrong
