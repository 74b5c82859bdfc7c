"""What stands in braces in a text, and how it is said.

    {n}             a whole number as words; other values as they are
    {n:f gen}       in the gender (m, f, n) and case (nom, gen, acc) of the noun it counts; `person` when that is one
    {x:number}      any number, also "2.5" and "-3"
    {n:ordinal f}   "third", in a gender and case
    {id:digits}     figure by figure
    {number:phone}  a telephone number, in groups
    {key:key}       a key to press: "one", "hash"
    {s:duration}    seconds as days, hours, minutes and seconds; also with a case, as the following five
    {sum:money}     "12.50 UAH"; {sum:money UAH} a bare "12.50" too
    {n:plural point|points}  the word that goes with a number: see `PLURAL_FORMS`
    {d:date}        "2026-05-21" with its year; the genitive says on which date
    {d:day}         without the year
    {d:weekday}     "on Monday"; {d:on} "on Monday, the fifth of May"
    {t:time}        "09:30"; the genitive goes with from and to, and {t:at} is "at nine thirty"

Dates and times may also be given as both at once ("2026-05-21T09:30"), on the clock of the place that is spoken about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING

from softswitch.speech.grammar.dates import day, full_date, on_day, on_weekday
from softswitch.speech.grammar.digits import digits, key, telephone_number
from softswitch.speech.grammar.durations import duration
from softswitch.speech.grammar.fractions import number, parse_number
from softswitch.speech.grammar.money import CURRENCIES, money, parse_money
from softswitch.speech.grammar.numbers import LARGEST, Case, Gender, cardinal
from softswitch.speech.grammar.ordinals import Declined, ordinal
from softswitch.speech.grammar.plurals import FRACTION, categories, category
from softswitch.speech.grammar.times import Asked, time_of_day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    Arguments = Mapping[str, int | str]


class Manner(StrEnum):
    """How an argument is said."""

    PLAIN = ""
    NUMBER = "number"
    ORDINAL = "ordinal"
    DIGITS = "digits"
    PHONE = "phone"
    KEY = "key"
    DURATION = "duration"
    MONEY = "money"
    DATE = "date"
    DAY = "day"
    WEEKDAY = "weekday"
    ON = "on"
    TIME = "time"
    AT = "at"
    PLURAL = "plural"


#: The plural categories (CLDR) in the order in which their words are written, between bars; those of a language that
#: has three may be followed by a fourth for fractions.
PLURAL_FORMS = {"en": ("one", "other"), **dict.fromkeys(("uk", "ru", "pl"), ("one", "few", "many", FRACTION))}


@dataclass(frozen=True, slots=True)
class Placeholder:
    argument: str
    gender: Gender = Gender.MASCULINE
    case: Case = Case.NOMINATIVE
    person: bool = False
    manner: Manner = Manner.PLAIN
    forms: tuple[str, ...] = ()
    """Of a plural."""
    currency: str = ""
    """Of an amount that comes without one."""

    def __str__(self) -> str:
        """As it may be written."""
        return f"{{{self.argument}:{self.manner}}}" if self.manner else f"{{{self.argument}}}"

    def say(self, arguments: Arguments, language: str) -> str:
        """The words; raises KeyError for a missing argument and ValueError for one that cannot be said so."""
        value = arguments[self.argument]
        match self.manner:
            case Manner.PLAIN:
                if isinstance(value, int) and 0 <= value <= LARGEST:
                    return cardinal(value, language, self.gender, self.case, person=self.person)
                return str(value)
            case Manner.NUMBER:
                return number(parse_number(str(value)), language, self.gender)
            case Manner.ORDINAL:
                return ordinal(int(value), language, self.gender, Declined(self.case))
            case Manner.DIGITS:
                return digits(str(value), language)
            case Manner.PHONE:
                return telephone_number(str(value), language)
            case Manner.KEY:
                return key(str(value), language)
            case Manner.DURATION:
                return duration(int(value), language, self.case)
            case Manner.MONEY:
                return money(*parse_money(str(value), self.currency), language, self.case)
            case Manner.PLURAL:
                return self._plural(value, language)
            case Manner.TIME:
                return time_of_day(_time(value), language, Asked(self.case))
            case Manner.AT:
                return time_of_day(_time(value), language, Asked.AT)
        return self._say_date(_date(value), language)

    def anyhow(self, arguments: Arguments) -> str:
        """What is said for a value that cannot be said as it should be."""
        return self.forms[-1] if self.forms else str(arguments.get(self.argument, "")).strip()

    def fault(self, language: str) -> str:
        """What is wrong with it in a text of *language*, or ""."""
        if not self.forms:
            return ""
        wanted = [name for name in PLURAL_FORMS[language] if name in categories(language)]
        if len(self.forms) in {len(wanted), len(PLURAL_FORMS[language])}:
            return ""
        right = "|".join(f"… ({name})" for name in wanted)
        return f"{len(self.forms)} plural forms; here it has {len(wanted)}: {{{self.argument}:plural {right}}}"

    def _plural(self, value: int | str, language: str) -> str:
        n = plural_argument(value)
        wanted = category(n, language)
        number = PLURAL_FORMS[language].index(wanted)
        if number >= len(self.forms):
            raise ValueError(f'it has no form "{wanted}", as {n} needs')
        return self.forms[number]

    def _say_date(self, when: date, language: str) -> str:
        match self.manner:
            case Manner.DAY:
                return day(when, language, self.case)
            case Manner.WEEKDAY:
                return on_weekday(when, language)
            case Manner.ON:
                return on_day(when, language)
        return full_date(when, language, self.case)


def plural_argument(value: int | str) -> int | Decimal:
    """What picks the plural form of a text; raises ValueError for what is no number."""
    return value if isinstance(value, int) else parse_number(value)


def parse_placeholder(argument: str, words: list[str]) -> Placeholder:
    """*words*: what follows the colon; raises ValueError for a word that means nothing."""
    gender, case, manner = Gender.MASCULINE, Case.NOMINATIVE, Manner.PLAIN
    if words[:1] == [Manner.PLURAL]:
        forms = tuple(" ".join(form.split()) for form in " ".join(words[1:]).split("|"))
        if not 2 <= len(forms) <= 4:
            raise ValueError(f'"{{{argument}:plural}}" needs its words: {{{argument}:plural point|points}}')
        return Placeholder(argument, manner=Manner.PLURAL, forms=forms)
    currency = ""
    for word in words:
        if word in tuple(Gender):
            gender = Gender(word)
        elif word in tuple(Case):
            case = Case(word)
        elif word in tuple(Manner):
            manner = Manner(word)
        elif word.upper() in CURRENCIES and manner is Manner.MONEY:
            currency = word.upper()
        elif word != "person":
            raise ValueError(
                f'"{word}" in "{{{argument}:{" ".join(words)}}}" is neither gender, case, person '
                f"nor {', '.join(filter(None, Manner))}"
            )
    return Placeholder(argument, gender, case, "person" in words, manner, currency=currency)


def _time(value: int | str) -> time:
    try:
        return time.fromisoformat(str(value).rpartition("T")[2])
    except ValueError:
        raise ValueError(f'"{value}" is not a time; write for example "09:30"') from None


def _date(value: int | str) -> date:
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        raise ValueError(f'"{value}" is not a date; write for example "2026-05-21"') from None
