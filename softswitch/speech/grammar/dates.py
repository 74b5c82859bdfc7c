"""Dates as words: "the twenty-first of May", "двадцять першого травня", "w środę, dwudziestego pierwszego maja"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.speech.grammar.numbers import Case, Gender, cardinal
from softswitch.speech.grammar.ordinals import Declined, ordinal

if TYPE_CHECKING:
    from datetime import date


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: In the genitive: the month of a day.
MONTHS = {
    "en": _words("January February March April May June July August September October November December"),
    "uk": _words("січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня"),
    "ru": _words("января февраля марта апреля мая июня июля августа сентября октября ноября декабря"),
    "pl": _words("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"),
}

WEEKDAYS = {
    "en": _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "uk": _words("понеділок вівторок середа четвер п’ятниця субота неділя"),
    "ru": _words("понедельник вторник среда четверг пятница суббота воскресенье"),
    "pl": _words("poniedziałek wtorek środa czwartek piątek sobota niedziela"),
}

#: "On Monday": the preposition, which changes with the sound that follows, and the accusative.
ON_WEEKDAYS = {
    "en": tuple(f"on {day}" for day in WEEKDAYS["en"]),
    "uk": ("в понеділок", "у вівторок", "в середу", "в четвер", "в п’ятницю", "в суботу", "в неділю"),
    "ru": ("в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье"),
    "pl": ("w poniedziałek", "we wtorek", "w środę", "w czwartek", "w piątek", "w sobotę", "w niedzielę"),
}

#: What the day's number agrees with: in Polish "dzień", in the others "число".
_DAY_GENDER = {"uk": Gender.NEUTER, "ru": Gender.NEUTER, "pl": Gender.MASCULINE}
_OF_THE_YEAR = {"uk": "року", "ru": "года", "pl": "roku"}


def day(when: date, language: str, case: Case = Case.NOMINATIVE) -> str:
    """Day and month. The genitive says on which day: "двадцять першого травня"."""
    month = MONTHS[language][when.month - 1]
    if language == "en":
        return f"the {ordinal(when.day, language)} of {month}"
    return f"{ordinal(when.day, language, _DAY_GENDER[language], Declined(case))} {month}"


def full_date(when: date, language: str, case: Case = Case.NOMINATIVE) -> str:
    """Day, month and year."""
    if language == "en":
        return f"{day(when, language)} {_english_year(when.year)}"
    year = ordinal(when.year, language, Gender.MASCULINE, Declined.GENITIVE)
    return f"{day(when, language, case)} {year} {_OF_THE_YEAR[language]}"


def on_weekday(when: date, language: str) -> str:
    """ "on Monday"."""
    return ON_WEEKDAYS[language][when.weekday()]


def on_day(when: date, language: str) -> str:
    """ "on Monday, the fifth of May"."""
    return f"{on_weekday(when, language)}, {day(when, language, Case.GENITIVE)}"


def _english_year(year: int) -> str:
    """In pairs ("nineteen oh five", "twenty twenty-six"), except for the first years of a thousand."""
    century, below = divmod(year, 100)
    if (century % 10 == 0 and below < 10) or year < 1000:
        return cardinal(year, "en")
    if not below:
        return f"{cardinal(century, 'en')} hundred"
    return f"{cardinal(century, 'en')} {'oh ' if below < 10 else ''}{cardinal(below, 'en')}"
