"""Who a caller is to those who keep customers: the variable `customer_id`, whoever tells it.

A list, a lookup, a web service, an application or a `set` after a code may know it. Until then, and where nobody does,
callers are known by their numbers.
"""

from __future__ import annotations

from typing import Final

#: The variable of a call.
CUSTOMER_ID: Final = "customer_id"
#: What the switch itself knows of every call: nobody outside says who calls, or whom.
THE_CALLS_OWN: Final = frozenset({"ani", "ani_raw", "withheld", "did", "call"})
#: Characters of an id; a longer one is cut.
LONGEST = 100


def readable(customer_id: str) -> str:
    """As it is kept: on one line, nothing invisible in it; empty when it is none."""
    shown = "".join(character if character.isprintable() else " " for character in customer_id)
    return " ".join(shown.split())[:LONGEST].rstrip()
