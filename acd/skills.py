"""Skill expressions: ``sales >= 50 and ({language} >= 50 or en >= 80)``.

Grammar (names and levels as in the configuration)::

    expression := and-part { "or" and-part }
    and-part   := not-part { "and" not-part }
    not-part   := "not" not-part | "(" expression ")" | comparison
    comparison := name [ operator level ]           a name alone means ``name >= 1``
    operator   := ">=" | ">" | "<=" | "<" | "==" | "!="
    level      := 0 … 100
    name       := letters, digits, "_", "-" and {variable} parts, e.g. uk, back-office, {language}, lang_{language}

A variable stands for something that is known of the caller and is replaced by :func:`bind` when the call joins a
queue. A skill that an agent does not have counts as level 0; so does one whose name is not a skill of anybody, because
a variable is not set, is empty, or has another value. The empty text asks for nothing: everybody may serve.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

MAX_LEVEL = 100
MAX_LENGTH = 4000
MAX_DEPTH = 50

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>\d+(?![\w{-]))
      | (?P<name>(?:[^\W\d]|\{[^\W\d]\w*\})(?:[\w-]|\{[^\W\d]\w*\})*)
      | (?P<operator>>=|<=|==|!=|>|<)
      | (?P<bracket>[()])""",
    re.VERBOSE,
)
_VARIABLE = re.compile(r"\{(\w+)\}")
_KEYWORDS = frozenset({"and", "or", "not"})

#: What people write who know another language, and what it is called here.
_HINTS = {
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "=": "write `==` for exactly this level or `>=` for at least",
    ",": "write `and` between requirements",
    "{": "a caller variable is a name in braces, as in {language}",
    "[": "use round brackets",
    "-": "a level is a whole number from 0 to 100",
    ".": "a level is a whole number from 0 to 100",
}


class SkillSyntaxError(ValueError):
    """The text is not a skill expression. ``column`` counts from 1; ``hint`` says what would be right."""

    def __init__(self, message: str, column: int, hint: str) -> None:
        super().__init__(f"column {column}: {message}; {hint}")
        self.message = message
        self.column = column
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Level:
    """One comparison, e.g. ``sales >= 50``."""

    skill: str
    operator: str
    level: int

    def __str__(self) -> str:
        return f"{self.skill} {self.operator} {self.level}"


@dataclass(frozen=True, slots=True)
class All:
    """Every part must hold; ``All(())`` is always true."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, Any) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part must hold; never empty."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression

    def __str__(self) -> str:
        return f"not ({self.part})" if isinstance(self.part, All | Any) else f"not {self.part}"


Expression = Level | All | Any | Not

#: Asks for nothing.
EVERYBODY = All(())


def all_of(*parts: Expression) -> Expression:
    """Flat conjunction: ``all_of(a, EVERYBODY) == a``."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, All) else (part,))]
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def any_of(*parts: Expression) -> Expression:
    """Flat disjunction of one or more parts; asking for nothing in one part asks for nothing at all."""
    if EVERYBODY in parts:
        return EVERYBODY
    flat = [p for part in parts for p in (part.parts if isinstance(part, Any) else (part,))]
    return flat[0] if len(flat) == 1 else Any(tuple(flat))


@lru_cache(maxsize=512)
def parse(text: str) -> Expression:
    """Read an expression; raise :class:`SkillSyntaxError` with the column and what would be right."""
    if len(text) > MAX_LENGTH:
        raise SkillSyntaxError("the expression is too long", MAX_LENGTH, f"use at most {MAX_LENGTH} characters")
    return _Parser(text).parse()


def holds(expression: Expression, levels: Mapping[str, int]) -> bool:
    """Whether an agent with these levels satisfies the expression (variables must be bound)."""
    match expression:
        case Level(skill, sign, level):
            have = levels.get(skill, 0)
            match sign:
                case ">=":
                    return have >= level
                case ">":
                    return have > level
                case "<=":
                    return have <= level
                case "<":
                    return have < level
                case "==":
                    return have == level
                case _:
                    return have != level
        case All(parts):
            return all(holds(part, levels) for part in parts)
        case Any(parts):
            return any(holds(part, levels) for part in parts)
        case Not(part):
            return not holds(part, levels)


def predicate(expression: Expression) -> Callable[[Mapping[str, int]], bool]:
    """:func:`holds` made ready for asking many agents."""
    match expression:
        case Level(skill, sign, level):
            compare = _COMPARE[sign]
            return lambda levels: compare(levels.get(skill, 0), level)
        case All(parts):
            every = tuple(map(predicate, parts))
            return lambda levels: all(part(levels) for part in every)
        case Any(parts):
            some = tuple(map(predicate, parts))
            return lambda levels: any(part(levels) for part in some)
        case Not(part):
            inner = predicate(part)
            return lambda levels: not inner(levels)


def bind(expression: Expression, variables: Mapping[str, str]) -> Expression:
    """Replace ``{variable}`` parts of skill names. One that is not set, or empty, stays: a skill that nobody has."""
    match expression:
        case Level(skill, sign, level):
            if "{" not in skill:
                return expression
            return Level(_VARIABLE.sub(lambda m: variables.get(m[1]) or m[0], skill), sign, level)
        case All(parts):
            return All(tuple(bind(part, variables) for part in parts))
        case Any(parts):
            return Any(tuple(bind(part, variables) for part in parts))
        case Not(part):
            return Not(bind(part, variables))


def names(expression: Expression) -> frozenset[str]:
    """Skill names that the expression mentions, variables included as written."""
    match expression:
        case Level(skill):
            return frozenset({skill})
        case All(parts) | Any(parts):
            return frozenset().union(*(names(part) for part in parts))
        case Not(part):
            return names(part)


