"""The ledger of a call's legs: what each party did, in segments that follow each other without a gap.

The caller's leg lasts from the call's first line to its last; an agent's from the ringing of the phone to the end of
the conversation, with the wrap-up behind it. Segments begin where the one before ended, in whole microseconds, so
that their sum is the length of the leg exactly, and a conversation is counted for whoever had it, also after
transfers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acd.figures.clock import micros

if TYPE_CHECKING:
    from collections.abc import Iterable

    from softswitch.store.cdr import Record


@dataclass(frozen=True, slots=True)
class Segment:
    """``kind``: switch, menu, queue, ring, talk, hold, wrap-up. Instants are microseconds."""

    kind: str
    name: str
    began: int
    ended: int


@dataclass(slots=True)
class LegLedger:
    """``who``: "caller", or the agent or phone that was called."""

    who: str
    began: int
    ended: int
    segments: list[Segment] = field(default_factory=list)

    def sums(self) -> dict[str, int]:
        """Microseconds by kind, in the order in which they came first."""
        found: dict[str, int] = {}
        for segment in self.segments:
            found[segment.kind] = found.get(segment.kind, 0) + segment.ended - segment.began
        return found


def leg_ledgers(records: Iterable[Record]) -> list[LegLedger]:
    """The legs of one call from its lines, and the later ``acd.agent`` lines of its agents, in order."""
    reader = _Reader()
    for record in records:
        reader.read(record)
    return reader.close()


class _Leg:
    """A leg that goes on: it always does something."""

    def __init__(self, who: str, kind: str, name: str, at: int) -> None:
        self.ledger = LegLedger(who, at, at)
        self.kind, self.name, self.since = kind, name, at

    def become(self, kind: str, name: str, at: int) -> None:
        at = max(at, self.since)  # the wall clock may be set back
        if (kind, name) != (self.kind, self.name):
            if at > self.since:
                self.ledger.segments.append(Segment(self.kind, self.name, self.since, at))
            self.kind, self.name, self.since = kind, name, at

    def end(self, at: int) -> None:
        self.become("", "", at)
        self.ledger.ended = self.since


class _Reader:
    def __init__(self) -> None:
        self._done: list[LegLedger] = []
        self._caller: _Leg | None = None
        self._called: dict[int | str | None, _Leg] = {}  # by offer, or the phone's name
        self._talks: int | str | None = None  # which of them
        self._wrapping: dict[str, _Leg] = {}  # agent → leg
        self._last = 0

    def read(self, record: Record) -> None:
        at = self._last = max(micros(record.at), self._last)
        data = record.data
        offer = data.get("offer") if isinstance(data.get("offer"), int) else None
        kind = record.kind.removeprefix("acd.")
        if self._caller is None and record.call is not None and kind != "leg.media":
            self._caller = _Leg("caller", "switch", "", at)
            self._done.append(self._caller.ledger)
        match kind:
            case "ivr.node_entered":
                self._do("menu", str(data.get("node") or ""), at)
            case "queued" | "returned":
                self._do("queue", str(data.get("queue") or ""), at)
            case "phone.ringing":
                phone = str(data.get("phone") or "")
                self._call(phone, str(data.get("agent") or phone), at)
                self._do("ring", phone, at)
            case "offer":
                self._call(offer, str(data.get("agent") or ""), at)
            case "offer_over":
                self._gone(offer, at)
            case "connect":
                if (leg := self._called.get(offer)) is not None:
                    leg.become("talk", "", at)
                    self._talks = offer
            case "call.connected":
                self._connected(str(data.get("agent") or data.get("phone") or ""), at)
            case "leg.held" | "leg.resumed":
                self._hold(str(data.get("leg") or ""), held=kind == "leg.held", at=at)
            case "call.parted":
                self._part(at)
                self._do("switch", "", at)
            case "call_over":
                self._over(str(data.get("agent") or ""), at)
            case "agent" if str(data.get("agent")) in self._wrapping:
                self._wrap(str(data.get("agent")), str(data.get("state") or ""), at)
            case "call.ended":
                self._ended(at)

    def close(self) -> list[LegLedger]:
        for leg in (self._caller, *self._called.values(), *self._wrapping.values()):
            if leg is not None and leg.kind:
                leg.end(self._last)
        return self._done

    def _do(self, kind: str, name: str, at: int) -> None:
        if self._caller is not None and self._caller.kind:
            self._caller.become(kind, name, at)

    def _call(self, key: int | str | None, who: str, at: int) -> None:
        self._called[key] = leg = _Leg(who, "ring", "", at)
        self._done.append(leg.ledger)

    def _gone(self, key: int | str | None, at: int) -> None:
        if (leg := self._called.pop(key, None)) is not None:
            leg.end(at)
            self._talks = None if self._talks == key else self._talks

    def _connected(self, who: str, at: int) -> None:
        talks = self._called.get(self._talks)
        if talks is None or talks.ledger.who != who:
            self._talks = next((key for key, leg in self._called.items() if leg.ledger.who == who), None)
            if self._talks is None:  # a leg that another call began
                self._call(who, who, at)
                self._talks = who
        self._called[self._talks].become("talk", "", at)
        self._do("talk", who, at)

    def _hold(self, whose: str, *, held: bool, at: int) -> None:
        """Only who put the other on hold has the other party waiting; a caller who does is still talked with."""
        if whose == "caller" or (leg := self._called.get(self._talks)) is None:
            return
        leg.become("hold" if held else "talk", "", at)
        if self._caller is not None and self._caller.kind in ("talk", "hold"):
            self._caller.become(leg.kind, self._caller.name, at)

    def _part(self, at: int) -> None:
        """The conversation is over; an agent's leg is ended by what the distributor says of it."""
        key, self._talks = self._talks, None
        if isinstance(key, str):
            self._gone(key, at)

    def _over(self, agent: str, at: int) -> None:
        key = next((k for k, leg in self._called.items() if isinstance(k, int) and leg.ledger.who == agent), None)
        self._talks = None if self._talks == key else self._talks
        if (leg := self._called.pop(key, None)) is not None:
            leg.become("wrap-up", "", at)
            self._wrapping[agent] = leg

    def _wrap(self, agent: str, state: str, at: int) -> None:
        if state != "wrap_up":
            self._wrapping.pop(agent).end(at)

    def _ended(self, at: int) -> None:
        for key in list(self._called):  # an agent who is still there talks on in another call
            self._gone(key, at)
        if self._caller is not None and self._caller.kind:
            self._caller.end(at)
