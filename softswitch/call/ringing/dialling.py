"""Ringing somebody: a phone at all its contacts at once, the first answer wins; a number through trunk after trunk."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from rtp.lanes import NoPortLeft
from sip.headers import NameAddr
from sip.uri import Uri
from softswitch.call.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sip.auth import Credentials
    from sip.flow import Flow
    from sip.message import Response
    from softswitch.call.legs import Legs
    from softswitch.call.model import Call, Caller, Leg, Role
    from softswitch.call.ringing.phones import Phones
    from softswitch.call.trunks.lines import Trunks
    from softswitch.ports import SipSender

ANSWERED_ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'  # RFC 3326


class Failure(Enum):
    """Why nobody answered."""

    BUSY = auto()
    REJECTED = auto()
    NO_ANSWER = auto()
    UNREACHABLE = auto()


#: Seconds in which a carrier says anything at all; after that the next one is asked.
CARRIER_SILENT = 1.0

#: The best news of several contacts is what the caller is told.
_RANK = {Failure.UNREACHABLE: 0, Failure.NO_ANSWER: 1, Failure.REJECTED: 2, Failure.BUSY: 3}


def failure_of(status: int, *, heard: bool = True) -> Failure:
    """What the *status* that ended our INVITE says about the person (RFC 3261 §21).

    486 and 603 are what telephones send when somebody declines. 480 is sent by nobody's hand: the telephone rang out by
    itself, or is not to be disturbed (§21.4.18). *heard* is False when no response came and the status is our own: then
    a 408 is about the phone.
    """
    if status in (486, 600):
        return Failure.BUSY
    if status in (403, 603, 607, 608) or status // 100 == 6:
        return Failure.REJECTED
    if status in (480, 487) or (status == 408 and heard) or status // 100 == 3:
        return Failure.NO_ANSWER  # also who forwards calls: is not there, and we dial nobody else
    return Failure.UNREACHABLE


def is_carriers_trouble(status: int) -> bool:
    """Whether another carrier may do better: this one refuses us, is full or broken; the called party said nothing."""
    return status in (401, 402, 403, 407, 408) or 500 <= status < 600


@dataclass(slots=True)
class Attempt:
    """One try to reach one phone, or (`phone` is empty) one number through one trunk after another."""

    attempt: int
    call: str
    phone: str
    on_ringing: Callable[[Attempt, Leg, Response, float], None]
    on_answer: Callable[[Attempt, Leg, float], None]
    on_failure: Callable[[Attempt, Failure, float], None]
    legs: set[int] = field(default_factory=set)
    failure: Failure = Failure.UNREACHABLE
    over: bool = False
    #: Calls the number through the next trunk; False when there is none left.
    next_way: Callable[[float], bool] | None = None


class Dialling:
    """All attempts that are under way."""

    def __init__(self, *, sip: SipSender, legs: Legs, phones: Phones, trunks: Trunks, domain: str) -> None:
        self._sip = sip
        self._legs = legs
        self._phones = phones
        self._trunks = trunks
        self._silent: Timers[int] = Timers()  # legs of whose carriers nothing has come
        self._domain = domain
        self._next = 1
        self._attempts: dict[int, Attempt] = {}
        self._by_leg: dict[int, Attempt] = {}

    def __len__(self) -> int:
        return len(self._attempts)

    def ring(
        self,
        call: Call,
        phone: str,
        role: Role,
        *,
        display: str,
        on_ringing: Callable[[Attempt, Leg, Response, float], None],
        on_answer: Callable[[Attempt, Leg, float], None],
        on_failure: Callable[[Attempt, Failure, float], None],
        headers: Sequence[tuple[str, str]] = (),
        number: str = "",
        now: float,
    ) -> Attempt | Failure:
        """Start ringing; a phone that is nowhere fails at once, without a packet.

        *headers* go into the INVITE; *number* is shown as the one that calls, the caller's when it is empty.
        """
        places = self._phones.places(phone, now)
        if not places:
            return Failure.UNREACHABLE
        attempt = Attempt(self._next, call.call, phone, on_ringing, on_answer, on_failure)
        self._next += 1
        self._attempts[attempt.attempt] = attempt
        for uri, flow in places:
            try:
                self._invite(attempt, call, uri, flow, role, display, headers, number or call.caller.number, now)
            except NoPortLeft:
                break
        if not attempt.legs:
            self._end(attempt)
            return Failure.UNREACHABLE
        return attempt

    def ring_number(
        self,
        call: Call,
        number: str,
        trunk: str,
        role: Role,
        *,
        display: str,
        on_ringing: Callable[[Attempt, Leg, Response, float], None],
        on_answer: Callable[[Attempt, Leg, float], None],
        on_failure: Callable[[Attempt, Failure, float], None],
        headers: Sequence[tuple[str, str]] = (),
        caller: Caller | None = None,
        now: float,
    ) -> Attempt | Failure:
        """Call *number* outside through *trunk* (empty: the first that carries it) or, failing that, its failovers.

        A carrier that says nothing within a second, is full, or refuses for reasons of its own, is given up for the
        next one; what the called party says counts. Fails at once when no trunk can take the call. *caller* is shown
        as the one that calls, as far as the trunk shows any; None: the call's.
        """
        ways = self._trunks.ways(number, trunk, now, call.config.trunks)
        attempt = Attempt(self._next, call.call, "", on_ringing, on_answer, on_failure)

        def next_way(at: float) -> bool:
            while ways:
                place = self._trunks.place(ways.pop(0), number, caller or call.caller, display)
                if place is None:
                    continue
                try:
                    leg = self._send(
                        attempt,
                        call,
                        place.uri,
                        place.flow,
                        role,
                        place.from_,
                        place.to,
                        headers,
                        at,
                        auth=place.auth,
                        trunk=place.trunk,
                    )
                except NoPortLeft:
                    return False
                if ways:
                    self._silent.set(leg.leg, at + CARRIER_SILENT)
                return True
            return False

        attempt.next_way = next_way
        if not next_way(now):
            return Failure.UNREACHABLE
        self._next += 1
        self._attempts[attempt.attempt] = attempt
        return attempt

    def _invite(
        self,
        attempt: Attempt,
        call: Call,
        uri: Uri,
        flow: Flow,
        role: Role,
        display: str,
        headers: Sequence[tuple[str, str]],
        number: str,
        now: float,
    ) -> None:
        from_ = NameAddr(display, Uri(scheme="sip", user=number or "anonymous", host=self._domain))
        to = NameAddr("", Uri(scheme="sip", user=attempt.phone, host=self._domain))
        if number:  # phones that go by who was asserted to call show the same (RFC 3325)
            headers = (*headers, ("P-Asserted-Identity", str(from_)))
        self._send(attempt, call, uri, flow, role, from_, to, headers, now)

    def _send(
        self,
        attempt: Attempt,
        call: Call,
        uri: Uri,
        flow: Flow,
        role: Role,
        from_: NameAddr,
        to: NameAddr,
        headers: Sequence[tuple[str, str]],
        now: float,
        *,
        auth: Credentials | None = None,
        trunk: str | None = None,
    ) -> Leg:
        """Raises NoPortLeft."""
        leg = self._legs.reserve_outgoing(call.call, role, flow, attempt.phone or None, call.a_leg or None, now)
        if trunk is not None:
            leg.trunk = trunk
            self._trunks.occupy(trunk, leg.leg)
        usage = self._sip.invite(
            uri=uri,
            flow=flow,
            from_=from_,
            to=to,
            contact_user=from_.uri.user or "",
            headers=headers,
            body=leg.local_sdp,
            auth=auth,
            now=now,
        )
        self._legs.bind(leg, usage)
        attempt.legs.add(leg.leg)
        self._by_leg[leg.leg] = attempt
        return leg

    def of(self, leg: Leg) -> Attempt | None:
        return self._by_leg.get(leg.leg)

    def answered(self, attempt: Attempt, leg: Leg, now: float) -> None:
        """*leg* has answered: everybody else stops ringing."""
        self._detach(attempt, leg)
        self._stop(attempt, now, reason=ANSWERED_ELSEWHERE)
        attempt.on_answer(attempt, leg, now)

    def failed(self, attempt: Attempt, leg: Leg, failure: Failure, now: float) -> None:
        """One contact will not answer; the attempt fails with the last."""
        self._detach(attempt, leg)
        if _RANK[failure] >= _RANK[attempt.failure]:
            attempt.failure = failure
        if attempt.over or attempt.legs:
            return
        if attempt.next_way is None or not is_carriers_trouble(leg.refused) or not attempt.next_way(now):
            self._end(attempt)
            attempt.on_failure(attempt, attempt.failure, now)

    def cancel(self, attempt: int | None, now: float, *, reason: str = "") -> None:
        """Stop ringing; nothing more is heard of the attempt."""
        found = None if attempt is None else self._attempts.get(attempt)
        if found is not None:
            self._stop(found, now, reason=reason)

    def cancel_all(self, call: str, now: float) -> None:
        """Stop everything that rings for *call*."""
        for attempt in [attempt for attempt in self._attempts.values() if attempt.call == call]:
            self._stop(attempt, now)

    def next_deadline(self) -> float | None:
        return self._silent.next_deadline()

    def handle_timeout(self, now: float) -> None:
        """Carriers that said nothing: the next one is asked, and the silent one after all others for a while."""
        while (handle := self._silent.pop_due(now)) is not None:
            leg, attempt = self._legs.get(handle), self._by_leg.get(handle)
            if leg is None or attempt is None or attempt.next_way is None or self._sip.was_heard(leg.usage):
                continue
            if leg.trunk is not None:
                self._trunks.silent(leg.trunk, now)
            if attempt.next_way(now):
                self._detach(attempt, leg)
                self._legs.hang_up(leg, now)

    def _stop(self, attempt: Attempt, now: float, *, reason: str = "") -> None:
        self._end(attempt)
        for handle in sorted(attempt.legs):
            self._by_leg.pop(handle, None)
            leg = self._legs.get(handle)
            if leg is not None:
                self._legs.hang_up(leg, now, reason=reason)
        attempt.legs.clear()

    def _detach(self, attempt: Attempt, leg: Leg) -> None:
        attempt.legs.discard(leg.leg)
        self._by_leg.pop(leg.leg, None)

    def _end(self, attempt: Attempt) -> None:
        attempt.over = True
        self._attempts.pop(attempt.attempt, None)
