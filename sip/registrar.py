"""The registrar's bindings (RFC 3261 §10.3): which contacts an address of record has, and until when.

It trusts its caller to have authenticated the request and to have mapped its To to the AOR. What must outlast a restart
or be shown to people comes back as effects.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from sip.errors import ParseError
from sip.flow import Flow
from sip.grammar import parse_number
from sip.message import EXPIRES_MAX
from sip.routing import next_hop
from sip.timers import DeadlineHeap, never

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sip.headers import NameAddr
    from sip.message import Request
    from sip.uri import Uri

DEFAULT_EXPIRES: Final = 3600


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of an AOR. Requests to it go on ``flow``, by way of ``path``; ``expires_at`` is a time as ``now``."""

    aor: str
    contact: Uri
    flow: Flow
    expires_at: float
    call_id: str
    cseq: int
    q: float = 1.0
    path: tuple[str, ...] = ()
    user_agent: str = ""
    #: ``+sip.instance`` and ``reg-id``: the same phone, whatever its contact is now (RFC 5626).
    instance: str = ""


class RemovalReason(StrEnum):
    EXPIRED = "expired"
    UNREGISTERED = "unregistered"
    REPLACED = "replaced"  # by a newer contact of the same phone, or as the oldest of too many
    CONNECTION_LOST = "connection lost"
    NO_SUCH_USER = "no such user"  # any more


@dataclass(frozen=True, slots=True)
class BindingAdded:
    binding: Binding


@dataclass(frozen=True, slots=True)
class BindingRefreshed:
    binding: Binding


@dataclass(frozen=True, slots=True)
class BindingRemoved:
    binding: Binding
    reason: RemovalReason


Effect = BindingAdded | BindingRefreshed | BindingRemoved


class Registration(NamedTuple):
    """The response to a REGISTER and what it changed; nothing changes unless ``status`` is 200."""

    status: int
    headers: list[tuple[str, str]]
    effects: list[Effect]


class _Refused(Exception):
    def __init__(self, status: int, *headers: tuple[str, str]) -> None:
        super().__init__(status)
        self.registration = Registration(status, list(headers), [])


@dataclass(slots=True, eq=False)
class _Record:
    """The bindings of one AOR, oldest first."""

    aor: str
    bindings: list[Binding] = field(default_factory=list)
    scheduled: float = field(default_factory=never)

    def next_deadline(self) -> float | None:
        return min((binding.expires_at for binding in self.bindings), default=None)


