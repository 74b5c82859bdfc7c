from __future__ import annotations

from pathlib import Path

import pytest

from acd.events import (
    AgentBreakEnded,
    AgentBreakStarted,
    AgentLoggedIn,
    AgentLoggedOut,
    AgentQueueJoined,
    AgentQueueLeft,
    WrapUpEnded,
    WrapUpExtended,
)
from ivr.nodes import Prompt
from softswitch.call.agents.features import (
    FAILED,
    NO_WRAP_UP,
    NOT_LOGGED_IN,
    UNKNOWN_QUEUE,
    UNKNOWN_REASON,
    Dialled,
    Feature,
    FeatureCodes,
    Outcome,
    feature_prompts,
)
from softswitch.config import Config, parse_config

CONFIG = """
[[phone]]
user = "1001"
password = "secret-1001"
[[phone]]
user = "1002"
password = "secret-1002"
[[agent]]
id = "olena"
phone = "1001"
pin = "4711"
[[agent]]
id = "piotr"
phone = "1002"
[queue.sales]
number = "1"
label = "Sales"
[queue.support]
number = "22"
agents = ["piotr"]
[break]
1 = "lunch"
2 = { reason = "training", paid = true }
"""


def config(more: str = "") -> Config:
    return parse_config((CONFIG + more).encode(), file="test.toml", folder=Path(), env={})


def codes(logged_in: dict[str, str] | None = None, *, in_wrap_up: bool = False, more: str = "") -> FeatureCodes:
    there = logged_in or {}
    return FeatureCodes(
        config(more),
        agent_at=lambda phone: there.get(phone or ""),
        is_logged_in=lambda agent: agent in there.values(),
        in_wrap_up=lambda agent: in_wrap_up,
    )


def use(codes: FeatureCodes, dialled: str, phone: str) -> Outcome:
    found = codes.recognise(dialled)
    assert found is not None
    return codes.use(found, phone)


def test_the_code_alone_logs_in_the_agent_whose_phone_it_is() -> None:
    assert use(codes(), "*11", "1001").event == AgentLoggedIn("olena", "1001", busy=True)


def test_the_code_alone_is_the_owners_also_when_somebody_else_sits_there() -> None:
    there = codes({"1001": "piotr"})
    assert use(there, "*11", "1001").event == AgentLoggedIn("olena", "1001", busy=True)
    assert use(there, "*10", "1001").event == AgentLoggedIn("olena", "1001")
    assert use(there, "*13", "1001").event == AgentBreakStarted("piotr", "dialled"), "the other codes are the sitter's"
    assert use(there, "*12", "1001").event == AgentLoggedOut("piotr", "dialled")


def test_at_a_phone_that_is_nobodys_the_code_alone_is_for_who_sits_there() -> None:
    assert use(codes({"1009": "piotr"}), "*11", "1009").event == AgentLoggedIn("piotr", "1009", busy=True)


def test_the_code_alone_does_nothing_at_a_phone_that_is_nobodys() -> None:
    assert use(codes(), "*11", "1009").say == FAILED


@pytest.mark.parametrize("number", ["1001", "olena"])
def test_number_and_pin_log_in_at_any_phone(number: str) -> None:
    assert use(codes(), f"*11*{number}*4711", "1002").event == AgentLoggedIn("olena", "1002", busy=True)


@pytest.mark.parametrize("rest", ["1001*4712", "1001", "1001*", "9999*4711", "*4711"])
def test_a_wrong_pin_and_an_unknown_number_sound_the_same(rest: str) -> None:
    outcome = use(codes(), f"*11*{rest}", "1002")
    assert (outcome.say, outcome.event) == (FAILED, None)


def test_an_agent_logged_in_elsewhere_uses_the_codes_there() -> None:
    there = codes({"1002": "olena"})
    assert use(there, "*13", "1002").event == AgentBreakStarted("olena", "dialled")
    assert use(there, "*14", "1002").event == AgentBreakEnded("olena")
    assert use(there, "*12", "1002").event == AgentLoggedOut("olena", "dialled")


