"""The work on the disk in a process of its own: a journal of a year must not keep calls waiting.

Orders are one JSON document on standard input, where no list of processes shows the number; so is the answer, on
standard output.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import sys
from pathlib import Path
from typing import Any

from softswitch.child import run_module
from softswitch.erasure.eraser import Erased, Place, erase_in
from softswitch.erasure.eraser import find as find_in
from softswitch.erasure.export import export_from
from softswitch.erasure.forms import Forms
from softswitch.erasure.rewriting import NotErased
from softswitch.erasure.traces import Traces
from softswitch.store.database import StoreError

#: Seconds that it may take.
WITHIN = 1800.0
#: Below calls (see nice(1)), and not so far that it holds the database for long.
_NICE = 5


async def find(place: Place, forms: Forms) -> Traces:
    """Calls of the number, and ids that somebody has told of it. Raises NotErased."""
    found = await _order(place, forms, do="find")
    return Traces(calls=set(found["calls"]), ids=set(found["ids"]))


async def erase(place: Place, forms: Forms, name: str, *, dry_run: bool = False) -> Erased:
    """See `eraser.erase_in`. Raises NotErased."""
    found = await _order(place, forms, do="erase", name=name, dry_run=dry_run)
    return Erased(**found | {"lists": tuple(found["lists"]), "left": tuple(found["left"])})


async def export(place: Place, forms: Forms, at: float) -> tuple[dict[str, Any], int]:
    """The document, and of how many lines of the journal it is. Raises NotErased."""
    found = await _order(place, forms, do="export", at=at)
    return found["document"], found["lines"]


async def _order(place: Place, forms: Forms, **more: object) -> dict[str, Any]:
    order = {
        "data_dir": str(place.data_dir.absolute()),
        "events": None if place.events is None else str(place.events.absolute()),
        "forms": [forms.number, forms.pattern.pattern, forms.digits.decode()],
        **more,
    }
    try:
        made = await run_module("softswitch.erasure.apart", within=WITHIN, given=json.dumps(order).encode())
    except TimeoutError:
        raise NotErased(f"it took more than {WITHIN:g} s; giving the command again does the rest") from None
    if made.status != 0:
        raise NotErased(made.complaint[-500:] or f"the process ended with status {made.status}")
    answer: dict[str, Any] = json.loads(made.said)
    return answer


def carry_out(order: dict[str, Any]) -> dict[str, Any]:
    """Raises NotErased, StoreError, OSError and sqlite3.Error."""
    number, pattern, digits = order["forms"]
    forms = Forms(number, re.compile(pattern, re.IGNORECASE), digits.encode())
    place = Place(Path(order["data_dir"]), None if order["events"] is None else Path(order["events"]))
    match order["do"]:
        case "find":
            traces = find_in(place, forms)
            return {"calls": sorted(traces.calls), "ids": sorted(traces.ids)}
        case "erase":
            return erase_in(place, forms, order["name"], dry_run=order["dry_run"], running=True).plain()
    found = export_from(place, forms, order["at"])
    return {"document": found.document, "lines": found.lines}


def main() -> None:
    os.nice(_NICE)
    try:
        answer = carry_out(json.load(sys.stdin))
    except (NotErased, StoreError, OSError, sqlite3.Error) as error:
        sys.exit(str(error))
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
