from __future__ import annotations

import math
from pathlib import Path

import pytest

from acd.people import Kind
from acd.samples import Lognormal
from softswitch.config import load_config
from softswitch.simulation.arrivals_file import read_arrivals
from softswitch.simulation.complaints import ArrivalsError
from softswitch.simulation.demand import Demand, Exponential, Fixed, Interval

QUEUES, AGENTS = ("sales", "support"), ("olena", "piotr")
EXAMPLE = Path("examples/arrivals.toml")

GOOD = """
interval = 15
[queue.sales]
from = "08:30"
calls = [10, 12.5]
talk = { mean = 240, cv = 0.8 }
patience = 180
answer = 4
languages = { en = 3, uk = 1 }
priorities = { 0 = 0.9, 100 = 0.1 }
[queue.support]
from = "9:00"
interval = 60
calls = [30]
talk = 300
[agent.olena]
shifts = ["08:00-12:00", "12:30-17:00"]
"""


def read(tmp_path: Path, text: str, name: str = "arrivals.toml") -> Demand:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return read_arrivals(file, QUEUES, AGENTS)


def complaint(tmp_path: Path, text: str, name: str = "arrivals.toml") -> str:
    with pytest.raises(ArrivalsError) as caught:
        read(tmp_path, text, name)
    assert str(caught.value).startswith(str(tmp_path / name) + ":")
    return str(caught.value).removeprefix(str(tmp_path / name) + ":")


def test_a_toml_file_says_everything(tmp_path: Path) -> None:
    demand = read(tmp_path, GOOD)
    sales, support = demand.queues["sales"], demand.queues["support"]
    assert sales.intervals == (Interval(30600.0, 31500.0, 10.0), Interval(31500.0, 32400.0, 12.5))
    assert isinstance(sales.talk, Lognormal)
    assert (sales.talk.mean, sales.talk.cv) == (240.0, 0.8)
    assert (sales.patience, sales.answer) == (Exponential(180.0), Fixed(4.0))
    assert sales.languages == {"en": 3.0, "uk": 1.0}
    assert sales.priorities == {0.0: 0.9, 100.0: 0.1}
    assert (support.intervals, support.talk) == ((Interval(32400.0, 36000.0, 30.0),), Exponential(300.0))
    assert support.patience == Fixed(math.inf)
    assert demand.shifts == {"olena": ((28800.0, 43200.0), (45000.0, 61200.0))}
    assert (demand.begin, demand.end) == (30600.0, 36000.0)
    assert sales.expected == 22.5


def test_a_toml_file_says_who_is_to_serve_whom(tmp_path: Path) -> None:
    text = SALES + '[[queue.sales.kind]]\nshare = 3\nlanguage = "uk"\n[[queue.sales.kind]]\npriority = 30\n'
    text += 'needs = "{product} >= 50"\nprefer = "vip"\ndata = { product = "loans" }\n'
    assert read(tmp_path, text).queues["sales"].kinds == {
        Kind(language="uk"): 3.0,
        Kind(30.0, "", "{product} >= 50", (("product", "loans"),), "vip"): 1.0,
    }


def test_a_csv_file_says_how_many_call(tmp_path: Path) -> None:
    text = "queue,from,calls,minutes,talk,cv,patience,language\n"
    text += "sales,08:00,6,30,200,0.5,90,en\nsales,08:00,2,30,,,,uk\n\nsupport,08:00,3,,,,,\n"
    demand = read(tmp_path, text, "arrivals.csv")
    sales = demand.queues["sales"]
    assert sales.expected == 8
    assert sales.languages == {"en": 6.0, "uk": 2.0}
    assert isinstance(sales.talk, Lognormal)
    assert sales.patience == Exponential(90.0)
    assert demand.queues["support"].talk == Exponential(180.0)
    assert demand.queues["support"].intervals == (Interval(28800.0, 30600.0, 3.0),)


def test_the_example_fits_the_configuration_that_is_shipped() -> None:
    config = load_config(Path("config.toml"))
    demand = read_arrivals(EXAMPLE, config.queues, config.agents)
    assert demand.queues.keys() <= config.queues.keys()
    assert sum(callers.expected for callers in demand.queues.values()) > 100


