from __future__ import annotations

from itertools import product

import pytest

from softswitch.call.model import Stage
from softswitch.call.stages import IGNORED, IMPOSSIBLE, TRANSITIONS, Input, advance


def test_every_stage_input_pair_is_declared_once() -> None:
    declared = [set(TRANSITIONS), IGNORED, IMPOSSIBLE]
    assert set().union(*declared) == set(product(Stage, Input))
    assert sum(len(part) for part in declared) == len(Stage) * len(Input)


def test_a_call_that_has_ended_stays_ended() -> None:
    assert all(advance(Stage.ENDED, event) is None for event in Input)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.ENDED])
def test_the_caller_may_hang_up_in_every_stage(stage: Stage) -> None:
    assert advance(stage, Input.CALLER_GONE) is Stage.ENDED
    assert advance(stage, Input.END) is Stage.ENDED


def test_an_answer_that_crosses_the_callers_return_to_the_menu_means_nothing() -> None:
    assert advance(Stage.IVR, Input.CONNECT) is None
