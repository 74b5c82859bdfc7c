"""The piece that callers hear for minutes: what is in the tree is what the script renders, fit for a telephone."""

from __future__ import annotations

import runpy
from typing import cast

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from softswitch.paths import prompts_dir

Sound = NDArray[np.float64]
FILE = prompts_dir() / "music" / "default.wav"
SCRIPT = prompts_dir() / "music" / "render.py"


@pytest.fixture(scope="module")
def piece() -> Sound:
    sound, rate = soundfile.read(FILE)
    assert rate == 8000
    return cast("Sound", sound)


def test_the_file_is_what_the_script_renders(piece: Sound) -> None:
    rendered = runpy.run_path(str(SCRIPT))["render"]()
    assert rendered.size == piece.size
    assert np.abs(rendered - piece).max() < 1e-3


def test_it_is_long_enough_not_to_bore_at_once(piece: Sound) -> None:
    assert 60 <= piece.size / 8000 <= 120


def test_its_power_is_where_a_telephone_carries_it(piece: Sound) -> None:
    power = np.abs(np.fft.rfft(piece)) ** 2
    hertz = np.fft.rfftfreq(piece.size, 1 / 8000)
    assert power[(hertz >= 250) & (hertz <= 3400)].sum() / power.sum() > 0.99


def test_it_is_neither_loud_nor_quiet_anywhere(piece: Sound) -> None:
    seconds = piece[: piece.size // 8000 * 8000].reshape(-1, 8000)
    level = 20 * np.log10(np.sqrt(np.mean(seconds**2, axis=1)))
    assert level.min() > -28
    assert level.max() < -15
    assert np.abs(piece).max() < 0.7


def test_its_end_runs_into_its_beginning(piece: Sound) -> None:
    seam = abs(piece[0] - piece[-1])
    assert seam < np.abs(np.diff(piece)).max() / 2
