"""RFC 3261 §17.2.2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.transactions.server import Action, Input, ServerTransaction, State

TIMERS = {i for i in Input if i.name.startswith("TIMER_")}


def started(*, reliable: bool = False) -> ServerTransaction:
    tx = ServerTransaction(reliable=reliable)
    assert tx.start(now=0.0) == ()
    return tx


@pytest.mark.parametrize(("reliable", "timer_j"), [(False, 33.0), (True, 1.0)], ids=["udp", "tcp"])
def test_the_final_response_is_repeated_for_repeated_requests_until_timer_j(reliable: bool, timer_j: float) -> None:
    tx = started(reliable=reliable)
    assert tx.handle(Input.RX_REQUEST, 0.5) == ()  # nothing to repeat yet
    assert Action.SEND_RESPONSE in tx.handle(Input.TX_FINAL, 1.0)
    assert tx.handle(Input.RX_REQUEST, 1.0) == (Action.RESEND_LAST_RESPONSE,)
    assert tx.next_deadline() == timer_j
    tx.handle_timeout(timer_j)
    assert tx.state is State.TERMINATED
    assert tx.handle(Input.RX_REQUEST, 40.0) == ()


def test_a_request_that_the_user_never_answers_is_forgotten() -> None:
    tx = started()
    assert tx.next_deadline() == 32.0
    assert tx.handle_timeout(32.0) == ()
    assert tx.state is State.TERMINATED


def test_a_provisional_response_is_repeated_too() -> None:
    tx = started()
    tx.handle(Input.TX_1XX, 0.1)
    assert tx.handle(Input.RX_REQUEST, 0.5) == (Action.RESEND_LAST_RESPONSE,)


@given(st.lists(st.sampled_from([i for i in Input if i not in TIMERS]), max_size=30), st.booleans())
def test_always_ends_and_never_raises(events: list[Input], reliable: bool) -> None:
    tx = started(reliable=reliable)
    for n, event in enumerate(events):
        tx.handle(event, n * 0.01)
    while (at := tx.next_deadline()) is not None:
        tx.handle_timeout(at)
    assert tx.state is State.TERMINATED
