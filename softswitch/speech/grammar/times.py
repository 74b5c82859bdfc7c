"""Times of day as words, and what goes before them: "half" is left to people, machines say hours and minutes.

English counts twelve hours, the others twenty-four. Ukrainian and Polish number the hour ("п’ятнадцята година"),
Russian counts hours ("пятнадцать часов").
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from softswitch.speech.grammar.durations import NOUNS
from softswitch.speech.grammar.nouns import count
from softswitch.speech.grammar.numbers import Case, Gender, cardinal
from softswitch.speech.grammar.ordinals import Declined, ordinal

if TYPE_CHECKING:
    from datetime import time


class Asked(StrEnum):
    """What the time answers."""

    WHICH = "nom"  # it is …
    BOUND = "gen"  # from … to …: "від дев’ятої години", "od dziewiątej"
    AT = "at"  # with its preposition: "о дев’ятій годині", "o dziewiątej"


_MIDNIGHT = {
    "en": {Asked.WHICH: "midnight", Asked.BOUND: "midnight", Asked.AT: "at midnight"},
    "uk": {Asked.WHICH: "північ", Asked.BOUND: "півночі", Asked.AT: "опівночі"},
    "ru": {Asked.WHICH: "полночь", Asked.BOUND: "полуночи", Asked.AT: "в полночь"},
    "pl": {Asked.WHICH: "północ", Asked.BOUND: "północy", Asked.AT: "o północy"},
}

_CASE = {Asked.WHICH: Case.NOMINATIVE, Asked.BOUND: Case.GENITIVE, Asked.AT: Case.ACCUSATIVE}
_DECLINED = {Asked.WHICH: Declined.NOMINATIVE, Asked.BOUND: Declined.GENITIVE, Asked.AT: Declined.LOCATIVE}


def time_of_day(when: time, language: str, asked: Asked = Asked.WHICH) -> str:
    """Hours and minutes; seconds are not said."""
    if (when.hour, when.minute) == (0, 0):
        return _MIDNIGHT[language][asked]
    match language:
        case "en":
            return ("at " if asked is Asked.AT else "") + _english(when)
        case "uk":
            return _ukrainian(when, asked)
        case "ru":
            return _russian(when, asked)
        case "pl":
            return _polish(when, asked)
    raise KeyError(language)


def _english(when: time) -> str:
    if (when.hour, when.minute) == (12, 0):
        return "noon"
    spoken = cardinal(when.hour % 12 or 12, "en")
    if when.minute:
        spoken += f" {'oh ' if when.minute < 10 else ''}{cardinal(when.minute, 'en')}"
    return f"{spoken} {_part_of_the_day(when.hour)}"


def _part_of_the_day(hour: int) -> str:
    """In whole words: engines say "AM" as they say "am"."""
    if hour == 0 or hour >= 22:
        return "at night"
    if hour < 12:
        return "in the morning"
    return "in the afternoon" if hour < 18 else "in the evening"


def _russian(when: time, asked: Asked) -> str:
    nouns, case = NOUNS["ru"], _CASE[asked]
    spoken = count(when.hour, nouns["hour"], "ru", case)
    if when.minute:
        spoken += f" {count(when.minute, nouns['minute'], 'ru', case)}"
    return f"в {spoken}" if asked is Asked.AT else spoken


def _ukrainian(when: time, asked: Asked) -> str:
    nouns = NOUNS["uk"]
    if when.hour:
        hour = ordinal(when.hour, "uk", Gender.FEMININE, _DECLINED[asked])
        word = {Asked.WHICH: "година", Asked.BOUND: "години", Asked.AT: "годині"}[asked]
        spoken = f"{hour} {word}"
    else:
        spoken = count(0, nouns["hour"], "uk", _CASE[asked])
    if when.minute:
        spoken += f" {count(when.minute, nouns['minute'], 'uk', _CASE[asked])}"
    if asked is not Asked.AT:
        return spoken
    return f"{'об' if when.hour == 11 else 'о'} {spoken}"  # the only hour that begins with "о"


def _polish(when: time, asked: Asked) -> str:
    spoken = ordinal(when.hour, "pl", Gender.FEMININE, _DECLINED[asked]) if when.hour else "zero"
    if when.minute:
        spoken += f" {'zero ' if when.minute < 10 else ''}{cardinal(when.minute, 'pl')}"
    return f"o {spoken}" if asked is Asked.AT else spoken
