"""What is read one by one: digits, telephone numbers in groups, keys of a telephone."""

from __future__ import annotations

import re

from softswitch.speech.grammar.numbers import cardinal

_PLUS = {"en": "plus", "uk": "плюс", "ru": "плюс", "pl": "plus"}

#: The two keys without a figure, as the object of "press".
_KEYS = {
    "*": {"en": "star", "uk": "зірочку", "ru": "звёздочку", "pl": "gwiazdkę"},
    "#": {"en": "hash", "uk": "решітку", "ru": "решётку", "pl": "krzyżyk"},
}

#: How people group the numbers of a country; the first that fits. Others are read in threes.
_GROUPED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(\+380)(\d\d)(\d{3})(\d\d)(\d\d)",
        r"(\+48)(\d{3})(\d{3})(\d{3})",
        r"(\+7)(\d{3})(\d{3})(\d\d)(\d\d)",
        r"(\+1)(\d{3})(\d{3})(\d{4})",
        r"(\+44)(\d{4})(\d{3})(\d{3})",
        r"(0\d\d)(\d{3})(\d\d)(\d\d)",
        r"(8)(\d{3})(\d{3})(\d\d)(\d\d)",
        r"(\d{3})(\d{3})(\d{3})",
    )
)


def digits(text: str, language: str) -> str:
    """Figure by figure; other characters stay as they are."""
    return " ".join(cardinal(int(c), language) if c.isascii() and c.isdigit() else c for c in text)


def telephone_number(number: str, language: str) -> str:
    """Figure by figure, with a pause between the groups; what is no figure, apart from a plus in front, is left out."""
    plain = "+" * number.strip().startswith("+") + "".join(c for c in number if c.isascii() and c.isdigit())
    groups = (digits(group.removeprefix("+"), language) for group in _groups(plain))
    spoken = ", ".join(group for group in groups if group)
    return f"{_PLUS[language]} {spoken}" if plain.startswith("+") else spoken


def _groups(number: str) -> tuple[str, ...]:
    for pattern in _GROUPED:
        if match := pattern.fullmatch(number):
            return match.groups()
    if len(number) <= 4:
        return (number,)
    threes = [number[at : at + 3] for at in range(0, len(number), 3)]
    if len(threes[-1]) == 1:  # nobody says a lone digit: 3 and 1 become 2 and 2
        last = threes[-2] + threes[-1]
        threes[-2:] = [last[:2], last[2:]]
    return tuple(threes)


def key(name: str, language: str) -> str:
    """A key as the object of "press": "one", "hash", "решітку"."""
    return _KEYS[name][language] if name in _KEYS else digits(name, language)
