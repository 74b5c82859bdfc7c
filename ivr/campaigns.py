"""What campaigns say: templates with typed fields, and what fills them.

A template is a text in each language. In its braces stand fields: ``{name:text max 40}`` is filled with words of the
language, all others with a value that is said by the grammar of prompts, as ``{sum:money}`` or ``{until:date gen}``.
In place of a value may stand ``{variable}``: what is known of the caller under this name, as a CRM has told it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from ivr.nodes import Prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

#: Letters of a field that does not say how many it takes.
TEXT_MAX = 60
#: How fast a text is spoken, at the least: letters in a second.
LETTERS_PER_SECOND = 12.0
_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)(?::([^{}]*))?\}")
_REFERENCE = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_TEXT = re.compile(r"text(?: max ([1-9][0-9]{0,2}))?")
_COUNT = "count"

#: What a value of each kind looks like, and how to say so; a kind that is not here is a whole number.
_SHAPES: dict[str, tuple[re.Pattern[str], str]] = {
    _COUNT: (re.compile(r"0|[1-9][0-9]{0,5}"), "a whole number up to 999999"),
    "number": (re.compile(r"-?[0-9]{1,6}(\.[0-9]{1,3})?"), 'a number such as "2.5"'),
    "ordinal": (re.compile(r"[1-9][0-9]{0,5}"), "a whole number from 1"),
    "digits": (re.compile(r"[0-9]{1,30}"), "figures"),
    "phone": (re.compile(r"\+?[0-9]{3,15}"), 'a telephone number such as "+380441234567"'),
    "key": (re.compile(r"[0-9*#]"), "one key of a telephone"),
    "duration": (re.compile(r"0|[1-9][0-9]{0,5}"), "a number of seconds"),
    "money": (
        re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})? (UAH|PLN|EUR|USD|GBP|RUB)"),
        'an amount such as "12.50 UAH" (UAH, PLN, EUR, USD, GBP, RUB)',
    ),
}
_DATES = frozenset({"date", "day", "weekday", "on"})
_TIMES = frozenset({"time", "at"})


class TemplateError(ValueError):
    """A template that cannot be used."""


class ValueRefused(ValueError):
    """A value does not fit its field; `where` names the field, perhaps with a language behind a dot."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(message)
        self.where = where


@dataclass(frozen=True, slots=True)
class Field:
    """`kind` is "text", "count", or a manner of the prompt grammar; `max` counts the letters of a text."""

    name: str
    kind: str
    max: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """`text`: language → words with fields in braces."""

    name: str
    text: Mapping[str, str]
    fields: Mapping[str, Field] = field(default_factory=dict)

    @classmethod
    def read(cls, name: str, text: Mapping[str, str]) -> Template:
        """Find the fields of *text*; they have to be the same in every language. Raises TemplateError."""
        first: dict[str, Field] | None = None
        for language, words in text.items():
            found: dict[str, Field] = {}
            for one in _fields(words):
                if found.setdefault(one.name, one) != one:
                    raise TemplateError(f'the field "{one.name}" is written in two ways in "{language}"')
            if first is None:
                first = found
            elif differing := sorted(key for key in first.keys() | found.keys() if first.get(key) != found.get(key)):
                raise TemplateError(f'the field "{differing[0]}" of "{language}" is not as in "{next(iter(text))}"')
        return cls(name, dict(text), first or {})

    def prompt(self, key: str, values: Mapping[str, str | Mapping[str, str]]) -> Prompt:
        """The message: *values* by field, those of texts also by language. Raises ValueRefused."""
        for unknown in values.keys() - self.fields.keys():
            known = ", ".join(sorted(self.fields)) or "none"
            raise ValueRefused(unknown, f'the template "{self.name}" has no such field; its fields: {known}')
        args: dict[str, int | str] = {}
        for one in self.fields.values():
            if one.kind != "text" and reference(values.get(one.name)) is None:
                args[one.name] = _argument(one, values.get(one.name))
        for name in self.fields:
            if (variable := reference(values.get(name))) in args:
                raise ValueRefused(name, f'"{variable}" is a field of this template with a value of its own')
        return Prompt(key, text={language: self._words(language, values) for language in self.text}, args=args)

    def _words(self, language: str, values: Mapping[str, str | Mapping[str, str]]) -> str:
        def say(match: re.Match[str]) -> str:
            one = self.fields[match[1]]
            if variable := reference(values.get(one.name)):
                spec = match[2] if match[2] and one.kind != "text" else ""
                return f"{{{variable}:{spec}}}" if spec else f"{{{variable}}}"
            return match[0] if one.kind != "text" else _text(one, language, values.get(one.name))

        return _PLACEHOLDER.sub(say, self.text[language])


