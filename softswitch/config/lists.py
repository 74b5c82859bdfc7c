"""Lists of callers as the configuration gives them: entries and files, read when the configuration is.

A row that says something of somebody who does not exist is an error, as it would be in the configuration itself: the
switch does not start with it, and a reload changes nothing. A skill that nobody has is a warning, here as there.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from acd.skills import SkillSyntaxError, names, parse, variables
from softswitch.callers.lists import CallerList, Entry, ListFileError, is_pattern, read_csv, wrong_pattern
from softswitch.config.errors import Problem, Severity, dotted, nearest, one_of
from softswitch.config.fields import LANGUAGES
from softswitch.config.flows import flow
from softswitch.config.templates import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path as FilePath

    from ivr.targets import Target
    from softswitch.config.checks.variables import Known
    from softswitch.config.model import Config
    from softswitch.config.positions import Path, Positions
    from softswitch.config.words.callers import ListEntry
    from softswitch.config.words.dialogue import Lookup

    Complaint = Callable[[Mapping[str, str]], str]

#: Columns that say which agents serve.
_EXPRESSIONS = ("needs", "prefer")
#: Of one file.
_MOST_SKILLS = 20
#: A file of a million callers says the same few things of them.
_parsed = lru_cache(maxsize=4096)(parse)


def caller_lists(config: Config, positions: Positions, known: Known) -> tuple[dict[str, CallerList], list[Problem]]:
    """Every list by name, and what is wrong with them. A file of a million numbers takes seconds.

    *known*: the variables that calls can have.
    """
    problems: list[Problem] = []
    lists = {
        name: CallerList(_entries(config, name, entries, positions, problems, known), config.plan)
        for name, entries in config.list_entries.items()
    }
    return lists, problems


def _entries(
    config: Config,
    name: str,
    entries: tuple[ListEntry, ...],
    positions: Positions,
    problems: list[Problem],
    variables_known: Known,
) -> Iterator[Entry]:
    complaint = _complaint(config, name, variables_known)
    for number, entry in enumerate(entries):
        path: Path = ("list", name, number)
        known = entry.known
        # needs and prefer of the entry itself are looked at where they stand
        besides = {name: value for name, value in known.items() if name not in _EXPRESSIONS}
        for which, written in enumerate(entry.number or ()):
            if wrong := _unusable(config, written):
                at: Path = (*path, "number") if len(entry.number or ()) == 1 else (*path, "number", which)
                problems.append(_problem(positions, at, wrong, 'write "+380501234567" or "+38050*"'))
            elif wrong := complaint(besides):
                problems.append(_problem(positions, path, wrong))
                break
            else:
                yield Entry(written, known)
        if entry.file is not None:
            unknown = _UnknownSkills(config)
            try:
                for row in read_csv(entry.file, config.plan, lambda data, known=besides: complaint({**known, **data})):  # type: ignore[misc]
                    unknown.look(row)
                    yield Entry(row.number, {**known, **row.data}) if known else row
            except ListFileError as error:
                problems += [_row_problem(positions, (*path, "file"), entry.file, wrong) for wrong in error.problems]
            except OSError as error:
                problems.append(_problem(positions, (*path, "file"), f"{entry.file} cannot be read: {error.strerror}"))
            problems += unknown.warnings(positions, (*path, "file"), entry.file)
        if entry.file is None and entry.number is None:
            problems.append(_problem(positions, path, "has no numbers", 'add number = "…" or file = "….csv"'))


def _problem(positions: Positions, path: Path, what: str, right: str = "") -> Problem:
    at = positions.of(path)
    return Problem(at.line, at.column, dotted(path), what, right, code="bad-value")


def _row_problem(positions: Positions, path: Path, file: FilePath, wrong: str) -> Problem:
    """*wrong* begins with the row, when it is about one."""
    at = positions.of(path)
    row, colon, what = wrong.partition(": ")
    if not colon or not row.startswith("row "):
        row, what = "", wrong
    return Problem(at.line, at.column, f"{dotted(path)}: {file}{row and f' {row}'}", what, code="bad-value")


def _unusable(config: Config, number: str) -> str:
    if is_pattern(number):
        return wrong_pattern(number)
    if number.endswith("*"):
        digits = number[:-1].removeprefix("+")
        return "" if digits.isascii() and digits.isdigit() else f'"{number}" is no beginning of numbers'
    read = config.plan.read(number)
    return "" if read.kind not in ("other", "withheld") else f'"{number}" is not a telephone number'


class _UnknownSkills:
    """Skills that rows of one file ask for and nobody has: where first, and how often."""

    def __init__(self, config: Config) -> None:
        self._skills = frozenset(skill for agent in config.agents.values() for skill in agent.skills)
        self._found: dict[tuple[str, str], list[int]] = {}  # column and skill → first row, number of rows

    def look(self, entry: Entry) -> None:
        for column in _EXPRESSIONS:
            if text := entry.data.get(column):
                for skill in names(_parsed(text)) - self._skills:
                    if "{" not in skill and (len(self._found) < _MOST_SKILLS or (column, skill) in self._found):
                        self._found.setdefault((column, skill), [entry.row, 0])[1] += 1

    def warnings(self, positions: Positions, path: Path, file: FilePath) -> Iterator[Problem]:
        at = positions.of(path)
        for (column, skill), (row, count) in self._found.items():
            what = f'{column}: nobody has the skill "{skill}"' + (f" ({count} rows)" if count > 1 else "")
            likely = nearest(skill, self._skills)
            right = f'did you mean "{likely}"?' if likely else "give it to somebody: skills = { … }"
            where = f"{dotted(path)}: {file} row {row}"
            yield Problem(at.line, at.column, where, what, right, severity=Severity.WARNING, code="no-such-skill")


def _complaint(config: Config, name: str, known: Known) -> Complaint:
    """What can be wrong with the data of one caller of the list."""
    templates = [
        (target, route.data)
        for route in config.routes
        if not route.from_ or any(origin == f"list:{name}" or not origin.startswith("list:") for origin in route.from_)
        for target in (route.to, *route.when_unavailable)
        if "{" in target.name
    ]
    lookups = [table for table in config.lookups.values() if table.list == name and not table.result]
    templates += [(target, {}) for table in lookups for target in _leads(table) if "{" in target.name]
    places = flow(config) if templates else None
    agents = config.agents

    def complaint(data: Mapping[str, str]) -> str:
        for column in ("agent", "deputy"):
            if (agent := data.get(column)) and agent not in agents:
                return f'{column}: there is no [[agent]] with the id "{agent}"' + _likely(agent, agents)
        if (language := data.get("language")) and language not in LANGUAGES:
            return f'language: "{language}" is not one of {one_of(LANGUAGES).removeprefix("one of ")}'
        if (priority := data.get("priority")) and not _is_number(priority):
            return f'priority: "{priority}" is not a number'
        for column in _EXPRESSIONS:
            try:
                expression = _parsed(data.get(column, ""))
            except SkillSyntaxError as error:
                return f"{column}: {error}"
            if not known.open and (unknown := sorted(variables(expression) - known.names)):
                what = f'{column}: nothing is known of the caller as "{{{unknown[0]}}}"'
                likely = nearest(unknown[0], known.names)
                return what + (f'; did you mean "{{{likely}}}"?' if likely else "")
        for template, also in templates:
            target = fill(template, {**data, **also})
            if target is not None and places is not None and places.find(target) is None:
                there = [place.name for place in places.nodes if place.kind == target.kind]
                return f'there is no {target.kind} "{target.name}"' + _likely(target.name, there)
        return ""

    return complaint


def _leads(table: Lookup) -> Iterator[Target]:
    yield from (table.then, *table.when_unavailable)
    for cases in table.when.values():
        yield from cases.values()


def _likely(word: str, known: Iterable[str]) -> str:
    likely = nearest(word, known)
    return f'; did you mean "{likely}"?' if likely else ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
