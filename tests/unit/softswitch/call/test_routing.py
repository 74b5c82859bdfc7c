from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from ivr.targets import Target
from softswitch.call.hours.opening import Opening
from softswitch.call.model import Caller
from softswitch.call.routing import Destination, Router
from softswitch.config import parse_config
from softswitch.config.flows import flow

CONFIG = b"""
[[phone]]
user = "1001"
password = "secret-1001"
[trunk.kyiv]
source = ["192.0.2.1"]
[trunk.lviv]
source = ["192.0.2.2"]
[[route]]
did = "100"
from = "trunk:kyiv"
to = "echo"
[[route]]
did = "100"
to = "answer"
[[route]]
did = ["+38044*", "200"]
to = "music:default"
language = "uk"
[[route]]
did = "300"
from = "phone:*"
to = "echo"
"""
PHONE = Caller("1001", phone="1001")
KYIV = Caller("+380501112233", trunk="kyiv")
LVIV = Caller("+380501112233", trunk="lviv")


NIGHT, NOON = 2 * 3600.0, 12 * 3600.0


def local(now: float, zone: str) -> datetime:
    """The day begins at zero."""
    return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=now)


def router(text: bytes = CONFIG) -> Router:
    config = parse_config(text, file="test.toml", folder=Path(), env={})
    return Router(config, config.phones, Opening(flow(config), local))


@pytest.mark.parametrize(
    ("dialled", "caller", "target"),
    [
        ("100", KYIV, Target("echo")),
        ("100", LVIV, Target("answer")),
        ("100", PHONE, Target("answer")),
        ("200", LVIV, Target("music", "default")),
        ("+380441234567", KYIV, Target("music", "default")),
        ("300", PHONE, Target("echo")),
        ("1001", PHONE, Target("phone", "1001")),
    ],
)
def test_the_first_route_that_fits_wins(dialled: str, caller: Caller, target: Target) -> None:
    found = router().find(dialled, caller, NOON)
    assert found is not None
    assert found.target == target


@pytest.mark.parametrize(
    ("dialled", "caller"), [("300", KYIV), ("1001", KYIV), ("", PHONE), ("999", PHONE), ("10", PHONE), ("1000", PHONE)]
)
def test_what_a_caller_may_not_dial_does_not_exist_for_them(dialled: str, caller: Caller) -> None:
    assert router().find(dialled, caller, NOON) is None


def test_a_route_may_decide_the_language() -> None:
    found = router().find("200", PHONE, NOON)
    assert found is not None
    assert found.language == "uk"


@pytest.mark.parametrize(
    ("dialled", "caller", "rule"),
    [
        ("100", KYIV, "route 1 (did 100, from trunk:kyiv)"),
        ("100", LVIV, "route 2 (did 100)"),
        ("+380441234567", KYIV, "route 3 (did +38044* or 200)"),
        ("1001", PHONE, "the number of a phone"),
    ],
)
def test_the_rule_that_decided_can_be_told(dialled: str, caller: Caller, rule: str) -> None:
    found = router().find(dialled, caller, NOON)
    assert found is not None
    assert found.rule == rule


LISTS = b"""
[server]
country = "UA"
[[phone]]
user = "1001"
password = "secret-1001"
[[phone]]
user = "1002"
password = "secret-1002"
[trunk.kyiv]
source = ["192.0.2.1"]
[hours.office]
open = ["mon-sun 09:00-17:00"]
when_open = "echo"
when_closed = "answer"
[[list.vip]]
number = ["050 123 45 67", "+48*"]
name = "Olena"
priority = 100
label = "VIP"
language = "uk"
data = { desk = "1001" }
[[list.known]]
number = ["+380501234567", "+380671112233"]
name = "Somebody"
data = { town = "Lviv" }
[[list.blocked]]
number = "+380671112233"
[[route]]
from = "list:blocked"
to = "hangup"
reject = "unwanted"
[[route]]
from = "list:vip"
when = "open:office"
to = "phone:{desk}"
when_unavailable = ["phone:1002", "phone:{deputy}", "music"]
needs = "sales >= 50"
[[route]]
from = "list:vip"
when = "closed:office"
to = "phone:1002"
priority = 5
label = "At night"
language = "pl"
data = { town = "Kyiv" }
[[route]]
from = "list:known"
to = "phone:{desk}"
[[route]]
from = "withheld"
to = "answer"
[[route]]
from = ["0671110000", "+1*"]
did = "+380441234567"
to = "echo"
[[route]]
did = "100"
to = "music"
"""
VIP = Caller("+380501234567", raw="0501234567", trunk="kyiv")


def go(caller: Caller, dialled: str = "100", now: float = NOON) -> Destination:
    found = router(LISTS).find(dialled, caller, now)
    assert found is not None
    return found


