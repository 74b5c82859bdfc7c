"""Lengths of time as words: "two hours and five minutes", "за дві години п’ять хвилин"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softswitch.speech.grammar.nouns import count, english, slavic
from softswitch.speech.grammar.numbers import LARGEST, Case, Gender

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.speech.grammar.nouns import Noun

UNITS = {"day": 86_400, "hour": 3600, "minute": 60, "second": 1}
LONGEST = LARGEST * UNITS["day"]

_M, _F = Gender.MASCULINE, Gender.FEMININE

NOUNS: Mapping[str, Mapping[str, Noun]] = {
    "en": {unit: english(unit, f"{unit}s") for unit in UNITS},
    "uk": {
        "day": slavic(_M, "день дні днів дня дня днів"),
        "hour": slavic(_F, "година години годин години години годин", "годину"),
        "minute": slavic(_F, "хвилина хвилини хвилин хвилини хвилини хвилин", "хвилину"),
        "second": slavic(_F, "секунда секунди секунд секунди секунди секунд", "секунду"),
    },
    "ru": {
        "day": slavic(_M, "день дня дней дня дня дней"),
        "hour": slavic(_M, "час часа часов часа часа часов"),
        "minute": slavic(_F, "минута минуты минут минуты минуты минут", "минуту"),
        "second": slavic(_F, "секунда секунды секунд секунды секунды секунд", "секунду"),
    },
    "pl": {
        "day": slavic(_M, "dzień dni dni dnia dnia dni"),
        "hour": slavic(_F, "godzina godziny godzin godziny godziny godzin", "godzinę"),
        "minute": slavic(_F, "minuta minuty minut minuty minuty minut", "minutę"),
        "second": slavic(_F, "sekunda sekundy sekund sekundy sekundy sekund", "sekundę"),
    },
}


def duration(seconds: int, language: str, case: Case = Case.NOMINATIVE) -> str:
    """*seconds* in days, hours, minutes and seconds; what is zero is left out. Raises ValueError."""
    if not 0 <= seconds <= LONGEST:
        raise ValueError(f"{seconds} s is not between 0 and {LARGEST} days")
    parts: list[str] = []
    rest = seconds
    for unit, length in UNITS.items():
        n, rest = divmod(rest, length)
        if n or (unit == "second" and not parts):
            parts.append(count(n, NOUNS[language][unit], language, case))
    if language == "en" and len(parts) > 1:
        return f"{', '.join(parts[:-1])} and {parts[-1]}"
    return " ".join(parts)
