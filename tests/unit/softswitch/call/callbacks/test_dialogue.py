from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.call.callbacks.dialogue import (
    IGNORED,
    IMPOSSIBLE,
    PATIENCE,
    TRANSITIONS,
    Action,
    Dialogue,
    Input,
    State,
)


def test_every_state_input_pair_is_declared_once() -> None:
    declared = [set(TRANSITIONS), IGNORED, IMPOSSIBLE]
    assert set().union(*declared) == set(product(State, Input))
    assert sum(len(part) for part in declared) == len(State) * len(Input)


def begin(number: str = "2001", *, another_allowed: bool = True) -> Dialogue:
    dialogue, actions = Dialogue.begin(number, another_allowed=another_allowed)
    assert actions == ((Action.READ_OUT,) if number else (Action.ASK_NUMBER,))
    return dialogue


def keys(dialogue: Dialogue, pressed: str) -> list[Action]:
    """Figures are added as whoever carries out the actions does."""
    done: list[Action] = []
    for digit in pressed:
        event = dialogue.key(digit)
        actions = dialogue.handle(Input.GOOD if event is None else event)
        for action in actions:
            if action is Action.ADD_FIGURE:
                dialogue.add(digit)
        done += actions
    return done


def test_a_number_that_is_right_is_ordered_and_confirmed_when_it_is_kept() -> None:
    dialogue = begin()
    assert keys(dialogue, "1") == [Action.ORDER]
    assert keys(dialogue, "12*#") == [], "nothing is asked any more"
    assert dialogue.handle(Input.KEPT) == (Action.SAY_GOODBYE,)


def test_an_order_that_is_not_kept_leads_back_with_an_apology() -> None:
    dialogue = begin()
    keys(dialogue, "1")
    assert dialogue.handle(Input.NOT_KEPT) == (Action.APOLOGISE, Action.GO_BACK)
    assert dialogue.state is State.BACK


def test_another_number_is_entered_read_out_and_ordered() -> None:
    dialogue = begin()
    assert keys(dialogue, "2") == [Action.ASK_NUMBER]
    assert keys(dialogue, "0501#")[-2:] == [Action.TAKE_NUMBER, Action.READ_OUT]
    assert dialogue.number == "0501"
    assert keys(dialogue, "1") == [Action.ORDER]


def test_a_number_that_cannot_be_called_is_asked_for_again_until_patience_ends() -> None:
    dialogue = begin("")
    for _ in range(PATIENCE):
        keys(dialogue, "99")
        assert dialogue.handle(Input.BAD) == (Action.TRY_AGAIN, Action.REFUSE_NUMBER)
        assert dialogue.entered == ""
    keys(dialogue, "99")
    assert dialogue.handle(Input.BAD) == (Action.APOLOGISE, Action.GO_BACK)


@pytest.mark.parametrize("number", ["2001", ""])
def test_a_star_leads_back_to_the_queue(number: str) -> None:
    dialogue = begin(number)
    assert keys(dialogue, "*") == [Action.GO_BACK]


def test_silence_is_asked_again_and_then_goes_on_waiting() -> None:
    dialogue = begin()
    for _ in range(PATIENCE):
        assert dialogue.handle(Input.SILENT) == (Action.TRY_AGAIN, Action.READ_OUT)
    assert dialogue.handle(Input.SILENT) == (Action.GO_BACK,)


def test_no_other_number_where_none_is_allowed() -> None:
    dialogue = begin(another_allowed=False)
    assert keys(dialogue, "2") == [Action.TRY_AGAIN, Action.READ_OUT]


@given(st.lists(st.sampled_from("0123456789*#ABCD"), max_size=40), st.booleans(), st.booleans())
def test_it_never_raises_and_a_number_stays_short(pressed: list[str], known: bool, allowed: bool) -> None:
    dialogue = begin("2001" if known else "", another_allowed=allowed)
    keys(dialogue, "".join(pressed))
    assert len(dialogue.number) <= 20
    assert dialogue.tries <= PATIENCE