def test_what_a_list_says_of_a_caller_fills_targets_and_goes_with_the_call() -> None:
    found = go(VIP)
    assert found.target == Target("phone", "1001")
    assert found.fallbacks == (Target("phone", "1002"), Target("music", "default"))
    assert (found.priority, found.needs, found.label, found.language) == (100.0, "sales >= 50", "VIP", "uk")
    assert found.known["name"] == "Olena"
    assert (found.known["town"], found.known["lists"]) == ("Lviv", "vip known")
    assert found.rule == "route 2 (from list:vip, when open:office (mon-sun 09:00-17:00))"


def test_what_a_route_says_comes_before_what_the_list_says() -> None:
    found = go(VIP, now=NIGHT)
    assert found.target == Target("phone", "1002")
    assert (found.priority, found.label, found.language, found.known["town"]) == (5.0, "At night", "pl", "Kyiv")


@pytest.mark.parametrize(("vip", "night"), list(product((True, False), repeat=2)))
def test_by_day_and_by_night_with_and_without_the_list(vip: bool, night: bool) -> None:
    caller = VIP if vip else Caller("+380931112233", trunk="kyiv")
    route = {(True, False): "route 2", (True, True): "route 3"}.get((vip, night), "route 7")
    assert go(caller, now=NIGHT if night else NOON).rule.startswith(route)


@pytest.mark.parametrize(
    ("caller", "dialled", "rule"),
    [
        (Caller("+48221112233", trunk="kyiv"), "100", "route 2"),
        (Caller("+380671112233", trunk="kyiv"), "100", "route 1"),
        (Caller("", trunk="kyiv", withheld=True), "100", "route 5"),
        (Caller("+380671110000", trunk="kyiv"), "0441234567", "route 6"),
        (Caller("+12025550123", trunk="kyiv"), "380441234567", "route 6"),
        (Caller("1002", phone="1002"), "100", "route 7"),
    ],
)
def test_numbers_are_matched_in_whatever_form_they_come(caller: Caller, dialled: str, rule: str) -> None:
    assert go(caller, dialled).rule.startswith(rule)


@pytest.mark.parametrize("told", ["0441234567", "+380441234567", "380441234567", "00380441234567"])
@pytest.mark.parametrize("did", ["0441234567", "+380441234567", "380441234567", "044*", "+38044*"])
def test_the_number_of_a_route_may_be_written_as_people_dial_it(did: str, told: str) -> None:
    config = f'[server]\ncountry = "UA"\n[trunk.kyiv]\nsource = ["192.0.2.1"]\n[[route]]\ndid = "{did}"\nto = "echo"\n'
    assert router(config.encode()).find(told, Caller("+12025550123", trunk="kyiv"), NOON) is not None


def test_national_beginnings_and_numbers_like_those_of_our_phones_are_told_apart() -> None:
    config = b"""
[server]
country = "UA"
[[phone]]
user = "1001"
password = "secret-1001"
[trunk.kyiv]
source = ["192.0.2.1"]
[[route]]
from = ["1001"]
to = "hangup"
[[route]]
from = "067*"
to = "music"
[[route]]
to = "echo"
"""
    routes = router(config)

    def leads(caller: Caller) -> str:
        found = routes.find("100", caller, NOON)
        assert found is not None
        return found.target.kind

    assert leads(Caller("1001", phone="1001")) == "hangup"
    assert leads(Caller("1001", raw="1001", trunk="kyiv")) == "echo"
    assert leads(Caller("+380671234567", raw="+380671234567", trunk="kyiv")) == "music"


def test_a_caller_who_is_refused_is_told_so() -> None:
    found = go(Caller("+380671112233", trunk="kyiv"))
    assert (found.target, found.refusal) == (Target("hangup"), 607)


def test_every_route_that_does_not_match_says_why() -> None:
    looks = list(router(LISTS).looks("200", Caller("+380501234568", trunk="kyiv"), NIGHT))
    assert [look.why for look in looks] == [
        "the caller is not on the list blocked",
        "the caller is not on the list vip",
        "the caller is not on the list vip",
        "the caller is not on the list known",
        "the caller is not withheld",
        "it is for calls to +380441234567",
        "it is for calls to 100",
    ]
    *_, third = list(router(LISTS).looks("100", VIP, NIGHT))[:2]
    assert third.why == "office is closed"
    assert list(router(LISTS).looks("100", VIP, NOON))[-1].left_out == (
        "phone:{deputy}: nothing is known for {deputy}",
    )


def test_a_route_whose_targets_cannot_be_filled_is_passed_over() -> None:
    looks = list(
        router(LISTS.replace(b'from = "list:blocked"', b'did = "300"')).looks(
            "100", Caller("+380671112233", trunk="kyiv"), NOON
        )
    )
    assert looks[3].why == "phone:{desk}: nothing is known for {desk}"
    assert looks[-1].rule == "route 7 (did 100)"
