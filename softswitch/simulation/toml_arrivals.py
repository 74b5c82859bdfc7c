"""Arrivals files in TOML, which can say everything.

interval = 30                              # minutes that each number of `calls` stands for
[queue.sales]
from = "08:00"                             # of the first number
calls = [10, 14, 22.5]                     # expected; the number that comes is Poisson
talk = { mean = 240, cv = 0.8 }            # seconds of conversation; without cv exponential. Wrap-up: the config's
patience = 180                             # mean seconds until a caller hangs up; without: never
answer = 4                                 # seconds until an agent answers
languages = { en = 0.7, uk = 0.3 }
priorities = { 0 = 0.85, 100 = 0.15 }      # or all of it together, instead of the last two:
[[queue.sales.kind]]
share = 15                                 # of all `kind` of the queue
language = "uk"
priority = 100                             # all of these as lists, routes and menus say it
needs = "{product} >= 50"
prefer = "vip >= 50"
data = { product = "loans" }
[agent.olena]
shifts = ["08:00-12:00", "12:30-17:00"]    # without: all day
"""

from __future__ import annotations

import math
import re
import tomllib
from typing import TYPE_CHECKING, Any

from acd.people import Kind
from acd.samples import Lognormal
from acd.skills import SkillSyntaxError, parse
from softswitch.config.errors import dotted, nearest, one_of
from softswitch.config.positions import index
from softswitch.simulation.complaints import ArrivalsFile
from softswitch.simulation.demand import Callers, Demand, Exponential, Fixed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from softswitch.simulation.demand import Lengths

#: A place in the file.
Where = tuple[str | int, ...]
#: Minutes.
INTERVAL = 30.0


