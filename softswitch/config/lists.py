"""Lists of callers as the configuration gives them: entries and files, read when the configuration is.

A row that says something of somebody who does not exist is an error, as it would be in the configuration itself.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from acd.skills import SkillSyntaxError, parse
from softswitch.callers.lists import CallerList, Entry, ListFileError, is_pattern, read_csv, wrong_pattern
from softswitch.config.errors import Problem, dotted, nearest, one_of
from softswitch.config.fields import LANGUAGES
from softswitch.config.templates import fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path as FilePath

    from ivr.targets import Target
    from softswitch.config.model import Config
    from softswitch.config.positions import Path, Positions
    from softswitch.config.words.callers import ListEntry

    Complaint = Callable[[Mapping[str, str]], str]


def caller_lists(config: Config, positions: Positions) -> tuple[dict[str, CallerList], list[Problem]]:
    """Every list by name, and what is wrong with them. A file of a million numbers takes seconds."""
    problems: list[Problem] = []
    lists = {
        name: CallerList(_entries(config, name, entries, positions, problems), config.plan)
        for name, entries in config.list_entries.items()
    }
    return lists, problems


def _entries(
    config: Config, name: str, entries: tuple[ListEntry, ...], positions: Positions, problems: list[Problem]
) -> Iterator[Entry]:
    complaint = _complaint(config, name)
    for number, entry in enumerate(entries):
        path: Path = ("list", name, number)
        known = entry.known
        for written in entry.number or ():
            if wrong := _unusable(config, written):
                problems.append(_problem(positions, (*path, "number"), wrong, 'write "+380501234567" or "+38050*"'))
            elif wrong := complaint(known):
                problems.append(_problem(positions, path, wrong))
                break
            else:
                yield Entry(written, known)
        if entry.file is not None:
            try:
                for row in read_csv(entry.file, config.plan, lambda data, known=known: complaint({**known, **data})):  # type: ignore[misc]
                    yield Entry(row.number, {**known, **row.data}) if known else row
            except ListFileError as error:
                problems += [_row_problem(positions, (*path, "file"), entry.file, wrong) for wrong in error.problems]
            except OSError as error:
                problems.append(_problem(positions, (*path, "file"), f"{entry.file} cannot be read: {error.strerror}"))
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


def _complaint(config: Config, name: str) -> Complaint:
    """What can be wrong with the data of one caller of the list."""
    templates = [
        target
        for route in config.routes
        if route.from_ and f"list:{name}" in route.from_
        for target in (route.to, *route.when_unavailable)
        if "{" in target.name
    ]
    agents = config.agents

    def complaint(data: Mapping[str, str]) -> str:
        for column in ("agent", "deputy"):
            if (agent := data.get(column)) and agent not in agents:
                return f'{column}: there is no [[agent]] with the id "{agent}"' + _likely(agent, agents)
        if (language := data.get("language")) and language not in LANGUAGES:
            return f'language: "{language}" is not one of {one_of(LANGUAGES).removeprefix("one of ")}'
        if (priority := data.get("priority")) and not _is_number(priority):
            return f'priority: "{priority}" is not a number'
        for column in ("needs", "prefer"):
            try:
                parse(data.get(column, ""))
            except SkillSyntaxError as error:
                return f"{column}: {error}"
        for template in templates:
            target = fill(template, data)
            if target is not None and not exists(config, target):
                return f'there is no {target.kind} "{target.name}"'
        return ""

    return complaint


def _likely(word: str, known: Mapping[str, object]) -> str:
    likely = nearest(word, known)
    return f'; did you mean "{likely}"?' if likely else ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def exists(config: Config, target: Target) -> bool:
    """Whether a target of a kind that names something names something."""
    tables: dict[str, Mapping[str, object]] = {
        "menu": config.menus,
        "hours": config.hours,
        "say": config.says,
        "goto": config.gotos,
        "queue": config.queues,
        "phone": config.phones,
        "agent": config.agents,
        "findme": config.findmes,
        "record": config.records,
        "conference": config.conferences,
    }
    return target.kind not in tables or target.name in tables[target.kind]
