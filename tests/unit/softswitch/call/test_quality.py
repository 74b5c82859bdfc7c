from __future__ import annotations

from collections.abc import Mapping

from rtp.legs import LegSpec, LegStats
from softswitch.call.model import Leg, Role
from softswitch.call.quality import AWAITED, Quality

Line = tuple[str, str | None, float, Mapping[str, object]]


def leg(number: int, *, with_media: bool = True) -> Leg:
    opened = Leg(number, f"usage-{number}", f"call-{number}", Role.AGENT, 20000, "192.0.2.1", 1, ())
    opened.spec = LegSpec(number, 20000, None) if with_media else None
    return opened


def stats(number: int, received: int = 500) -> LegStats:
    return LegStats(number, received, 86000, 3, 0, 0.0012, 501, 86172, None, 1, None, {}, True)


def recorder() -> tuple[Quality, list[Line]]:
    lines: list[Line] = []
    return Quality(lambda *line: lines.append(line)), lines


def test_the_figures_of_an_ended_leg_are_written_once_to_its_call() -> None:
    quality, lines = recorder()
    quality.expect(leg(7))
    quality.measured(stats(7), 5.0)
    quality.measured(stats(7), 6.0)
    assert [(kind, call, at) for kind, call, at, _ in lines] == [("leg.media", "call-7", 5.0)]
    assert lines[0][3] == {
        "leg": 7,
        "role": "agent",
        "received": 500,
        "sent": 501,
        "lost": 3,
        "jitter": 0.0012,
        "remote_lost": 1,
    }


def test_a_leg_without_media_and_one_that_was_never_heard_have_no_figures() -> None:
    quality, lines = recorder()
    quality.expect(leg(1, with_media=False))
    quality.measured(stats(1), 5.0)
    quality.expect(leg(2))
    quality.measured(stats(2, received=0), 5.0)
    assert lines == []


def test_figures_that_never_come_do_not_pile_up() -> None:
    quality, lines = recorder()
    for number in range(AWAITED + 1):
        quality.expect(leg(number))
    quality.measured(stats(0), 5.0)
    quality.measured(stats(AWAITED), 5.0)
    assert [call for _, call, _, _ in lines] == [f"call-{AWAITED}"]