def test_a_figure_after_the_code_is_the_reason_of_the_break() -> None:
    there = codes({"1001": "olena"})
    outcome = use(there, "*131", "1001")
    assert outcome.event == AgentBreakStarted("olena", "lunch")
    assert outcome.say == Prompt("agent-break-started-reason", args={"reason": "lunch"})
    assert use(there, "*132*1001*4711", "1002").event == AgentBreakStarted("olena", "training")
    unknown = use(there, "*139", "1001")
    assert (unknown.say, unknown.event) == (UNKNOWN_REASON, None)


def test_an_agent_leaves_a_queue_and_joins_it_again() -> None:
    there = codes({"1001": "olena"})
    left = use(there, "*151", "1001")
    assert (left.event, left.say) == (
        AgentQueueLeft("olena", "sales"),
        Prompt("agent-queue-left", args={"label": "Sales"}),
    )
    assert use(there, "*161", "1001").event == AgentQueueJoined("olena", "sales")


@pytest.mark.parametrize("dialled", ["*15", "*159", "*1522"])
def test_no_queue_another_queue_and_a_queue_that_is_not_theirs(dialled: str) -> None:
    outcome = use(codes({"1001": "olena"}), dialled, "1001")
    assert (outcome.say, outcome.event) == (UNKNOWN_QUEUE, None)


def test_an_agent_ends_and_extends_the_work_after_a_call() -> None:
    there = codes({"1001": "olena"}, in_wrap_up=True)
    assert use(there, "*17", "1001").event == WrapUpEnded("olena")
    assert use(there, "*18", "1001").event == WrapUpExtended("olena", None)
    by = codes({"1001": "olena"}, in_wrap_up=True, more="[feature]\nextend_by = 60")
    outcome = use(by, "*18", "1001")
    assert outcome.event == WrapUpExtended("olena", 60.0)
    assert outcome.say == Prompt("agent-wrap-up-extended", args={"seconds": 60})


@pytest.mark.parametrize("dialled", ["*17", "*18"])
def test_who_has_nothing_to_wrap_up_is_told_so(dialled: str) -> None:
    outcome = use(codes({"1001": "olena"}), dialled, "1001")
    assert (outcome.say, outcome.event) == (NO_WRAP_UP, None)


@pytest.mark.parametrize(
    ("dialled", "found"),
    [
        ("*11", Dialled(Feature.LOGIN)),
        ("*11*1001*4711", Dialled(Feature.LOGIN, who="1001*4711")),
        ("*13", Dialled(Feature.BREAK)),
        ("*131", Dialled(Feature.BREAK, "1")),
        ("*1522*1001*4711", Dialled(Feature.LEAVE_QUEUE, "22", "1001*4711")),
        ("*171", None),
        ("*111", None),
        ("11", None),
    ],
)
def test_codes_are_recognised_whole(dialled: str, found: Dialled | None) -> None:
    assert codes().recognise(dialled) == found


@pytest.mark.parametrize("code", ["*12", "*13", "*14", "*151", "*161", "*17", "*18"])
def test_an_agent_who_is_not_logged_in_is_told_so(code: str) -> None:
    outcome = use(codes(), code, "1001")
    assert (outcome.say, outcome.event) == (NOT_LOGGED_IN, None)


@pytest.mark.parametrize("code", ["*11", "*131", "*151"])
def test_a_pin_is_never_written_down(code: str) -> None:
    assert codes().masked(f"{code}*1001*4711") == f"{code}*1001*…"
    assert codes().masked(code) == code
    assert codes().masked("5551234") == "5551234"


def test_everything_that_is_said_can_be_rendered_ahead() -> None:
    ahead = list(feature_prompts(config()))
    there = codes({"1001": "olena"}, in_wrap_up=True)
    for dialled in ("*11", "*12", "*13", "*131", "*132", "*139", "*14", "*151", "*161", "*159", "*17", "*18"):
        assert use(there, dialled, "1001").say in ahead, dialled
    assert FAILED in ahead
    assert NOT_LOGGED_IN in ahead
    assert NO_WRAP_UP in ahead
