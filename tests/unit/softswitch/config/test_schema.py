"""The JSON Schema that editors go by: it takes what the loader takes, and refuses what is mistyped."""

from __future__ import annotations

import json
import random
import re
import tomllib
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from softswitch.config import ConfigError, parse_config
from softswitch.config.model import Config
from softswitch.config.schema import COMMITTED
from tests.sim.test_check_means_start import WHOLE
from tests.support.mutated import mutated

ROOT = Path(__file__).parents[4]
BLOCK = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: Files of other kinds, and how they are known: tests of calls, catalogues, days to simulate.
OTHER_FILES = {"test", "queue-position", "interval"}

RIGHT = (
    '[break]\n1 = "lunch"\n2 = { reason = "training", paid = true }',
    "[queue.q]\nwhisper = true\noffer_callback = false\nwrap_up = 'until-done'",
    "[queue.q]\nwhisper = { tone = true }\noffer_callback = { key = '5' }\nagents = []\nwrap_up = 5",
    '[[phone]]\nuser = "1"\npassword = "Zx81-and-more"\n[[agent]]\nid = "a"\nphone = "1"\nwrap_up = 15',
    '[menu.m]\nsay = "Yes"\nsay_invalid = "No"\nsay_again = ["Yes"]\n[menu.m.keys]\n"*" = "repeat"\n1 = "music"',
    '[hours.h]\nopen = ["Mon-Fri 9:00-12:00, 13:00-17:00", "sat,sun", 2026-12-25, "12-26", "easter+1 10:00-14:00"]\n'
    'closed = ["2026-12-24..2027-01-02"]\nwhen_open = "echo"\nwhen_closed = "say:x"\n[say.x]\nsay = "No"',
    '[[route]]\ndid = "1*"\nto = "external:{did}@t"\nwhen_unavailable = "hangup"\n[trunk.t]\nhost = "192.0.2.1"',
    '[collect.c]\nsay = "Yes"\nthen = "hangup"\ndigits = "1-12"\nconfirm = { en = "{value}" }\nsay_no_input = ["No"]',
    '[voicemail.v]\nmail_to = ["a@example.com"]\n[mail]\nhost = "mail"\nfrom = "b@example.com"',
    '[tts]\nvoice = { en = "en-gb" }\n[server]\ntimezone = "Europe/Kyiv"\ncountry = "UA"',
)
#: What is wrong with a value or a key: a word of it.
WRONG = {
    '[menu.m]\nsay = "x"\nkeys = { 1 = "sales" }': "sales",
    '[menu.m]\nsay = "x"\nkeys = { E = "hangup" }': "E",
    '[menu.m]\nsay = "x"\nkeys = { 1 = "menu:" }': "menu:",
    '[menu.m]\nsay = "x"\nkeys = { 1 = "hangup:x" }': "hangup:x",
    '[menu.m]\nsay = { de = "x" }\nkeys = { 1 = "hangup" }': "de",
    '[menu.m]\nsay = "x"\nkeys = { 1 = "hangup" }\nlint_ignore = ["foo"]': "foo",
    '[menu.m]\nsay = "x"\nkeys = { 1 = "hangup" }\nsay_invalid = { de = "x" }': "de",
    '[hours.o]\nopen = ["mon-fry 9:00-17:00"]\nwhen_open = "hangup"\nwhen_closed = "hangup"': "mon-fry",
    '[hours.o]\nopen = ["mon-fri 9"]\nwhen_open = "hangup"\nwhen_closed = "hangup"': "mon-fri 9",
    '[lint]\nignore = ["foo"]': "foo",
    '[server]\nlangage = "en"': "langage",
    '[sip]\nlisten = ["tls:0.0.0.0:5061"]': "tls",
    '[break]\n12 = "lunch"': "12",
    '[break]\n1 = { label = "x" }': "label",
    '[queue.q]\nwhisper = "yes"': "yes",
    '[queue.q]\nwrap_up = "until-dne"': "until-dne",
    '[queue.q]\noffer_callback = { key = "12" }': "12",
    "[queue.q]\nagents = { a = 101 }": "101",
    '[queue.q.exit]\nkeys = { 12 = "hangup" }': "12",
    '[[agent]]\nid = "a b"\nphone = "1"': "a b",
    '[[agent]]\nid = "a"\nphone = "1"\nwrap_up = true': "True",
    '[[route]]\ndid = 100\nto = "hangup"': "100",
    '[[route]]\ndid = "100"\nto = "external:abc"': "external:abc",
    '[[route]]\ndid = "100"\nto = "hangup"\nlanguage = "ua"': "ua",
    '[rtp]\nports = "20000"': "20000",
    '[collect.c]\nsay = "x"\nthen = "hangup"\ndigits = "1-"': "1-",
    '[set.s]\nthen = "hangup"\ndata = { Bad = "x" }': "Bad",
    '[voicemail.v]\nmail_to = "sales"': "sales",
    '[findme.f]\nring = ["sales"]': "sales",
    '[tts]\nvoice = { de = "x" }': "de",
    '[[webhook]]\nname = "crm"\nurl = "https://crm.example/"\nevents = ["call ended"]': "call ended",
    '[verbs.v]\nurl = "https://crm.example/"\nallow_private = ["the office"]': "the office",
}


