"""The journal form of what the IVR and the call went through."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import get_args

from ivr.effects import Identified, Record

_WORD = re.compile(r"(?<!^)(?=[A-Z])")

#: "NodeEntered" → "ivr.node_entered"; who calls is not the menus' affair alone
KINDS = {record: "ivr." + _WORD.sub("_", record.__name__).lower() for record in get_args(Record)}
KINDS[Identified] = "call.identified"


def ivr_record(record: Record) -> tuple[str, dict[str, object]]:
    """Kind and JSON-able data of one line."""
    return KINDS[type(record)], {field.name: _plain(getattr(record, field.name)) for field in fields(record)}


def _plain(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return value if isinstance(value, int) else str(value)
