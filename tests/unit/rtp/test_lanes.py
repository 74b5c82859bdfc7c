"""Giving out lanes: no doubt about whose a packet is, few lanes for few calls, and an honest end of capacity."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rtp.lanes import QUARANTINE, LaneAllocator, NoPortLeft

PORTS = [30000, 30002, 30004, 30006]


def test_calls_from_different_hosts_share_the_first_lane() -> None:
    lanes = LaneAllocator([PORTS])
    assert {lanes.allocate(n, [f"10.0.0.{n}"], 0.0) for n in range(50)} == {30000}


def test_two_unlatched_legs_of_one_host_get_two_lanes() -> None:
    lanes = LaneAllocator([PORTS])
    assert lanes.allocate(1, ["10.0.0.1"], 0.0) == 30000
    assert lanes.allocate(2, ["10.0.0.1"], 0.0) == 30002


def test_a_latched_leg_leaves_its_lane_to_the_next_of_the_same_host() -> None:
    lanes = LaneAllocator([PORTS])
    lanes.allocate(1, ["10.0.0.1"], 0.0)
    lanes.latched(1)
    assert lanes.allocate(2, ["10.0.0.1"], 0.0) == 30000


def test_hosts_overlap_when_one_of_them_does() -> None:
    lanes = LaneAllocator([PORTS])
    lanes.allocate(1, ["192.168.0.2", "203.0.113.1"], 0.0)
    assert lanes.allocate(2, ["192.168.0.3", "203.0.113.1"], 0.0) == 30002


def test_a_full_lane_is_followed_by_the_next() -> None:
    lanes = LaneAllocator([PORTS], legs_per_lane=10)
    ports = [lanes.allocate(n, [f"10.0.0.{n}"], 0.0) for n in range(25)]
    assert ports == [30000] * 10 + [30002] * 10 + [30004] * 5


def test_when_all_lanes_are_full_the_emptiest_takes_more() -> None:
    lanes = LaneAllocator([PORTS], legs_per_lane=1)
    ports = [lanes.allocate(n, [f"10.0.0.{n}"], 0.0) for n in range(8)]
    assert sorted(ports) == sorted(PORTS * 2)


def test_when_no_lane_is_without_doubt_a_leg_of_one_host_is_taken_at_its_word() -> None:
    lanes = LaneAllocator([PORTS])
    for n in range(4):
        lanes.allocate(n, ["10.0.0.1"], 0.0)
    lanes.allocate(5, ["10.0.0.1"], 0.0)
    assert lanes.aim(5, ("10.0.0.1", 4000), ["10.0.0.1"], 0.0, moved=True) == ()
    assert lanes.ambiguous() == []


def test_when_no_lane_is_without_doubt_a_leg_behind_nat_cannot_be_had() -> None:
    lanes = LaneAllocator([PORTS])
    for n in range(4):
        lanes.allocate(n, ["10.0.0.1"], 0.0)
    with pytest.raises(NoPortLeft, match="leg 5"):
        lanes.allocate(5, ["192.168.0.1", "10.0.0.1"], 0.0)
    assert len(lanes) == 4


def test_the_host_of_a_leg_that_never_latched_is_in_doubt_for_five_seconds() -> None:
    lanes = LaneAllocator([PORTS[:1]])
    lanes.allocate(1, ["192.168.0.1", "10.0.0.1"], 0.0)
    lanes.release(1, 10.0)
    with pytest.raises(NoPortLeft):
        lanes.allocate(2, ["192.168.0.2", "10.0.0.1"], 10.0 + QUARANTINE - 0.1)
    assert lanes.allocate(3, ["192.168.0.2", "10.0.0.1"], 10.0 + QUARANTINE) == 30000


def test_each_departed_host_is_in_doubt_for_its_own_time() -> None:
    lanes = LaneAllocator([PORTS[:1]])
    lanes.allocate(1, ["192.168.0.1", "10.0.0.1"], 0.0)
    lanes.allocate(2, ["192.168.0.2", "10.0.0.2"], 0.0)
    lanes.release(1, 10.0)
    lanes.release(2, 12.0)
    lanes.allocate(3, ["192.168.0.3", "10.0.0.1"], 15.0)
    with pytest.raises(NoPortLeft):
        lanes.allocate(4, ["192.168.0.4", "10.0.0.2"], 15.0)
    lanes.allocate(5, ["192.168.0.5", "10.0.0.2"], 17.0)


def test_a_leg_that_had_latched_leaves_no_doubt_behind() -> None:
    lanes = LaneAllocator([PORTS[:1]])
    for n in range(100):
        assert lanes.allocate(n, ["192.168.0.1", "10.0.0.1"], 0.0) == 30000
        lanes.latched(n)
        lanes.release(n, 0.0)
    assert len(lanes) == 0


def test_an_answer_adds_the_sdp_host_only_where_it_leaves_no_doubt() -> None:
    lanes = LaneAllocator([PORTS])
    lanes.allocate(1, ["203.0.113.1"], 0.0)
    lanes.allocate(2, ["203.0.113.2"], 0.0)
    private = ("192.168.0.10", 4000)  # both phones have this address at home
    assert lanes.aim(1, private, ["203.0.113.1"], 0.0, moved=True) == ("192.168.0.10", "203.0.113.1")
    assert lanes.aim(2, private, ["203.0.113.2"], 0.0, moved=True) == ("203.0.113.2",)


def test_a_leg_that_moves_is_in_doubt_again() -> None:
    lanes = LaneAllocator([PORTS])
    lanes.allocate(1, ["10.0.0.1"], 0.0)
    lanes.latched(1)
    lanes.aim(1, ("10.0.0.1", 5000), ["10.0.0.1"], 0.0, moved=True)
    assert lanes.allocate(2, ["10.0.0.1"], 0.0) == 30002


def test_workers_are_filled_evenly_and_partners_kept_together() -> None:
    lanes = LaneAllocator([PORTS[:2], PORTS[2:]])
    for n in range(10):
        lanes.allocate(n, [f"10.0.0.{n}"], 0.0)
    assert [lanes.worker_of(n) for n in range(10)].count(0) == 5
    for n in range(10):
        lanes.allocate(100 + n, [f"10.0.1.{n}"], 0.0, near=n)
        assert lanes.worker_of(100 + n) == lanes.worker_of(n)


def test_asking_again_changes_nothing() -> None:
    lanes = LaneAllocator([PORTS])
    assert lanes.allocate(1, ["10.0.0.1"], 0.0) == lanes.allocate(1, ["10.0.0.1"], 0.0)
    lanes.release(1, 0.0)
    lanes.release(1, 0.0)
    assert len(lanes) == 0


HOSTS = st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2", "192.168.0.1"]), min_size=1, max_size=2, unique=True)


class Allocation(RuleBasedStateMachine):
    """Whatever legs do, nobody could be mistaken for somebody else, and lanes come back."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes = LaneAllocator([PORTS[:2], PORTS[2:]], legs_per_lane=3)
        self.now = 0.0
        self.next = 0
        self.legs: list[int] = []

    @rule(hosts=HOSTS)
    def allocate(self, hosts: list[str]) -> None:
        self.next += 1
        try:
            port = self.lanes.allocate(self.next, hosts, self.now)
        except NoPortLeft:
            assert len(hosts) > 1
        else:
            assert port in PORTS
            self.legs.append(self.next)

    @rule(at=st.integers(0, 50), hosts=HOSTS, moved=st.booleans())
    def answer(self, at: int, hosts: list[str], moved: bool) -> None:
        if self.legs:
            self.lanes.aim(self.legs[at % len(self.legs)], (hosts[0], 4000), hosts, self.now, moved=moved)

    @rule(at=st.integers(0, 50))
    def latch(self, at: int) -> None:
        if self.legs:
            self.lanes.latched(self.legs[at % len(self.legs)])

    @rule(at=st.integers(0, 50))
    def release(self, at: int) -> None:
        if self.legs:
            self.lanes.release(self.legs.pop(at % len(self.legs)), self.now)

    @rule(seconds=st.floats(0.1, 6.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def nobody_is_in_doubt(self) -> None:
        assert self.lanes.ambiguous() == []

    @invariant()
    def nothing_leaks(self) -> None:
        assert len(self.lanes) == len(self.legs)

    def teardown(self) -> None:
        for leg in self.legs:
            self.lanes.release(leg, self.now)
        assert self.lanes.allocate(-1, ["10.0.0.1", "10.0.0.2", "192.168.0.1"], self.now + QUARANTINE) in PORTS


TestAllocation = Allocation.TestCase
