from __future__ import annotations

import json

import pytest

from ivr.effects import NodeEntered, NodeLeft
from ivr.forced import Forced, ForcedHours, ForcedState
from ivr.hours import Rules
from ivr.nodes import Flow, Hours, Say
from ivr.targets import Target
from tests.support.ivr_caller import Caller

T = Target.parse


def test_a_forced_state_ends_by_itself_at_its_hour() -> None:
    hours = ForcedHours()
    hours.force("office", ForcedState.CLOSED, 100.0, until=200.0, by="olena")
    assert hours.at("office", 199.9) == Forced(ForcedState.CLOSED, 200.0, "olena")
    assert hours.at("office", 200.0) is None
    assert hours.at("shop", 150.0) is None
    assert hours.next_expiry() == 200.0
    assert hours.expire(199.9) == []
    assert hours.expire(200.0) == ["office"]
    assert hours.next_expiry() is None


def test_without_an_end_it_lasts_until_released() -> None:
    hours = ForcedHours()
    hours.force("office", ForcedState.OPEN, 0.0)
    assert hours.at("office", 1e12) is not None
    assert hours.release("office")
    assert not hours.release("office")
    assert hours.at("office", 1.0) is None


def test_an_end_that_is_past_is_refused_and_changes_nothing() -> None:
    hours = ForcedHours()
    hours.force("office", ForcedState.SPECIAL, 0.0)
    with pytest.raises(ValueError, match="before it begins"):
        hours.force("office", ForcedState.OPEN, 10.0, until=10.0)
    assert hours.at("office", 11.0) == Forced(ForcedState.SPECIAL)


def test_forced_states_survive_a_restart() -> None:
    hours = ForcedHours()
    hours.force("office", ForcedState.CLOSED, 100.0, until=200.0, by="olena")
    hours.force("shop", ForcedState.SPECIAL, 100.0)
    again = ForcedHours.from_dict(json.loads(json.dumps(hours.to_dict())))
    assert again.to_dict() == hours.to_dict()
    assert again.at("office", 150.0) == hours.at("office", 150.0)


@pytest.mark.parametrize(
    ("state", "special", "way"),
    [
        (ForcedState.OPEN, T("say:special"), "open"),
        (ForcedState.CLOSED, T("say:special"), "closed"),
        (ForcedState.SPECIAL, T("say:special"), "special"),
        (ForcedState.SPECIAL, None, "closed"),
        (None, T("say:special"), "closed"),
    ],
)
def test_callers_go_the_way_that_is_forced(state: ForcedState | None, special: Target | None, way: str) -> None:
    """The rules say closed."""
    node = Hours("office", Rules(()), T("say:open"), T("say:closed"), when_special=special)
    says = [Say(name) for name in ("open", "closed", "special")]
    flow = Flow({n.target: n for n in (node, *says)})
    caller = Caller(flow, forced_hours=lambda name, now: None if state is None else Forced(state, by="olena"))
    caller.call("hours:office")
    (left,) = (record for record in caller.records if isinstance(record, NodeLeft) and record.node == node.target)
    (said,) = (record for record in caller.records if isinstance(record, NodeEntered) and record.node.kind == "say")
    assert said.node == T(f"say:{way}")
    assert (left.via, left.detail) == (state.value if state else "closed", "forced by olena" if state else "")