SALES = '[queue.sales]\nfrom = "08:00"\ncalls = [1]\ntalk = 60\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[queue.sales\n", "1: not valid TOML: "),
        ("", "1: no queue gets any calls; write a table [queue.NAME] with calls = […]"),
        ("intervall = 3\n" + SALES, '1: "intervall" means nothing here; did you mean "interval"?'),
        ("interval = 0\n" + SALES, "1: interval is 0; a number is needed, more than 0"),
        ("[queue.seles]\ncalls = [1]\n", '1: there is no queue "seles" in the configuration; did you mean "sales"?'),
        ("[queue.zzz]\n", '1: there is no queue "zzz" in the configuration; one of sales, support'),
        ("queue = 3\n", "1: queue is 3; a table is needed"),
        ("[queue.sales]\ntalk = 60\n", "1: queue.sales has no calls; write calls = [10, 12, …]"),
        ("[queue.sales]\ncalls = [1]\n", "1: queue.sales has no talk; write talk = { mean = 240, cv = 0.8 }"),
        (
            SALES.replace("[1]", "[1,\n2,\n-3]"),
            "5: number 3 of calls is -3; a number is needed, 0 or more",
        ),
        (SALES.replace("[1]", '["x"]'), "3: number 1 of calls is 'x'; a number is needed, 0 or more"),
        (SALES.replace("[1]", "[true]"), "3: number 1 of calls is True; a number is needed, 0 or more"),
        (SALES.replace("[1]", "[nan]"), "3: number 1 of calls is nan; a number is needed, 0 or more"),
        (SALES.replace("08:00", "8 am"), "2: from is '8 am'; a time of day is needed, as \"08:30\""),
        (SALES.replace("08:00", "24:01"), "2: from is '24:01'; a time of day is needed, as \"08:30\""),
        (
            SALES.replace("08:00", "23:45"),
            "3: the calls go on past midnight; begin earlier, or give fewer numbers",
        ),
        (SALES.replace("60", "{ cv = 1 }"), "4: talk has no mean; write { mean = 240, cv = 0.8 }, in seconds"),
        (SALES.replace("60", "{ mean = 0 }"), "4: talk.mean is 0; a number is needed, more than 0"),
        (SALES + "patience = 0\n", "5: patience is 0; a number is needed, more than 0"),
        (SALES + "languages = { en = 0 }\n", "5: languages are all 0; give at least one a share, as { en = 1 }"),
        (SALES + "priorities = { high = 1 }\n", '5: "high" is no priority; write { 0 = 0.85, 100 = 0.15 }'),
        (SALES + '[[queue.sales.kind]]\nneeds = "a >="\n', "5: needs: a level was expected after >=, not the end"),
        (SALES + '[[queue.sales.kind]]\ndata = { a = 1 }\n', "5: a is 1; a text is needed"),
        (SALES + '[[queue.sales.kind]]\nshare = 0\n', "5: all shares are 0; give at least one kind a share"),
        (SALES + '[[queue.sales.kind]]\nprefers = ""\n', '6: "prefers" means nothing here; did you mean "prefer"?'),
        (SALES + 'languages = { en = 1 }\n[[queue.sales.kind]]\n', "5: languages beside kind; say it in kind alone"),
        (SALES + '[agent.olga]\nshifts = []\n', '5: there is no agent "olga" in the configuration; did you mean'),
        (SALES + '[agent.olena]\nshift = []\n', '6: "shift" means nothing here; did you mean "shifts"?'),
        (SALES + '[agent.olena]\nshifts = "9-17"\n', "6: shifts is '9-17'; a list is needed, as"),
        (SALES + '[agent.olena]\nshifts = ["09:00"]\n', "6: shift '09:00' is none; a list is needed, as"),
        (SALES + '[agent.olena]\nshifts = ["9-17"]\n', "6: the beginning of a shift is '9'; a time of day is needed"),
        (
            SALES + '[agent.olena]\nshifts = ["09:00-12:00", "11:00-13:00"]\n',
            "6: shift '11:00-13:00' ends before it begins, or begins before the last one ends",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_toml_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    assert complaint(tmp_path, text).startswith(said)


HEADER = "queue,from,calls,talk\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: the header lacks queue, from, calls; it begins queue,from,calls"),
        ("queue,form,calls\n", '1: "form" is no column; did you mean "from"?'),
        ("queue,from,calls,calls\n", "1: the header names a column twice; it begins queue,from,calls"),
        (HEADER, "1: no queue gets any calls; write a line below the header, as sales,08:00,12"),
        (HEADER + "sales,08:00,1,60\n\nsale,08:30,1,60\n", '4: there is no queue "sale" in the configuration'),
        (HEADER + "sales,08:00,many,60\n", "2: calls is 'many'; a number is needed"),
        (HEADER + "sales,08:00,-1,60\n", "2: calls is -1.0; a number is needed, 0 or more"),
        (HEADER + "sales,08:00,,60\n", "2: calls is ''; a number is needed"),
        (HEADER + "sales,08:00,1,0\n", "2: talk is 0.0; a number is needed, more than 0"),
        (HEADER + "sales,late,1,60\n", "2: from is 'late'; a time of day is needed"),
        (HEADER + "sales,08:00,1\n", "2: has 3 fields; the header has 4"),
    ],
)
def test_what_is_wrong_in_a_csv_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    assert complaint(tmp_path, text, "arrivals.csv").startswith(said)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ArrivalsError, match=r"cannot be read: No such file"):
        read_arrivals(tmp_path / "none.toml", QUEUES, AGENTS)
    (tmp_path / "bytes.csv").write_bytes(b"queue\n\xff\n")
    with pytest.raises(ArrivalsError, match=r"bytes\.csv:2: is not UTF-8"):
        read_arrivals(tmp_path / "bytes.csv", QUEUES, AGENTS)
