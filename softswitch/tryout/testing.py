"""``softswitch test``: every test of the files, what differs, and an exit code."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from softswitch.tryout.calltest import CallTestError, read_tests, run_test

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from softswitch.config import Config

PATTERN = "*.calltest.toml"
#: Exit codes.
PASSED, FAILED, UNUSABLE = 0, 1, 2


def files_beside(config: Path) -> list[Path]:
    """The tests that are meant when none are named: in the folder of the configuration, and in ``tests`` there."""
    folder = config.absolute().parent
    return sorted([*folder.glob(PATTERN), *(folder / "tests").glob(PATTERN)])


def run_tests(
    config: Config, files: Sequence[Path], now: datetime, say: Callable[[str], None], *, as_json: bool
) -> int:
    """The exit code. Raises CallTestError."""
    if not files:
        raise CallTestError(f"there are no tests: name files, or put some {PATTERN} beside the configuration")
    told, passed, failed = [], 0, 0
    for path, tests in [(path, read_tests(path)) for path in files]:
        for test in tests:
            verdict = run_test(config, test, now)
            passed, failed = passed + (not verdict.differences), failed + bool(verdict.differences)
            told.append({"file": str(path), **asdict(verdict)})
            if as_json:
                continue
            say(f"{'FAILED' if verdict.differences else 'ok    '} {path.name}: {verdict.name}")
            for line in verdict.differences:
                say(f"         {line}")
            if verdict.differences and verdict.walk is not None:
                for step in verdict.walk.steps:
                    say(f"         | {step.at:6.1f} s  {step.text}")
    if as_json:
        say(json.dumps({"passed": passed, "failed": failed, "tests": told}, ensure_ascii=False, indent=2))
    else:
        say(f"{passed} passed, {failed} failed")
    return FAILED if failed else PASSED
