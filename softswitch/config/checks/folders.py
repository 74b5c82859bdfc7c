"""Folders that the switch makes where they are not yet: nothing else has their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem


def check(raw: Raw) -> Iterator[Problem]:
    for path, name in raw.strings("server.data_dir"):
        if not name or "\0" in name:
            continue  # reported with the value itself
        if (file := _file_in_the_way(raw.folder / name)) is not None:
            yield raw.error(path, f"{file} is a file", "name a folder; it is made if it is not there")


def _file_in_the_way(folder: Path) -> Path | None:
    try:
        there = next((place for place in (folder, *folder.parents) if place.exists()), None)
        return None if there is None or there.is_dir() else there
    except OSError:  # it may be there for whoever runs the switch
        return None
