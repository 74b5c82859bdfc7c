"""Who a caller is to the queues, and whom we may call back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ivr.customers import CUSTOMER_ID

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from softswitch.call.model import Call, Caller
    from softswitch.config import Trunk

_NUMBER = re.compile(r"\+?[0-9]+")
_PUNCTUATION = re.compile(r"[\s().\-/]")
#: Length of a number that trunks are asked to call, in digits: E.164's longest, and no short codes.
SHORTEST, LONGEST = 5, 15


def normalised(number: str) -> str:
    """*number* without punctuation, with "+" for the international "00"; empty when it is none."""
    bare = _PUNCTUATION.sub("", number)
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    return bare if _NUMBER.fullmatch(bare) else ""


def customer_of(caller: Caller) -> str:
    """By what a caller is known again; empty for who withholds the number. Numbers have been read by the plan."""
    if caller.phone is not None:
        return f"phone:{caller.phone}"
    return normalised(caller.number)


def customer_id_of(call: Call) -> str:
    """What a list, a lookup or a web service has said of who calls; empty when nobody has."""
    return call.session.progress.public.get(CUSTOMER_ID, "")


def customer_in(call: Call) -> str:
    """By what the caller in *call* is known again: the id that somebody has told, else as `customer_of`."""
    return customer_id_of(call) or customer_of(call.caller)


def can_be_called(
    number: str,
    patterns: Collection[str],
    *,
    phones: Collection[str],
    trunks: Mapping[str, Trunk],
    never: Collection[str] = (),
) -> bool:
    """Whether a callback to *number* can be promised. *patterns*: the numbers allowed, empty for all usual ones;
    *never*: those that are not called, phones of our own included."""
    bare = normalised(number)
    if is_never_called(number, never):
        return False
    if number in phones:
        return True
    if not bare or not any(trunk.host is not None for trunk in trunks.values()):
        return False
    digits = bare.removeprefix("+")
    if not SHORTEST <= len(digits) <= LONGEST:
        return False
    return not patterns or any(_fits(bare, pattern) for pattern in patterns)


def is_never_called(number: str, never: Collection[str]) -> bool:
    """Whether *never* has this number; somebody may have written it there after a callback was promised."""
    return any(_fits(normalised(number) or number, pattern) for pattern in never)


def _fits(number: str, pattern: str) -> bool:
    return number.startswith(pattern[:-1]) if pattern.endswith("*") else number == pattern
