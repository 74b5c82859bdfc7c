from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.speech.audit import audit, missing_words

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
    whole, word = touch(tmp_path / "en" / "queue-next.wav"), touch(tmp_path / "uk" / "words" / "два.wav")
    warnings = audit([SHIPPED, tmp_path], ["en"], lambda path: False)[1]
    assert warnings == [f"{path}: is no audio file that can be played" for path in (whole, word)]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("en/quue-next.wav", 'no prompt has this name; did you mean "queue-next.wav"?'),
        ("en/quue-position.5.wav", 'no prompt has this name; did you mean "queue-position.5.wav"?'),
        ("en/menu.mian.wav", 'no prompt has this name; did you mean "menu.main.wav"?'),
        ("uk/menu.mian.2.wav", 'no prompt has this name; did you mean "menu.main.2.wav"?'),
        ("uk/whatever.wav", "no prompt has this name, so that nobody hears it"),
        ("en/queue-next.mp3", "is not used; recordings are named queue-next.wav, whatever they are inside"),
    ],
)
def test_recordings_that_no_prompt_plays_are_named_with_the_name_they_should_have(
    tmp_path: Path, name: str, told: str
) -> None:
    for good in ("en/queue-next.wav", "uk/queue-position.5.wav", "uk/menu.main.wav", "uk/menu.main.no-input.2.wav"):
        touch(tmp_path / good)
    path = touch(tmp_path / name)
    assert audit([SHIPPED, tmp_path], ["en"], lambda path: True, ["menu.main"])[1] == [f"{path}: {told}"]


def test_applications_play_recordings_by_names_of_their_own(tmp_path: Path) -> None:
    touch(tmp_path / "en" / "whatever.wav")
    assert audit([SHIPPED, tmp_path], ["en"], lambda path: True, others=True)[1] == []


def test_folders_of_no_language_are_named(tmp_path: Path) -> None:
    touch(tmp_path / "ua" / "queue-next.wav")
    assert audit([SHIPPED, tmp_path], ["en"], lambda path: True)[1] == [
        f'{tmp_path / "ua"}: "ua" is no language here; did you mean "uk"?'
    ]


def test_a_key_that_is_mistyped_is_told_once_with_the_one_that_is_meant(tmp_path: Path) -> None:
    touch(tmp_path / "en" / "catalog.toml", '[queue-nxet]\ntext = "Next."')
    assert audit([SHIPPED, tmp_path], ["en"], lambda path: True)[1] == [
        'en/catalog.toml: "queue-nxet" is no prompt of the switch; did you mean "queue-next"?'
    ]


def test_all_words_that_are_to_be_recorded_are_told(tmp_path: Path) -> None:
    touch(tmp_path / "en" / "words" / "you_are_next_in_line.wav")
    missing = missing_words([SHIPPED, tmp_path], ["en", "uk"])
    assert list(missing) == ["en"]
    assert len(missing["en"]) > 50
    assert {"caller", "twenty-one"} & set(missing["en"])
