"""Who asks: tokens and roles. Whoever is refused learns nothing about why."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from softswitch.config.words.systems import ApiToken, Role

#: What each role may do.
FILL, ROLLBACK, RESTRUCTURE, FORGET_WISH = "fill", "rollback", "restructure", "forget-wish"
CALL_BACK, CALLERS = "call-back", "callers"
#: Looking at campaigns and customers, and hearing every box of messages.
LOOK, EVERY_BOX = "look", "every-box"
#: All that is known of a customer, handed out and erased.
ERASE = "erase"
#: Setting opening hours by hand.
HOURS = "hours"
_RIGHTS: dict[Role, frozenset[str]] = {
    "admin": frozenset({LOOK, FILL, ROLLBACK, RESTRUCTURE, FORGET_WISH, CALL_BACK, CALLERS, EVERY_BOX, ERASE, HOURS}),
    "marketing": frozenset({LOOK, FILL, ROLLBACK}),
    "crm": frozenset({LOOK, FILL, FORGET_WISH, CALL_BACK, CALLERS}),
    "agent": frozenset(),
}


@dataclass(frozen=True, slots=True)
class User:
    """Whom a token belongs to."""

    name: str
    role: Role
    boxes: frozenset[str] = frozenset()

    def may(self, right: str) -> bool:
        return right in _RIGHTS[self.role]

    def hears(self, box: str) -> bool:
        """Whether the messages in *box* are theirs to list, hear, mark and delete."""
        return self.may(EVERY_BOX) or box in self.boxes


def user_of(authorization: str, tokens: Sequence[ApiToken]) -> User | None:
    """The owner of the token in an Authorization header; all tokens are compared, whichever fits."""
    scheme, _, given = authorization.partition(" ")
    found: User | None = None
    for known in tokens:
        same = hmac.compare_digest(known.token.reveal().encode(), given.strip().encode())
        if same and scheme.lower() == "bearer":
            found = User(known.name, known.role, frozenset(known.boxes))
    return found
