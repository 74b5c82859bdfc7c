"""From a file to a checked `Config`. ``run`` and ``check`` both use `load_config`: what one accepts the other does."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from softswitch.config import checks, explain
from softswitch.config.checks.raw import Raw
from softswitch.config.checks.variables import known_variables
from softswitch.config.errors import ConfigError, Problem, Severity, dotted
from softswitch.config.fields import LANGUAGES
from softswitch.config.lists import caller_lists
from softswitch.config.model import Config
from softswitch.config.secrets import Context
from softswitch.config.sources import Tree, gather, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from softswitch.callers.lists import CallerList
    from softswitch.config.checks.variables import Known
    from softswitch.config.positions import Path

DEFAULT_DATA_DIR = "var"


def load_config(path: FilePath | str, env: Mapping[str, str] | None = None) -> Config:
    """Read, validate and cross-check; raises `ConfigError` with everything that is wrong, and nothing else."""
    file = str(path)
    data = read_file(path, file)
    return parse_config(data, file=file, folder=FilePath(path).resolve().parent, env=os.environ if env is None else env)


def parse_config(data: bytes, *, file: str, folder: FilePath, env: Mapping[str, str]) -> Config:
    """As `load_config`, for a text that is already there; *folder* is where relative paths start, in every file."""
    tree = gather(data, file=file, folder=folder)
    raw, positions = tree.raw, tree.positions
    context = Context(env, folder, _language(raw))
    problems: dict[tuple[int, int, str, str], Problem] = {}
    config: Config | None = None
    known: Known | None = None
    try:
        config = Config.model_validate(_with_data_dir(raw), context=context)
    except ValidationError as error:
        for found in explain.problems(error, raw, positions):
            problems.setdefault(_place(found), found)
    across: list[Iterable[Problem]] = [tree.problems, checks.check(raw, positions, folder)]
    lists: Mapping[str, CallerList] = {}
    if config is not None:
        written = Raw(raw, positions, folder)
        known = known_variables(written)
        lists, wrong = caller_lists(config, positions, known)
        across += [wrong, checks.check_graph(config, written, lists)]
    for found in chain.from_iterable(across):
        problems.setdefault(_place(found), found)
    errors = [found for found in problems.values() if found.severity is Severity.ERROR]
    if errors or config is None:
        raise ConfigError(file, map(tree.located, errors))
    warnings = [found for found in problems.values() if not _is_silenced(found, config)]
    warnings.sort(key=lambda found: (found.line, found.column))
    config.attach(file, map(tree.located, warnings), lists, tree.digest, known)
    return config


def warning_at(config: Config, path: Path, what: str, right: str = "", *, code: str) -> Problem:
    """A warning about something in the file of *config* that turned out after it was loaded."""
    file = FilePath(config.file)
    try:
        tree = gather(read_file(file, config.file), file=config.file, folder=file.resolve().parent)
    except ConfigError:  # it has been changed meanwhile
        tree = Tree()
    at = tree.positions.of(path)
    return tree.located(Problem(at.line, at.column, dotted(path), what, right, severity=Severity.WARNING, code=code))


def _place(found: Problem) -> tuple[int, int, str, str]:
    """Of several errors at one place the first says enough; warnings are about different things."""
    return found.line, found.column, found.where, found.code if found.severity is Severity.WARNING else ""


def _is_silenced(found: Problem, config: Config) -> bool:
    """Whether the file says that nobody wants to see this warning."""
    if found.code in config.lint.ignore:
        return True
    menus = ((dotted(("menu", name)), menu.lint_ignore) for name, menu in config.menus.items() if menu.lint_ignore)
    return any(found.code in codes and (found.where + ".").startswith(f"{place}.") for place, codes in menus)


def _language(raw: dict[str, Any]) -> str:
    server = raw.get("server")
    language = server.get("language") if isinstance(server, dict) else None
    return language if isinstance(language, str) and language in LANGUAGES else LANGUAGES[0]


def _with_data_dir(raw: dict[str, Any]) -> dict[str, Any]:
    """The default folder is relative to the file too, so it is put in where it is missing."""
    server = raw.get("server", {})
    if not isinstance(server, dict) or "data_dir" in server:
        return raw
    return raw | {"server": {"data_dir": DEFAULT_DATA_DIR} | server}
