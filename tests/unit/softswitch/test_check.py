"""`softswitch check` as people use it, where speech is concerned."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
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
from tests.support.audio import write_wav

if TYPE_CHECKING:
    from pathlib import Path


def check(folder: Path) -> tuple[int, str]:
    (folder / "config.toml").write_text('[server]\nlanguage = "uk"\n[[route]]\nto = "echo"\n')
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


def test_music_and_greetings_that_are_no_audio_are_named_where_they_stand(tmp_path: Path) -> None:
    write_wav(tmp_path / "good.wav", np.zeros(8000, dtype=np.float32))
    (tmp_path / "notes.mp3").write_text("no music at all")
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "config.toml").write_text(
        '[music.calm]\nfiles = ["good.wav", "notes.mp3"]\n[voicemail.v]\ngreeting_file = "empty.wav"\n' + SAID
    )
    done = CliRunner().invoke(cli, ["check", "--config", str(tmp_path / "config.toml")])
    assert done.exit_code == 0
    found = [line.partition("config.toml:")[2] for line in done.output.splitlines() if "[missing-audio]" in line]
    assert len(found) == 2
    assert found[0].startswith(
        f"2:22: warning: music.calm.files[2]: {tmp_path}/notes.mp3: is not audio this switch can"
    )
    assert found[1].startswith(f"4:1: warning: voicemail.v.greeting_file: {tmp_path}/empty.wav: is empty; WAV, FLAC, ")
    silenced = (tmp_path / "config.toml").read_text() + '[lint]\nignore = ["missing-audio"]\n'
    (tmp_path / "config.toml").write_text(silenced)
    assert "[missing-audio]" not in CliRunner().invoke(cli, ["check", "--config", str(tmp_path / "config.toml")]).output


@pytest.mark.parametrize("name", ["data", "data/var"])
def test_a_file_is_no_folder_for_data(tmp_path: Path, name: str) -> None:
    (tmp_path / "data").write_text("")
    (tmp_path / "config.toml").write_text(f'[server]\ndata_dir = "{name}"\n')
    for command in ("check", "run"):
        done = CliRunner().invoke(cli, [command, "--config", str(tmp_path / "config.toml")])
        assert done.exit_code == 2
        assert f"config.toml:2:12: server.data_dir: {tmp_path}/data is a file; name a folder" in done.output


def test_a_folder_that_cannot_be_used_ends_the_start_with_a_message(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "speech").write_text("")
    (tmp_path / "config.toml").write_text(SAID)
    done = CliRunner().invoke(cli, ["run", "--config", str(tmp_path / "config.toml")])
    assert done.exit_code == 1
    assert f"softswitch cannot start: {tmp_path}/var/speech: File exists" in done.output
