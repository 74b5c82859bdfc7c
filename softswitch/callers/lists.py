"""Lists of callers: VIPs, key contacts with their own consultant, blocked numbers; a million of them in memory.

A list is made of entries of the configuration and of CSV files. A number is found by bisection over packed arrays:
about 20 steps for a million numbers. An entry may also be a prefix ("+4822*"); the longest one wins, and a
whole number wins over any prefix. A regular expression between slashes ("/\\+38050.*7/") that matches all of the number
comes last; those are tried one after another.
"""

from __future__ import annotations

import csv
import hashlib
import re
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from heapq import merge
from math import inf
from typing import TYPE_CHECKING

from softswitch.callers.numbers import NumberKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from softswitch.callers.numbers import Number, NumberPlan

#: A CSV file is UTF-8, with a byte order mark or without; the first row names the columns.
NUMBER_COLUMN = "number"
_MOST_COMPLAINTS = 20
_PART = 16_384
_MOST_REPEATS = 3  # of up to 64 characters
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list: a number, a prefix with "*" or a "/regular expression/"; and what is known of who calls.

    `row`: of its file, the head being 1; 0 without a file.
    """

    number: str
    data: Mapping[str, str] = field(default_factory=dict)
    row: int = field(default=0, compare=False)


class ListFileError(ValueError):
    """A file of numbers that cannot be used; `problems` are lines for a person."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        super().__init__(f"{path}: " + "; ".join(problems))
        self.path = path
        self.problems = problems


class CallerList:
    """Numbers and what is known of them. Of two entries with the same number the first counts."""

    def __init__(self, entries: Iterable[Entry], plan: NumberPlan) -> None:
        self._prefixes: dict[str, Mapping[str, str]] = {}
        #: Shorter than E.164 or with letters, and whether it is one of our own: few.
        self._others: dict[tuple[str, bool], Mapping[str, str]] = {}
        self._patterns: list[tuple[re.Pattern[str], Mapping[str, str]]] = []
        self._blob = bytearray()
        shapes: dict[tuple[str, ...], int] = {}
        keys, begins = array("Q"), array("Q")
        least, most = inf, -inf
        languages: set[str] = set()
        for entry in entries:
            languages.add(entry.data.get("language", ""))
            points = float(entry.data.get("priority") or 0.0)
            least, most = min(least, points), max(most, points)
            number = entry.number.strip()
            if is_pattern(number):
                self._patterns.append((compiled(number), entry.data))
            elif number.endswith("*"):
                for beginning in plan.beginnings(number[:-1]):
                    self._prefixes.setdefault(beginning, entry.data)
            elif (key := _key(number, plan)) is None:
                read = plan.read(number)
                self._others.setdefault((read.dialable, read.kind is NumberKind.INTERNAL), entry.data)
            else:
                keys.append(key)
                begins.append(len(self._blob))
                shape = shapes.setdefault(tuple(entry.data), len(shapes))
                packed = "\x1f".join((str(shape), *entry.data.values()))
                if packed.count("\x1f") > len(entry.data):  # one of the values has it
                    packed = "\x1f".join((str(shape), *(v.replace("\x1f", " ") for v in entry.data.values())))
                self._blob += packed.encode()
        begins.append(len(self._blob))
        order = _order(keys)
        self.priorities = (least, most) if least <= most else (0.0, 0.0)
        """The fewest and the most points that the list gives to somebody on it."""
        self.languages = frozenset(languages - {""})
        """Those that somebody on it is spoken to."""
        self._keys = array("Q", (keys[row] for row in order))
        self._rows = array("L", order)
        self._begins = begins
        self._shapes = list(shapes)
        self._longest = max(map(len, self._prefixes), default=0)

    def __len__(self) -> int:
        return len(self._keys) + len(self._others) + len(self._prefixes) + len(self._patterns)

    @property
    def digest(self) -> bytes:
        """Of everything on the list; lists with another one say something else."""
        patterns = [(pattern.pattern, data) for pattern, data in self._patterns]
        digest = hashlib.sha256(repr((self._prefixes, self._others, patterns, self._shapes)).encode())
        for part in (self._keys, self._rows, self._begins, self._blob):
            digest.update(part)
        return digest.digest()

    def find(self, number: Number) -> Mapping[str, str] | None:
        """What is known of *number*; None when it is not on the list."""
        if number.kind is NumberKind.GLOBAL:
            for written in dict.fromkeys((number.dialable, number.raw)):
                if _E164.fullmatch(written) and (row := self._row(int(written[1:]))) is not None:
                    return self._data(row)
        elif (found := self._others.get((number.dialable, number.kind is NumberKind.INTERNAL))) is not None:
            return found
        for length in range(min(self._longest, len(number.dialable)), 0, -1):
            if (found := self._prefixes.get(number.dialable[:length])) is not None:
                return found
        if number.kind in (NumberKind.OTHER, NumberKind.WITHHELD):
            return None
        return next((data for pattern, data in self._patterns if pattern.fullmatch(number.dialable)), None)

    def _row(self, key: int) -> int | None:
        at = bisect_left(self._keys, key)
        return self._rows[at] if at < len(self._keys) and self._keys[at] == key else None

    def _data(self, row: int) -> Mapping[str, str]:
        shape, *values = self._blob[self._begins[row] : self._begins[row + 1]].decode().split("\x1f")
        return dict(zip(self._shapes[int(shape)], values, strict=True))


