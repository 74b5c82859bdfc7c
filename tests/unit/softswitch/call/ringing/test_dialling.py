"""What the responses of telephones and carriers say about the person."""

from __future__ import annotations

import pytest

from softswitch.call.ringing.dialling import Failure, failure_of


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (480, Failure.NO_ANSWER),
        (487, Failure.NO_ANSWER),
        (302, Failure.NO_ANSWER),
        (408, Failure.NO_ANSWER),
        (486, Failure.BUSY),
        (600, Failure.BUSY),
        (603, Failure.REJECTED),
        (607, Failure.REJECTED),
        (604, Failure.REJECTED),
        (403, Failure.REJECTED),
        (404, Failure.UNREACHABLE),
        (503, Failure.UNREACHABLE),
    ],
)
def test_who_declines_is_told_from_who_is_not_there_and_from_a_telephone_in_trouble(
    status: int, failure: Failure
) -> None:
    assert failure_of(status) is failure


def test_silence_is_a_matter_of_the_telephone() -> None:
    assert failure_of(408, heard=False) is Failure.UNREACHABLE
