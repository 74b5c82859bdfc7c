from __future__ import annotations

from pathlib import Path

from softswitch.speech.audit import audit

SHIPPED = Path(__file__).parents[4] / "prompts"


def touch(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_shipped_lacks_nothing() -> None:
    assert audit([SHIPPED], ["en", "uk", "ru", "pl"], lambda path: True) == ([], [])


def test_a_catalogue_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path / "uk" / "catalog.toml", '[a]\ntext = ""')
    errors, _ = audit([SHIPPED, tmp_path], ["uk"], lambda path: True)
    assert len(errors) == 1
    assert errors[0].endswith("uk/catalog.toml: a: is empty")


def test_a_prompt_that_is_not_translated_is_named_with_its_language(tmp_path: Path) -> None:
    touch(tmp_path / "en" / "catalog.toml", '[sale]\ntext = "Sale!"')
    assert audit([SHIPPED, tmp_path], ["en"], lambda path: True)[1] == [
        f'{language}: "sale" is missing' for language in ("uk", "ru", "pl")
    ]


def test_words_that_are_not_recorded_are_named_for_languages_that_are_heard(tmp_path: Path) -> None:
    for language in ("en", "pl"):
        touch(tmp_path / language / "words" / "you_are_next_in_line.wav")
    warnings = audit([SHIPPED, tmp_path], ["en"], lambda path: True)[1]
    assert len(warnings) == 1
    assert warnings[0].startswith("en/words: not recorded: ")
    assert "there, is, one, caller, before, you, are, two, callers, three and " in warnings[0]
    assert warnings[0].endswith("109 of 110 announcements of queues are spoken by the synthesiser instead")


def test_recordings_that_cannot_be_played_are_named(tmp_path: Path) -> None:
    whole, word = touch(tmp_path / "en" / "goodbye.wav"), touch(tmp_path / "uk" / "words" / "два.wav")
    warnings = audit([SHIPPED, tmp_path], ["en"], lambda path: False)[1]
    assert warnings == [f"{path}: is no audio file that can be played" for path in (whole, word)]
