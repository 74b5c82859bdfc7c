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
    """Whether a callback to *number* can be promised: see `why_not_called`."""
    return not why_not_called(number, patterns, phones=phones, trunks=trunks, never=never)


def why_not_called(
    number: str,
    patterns: Collection[str],
    *,
    phones: Collection[str],
    trunks: Mapping[str, Trunk],
    never: Collection[str] = (),
) -> str:
    """Why no callback to *number* can be promised, as what follows "the number"; empty when one can. *patterns*: the
    numbers allowed, empty for all usual ones; *never*: those that are not called, phones of our own included."""
    bare = normalised(number)
    if is_never_called(number, never):
        return "is one that is never called back"
    if number in phones:
        return ""
    if not bare:
        return "is no number that may be called back"
    if not any(trunk.host is not None for trunk in trunks.values()):
        return "cannot be called back: there is no trunk with a host, so that only our own phones can"
    if not SHORTEST <= len(bare.removeprefix("+")) <= LONGEST:
        return f"is no number that may be called back: outside they have {SHORTEST} to {LONGEST} figures"
    if patterns and not any(_fits(bare, pattern) for pattern in patterns):
        return "is not among the numbers that may be called back"
    return ""


def is_never_called(number: str, never: Collection[str]) -> bool:
    """Whether *never* has this number; somebody may have written it there after a callback was promised."""
    return any(_fits(normalised(number) or number, pattern) for pattern in never)


def _fits(number: str, pattern: str) -> bool:
    return number.startswith(pattern[:-1]) if pattern.endswith("*") else number == pattern
