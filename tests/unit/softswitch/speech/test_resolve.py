from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivr.nodes import Prompt
from softswitch.speech.catalogue import Catalogue, MissingPrompt
from softswitch.speech.phrases import position
from softswitch.speech.resolve import Recorded, Resolver, Spoken, find_recordings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    english = '[goodbye]\ntext = "Goodbye."\n[queue-position]\none = "{n} caller"\nother = "{n} callers"'
    for language, text in (("en", english), ("uk", '[goodbye]\ntext = "До побачення."')):
        (tmp_path / language).mkdir()
        (tmp_path / language / "catalog.toml").write_text(text, encoding="utf-8")
    return tmp_path


def record(folder: Path, name: str) -> Path:
    path = folder / f"{name}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF")
    return path


def resolver(*folders: Path) -> Resolver:
    return Resolver(Catalogue.load(*folders), find_recordings(*folders))


def test_texts_of_the_catalogue_and_of_the_configuration_are_spoken(folder: Path) -> None:
    voice = resolver(folder)
    assert voice.resolve(Prompt("goodbye"), "uk") == Spoken("До побачення.", "uk")
    assert voice.resolve(position(5), "en") == Spoken("five callers", "en")
    assert voice.resolve(Prompt("menu.main", text={"en": "Welcome.", "uk": "Вітаємо."}), "uk") == Spoken(
        "Вітаємо.", "uk"
    )


def test_a_recording_of_the_same_name_wins(folder: Path) -> None:
    goodbye, five, menu = (record(folder, name) for name in ("en/goodbye", "en/queue-position.5", "en/menu.main"))
    voice = resolver(folder)
    assert voice.resolve(Prompt("goodbye"), "en") == Recorded(goodbye)
    assert voice.resolve(position(5), "en") == Recorded(five)
    assert voice.resolve(position(6), "en") == Spoken("six callers", "en")
    assert voice.resolve(Prompt("menu.main", text={"en": "Welcome."}), "en") == Recorded(menu)


def test_recordings_of_a_later_folder_win(folder: Path, tmp_path: Path) -> None:
    record(folder, "en/goodbye")
    own = record(tmp_path / "own", "en/goodbye")
    assert resolver(folder, tmp_path / "own").resolve(Prompt("goodbye"), "en") == Recorded(own)


def test_a_recording_in_another_language_does_not_win_over_words_in_the_right_one(folder: Path) -> None:
    record(folder, "en/goodbye")
    assert resolver(folder).resolve(Prompt("goodbye"), "uk") == Spoken("До побачення.", "uk")


def test_without_the_callers_language_the_fallback_is_spoken_in_its_own_voice(folder: Path) -> None:
    voice = resolver(folder)
    assert voice.resolve(Prompt("goodbye"), "pl") == Spoken("Goodbye.", "en")
    assert voice.resolve(position(2), "uk") == Spoken("two callers", "en")
    assert voice.resolve(Prompt("say.a", text={"uk": "Так."}), "pl") == Spoken("Так.", "uk")


def test_nothing_to_say_in_any_language_is_an_error(folder: Path) -> None:
    for prompt in (Prompt("nowhere"), Prompt("say.a", text={"en": " "}), Prompt("../../etc/passwd")):
        with pytest.raises(MissingPrompt):
            resolver(folder).resolve(prompt, "en")


def test_texts_of_the_configuration_that_are_given_arguments_are_filled(folder: Path) -> None:
    text = {"en": "You owe {sum:money}.", "uk": "До сплати {sum:money}. {x}"}
    voice = resolver(folder)
    assert voice.resolve(Prompt("say.debt", text, {"sum": "21.02 UAH"}), "en") == Spoken(
        "You owe twenty-one hryvnias and two kopiykas.", "en"
    )
    assert voice.resolve(Prompt("say.debt", text), "en") == Spoken("You owe {sum:money}.", "en")
    with pytest.raises(MissingPrompt, match=r"say\.debt"):
        voice.resolve(Prompt("say.debt", {"en": "{a:loud}"}, {"a": "x"}), "en")


@pytest.mark.parametrize(
    ("arguments", "said", "unfit"),
    [
        ({"sum": "21 UAH"}, "До сплати двадцять одна гривня.", ("{x}",)),
        ({"sum": "much", "x": "x"}, "До сплати much. x", ("{sum:money}",)),
        ({"sum": "", "x": "x"}, "До сплати . x", ("{sum:money}",)),
        ({"sum": "1e999999999 UAH", "x": "x"}, "До сплати 1e999999999 UAH. x", ("{sum:money}",)),
        ({"sum": "<p>" * 100, "x": "x"}, "До сплати . x", ("{sum:money}",)),
    ],
)
def test_a_value_that_cannot_be_said_in_its_form_silences_nothing_else(
    folder: Path, arguments: dict[str, int | str], said: str, unfit: tuple[str, ...]
) -> None:
    text = {"uk": "До сплати {sum:money}. {x}"}
    found = resolver(folder).resolve(Prompt("say.debt", text, arguments), "uk")
    assert isinstance(found, Spoken)
    assert (found.text, found.unfit) == (said, unfit)


def test_a_count_that_is_none_is_said_in_the_form_for_all(folder: Path) -> None:
    found = resolver(folder).resolve(Prompt("queue-position", args={"n": "a few"}), "en")
    assert isinstance(found, Spoken)
    assert (found.text, found.unfit) == ("a few callers", ("{n}",))