class TomlArrivals(ArrivalsFile):
    _TOP = ("interval", "queue", "agent")
    _QUEUE = ("from", "calls", "interval", "talk", "patience", "answer", "languages", "priorities", "kind")
    _KIND = ("share", "language", "priority", "needs", "prefer", "data")

    def read(self) -> Demand:
        try:
            raw = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r" \(at line (\d+), column \d+\)$", str(error))
            line = int(found[1]) if found else self.text.count("\n") + 1
            self.wrong(line, f"not valid TOML: {re.sub(r' [(]at .*[)]$', '', str(error))}")
        self.positions = index(self.text)
        self.keys(raw, self._TOP, ())
        minutes = self.number(raw.get("interval", INTERVAL), "interval", self.line("interval"), above=True)
        tables = self.table(raw.get("queue", {}), ("queue",))
        if not tables:
            self.wrong(1, "no queue gets any calls", "write a table [queue.NAME] with calls = […]")
        queues = {}
        for name, table in tables.items():
            self.known(name, self.queues, "queue", self.line("queue", name))
            queues[name] = self.callers(self.table(table, ("queue", name)), ("queue", name), minutes)
        shifts = {}
        for name, table in self.table(raw.get("agent", {}), ("agent",)).items():
            self.known(name, self.agents, "agent", self.line("agent", name))
            self.keys(self.table(table, ("agent", name)), ("shifts",), ("agent", name))
            shifts[name] = self.shifts(table.get("shifts", []), ("agent", name, "shifts"))
        return Demand(queues, shifts, self.file)

    def line(self, *path: str | int) -> int:
        """Where a key is; the nearest table around it if it has no place of its own."""
        return self.positions.of_value(path).line if isinstance(path[-1], int) else self.positions.of(path).line

    def table(self, value: Any, path: Where) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.wrong(self.line(*path), f"{dotted(path)} is {value!r}", "a table is needed")
        return value

    def keys(self, table: Mapping[str, Any], known: Collection[str], path: Where) -> None:
        for key in table:
            if key not in known:
                close = nearest(key, known)
                right = f'did you mean "{close}"?' if close else one_of(known)
                self.wrong(self.line(*path, key), f'"{key}" means nothing here', right)

    def callers(self, table: dict[str, Any], path: Where, minutes: float) -> Callers:
        self.keys(table, self._QUEUE, path)
        calls = table.get("calls")
        if not isinstance(calls, list) or not calls:
            self.wrong(self.line(*path, "calls"), f"{dotted(path)} has no calls", "write calls = [10, 12, …]")
        begin = self.clock(table.get("from", "00:00"), "from", self.line(*path, "from"))
        if "interval" in table:
            minutes = self.number(table["interval"], "interval", self.line(*path, "interval"), above=True)
        intervals = tuple(
            self.interval(
                begin + 60 * minutes * i,
                minutes,
                self.number(value, f"number {i + 1} of calls", self.line(*path, "calls", i)),
                self.line(*path, "calls"),
            )
            for i, value in enumerate(calls)
        )
        if "talk" not in table:
            self.wrong(self.line(*path), f"{dotted(path)} has no talk", "write talk = { mean = 240, cv = 0.8 }")
        return Callers(
            intervals,
            talk=self.lengths(table["talk"], (*path, "talk")),
            patience=self.lengths(table["patience"], (*path, "patience")) if "patience" in table else Fixed(math.inf),
            answer=self.answer(table.get("answer", 0.0), (*path, "answer")),
            languages=self.weights(table.get("languages", {}), (*path, "languages")),
            priorities={
                self.points(name, (*path, "priorities", name)): weight
                for name, weight in self.weights(table.get("priorities", {}), (*path, "priorities")).items()
            },
            kinds=self.kinds(table["kind"], (*path, "kind"), table) if "kind" in table else {},
        )

    def kinds(self, value: Any, path: Where, table: Mapping[str, Any]) -> dict[Kind, float]:
        if not isinstance(value, list):
            self.wrong(self.line(*path), f"{dotted(path)} is {value!r}", "write tables [[queue.NAME.kind]]")
        if both := sorted({"languages", "priorities"} & table.keys()):
            self.wrong(self.line(*path[:-1], both[0]), f"{both[0]} beside kind", "say it in kind alone")
        kinds: dict[Kind, float] = {}
        for number, one in enumerate(value):
            where: Where = (*path, number)
            self.keys(self.table(one, where), self._KIND, where)
            data = self.table(one.get("data", {}), (*where, "data"))
            kind = Kind(
                self.points(str(one.get("priority", 0)), where),
                self.word(one, "language", where),
                self.skills(one, "needs", where),
                tuple((name, self.word(data, name, where)) for name in sorted(data)),
                self.skills(one, "prefer", where),
            )
            kinds[kind] = kinds.get(kind, 0.0) + self.number(one.get("share", 1), "share", self.line(*where))
        if not any(kinds.values()):
            self.wrong(self.line(*path), "all shares are 0", "give at least one kind a share")
        return kinds

    def word(self, table: Mapping[str, Any], name: str, where: Where) -> str:
        value = table.get(name, "")
        if not isinstance(value, str):
            self.wrong(self.line(*where), f"{name} is {value!r}", "a text is needed")
        return value

    def skills(self, table: Mapping[str, Any], name: str, where: Where) -> str:
        text = self.word(table, name, where)
        try:
            parse(text)
        except SkillSyntaxError as error:
            self.wrong(self.line(*where), f"{name}: {error.message}", error.hint)
        return text

    def lengths(self, value: Any, path: Where) -> Lengths:
        """``240`` or ``{ mean = 240 }``: exponential; ``{ mean = 240, cv = 0.8 }``: lognormal."""
        if not isinstance(value, dict):
            return Exponential(self.number(value, str(path[-1]), self.line(*path), above=True))
        self.keys(value, ("mean", "cv"), path)
        if "mean" not in value:
            self.wrong(self.line(*path), f"{path[-1]} has no mean", "write { mean = 240, cv = 0.8 }, in seconds")
        mean = self.number(value["mean"], f"{path[-1]}.mean", self.line(*path, "mean"), above=True)
        if "cv" not in value:
            return Exponential(mean)
        return Lognormal(mean, self.number(value["cv"], f"{path[-1]}.cv", self.line(*path, "cv")))

    def answer(self, value: Any, path: Where) -> Lengths:
        """As `lengths`, but a number alone is always the same."""
        if isinstance(value, dict):
            return self.lengths(value, path)
        return Fixed(self.number(value, str(path[-1]), self.line(*path)))

    def weights(self, value: Any, path: Where) -> dict[str, float]:
        weights = {
            name: self.number(weight, f"{path[-1]}.{name}", self.line(*path, name))
            for name, weight in self.table(value, path).items()
        }
        if weights and not any(weights.values()):
            self.wrong(self.line(*path), f"{path[-1]} are all 0", "give at least one a share, as { en = 1 }")
        return weights

    def points(self, name: str, path: Where) -> float:
        try:
            return float(name)
        except ValueError:
            self.wrong(self.line(*path), f'"{name}" is no priority', "write { 0 = 0.85, 100 = 0.15 }")

    def shifts(self, value: Any, path: Where) -> tuple[tuple[float, float], ...]:
        line, right = self.line(*path), 'a list is needed, as ["08:00-12:00", "12:30-17:00"]'
        if not isinstance(value, list):
            self.wrong(line, f"shifts is {value!r}", right)
        found: list[tuple[float, float]] = []
        for text in value:
            begin, dash, end = text.partition("-") if isinstance(text, str) else ("", "", "")
            if not dash:
                self.wrong(line, f"shift {text!r} is none", right)
            span = self.clock(begin, "the beginning of a shift", line), self.clock(end, "the end of a shift", line)
            if span[0] >= span[1] or (found and span[0] < found[-1][1]):
                self.wrong(line, f"shift {text!r} ends before it begins, or begins before the last one ends", right)
            found.append(span)
        return tuple(found)
