"""What is remembered of a customer who is to be called back goes through the distributor unchanged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acd.events import CallbackRequested, CallJoined
from acd.model import QueueConfig
from softswitch.call.callbacks.memory import Memory
from softswitch.messages import Brought, Request
from tests.support.acd import Desk

names = st.dictionaries(st.from_regex(r"[a-z][a-z_.]{0,8}", fullmatch=True), st.text(max_size=20), max_size=5)


@given(
    name=st.text(max_size=10),
    trunk=st.sampled_from(["", "carrier"]),
    dialled=st.text(max_size=8),
    known=names,
    number=st.sampled_from(["", "2001", "+380501234567"]),
)
def test_it_comes_back_from_the_ticket(name: str, trunk: str, dialled: str, known: dict[str, str], number: str) -> None:
    memory = Memory(name, trunk, dialled, known, number)
    desk = Desk(QueueConfig("q"), agents={})
    desk.do(CallJoined("c1", "q"), CallbackRequested("c1", "+1", memory.pairs()))
    assert Memory.of_ticket(desk.acd.tickets["c1"]) == memory


def test_nothing_is_known_of_nobody() -> None:
    assert Memory.of_ticket(None) == Memory()


def test_a_request_tells_as_much() -> None:
    brought = Brought(known=(("segment", "gold"),)).written()
    request = Request("sales~c1", "sales", 0.0, 0.0, "+1", "Anna", trunk="carrier", dialled="100", brought=brought)
    assert Memory.of_request(request) == Memory("Anna", "carrier", "100", {"segment": "gold"})
    assert Memory.of_request(Request("sales~c2", "sales", 0.0, 0.0, "+1")) == Memory()
