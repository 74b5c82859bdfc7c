"""A small run of bench/fuzz.py, and proof that it can fail."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from bench import fuzz_control, fuzz_endpoint, fuzz_plane
from bench.fuzz import targets
from bench.fuzz_cases import Target, build, run
from rtp.drops import Drop
from rtp.latch import Stray

PARSERS = [target for target in targets() if target.inputs == 1]
SYSTEMS = [target for target in targets() if target.inputs > 1]


@pytest.mark.parametrize("target", PARSERS, ids=lambda target: target.name)
def test_mutated_input_is_refused_properly_or_understood(target: Target) -> None:
    result, problem = run(target, seed=20_26, cases=range(1_000), limit=1.0)
    assert problem == ""
    assert result.cases == 1_000
    assert result.refused < 1_000


@pytest.mark.parametrize("target", SYSTEMS, ids=lambda target: target.name)
def test_a_system_lives_through_strangers_and_keeps_nothing_of_them(target: Target) -> None:
    result, problem = run(target, seed=20_26, cases=range(2_000 // target.inputs + 1), limit=1.0)
    assert problem == ""
    assert result.cases * target.inputs >= 2_000


def test_a_call_that_is_forgotten_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sip.usages.Usages._release", lambda usages, usage: None)
    _, problem = run(fuzz_endpoint.ENDPOINT, seed=1, cases=range(3), limit=1.0)
    assert "left over" in problem


def test_an_exception_that_the_switch_survives_is_reported_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("softswitch.call.menus.sessions.Menus.receive", lambda *_: 1 / 0)
    _, problem = run(fuzz_control.CALL_CONTROL, seed=1, cases=range(10), limit=1.0)
    assert "internal error" in problem


def test_a_packet_that_is_not_accounted_for_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtp.receiving._DROP_OF", {fate: Drop.EXCESS for fate in (1, 2)})
    _, problem = run(fuzz_plane.PLANE, seed=1, cases=range(3), limit=1.0)
    assert "accounted for" in problem


def test_a_leg_that_follows_whoever_talks_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def follow(sources: object, word: int, lane: int, *_: object) -> int | Stray:
        for slot, claims in sources._claims.items():  # type: ignore[attr-defined]
            if claims.lane == lane:
                sources._settle(slot, word, 2)  # type: ignore[attr-defined]
                return int(slot)
        return Stray.UNKNOWN_SOURCE

    monkeypatch.setattr("rtp.latch.SourceTable.interesting", lambda sources, words, *_: np.ones(words.shape, np.bool_))
    monkeypatch.setattr("rtp.latch.SourceTable.stranger", follow)
    _, problem = run(fuzz_plane.PLANE, seed=1, cases=range(3), limit=1.0)
    assert "sends to 10.9.9" in problem


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
