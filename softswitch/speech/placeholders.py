"""What stands in braces in a catalogue: an argument, and how it is said.

{n}            a whole number as words; other values as they are
{n:f gen}      in the gender (m, f, n) and case (nom, gen, acc) of the noun it counts; `person` when that is one
{id:digits}    figure by figure
{number:phone} a telephone number, in groups
{key:key}      a key to press: "one", "hash"
{s:duration}   seconds as hours, minutes and seconds; also with a case
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from softswitch.speech.digits import digits, key, telephone_number
from softswitch.speech.durations import duration
from softswitch.speech.numbers import LARGEST, Case, Gender, cardinal

if TYPE_CHECKING:
    from collections.abc import Mapping

    Arguments = Mapping[str, int | str]


class Manner(StrEnum):
    """How an argument is said."""

    PLAIN = ""
    DIGITS = "digits"
    PHONE = "phone"
    KEY = "key"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Placeholder:
    argument: str
    gender: Gender = Gender.MASCULINE
    case: Case = Case.NOMINATIVE
    person: bool = False
    manner: Manner = Manner.PLAIN

    def say(self, arguments: Arguments, language: str) -> str:
        """The words; raises KeyError for a missing argument and ValueError for one that cannot be said so."""
        value = arguments[self.argument]
        match self.manner:
            case Manner.DIGITS:
                return digits(str(value), language)
            case Manner.PHONE:
                return telephone_number(str(value), language)
            case Manner.KEY:
                return key(str(value), language)
            case Manner.DURATION:
                return duration(int(value), language, self.case)
            case Manner.PLAIN:
                if isinstance(value, int) and 0 <= value <= LARGEST:
                    return cardinal(value, language, self.gender, self.case, person=self.person)
                return str(value)


def parse_placeholder(argument: str, words: list[str]) -> Placeholder:
    """*words*: what follows the colon; raises ValueError for a word that means nothing."""
    gender, case, manner = Gender.MASCULINE, Case.NOMINATIVE, Manner.PLAIN
    for word in words:
        if word in tuple(Gender):
            gender = Gender(word)
        elif word in tuple(Case):
            case = Case(word)
        elif word in tuple(Manner):
            manner = Manner(word)
        elif word != "person":
            raise ValueError(
                f'"{word}" in "{{{argument}:{" ".join(words)}}}" is neither gender, case, person '
                f"nor {', '.join(filter(None, Manner))}"
            )
    return Placeholder(argument, gender, case, "person" in words, manner)
