"""`check` warns of queues whose callers may wait for ever, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.config import ConfigError, parse_config

AGENT = """
[[phone]]
user = "1"
password = "long-enough"
[[agent]]
id = "a"
phone = "1"
skills = { sales = 50, billing = 50 }
"""


def warnings(one: str, other: str = "", more: str = "") -> list[str]:
    """What is said of [queue.one] beside [queue.other]."""
    text = f"{AGENT}{more}\n[queue.one]\n{one}\n[queue.other]\n{other}\n"
    parsed = parse_config(text.encode(), file="c", folder=Path(), env={})
    return [str(w.what) for w in parsed.warnings if w.where.startswith("queue.one")]


def test_equal_queues_starve_nobody() -> None:
    assert warnings("", "") == []
    assert warnings("priority = 5", "priority = 500") == [], "ageing makes up for it"
    assert warnings("priority_cap = 100", "priority_cap = 100\npriority = 50") == []


def test_a_lower_band() -> None:
    said = warnings("priority = 900", "band = 1")
    assert said == ["callers may wait for ever: everybody who serves it serves other first, which is in a higher band"]
    assert warnings("band = 1", "band = 0\npriority = 999") == []
    assert warnings("band = 1\nageing = 0", "ageing = 9") == [], "the higher band fears nobody below"


def test_a_cap_below_what_others_begin_with() -> None:
    said = warnings("priority_cap = 50", "priority = 60")
    assert said == [
        "callers may wait for ever: they never have more than 50 points, new callers of other have 60",
    ]
    assert warnings("priority_cap = 60", "priority = 60\npriority_cap = 60") == []
    assert warnings("priority_cap = 50", "priority = 60\npriority_cap = 50") == [], "cut to the same"


def test_no_ageing_beside_a_higher_priority() -> None:
    said = warnings("ageing = 0", "priority = 1\nageing = 0")
    assert said == ["callers may wait for ever: everybody who serves it serves other first"]


def test_no_ageing_beside_those_who_age() -> None:
    said = warnings("ageing = 0\npriority = 100", "")
    assert said == ["callers may wait for ever: they gain no points, and those of other overtake them with time"]
    assert warnings("ageing = 0\npriority = 100", "priority_cap = 100") == []


def test_a_cap_below_the_end_of_others() -> None:
    said = warnings("priority_cap = 50", "")
    assert said == [
        "callers may wait for ever when other is busy: they never have more than 50 points, its callers any number"
    ]
    said = warnings("priority_cap = 50", "priority_cap = 70")
    assert said[0].endswith("more than 50 points, its callers 70")


def test_a_gentler_slope() -> None:
    said = warnings("ageing = 0.5", "ageing = 2")
    assert said == [
        "callers may wait very long when other is busy: they gain 0.5 points a second, its callers 2",
    ]
    assert warnings("ageing = 0.5", "ageing = 2\npriority_cap = 300") == [], "in the end they have more"


def test_an_agent_of_its_own_or_other_skills_save_a_queue() -> None:
    more = '[[phone]]\nuser = "2"\npassword = "long-enough"\n[[agent]]\nid = "b"\nphone = "2"\nskills = { own = 9 }'
    assert warnings("ageing = 0", "priority = 9") != []
    assert warnings("ageing = 0", 'priority = 9\nneeds = "sales"', more) == []
    assert warnings('ageing = 0\nneeds = "own"', 'priority = 9\nneeds = "sales"', more) == []


def test_a_priority_above_the_cap_is_cut() -> None:
    said = warnings("priority = 80\npriority_cap = 50", "priority_cap = 50")
    assert said == ["80 is more than priority_cap: callers begin at 50 and gain nothing"]


def test_weights_without_the_strategy() -> None:
    assert warnings("weights = { a = 2 }") == ["mean nothing to this strategy"]
    assert warnings('weights = { a = 2 }\nstrategy = "weighted"') == []


@pytest.mark.parametrize("wrong", ['ageing = "x"', "band = true", "priority = []", 'needs = "("', "agents = 5"])
def test_what_cannot_be_read_is_somebody_elses_complaint(wrong: str) -> None:
    with pytest.raises(ConfigError) as failed:
        warnings(wrong)
    assert "for ever" not in str(failed.value)


ROUTES = """
[[route]]
did = "100"
to = "queue:one"
"""
VIPS = """
[[list.vip]]
number = "+380501234567"
priority = 50
[[route]]
from = "list:vip"
to = "queue:one"
"""


@pytest.mark.parametrize(
    "more",
    [
        VIPS + ROUTES,
        VIPS.replace("priority = 50\n", "") + "priority = 50\n" + ROUTES,
        '[[route]]\ndid = "101"\nto = "goto:gold"\n[goto.gold]\nthen = "queue:one"\npriority = 50\n' + ROUTES,
        '[[route]]\ndid = "101"\nto = "set:gold"\n[set.gold]\nthen = "queue:one"\npriority = 50\n' + ROUTES,
        '[[route]]\ndid = "101"\nto = "goto:slow"\n[goto.slow]\nthen = "queue:one"\npriority = -50\n' + ROUTES,
        '[[route]]\ndid = "101"\nto = "verbs:app"\n[verbs.app]\nurl = "https://app.example/"\nmax_priority = 50\n'
        + ROUTES,
    ],
    ids=["list", "route", "goto", "set", "less than nothing", "verbs"],
)
def test_callers_of_one_queue_who_bring_more_than_others_will_ever_have(more: str) -> None:
    (said,) = warnings("ageing = 0", "agents = []", more)
    assert said.startswith("callers may wait for ever: they never have more than ")
    assert warnings("", "agents = []", more) == []


def test_only_those_who_come_to_the_queue_count() -> None:
    elsewhere = VIPS.replace("queue:one", "queue:other") + ROUTES
    assert warnings("ageing = 0", "agents = []", elsewhere) == []
    all_of_them = (
        '[[list.vip]]\nnumber = "+380501234567"\npriority = 50\n[[route]]\nfrom = "list:vip"\nto = "queue:one"\n'
    )
    assert warnings("ageing = 0", "agents = []", all_of_them) == [], "they all bring the same"


def test_who_brings_points_to_another_queue_with_the_same_agents() -> None:
    elsewhere = VIPS.replace("queue:one", "queue:other") + ROUTES
    assert warnings("ageing = 0\npriority = 20", "ageing = 0", elsewhere) == [
        "callers may wait for ever: everybody who serves it serves other first"
    ]
    assert warnings("ageing = 0\npriority = 70", "ageing = 0", elsewhere) == []


def test_those_who_have_hung_up_and_come_before_or_after_those_on_the_line() -> None:
    def starving(one: str) -> list[str]:
        return [said for said in warnings(one, "agents = []") if "for ever" in said]

    for points in (20, -20):
        (said,) = starving(f"ageing = 0\noffer_callback = {{ priority = {points} }}")
        assert said.startswith("callers may wait for ever: they never have more than ")
        assert starving(f"offer_callback = {{ priority = {points} }}") == []
    assert starving("ageing = 0\noffer_callback = { priority = 0 }") == []


#: Two agents: a serves sales and Polish callers, b billing and English ones; both serve queue one.
OTHERS = """
[[phone]]
user = "2"
password = "long-enough"
[[agent]]
id = "b"
phone = "2"
skills = { support = 50, billing = 50, en = 50 }
"""


def among_two(one: str, sales: str, support: str) -> list[str]:
    agents = AGENT.replace("{ sales = 50,", "{ sales = 50, pl = 50,") + OTHERS
    text = f"{agents}\n[queue.one]\n{one}\n[queue.a]\nneeds = 'sales >= 50'\n{sales}\n[queue.b]\n"
    text += f"needs = 'support >= 50'\n{support}\n"
    parsed = parse_config(text.encode(), file="c", folder=Path(), env={})
    return [str(w.what) for w in parsed.warnings if w.where.startswith("queue.one")]


def test_several_queues_that_together_have_all_the_agents() -> None:
    everybody = "callers may wait for ever: everybody who serves it serves a or b first"
    assert among_two("", "band = 1", "band = 1") == [everybody]
    assert among_two("priority_cap = 5", "band = 1", "priority = 50") == [everybody]
    assert among_two("", "band = 1", "ageing = 9") == [everybody.replace("for ever", "very long")]
    assert among_two("", "band = 1", "") == [], "b is theirs"
    assert among_two("band = 1", "band = 1", "band = 1") == []


def test_the_agents_whom_a_queue_borrows_serve_its_callers_too() -> None:
    (said,) = among_two("", "band = 1\noverflow = [{ after = 9, also = 'queue:b' }]", "")
    assert said == "callers may wait for ever: everybody who serves it serves a first, which is in a higher band"
    lent = "needs = 'sales >= 50'\noverflow = [{ after = 9, also = 'queue:b' }]"
    assert among_two(lent, "band = 1", "") == [], "b helps"


def test_callers_of_one_language() -> None:
    (said,) = among_two("needs = '{language} >= 50'", "band = 1", "")
    assert said.startswith("callers with the language pl may wait for ever: everybody who serves it serves a first")
    assert among_two("needs = '{language} >= 50 or billing >= 50'", "band = 1", "") == []