def _key(number: str, plan: NumberPlan) -> int | None:
    """The E.164 digits; a number that is written so is taken at its word, which reads a million of them in seconds."""
    if _E164.fullmatch(number):
        return int(number[1:])
    read = plan.read(number)
    return int(read.e164[1:]) if read.e164 else None


def is_pattern(written: str) -> bool:
    return len(written) > 2 and written.startswith("/") and written.endswith("/")


def compiled(written: str) -> re.Pattern[str]:
    """Of an entry between slashes. Raises re.error."""
    return re.compile(written[1:-1], re.ASCII)


def wrong_pattern(written: str) -> str:
    """What is wrong with an entry between slashes, or nothing: callers must not make it take long."""
    try:
        compiled(written)
    except re.error as error:
        return f'"{written}" is not a regular expression: {error}'
    bare = re.sub(r"\\.|\[[^]]*\]", "x", written[1:-1])
    bare = re.sub(r"(?<!\))\{[0-9]+\}", "", bare)  # so many and no others: nothing to try
    if re.search(r"\)[*+{]", bare) or len(re.findall(r"[*+?{]", bare)) > _MOST_REPEATS:
        return f'"{written}" can take long: at most {_MOST_REPEATS} of * + ? {{…}}, none after a group'
    return ""


def _order(keys: array[int]) -> list[int]:
    """The places of *keys* in ascending order, of equal ones the first first.

    Sorted in parts that are merged: one sort of a million would hold the interpreter for a quarter of a second, while
    calls go on in another thread.
    """
    parts = (range(first, min(first + _PART, len(keys))) for first in range(0, len(keys), _PART))
    return list(merge(*(sorted(part, key=keys.__getitem__) for part in parts), key=keys.__getitem__))


def read_csv(
    path: Path, plan: NumberPlan, complaint: Callable[[Mapping[str, str]], str] = lambda data: ""
) -> Iterator[Entry]:
    """The entries of a file with a column "number"; empty cells say nothing.

    *complaint* says what is wrong with the data of a row, or nothing. Raises ListFileError that names the rows which
    cannot be used, after the last entry, and OSError.
    """
    problems: list[str] = []
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
            rows, row = csv.reader(file, delimiter=separator, strict=True), 1
            for cells in rows:
                row += 1
                if not any(cells):
                    continue
                if any("\n" in cell or "\r" in cell for cell in cells):
                    problems.append(f'row {row}: a cell goes on in the next line; is a " left open or not doubled?')
                    break
                number = cells[at].strip() if at < len(cells) else ""
                data = {
                    name: cell.strip().replace("\x1f", " ")
                    for name, cell in zip(names, cells, strict=False)
                    if name != NUMBER_COLUMN and cell.strip()
                }
                problem = _problem(number, len(cells), len(names), plan) or complaint(data)
                if problem:
                    problems.append(f"row {row}: {problem}")
                    if len(problems) >= _MOST_COMPLAINTS:
                        break
                    continue
                yield Entry(number, data, row)
    except UnicodeDecodeError:
        raise ListFileError(path, ["is not UTF-8; save it as UTF-8"]) from None
    except csv.Error as error:
        problems.append(f'row {row + 1}: {error}; a " within a cell is doubled, and a cell with one stands in quotes')
    if problems:
        raise ListFileError(path, problems)


def _problem(number: str, cells: int, columns: int, plan: NumberPlan) -> str:
    if cells > columns:
        return f"{cells} cells under {columns} columns"
    if not number:
        return "no number"
    if _E164.fullmatch(number):
        return ""
    if is_pattern(number):
        return wrong_pattern(number)
    if number.endswith("*"):
        return "" if number[:-1].lstrip("+").isdigit() else f'"{number}" is not a prefix, write "+4822*"'
    if ";" in number or plan.read(number).kind in (NumberKind.OTHER, NumberKind.WITHHELD):
        return f'"{number}" is not a telephone number'
    return ""
