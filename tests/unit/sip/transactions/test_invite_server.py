"""RFC 3261 §17.2.1, RFC 6026 §7.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.transactions.invite_server import Action, Input, InviteServerTransaction, State

TIMERS = {i for i in Input if i.name.startswith("TIMER_")}


def started(*, reliable: bool = False) -> InviteServerTransaction:
    tx = InviteServerTransaction(reliable=reliable)
    assert tx.start(now=0.0) == ()
    return tx


@pytest.mark.parametrize(
    ("reliable", "resends"),
    [(False, [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]), (True, [])],
    ids=["udp", "tcp"],
)
def test_a_failure_is_repeated_until_timer_h_when_no_ack_comes(reliable: bool, resends: list[float]) -> None:
    tx = started(reliable=reliable)
    tx.handle(Input.TX_300_699, 0.0)
    seen: list[tuple[float, Action]] = []
    while (at := tx.next_deadline()) is not None:
        seen += [(at, a) for a in tx.handle_timeout(at)]
    assert [t for t, a in seen if a is Action.RESEND_LAST_RESPONSE] == resends
    assert seen[-1] == (32.0, Action.INFORM_TIMEOUT)


@pytest.mark.parametrize(("reliable", "timer_i"), [(False, 6.0), (True, 1.0)], ids=["udp", "tcp"])
def test_the_ack_stops_repetition_and_timer_i_absorbs_more_of_them(reliable: bool, timer_i: float) -> None:
    tx = started(reliable=reliable)
    tx.handle(Input.TX_300_699, 0.0)
    assert tx.handle(Input.RX_ACK, 1.0) == (Action.STOP_G_AND_H, Action.START_TIMER_I)
    assert tx.handle(Input.RX_ACK, 1.0) == ()
    assert tx.next_deadline() == timer_i
    tx.handle_timeout(timer_i)
    assert tx.state is State.TERMINATED


def test_a_repeated_invite_gets_the_last_response_until_the_2xx_and_nothing_after_it() -> None:
    tx = started()
    assert tx.handle(Input.RX_INVITE, 0.1) == ()  # nothing has been sent yet
    assert tx.handle_timeout(0.2) == (Action.SEND_TRYING,)
    assert tx.handle(Input.RX_INVITE, 0.5) == (Action.RESEND_LAST_RESPONSE,)
    tx.handle(Input.TX_2XX, 1.0)
    assert tx.handle(Input.RX_INVITE, 1.5) == ()  # RFC 6026: absorbed, the TU repeats the 2xx
    assert tx.handle(Input.TX_2XX, 2.0) == (Action.SEND_RESPONSE,)
    assert tx.next_deadline() == 33.0  # Timer L
    tx.handle_timeout(33.0)
    assert tx.state is State.TERMINATED


@pytest.mark.parametrize("final", [None, Input.TX_1XX, Input.TX_2XX, Input.TX_300_699])
def test_a_transport_error_is_told_and_state_is_kept(final: Input | None) -> None:
    # RFC 6026 §7.1: the machine MUST remain in its current state, so that repeated INVITEs are absorbed
    tx = started()
    if final is not None:
        tx.handle(final, 0.0)
    before = tx.state
    assert tx.handle(Input.TRANSPORT_ERROR, 0.1) == (Action.INFORM_TRANSPORT_ERROR,)
    assert tx.state is before


def test_the_first_final_response_stands() -> None:
    tx = started()
    tx.handle(Input.TX_300_699, 0.0)
    assert tx.handle(Input.TX_2XX, 0.1) == ()
    assert tx.state is State.COMPLETED


@given(st.lists(st.sampled_from([i for i in Input if i not in TIMERS]), max_size=30), st.booleans())
def test_always_ends_and_never_raises(events: list[Input], reliable: bool) -> None:
    tx = started(reliable=reliable)
    for n, event in enumerate(events):
        tx.handle(event, n * 0.01)
    while (at := tx.next_deadline()) is not None:
        tx.handle_timeout(at)
    assert tx.state in (State.TERMINATED, State.PROCEEDING)  # PROCEEDING waits for the TU


@pytest.mark.parametrize("answer", [Input.TX_1XX, Input.TX_2XX, Input.TX_300_699])
def test_a_user_that_answers_within_200_ms_makes_100_trying_needless(answer: Input) -> None:
    tx = started()
    tx.handle(answer, 0.1)
    sent: list[Action] = []
    while (at := tx.next_deadline()) is not None:
        sent += tx.handle_timeout(at)
    assert Action.SEND_TRYING not in sent
