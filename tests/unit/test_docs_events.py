"""docs/events.md and the code tell of the same events: every type, its fields, and one example of each."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from acd.journal import _KINDS as ACD_INPUTS
from acd.journal import CLOCK
from softswitch.call.records import KINDS as IVR_KINDS
from softswitch.config.words.systems import DEFAULT_TYPES
from softswitch.outbox.events import Selection

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \| (.+?) \| ?(.*?) ?\|$", re.MULTILINE)
TYPE = re.compile(r"[a-z_]+\.[a-z_]+")
#: Calls by which lines get into the journal; the type is their first or second argument.
WRITERS = frozenset({"note", "_note", "journal_line", "append", "_write"})
#: Of what looks like a type: verbs of the admin channel, files, keys of the configuration.
NO_TYPES = re.compile(
    r"index\..*|.*\.(change|verify|sock|log|lock|toml|db|reload|diff|withdraw)|feature\..*_.*|.*\.(state|words)"
)


def rows() -> dict[str, set[str]]:
    """The fields of each type, as the tables have them."""
    return {kind: set(re.findall(r"`([a-z_0-9]+)`", fields)) for kind, _, fields in ROW.findall(PAGE)}


def examples() -> list[tuple[str, dict[str, Any]]]:
    (block,) = re.findall(r"```jsonl\n(.*?)```", PAGE, re.DOTALL)
    lines = [json.loads(line) for line in block.splitlines()]
    return [(line["type"], line["data"]) for line in lines]


@cache
def trees(package: str) -> list[ast.Module]:
    files = [file for file in sorted((ROOT / package).rglob("*.py")) if not {"demo", "tryout"} & set(file.parts)]
    return [ast.parse(file.read_text(encoding="utf-8")) for file in files]


def constants(tree: ast.AST) -> set[str]:
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {value for value in found if TYPE.fullmatch(value)}


@cache
def written() -> dict[str, set[str]]:
    """Types that the switch writes, with the fields that are named where it does."""
    modules = trees("softswitch")
    names = {
        target.id: node.value.value
        for tree in modules
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found: dict[str, set[str]] = {}
    for tree in modules:
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in WRITERS:
                continue
            kinds = {kind for argument in node.args[:2] for kind in constants(argument)}
            kinds |= {names.get(a.id, "") for a in node.args[:2] if isinstance(a, ast.Name)}
            for kind in kinds:
                if TYPE.fullmatch(kind) and not NO_TYPES.fullmatch(kind):
                    found.setdefault(kind, set()).update(k.arg for k in node.keywords if k.arg and k.arg != "at")
    return found


@cache
def decided() -> dict[str, set[str]]:
    """The same for the distributor: what it hears, and what it makes of it."""
    found = {f"acd.{kind}": {"at", *event.__dataclass_fields__} for kind, event in ACD_INPUTS.items()}
    found[f"acd.{CLOCK}"] = {"at"}
    for tree in trees("acd"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "journal":
                for constant in ast.walk(node.args[0]):
                    if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                        fields = found.setdefault(f"acd.{constant.value}", {"at"})
                        fields.update(keyword.arg for keyword in node.keywords if keyword.arg)
    return found


def menus() -> dict[str, set[str]]:
    return {kind: set(record.__dataclass_fields__) for record, kind in IVR_KINDS.items()}


def test_every_type_that_is_written_has_a_row_with_its_fields() -> None:
    rows_ = rows()
    for kind, fields in (written() | menus() | decided()).items():
        assert kind in rows_, f"{kind} is not in docs/events.md"
        assert fields <= rows_[kind], f"{kind}: {fields - rows_[kind]} are not in docs/events.md"


def test_every_row_is_of_a_type_that_is_written() -> None:
    spoken_of = {kind for tree in trees("softswitch") for kind in constants(tree)}
    assert rows().keys() <= spoken_of | menus().keys() | decided().keys()


def test_there_is_one_example_of_each_with_fields_of_its_row() -> None:
    assert [kind for kind, _ in examples()] == list(rows())
    for kind, data in examples():
        assert data.keys() <= rows()[kind], f"{kind}: {data.keys() - rows()[kind]}"


@pytest.mark.parametrize("kind", ["ivr.node_entered", "call.ended", "voicemail.left", "acd.offer", "switch.started"])
def test_the_types_are_found_in_the_code(kind: str) -> None:
    assert kind in written() | menus() | decided()


def test_what_is_told_without_being_asked_for_is_what_the_page_says() -> None:
    said = re.search(r"Without the word a receiver is told (.*?)\.\n\n", PAGE, re.DOTALL)
    assert said is not None
    assert set(re.findall(r"`([a-z_]+\.\*)`", said[1])) == set(DEFAULT_TYPES)
    wanted = Selection()
    about_callers = ("call", "ivr", "callback", "callback_request", "voicemail", "findme", "record")
    assert all(wanted.wants(kind) for kind in rows() if kind.partition(".")[0] in about_callers)
    assert not wanted.wants("acd.offer")