def reference(value: str | Mapping[str, str] | None) -> str | None:
    """The variable that stands in place of a value; None when it is a value."""
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else found[1]


def seconds(prompt: Prompt, known: Mapping[str, str] | None = None) -> float:
    """How long it takes at most to say *prompt*, guessed from the letters of the longest language.

    *known*: what stands for variables of the caller in it, as long as it is said; without it they are as written.
    """
    more = sum(2 * len(str(value)) for value in prompt.args.values())
    texts = (
        _PLACEHOLDER.sub(lambda match: (known or {}).get(match[1], match[0]), words) for words in prompt.text.values()
    )
    return max((len(words) + more for words in texts), default=0) / LETTERS_PER_SECOND


def unfit(prompt: Prompt, filled_by: Iterable[tuple[str, Field]], variables: Mapping[str, str], longest: float) -> str:
    """Why *prompt* is nothing to say to a caller with these *variables*: what they have been told is no value of the
    field that it stands for, or takes more than *longest* seconds; empty when all is well. No value is quoted.
    """
    known: dict[str, str] = {}
    for variable, one in filled_by:
        value = variables.get(variable, "")
        try:
            if one.kind == "text":
                _text(one, "", value)
            else:
                _argument(one, value)
        except ValueRefused as refused:
            return f"{variable} {refused}"
        known[variable] = max(known.get(variable, ""), value if one.kind == "text" else 2 * value, key=len)
    if known and (length := seconds(prompt, known)) > longest:
        return f"it takes about {length:.0f} s to say, and there is room for {longest:g} s"
    return ""


def _fields(words: str) -> Iterator[Field]:
    if "{" in _PLACEHOLDER.sub("", words) or "}" in _PLACEHOLDER.sub("", words):
        raise TemplateError("has a brace that belongs to no field")
    for match in _PLACEHOLDER.finditer(words):
        spec = (match[2] or "").strip()
        if text := _TEXT.fullmatch(spec):
            yield Field(match[1], "text", int(text[1] or TEXT_MAX))
            continue
        if spec.startswith("text"):
            raise TemplateError(f'"{spec}" is not how a text is limited; write "{{{match[1]}:text max 40}}"')
        words_of_plural = spec.startswith("plural ")
        manners = [word for word in spec.split() if not words_of_plural and word in _SHAPES.keys() | _DATES | _TIMES]
        yield Field(match[1], manners[0] if manners else _COUNT)


def _argument(wanted: Field, value: str | Mapping[str, str] | None) -> int | str:
    if value is None:
        raise ValueRefused(wanted.name, "is missing")
    if not isinstance(value, str):
        raise ValueRefused(wanted.name, "is the same in every language: give one value")
    read: Callable[[str], object] | None = None
    if wanted.kind in _DATES:
        read, shape = date.fromisoformat, 'a date such as "2026-05-21"'
    elif wanted.kind in _TIMES:
        read, shape = time.fromisoformat, 'a time such as "09:30"'
    else:
        pattern, shape = _SHAPES[wanted.kind]
        if not pattern.fullmatch(value):
            raise ValueRefused(wanted.name, f"should be {shape}")
    if read is not None:
        try:
            read(value)
        except ValueError:
            raise ValueRefused(wanted.name, f"should be {shape}") from None
    return int(value) if wanted.kind in (_COUNT, "ordinal", "duration") else value


def _text(wanted: Field, language: str, value: str | Mapping[str, str] | None) -> str:
    where = wanted.name if isinstance(value, str) else f"{wanted.name}.{language}"
    words = value if isinstance(value, str) else (value or {}).get(language)
    if words is None or not words.strip():
        raise ValueRefused(where, "is missing")
    if len(words) > wanted.max:
        raise ValueRefused(where, f"has {len(words)} characters, and there is room for {wanted.max}")
    if not words.isprintable() or "{" in words or "}" in words:
        raise ValueRefused(where, "should be one line of text without braces")
    return words


def read_instant(text: str, zone: object) -> float:
    """Seconds since the epoch of "2026-05-21T09:00" on the clock of *zone* (a tzinfo), or with an offset of its own.

    Raises ValueError.
    """
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp()  # type: ignore[arg-type]
