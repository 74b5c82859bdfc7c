"""Requests of our own outside calls (OPTIONS, REGISTER …): who sent one is told how it ended, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.events import ResponseReceived

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sip.auth import Credentials
    from sip.events import RequestFailed
    from sip.flow import Flow
    from sip.headers import NameAddr
    from sip.message import Response
    from sip.uri import Uri
    from softswitch.ports import SipSender


class OwnRequests:
    """All that wait for their response."""

    def __init__(self, sip: SipSender) -> None:
        self._sip = sip
        self._waiting: dict[str, Callable[[Response | None, float], None]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def send(
        self,
        method: str,
        *,
        uri: Uri,
        flow: Flow,
        from_: NameAddr,
        to: NameAddr,
        contact_user: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "",
        auth: Credentials | None = None,
        call_id: str = "",
        cseq: int = 1,
        done: Callable[[Response | None, float], None],
        now: float,
    ) -> str:
        """Send it; *done* gets the final response, or None when none will come. Returns its name for `forget`."""
        request = self._sip.request(
            method,
            uri=uri,
            flow=flow,
            from_=from_,
            to=to,
            contact_user=contact_user,
            headers=headers,
            body=body,
            content_type=content_type,
            auth=auth,
            call_id=call_id,
            cseq=cseq,
            now=now,
        )
        self._waiting[request] = done
        return request

    def forget(self, request: str) -> None:
        """Nobody wants to know any more."""
        self._waiting.pop(request, None)

    def over(self, event: ResponseReceived | RequestFailed, now: float) -> None:
        """An event of the SIP endpoint."""
        done = self._waiting.pop(event.request, None)
        if done is not None:
            done(event.response if isinstance(event, ResponseReceived) else None, now)