def wanted(expression: Expression) -> frozenset[str]:
    """Skill names of which more is better: compared with ``>=``, ``>`` or ``==`` and not under ``not``."""
    match expression:
        case Level(skill, sign):
            return frozenset({skill} if sign in (">=", ">", "==") else ())
        case All(parts) | Any(parts):
            return frozenset().union(*(wanted(part) for part in parts))
        case Not():
            return frozenset()


def missing(expression: Expression, levels: Mapping[str, int]) -> tuple[Expression, ...]:
    """The parts of the (bound) expression that an agent with these levels does not satisfy; empty if it holds."""
    parts = expression.parts if isinstance(expression, All) else (expression,)
    return tuple(part for part in parts if not holds(part, levels))


def useful_levels(expressions: Iterable[Expression]) -> Callable[[str], int | None]:
    """For each skill the lowest level that one of the (unbound) expressions asks for; None: nobody asks for it.

    ``{language} >= 50`` asks for 50 of every skill that is not named otherwise, ``lang_{language}`` of every skill
    that begins with ``lang_``.
    """
    named: dict[str, int] = {}
    patterns: dict[str, int] = {}
    for level in (level for expression in expressions for level in _levels(expression)):
        if level.operator in (">=", ">", "=="):
            table = patterns if "{" in level.skill else named
            at_least = max(1, level.level + (level.operator == ">"))
            table[level.skill] = min(table.get(level.skill, at_least), at_least)
    compiled = [
        (re.compile(".+".join(map(re.escape, _VARIABLE.split(name)[::2]))), level) for name, level in patterns.items()
    ]

    def useful(skill: str) -> int | None:
        if skill in named:
            return named[skill]
        return min((level for pattern, level in compiled if pattern.fullmatch(skill)), default=None)

    return useful


def _levels(expression: Expression) -> Iterator[Level]:
    match expression:
        case Level():
            yield expression
        case All(parts) | Any(parts):
            for part in parts:
                yield from _levels(part)
        case Not():  # who must not have a skill is not wanted for it
            return


def variables(expression: Expression) -> frozenset[str]:
    """Names of the caller variables that the expression needs, e.g. ``{"language"}``."""
    return frozenset(found for name in names(expression) for found in _VARIABLE.findall(name))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


class _Parser:
    """Recursive descent over the tokens; one method a rule."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0
        self._depth = 0

    def parse(self) -> Expression:
        if self._peek().kind == "end":
            return EVERYBODY
        expression = self._expression()
        token = self._peek()
        if token.text == ")":
            raise SkillSyntaxError("this bracket closes nothing", token.column, "remove it or open one before")
        if token.kind != "end":
            raise SkillSyntaxError(
                f"{token.text!r} follows a complete requirement", token.column, "join requirements with `and` or `or`"
            )
        return expression

    def _expression(self) -> Expression:
        parts = [self._conjunction()]
        while self._take("or"):
            parts.append(self._conjunction())
        return any_of(*parts)

    def _conjunction(self) -> Expression:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return all_of(*parts)

    def _negation(self) -> Expression:
        token = self._peek()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise SkillSyntaxError("too many brackets inside each other", token.column, f"use at most {MAX_DEPTH}")
        try:
            if self._take("not"):
                return Not(self._negation())
            if self._take("("):
                inner = self._expression()
                if not self._take(")"):
                    raise SkillSyntaxError(
                        "a bracket is missing", self._peek().column, f"close the one opened in column {token.column}"
                    )
                return inner
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Expression:
        name = self._peek()
        if name.kind == "number":
            raise SkillSyntaxError(
                f"a requirement cannot begin with {name.text}", name.column, "write the skill first, as in sales >= 50"
            )
        if name.kind != "name" or name.text in _KEYWORDS:
            found = "the end" if name.kind == "end" else f"`{name.text}`"
            raise SkillSyntaxError(f"a skill was expected, not {found}", name.column, "write one, as in sales >= 50")
        self._next += 1
        sign = self._peek()
        if sign.kind != "operator":
            return Level(name.text, ">=", 1)
        self._next += 1
        level = self._peek()
        if level.kind != "number":
            found = "the end" if level.kind == "end" else f"`{level.text}`"
            raise SkillSyntaxError(
                f"a level was expected after {sign.text}, not {found}",
                level.column,
                f"write a whole number, as in {name.text} {sign.text} 50",
            )
        if len(level.text) > 3 or int(level.text) > MAX_LEVEL:
            raise SkillSyntaxError(f"level {level.text} does not exist", level.column, "levels go from 0 to 100")
        self._next += 1
        return Level(name.text, sign.text, int(level.text))

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self, text: str) -> bool:
        if self._peek().text != text:
            return False
        self._next += 1
        return True


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            wrong = text[position]
            hint = _HINTS.get(wrong, "use skill names, levels, >=, and, or, not and brackets")
            raise SkillSyntaxError(f"{wrong!r} is not understood here", position + 1, hint)
        kind = found.lastgroup or ""
        word = found.group()
        if kind != "space":
            if kind == "name" and word.lower() in _KEYWORDS:
                word, kind = word.lower(), "keyword"
            if kind == "number" and not word.isascii():
                raise SkillSyntaxError(f"{word!r} is not a number here", position + 1, "use the digits 0 to 9")
            tokens.append(_Token(kind, word, position + 1))
        position = found.end()
    tokens.append(_Token("end", "", len(text) + 1))
    return tokens
