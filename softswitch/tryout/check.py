"""``softswitch check``: everything that is wrong, or odd, for people or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from softswitch.config import ConfigError, load_config
from softswitch.tryout.voices import silent_voices
from softswitch.voice import check_speech, unplayable_files, unrecorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from softswitch.config import Config
    from softswitch.config.errors import Problem

#: Exit codes.
GOOD, ODD, BAD = 0, 1, 2


def check(
    path: Path, say: Callable[[str], None], complain: Callable[[str], None], *, as_json: bool, strict: bool
) -> int:
    """The exit code: 0 good, 1 (only if *strict*) with warnings, 2 with errors."""
    try:
        config = load_config(path)
    except ConfigError as error:
        if as_json:
            say(_json(path, [_plain(found) for found in error.problems], []))
        else:
            complain(str(error))
        return BAD
    errors, unheard = check_speech(config)
    unheard = [] if "missing-audio" in config.lint.ignore else unheard
    noticed = [*config.warnings, *unplayable_files(config), *([] if errors else silent_voices(config))]
    warnings = len(noticed) + len(unheard)
    if as_json:
        odd = [_plain(found) for found in noticed] + [_spoken(text, "warning") for text in unheard]
        missing = {} if "missing-audio" in config.lint.ignore else unrecorded(config)
        say(_json(path, [_spoken(text, "error") for text in errors], odd, missing_words=missing))
    else:
        for found in noticed:
            complain(found.render(str(path)))
        for text in errors:
            complain(text)
        for text in unheard:
            complain(f"warning: {text} [missing-audio]")
        if not errors:
            say(f"{path}: good, {_counted(warnings, 'warning')}. {_contents(config)}")
    if errors:
        return BAD
    return ODD if strict and warnings else GOOD


def _json(path: Path, errors: list[dict[str, Any]], warnings: list[dict[str, Any]], **more: Any) -> str:
    answer = {"file": str(path), "good": not errors, "errors": errors, "warnings": warnings, **more}
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _plain(found: Problem) -> dict[str, Any]:
    return {
        "code": found.code,
        "severity": found.severity.value,
        "file": found.file or None,
        "line": found.line,
        "column": found.column,
        "where": found.where,
        "what": found.what,
        "right": found.right,
        "nearest": found.nearest,
    }


def _spoken(text: str, severity: str) -> dict[str, Any]:
    """Something about catalogues and recordings, which are not in the file."""
    return {"code": "missing-audio" if severity == "warning" else "bad-value", "severity": severity, "what": text}


def _counted(many: int, what: str) -> str:
    return f"{many or 'no'} {what}{'' if many == 1 else 's'}"


def _contents(config: Config) -> str:
    there = {
        "phone": config.phones,
        "agent": config.agents,
        "queue": config.queues,
        "menu": config.menus,
        "route": config.routes,
    }
    return ", ".join(_counted(len(found), what) for what, found in there.items()) + "."
