from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.patience import Patience
from acd.samples import KEPT, Lognormal, Sample, exponential, normal, normal_above

MANY = 20_000
BELIEVED = Lognormal(100.0, 1.0)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


# --- lognormal


def test_a_lognormal_has_the_mean_and_the_variation_it_was_given() -> None:
    random = Random(1)
    drawn = [Lognormal(240.0, 0.8).draw(random) for _ in range(MANY)]
    assert mean(drawn) == pytest.approx(240, rel=0.02)
    assert math.sqrt(mean([(x - 240) ** 2 for x in drawn])) / 240 == pytest.approx(0.8, rel=0.05)


@pytest.mark.parametrize("elapsed", [1.0, 100.0, 240.0, 900.0])
def test_what_is_left_of_a_lognormal_is_what_is_left_of_those_that_lasted_so_long(elapsed: float) -> None:
    random, lengths = Random(2), Lognormal(240.0, 0.8)
    left = [x - elapsed for x in (lengths.draw(random) for _ in range(8 * MANY)) if x > elapsed]
    drawn = [lengths.draw(random, elapsed) for _ in range(MANY)]
    assert mean(drawn) == pytest.approx(mean(left), rel=0.08)
    assert min(drawn) >= 0


def test_a_length_that_does_not_vary() -> None:
    assert Lognormal(15.0, 0.0).draw(Random(1), 4.0) == 11.0
    assert Lognormal(15.0, 0.0).draw(Random(1), 20.0) == 0.0
    assert Lognormal(0.0, 0.7).draw(Random(1)) == 0.0


def test_a_length_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="neither can be negative"):
        Lognormal(-1.0, 0.5)


@given(st.floats(-3, 30), st.integers(0, 1000))
def test_a_normal_above_is_above(low: float, seed: int) -> None:
    assert normal_above(low, Random(seed)) >= low


def test_normal_and_exponential() -> None:
    random = Random(4)
    drawn = [normal(random) for _ in range(MANY)]
    assert mean(drawn) == pytest.approx(0, abs=0.03)
    assert mean([x * x for x in drawn]) == pytest.approx(1, abs=0.04)
    assert mean([exponential(30.0, random) for _ in range(MANY)]) == pytest.approx(30, rel=0.03)


# --- samples


def test_only_the_newest_are_kept() -> None:
    sample = Sample([1.0] * KEPT)
    for _ in range(KEPT):
        sample.add(9.0)
    assert len(sample) == KEPT
    assert set(sample.plain()) == {9.0}
    assert sample.mean(9.0) == pytest.approx(9.0)


def test_few_samples_lean_on_what_was_believed() -> None:
    assert Sample().mean(100.0) == 100.0
    assert 100.0 < Sample([200.0]).mean(100.0) < 120.0
    assert Sample([200.0] * 300).mean(100.0) == pytest.approx(200.0, rel=0.02)
    assert Sample().fit(BELIEVED).mean == pytest.approx(100.0)
    assert Sample().fit(BELIEVED).cv == pytest.approx(1.0)


def test_the_fit_has_the_moments_of_those_seen() -> None:
    random, truth = Random(5), Lognormal(300.0, 0.5)
    fitted = Sample([truth.draw(random) for _ in range(KEPT)]).fit(BELIEVED)
    assert fitted.mean == pytest.approx(300, rel=0.1)
    assert fitted.cv == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize("elapsed", [0.0, 60.0, 300.0])
def test_drawn_lengths_are_like_those_seen(elapsed: float) -> None:
    random = Random(6)
    sample = Sample([random.expovariate(1 / 240) for _ in range(KEPT)])
    left = [x - elapsed for x in sample.plain() if x > elapsed]
    drawn = [sample.draw(random, BELIEVED, elapsed) for _ in range(MANY)]
    assert mean(drawn) == pytest.approx(mean(left), rel=0.1)


def test_a_single_duration_is_not_believed_to_be_all_there_is() -> None:
    drawn = [Sample([10.0]).draw(Random(seed), BELIEVED) for seed in range(100)]
    assert 1 <= drawn.count(10.0) < 30


