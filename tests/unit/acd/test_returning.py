from __future__ import annotations

from acd.returning import MOST, Remembered, Returning


def test_only_so_many_are_remembered_and_those_who_may_come_longest_stay() -> None:
    returning = Returning()
    for n in range(MOST + 1):
        returning.remember(f"+{n}", "q", Remembered(1000.0 + n, 0.0, ""), 0.0)
    assert len(returning) <= MOST
    assert returning.recall("+0", "q", 0.0) is None
    assert returning.recall(f"+{MOST}", "q", 0.0) == Remembered(1000.0 + MOST, 0.0, "")


def test_who_is_too_late_goes_first() -> None:
    returning = Returning()
    for n in range(MOST):
        returning.remember(f"+{n}", "q", Remembered(10.0 + n % 2 * 1000, 0.0, ""), 0.0)
    returning.remember("last", "q", Remembered(100.0, 0.0, ""), 20.0)
    assert len(returning) == MOST // 2 + 1


def test_somebody_unknown_and_somebody_too_late_are_not_remembered() -> None:
    returning = Returning()
    returning.remember("", "q", Remembered(10.0, 0.0, ""), 0.0)
    returning.remember("+1", "q", Remembered(10.0, 0.0, ""), 10.0)
    assert len(returning) == 0
