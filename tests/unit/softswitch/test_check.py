"""`softswitch check` as people use it, where speech is concerned."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from softswitch.__main__ import cli
from softswitch.config import load_config
from softswitch.config.flows import flow
from softswitch.paths import prompts_dir
from softswitch.speech.catalogue import Catalogue, MissingPrompt
from softswitch.speech.phrases import announcements
from softswitch.speech.resolve import recording_name
from softswitch.tts.cache import file_name
from softswitch.tts.synthesizer import SpeechSettings, speech_order
from softswitch.wording import standing_prompts

if TYPE_CHECKING:
    from pathlib import Path


def check(folder: Path) -> tuple[int, str]:
    (folder / "config.toml").write_text('[server]\nlanguage = "uk"\n')
    done = CliRunner().invoke(cli, ["check", "--config", str(folder / "config.toml")])
    return done.exit_code, done.output


def test_a_faulty_catalogue_fails_the_check(tmp_path: Path) -> None:
    own = tmp_path / "var" / "prompts" / "uk"
    own.mkdir(parents=True)
    assert check(tmp_path)[0] == 0
    (own / "catalog.toml").write_text('[voicemail-thanks]\ntext = "{x:loudly}"')
    status, output = check(tmp_path)
    assert status == 2
    assert (
        'catalog.toml: voicemail-thanks: "loudly" in "{x:loudly}" is neither gender, case, person nor number' in output
    )


def test_words_that_are_not_recorded_are_a_warning_that_counts(tmp_path: Path) -> None:
    words = tmp_path / "var" / "prompts" / "uk" / "words"
    words.mkdir(parents=True)
    (words / "\u0432.wav").write_bytes(b"")
    status, output = check(tmp_path)
    assert status == 0
    assert "warning: uk/words: not recorded: \u0432\u0430\u0448, " in output
    assert "good, 2 warnings" in output  # and the file is no audio


SAID = '[say.hello]\nsay = { en = "Hello", uk = "Вітаємо" }\n[[route]]\ndid = "100"\nto = "say:hello"\n'


def voices(folder: Path, words: str) -> list[str]:
    """What is said of the engine and its voices."""
    (folder / "config.toml").write_text(f'[server]\nlanguage = "en"\n[tts]\n{words}\n{SAID}language = "uk"\n')
    done = CliRunner().invoke(cli, ["check", "--config", str(folder / "config.toml")])
    assert done.exit_code == 0, done.output
    return [line.partition("config.toml:")[2] for line in done.output.splitlines() if "spoken" in line]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('engine = "espeak"\nvoice = { en = "en-gb+f2", uk = "uk+m3" }', None),
        ('voice = { en = "en-gb+f2" }', None),
        (
            'engine = "espeak"\nvoice = { en = "en-xx" }',
            "5:11: warning: tts.voice.en: nothing can be spoken in en: has no",
        ),
        ('voice = { uk = "uk+f99" }', "4:11: warning: tts.voice.uk: nothing can be spoken in uk: has no variant 'f99'"),
        (
            'engine = "command"\ncommand = ["/bin/false"]',
            "4:1: warning: tts.engine: nothing can be spoken in en, uk: /bin/false ended with status 1; ",
        ),
    ],
)
def test_every_language_that_callers_may_hear_is_tried_on_the_engine(
    tmp_path: Path, words: str, told: str | None
) -> None:
    found = voices(tmp_path, words)
    assert [line.startswith(told or "-") for line in found] == ([] if told is None else [True]), found
    assert not (tmp_path / "var" / "speech").exists()


def test_what_has_been_rendered_needs_no_engine(tmp_path: Path) -> None:
    slow = 'engine = "command"\ncommand = ["/bin/sleep", "60"]\ntimeout = 0.5'
    assert len(voices(tmp_path, slow)) == 1
    settings = SpeechSettings("command", command=("/bin/sleep", "60"), rates={})
    cache, catalogue = tmp_path / "var" / "speech", Catalogue.load(prompts_dir())
    cache.mkdir(parents=True)
    for language in ("en", "uk"):
        for key in catalogue.keys(language):
            with suppress(MissingPrompt, LookupError, ValueError):
                order = speech_order(settings, catalogue.text(key, language, {}), language)
                (cache / file_name(*order.identity)).write_bytes(bytes(100))
    assert voices(tmp_path, slow) == []


def test_where_all_texts_are_recorded_nobody_has_to_speak(tmp_path: Path) -> None:
    own, words = tmp_path / "var" / "prompts" / "en", 'engine = "command"\ncommand = ["/bin/false"]'
    own.mkdir(parents=True)
    assert "spoken in en, uk" in voices(tmp_path, words)[0]
    config = load_config(tmp_path / "config.toml")
    for prompt in (*standing_prompts(config, flow(config)), *announcements(1)):
        (own / f"{recording_name(prompt)}.wav").write_bytes(b"")
    assert "spoken in uk" in voices(tmp_path, words)[0]
