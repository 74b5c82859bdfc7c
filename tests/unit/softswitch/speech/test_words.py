from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from softswitch.speech.words import LONG_PAUSE, SHORT_PAUSE, RecordedWords, find_words


def recorded(*names: str) -> RecordedWords:
    return RecordedWords({tuple(name.split()): Path(name) for name in names})


def said(words: RecordedWords, text: str) -> list[str | float] | None:
    parts = words.cover(text)
    return None if parts is None else [str(part) if isinstance(part, Path) else part for part in parts]


def test_long_recordings_are_taken_where_there_are_any() -> None:
    words = recorded("перед", "вами", "в", "черзі", "перед вами в черзі", "двадцять", "дві", "особи")
    assert said(words, "Перед вами в черзі двадцять дві особи.") == ["перед вами в черзі", "двадцять", "дві", "особи"]


def test_the_longest_first_is_not_always_the_way() -> None:
    """ "a b c" cannot go on with "d e", whose beginning it has swallowed."""
    assert said(recorded("a b c", "a b", "c d", "e"), "a b c d e") == ["a b", "c d", "e"]
    assert said(recorded("a", "b", "c", "d e f", "a b c d e", "f"), "a b c d e f") == ["a b c d e", "f"]


def test_punctuation_becomes_silence_but_not_at_the_end() -> None:
    words = recorded("hello", "this", "is", "acme")
    assert said(words, "Hello. This, is: Acme!") == [
        "hello", LONG_PAUSE, "this", SHORT_PAUSE, "is", SHORT_PAUSE, "acme"
    ]  # fmt: skip


def test_one_word_that_is_missing_leaves_the_whole_text_to_the_synthesiser() -> None:
    words = recorded("you are", "next")
    assert said(words, "You are next in line.") is None
    assert words.missing(["You are next in line.", "You are in luck."]) == ["in", "line", "luck"]
    assert said(words, "…") is None


def test_files_are_found_by_language_whatever_their_case_apostrophe_or_separator(tmp_path: Path) -> None:
    own = tmp_path / "own"
    for folder, name in ((tmp_path, "uk/words/П’ять"), (tmp_path, "uk/words/twenty-one"), (own, "uk/words/п'ять")):
        path = folder / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    words = find_words(".wav", tmp_path, own)
    assert list(words) == ["uk"]
    assert words["uk"].cover("пʼять twenty one") == (own / "uk/words/п'ять.wav", tmp_path / "uk/words/twenty-one.wav")
    assert len(words["uk"]) == 2


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=12), st.sets(st.text("abcd", min_size=1, max_size=4)))
def test_what_is_covered_is_exactly_the_text_and_what_is_not_cannot_be(text: list[str], names: set[str]) -> None:
    words = recorded(*(" ".join(name) for name in names))
    parts = said(words, " ".join(text))
    reachable = {0}
    for end in range(1, len(text) + 1):
        if any("".join(text[begin:end]) in names for begin in reachable):
            reachable.add(end)
    assert (parts is not None) == (len(text) in reachable)
    if parts is not None:
        assert " ".join(map(str, parts)).split() == text
