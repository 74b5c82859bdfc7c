"""`check` finds values that a text cannot say in its form."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import parse_config

TEXT = """
[set.known]
then = "say:debt"
data = { sum = "much", due = "2026-05-21", status = "{name}" }

[collect.number]
say = "The sum?"
variable = "entered"
valid = "amount"
then = "say:debt"

[collect.day]
say = "The day?"
variable = "day"
valid = "date"
then = "collect:number"

[say.debt]
say = "You owe @."

[[route]]
did = "1"
to = "set:known"
[[route]]
did = "2"
to = "collect:day"
"""


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("{sum:money}", ['"much" of set.known.data.sum cannot be said as {sum:money}, and is said as it stands']),
        ("{sum}", []),
        ("{due:on}, {due:date gen}", []),
        ("{due:time}", ['"2026-05-21" of set.known.data.due cannot be said as {due:time}, and is said as it stands']),
        ("{status:money}", []),
        ("{entered:number}", []),
        (
            "{entered:money}",
            ['an entry such as "12.50" of collect.number cannot be said as {entered:money}, and is said as it stands'],
        ),
        ("{day:weekday}", []),
        ("{unknown:money}", []),
    ],
)
def test_a_value_that_does_not_fit_is_found(said: str, found: list[str]) -> None:
    config = parse_config(TEXT.replace("@", said).encode(), file="c", folder=Path(), env={})
    warnings = [warning for warning in config.warnings if warning.code == "unfit-value"]
    assert [warning.what for warning in warnings] == found
    assert all((warning.line, warning.where) == (19, "say.debt.say") for warning in warnings)
