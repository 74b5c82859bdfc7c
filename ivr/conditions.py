"""Conditions on what is known of a caller: ``segment in [gold, silver] and language == "uk"``.

Grammar::

    condition  := and-part { "or" and-part }
    and-part   := not-part { "and" not-part }
    not-part   := "not" not-part | "(" condition ")" | comparison
    comparison := name [ operator value | [ "not" ] "in" "[" value { "," value } "]" ]
    operator   := "==" | "!=" | ">=" | ">" | "<=" | "<"
    value      := a word, a number, or anything in double quotes

A name alone holds when the caller has a value there that is not empty. What is not known is empty: it is equal to
nothing, and neither above nor below anything. Order is that of numbers; ``0501`` and ``501`` are different words and
the same number.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_LENGTH = 1000
MAX_DEPTH = 30
_ORDER: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_TOKEN = re.compile(
    r"""(?P<space>\s+) | "(?P<quoted>[^"]*)" | (?P<operator>==|!=|>=|<=|>|<) | (?P<sign>[()\[\],])
      | (?P<word>[+]?[\w.-]+)""",
    re.VERBOSE,
)
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_KEYWORDS = frozenset({"and", "or", "not", "in"})


class ConditionError(ValueError):
    """The text is not a condition; `column` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column


@dataclass(frozen=True, slots=True)
class Compare:
    """`values` has one entry unless the operator is "in"; with the operator "" the name stands alone."""

    name: str
    operator: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; `All(())` always does."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


Condition = Compare | All | Some | Not

ALWAYS = All(())


@lru_cache(maxsize=512)
def parse(text: str) -> Condition:
    """Read a condition; the empty text always holds. Raises ConditionError."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"is longer than {MAX_LENGTH} characters", MAX_LENGTH)
    return _Parser(text).parse()


def holds(condition: Condition, variables: Mapping[str, str]) -> bool:
    """Whether it is so for a caller of whom these variables are known."""
    match condition:
        case Compare(name, sign, values):
            return _compare(variables.get(name, ""), sign, values)
        case All(parts):
            return all(holds(part, variables) for part in parts)
        case Some(parts):
            return any(holds(part, variables) for part in parts)
        case Not(part):
            return not holds(part, variables)


def names(condition: Condition) -> frozenset[str]:
    """The variables that are asked for."""
    match condition:
        case Compare(name):
            return frozenset({name})
        case All(parts) | Some(parts):
            return frozenset[str]().union(*map(names, parts))
        case Not(part):
            return names(part)


def _compare(have: str, sign: str, values: tuple[str, ...]) -> bool:
    match sign:
        case "":
            return have != ""
        case "==" | "in":
            return have != "" and have in values
        case "!=":
            return have not in values
    try:
        return have != "" and _ORDER[sign](Decimal(have), Decimal(values[0]))
    except InvalidOperation:
        return False


class _Parser:
    """Recursive descent over the tokens; `_at` is the next one."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                what = "a quotation that does not end" if text[at] == '"' else f'"{text[at]}" means nothing here'
                raise ConditionError(what, at + 1)
            if found.lastgroup not in ("space", None):
                self._tokens.append((found.lastgroup, found[found.lastgroup], at + 1))
            at = found.end()
        self._end = len(text) + 1
        self._at = 0
        self._depth = 0

    def parse(self) -> Condition:
        if not self._tokens:
            return ALWAYS
        condition = self._either()
        if self._at < len(self._tokens):
            _, text, column = self._tokens[self._at]
            raise ConditionError(f'"and" or "or" should stand before "{text}"', column)
        return condition

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._take("word", "or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _both(self) -> Condition:
        parts = [self._part()]
        while self._take("word", "and"):
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _part(self) -> Condition:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConditionError(f"is nested more than {MAX_DEPTH} deep", self._column())
        try:
            if self._take("word", "not"):
                return Not(self._part())
            if self._take("sign", "("):
                inner = self._either()
                self._demand("sign", ")")
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Condition:
        column = self._column()
        kind, name = self._next()
        if kind != "word" or not _NAME.fullmatch(name) or name in _KEYWORDS:
            raise ConditionError(f'"{name}" is no variable; names are of small letters, figures and "_"', column)
        if self._take("word", "in"):
            return Compare(name, "in", self._list())
        if self._peek() == ("word", "not"):
            self._at += 1
            self._demand("word", "in")
            return Not(Compare(name, "in", self._list()))
        kind, sign = self._peek()
        if kind != "operator":
            return Compare(name)
        self._at += 1
        column = self._column()
        value = self._value()
        if sign in _ORDER:
            try:
                Decimal(value)
            except InvalidOperation:
                raise ConditionError(f'"{value}" is no number, and "{sign}" compares numbers', column) from None
        return Compare(name, sign, (value,))

    def _list(self) -> tuple[str, ...]:
        self._demand("sign", "[")
        values = [self._value()]
        while self._take("sign", ","):
            values.append(self._value())
        self._demand("sign", "]")
        return tuple(values)

    def _value(self) -> str:
        column = self._column()
        kind, value = self._next()
        if kind not in ("word", "quoted") or (kind == "word" and value in _KEYWORDS):
            raise ConditionError("a value should stand here", column)
        return value

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at][:2] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise ConditionError("ends too early", self._end)
        self._at += 1
        return self._tokens[self._at - 1][:2]

    def _take(self, kind: str, text: str) -> bool:
        if self._peek() != (kind, text):
            return False
        self._at += 1
        return True

    def _demand(self, kind: str, text: str) -> None:
        if not self._take(kind, text):
            raise ConditionError(f'"{text}" should stand here', self._column())

    def _column(self) -> int:
        return self._tokens[self._at][2] if self._at < len(self._tokens) else self._end
