"""All the ways in which one number may be written, found inside any text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import phonenumbers

from softswitch.callers.numbers import NumberKind

if TYPE_CHECKING:
    from softswitch.callers.numbers import NumberPlan

#: Between digits, as people and carriers set them.
_FILLING = r"[\s().\-/\u2010-\u2015]"
_BETWEEN = _FILLING + "{0,2}"
_OCTETS_BETWEEN = bytes({*"".join(re.findall(_FILLING, "".join(map(chr, range(0x3001))))).encode()})
#: Not the end of a longer number; an encoded octet of a URL before it is none.
_BEGIN, _END = r"(?:(?<![0-9])|(?<=%[0-9A-Fa-f]{2}))", r"(?![0-9])"
#: A shorter one would be found in what is no number at all.
_SHORTEST = 6


class NotErasable(ValueError):
    """It is no number of a customer; the message says why."""


@dataclass(frozen=True, slots=True)
class Forms:
    """`number` is the form that is kept: E.164 where there is one."""

    number: str
    pattern: re.Pattern[str]
    digits: bytes
    """Those that are in every form."""

    def inside(self, text: str) -> bool:
        # all octets of what may be between them are left out first: this is asked of millions of texts
        there = self.digits in text.encode("utf-8", "replace").translate(None, _OCTETS_BETWEEN)
        return there and self.pattern.search(text) is not None

    def are(self, text: str) -> bool:
        """Whether the whole *text* is the number."""
        return self.pattern.fullmatch(text.strip()) is not None

    def replaced(self, text: str, by: str) -> str:
        return self.pattern.sub(by, text)


def forms_of(written: str, plan: NumberPlan) -> Forms:
    """Raises NotErasable."""
    number = plan.read(written)
    if number.kind in (NumberKind.INTERNAL, NumberKind.EMERGENCY):
        raise NotErasable(f'"{number.dialable}" is one of our own numbers, or an emergency service')
    if number.kind not in (NumberKind.GLOBAL, NumberKind.LOCAL) or not number.dialable.lstrip("+").isdigit():
        raise NotErasable(f'"{written}" is no number; write "+380441234567"')
    if len(number.dialable.lstrip("+")) < _SHORTEST:
        raise NotErasable(f'"{number.dialable}" is too short to be told from other digits: {_SHORTEST} or more')
    before, rest = "", number.dialable.lstrip("+")
    if number.e164:
        parsed = phonenumbers.parse(number.e164)
        rest = phonenumbers.national_significant_number(parsed)
        region = phonenumbers.region_code_for_number(parsed) or ""
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
        trunk = re.escape((metadata.national_prefix if metadata else None) or "0")
        country = _BETWEEN.join(str(parsed.country_code))
        abroad = rf"(?:(?:\+|%2B|00|011|0011|810){_BETWEEN})?{country}{_BETWEEN}(?:\(?{trunk}\)?{_BETWEEN})?"
        before = rf"(?:{abroad}|\(?(?:{trunk}|0){_BETWEEN}|\()?"
    else:
        before = r"\+?"
    pattern = re.compile(_BEGIN + before + _BETWEEN.join(rest) + _END, re.IGNORECASE)
    return Forms(number.dialable, pattern, rest.encode())