@cache
def validator() -> Draft202012Validator:
    schema = json.loads((ROOT / COMMITTED).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def complaints(text: str, *, fragment: bool = False) -> list[str]:
    """*fragment*: keys that are needed may stand elsewhere."""
    found = validator().iter_errors(as_json(tomllib.loads(text)))
    return [
        f"{error.json_path}: {error.message}" for error in found if not (fragment and error.validator == "required")
    ]


def as_json(value: Any) -> Any:
    """As editors see it: dates are strings."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date | time) else value


def loads(text: str) -> bool:
    try:
        parse_config(text.encode(), file="f", folder=ROOT, env={})
    except ConfigError:
        return False
    return True


def test_the_shipped_configurations_are_good_by_the_schema_that_they_name() -> None:
    for file in ("config.toml", "bench/config.toml"):
        assert complaints((ROOT / file).read_text(encoding="utf-8")) == [], file


def test_every_example_of_the_documents_is_good_by_the_schema() -> None:
    seen = 0
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for number, block in enumerate(BLOCK.findall(file.read_text(encoding="utf-8"))):
            if not tomllib.loads(block).keys() & OTHER_FILES:
                seen += 1
                assert complaints(block, fragment=True) == [], f"{file.name}, block {number + 1}"
    assert seen > 30


def test_examples_that_are_no_configurations_are_known() -> None:
    for file in (ROOT / "examples").glob("*.toml"):
        assert tomllib.loads(file.read_text(encoding="utf-8")).keys() & OTHER_FILES, file.name


@pytest.mark.parametrize("text", RIGHT)
def test_whatever_may_be_written_is_allowed(text: str) -> None:
    assert complaints(text) == []
    assert loads(text)


@pytest.mark.parametrize(("text", "named"), WRONG.items())
def test_what_is_mistyped_is_refused(text: str, named: str) -> None:
    assert any(named in line for line in [*complaints(text), *inner(text)]), complaints(text)
    assert complaints(text)
    assert not loads(text)


def inner(text: str) -> list[str]:
    """What is wrong with each of several possibilities."""
    errors = list(validator().iter_errors(as_json(tomllib.loads(text))))
    return [error.message for each in errors for error in each.context or ()]


def test_configurations_that_the_switch_takes_are_good_by_the_schema() -> None:
    rng, taken = random.Random(5), 0
    for _ in range(150):
        text = mutated(rng, WHOLE)
        if loads(text):
            taken += 1
            assert complaints(text) == [], text
    assert taken > 15


def test_patterns_are_such_as_editors_understand() -> None:
    """ECMA 262 has no names of groups like Python's, no flags inside, no \\A and \\Z."""
    text = (ROOT / COMMITTED).read_text(encoding="utf-8")
    patterns = re.findall(r'"pattern": "(.*)"', text)
    assert len(patterns) > 50
    assert not [pattern for pattern in patterns if re.search(r"\(\?P|\(\?[a-z]|\\\\[AZ]", pattern)]


def test_every_section_is_described() -> None:
    known = json.loads((ROOT / COMMITTED).read_text(encoding="utf-8"))["properties"]
    assert {field.alias or name for name, field in Config.model_fields.items()} == set(known)
