"""Our phones: where they are, and whether they are in a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sip.registrar import BindingAdded, BindingRefreshed, BindingRemoved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sip.flow import Flow
    from sip.message import Request
    from sip.registrar import Binding, Effect, Registrar
    from sip.uri import Uri
    from softswitch.call.admission import Admission
    from softswitch.call.hours.forcing import Record
    from softswitch.call.settings import Settings
    from softswitch.config import Phone
    from softswitch.ports import BindingStore, Clock, Flows, Journal, SipSender


#: Somebody does not want to be disturbed, or does again.
PEACE = "phone.peace"


class Phones:
    """Registered and fixed phones, and how many legs each is busy with."""

    def __init__(
        self,
        phones: Mapping[str, Phone],
        *,
        registrar: Registrar,
        admission: Admission,
        sip: SipSender,
        flows: Flows,
        journal: Journal,
        store: BindingStore,
        clock: Clock,
        on_reachable: Callable[[str, bool, float], None],
    ) -> None:
        self._phones = phones
        self._former: Mapping[str, Phone] = {}  # no more in the file; calls that began before are put through to them
        self._registrar = registrar
        self._admission = admission
        self._sip = sip
        self._flows = flows
        self._journal = journal
        self._store = store
        self._clock = clock
        self._on_reachable = on_reachable
        self.on_registered: Callable[[str, float], None] = lambda user, now: None
        """Told of each phone that has registered from a place where it was not before."""
        self._legs: dict[str, set[int]] = {}
        self._peace: set[str] = set()  # phones that are not to be rung
        self._silent: dict[str, set[str]] = {}  # contacts that do not answer, though they are registered

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        known = self._phones.keys() | self._former.keys()
        before = {user: self.reachable(user, now) for user in known}
        self._phones, self._former = settings.config.phones, settings.phones
        for user in sorted(known - self._phones.keys() - self._former.keys()):
            self._take(self._registrar.remove(user), now)
            self._silent.pop(user, None)
        for user in before.keys() | self._phones.keys():
            self._tell(user, before.get(user, False), now)

    def __contains__(self, user: str) -> bool:
        return self.get(user) is not None

    def __getitem__(self, user: str) -> Phone:
        return self._phones[user]

    def get(self, user: str) -> Phone | None:
        """Also one that only calls of before a reload can reach."""
        return self._phones.get(user) or self._former.get(user)

    def users(self) -> Iterable[str]:
        return self._phones

    # ------------------------------------------------------------------------------------------------ where
    def places(self, user: str, now: float) -> list[tuple[Uri, Flow]]:
        """Request-URI and flow of each contact of the phone; empty when it is nowhere."""
        phone = self.get(user)
        if phone is None:
            return []
        if phone.contact is not None:
            flow = self._flows.flow_to(phone.contact)
            return [] if flow is None else [(phone.contact, flow)]
        return [(binding.contact, binding.flow) for binding in self._registrar.bindings(user, now)]

    def reachable(self, user: str, now: float) -> bool:
        """Whether the phone is somewhere and, as far as it was asked, answers there."""
        silent = self._silent.get(user, ())
        return any(str(uri) not in silent for uri, _ in self.places(user, now))

    # ------------------------------------------------------------------------------------------------ answering
    def silent(self, user: str, contact: str, now: float) -> None:
        """That contact of the phone did not answer; `tell` when all that is known has been said."""
        silent = self._silent.setdefault(user, set())
        if contact not in silent:
            silent.add(contact)
            data = {"phone": user, "contact": contact}
            self._journal.append("phone.silent", None, data, at=self._clock.wall(now))

    def heard_of(self, user: str, now: float, contact: str | None = None) -> None:
        """That contact (None: every one) of the phone is there, or it is not asked any more."""
        silent = self._silent.get(user, set())
        for back in sorted(silent if contact is None else silent & {contact}):
            silent.discard(back)
            data = {"phone": user, "contact": back}
            self._journal.append("phone.heard", None, data, at=self._clock.wall(now))
        if not silent:
            self._silent.pop(user, None)

    def tell(self, user: str, now: float) -> None:
        """Whether the phone is reachable, to whoever wants to know."""
        self._on_reachable(user, self.reachable(user, now), now)

    # ------------------------------------------------------------------------------------------------ registering
    def register(self, transaction: str, request: Request, flow: Flow, now: float) -> None:
        """Answer a REGISTER (RFC 3261 §10.3): who may, and what is bound."""
        user = self._admission.authenticate(request, now)
        if not isinstance(user, str):
            self._sip.respond(transaction, user.status, headers=user.headers, now=now)
            return
        if (request.to.uri.user or "") != user:
            # a phone binds itself and nobody else
            self._sip.respond(transaction, 403, now=now)
            return
        before = self.reachable(user, now)
        status, headers, effects = self._registrar.register(user, request, flow, now)
        self._sip.respond(transaction, status, headers=headers, now=now)
        self._take(effects, now)
        self._tell(user, before, now)

    def next_deadline(self) -> float | None:
        return self._registrar.next_deadline()

    def handle_timeout(self, now: float) -> None:
        """Bindings run out."""
        effects = self._registrar.handle_timeout(now)
        self._take(effects, now)
        for user in sorted({effect.binding.aor for effect in effects}):
            self._tell(user, True, now)

    def lost(self, flow: Flow, now: float) -> None:
        """A connection is gone, and with it the bindings made over it."""
        effects = self._registrar.connection_lost(flow)
        self._take(effects, now)
        for user in sorted({effect.binding.aor for effect in effects}):
            self._tell(user, True, now)

    def _tell(self, user: str, before: bool, now: float) -> None:
        if (after := self.reachable(user, now)) != before:
            self._on_reachable(user, after, now)

    def _take(self, effects: Iterable[Effect], now: float) -> None:
        for effect in effects:
            match effect:
                case BindingAdded(binding):
                    data = {"phone": binding.aor, "contact": str(binding.contact), "source": binding.flow.remote[0]}
                    self._journal.append("phone.registered", None, data, at=self._clock.wall(now))
                    self._keep(binding, now)
                    self.on_registered(binding.aor, now)
                case BindingRefreshed(binding):
                    self._keep(binding, now)
                case BindingRemoved(binding, reason):
                    data = {"phone": binding.aor, "contact": str(binding.contact), "reason": str(reason)}
                    self._journal.append("phone.unregistered", None, data, at=self._clock.wall(now))
                    self.heard_of(binding.aor, now, str(binding.contact))
                    self._store.remove(binding)

    def _keep(self, binding: Binding, now: float) -> None:
        self.heard_of(binding.aor, now, str(binding.contact))
        self._store.put(binding, now)
        self._flows.keep(binding.flow, binding.expires_at)

    # ------------------------------------------------------------------------------------------------ peace
    def wants_peace(self, user: str) -> bool:
        """Whether whoever sits there does not want to be disturbed."""
        return user in self._peace

    def disturb(self, user: str, allowed: bool, now: float) -> None:
        """From now on the phone may be rung, or may not."""
        (self._peace.discard if allowed else self._peace.add)(user)
        self._journal.append(PEACE, None, {"phone": user, "on": not allowed}, at=self._clock.wall(now))

    def remember_peace(self, records: Iterable[Record]) -> None:
        """What was wished before a restart: *records* of the journal in their order."""
        for record in records:
            if record.kind == PEACE:
                user = str(record.data.get("phone"))
                (self._peace.add if record.data.get("on") else self._peace.discard)(user)
        self._peace &= set(self._phones)

    # ------------------------------------------------------------------------------------------------ busy
    def occupy(self, user: str | None, leg: int) -> bool:
        """The phone is in a call with *leg*; True when it was in none before."""
        if user is None:
            return False
        legs = self._legs.setdefault(user, set())
        legs.add(leg)
        return len(legs) == 1

    def release(self, user: str | None, leg: int) -> bool:
        """*leg* is over; True when the phone is in no call now."""
        legs = self._legs.get(user or "")
        if user is None or legs is None or leg not in legs:
            return False
        legs.discard(leg)
        if not legs:
            del self._legs[user]
            return True
        return False

    def busy(self, user: str) -> bool:
        return user in self._legs
