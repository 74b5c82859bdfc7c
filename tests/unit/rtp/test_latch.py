"""Where a leg's packets may come from: NAT is allowed for, bleeding and injecting are not."""

from __future__ import annotations

import pytest

from rtp.latch import pack_address, unpack_address
from rtp.legs import Bridge, Echo, Latched, Silence
from rtp.packet import RtpPacket
from tests.support.media_plane import PORTS, TestPlane, speech

SDP = ("10.0.0.5", 4000)
NAT = ("203.0.113.9", 61000)
NAT_LATER = ("203.0.113.9", 61777)
STRANGER = ("198.51.100.66", 4000)


def behind_nat() -> TestPlane:
    plane = TestPlane()
    plane.leg(1, SDP, candidate_ips=("10.0.0.5", NAT[0]))
    return plane


def locked(at: tuple[str, int] = NAT) -> TestPlane:
    """A leg that has talked from *at* for a while; the next packet is speech(20)."""
    plane = behind_nat()
    for n in range(20):
        plane.now += 0.02
        plane.talk(at, speech(n))
    plane.told()
    return plane


@pytest.mark.parametrize("address", [("1.2.3.4", 1), ("255.254.253.252", 65535), ("127.0.0.1", 30000)])
def test_addresses_survive_packing(address: tuple[str, int]) -> None:
    assert unpack_address(pack_address(address)) == address


@pytest.mark.parametrize(
    "address", [("localhost", 5), ("1.2.3", 5), ("1.2.3.256", 5), ("1.2.3.-4", 5), ("1.2.3.4", 0), ("1.2.3.4", 65536)]
)
def test_what_is_no_address_is_refused(address: tuple[str, int]) -> None:
    with pytest.raises(ValueError, match=r"."):
        pack_address(address)


def test_a_leg_is_latched_to_its_sdp_address_with_the_first_packet() -> None:
    plane = behind_nat()
    assert len(plane.talk(SDP, speech(0))) == 1
    assert plane.told() == [Latched(1, SDP)]


def test_a_leg_behind_nat_is_latched_to_where_its_packets_come_from_and_is_answered_there() -> None:
    plane = behind_nat()
    sent = plane.hear([(NAT, speech(0).serialize())])
    assert [address for address, _ in sent] == [NAT]
    assert plane.told() == [Latched(1, NAT)]


def test_before_anything_comes_a_leg_is_sent_to_its_sdp_address() -> None:
    plane = TestPlane()
    plane.leg(1, SDP, Silence())
    assert {address for address, _ in plane.beat(3)} == {SDP}


def test_a_stranger_is_heard_by_nobody_and_gets_nothing() -> None:
    for plane in (behind_nat(), locked(), locked(SDP)):
        assert plane.hear([(STRANGER, speech(20 + n).serialize()) for n in range(50)]) == []
        assert sum(plane.strays().values()) == 50
        assert plane.told() == []


def test_in_learning_mode_the_signalled_address_takes_the_leg_back_from_an_early_stranger_of_the_same_host() -> None:
    plane = behind_nat()
    plane.talk(NAT, speech(0, ssrc=666))
    assert plane.talk(SDP, speech(0)) == []  # another SSRC has to be confirmed
    assert len(plane.talk(SDP, speech(1))) == 1
    assert [event.address for event in plane.told() if isinstance(event, Latched)] == [NAT, SDP]
    assert plane.hear([(NAT, speech(5 + n, ssrc=666).serialize()) for n in range(50)]) == []


def test_after_five_packets_in_a_row_the_signalled_address_comes_too_late() -> None:
    plane = locked()
    assert plane.hear([(SDP, speech(n, ssrc=5).serialize()) for n in range(50)]) == []
    assert plane.told() == []


def test_an_injector_without_the_ssrc_is_never_accepted_even_when_the_leg_is_idle() -> None:
    plane = locked()
    for quiet in (0.0, 1.0, 4.0):
        plane.now += quiet
        sent = plane.hear([((STRANGER[0], 5000 + n), speech(20 + n, ssrc=n).serialize()) for n in range(60)])
        assert sent == []
    assert plane.told() == []


def test_a_copied_ssrc_does_not_help_while_the_leg_talks() -> None:
    plane = locked()
    assert plane.talk(STRANGER, speech(20)) == []
    assert len(plane.talk(NAT, speech(20))) == 1


@pytest.mark.parametrize("jump", [-1, 0, 400, 30000])
def test_a_copied_ssrc_does_not_help_without_the_sequence(jump: int) -> None:
    plane = locked()
    plane.now += 1.0
    assert plane.talk(STRANGER, speech(19 + jump)) == []
    assert plane.told() == []


def test_nat_rebinding_is_followed_by_ssrc_and_sequence() -> None:
    plane = locked()
    plane.now += 0.2
    assert len(plane.talk(NAT_LATER, speech(30))) == 1
    assert plane.told() == [Latched(1, NAT_LATER)]
    assert len(plane.talk(NAT_LATER, speech(31))) == 1
    assert plane.talk(NAT, speech(32)) == []


