"""``softswitch reload`` and ``softswitch diff``: what the running switch answers, as lines to read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.text import Text

from softswitch.admin.commands import change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rich.console import Console

#: Exit codes: done or nothing to do, differences found by `diff`, errors in the file.
SAME, DIFFERENT, BAD = 0, 1, 2

_SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow"), "moved": ("↕", "yellow")}


def reload(data_dir: Path, file: Path, console: Console, *, as_json: bool) -> int:
    """The exit code. Raises NotRunning and AdminError."""
    answer = change(data_dir, "config.reload", file=str(file.absolute()))
    if answer["errors"]:
        _print(answer, console, as_json, "nothing was changed", [])
        return BAD
    head = f"version {answer['version']} is in force ({answer['hash'][:12]})"
    _print(answer, console, as_json, head, ["nothing is different"])
    return SAME


def diff(data_dir: Path, file: Path, console: Console, *, as_json: bool) -> int:
    """The exit code. Raises NotRunning and AdminError."""
    answer = change(data_dir, "config.diff", file=str(file.absolute()))
    head = "cannot be loaded" if answer["errors"] else f"compared with version {answer['version']}, which runs"
    _print(answer, console, as_json, head, ["a reload would change nothing"])
    return BAD if answer["errors"] else DIFFERENT if answer["changes"] or answer["needs_restart"] else SAME


def _print(answer: Mapping[str, Any], console: Console, as_json: bool, head: str, nothing: list[str]) -> None:
    if as_json:
        console.file.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
        return
    for error in answer["errors"]:
        console.file.write(f"{error}\n")
    for warning in answer["warnings"]:
        console.file.write(f"{warning}\n")
    console.print(Text(head))
    lines = list(_lines(answer))
    if not answer["errors"]:
        for line in lines or map(Text, nothing):
            console.print(line, soft_wrap=True)


def _lines(answer: Mapping[str, Any]) -> Iterator[Text]:
    for found in answer["changes"]:
        sign, style = _SIGNS[found["kind"]]
        keys = found["keys"]
        yield Text.assemble((sign, style), f" {found['what']} {found['name']}".rstrip(), ":" if keys else "")
        for key in keys:
            yield Text(f"      {key}")
    if answer["needs_restart"]:
        yield Text(f"! waits for a restart, and stays as it is: {', '.join(answer['needs_restart'])}", style="bold")
