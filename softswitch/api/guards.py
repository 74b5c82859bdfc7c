"""What every resource needs: who asks, whether they may, and a change that can be relied on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import Depends, HTTPException, Request

from softswitch.api.access import LOOK, User, user_of
from softswitch.store.journal import RecordLost

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from softswitch.config.words.systems import Api

#: Seconds within which a change has to be on disk.
DURABLE = 5.0


class Guards:
    """*kept* returns when all changes so far are durable."""

    def __init__(self, settings: Callable[[], Api], kept: Callable[[], Awaitable[None]]) -> None:
        self._settings, self._kept = settings, kept
        self.asking: User = Depends(self._looking)
        """The default of a parameter that is the user."""
        self.anybody: User = Depends(self._user)
        """The same where a token is enough to ask: what is theirs is settled by the resource."""

    async def _looking(self, request: Request) -> User:
        found = await self._user(request)
        self.demand(found, LOOK)
        return found

    async def _user(self, request: Request) -> User:
        found = user_of(request.headers.get("authorization", ""), self._settings().tokens)
        if found is None:
            raise HTTPException(401, "a token is needed", {"WWW-Authenticate": "Bearer"})
        return found

    @staticmethod
    def demand(who: User, right: str) -> None:
        """Raises HTTPException: 403."""
        if not who.may(right):
            raise HTTPException(403, "not allowed")

    async def durable(self) -> None:
        """Return when what was changed is on disk. Raises HTTPException: 503."""
        try:
            async with asyncio.timeout(DURABLE):
                await self._kept()
        except (TimeoutError, RecordLost):
            raise HTTPException(503, "in force, but not on disk: a restart may forget it") from None
