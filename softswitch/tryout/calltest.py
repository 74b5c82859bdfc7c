"""``*.calltest.toml``: calls with what is expected of them, for people who change menus and for their CI.

A file has ``[[test]]`` tables. Unknown keys are errors, as in the configuration: what is mistyped would prove nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from ivr.effects import SECRET
from ivr.events import OK
from softswitch.admin.supposed_hours import supposed_hours
from softswitch.call.supposed import QuestionError, caller_of, moment
from softswitch.config import explain
from softswitch.config.errors import ConfigError
from softswitch.config.fields import Wrong
from softswitch.config.positions import index
from softswitch.config.sources import decode, parse_toml, read_file
from softswitch.tryout.attempt import Attempt, Reply, presses
from softswitch.tryout.book import Message
from softswitch.tryout.walk import Walk, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from softswitch.config import Config

#: Stands for any number of places in ``path``.
ANY = "…"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _document(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


class Answer(_Table):
    """What a queue, phone or service does with the caller; a text alone is the outcome.

    ``body``: what whoever is asked sends, as it is or as TOML, in place of ``values``.
    """

    outcome: str = OK
    body: Annotated[str, BeforeValidator(_document)] = ""
    values: Mapping[str, str] = {}
    after: Annotated[float, Field(ge=0, strict=False)] = 0.0
    key: str = ""


def _answers(value: object) -> object:
    items = value if isinstance(value, list) else [value]
    return tuple({"outcome": item} if isinstance(item, str) else item for item in items)


def _digits(value: object) -> object:
    if isinstance(value, str):
        value = value.split(",") if value else []
    return tuple(value) if isinstance(value, list) else value


def _texts(value: object) -> object:
    return tuple(value) if isinstance(value, list) else (value,)


Answers = Annotated[tuple[Answer, ...], BeforeValidator(_answers)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class Expected(_Table):
    """Only what is given is compared.

    ``path``: every place, "…" for any number of them. ``prompts``: texts that are said in this order, each as a part
    of something said. ``not_said``: parts of nothing said. ``end``: who has the caller at the end, or why it is over.
    """

    path: Texts | None = None
    prompts: Texts | None = None
    not_said: Texts = ()
    end: str | None = None
    queue: str | None = None
    priority: Annotated[float, Field(strict=False)] | None = None
    language: str | None = None
    keys: str | None = None
    variables: Mapping[str, str] = {}


class CallTest(_Table):
    name: Annotated[str, Field(min_length=1)]
    did: str
    ani: str = ""
    trunk: str = ""
    phone: str = ""
    at: Annotated[str, Field(min_length=1)]
    digits: Annotated[tuple[str, ...], BeforeValidator(_digits)] = ()
    answers: Mapping[str, Answers] = {}
    hang_up: Annotated[float, Field(ge=0, strict=False)] | None = None
    messages: Annotated[tuple[Message, ...] | None, Field(alias="message"), BeforeValidator(_texts)] = None
    """``[[test.message]]``: what campaigns say, in place of what the running switch has bound."""
    hours: Mapping[str, Literal["open", "closed", "special"]] = {}
    """What somebody has set by hand; other hours go by their rules, whatever is set in the running switch."""
    expect: Expected

    @field_validator("expect")
    @classmethod
    def _expects_something(cls, found: Expected) -> Expected:
        if not found.model_fields_set:
            raise Wrong("expects nothing, so it proves nothing", 'write for example end = "queue:sales"')
        return found


class _File(_Table):
    tests: Annotated[tuple[CallTest, ...], Field(alias="test", min_length=1), BeforeValidator(_texts)]


class CallTestError(Exception):
    """A file of tests that cannot be used; the message has a line for each mistake."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one test. `differences`: what was expected and what was found; none: it passed."""

    name: str
    differences: tuple[str, ...]
    walk: Walk | None = None


