"""The graph that callers walk: places without an exit, places without an entrance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.validate import Severity as Found
from ivr.validate import check_flow
from softswitch.config.errors import Problem, Severity, dotted
from softswitch.config.flows import entries, flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.model import Config
    from softswitch.config.positions import Path, Positions

#: Findings about single values are made on the text of the file, with better places.
_CODES = frozenset({"endless-say", "endless-silence", "unreachable", "never-open"})


def check(config: Config, positions: Positions) -> Iterator[Problem]:
    if config.menus and not config.routes:
        what = "there is none: no number leads to a menu"
        right = 'add [[route]] with did = "100" and to = "menu:…"'
        yield Problem(1, 1, "route", what, right, severity=Severity.WARNING, code="odd")
    asked = set(_asked(config))
    for finding in check_flow(flow(config), entries(config)):
        if finding.code == "unreachable" and finding.path[:2] in asked:
            continue  # no call comes there, and it is asked all the same
        if finding.code in _CODES:
            path: Path = finding.path
            at = positions.of(path)
            severity = Severity.ERROR if finding.severity is Found.ERROR else Severity.WARNING
            yield Problem(
                at.line,
                at.column,
                dotted(path),
                finding.message,
                nearest=finding.nearest,
                severity=severity,
                code=finding.code,
            )


def _asked(config: Config) -> Iterator[tuple[str, str]]:
    """Web services and hours that something else than a call on its way asks."""
    yield from (("webservice", slot.webservice or "") for menu in config.menus.values() for slot in menu.slots)
    yield from (("webservice", message.webservice) for message in config.sms.values())
    openings = [
        *(state for route in config.routes for state in route.when or ()),
        *(request.due for request in config.callback_requests.values()),
        *(queue.offer_callback.closing for queue in config.queues.values() if queue.offer_callback),
    ]
    yield from (("hours", opening.partition(":")[2]) for opening in openings if opening)