def test_few_durations_lean_on_similar_ones() -> None:
    similar = Sample([500.0] * KEPT)
    drawn = [Sample([10.0]).draw(Random(seed), BELIEVED, 0.0, similar) for seed in range(100)]
    assert drawn.count(500.0) > 60


def test_longer_than_any_seen_still_ends() -> None:
    drawn = [Sample([10.0] * 50).draw(Random(seed), BELIEVED, 500.0) for seed in range(100)]
    assert all(0 <= x < math.inf for x in drawn)
    assert any(x > 0 for x in drawn)


@given(st.lists(st.floats(0, 1e5), max_size=30))
def test_a_sample_is_read_back_as_it_was_written(durations: list[float]) -> None:
    sample = Sample(durations)
    again = Sample.from_plain(sample.plain())
    assert again.plain() == sample.plain()
    assert [again.draw(Random(1), BELIEVED, 5.0)] == [sample.draw(Random(1), BELIEVED, 5.0)]


# --- patience


def wait(patience: Patience, random: Random, mean_patience: float, mean_service: float, callers: int) -> None:
    for _ in range(callers):
        gives_up, served = random.expovariate(1 / mean_patience), random.expovariate(1 / mean_service)
        patience.add(0.0, min(gives_up, served), gave_up=gives_up < served)


def test_callers_who_were_served_are_censored() -> None:
    """Most are served within 30 s; taking the waits of those who hung up for their patience would give 27 s."""
    patience = Patience()
    wait(patience, Random(7), mean_patience=300.0, mean_service=30.0, callers=5000)
    assert patience.mean() == pytest.approx(300, rel=0.1)


def test_little_seen_leans_on_what_is_believed() -> None:
    patience = Patience()
    assert patience.mean(150.0) == 150.0
    patience.add(0.0, 10.0, gave_up=True)
    assert 100 < patience.mean(150.0) < 150


def test_drawn_patience_is_what_is_left_after_waiting() -> None:
    patience, random = Patience(), Random(8)
    wait(patience, random, mean_patience=200.0, mean_service=200.0, callers=5000)
    for waited in (0.0, 30.0, 500.0):
        drawn = [patience.draw(random, waited) for _ in range(MANY)]
        assert mean(drawn) == pytest.approx(200, rel=0.12)


def test_who_has_waited_long_is_more_patient() -> None:
    """Half hang up within seconds, half hardly ever."""
    patience, random = Patience(), Random(9)
    for i in range(4000):
        gives_up = random.expovariate(1 / 10) if i % 2 else random.expovariate(1 / 2000)
        patience.add(0.0, min(gives_up, 400.0), gave_up=gives_up < 400.0)
    fresh = sorted(patience.draw(random) for _ in range(2001))[1000]
    seasoned = sorted(patience.draw(random, 130.0) for _ in range(2001))[1000]
    assert fresh < 60
    assert seasoned > 600


def test_an_age_that_was_kept_is_not_waiting_that_was_seen() -> None:
    patience = Patience()
    patience.add(500.0, 510.0, gave_up=False)
    assert patience.plain()["waited"] == [0.0, 0.0, 0.0, 0.0, 10.0]


def test_old_hang_ups_are_forgotten() -> None:
    patience, random = Patience(), Random(10)
    wait(patience, random, mean_patience=50.0, mean_service=50.0, callers=20_000)
    wait(patience, random, mean_patience=500.0, mean_service=50.0, callers=200_000)
    assert patience.mean() == pytest.approx(500, rel=0.15)
    assert sum(patience.plain()["gave_up"]) <= 2000


def test_patience_is_read_back_as_it_was_written() -> None:
    patience = Patience()
    wait(patience, Random(11), mean_patience=200.0, mean_service=100.0, callers=100)
    again = Patience.from_plain(patience.plain())
    assert [again.draw(Random(s), 20.0) for s in range(20)] == [patience.draw(Random(s), 20.0) for s in range(20)]
