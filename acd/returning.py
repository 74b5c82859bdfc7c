"""Customers who may call again soon: whose place is kept although they hung up, and whom they talked to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: More are not remembered; who would be forgotten first anyway goes first.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Remembered:
    """Until when (on the dispatcher's clock), since when the customer waits (None: was served), and the agent.

    ``queues``: of the same wait; it goes on in one of them.
    """

    until: float
    since: float | None
    agent: str
    queues: tuple[str, ...] = ()


class Returning:
    """By customer and queue."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Remembered] = {}

    def __len__(self) -> int:
        return len(self._known)

    def remember(self, customer: str, queue: str, remembered: Remembered, now: float) -> None:
        if not customer or remembered.until <= now:
            return
        self._known[customer, queue] = remembered
        if len(self._known) > MOST:
            self._make_room(now)

    def recall(self, customer: str, queue: str, now: float) -> Remembered | None:
        """Who that was, if it is not too long ago."""
        remembered = self._known.get((customer, queue))
        return None if remembered is None or remembered.until < now else remembered

    def forget(self, customer: str, queue: str) -> None:
        """The customer is back: the wait goes on here, so in no other queue."""
        remembered = self._known.pop((customer, queue), None)
        if remembered is None:
            return
        for other in remembered.queues:
            known = self._known.get((customer, other))
            if known is not None and (known.since, known.queues) == (remembered.since, remembered.queues):
                del self._known[customer, other]

    def rename(self, names: Mapping[str, str]) -> None:
        """Customers of these names have others from now on."""
        known = self._known.items()
        self._known = {(names.get(customer, customer), queue): about for (customer, queue), about in known}

    def _make_room(self, now: float) -> None:
        """Drop who is too late anyway, and if that is not enough the tenth that would be next."""
        self._known = {key: known for key, known in self._known.items() if known.until >= now}
        if len(self._known) > MOST:
            by_time = sorted(self._known, key=lambda key: (self._known[key].until, key))
            for key in by_time[: MOST // 10]:
                del self._known[key]

    def plain(self) -> list[list[Any]]:
        return [
            [*key, known.until, known.since, known.agent, list(known.queues)]
            for key, known in sorted(self._known.items())
        ]

    def restore(self, plain: Iterable[list[Any]], shift: float) -> None:
        self._known = {
            (customer, queue): Remembered(
                until + shift, None if since is None else since + shift, agent, tuple(queues[0]) if queues else ()
            )
            for customer, queue, until, since, agent, *queues in plain
        }
