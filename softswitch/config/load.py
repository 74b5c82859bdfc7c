"""From a file to a checked `Config`. ``run`` and ``check`` both use `load_config`: what one accepts the other does."""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from softswitch.config import checks, explain
from softswitch.config.errors import ConfigError, Problem, Severity, dotted
from softswitch.config.fields import LANGUAGES
from softswitch.config.lists import caller_lists
from softswitch.config.model import Config
from softswitch.config.positions import index
from softswitch.config.secrets import Context

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from softswitch.callers.lists import CallerList

DEFAULT_DATA_DIR = "var"
_MAX_BYTES = 16 * 1024 * 1024


def load_config(path: Path | str, env: Mapping[str, str] | None = None) -> Config:
    """Read, validate and cross-check; raises `ConfigError` with everything that is wrong, and nothing else."""
    file = str(path)
    try:
        with Path(path).open("rb") as opened:
            data = opened.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(file, [Problem(1, 1, "", f"cannot be read: {reason}", code="unreadable")]) from None
    if len(data) > _MAX_BYTES:
        raise ConfigError(file, [Problem(1, 1, "", f"is longer than {_MAX_BYTES} bytes", code="unreadable")])
    return parse_config(data, file=file, folder=Path(path).resolve().parent, env=os.environ if env is None else env)


def parse_config(data: bytes, *, file: str, folder: Path, env: Mapping[str, str]) -> Config:
    """As `load_config`, for a text that is already there; *folder* is where relative paths start."""
    source = _decode(data, file)
    raw = _parse_toml(source, file)
    positions = index(source)
    context = Context(env, folder, _language(raw))
    problems: dict[tuple[int, int, str, str], Problem] = {}
    config: Config | None = None
    try:
        config = Config.model_validate(_with_data_dir(raw), context=context)
    except ValidationError as error:
        for found in explain.problems(error, raw, positions):
            problems.setdefault(_place(found), found)
    across: list[Iterable[Problem]] = [checks.check(raw, positions, folder)]
    lists: Mapping[str, CallerList] = {}
    if config is not None:
        lists, wrong = caller_lists(config, positions)
        across += [wrong, checks.check_graph(config, positions, lists)]
    for found in chain.from_iterable(across):
        problems.setdefault(_place(found), found)
    errors = [found for found in problems.values() if found.severity is Severity.ERROR]
    if errors or config is None:
        raise ConfigError(file, errors)
    warnings = [found for found in problems.values() if not _is_silenced(found, config)]
    warnings.sort(key=lambda found: (found.line, found.column))
    config.attach(file, warnings, lists, hashlib.sha256(data).hexdigest())
    return config


def _place(found: Problem) -> tuple[int, int, str, str]:
    """Of several errors at one place the first says enough; warnings are about different things."""
    return found.line, found.column, found.where, found.code if found.severity is Severity.WARNING else ""


def _is_silenced(found: Problem, config: Config) -> bool:
    """Whether the file says that nobody wants to see this warning."""
    if found.code in config.lint.ignore:
        return True
    menus = ((dotted(("menu", name)), menu.lint_ignore) for name, menu in config.menus.items() if menu.lint_ignore)
    return any(found.code in codes and (found.where + ".").startswith(f"{place}.") for place, codes in menus)


def _decode(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode(errors="replace")) + 1
        what = f"byte 0x{data[error.start]:02x} is not UTF-8"
        line = before.count(b"\n") + 1
        found = Problem(line, column, "", what, "save the file as UTF-8", code="unreadable")
        raise ConfigError(file, [found]) from None


_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def _parse_toml(source: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        lines = source.split("\n")
        line, column = len(lines), len(lines[-1]) + 1
        if place := _PLACE.search(message):
            message = message[: place.start()]
            if place[1]:
                line, column = int(place[1]), int(place[2])
        what = f"not valid TOML: {message[:1].lower()}{message[1:]}"
        code = "same-key-twice" if "overwrite" in message or "twice" in message else "syntax"
        raise ConfigError(file, [Problem(line, column, "", what, code=code)]) from None
    except (ValueError, RecursionError) as error:  # numbers and nesting beyond what Python takes
        raise ConfigError(file, [Problem(1, 1, "", f"not usable TOML: {error}", code="syntax")]) from None


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
