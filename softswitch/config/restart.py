"""Settings that a running switch cannot change: they decide what it opens, binds and starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softswitch.config import Config

#: By table; None: every key of it.
FIXED: dict[str, frozenset[str] | None] = {
    "server": frozenset({"data_dir", "timezone"}),
    "sip": None,
    "rtp": frozenset({"ports", "workers"}),
    "tts": None,
}


def needs_restart(running: Config, new: Config) -> list[str]:
    """Keys that differ and have to wait, as they are written: ``sip.listen``."""
    found = [
        f"{table}.{alias}"
        for table in FIXED
        for name, alias in _fixed(running, table)
        if getattr(getattr(running, table), name) != getattr(getattr(new, table), name)
    ]
    return found if _listens(running) == _listens(new) else [*found, "api.listen"]


def as_far_as_possible(running: Config, new: Config) -> Config:
    """*new* with the values of *running* wherever a restart would be needed."""
    kept = {}
    for table in FIXED:
        here, there = getattr(running, table), getattr(new, table)
        kept[table] = there.model_copy(update={name: getattr(here, name) for name, _ in _fixed(running, table)})
    api = running.api and new.api and new.api.model_copy(update={"listen": running.api.listen})
    return new.model_copy(update={**kept, "api": api})


def _listens(config: Config) -> object:
    return config.api and config.api.listen


def _fixed(config: Config, table: str) -> list[tuple[str, str]]:
    """Attribute and written name of the keys that cannot be changed."""
    known = type(getattr(config, table)).model_fields.items()
    keys = [(name, field.alias or name) for name, field in known]
    fixed = FIXED[table]
    return keys if fixed is None else [(name, alias) for name, alias in keys if alias in fixed]
