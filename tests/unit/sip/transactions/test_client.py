"""RFC 3261 §17.1.2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.transactions.client import Action, ClientTransaction, Input, State

TIMERS = {i for i in Input if i.name.startswith("TIMER_")}


def started(*, reliable: bool = False) -> ClientTransaction:
    tx = ClientTransaction(reliable=reliable)
    assert tx.start(now=0.0) == (Action.SEND_REQUEST,)
    return tx


@pytest.mark.parametrize(
    ("reliable", "resends"),
    [(False, [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]), (True, [])],
    ids=["udp", "tcp"],
)
def test_silent_peer(reliable: bool, resends: list[float]) -> None:
    tx = started(reliable=reliable)
    seen: list[tuple[float, Action]] = []
    while (at := tx.next_deadline()) is not None:
        seen += [(at, a) for a in tx.handle_timeout(at)]
    assert [t for t, a in seen if a is Action.SEND_REQUEST] == resends
    assert seen[-1] == (32.0, Action.INFORM_TIMEOUT)


def test_after_a_provisional_response_it_repeats_every_t2() -> None:
    tx = started()
    tx.handle(Input.RX_1XX, 0.1)
    resends = []
    while (at := tx.next_deadline()) is not None:
        resends += [at for a in tx.handle_timeout(at) if a is Action.SEND_REQUEST]
    assert resends == [0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]
    assert tx.state is State.TERMINATED  # Timer F runs on


@pytest.mark.parametrize(("reliable", "timer_k"), [(False, 5.1), (True, 0.1)], ids=["udp", "tcp"])
def test_the_final_response_is_told_once_and_timer_k_absorbs_more(reliable: bool, timer_k: float) -> None:
    tx = started(reliable=reliable)
    assert Action.PASS_RESPONSE in tx.handle(Input.RX_FINAL, 0.1)
    assert tx.handle(Input.RX_FINAL, 0.1) == ()
    assert tx.next_deadline() == timer_k


@given(st.lists(st.sampled_from([i for i in Input if i not in TIMERS]), max_size=30), st.booleans())
def test_always_ends_and_never_raises(events: list[Input], reliable: bool) -> None:
    tx = started(reliable=reliable)
    passed = 0
    for n, event in enumerate(events):
        actions = tx.handle(event, n * 0.01)
        passed += event is Input.RX_FINAL and Action.PASS_RESPONSE in actions
    while (at := tx.next_deadline()) is not None:
        tx.handle_timeout(at)
    assert tx.state is State.TERMINATED
    assert passed <= 1
