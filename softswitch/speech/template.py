"""A text with placeholders, in one language; parsed once, said often."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING

from softswitch.speech.placeholders import Placeholder, parse_placeholder

if TYPE_CHECKING:
    from softswitch.speech.placeholders import Arguments


#: Letters of a value that is said as it stands; a longer one is none that was meant to be said.
LONGEST = 80


@dataclass(frozen=True, slots=True)
class Template:
    parts: tuple[str | Placeholder, ...]

    @property
    def arguments(self) -> frozenset[str]:
        """The names that have to be given."""
        return frozenset(part.argument for part in self.parts if isinstance(part, Placeholder))

    def pieces(self, arguments: Arguments, language: str) -> list[str]:
        """The words, part by part; raises KeyError for a missing argument, ValueError for one that cannot be said."""
        return [part.say(arguments, language) if isinstance(part, Placeholder) else part for part in self.parts]

    def say(self, arguments: Arguments, language: str) -> str:
        return "".join(self.pieces(arguments, language))

    def attempt(self, arguments: Arguments, language: str) -> tuple[str, tuple[str, ...]]:
        """As `say`, for values that somebody else has sent: one that cannot be said in its form is said as it stands.

        The second item names the placeholders with such values. What is missing or long is left out.
        """
        words, unfit = [], []
        for part in self.parts:
            if isinstance(part, str):
                words.append(part)
                continue
            try:
                words.append(part.say(arguments, language))
            except (LookupError, ValueError, ArithmeticError):
                value = part.anyhow(arguments)
                words.append(value if len(value) <= LONGEST else "")
                unfit.append(str(part))
        return "".join(words), tuple(unfit)


def parse_template(text: str, language: str = "") -> Template:
    """Read a text as written in a catalogue or a configuration; raises ValueError saying what is wrong.

    *language*: that of the text, for which it must have all plural forms; "" where that has been looked at.
    """
    if not text.strip():
        raise ValueError("is empty")
    parts: list[str | Placeholder] = []
    for literal, name, spec, conversion in Formatter().parse(text):
        if literal:
            parts.append(literal)
        if name is not None:
            if conversion or not name.isidentifier():
                raise ValueError(f'"{{{name}}}" is not a placeholder')
            placeholder = parse_placeholder(name, (spec or "").split())
            if language and (fault := placeholder.fault(language)):
                raise ValueError(f'has "{{{name}:{spec}}}" with {fault}')
            parts.append(placeholder)
    return Template(tuple(parts))
