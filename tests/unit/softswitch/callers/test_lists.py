"""Lists of callers: found by any spelling of the number, by the longest prefix; files with mistakes say which rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from softswitch.callers.lists import CallerList, Entry, ListFileError, read_csv, wrong_pattern
from softswitch.callers.numbers import NumberPlan

if TYPE_CHECKING:
    from pathlib import Path

PLAN = NumberPlan("UA", internal={"1001"})


def vip(*entries: tuple[str, dict[str, str]]) -> CallerList:
    return CallerList([Entry(number, data) for number, data in entries], PLAN)


def test_a_number_is_found_however_it_is_written_on_the_list_and_on_the_wire() -> None:
    callers = vip(
        ("(050) 123-45-67", {"agent": "olena", "priority": "100"}),
        ("+48 22 123 45 67", {}),
        ("1001", {"name": "Lobby"}),
    )
    for written in ("+380501234567", "0501234567", "380501234567"):
        assert callers.find(PLAN.read(written)) == {"agent": "olena", "priority": "100"}
    assert callers.find(PLAN.read("+48221234567")) == {}
    assert callers.find(PLAN.read("1001")) == {"name": "Lobby"}
    assert callers.find(PLAN.read("+380501234568")) is None
    assert callers.find(PLAN.read("anonymous")) is None
    assert len(callers) == 3


def test_the_whole_number_wins_over_prefixes_and_a_longer_prefix_over_a_shorter() -> None:
    callers = vip(
        ("+48*", {"is": "Poland"}),
        ("+4822*", {"is": "Warsaw"}),
        ("+48221234567", {"is": "the office"}),
        ("10*", {"is": "us"}),
    )
    assert callers.find(PLAN.read("+48221234567")) == {"is": "the office"}
    assert callers.find(PLAN.read("+48221234568")) == {"is": "Warsaw"}
    assert callers.find(PLAN.read("+48612345678")) == {"is": "Poland"}
    assert callers.find(PLAN.read("1001")) == {"is": "us"}
    assert callers.find(PLAN.read("+380501234567")) is None


def test_of_two_entries_for_a_number_the_first_counts() -> None:
    callers = vip(("0501234567", {"agent": "olena"}), ("+380501234567", {"agent": "piotr"}))
    assert callers.find(PLAN.read("0501234567")) == {"agent": "olena"}


@given(
    st.dictionaries(
        st.integers(10**8, 10**9 - 1), st.text(st.characters(codec="utf-8", exclude_characters="\x1f"), max_size=9)
    )
)
def test_a_list_finds_what_a_dictionary_finds(numbers: dict[int, str]) -> None:
    callers = vip(*((f"+999{number}", {"name": name}) for number, name in numbers.items()))
    for number, name in numbers.items():
        assert callers.find(PLAN.read(f"+999{number}")) == {"name": name}
        if number + 1 not in numbers:
            assert callers.find(PLAN.read(f"+999{number + 1}")) is None


@pytest.mark.parametrize("head", ["number,name,agent", "\ufeffNumber;Name;Agent", "number\tname\tagent"])
def test_a_file_is_read_as_spreadsheets_write_it(tmp_path: Path, head: str) -> None:
    separator = max(",;\t", key=head.count)
    rows = [head, separator.join(["050 123 45 67", "Іван", "olena"]), "", separator.join(["+4822*", "", ""])]
    (tmp_path / "vip.csv").write_text("\r\n".join(rows), encoding="utf-8")
    entries = list(read_csv(tmp_path / "vip.csv", PLAN))
    assert entries == [Entry("050 123 45 67", {"name": "Іван", "agent": "olena"}), Entry("+4822*", {})]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (
            '0501234567,Ivan\n0501234568,"Petro\n0501234569,Olena\n',
            "row 3: a cell goes on in the next line|row 3: unexp",
        ),
        ('0501234567,"Ivan\nPetrenko"\n', "row 2: a cell goes on in the next line"),
        ('0501234567,"Romashka" Lviv\n0501234569,Olena\n', 'row 2: .* a " within a cell is doubled'),
        ("0501234567;Ivan,x\n", 'row 2: "0501234567;Ivan" is not a telephone number'),
    ],
)
def test_a_quote_that_is_left_open_swallows_nobody_in_silence(tmp_path: Path, rows: str, complaint: str) -> None:
    (tmp_path / "vip.csv").write_text("number,name\n" + rows)
    with pytest.raises(ListFileError, match=complaint):
        list(read_csv(tmp_path / "vip.csv", PLAN))


def test_a_quote_within_a_cell_may_be_doubled(tmp_path: Path) -> None:
    (tmp_path / "vip.csv").write_text('number,name\n0501234567,"TOV ""Romashka"""\n0501234568,a "b" c\n')
    names = [entry.data["name"] for entry in read_csv(tmp_path / "vip.csv", PLAN)]
    assert names == ['TOV "Romashka"', 'a "b" c']


def test_a_number_is_found_as_the_list_and_the_wire_both_write_it() -> None:
    """With a national 0 that does not belong there: the list is taken at its word, the plan leaves it out."""
    callers = vip(("+3800501234567", {"name": "Ivan"}))
    number = PLAN.read("+3800501234567")
    assert number.dialable == "+380501234567"
    assert callers.find(number) == {"name": "Ivan"}
    callers = vip(("+3800501234567", {"name": "Ivan"}), ("+380501234567", {"name": "Petro"}))
    assert callers.find(number) == {"name": "Petro"}


