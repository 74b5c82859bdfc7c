"""What callers key in: numbers, dates, amounts; whether it can be right, and the form in which it is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from ivr.nodes import Node, Prompt
from ivr.targets import HANGUP, Target

NOT_VALID = (Prompt("entry-invalid"),)
NOTHING_ENTERED = (Prompt("entry-missing"),)
#: Digits that may be typed beyond the longest entry before it counts as wrong.
TOO_MANY = 16

#: Pressed after entries of a fixed length too, within so many seconds of the last digit, or of `inter_digit`.
HABIT, HABIT_SECONDS = "#", 2.0

RIGHT, AGAIN = "1", "2"  # keys, when the caller is asked whether it is right


class Valid(StrEnum):
    """How an entry is checked, and kept."""

    DIGITS = "digits"  # figures, as they were pressed
    LUHN = "luhn"  # cards and accounts: ISO/IEC 7812-1, annex B
    PESEL = "pesel"  # Polish identity numbers
    DATE = "date"  # kept as "2026-05-21"
    AMOUNT = "amount"  # * is the decimal point; kept as "12.50"


@dataclass(frozen=True, slots=True)
class Collect(Node):
    """Let the caller enter something; a good entry becomes the variable `variable` and leads to `then`.

    An entry is over with the key `end`, after `inter_digit` seconds without a digit or, without `end`, when it is
    `longest`; who ends that with "#" all the same means nothing by it (`HABIT`). Silence and a wrong entry cost one of
    `retries` and lead to `when_failed` when none is left. What is said about them is one prompt for each of its kind
    and, in place of `say` from then on (`say_again`) one a retry; the last is for all that follow. With `confirm`
    these prompts are said, `{value}` in them, and 1 takes the entry, 2 begins anew. After `tries` good entries in one
    call, whatever came of them, the next visit leads to `when_failed` at once: a code cannot be guessed by coming back;
    0 is no limit. A `secret` entry is shown and said to nobody.
    """

    kind: ClassVar[str] = "collect"
    variable: str
    say: tuple[Prompt, ...] = ()
    shortest: int = 1
    longest: int = 32
    end: str = "#"
    valid: Valid = Valid.DIGITS
    pattern: str = ""  # a regular expression that the whole entry must match
    date_format: str = "DDMMYYYY"
    secret: bool = False
    timeout: float = 7.0  # seconds to the first digit
    inter_digit: float = 3.0
    retries: int = 2
    tries: int = 0
    confirm: tuple[Prompt, ...] = ()
    say_again: tuple[Prompt, ...] = ()
    say_invalid: tuple[Prompt, ...] = NOT_VALID
    say_no_input: tuple[Prompt, ...] = NOTHING_ENTERED
    then: Target = HANGUP
    when_failed: Target = HANGUP
    type_ahead: bool = True
    fallbacks: tuple[Target, ...] = ()  # for who is not taken by `then`, as of a Goto

    @property
    def ends(self) -> str:
        """The key that is no part of an entry: "#" of habit, where a pattern has no use for it."""
        return self.end or ("" if self.pattern else HABIT)

    def is_over(self, keyed: str, *, closed: bool) -> bool:
        """Whether nothing more belongs to *keyed*; *closed*: no digit came for a while."""
        if closed or (self.ends and keyed.endswith(self.ends)):
            return True
        return len(keyed) >= (self.longest + TOO_MANY if self.end else self.longest)

    def read(self, keyed: str) -> str | None:
        """The value of an entry, or None when it cannot be right."""
        entry = keyed.removesuffix(self.ends)
        if not self.shortest <= len(entry) <= self.longest:
            return None
        if self.pattern and re.fullmatch(self.pattern, entry) is None:
            return None
        match self.valid:
            case Valid.DATE:
                return read_date(entry, self.date_format)
            case Valid.AMOUNT:
                return read_amount(entry)
        if not self.pattern and not _are_figures(entry):
            return None
        if (self.valid is Valid.LUHN and not luhn(entry)) or (self.valid is Valid.PESEL and not pesel(entry)):
            return None
        return entry


def luhn(figures: str) -> bool:
    """Whether the last figure is the check digit of the others (ISO/IEC 7812-1, annex B)."""
    if len(figures) < 2 or not _are_figures(figures):
        return False
    doubled = (2 * int(figure) if place % 2 else int(figure) for place, figure in enumerate(reversed(figures)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def pesel(figures: str) -> bool:
    """A Polish identity number: a date of birth with the century in its month, and a check digit."""
    if len(figures) != 11 or not _are_figures(figures):
        return False
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
    if sum(weight * int(figure) for weight, figure in zip(weights, figures, strict=True)) % 10:
        return False
    century, month = divmod(int(figures[2:4]), 20)
    year = (1900, 2000, 2100, 2200, 1800)[century] + int(figures[:2])
    return _date(year, month, int(figures[4:6])) is not None


def read_date(figures: str, form: str) -> str | None:
    """*figures* in the order of *form* (DD, MM and YYYY or YY) as "2026-05-21"; of two figures 69 is 1969 (POSIX)."""
    if len(figures) != len(form) or not _are_figures(figures):
        return None
    parts = {letter: "".join(f for f, place in zip(figures, form, strict=True) if place == letter) for letter in "DMY"}
    year = int(parts["Y"])
    if len(parts["Y"]) == 2:
        year += 1900 if year >= 69 else 2000
    found = _date(year, int(parts["M"]), int(parts["D"]))
    return None if found is None else found.isoformat()


def read_amount(keys: str) -> str | None:
    """ "12*50" as "12.50"; at most two places."""
    match = re.fullmatch(r"([0-9]+)(?:\*([0-9]{1,2}))?", keys, re.ASCII)
    if match is None:
        return None
    places = "" if match[2] is None else f".{match[2]:0<2}"
    return f"{int(match[1])}{places}"


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _are_figures(text: str) -> bool:
    return text.isascii() and (text.isdecimal() or not text)