@dataclass(slots=True)
class Registrar:
    """Times in seconds. A REGISTER may hold at most *max_contacts* contacts, and so may an AOR."""

    min_expires: int = 60
    max_expires: int = 3600
    default_expires: int = DEFAULT_EXPIRES
    max_contacts: int = 10
    _records: dict[str, _Record] = field(default_factory=dict)
    _heap: DeadlineHeap[_Record] = field(default_factory=DeadlineHeap)
    #: AORs that registered over each connection of a stream that is still there.
    _streams: dict[Flow, set[str]] = field(default_factory=dict)

    def register(self, aor: str, request: Request, flow: Flow, now: float) -> Registration:
        """Carry out a REGISTER for *aor*. Raises ParseError when its header fields are malformed."""
        try:
            if request.contact_star:
                effects = self._unregister_all(aor, request, now)
            elif request.contacts:
                effects = self._update(aor, request, flow, now)
            else:
                effects = []
        except _Refused as refused:
            return refused.registration
        return Registration(200, [("Contact", _contact(b, now)) for b in self.bindings(aor, now)], effects)

    def bindings(self, aor: str, now: float) -> list[Binding]:
        """Those that are valid, the preferred first: by q, then the latest registered."""
        record = self._records.get(aor)
        if record is None:
            return []
        live = [binding for binding in record.bindings if binding.expires_at > now]
        return sorted(reversed(live), key=lambda binding: -binding.q)

    def restore(self, bindings: Iterable[Binding]) -> None:
        """Take over what was stored before a restart."""
        for binding in bindings:
            record = self._records.setdefault(binding.aor, _Record(binding.aor))
            record.bindings = [b for b in record.bindings if not b.contact.equivalent(binding.contact)]
            record.bindings.append(binding)
            self._heap.update(record)

    def remove(self, aor: str) -> list[Effect]:
        """*aor* is nobody's any more."""
        record = self._records.get(aor)
        if record is None:
            return []
        effects: list[Effect] = [BindingRemoved(b, RemovalReason.NO_SUCH_USER) for b in record.bindings]
        record.bindings = []
        self._tidy(record)
        return effects

    def connection_lost(self, flow: Flow) -> list[Effect]:
        """A stream's connection is gone: its bindings stay if their contact can be connected to, NAT permitting."""
        effects: list[Effect] = []
        for aor in self._streams.pop(flow, ()):
            record = self._records.get(aor)
            if record is None:
                continue
            kept: list[Binding] = []
            for binding in record.bindings:
                if binding.flow != flow:
                    kept.append(binding)
                    continue
                hop = next_hop(binding.contact, flow.transport)
                address = None if hop is None else hop.address
                if address is not None and address[0] == flow.remote[0]:
                    moved = replace(binding, flow=Flow(flow.transport, flow.local, address))
                    kept.append(moved)
                    effects.append(BindingRefreshed(moved))
                else:
                    effects.append(BindingRemoved(binding, RemovalReason.CONNECTION_LOST))
            record.bindings = kept
            self._tidy(record)
        return effects

    # --- time ---------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        return self._heap.next_deadline()

    def handle_timeout(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        while (record := self._heap.pop_due(now)) is not None:
            effects += [BindingRemoved(b, RemovalReason.EXPIRED) for b in record.bindings if b.expires_at <= now]
            record.bindings = [b for b in record.bindings if b.expires_at > now]
            self._tidy(record)
        return effects

    # --- inside -------------------------------------------------------------------------------------------------

    def _tidy(self, record: _Record) -> None:
        if not record.bindings:
            self._records.pop(record.aor, None)
        self._heap.update(record)

    def _unregister_all(self, aor: str, request: Request, now: float) -> list[Effect]:
        if request.expires != 0 or len(request.headers.get_all("Contact")) != 1:
            raise _Refused(400)
        record = self._records.get(aor)
        if record is None:
            return []
        for binding in record.bindings:
            _check_order(binding, request)
        effects: list[Effect] = [BindingRemoved(b, RemovalReason.UNREGISTERED) for b in record.bindings]
        record.bindings = []
        self._tidy(record)
        return effects

    def _update(self, aor: str, request: Request, flow: Flow, now: float) -> list[Effect]:
        """All contacts or none (§10.3, step 7)."""
        if len(request.contacts) > self.max_contacts:
            raise _Refused(403)
        record = self._records.get(aor) or _Record(aor)
        bindings = [b for b in record.bindings if b.expires_at > now]
        effects: list[Effect] = []
        effects += [BindingRemoved(b, RemovalReason.EXPIRED) for b in record.bindings if b.expires_at <= now]
        for contact in request.contacts:
            self._update_one(aor, contact, request, flow, now, bindings, effects)
        while len(bindings) > self.max_contacts:
            effects.append(BindingRemoved(bindings.pop(0), RemovalReason.REPLACED))
        record.bindings = bindings
        if bindings:
            self._records[aor] = record
            if flow.connection:
                self._streams.setdefault(flow, set()).add(aor)
        self._tidy(record)
        return effects

    def _update_one(
        self,
        aor: str,
        contact: NameAddr,
        request: Request,
        flow: Flow,
        now: float,
        bindings: list[Binding],
        effects: list[Effect],
    ) -> None:
        seconds = self._expires(contact, request)
        instance = contact.param("+sip.instance") or ""
        if instance:
            instance += f" {contact.param('reg-id') or ''}"
        same = next((b for b in bindings if b.contact.equivalent(contact.uri)), None)
        if same is not None:
            _check_order(same, request)
            bindings.remove(same)
        if seconds == 0:
            if same is not None:
                effects.append(BindingRemoved(same, RemovalReason.UNREGISTERED))
            return
        if contact.uri.scheme != "sip" or not contact.uri.host:
            raise _Refused(400)
        for old in [b for b in bindings if instance and b.instance == instance]:
            bindings.remove(old)
            effects.append(BindingRemoved(old, RemovalReason.REPLACED))
        binding = Binding(
            aor=aor,
            contact=contact.uri,
            flow=flow,
            expires_at=now + seconds,
            call_id=request.call_id,
            cseq=request.cseq.number,
            q=_q(contact),
            path=tuple(request.headers.get_all("Path")),
            user_agent=request.headers.get("User-Agent") or "",
            instance=instance,
        )
        bindings.append(binding)
        effects.append(BindingRefreshed(binding) if same is not None else BindingAdded(binding))

    def _expires(self, contact: NameAddr, request: Request) -> int:
        """What the contact asks for, else the request, else the default; what cannot be read counts as the default."""
        text = contact.param("expires")
        try:
            asked = request.expires if text is None else parse_number(text, EXPIRES_MAX, "expires")
        except ParseError:
            asked = None
        seconds = self.default_expires if asked is None else asked
        if 0 < seconds < self.min_expires:
            raise _Refused(423, ("Min-Expires", str(self.min_expires)))
        return min(seconds, self.max_expires)


def _check_order(binding: Binding, request: Request) -> None:
    """A REGISTER that was overtaken by a later one of the same phone must not undo it."""
    if binding.call_id == request.call_id and request.cseq.number <= binding.cseq:
        raise _Refused(500)


def _q(contact: NameAddr) -> float:
    """qvalue: 0 to 1 with up to three decimals; 1 where there is none or it cannot be read."""
    whole, dot, decimals = (contact.param("q") or "1").partition(".")
    if (
        whole not in ("0", "1")
        or len(decimals) > 3
        or not (decimals or "0").isascii()
        or not (decimals or "0").isdigit()
    ):
        return 1.0
    return min(1.0, int(whole) + (int(decimals or "0") / 10 ** len(decimals) if dot else 0.0))


def _contact(binding: Binding, now: float) -> str:
    seconds = max(0, round(binding.expires_at - now))
    q = "" if binding.q == 1.0 else f";q={binding.q:g}"
    return f"<{binding.contact}>;expires={seconds}{q}"
