"""The prompt catalogue: what the switch says, by key and language, from `prompts/<language>/catalog.toml`.

    [queue-next]
    text = "You are next in line."

    [queue-position]            # forms by plural category of the argument `n`; a figure is that very number
    0 = "You are next in line."
    one = "There is one caller before you."
    other = "There are {n} callers before you."

A whole number in `{n}` is spoken as words; `placeholders` lists what else can stand in braces. Another argument than
`n` picks the form when `by = "minutes"` says so. A phrase that may get fractions has "other" in every language.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from softswitch.speech.grammar.plurals import FRACTION, LANGUAGES, categories, category
from softswitch.speech.placeholders import plural_argument
from softswitch.speech.template import parse_template

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from softswitch.speech.placeholders import Arguments
    from softswitch.speech.template import Template

FILE = "catalog.toml"


class CatalogueError(Exception):
    """A catalogue that cannot be used; `problems` names file, key and fault of each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class MissingPrompt(LookupError):
    """There is no such key, language or argument."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One key in one language. `forms`: plural categories and figures; without a number there is "other" alone."""

    forms: Mapping[str, Template]
    by: str = ""

    @property
    def arguments(self) -> frozenset[str]:
        used = frozenset[str]().union(*(form.arguments for form in self.forms.values()))
        return used | {self.by} if self.by else used

    def form(self, arguments: Arguments, language: str) -> Template:
        """The text that goes with these arguments; raises KeyError for a missing one, ValueError for an odd one."""
        if not self.by:
            return self.forms["other"]
        n = plural_argument(arguments[self.by])
        wanted = str(n) if str(n) in self.forms else category(n, language)
        if wanted not in self.forms:
            raise ValueError(f"it has no form for fractions ({FRACTION}), as {n} is")
        return self.forms[wanted]

    def say(self, arguments: Arguments, language: str) -> str:
        return self.form(arguments, language).say(arguments, language)

    def attempt(self, arguments: Arguments, language: str) -> tuple[str, tuple[str, ...]]:
        """See `Template.attempt`; without a number that can be counted with the form is "other"."""
        try:
            return self.form(arguments, language).attempt(arguments, language)
        except (LookupError, ValueError, ArithmeticError):
            text, unfit = self.forms["other"].attempt(arguments, language)
            return text, tuple(dict.fromkeys((f"{{{self.by}}}", *unfit)))


class Catalogue:
    """All phrases in all languages; immutable."""

    def __init__(self, phrases: Mapping[str, Mapping[str, Phrase]]) -> None:
        self._phrases = phrases

    @classmethod
    def load(cls, *folders: Path) -> Catalogue:
        """Read `<language>/catalog.toml` of every folder; keys of later folders replace those of earlier ones.

        Raises CatalogueError with everything that is wrong.
        """
        phrases: dict[str, dict[str, Phrase]] = {}
        problems: list[str] = []
        for file in [path for folder in folders for path in sorted(folder.glob(f"*/{FILE}"))]:
            language = file.parent.name
            if language not in LANGUAGES:
                problems.append(f'{file}: "{language}" is not a language here; there are {", ".join(LANGUAGES)}')
                continue
            try:
                tables = tomllib.loads(file.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                problems.append(f"{file}: {error}")
                continue
            for key, table in tables.items():
                try:
                    phrases.setdefault(language, {})[key] = _phrase(table, language)
                except ValueError as error:
                    problems.append(f"{file}: {key}: {error}")
        if problems:
            raise CatalogueError(problems)
        return cls(phrases)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(language for language in LANGUAGES if language in self._phrases)

    def keys(self, language: str) -> frozenset[str]:
        return frozenset(self._phrases.get(language, ()))

    def text(self, key: str, language: str, arguments: Arguments | None = None) -> str:
        """The words to speak; raises MissingPrompt."""
        phrase = self._phrases.get(language, {}).get(key)
        if phrase is None:
            raise MissingPrompt(f'there is no prompt "{key}" in "{language}"')
        try:
            return phrase.say(arguments or {}, language)
        except KeyError as error:
            raise MissingPrompt(f'prompt "{key}" needs the argument {error}') from None
        except ValueError as error:
            raise MissingPrompt(f'prompt "{key}" cannot be said: {error}') from None

    def attempt(self, key: str, language: str, arguments: Arguments) -> tuple[str, tuple[str, ...]]:
        """As `text`, whatever the values are: see `Template.attempt`; an empty text when there is no such prompt."""
        phrase = self._phrases.get(language, {}).get(key)
        return ("", ()) if phrase is None else phrase.attempt(arguments, language)

    def check(self, but: Collection[str] = ()) -> list[str]:
        """What is missing in one language and there in another, and arguments that differ; of all keys *but* these."""
        problems = []
        everything = sorted(set().union(*self._phrases.values()) - set(but))
        for key in everything:
            having = [language for language in self.languages if key in self._phrases[language]]
            problems += [f'{language}: "{key}" is missing' for language in self.languages if language not in having]
            arguments = {language: self._phrases[language][key].arguments for language in having}
            usual = Counter(arguments.values()).most_common(1)[0][0]  # of as many, those that come first
            like = next(language for language in having if arguments[language] == usual)
            problems += [
                f'{language}: "{key}" has other arguments than in {like}'
                for language in having
                if arguments[language] != usual
            ]
        return problems


def _phrase(table: Any, language: str) -> Phrase:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise ValueError('should be a table of texts, as in text = "…"')
    if "text" in table:
        if len(table) > 1:
            raise ValueError('has "text" and forms; it should have one or the other')
        return Phrase({"other": parse_template(table["text"], language)})
    forms = {form: text for form, text in table.items() if form != "by"}
    wanted = categories(language)
    for form in forms:
        if form not in wanted | {FRACTION} and not (form.isascii() and form.isdigit()):
            raise ValueError(f'"{form}" is no plural form; in {language} there are {", ".join(sorted(wanted))}')
    if missing := wanted - forms.keys():
        raise ValueError(f"lacks the plural form {', '.join(sorted(missing))}")
    return Phrase({form: parse_template(text, language) for form, text in forms.items()}, by=table.get("by", "n"))
