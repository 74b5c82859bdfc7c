"""Receiver statistics against a scalar version of RFC 3550's appendix A."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtp.stats import ACCEPTED, DUPLICATE, MAX_MISORDER, TOO_OLD, UNCONFIRMED, ReceiverStats

SLOT = 3


@dataclass
class Reference:
    """RFC 3550 A.1, A.3 and A.8 for one source, packet by packet."""

    highest: int | None = None
    first: int = 0
    received: int = 0
    seen: set[int] = field(default_factory=set)
    duplicates: int = 0
    transit: int | None = None
    jitter: float = 0.0

    def receive(self, sequence: int, timestamp: int, arrival: int) -> int:
        if self.highest is None:
            self.highest = self.first = sequence
        delta = (sequence - self.highest + 32768) % 65536 - 32768
        extended = self.highest + delta
        self.received += 1
        old = self.highest - extended >= 64  # of these we do not know whether they have been
        fresh = not old and extended not in self.seen
        self.duplicates += not old and not fresh
        self.seen.add(extended)
        self.highest = max(self.highest, extended)
        if fresh:
            transit = arrival - timestamp
            if self.transit is not None:
                self.jitter += (min(abs(transit - self.transit), 8000) - self.jitter) / 16
            self.transit = transit
        return extended

    @property
    def lost(self) -> int:
        assert self.highest is not None
        return self.highest - self.first + 1 - self.received


def give(
    stats: ReceiverStats, sequence: int, *, ssrc: int = 9, timestamp: int = 0, now: float = 1.0
) -> tuple[int, int]:
    """One packet to SLOT: its extended sequence number and its fate."""
    extended, fates = stats.receive(
        np.array([SLOT]),
        np.array([sequence]),
        np.array([timestamp]),
        np.array([ssrc], np.uint32),
        None,
        np.array([160]),
        now,
    )
    return int(extended[0]), 0 if fates is None else int(fates[0])


def fresh() -> ReceiverStats:
    stats = ReceiverStats(8)
    stats.reset(SLOT)
    return stats


@given(
    st.integers(0, 65535),
    st.lists(st.integers(-40, 60), min_size=1, max_size=60),
    st.lists(st.integers(0, 900), min_size=60, max_size=60),
)
def test_counters_equal_the_scalar_reference_whatever_the_order(
    first: int, steps: list[int], delays: list[int]
) -> None:
    stats, reference = fresh(), Reference()
    position = first
    highest = first
    for step, delay in zip([0, *steps], delays, strict=False):
        position = max(position + step, highest - MAX_MISORDER)  # what is older is no packet of this stream
        highest = max(highest, position)
        arrival = 8000 * 100 + 160 * position + delay
        fate = give(stats, position % 65536, timestamp=160 * position % 2**32, now=arrival / 8000)
        extended = reference.receive(position % 65536, 160 * position, arrival)
        assert fate[0] == extended
    stats.catch_up()
    assert int(stats.highest[SLOT]) == reference.highest
    assert int(stats.received[SLOT]) == reference.received
    assert stats.lost(SLOT) == reference.lost
    assert int(stats.duplicates[SLOT]) == reference.duplicates
    assert float(stats.jitter[SLOT]) == pytest.approx(reference.jitter, abs=2.0)  # arrivals are whole timestamp units


def test_sequence_numbers_go_on_rising_over_the_wrap() -> None:
    stats = fresh()
    assert [give(stats, n % 65536)[0] for n in range(65530, 65545)] == list(range(65530, 65545))
    assert stats.lost(SLOT) == 0


def test_a_duplicate_is_counted_and_not_accepted() -> None:
    stats = fresh()
    give(stats, 10)
    give(stats, 11)
    assert give(stats, 10)[1] == DUPLICATE
    assert give(stats, 11)[1] == DUPLICATE
    assert give(stats, 12)[1] == ACCEPTED
    assert int(stats.duplicates[SLOT]) == 2


def test_a_reordered_packet_is_accepted_once() -> None:
    stats = fresh()
    give(stats, 10)
    give(stats, 13)
    assert give(stats, 11) == (11, ACCEPTED)
    assert give(stats, 11)[1] == DUPLICATE
    assert stats.lost(SLOT) == 0  # one is missing, one came twice


def test_a_packet_older_than_the_history_is_too_old() -> None:
    stats = fresh()
    give(stats, 100)
    give(stats, 170)
    assert give(stats, 101)[1] == TOO_OLD


@pytest.mark.parametrize(("sequence", "ssrc"), [(5000, 9), (11, 8), (65000, 9)], ids=["ahead", "other ssrc", "behind"])
def test_a_jump_is_believed_only_when_a_second_packet_confirms_it(sequence: int, ssrc: int) -> None:
    stats = fresh()
    give(stats, 10)
    assert give(stats, sequence, ssrc=ssrc)[1] == UNCONFIRMED
    assert int(stats.ssrc[SLOT]) == 9
    assert give(stats, sequence + 1, ssrc=ssrc)[1] == ACCEPTED
    assert int(stats.ssrc[SLOT]) == ssrc
    assert int(stats.epoch[SLOT]) == 2


def test_packets_of_other_ssrcs_that_do_not_continue_never_take_over() -> None:
    stats = fresh()
    give(stats, 10)
    assert all(give(stats, 1000 * n, ssrc=n)[1] == UNCONFIRMED for n in range(10, 60))
    assert give(stats, 11)[1] == ACCEPTED


def test_losses_before_a_new_source_stay_counted() -> None:
    stats = fresh()
    for sequence in (10, 15):  # four lost
        give(stats, sequence)
    for sequence in (500, 501, 503):  # one to confirm, one lost
        give(stats, sequence, ssrc=4)
    assert stats.lost(SLOT) == 5


def test_fraction_lost_covers_the_time_since_the_last_report() -> None:
    stats = fresh()
    for sequence in range(0, 100, 2):
        give(stats, sequence)
    assert stats.report(np.array([SLOT])).fraction_lost.tolist() == [(49 * 256) // 99]
    for sequence in range(99, 199):
        give(stats, sequence)
    report = stats.report(np.array([SLOT]))
    assert report.fraction_lost.tolist() == [0]
    assert report.cumulative_lost.tolist() == [49]
    assert report.extended_highest.tolist() == [198]


def test_a_run_of_perfect_packets_counts_like_the_packets_one_by_one() -> None:
    one_by_one, at_once = fresh(), fresh()
    give(one_by_one, 10)
    give(at_once, 10)
    for sequence in range(11, 111):
        give(one_by_one, sequence)
    at_once.ran(np.array([SLOT]), np.array([100]))
    for name in ("highest", "history", "received", "octets"):
        assert getattr(one_by_one, name)[SLOT] == getattr(at_once, name)[SLOT], name


def test_jitter_of_packets_worked_off_together_is_that_of_the_recursion() -> None:
    stats, reference = fresh(), Reference()
    give(stats, 0, timestamp=0, now=100.0)
    reference.receive(0, 0, 800_000)
    for n in range(1, 50):
        arrival = 100.0 + 0.02 * n + (0.003 if n % 3 else 0.0)
        stats.note(np.array([SLOT]), np.array([160 * n], np.uint64), arrival)
        reference.receive(n, 160 * n, int(arrival) * 8000 + int(arrival % 1 * 8000 + 1e-6))
    stats.catch_up()
    assert float(stats.jitter[SLOT]) == pytest.approx(reference.jitter, abs=0.5)
    assert float(stats.last_arrival[SLOT]) == pytest.approx(100.98 + 0.003)


def test_other_slots_are_not_touched() -> None:
    stats = ReceiverStats(8)
    for slot in range(8):
        stats.reset(slot)
    slots = np.array([1, 2, 5])
    stats.receive(
        slots, np.array([7, 8, 9]), np.zeros(3, np.int64), np.array([1, 2, 3], np.uint32), None, np.full(3, 160), 1.0
    )
    stats.catch_up()
    assert stats.received.tolist() == [0, 1, 1, 0, 0, 1, 0, 0]
    assert stats.highest.tolist() == [0, 7, 8, 0, 0, 9, 0, 0]
