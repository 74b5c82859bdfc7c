"""Lists of callers: VIPs, key contacts with their own consultant, blocked numbers; a million of them in memory.

A list is made of entries of the configuration and of CSV files. A number is found by bisection over packed arrays:
about 20 steps for a million numbers. An entry may also be a prefix ("+4822*"); the longest one wins, and a
whole number wins over any prefix.
"""

from __future__ import annotations

import csv
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from softswitch.callers.numbers import NumberKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from softswitch.callers.numbers import Number, NumberPlan

#: A CSV file is UTF-8, with a byte order mark or without; the first row names the columns.
NUMBER_COLUMN = "number"
_MOST_COMPLAINTS = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: a number or a prefix with "*", and what is known of whoever calls from it."""

    number: str
    data: Mapping[str, str] = field(default_factory=dict)


class ListFileError(ValueError):
    """A file of numbers that cannot be used; `problems` are lines for a person."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(problems))
        self.path = path
        self.problems = problems


class CallerList:
    """Numbers and what is known of them. Of two entries with the same number the first counts."""

    def __init__(self, entries: Iterable[Entry], plan: NumberPlan) -> None:
        self._plan = plan
        self._prefixes: dict[str, Mapping[str, str]] = {}
        self._others: dict[str, Mapping[str, str]] = {}  # shorter than E.164 or with letters: few
        self._texts: list[bytes] = []
        keys: list[tuple[int, int]] = []
        columns: dict[tuple[str, ...], int] = {}
        for entry in entries:
            number = entry.number.strip()
            if number.endswith("*"):
                self._prefixes.setdefault(self._prefix(number[:-1]), entry.data)
                continue
            read = plan.read(number)
            if read.kind is not NumberKind.GLOBAL:
                self._others.setdefault(read.dialable, entry.data)
                continue
            names = tuple(entry.data)
            shape = columns.setdefault(names, len(columns))
            keys.append((int(read.dialable[1:]), len(self._texts)))
            self._texts.append("\x1f".join((str(shape), *entry.data.values())).encode())
        keys.sort()
        self._keys = array("Q", (key for key, _ in keys))
        self._rows = array("L", (row for _, row in keys))
        self._shapes = list(columns)
        self._longest = max(map(len, self._prefixes), default=0)

    def __len__(self) -> int:
        return len(self._keys) + len(self._others) + len(self._prefixes)

    def find(self, number: Number) -> Mapping[str, str] | None:
        """What is known of *number*; None when it is not on the list."""
        if number.kind is NumberKind.GLOBAL:
            key = int(number.dialable[1:])
            at = bisect_left(self._keys, key)
            if at < len(self._keys) and self._keys[at] == key:
                return self._data(self._rows[at])
        elif (found := self._others.get(number.dialable)) is not None:
            return found
        for length in range(min(self._longest, len(number.dialable)), 0, -1):
            if (found := self._prefixes.get(number.dialable[:length])) is not None:
                return found
        return None

    def _data(self, row: int) -> Mapping[str, str]:
        shape, *values = self._texts[row].decode().split("\x1f")
        return dict(zip(self._shapes[int(shape)], values, strict=True))

    def _prefix(self, written: str) -> str:
        """ "+4822" as it is; "0044" and "022" cannot be read as numbers, so only their fillings are taken out."""
        return "".join(character for character in written if character.isdigit() or character == "+")


def read_csv(path: Path, plan: NumberPlan) -> Iterator[Entry]:
    """The entries of a file with a column "number"; empty cells say nothing.

    Raises ListFileError that names the rows which cannot be used, and OSError.
    """
    problems: list[str] = []
    entries: list[Entry] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            separator = max(",;\t", key=head.count)
            names = [name.strip().lower() for name in next(csv.reader([head], delimiter=separator), [])]
            if NUMBER_COLUMN not in names:
                raise ListFileError(
                    path, [f'row 1: there is no column "{NUMBER_COLUMN}", but {", ".join(names) or "none"}']
                )
            at = names.index(NUMBER_COLUMN)
            for row, cells in enumerate(csv.reader(file, delimiter=separator), start=2):
                if not any(cells):
                    continue
                number = cells[at].strip() if at < len(cells) else ""
                problem = _problem(number, len(cells), len(names), plan)
                if problem:
                    problems.append(f"row {row}: {problem}")
                    if len(problems) >= _MOST_COMPLAINTS:
                        break
                    continue
                data = {
                    name: cell.strip().replace("\x1f", " ")
                    for name, cell in zip(names, cells, strict=False)
                    if name != NUMBER_COLUMN and cell.strip()
                }
                entries.append(Entry(number, data))
    except UnicodeDecodeError:
        raise ListFileError(path, ["is not UTF-8; save it as UTF-8"]) from None
    except csv.Error as error:
        raise ListFileError(path, [str(error)]) from None
    if problems:
        raise ListFileError(path, problems)
    return iter(entries)


def _problem(number: str, cells: int, columns: int, plan: NumberPlan) -> str:
    if cells > columns:
        return f"{cells} cells under {columns} columns"
    if not number:
        return "no number"
    if number.endswith("*"):
        return "" if number[:-1].lstrip("+").isdigit() else f'"{number}" is not a prefix, write "+4822*"'
    if plan.read(number).kind in (NumberKind.OTHER, NumberKind.WITHHELD):
        return f'"{number}" is not a telephone number'
    return ""
