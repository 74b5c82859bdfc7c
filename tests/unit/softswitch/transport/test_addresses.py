from __future__ import annotations

import pytest

from sip.flow import Flow, Transport
from softswitch.transport.addresses import Listen, OwnAddress, source_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("udp:0.0.0.0:5060", Listen(Transport.UDP, ("0.0.0.0", 5060))),
        ("tcp:127.0.0.1:0", Listen(Transport.TCP, ("127.0.0.1", 0))),
        ("udp:[::1]:5060", Listen(Transport.UDP, ("::1", 5060))),
    ],
)
def test_what_to_listen_on(text: str, expected: Listen) -> None:
    assert Listen.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "udp", "5060", "udp:5060", "sctp:0.0.0.0:5060", "udp:0.0.0.0:70000", "udp:host:1"]
)
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="udp:ADDRESS:PORT"):
        Listen.parse(text)


def flow(local: str, remote: str) -> Flow:
    return Flow(Transport.UDP, (local, 5060), (remote, 5060))


def test_a_bound_address_is_ours() -> None:
    assert OwnAddress("", lambda: 0.0)(flow("127.0.0.4", "127.0.0.1")) == ("127.0.0.4", 5060)


def test_on_all_addresses_it_is_the_one_towards_the_peer() -> None:
    assert OwnAddress("", lambda: 0.0)(flow("0.0.0.0", "127.0.0.9")) == ("127.0.0.1", 5060)
    assert source_address("127.0.0.1") == "127.0.0.1"


def test_the_address_in_front_of_us_is_for_peers_outside() -> None:
    own = OwnAddress("203.0.113.1", lambda: 0.0)
    assert own(flow("127.0.0.4", "8.8.8.8")) == ("203.0.113.1", 5060)
    assert own(flow("127.0.0.4", "10.0.0.1")) == ("127.0.0.4", 5060)


def test_what_the_kernel_said_is_asked_again_after_a_minute() -> None:
    now = [0.0]
    own = OwnAddress("", lambda: now[0])
    own(flow("0.0.0.0", "127.0.0.9"))
    own._cache["127.0.0.9"] = "old"
    assert own(flow("0.0.0.0", "127.0.0.9"))[0] == "old"
    now[0] = 61.0
    assert own(flow("0.0.0.0", "127.0.0.9"))[0] == "127.0.0.1"
