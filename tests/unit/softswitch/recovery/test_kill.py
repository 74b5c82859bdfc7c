from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from softswitch.recovery import recover
from softswitch.recovery.rebuild import KINDS, Rebuilder
from softswitch.store.snapshots import StateReader

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[4]


def test_killed_at_any_moment_the_state_is_that_of_the_last_record_on_disk(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, chance = tmp_path / "j.db", random.Random(4)
    for life in range(1, 4):
        arguments = [sys.executable, "-m", "tests.support.life_to_kill", str(path), str(life)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, cwd=ROOT) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 60)):
                assert process.stdout.readline() == b"working\n"
            process.kill()
        now, wall = 1000.0, time.time()
        found = recover(path, now=now, wall=wall)
        assert not found.fresh
        assert found.snapshot > 0
        whole = Rebuilder.from_nothing()
        with StateReader(path) as reader:
            whole.read(reader.records_after(0, KINDS))
            assert found.snapshot <= reader.last_seq()
            assert reader.missing_after(0) == 0
        same, shift = whole.moved(now=now, wall=wall)
        assert shift == found.shift
        assert found.dispatcher.snapshot() == same.snapshot()
    assert not caplog.records
