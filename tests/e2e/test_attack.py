"""A small attack on the running switch: nobody who talks notices it. `python -m bench.attack` is the large one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.attack import Scale, attack

if TYPE_CHECKING:
    from pathlib import Path


def test_good_calls_go_on_while_everything_hostile_is_sent(tmp_path: Path) -> None:
    scale = Scale(sip=1500, rtp=6000, seconds=4.0, mix=(("9000", 4), ("9001", 4), ("9004", 2)), lost=0.005, drain=0.0)

    report = attack(tmp_path, scale)

    assert report.failures == []
    sent = report.figures["attack"]["sent"]
    assert sent["outsider's SIP"] + sent["insider's SIP"] == 1500
    assert sent["strangers' RTP"] > 4000
    assert report.figures["attack"]["own_audio"] > 0
    assert report.figures["attack"]["answers"]["401"] > 100
