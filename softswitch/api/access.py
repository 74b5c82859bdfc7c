"""Who asks: tokens and roles. Whoever is refused learns nothing about why."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from softswitch.config.words.systems import ApiToken, Role

#: What each role may do besides looking.
FILL, ROLLBACK, RESTRUCTURE, FORGET_WISH = "fill", "rollback", "restructure", "forget-wish"
CALL_BACK = "call-back"
_RIGHTS: dict[Role, frozenset[str]] = {
    "admin": frozenset({FILL, ROLLBACK, RESTRUCTURE, FORGET_WISH, CALL_BACK}),
    "marketing": frozenset({FILL, ROLLBACK}),
    "crm": frozenset({FILL, FORGET_WISH, CALL_BACK}),
}


@dataclass(frozen=True, slots=True)
class User:
    """Whom a token belongs to."""

    name: str
    role: Role

    def may(self, right: str) -> bool:
        return right in _RIGHTS[self.role]


def user_of(authorization: str, tokens: Sequence[ApiToken]) -> User | None:
    """The owner of the token in an Authorization header; all tokens are compared, whichever fits."""
    scheme, _, given = authorization.partition(" ")
    found: User | None = None
    for known in tokens:
        same = hmac.compare_digest(known.token.reveal().encode(), given.strip().encode())
        if same and scheme.lower() == "bearer":
            found = User(known.name, known.role)
    return found
