"""Whether agents' phones are still there: each is asked with OPTIONS every so often (RFC 3261 §11).

A registration says that a phone was there when it registered. Between two of them a cable may be pulled out, and
callers would be offered to a phone that never rings. Any response at all means that the phone is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from sip.headers import NameAddr
from sip.uri import Uri
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from sip.flow import Flow
    from sip.message import Response
    from softswitch.call.requests import OwnRequests
    from softswitch.call.ringing.phones import Phones

#: Seconds for an answer; by then the request has been sent four times (RFC 3261 §17.1.2.2).
PATIENCE = 5.0
#: Seconds between questions to a phone that does not answer: it is to be noticed soon when it is back.
AGAIN = 10.0
#: After a restart all phones are asked within so many seconds, not all at once.
SPREAD = 2.0


class Qualifier:
    """Asks the phones that it is to `watch`; *every* seconds, 0 = never. What it finds out is told to `Phones`."""

    def __init__(self, *, phones: Phones, requests: OwnRequests, domain: str, every: float) -> None:
        self._phones = phones
        self._requests = requests
        self._domain = domain
        self._every = every
        self._due: Timers[str] = Timers()
        self._asked: dict[str, dict[str, str]] = {}  # phone → request → contact that has not answered yet
        self._patience: Timers[str] = Timers()

    def __len__(self) -> int:
        return len(self._due)

    def watch(self, phone: str, now: float, *, soon: bool = False) -> None:
        """An agent sits there. *soon*: it is not known whether the phone is still there."""
        if self._every > 0:
            spread = SPREAD * (crc32(phone.encode()) % 1000) / 1000
            self._due.set(phone, now + (spread if soon else self._every))

    def unwatch(self, phone: str, now: float) -> None:
        self._due.set(phone, None)
        self._patience.set(phone, None)
        for request in self._asked.pop(phone, {}):
            self._requests.forget(request)
        self._phones.heard_of(phone, now)

    def next_deadline(self) -> float | None:
        deadlines = (self._due.next_deadline(), self._patience.next_deadline())
        return min((at for at in deadlines if at is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        while (phone := self._patience.pop_due(now)) is not None:
            for request, contact in self._asked.pop(phone, {}).items():
                self._requests.forget(request)
                self._phones.silent(phone, contact, now)
            self._phones.tell(phone, now)
            self._again(phone, now)
        while (phone := self._due.pop_due(now)) is not None:
            self._ask(phone, now)

    def _ask(self, phone: str, now: float) -> None:
        self._due.set(phone, now + self._every)
        if self._asked.get(phone):
            return  # it has not answered the last question, and has still time to
        places = self._phones.places(phone, now)
        if not places:
            self._phones.tell(phone, now)
            self._again(phone, now)
            return
        asked = self._asked.setdefault(phone, {})
        for uri, flow in places:
            asked[self._options(phone, uri, flow, now)] = str(uri)
        self._patience.set(phone, now + PATIENCE)

    def _options(self, phone: str, uri: Uri, flow: Flow, now: float) -> str:
        request = ""

        def done(response: Response | None, at: float) -> None:
            self._answered(phone, request, response is not None, at)

        request = self._requests.send(
            "OPTIONS",
            uri=uri,
            flow=flow,
            from_=NameAddr("", Uri("sip", None, self._domain)),
            to=NameAddr("", Uri("sip", phone, self._domain)),
            headers=(("Accept", "application/sdp"),),
            done=done,
            now=now,
        )
        return request

    def _answered(self, phone: str, request: str, is_there: bool, now: float) -> None:
        asked = self._asked.get(phone, {})
        contact = asked.pop(request, None)
        if contact is None:
            return
        if is_there:
            self._phones.heard_of(phone, now, contact)
        else:
            self._phones.silent(phone, contact, now)
        if not asked:
            self._asked.pop(phone, None)
            self._patience.set(phone, None)
            self._again(phone, now)
        self._phones.tell(phone, now)

    def _again(self, phone: str, now: float) -> None:
        """Ask a phone that does not answer sooner than the others."""
        if not self._phones.reachable(phone, now):
            self._due.set(phone, now + min(AGAIN, self._every))
