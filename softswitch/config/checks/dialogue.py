"""Entries and web services: words that do not go together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ivr.targets import DEFAULT_MUSIC
from ivr.texts import placeholders
from softswitch.config.checks.variables import known_variables
from softswitch.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

ENTRIES = ("collect.*", "webservice.*.collect")
#: How many figures one entry may have; ``digits`` as it is written.
_LONGEST = 32
_LENGTH = re.compile(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", re.ASCII)


def check(raw: Raw) -> Iterator[Problem]:
    yield from _entries(raw)
    yield from _music(raw)
    yield from _secrets(raw)
    for path, table in raw.select("webservice.*"):
        if isinstance(table, dict) and table.get("body") and table.get("method", "GET") == "GET":
            yield raw.error((*path, "body"), "a GET has no body", 'set method = "POST"')


def _entries(raw: Raw) -> Iterator[Problem]:
    for path, table in raw.select(*ENTRIES):
        if isinstance(table, dict) and table.get("mask") is True and table.get("confirm", False) is not False:
            yield raw.error((*path, "confirm"), "a secret is not read back", "leave out mask or confirm")
        if isinstance(table, dict):
            yield from _possible(raw, path, table)


def _secrets(raw: Raw) -> Iterator[Problem]:
    """What is entered masked: nobody is known by it, and applications are only entrusted with what there is."""
    secret = known_variables(raw).secret
    for path, text in raw.strings("set.*.customer_id", "lookup.*.customer_id", "webservice.*.customer_id"):
        for name in placeholders(text):
            if name in secret:
                right = "look up with it who it is, and write that"
                yield raw.error(path, f"{{{name}}} is entered with mask = true, and told to nobody", right)
    for path, name in raw.strings("verbs.*.masked.*"):
        if name not in secret:
            yield raw.error(path, f'"{name}" is entered masked nowhere', nearest=nearest(name, secret))


def _possible(raw: Raw, path: Path, entry: dict[str, Any]) -> Iterator[Problem]:
    """Entries of which none could ever be right."""
    valid = entry.get("valid")
    if valid == "amount" and entry.get("end") == "*":
        yield raw.error((*path, "end"), "the star is the decimal point of an amount", 'another key, as in end = "#"')
    form = entry.get("date_format", "DDMMYYYY")
    needed = {"pesel": (11, 11), "date": (len(str(form)),) * 2, "luhn": (2, _LONGEST)}.get(str(valid))
    length = _LENGTH.fullmatch(str(entry.get("digits", "")))
    if needed is None or length is None:
        return
    shortest, longest = int(length[1]), int(length[2] or length[1])
    if shortest <= longest and (longest < needed[0] or shortest > needed[1]):
        wanted = str(needed[0]) if needed[0] == needed[1] else f"{needed[0]} or more"
        problem = f'no entry can be right: valid = "{valid}" needs {wanted} figures'
        yield raw.error((*path, "digits"), problem, f"leave out digits, or write digits = {needed[0]}")


def _music(raw: Raw) -> Iterator[Problem]:
    channels = ["", DEFAULT_MUSIC, *raw.names("music")]
    for path, channel in raw.strings(
        *(f"{kind}.*.meanwhile.music" for kind in ("webservice", "sms", "lookup", "verbs"))
    ):
        if channel not in channels:
            yield raw.error(path, f"there is no [music.{channel}]", nearest=nearest(channel, channels))
