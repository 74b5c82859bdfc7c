"""A small run of bench/fuzz.py, and proof that it can fail."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from bench.fuzz import Target, build, run, targets


@pytest.mark.parametrize("target", targets(), ids=lambda target: target.name)
def test_mutated_input_is_refused_properly_or_understood(target: Target) -> None:
    result, problem = run(target, seed=20_26, cases=range(1_500), limit=0.2)
    assert problem == ""
    assert result.cases == 1_500
    assert result.refused < 1_500


def test_an_exception_of_another_kind_is_reported_with_its_bytes() -> None:
    def fragile(data: bytes, rng: random.Random) -> None:
        raise IndexError

    target = replace(targets()[0], run=fragile)
    _, problem = run(target, seed=1, cases=range(1), limit=1.0)
    assert "IndexError" in problem
    assert repr(build(target, random.Random(1 << 32))) in problem


def test_a_slow_case_is_reported() -> None:
    def slow(data: bytes, rng: random.Random) -> None:
        sum(range(20_000))

    _, problem = run(replace(targets()[0], run=slow), seed=1, cases=range(1), limit=1e-5)
    assert " ms" in problem
