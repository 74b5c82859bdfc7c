from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.config.positions import Path, Position, index

SOURCE = """# comment
title = "x"
[server]
a."b c".d = 1
"ключ" = { y = [1, { z = "q" }], "w" = 2 }
[[phone]]
user = "1"
[[phone]]
user = "2"
[[menu.main.slot]]
key = "4"
[[menu.main.slot]]
key = "5"
[menu.main.slot.deep]
x = [
  "one",  # a comment between
  "two",
]
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("title",), (2, 1), (2, 9)),
        (("server",), (3, 2), None),
        (("server", "a"), (4, 1), None),
        (("server", "a", "b c"), (4, 3), None),
        (("server", "a", "b c", "d"), (4, 9), (4, 13)),
        (("server", "ключ"), (5, 1), (5, 10)),
        (("server", "ключ", "y", 1, "z"), (5, 22), (5, 26)),
        (("server", "ключ", "w"), (5, 34), (5, 40)),
        (("phone", 0), (6, 1), None),
        (("phone", 0, "user"), (7, 1), (7, 8)),
        (("phone", 1, "user"), (9, 1), (9, 8)),
        (("menu", "main", "slot", 1, "key"), (13, 1), (13, 7)),
        (("menu", "main", "slot", 1, "deep", "x", 1), None, (17, 3)),
    ],
)
def test_keys_and_values_are_found_where_they_are_written(
    path: Path, key: tuple[int, int] | None, value: tuple[int, int] | None
) -> None:
    found = index(SOURCE)
    assert found.keys.get(path) == (None if key is None else Position(*key))
    assert found.values.get(path) == (None if value is None else Position(*value))


def test_a_place_that_is_not_there_is_that_of_the_nearest_table() -> None:
    assert index(SOURCE).of(("phone", 1, "password")) == Position(8, 1)
    assert index(SOURCE).of(("nothing",)) == Position(1, 1)


@pytest.mark.parametrize(
    ("literal", "offset", "place"),
    [
        ('"abc"', 2, (1, 8)),
        ("'a\\bc'", 2, (1, 8)),
        (r'"a\"bc"', 2, (1, 9)),
        (r'"\u00e9bc"', 1, (1, 12)),
        ('"""\nab\ncd"""', 4, (3, 2)),
        ('"""a\\\n   b"""', 1, (2, 4)),
        ('"абв"', 1, (1, 7)),
    ],
)
def test_a_character_inside_a_string_is_found(literal: str, offset: int, place: tuple[int, int]) -> None:
    source = f"k = {literal}"
    at = index(source).inside(("k",), offset)
    assert at == Position(*place)
    character = tomllib.loads(source)["k"][offset]
    assert source.split("\n")[at.line - 1][at.column - 1] == character


_KEY = st.text(st.characters(codec="utf-8", exclude_characters='\\"\r\n', min_codepoint=32, exclude_categories=["Cs"]))


@given(st.lists(st.tuples(_KEY, st.integers(0, 9)), min_size=1, max_size=8, unique_by=lambda pair: pair[0]))
def test_every_key_of_a_valid_file_is_found_on_its_line(pairs: list[tuple[str, int]]) -> None:
    source = "[t]\n" + "".join(f'"{key}" = {value}\n' for key, value in pairs)
    try:
        assert tomllib.loads(source)["t"] == dict(pairs)
    except tomllib.TOMLDecodeError:
        return
    found = index(source)
    for number, (key, _) in enumerate(pairs):
        assert found.keys[("t", key)].line == number + 2
        assert found.values[("t", key)] == Position(number + 2, len(key) + 6)