@pytest.mark.parametrize("number", ["0501234567", "1001", "+4822*"])
def test_a_separator_of_control_is_no_end_of_a_value(tmp_path: Path, number: str) -> None:
    (tmp_path / "vip.csv").write_text(f"number,name,agent\n{number},Ivan\x1fPetrenko,olena\n")
    callers = CallerList(read_csv(tmp_path / "vip.csv", PLAN), PLAN)
    assert callers.find(PLAN.read(number.replace("*", "1234567"))) == {"name": "Ivan Petrenko", "agent": "olena"}


def test_nor_is_one_in_a_value_of_the_configuration() -> None:
    callers = vip(("0501234567", {"segment": "a\x1fb", "agent": "olena"}), ("0501234568", {"segment": "c"}))
    assert callers.find(PLAN.read("0501234567")) == {"segment": "a b", "agent": "olena"}
    assert callers.find(PLAN.read("0501234568")) == {"segment": "c"}


def test_national_beginnings_are_those_of_whole_numbers() -> None:
    callers = vip(("067*", {"name": "mobile"}), ("0044*", {"name": "abroad"}), ("20*", {"name": "desks"}))
    assert callers.find(PLAN.read("+380671234567")) == {"name": "mobile"}
    assert callers.find(PLAN.read("+442071234567")) == {"name": "abroad"}
    assert callers.find(PLAN.read("2001")) == {"name": "desks"}


def test_somebody_outside_with_a_number_like_that_of_a_phone_is_not_on_its_list() -> None:
    plan = NumberPlan("UA", internal={"2001"})
    callers = CallerList([Entry("2001", {"name": "our phone"}), Entry("2002", {"name": "theirs"})], plan)
    assert callers.find(plan.read("2001")) == {"name": "our phone"}
    assert callers.find(plan.read("2001", ours=False)) is None
    assert callers.find(plan.read("2002", ours=False)) == {"name": "theirs"}


def test_every_row_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "vip.csv").write_text("name,number\nA,0501234567\nB,nobody\nC,\nD,0501234568,extra\nE,12ab*\n")
    with pytest.raises(ListFileError) as caught:
        list(read_csv(tmp_path / "vip.csv", PLAN))
    assert caught.value.problems == [
        'row 3: "nobody" is not a telephone number',
        "row 4: no number",
        "row 5: 3 cells under 2 columns",
        'row 6: "12ab*" is not a prefix, write "+4822*"',
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"name,agent\nA,olena\n", 'there is no column "number"'),
        (b"", 'there is no column "number", but none'),
        ("number\n050\u2026".encode("cp1251"), "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_list_says_why(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "vip.csv").write_bytes(content)
    with pytest.raises(ListFileError, match=complaint):
        list(read_csv(tmp_path / "vip.csv", PLAN))


class Counted(Sequence[int]):
    """The numbers of a list, and how many of them were looked at."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = numbers
        self.looked_at = 0

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, at: Any) -> Any:
        self.looked_at += 1
        return self._numbers[at]


def test_of_a_million_numbers_some_twenty_are_looked_at_to_find_one(monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"agent": "olena"}
    callers = vip(("+999100000000", data))
    counted = Counted(range(999_100_000_000, 999_102_000_000, 2))  # every second number; all with the data of the first
    monkeypatch.setattr(callers, "_keys", counted)
    monkeypatch.setattr(callers, "_rows", [0] * len(counted))
    assert len(callers) == 1_000_000
    for number, found in ((10**8, data), (10**8 + 777_778, data), (10**8 + 777_777, None), (10**8 + 3 * 10**6, None)):
        counted.looked_at = 0
        assert callers.find(PLAN.read(f"+999{number}")) == found
        assert 0 < counted.looked_at <= 22  # log2 of a million, and the comparison at the end


def test_a_regular_expression_matches_all_of_the_number_as_it_is_kept_and_comes_last() -> None:
    callers = vip(
        (r"/\+38050\d*7/", {"is": "odd"}), (r"/\+380.*/", {"is": "any"}), ("+38067*", {"is": "prefix"}), ("/.*9/", {})
    )
    assert callers.find(PLAN.read("050 123 45 67")) == {"is": "odd"}
    assert callers.find(PLAN.read("0501234568")) == {"is": "any"}
    assert callers.find(PLAN.read("0671234567")) == {"is": "prefix"}
    assert callers.find(PLAN.read("+48221234567")) is None
    assert callers.find(PLAN.read("anonymous")) is None
    assert callers.find(PLAN.read("agent9")) is None
    assert len(callers) == 4
    assert callers.digest != vip(("/.*9/", {})).digest


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        (r"/\+38050\d{7}/", ""),
        ("/[0-9+]+1?/", ""),
        ("/(050|067).*/", ""),
        ("/(a/", "is not a regular expression"),
        ("/(a|[0-9]+)+/", "can take long"),
        ("/.*1.*2.*3.*4/", "can take long"),
        ("/1?1?1?1?1111/", "can take long"),
    ],
)
def test_a_regular_expression_that_is_none_or_can_take_long_is_told(written: str, wrong: str, tmp_path: Path) -> None:
    assert wrong in wrong_pattern(written)
    (tmp_path / "x.csv").write_text(f"number\n{written}\n", encoding="utf-8")
    if wrong:
        with pytest.raises(ListFileError, match=wrong):
            list(read_csv(tmp_path / "x.csv", PLAN))
    else:
        assert list(read_csv(tmp_path / "x.csv", PLAN)) == [Entry(written, {})]
