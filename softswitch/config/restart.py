"""Settings that a running switch cannot change: they decide what it opens, binds and starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from softswitch.config import Config

#: By table; None: every key of it. A table that may be missing cannot come or go either.
FIXED: dict[str, frozenset[str] | None] = {
    "server": frozenset({"data_dir", "timezone"}),
    "sip": None,
    "rtp": frozenset({"ports", "workers"}),
    "tts": None,
    "api": frozenset({"listen"}),
}


def needs_restart(running: Config, new: Config) -> list[str]:
    """Keys that differ and have to wait, as they are written: ``sip.listen``; ``api`` for a table as a whole."""
    return list(_waiting(running, new))


def _waiting(running: Config, new: Config) -> Iterator[str]:
    for table in FIXED:
        here, there = getattr(running, table), getattr(new, table)
        if here is None or there is None:
            if here is not there:
                yield table
            continue
        for name, alias in _fixed(here, table):
            if getattr(here, name) != getattr(there, name):
                yield f"{table}.{alias}"


def as_far_as_possible(running: Config, new: Config) -> Config:
    """*new* with the values of *running* wherever a restart would be needed."""
    kept = {}
    for table in FIXED:
        here, there = getattr(running, table), getattr(new, table)
        if here is None or there is None:
            kept[table] = here
        else:
            kept[table] = there.model_copy(update={name: getattr(here, name) for name, _ in _fixed(here, table)})
    return new.model_copy(update=kept)


def _fixed(words: BaseModel, table: str) -> list[tuple[str, str]]:
    """Attribute and written name of the keys that cannot be changed."""
    keys = [(name, field.alias or name) for name, field in type(words).model_fields.items()]
    fixed = FIXED[table]
    return keys if fixed is None else [(name, alias) for name, alias in keys if alias in fixed]
