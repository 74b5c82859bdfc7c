"""What a running thing is made of: every plain value that some part of it holds."""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from functools import partial
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from softswitch.config.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = ("softswitch", "ivr", "acd", "sip", "rtp", "tests")


def parts(root: object) -> dict[str, object]:
    """Every plain value that some part of *root* holds, by the way to it."""
    found: dict[str, object] = {}
    seen: set[int] = set()
    pending: deque[tuple[str, object]] = deque([("", root)])
    while pending:
        path, value = pending.popleft()
        if _is_plain(value):
            found[path] = value
        elif id(value) not in seen:
            seen.add(id(value))
            pending.extend((f"{path}.{name}", inner) for name, inner in _inside(value))
    return found


_PLAIN = (bool, int, float, str, bytes, Enum, Path, ZoneInfo, datetime, date, time, Secret, BaseModel, type(None))


def _is_plain(value: object) -> bool:
    match value:
        case IPv4Network() | IPv6Network():
            return True
        case _ if isinstance(value, _PLAIN):
            return True
        case Mapping():
            return all(_is_plain(key) and _is_plain(item) for key, item in value.items())
        case list() | tuple() | set() | frozenset() | deque():
            return all(map(_is_plain, value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            frozen = type(value).__dataclass_params__.frozen  # type: ignore[attr-defined]
            return frozen and all(_is_plain(getattr(value, field.name)) for field in fields(value))
    return False


def _inside(value: object) -> Iterator[tuple[str, object]]:
    match value:
        case type() | types.ModuleType():
            return
        case Mapping():
            yield from ((repr(key), item) for key, item in value.items())
        case list() | tuple() | deque():
            yield from ((str(number), item) for number, item in enumerate(value))
        case types.MethodType():
            yield "self", value.__self__
        case types.FunctionType():
            names = value.__code__.co_freevars
            yield from zip(names, (cell.cell_contents for cell in value.__closure__ or ()), strict=True)
        case partial():
            yield from (("func", value.func), ("args", value.args), ("keywords", value.keywords))
        case _ if type(value).__module__.split(".")[0] in OURS:
            yield from sorted(getattr(value, "__dict__", {}).items())
            slots = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())]
            yield from ((name, getattr(value, name)) for name in slots if hasattr(value, name))


class Missing:
    """Nothing is there."""


def differing(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    return {path for path in one.keys() | other.keys() if one.get(path, Missing) != other.get(path, Missing)}
