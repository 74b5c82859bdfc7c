from __future__ import annotations

import pytest

from ivr.targets import Target, TargetError


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("menu:main", Target("menu", "main")),
        (" queue : sales ", Target("queue", "sales")),
        ("phone:1001", Target("phone", "1001")),
        ("hangup", Target("hangup")),
        ("echo", Target("echo")),
        ("music", Target("music", "default")),
        ("music:jazz", Target("music", "jazz")),
    ],
)
def test_targets_are_read_and_written_again(text: str, target: Target) -> None:
    assert Target.parse(text) == target
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize(
    ("text", "nearest"),
    [("mneu:main", "menu"), ("menu", "menu:"), ("menu:", "menu:"), ("hangup:now", "hangup"), ("", ""), ("zzz:x", "")],
)
def test_what_is_no_target_names_the_nearest(text: str, nearest: str) -> None:
    with pytest.raises(TargetError) as error:
        Target.parse(text)
    assert error.value.nearest == nearest
