"""Which prompt says what: the place in a queue, and the wait that is expected."""

from __future__ import annotations

from ivr.nodes import Prompt

MINUTE = 60.0


def position(ahead: int) -> Prompt:
    """The place of a caller with *ahead* callers before them."""
    if ahead <= 0:
        return Prompt("queue-next")
    return Prompt("queue-position", args={"n": ahead})


def expected_wait(seconds: float) -> Prompt:
    """An expected wait, rounded up as people say it: minutes up to ten, then fives, and nothing exact over an hour."""
    if seconds < MINUTE:
        return Prompt("expected-wait-short")
    minutes = -int(-seconds // MINUTE)
    if minutes > 10:
        minutes = -(-minutes // 5) * 5
    if minutes > 60:
        return Prompt("expected-wait-long")
    return Prompt("expected-wait", args={"n": minutes})
