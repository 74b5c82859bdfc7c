"""How the media of each leg was, written down when its figures come, shortly after its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rtp.legs import LegStats
    from softswitch.call.model import Leg, Role

#: Ended legs whose figures are waited for; a media worker that died never sends them.
AWAITED = 1000


class Quality:
    """Joins the final figures of the media engine with the call they belong to."""

    def __init__(self, write: Callable[[str, str | None, float, Mapping[str, object]], None]) -> None:
        self._write = write
        self._awaited: dict[int, tuple[str, Role]] = {}

    def expect(self, leg: Leg) -> None:
        """*leg* is over; what had no media has no figures."""
        if leg.spec is not None:
            self._awaited[leg.leg] = (leg.call, leg.role)
            if len(self._awaited) > AWAITED:
                del self._awaited[next(iter(self._awaited))]

    def measured(self, stats: LegStats, now: float) -> None:
        """One line in the journal: packets, loss, jitter and round trip (RFC 3550 §6.4); times in seconds."""
        owner = self._awaited.pop(stats.leg, None)
        if owner is None or not stats.packets_received:
            return
        call, role = owner
        data: dict[str, object | None] = {
            "leg": stats.leg,
            "role": role.name.lower(),
            "received": stats.packets_received,
            "sent": stats.packets_sent,
            "lost": stats.packets_lost,
            "jitter": round(stats.jitter, 5),
            "remote_lost": stats.remote_lost,
            "round_trip": None if stats.round_trip is None else round(stats.round_trip, 5),
        }
        self._write("leg.media", call, now, {name: value for name, value in data.items() if value is not None})
