"""The difference between two configurations in the words of the file. Secrets are compared and never shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from softswitch.config.restart import needs_restart
from softswitch.config.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config import Config

#: Longest value that is shown as it is.
_LONGEST = 60
#: Letters that are shown before and after what differs in a longer one.
_AROUND = 20
#: What tells tables of a list apart.
_KEYS = ("id", "name", "user", "to")
#: Tables without names, and what their one "name" is.
_LISTS = {"phone": "user", "agent": "id"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing of the configuration: ``kind`` is "added", "removed", "changed" or "moved".

    ``what`` is the table ("queue", "route", "number"), ``name`` which one. ``keys`` are the values that differ,
    as lines: ``max_wait: 600 → 300``.
    """

    kind: str
    what: str
    name: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What a reload changes, and the keys that wait for a restart."""

    changes: tuple[Change, ...] = ()
    needs_restart: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes or self.needs_restart)

    def plain(self) -> dict[str, Any]:
        return {"changes": [asdict(change) for change in self.changes], "needs_restart": list(self.needs_restart)}


def difference(running: Config, new: Config) -> Difference:
    """From *running* to *new*."""
    waiting = needs_restart(running, new)
    return Difference(tuple(_changes(running, new, frozenset(waiting))), tuple(waiting))


def _changes(running: Config, new: Config, waiting: frozenset[str]) -> Iterator[Change]:
    for name, field in type(new).model_fields.items():
        what = field.alias or name
        before, after = getattr(running, name), getattr(new, name)
        if what == "route":
            yield from _routes(before, after)
        elif what in _LISTS:
            key = _LISTS[what]
            yield from _named(what, *({getattr(item, key): item for item in items} for items in (before, after)))
            if _order_changed(before, after, key):
                yield Change("moved", what, "", ("the order of the file, which ranks them, is another one",))
        elif isinstance(after, Mapping):
            yield from _named(what, before, after)
        elif before != after and what not in waiting:
            lines = _lines(before, after)
            keys = [line for path, line in lines if f"{what}.{path.partition('.')[0]}" not in waiting]
            if keys:
                yield Change("changed", what, "", tuple(keys))
    yield from _numbers(running, new)


def _named(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in after:
        if name not in before:
            yield Change("added", what, name)
        elif before[name] != after[name]:
            keys = tuple(line for _, line in _lines(before[name], after[name]))
            yield Change("changed", what, name, keys or ("another order",))
    for name in before:
        if name not in after:
            yield Change("removed", what, name)


def _order_changed(before: tuple[Any, ...], after: tuple[Any, ...], key: str) -> bool:
    """Whether those that are in both stand in another order."""
    old, new = [[getattr(item, key) for item in items] for items in (before, after)]
    return [name for name in old if name in set(new)] != [name for name in new if name in set(old)]


def _numbers(running: Config, new: Config) -> Iterator[Change]:
    """Lists of callers, with what is in their files."""
    for name in new.lists.keys() & running.lists.keys():
        before, after = running.lists[name], new.lists[name]
        if before.digest != after.digest:
            yield Change("changed", "numbers of list", name, (f"{len(before)} → {len(after)} numbers",))


def _routes(before: tuple[Any, ...], after: tuple[Any, ...]) -> Iterator[Change]:
    """Routes have no names and their order counts, so they are compared as lines of a text are."""
    old, new = [_route(route) for route in before], [_route(route) for route in after]
    for kind, start, end, begin, until in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for line in old[start:end]:
            yield Change("removed" if line not in new else "moved", "route", line)
        for line in new[begin:until]:
            if line not in old:
                yield Change("added", "route", line)


def _route(route: BaseModel) -> str:
    plain = _plain(route)
    said = ", ".join(f"{key} {_told(value)}" for key, value in plain.items() if key != "to" and _said(route, key))
    return f"{said or 'every number'} → {_told(plain.get('to', ''))}"


def _said(route: BaseModel, key: str) -> bool:
    """Whether the file says something of *key* that is not the default."""
    for name, field in type(route).model_fields.items():
        if (field.alias or name) == key:
            return bool(getattr(route, name) != field.get_default(call_default_factory=True))
    return False


def _plain(value: Any) -> Any:
    """Tables as dictionaries by the names that the file uses; everything else as it is."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        return {field.alias or name: _plain(getattr(value, name)) for name, field in fields}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return [_plain(item) for item in value]
    return value


def _lines(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Path and line of every value that differs."""
    old, new = _plain(before), _plain(after)
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            inner = f"{path}.{key}" if path else str(key)
            if key not in old:
                yield inner, f"{inner}: {_shown(new[key])} is new"
            elif key not in new:
                yield inner, f"{inner}: {_shown(old[key])} is gone"
            else:
                yield from _lines(old[key], new[key], inner)
    elif isinstance(old, Secret) or isinstance(new, Secret):
        yield path, f"{path}: is another one"
    elif isinstance(old, list) and isinstance(new, list) and _are_tables(old) and _are_tables(new):
        yield from _tables(old, new, path)
    else:
        was, now = _side_by_side(_told(old), _told(new))
        yield path, f"{path}: {was} → {now}"


def _are_tables(items: list[Any]) -> bool:
    return all(isinstance(item, dict) for item in items)


def _tables(old: list[dict[str, Any]], new: list[dict[str, Any]], path: str) -> Iterator[tuple[str, str]]:
    """Tables of a list, by what names them, else by where they stand."""
    key = next((key for key in _KEYS if _names(old, key) and _names(new, key)), "")
    before, after = (
        {str(item[key]) if key else str(n): item for n, item in enumerate(items, 1)} for items in (old, new)
    )
    yield from _lines(before, after, path)
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield path, f"{path}: another order"


def _names(items: list[dict[str, Any]], key: str) -> bool:
    """Whether *key* tells *items* apart."""
    names = [item.get(key) for item in items]
    return all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names)


def _alike(one: str, other: str) -> int:
    """How many letters both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _side_by_side(old: str, new: str) -> tuple[str, str]:
    """Both as they are shown: of what is long, the part that differs with a little of what is around it."""
    if max(len(old), len(new)) <= _LONGEST:
        return old, new
    start = _alike(old, new)
    end = min(_alike(old[::-1], new[::-1]), len(old) - start, len(new) - start)
    first, after = max(start - _AROUND, 0), max(end - _AROUND, 0)
    shown = []
    for text in (old, new):
        part = text[first : len(text) - after]
        if len(part) > 2 * _LONGEST:
            part = part[: 2 * _LONGEST - 1] + "…"
        elif after:
            part += "…"
        shown.append(f"…{part}" if first else part)
    return shown[0], shown[1]


def _shown(value: Any) -> str:
    text = _told(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _told(value: Any) -> str:
    match value:
        case None:
            text = "none"
        case bool():
            text = str(value).lower()
        case float():
            text = f"{value:g}"
        case Secret():
            text = "…"
        case dict():
            text = ", ".join(f"{key} = {_told(item)}" for key, item in value.items())
        case list():
            text = ", ".join(_told(item) for item in value)
        case _:
            text = str(value)
    return text
