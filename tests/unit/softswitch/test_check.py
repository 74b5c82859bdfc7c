"""`softswitch check` as people use it, where speech is concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from softswitch.__main__ import cli

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
