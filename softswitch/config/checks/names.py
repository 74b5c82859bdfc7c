"""Every name that is mentioned exists, and means one thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ivr.targets import DEFAULT_MUSIC, DIALLED, EXTERNAL, FILLED_KINDS
from softswitch.config.checks.variables import known_variables
from softswitch.config.errors import nearest, one_of
from softswitch.config.fields import MENU_WORDS, Wrong, parse_target
from softswitch.config.templates import placeholders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivr.targets import Target
    from softswitch.config.checks.raw import Raw
    from softswitch.config.checks.variables import Known
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

TARGETS = (
    "menu.*.keys.*",
    "menu.*.slot.*.targets.*",
    "menu.*.slot.*.optout.then",
    "menu.*.versions.*.to",
    "goto.*.versions.*.to",
    "menu.*.when_no_input",
    "menu.*.when_invalid",
    "say.*.then",
    "goto.*.then",
    "hours.*.when_open",
    "hours.*.when_closed",
    "hours.*.when_special",
    "queue.*.when_full",
    "queue.*.when_timed_out",
    "queue.*.when_empty",
    "queue.*.exit.keys.*",
    "queue.*.exit_menu",
    "queue.*.overflow.*.to",
    "queue.*.overflow.*.also",
    "phone.*.when_busy",
    "phone.*.when_no_answer",
    "phone.*.when_unavailable",
    "trunk.*.when_busy",
    "trunk.*.when_no_answer",
    "trunk.*.when_unavailable",
    "route.*.to",
    "route.*.when_unavailable",
    "route.*.when_unavailable.*",
    "findme.*.ring.*",
    "voicemail.*.then",
    "voicemail.*.when_failed",
    "callback.*.when_failed",
    "findme.*.when_no_answer",
    "findme.*.when_nobody",
    "record.*.then",
    "record.*.when_failed",
    "conference.*.when_full",
    "conference.*.when_refused",
    "collect.*.then",
    "collect.*.when_failed",
    "set.*.then",
    *(
        f"{kind}.*.{key}"
        for kind in ("lookup", "webservice", "sms")
        for key in ("then", "when_failed", "when_unknown", "when.*.*")
    ),
    *(
        f"{kind}.*.when_unavailable{more}"
        for kind in ("goto", "set", "collect", "lookup", "webservice")
        for more in ("", ".*")
    ),
    "survey.*.then",
    "verbs.*.when_failed",
    "queue.*.survey",
)
#: Of them those where nothing stands in for who is nobody, or that nobody comes to by a way of their own.
_FIXED = (
    "menu.*.slot.*.targets.*",
    "menu.*.versions.*.to",
    "goto.*.versions.*.to",
    "findme.*.ring.*",
    "queue.*.overflow.*.to",
    "queue.*.overflow.*.also",
    "queue.*.survey",
)


def check(raw: Raw) -> Iterator[Problem]:
    yield from _targets(raw)
    yield from _duplicates(raw)
    yield from _references(raw)
    yield from _files(raw)


def _targets(raw: Raw) -> Iterator[Problem]:
    fixed = {path for path, _ in raw.strings(*_FIXED)}
    known = known_variables(raw)
    for path, text in raw.strings(*TARGETS):
        try:
            target = parse_target(text)
        except Wrong:
            continue  # reported with the value itself
        if target.kind in MENU_WORDS:
            if path[0] != "menu" or path[2] not in ("keys", "when_invalid"):
                yield raw.error(path, f'"{text}" makes sense only as a key of a menu', 'write "menu:name"')
            elif path[2] == "when_invalid" and target.kind != "repeat":
                yield raw.error(path, f'"{text}" makes sense only as a key of a menu', 'write "repeat" or "menu:name"')
            continue
        if target.kind == EXTERNAL:
            yield from _outside(raw, path, target)
            continue
        if not target.name or target == parse_target("music"):
            continue
        if "{" in target.name or "}" in target.name:
            if path[0] != "route":
                yield from _filled(raw, path, target, known, fixed=path in fixed)
                continue
            if placeholders(target):
                continue  # filled from lists, whose rows are looked at one by one
        names = raw.names(target.kind)
        if target.name not in names:
            likely = nearest(target.name, names)
            right = f"defined: {one_of(names)}" if names and not likely else ""
            what = f"there is no {_TABLES.get(target.kind, f'[{target.kind}.{target.name}]')}"
            if target.kind in _TABLES:
                what += f' "{target.name}"'
            yield raw.error(path, what, right, likely and f"{target.kind}:{likely}")


def _filled(raw: Raw, path: Path, target: Target, known: Known, *, fixed: bool) -> Iterator[Problem]:
    """A variable that says where to: callers come to what there is of that kind, and to nothing else."""
    name = target.name.removeprefix("{").removesuffix("}")
    if fixed:
        yield raw.error(path, f'"{target}" cannot depend on the caller here', "write the name")
    elif target.kind not in FILLED_KINDS:
        yield raw.error(path, f'no variable says which {target.kind}: "{target}"', one_of(FILLED_KINDS))
    elif target.name != f"{{{name}}}" or not _VARIABLE.fullmatch(name):
        right = f'the variable is all of the name, as in "{target.kind}:{{{target.kind}}}"'
        yield raw.error(path, f'"{target}" is no target', right)
    elif name in known.secret:
        yield raw.error(path, f"{{{name}}} is entered with mask = true, and leads nowhere", "look up where it leads to")


def _outside(raw: Raw, path: Path, target: Target) -> Iterator[Problem]:
    """A number outside: there is a trunk for it, and a number that was dialled."""
    trunks = [str(where[1]) for where, _ in raw.strings("trunk.*.host")]
    if target.trunk and target.trunk not in trunks:
        likely = nearest(target.trunk, trunks)
        right = f"with a host: {one_of(trunks)}" if trunks and not likely else ""
        what = f"there is no [trunk.{target.trunk}] with a host to send calls to"
        yield raw.error(path, what, right, likely and f"{target.kind}:{target.number}@{likely}")
    elif not trunks:
        yield raw.error(path, "there is no trunk to carry it", 'add [trunk.name] with a host = "…"')
    if target.number == DIALLED and path[0] != "route":
        yield raw.error(path, f'"{DIALLED}" makes sense only in a route', 'write the number: "external:+380441234567"')


_VARIABLE = re.compile(r"[a-z_][a-z0-9_]*")
_TABLES = {"phone": "[[phone]] with the user", "agent": "[[agent]] with the id"}


def _duplicates(raw: Raw) -> Iterator[Problem]:
    for pattern, what in (("phone.*.user", "phone"), ("agent.*.id", "agent")):
        seen: dict[str, str] = {}
        for path, name in raw.strings(pattern):
            if name in seen:
                yield raw.error(path, f'another {what} is "{name}" already ({seen[name]})', "choose another")
            seen.setdefault(name, raw.positions.told(raw.positions.of_value(path).line))
    for path, agents in raw.select("queue.*.agents"):
        if isinstance(agents, list):
            for number, name in enumerate(agents):
                if name in agents[:number]:
                    yield raw.error((*path, number), f'"{name}" is in this list already')


def _references(raw: Raw) -> Iterator[Problem]:
    phones, agents, channels = raw.names("phone"), raw.names("agent"), [DEFAULT_MUSIC, *raw.names("music")]
    for path, user in raw.strings("agent.*.phone"):
        if user not in phones:
            yield raw.error(path, f'there is no [[phone]] with the user "{user}"', nearest=nearest(user, phones))
    for path, listed in raw.select("queue.*.agents"):
        entries: list[tuple[int | str, object]] = []
        if isinstance(listed, list):
            entries += enumerate(listed)
        elif isinstance(listed, dict):
            entries += [(name, name) for name in listed]
        for key, name in entries:
            if isinstance(name, str) and name not in agents:
                what = f'there is no [[agent]] with the id "{name}"'
                yield raw.error((*path, key), what, nearest=nearest(name, agents))
    for path, channel in raw.strings("queue.*.music", "feature.stay_music"):
        if channel not in channels:
            yield raw.error(path, f"there is no [music.{channel}]", nearest=nearest(channel, channels))


def _files(raw: Raw) -> Iterator[Problem]:
    for path, name in raw.strings("music.*.files.*", "voicemail.*.greeting_file"):
        try:
            exists = (raw.folder / name).is_file()
        except (OSError, ValueError):
            exists = False
        if not exists:
            yield raw.error(path, f'there is no file "{raw.folder / name}"' if "\0" not in name else "is not a path")