def read_tests(path: Path) -> tuple[CallTest, ...]:
    """Raises CallTestError."""
    name = str(path)
    try:
        source = decode(read_file(path, name), name)
        tables = parse_toml(source, name)
    except ConfigError as error:
        raise CallTestError(str(error)) from None
    try:
        return _File.model_validate(tables).tests
    except ValidationError as error:
        wrong = ConfigError(name, explain.problems(error, tables, index(source), _File))
        raise CallTestError(str(wrong)) from None


def run_test(config: Config, test: CallTest, now: datetime) -> Verdict:
    """Walk, and compare."""
    try:
        done = walk(config, _attempt(config, test, now))
    except QuestionError as error:
        return Verdict(test.name, (str(error),))
    return Verdict(test.name, tuple(_differences(test.expect, done)), done)


def _attempt(config: Config, test: CallTest, now: datetime) -> Attempt:
    answers = {
        target: [Reply(answer.outcome, answer.values, answer.after, answer.key, answer.body) for answer in replies]
        for target, replies in test.answers.items()
    }
    at = moment(test.at, now.astimezone(config.server.timezone))
    return Attempt(
        test.did,
        caller_of(config, test.ani, test.trunk, test.phone),
        at,
        presses(test.digits),
        answers,
        test.hang_up,
        test.messages,
        supposed_hours(config, at, (f"{name}={state}" for name, state in test.hours.items()), by_hand=False),
    )


def _differences(expected: Expected, done: Walk) -> Iterator[str]:
    if expected.path is not None and not _fits(expected.path, done.path):
        yield from _side_by_side(expected.path, done.path)
    heard = [said.text for said in done.said]
    if expected.prompts is not None and (missing := _first_missing(expected.prompts, heard)) is not None:
        yield f'prompts: "{missing}" is not said' + (" at its place" if any(missing in text for text in heard) else "")
        yield from (f"    said: {text}" for text in heard)
    for text in expected.not_said:
        yield from (f'not_said: "{text}" is said: {said}' for said in heard if text in said)
    single = {
        "end": (expected.end, done.end),
        "queue": (expected.queue, done.queue.get("name", "")),
        "priority": (expected.priority, done.queue.get("priority")),
        "language": (expected.language, done.language),
        "keys": (expected.keys, _typed(done.keys, expected.keys or "")),
    }
    single |= {f"variables.{name}": (value, done.variables.get(name)) for name, value in expected.variables.items()}
    for name, (wanted, found) in single.items():
        if wanted is not None and wanted != found:
            yield f"{name}: expected {wanted!r}, found {found!r}"


def _typed(keys: Sequence[str], wanted: str) -> str:
    """What was pressed; keys of a masked entry are nowhere but in the test itself, and are taken to be right."""
    same = len(keys) == len(wanted)
    return "".join(wanted[n] if same and key == SECRET else key for n, key in enumerate(keys))


def _fits(pattern: Sequence[str], path: Sequence[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == ANY:
        return any(_fits(pattern[1:], path[skipped:]) for skipped in range(len(path) + 1))
    return bool(path) and pattern[0] == path[0] and _fits(pattern[1:], path[1:])


def _side_by_side(wanted: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    """The two paths, with a mark where they part."""
    yield "path:"
    if ANY in wanted:
        yield f"    expected {' → '.join(wanted)}"
        yield f"    found    {' → '.join(found)}"
        return
    same = next((n for n, pair in enumerate(zip(wanted, found, strict=False)) if pair[0] != pair[1]), None)
    parts = min(len(wanted), len(found)) if same is None else same
    width = max((len(place) for place in wanted), default=0)
    for n in range(max(len(wanted), len(found))):
        left, right = (places[n] if n < len(places) else "" for places in (wanted, found))
        yield f"  {'>' if n == parts else ' '} expected {left:{width}}  found {right}".rstrip()


def _first_missing(wanted: Sequence[str], heard: Sequence[str]) -> str | None:
    rest = iter(heard)
    return next((text for text in wanted if not any(text in said for said in rest)), None)
