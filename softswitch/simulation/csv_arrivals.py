"""Arrivals files in CSV: a header line ``queue,from,calls``, perhaps with ``minutes,talk,cv,patience,answer,language``.

A line for each queue, interval and language; talk, cv, patience and answer of a queue's first line hold for the queue.
"""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING

from acd.samples import Lognormal
from softswitch.config.errors import nearest, one_of
from softswitch.simulation.complaints import ArrivalsFile
from softswitch.simulation.demand import Callers, Demand, Exponential, Fixed
from softswitch.simulation.toml_arrivals import INTERVAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.simulation.demand import Interval, Lengths


class CsvArrivals(ArrivalsFile):
    _NEEDED = ("queue", "from", "calls")
    _COLUMNS = (*_NEEDED, "minutes", "talk", "cv", "patience", "answer", "language")

    def read(self) -> Demand:
        lines = csv.reader(io.StringIO(self.text, newline=""))
        try:
            header = [name.strip().lower() for name in next(lines, [])]
            self.header(header)
            rows = [
                (lines.line_num, dict(zip(header, (cell.strip() for cell in row), strict=False)), len(row))
                for row in lines
                if any(cell.strip() for cell in row)
            ]
        except csv.Error as error:
            self.wrong(lines.line_num, f"not valid CSV: {error}")
        intervals: dict[str, list[Interval]] = {}
        languages: dict[str, dict[str, float]] = {}
        first: dict[str, tuple[int, dict[str, str]]] = {}
        for line, row, width in rows:
            if width != len(header):
                self.wrong(line, f"has {width} fields", f"the header has {len(header)}")
            queue = self.known(row["queue"], self.queues, "queue", line)
            first.setdefault(queue, (line, row))
            calls = self.cell(row, "calls", line)
            minutes = self.cell(row, "minutes", line, INTERVAL, above=True)
            span = self.interval(self.clock(row["from"], "from", line), minutes, calls, line)
            intervals.setdefault(queue, []).append(span)
            if row.get("language"):
                shares = languages.setdefault(queue, {})
                shares[row["language"]] = shares.get(row["language"], 0.0) + calls
        if not intervals:
            self.wrong(1, "no queue gets any calls", "write a line below the header, as sales,08:00,12")
        return Demand(
            {queue: self.callers(queue, intervals[queue], languages, *first[queue]) for queue in intervals},
            {},
            self.file,
        )

    def header(self, header: list[str]) -> None:
        for name in header:
            if name not in self._COLUMNS:
                close = nearest(name, self._COLUMNS)
                self.wrong(1, f'"{name}" is no column', f'did you mean "{close}"?' if close else one_of(self._COLUMNS))
        missing = [name for name in self._NEEDED if name not in header]
        if missing or len(set(header)) != len(header):
            what = f"the header lacks {', '.join(missing)}" if missing else "the header names a column twice"
            self.wrong(1, what, f"it begins {','.join(self._NEEDED)}")

    def cell(
        self, row: Mapping[str, str], name: str, line: int, otherwise: float | None = None, *, above: bool = False
    ) -> float:
        text = row.get(name, "")
        if not text and otherwise is not None:
            return otherwise
        try:
            return self.number(float(text), name, line, above=above)
        except ValueError:
            self.wrong(line, f"{name} is {text!r}", "a number is needed")

    def callers(
        self,
        queue: str,
        intervals: list[Interval],
        languages: Mapping[str, Mapping[str, float]],
        line: int,
        row: Mapping[str, str],
    ) -> Callers:
        mean = self.cell(row, "talk", line, 180.0, above=True)
        talk: Lengths = Lognormal(mean, self.cell(row, "cv", line)) if row.get("cv") else Exponential(mean)
        patience: Lengths = (
            Exponential(self.cell(row, "patience", line, above=True)) if row.get("patience") else Fixed(math.inf)
        )
        return Callers(
            tuple(intervals),
            talk,
            patience,
            Fixed(self.cell(row, "answer", line, 0.0)),
            languages.get(queue, {}),
        )
