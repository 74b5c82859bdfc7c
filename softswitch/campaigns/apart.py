"""The report on listening made by a process of its own: a journal of a year must not keep calls waiting."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softswitch.campaigns.listening import read_listening, to_plain
from softswitch.child import run_module
from softswitch.store.database import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds that a report may take, and for which it is as good as a new one.
PATIENCE, FRESH = 60.0, 2.0
_MOST_KEPT = 100


class ReportFailed(Exception):
    """There is no report; the message says why."""


class Reporter:
    """Makes one report at a time; who asks meanwhile waits."""

    def __init__(self, database: Path, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._one = asyncio.Lock()
        self._kept: dict[tuple[str, float], tuple[float, dict[str, Any]]] = {}

    async def listening(self, campaign: str, begin: float = 0.0) -> dict[str, Any]:
        """As `to_plain` gives it, from *begin* (wall time) on. Raises ReportFailed."""
        async with self._one:
            at, found = self._kept.get((campaign, begin), (float("-inf"), {}))
            if self._now() - at < FRESH:
                return found
            found = await self._make(campaign, begin)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[campaign, begin] = self._now(), found
            return found

    async def _make(self, campaign: str, begin: float) -> dict[str, Any]:
        arguments = str(self._database), campaign, repr(begin)
        try:
            made = await run_module("softswitch.campaigns.apart", *arguments, within=PATIENCE)
        except TimeoutError:
            raise ReportFailed(f"the report took more than {PATIENCE:g} s") from None
        if made.status != 0:
            raise ReportFailed(made.complaint[-500:] or "the report failed")
        document: dict[str, Any] = json.loads(made.said)
        return document


def main(arguments: list[str]) -> None:
    """``python -m softswitch.campaigns.apart DATABASE CAMPAIGN BEGIN``: the report as JSON."""
    database, campaign, begin = arguments
    os.nice(10)
    try:
        print(json.dumps(to_plain(read_listening(Path(database), campaign, float(begin)))))
    except StoreError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
