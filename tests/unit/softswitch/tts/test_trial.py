"""Engines that are tried before anybody calls."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from softswitch.tts import trial
from softswitch.tts.synthesizer import SpeechSettings
from softswitch.tts.trial import silent_languages

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]

TEXTS = {"en": "Hello", "uk": "Вітаємо", "pl": "Witamy"}
HANGS = SpeechSettings("command", command=("/bin/sleep", "60"), timeout=0.3)


async def test_each_language_is_tried_and_the_reason_is_told(tmp_path: Path) -> None:
    settings = SpeechSettings("espeak", {"en": "en-gb+f2", "uk": "uk-xx"})
    assert await silent_languages(settings, TEXTS, tmp_path) == {
        "uk": "has no voice 'uk-xx'",
        "pl": "no voice is configured for language 'pl'",
    }


async def test_an_engine_that_does_not_start_speaks_no_language(tmp_path: Path) -> None:
    silent = await silent_languages(SpeechSettings("festival"), TEXTS, tmp_path)
    assert silent.keys() == TEXTS.keys()
    assert all("unknown speech engine 'festival'" in why for why in silent.values())


async def test_an_engine_that_hangs_is_not_waited_for_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "LIMIT", 0.1)
    assert await silent_languages(HANGS, TEXTS, tmp_path) == {"en": "/bin/sleep took longer than 0.3 s"}


async def test_without_room_for_a_file_nothing_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    silent = await silent_languages(SpeechSettings("espeak"), {"en": "Hello"}, tmp_path)
    assert silent == {"en": "it cannot be tried: No such file or directory"}
