"""From an arrivals file to the demand of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.simulation.complaints import ArrivalsError
from softswitch.simulation.csv_arrivals import CsvArrivals
from softswitch.simulation.toml_arrivals import TomlArrivals

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from softswitch.simulation.demand import Demand

_MOST_OCTETS = 16 << 20


def read_arrivals(path: Path, queues: Collection[str], agents: Collection[str]) -> Demand:
    """The demand that a file describes, for these configured queues and agents. Raises ArrivalsError."""
    try:
        with path.open("rb") as opened:
            octets = opened.read(_MOST_OCTETS + 1)
    except OSError as error:
        raise ArrivalsError(f"{path}: cannot be read: {error.strerror}") from None
    if len(octets) > _MOST_OCTETS:
        raise ArrivalsError(f"{path}: is longer than {_MOST_OCTETS} bytes")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        raise ArrivalsError(f"{path}:{line}: is not UTF-8; save the file as UTF-8") from None
    reader = CsvArrivals if path.suffix.lower() == ".csv" else TomlArrivals
    return reader(str(path), text, queues, agents).read()