def test_after_five_silent_seconds_the_same_host_may_start_afresh_but_no_other() -> None:
    plane = locked()
    plane.now += 4.9
    assert plane.talk(NAT_LATER, speech(0, ssrc=5)) == []
    plane.now += 0.2
    assert plane.talk(STRANGER, speech(0, ssrc=6)) == []
    plane.talk(NAT_LATER, speech(1, ssrc=5))
    assert len(plane.talk(NAT_LATER, speech(2, ssrc=5))) == 1
    assert Latched(1, NAT_LATER) in plane.told()


def test_a_packet_that_could_belong_to_two_legs_belongs_to_none() -> None:
    plane = behind_nat()
    plane.leg(2, ("10.0.0.6", 4000), candidate_ips=("10.0.0.6", NAT[0]))
    assert plane.talk(NAT, speech(0)) == []
    assert plane.strays() == {"ambiguous": 1}
    assert len(plane.talk(SDP, speech(0))) == 1
    assert len(plane.talk(NAT, speech(0, ssrc=5))) == 1  # only the second can be meant now


def test_lanes_are_apart() -> None:
    plane = behind_nat()
    plane.leg(2, ("10.0.0.6", 4000), candidate_ips=("10.0.0.6", NAT[0]), port=PORTS[1], source=Bridge(9))
    plane.talk(NAT, speech(0), lane=1)
    assert plane.told() == [Latched(2, NAT)]


def test_a_leg_without_candidates_takes_packets_from_exactly_its_sdp_address() -> None:
    plane = TestPlane()
    plane.leg(1, SDP)
    assert plane.talk((SDP[0], 4002), speech(0)) == []
    assert len(plane.talk(SDP, speech(0))) == 1


def test_a_payload_type_that_was_not_negotiated_does_not_latch() -> None:
    plane = behind_nat()
    assert plane.talk(NAT, speech(0, kind=96)) == []
    assert plane.told() == []


def test_last_packets_of_a_removed_leg_do_not_latch_the_next_one() -> None:
    plane = locked()
    plane.remove(1, plane.now)
    plane.leg(2, ("10.0.0.8", 4000), candidate_ips=("10.0.0.8", NAT[0]))
    assert plane.talk(NAT, speech(20)) == []
    assert plane.strays() == {"late": 1}
    plane.now += 5.1
    assert len(plane.talk(NAT, speech(0, ssrc=5))) == 1


def test_a_new_address_in_the_sdp_unlatches_the_leg() -> None:
    plane = locked()
    moved = ("10.0.0.5", 4444)
    plane.leg(1, moved, candidate_ips=("10.0.0.5", NAT[0]))
    assert plane.talk(NAT_LATER, speech(20))
    assert plane.told() == [Latched(1, NAT_LATER)]


@pytest.mark.parametrize("remote", [SDP, None], ids=["the same address", "no address"])
def test_a_reinvite_that_moves_nothing_keeps_the_latch(remote: tuple[str, int] | None) -> None:
    plane = locked()
    plane.leg(1, remote, candidate_ips=("10.0.0.5", NAT[0]), send=False)
    plane.leg(1, SDP, candidate_ips=("10.0.0.5", NAT[0]))
    assert plane.talk(NAT_LATER, speech(20, ssrc=5)) == []
    sent = plane.hear([(NAT, speech(20).serialize())])
    assert [address for address, _ in sent] == [NAT]
    assert plane.told() == []


def test_a_restored_leg_knows_its_source() -> None:
    plane = TestPlane()
    plane.leg(1, SDP, Silence(), candidate_ips=("10.0.0.5", NAT[0]), latched=NAT)
    assert {address for address, _ in plane.beat(3)} == {NAT}
    assert plane.talk(SDP, speech(0)) == []
    plane.leg(1, SDP, Echo(), candidate_ips=("10.0.0.5", NAT[0]))
    assert len(plane.talk(NAT, speech(0))) == 1


def test_a_flood_of_strangers_is_sieved_and_the_leg_goes_on() -> None:
    plane = locked()
    flood = [((f"198.51.100.{n}", 1000 + n), speech(n, ssrc=n).serialize()) for n in range(200)]
    sent = plane.hear([*flood[:100], (NAT, speech(20).serialize()), *flood[100:]])
    assert [address for address, _ in sent] == [NAT]
    assert plane.strays() == {"unknown_source": 200}


def test_two_legs_never_share_a_source_address() -> None:
    plane = locked(SDP)
    plane.leg(2, SDP)
    plane.now += 0.02
    assert len(plane.hear([(SDP, speech(20).serialize())])) == 1
    assert plane.specs[2].remote == SDP
    plane.remove(1, plane.now)
    assert plane.talk(SDP, RtpPacket(8, 1, 1, 9, b"x")) == []
