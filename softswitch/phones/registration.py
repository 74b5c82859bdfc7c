"""Keeping a phone registered: the first REGISTER, refreshing it in time, and the last one."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

from sip.errors import ParseError
from sip.grammar import parse_number
from softswitch.phones.call import PhoneError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sip.message import Response

#: A refresh is sent when this share of the granted time has passed.
_SHARE: Final = 0.8
_LONGEST: Final = 7 * 24 * 3600


class Registration:
    """*send* carries one REGISTER (expires, Call-ID, CSeq) to the registrar and returns its final response."""

    def __init__(
        self,
        send: Callable[[int, str, int], Awaitable[Response]],
        *,
        on_trouble: Callable[[BaseException], None],
    ) -> None:
        self._send = send
        self._on_trouble = on_trouble
        self._call_id = os.urandom(12).hex()
        self._cseq = 1
        self._refresher: asyncio.Task[None] | None = None
        #: Granted seconds; 0 when not registered.
        self.expires = 0

    async def begin(self, expires: int) -> int:
        """Register, and refresh for as long as the phone is on. Raises PhoneError."""
        self.stop()
        await self._once(expires)
        self._refresher = asyncio.get_running_loop().create_task(self._refresh(expires), name="registration")
        return self.expires

    async def end(self) -> None:
        self.stop()
        await self._once(0)

    def stop(self) -> None:
        """No more refreshing."""
        if self._refresher is not None:
            self._refresher.cancel()
            self._refresher = None

    async def _refresh(self, expires: int) -> None:
        try:
            while True:
                await asyncio.sleep(self.expires * _SHARE)
                await self._once(expires)
        except PhoneError as error:
            self.expires = 0
            self._on_trouble(error)

    async def _once(self, expires: int) -> None:
        response = await self._send(expires, self._call_id, self._cseq)
        self._cseq = response.cseq.number + 1
        if response.status == 423:  # too brief for this registrar (RFC 3261 §10.2.8)
            least = _seconds(response.headers.get("Min-Expires"))
            if least > expires > 0:
                response = await self._send(least, self._call_id, self._cseq)
                self._cseq = response.cseq.number + 1
        if response.status != 200:
            raise PhoneError(f"the registration was refused: {response.status} {response.reason}")
        self.expires = 0 if expires == 0 else _granted(response, expires)


def _granted(response: Response, asked: int) -> int:
    """What the registrar gave: in Contact, else in Expires, else what was asked for.

    Contacts of other devices of the same AOR are listed too; the shortest time serves for all.
    """
    given = [seconds for contact in response.contacts if (seconds := _seconds(contact.param("expires")))]
    return min(given, default=response.expires or asked)


def _seconds(text: str | None) -> int:
    try:
        return parse_number(text or "", _LONGEST, "expires")
    except ParseError:
        return 0
