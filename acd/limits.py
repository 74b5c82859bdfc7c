"""Who is not let into a queue, and how long an agent rests after an offer that came to nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from acd.events import FailReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from acd.model import OfferRules, QueueConfig


class Refusal(StrEnum):
    FULL = "full"
    EMPTY = "empty"


def refusal(
    queue: QueueConfig,
    *,
    hopeless: Callable[[], bool],
    waiting: Callable[[], int],
    somebody_idle: Callable[[], bool],
    expected: Callable[[], float | None],
) -> Refusal | None:
    """Why a caller cannot join, or None. ``hopeless``: nobody who could ever serve this caller is logged in.

    ``max_waiting`` and ``max_expected_wait`` limit waiting: a caller for whom somebody is idle is let in even if
    others wait for other skills. ``expected`` is in seconds, None: not known, which is no reason to refuse.
    """
    if queue.when_empty is not None and hopeless():
        return Refusal.EMPTY
    if queue.max_waiting is not None and waiting() >= queue.max_waiting and not somebody_idle():
        return Refusal.FULL
    if queue.max_expected_wait is not None and not somebody_idle():
        wait = expected()
        if wait is not None and wait > queue.max_expected_wait:
            return Refusal.FULL
    return None


def rest_after(rules: OfferRules, reason: FailReason) -> float:
    """Seconds before the agent's next offer."""
    match reason:
        case FailReason.NO_ANSWER:
            return rules.after_no_answer
        case FailReason.REJECTED:
            return rules.after_reject
        case FailReason.BUSY:
            return rules.after_busy
        case FailReason.UNREACHABLE:
            return rules.after_unreachable
        case FailReason.DROPPED:
            return rules.after_drop
