"""RFC 3261 §17.1.1, RFC 6026 §7.2, §8.4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.transactions.invite_client import Action, Input, InviteClientTransaction, State

TIMERS = {i for i in Input if i.name.startswith("TIMER_")}


def started(*, reliable: bool = False) -> InviteClientTransaction:
    tx = InviteClientTransaction(reliable=reliable)
    assert tx.start(now=0.0) == (Action.SEND_REQUEST,)
    return tx


@pytest.mark.parametrize(
    ("reliable", "resends"),
    [(False, [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]), (True, [])],
    ids=["udp", "tcp"],
)
def test_silent_peer(reliable: bool, resends: list[float]) -> None:
    tx = started(reliable=reliable)
    seen: list[tuple[float, Action]] = []
    while (at := tx.next_deadline()) is not None:
        seen += [(at, a) for a in tx.handle_timeout(at)]
    assert [t for t, a in seen if a is Action.SEND_REQUEST] == resends
    assert seen[-1] == (32.0, Action.INFORM_TIMEOUT)
    assert tx.state is State.TERMINATED


def test_a_provisional_response_stops_retransmission_and_the_timeout() -> None:
    tx = started()
    assert tx.handle(Input.RX_1XX, 0.1) == (Action.STOP_A_AND_B, Action.PASS_RESPONSE)
    assert tx.next_deadline() is None


def test_when_the_user_has_left_a_peer_that_is_still_trying_gets_64_t1() -> None:
    tx = started()
    tx.handle(Input.RX_1XX, 0.1)
    tx.handle(Input.TU_LEAVES, 5.0)
    tx.handle(Input.RX_1XX, 20.0)
    assert tx.next_deadline() == 37.0
    assert tx.handle_timeout(37.0) == ()
    assert tx.state is State.TERMINATED


def test_a_failure_is_acknowledged_each_time_and_told_once() -> None:
    tx = started()
    assert Action.PASS_RESPONSE in tx.handle(Input.RX_300_699, 0.1)
    assert tx.handle(Input.RX_300_699, 0.6) == (Action.SEND_ACK,)
    assert tx.next_deadline() == 32.1  # Timer D
    tx.handle_timeout(32.1)
    assert tx.state is State.TERMINATED


def test_a_second_2xx_within_timer_m_reaches_the_user() -> None:
    tx = started()
    tx.handle(Input.RX_2XX, 1.0)
    assert tx.handle(Input.RX_2XX, 32.9) == (Action.PASS_RESPONSE,)
    assert tx.next_deadline() == 33.0
    tx.handle_timeout(33.0)
    assert tx.handle(Input.RX_2XX, 33.1) == ()


def test_timer_d_is_zero_on_a_stream() -> None:
    tx = started(reliable=True)
    tx.handle(Input.RX_300_699, 5.0)
    assert tx.next_deadline() == 5.0


def test_a_process_that_was_stopped_sends_once_and_then_doubles() -> None:
    tx = started()
    assert tx.handle_timeout(5.0) == (Action.SEND_REQUEST, Action.DOUBLE_TIMER_A)
    assert tx.next_deadline() == 6.0


@given(st.lists(st.sampled_from([i for i in Input if i not in TIMERS]), max_size=30), st.booleans())
def test_always_ends_and_never_raises(events: list[Input], reliable: bool) -> None:
    tx = started(reliable=reliable)
    for n, event in enumerate(events):
        tx.handle(event, n * 0.01)
        if tx.state is State.TERMINATED:
            assert tx.next_deadline() is None
    while (at := tx.next_deadline()) is not None:
        tx.handle_timeout(at)
    assert tx.state in (State.TERMINATED, State.PROCEEDING)  # PROCEEDING has no timer: the TU's ring timeout ends it
