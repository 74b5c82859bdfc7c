"""Trunks between workers: one for each pair of partners, apart from all others, gone with the last listener."""

from __future__ import annotations

import pytest

from rtp.lanes import NoPortLeft
from rtp.legs import Bridge, Conference
from softswitch.media.trunks import Trunks

LANES = [[30000, 30002], [30004, 30006]]


def test_both_partners_share_a_trunk_whose_ends_point_at_each_other() -> None:
    trunks = Trunks("0.0.0.0", LANES)
    mine, ends = trunks.listen(1, 0, 2, 1, "PCMA")
    theirs, more = trunks.listen(2, 1, 1, 0, "PCMU")
    here, there = ends
    assert more == []
    assert (here.worker, here.spec.leg, here.spec.source) == (0, mine, Bridge(1))
    assert (there.worker, there.spec.leg, there.spec.source) == (1, theirs, Bridge(2))
    assert (here.spec.remote, there.spec.remote) == (("127.0.0.1", there.spec.port), ("127.0.0.1", here.spec.port))
    assert here.spec.port in LANES[0]
    assert there.spec.port in LANES[1]
    assert mine < 0
    assert theirs < 0


def test_no_two_trunks_run_between_the_same_lanes() -> None:
    trunks = Trunks("10.0.0.1", LANES)
    pairs = set()
    for n in range(4):
        _, (here, there) = trunks.listen(2 * n + 1, n % 2, 2 * n + 2, 1 - n % 2, "PCMA")
        pairs.add(frozenset((here.spec.port, there.spec.port)))
    assert len(pairs) == 4
    with pytest.raises(NoPortLeft):
        trunks.listen(100, 0, 101, 1, "PCMA")
    trunks.cease(1)
    trunks.listen(100, 0, 101, 1, "PCMA")


def test_a_trunk_stays_while_one_of_the_two_listens() -> None:
    trunks = Trunks("10.0.0.1", LANES)
    trunks.listen(1, 0, 2, 1, "PCMA")
    trunks.listen(2, 1, 1, 0, "PCMA")
    assert trunks.cease(1) == []
    assert len(trunks.of_worker(0)) == len(trunks.of_worker(1)) == 1
    assert {end.worker for end in trunks.cease(2)} == {0, 1}
    assert trunks.of_worker(0) == trunks.of_worker(1) == []


def test_who_listens_to_somebody_else_leaves_the_trunks_of_others_alone() -> None:
    trunks = Trunks("10.0.0.1", LANES)
    trunks.listen(1, 0, 2, 1, "PCMA")
    assert trunks.cease(3) == []
    assert trunks.cease(2) == []
    assert len(trunks.cease(1)) == 2


def test_a_member_of_a_room_elsewhere_is_there_by_the_far_end() -> None:
    trunks = Trunks("10.0.0.1", LANES)
    mine, ends, removed = trunks.attend(1, 0, Conference("a"), 1, "PCMA")
    here, there = ends
    assert removed == []
    assert (here.worker, here.spec.leg, here.spec.source) == (0, mine, Bridge(1))
    assert (there.worker, there.spec.source) == (1, Conference("a"))
    again, (_, there), removed = trunks.attend(1, 0, Conference("a", ()), 1, "PCMA")
    assert (again, there.spec.source, removed) == (mine, Conference("a", ()), [])
    assert len(trunks.cease(1)) == 2
    assert trunks.of_worker(0) == trunks.of_worker(1) == []


def test_who_comes_from_a_conversation_takes_no_trunk_along() -> None:
    trunks = Trunks("10.0.0.1", LANES)
    trunks.listen(1, 0, 2, 1, "PCMA")
    _, _, removed = trunks.attend(1, 0, Conference("a"), 1, "PCMA")
    assert {end.worker for end in removed} == {0, 1}
    assert len(trunks.of_worker(0)) == 1
