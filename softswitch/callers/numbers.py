"""Telephone numbers as people and carriers write them, brought to one form.

Numbers of our own and of emergency services come first: a national numbering plan would read "112" as the beginning
of a subscriber's number. Everything else is read by the plan of the switch's country and written in E.164.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import phonenumbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

#: Numbers of emergency services in Ukraine, Poland, the European Union and beyond.
EMERGENCY = ("112", "101", "102", "103", "104", "911", "997", "998", "999")
#: User parts that mean "no number" (RFC 3323 §4.1, and what carriers make of it).
WITHHELD = frozenset({"", "anonymous", "unavailable", "private", "restricted", "unknown", "withheld"})
#: Numbers that only talk. Where a plan does not tell landlines from mobiles, either may get texts.
_SPEECH_ONLY = frozenset(
    {
        *(phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.TOLL_FREE),
        *(phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST),
        *(phonenumbers.PhoneNumberType.UAN, phonenumbers.PhoneNumberType.VOICEMAIL),
    }
)
_FILLING = re.compile(r"[\s().\-/\u2010-\u2015]+")
_GLOBAL = re.compile(r"\+[1-9]\d{5,14}")
_DIALLABLE = re.compile(r"\+?[0-9*#]{1,32}")
MAX_LENGTH = 64


class NumberKind(StrEnum):
    INTERNAL = "internal"  # one of our own
    EMERGENCY = "emergency"
    GLOBAL = "global"  # has an E.164 form
    LOCAL = "local"  # digits that the country's plan does not know
    WITHHELD = "withheld"
    OTHER = "other"  # a name, or anything else that cannot be dialled


@dataclass(frozen=True, slots=True)
class Number:
    """`raw` as it came; `dialable` is the form to compare, store and call back: E.164 where there is one."""

    raw: str
    dialable: str
    kind: NumberKind

    @property
    def withheld(self) -> bool:
        return self.kind is NumberKind.WITHHELD

    @property
    def e164(self) -> str:
        """With the plus sign, or empty."""
        return self.dialable if self.kind is NumberKind.GLOBAL else ""


class NumberPlan:
    """Reads numbers as the people of one country dial them."""

    def __init__(
        self, country: str = "", *, internal: Collection[str] = (), emergency: Iterable[str] = EMERGENCY
    ) -> None:
        """*country*: ISO 3166 code; empty: only numbers with "+" (or "00") can be global.

        Raises ValueError for a country that has no numbering plan.
        """
        if country and country not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f'"{country}" is not a country with a numbering plan')
        self._country = country
        self._internal = frozenset(internal)
        self._emergency = frozenset(emergency)
        self._read = lru_cache(maxsize=8192)(self._parse)

    def read(self, raw: str, *, ours: bool = True) -> Number:
        """What *raw*, the user part of an address or something keyed or typed, is.

        *ours*: it may be one of our own numbers; what comes from a carrier is none, even if it looks like one.
        """
        number = self._read(raw[:MAX_LENGTH])
        return number if ours or number.kind is not NumberKind.INTERNAL else self._outside(raw, number.dialable)

    def beginnings(self, written: str) -> tuple[str, ...]:
        """What numbers that begin with *written* begin with: as it stands, and as E.164 where that is plain.

        In Ukraine "067" is also "+38067" and "0044" is "+44", in Poland "22" is "+4822".
        """
        plain = "".join(character for character in written if character.isdigit() or character in "+*#")
        found = self._beginning(plain)
        return (plain,) if found in ("", plain) else (plain, found)

    def _beginning(self, plain: str) -> str:
        if not plain.isdigit():
            return ""
        if not self._country:
            return f"+{plain[2:]}" if plain.startswith("00") and len(plain) > 2 else ""
        code = str(phonenumbers.country_code_for_region(self._country))
        plan = phonenumbers.PhoneMetadata.metadata_for_region(self._country)
        national = (plan and plan.national_prefix) or ""
        abroad = re.match(plan.international_prefix, plain) if plan and plan.international_prefix else None
        if abroad is not None and len(plain) > abroad.end():
            return f"+{plain[abroad.end() :]}"
        if plain.startswith(code):
            return f"+{plain}"
        if national:
            within = plain.removeprefix(national)
            return f"+{code}{within}" if within and within != plain else ""
        return f"+{code}{plain}"

    def gets_texts(self, number: Number) -> bool:
        """Whether text messages may come to *number*."""
        try:
            return bool(number.e164) and phonenumbers.number_type(phonenumbers.parse(number.e164)) not in _SPEECH_ONLY
        except phonenumbers.NumberParseException:
            return False

    def _parse(self, raw: str) -> Number:
        text = raw.strip()
        if text.lower() in WITHHELD:
            return Number(raw, "", NumberKind.WITHHELD)
        if text in self._internal:
            return Number(raw, text, NumberKind.INTERNAL)
        digits = _FILLING.sub("", text.partition(";")[0])
        if digits in self._emergency:
            return Number(raw, digits, NumberKind.EMERGENCY)
        if digits in self._internal:
            return Number(raw, digits, NumberKind.INTERNAL)
        if not _DIALLABLE.fullmatch(digits):
            return Number(raw, text, NumberKind.OTHER)
        return self._outside(raw, digits)

    def _outside(self, raw: str, digits: str) -> Number:
        found = self._global(digits)
        return Number(raw, digits, NumberKind.LOCAL) if found is None else Number(raw, found, NumberKind.GLOBAL)

    def _global(self, digits: str) -> str | None:
        if "*" in digits or "#" in digits:
            return None
        if digits.startswith("00") and not self._country:
            digits = f"+{digits[2:]}"
        for attempt in (digits, f"+{digits}"):  # carriers send E.164 without its plus
            try:
                number = phonenumbers.parse(attempt, self._country or None)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        # a plan changes more often than its library: what says that it is E.164 and may be is taken at its word
        return digits if _GLOBAL.fullmatch(digits) else None
