"""What a reload would change, in the words of the file, and what has to wait for a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from softswitch.config import parse_config
from softswitch.config.changes import Change, difference
from softswitch.config.restart import as_far_as_possible, needs_restart

if TYPE_CHECKING:
    from pathlib import Path

    from softswitch.config import Config

BASE = """
[[phone]]
user = "1001"
password = "a-secret-one"

[[phone]]
user = "1002"
password = "a-secret-two"

[[agent]]
id = "olena"
phone = "1001"
skills = { sales = 80 }

[[agent]]
id = "piotr"
phone = "1002"
skills = { sales = 50 }

[queue.sales]
needs = "sales >= 50"
max_wait = 600

[menu.main]
say = "For sales press 1."
keys = { 1 = "queue:sales" }

[[route]]
did = "100"
to = "menu:main"

[[route]]
did = "101"
to = "queue:sales"
"""


def config(text: str, folder: Path) -> Config:
    return parse_config(text.encode(), file="a.toml", folder=folder, env={})


def changes(folder: Path, *replaced: tuple[str, str], more: str = "") -> tuple[Change, ...]:
    text = BASE
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return difference(config(BASE, folder), config(text + more, folder)).changes


def test_the_same_file_has_no_difference(tmp_path: Path) -> None:
    found = difference(config(BASE, tmp_path), config(BASE + "\n# a comment\n", tmp_path))
    assert not found
    assert found.plain() == {"changes": [], "needs_restart": []}


def test_what_is_changed_is_told_value_by_value(tmp_path: Path) -> None:
    assert changes(tmp_path, ("max_wait = 600", "max_wait = 300\nmax_waiting = 5")) == (
        Change("changed", "queue", "sales", ("max_wait: 600 → 300", "max_waiting: none → 5")),
    )
    assert changes(tmp_path, ('{ 1 = "queue:sales" }', '{ 2 = "queue:sales" }')) == (
        Change("changed", "menu", "main", ("keys.1: queue:sales is gone", "keys.2: queue:sales is new")),
    )


def test_passwords_are_compared_and_never_shown(tmp_path: Path) -> None:
    found = changes(tmp_path, ("a-secret-two", "another-secret"))
    assert found == (Change("changed", "phone", "1002", ("password: is another one",)),)


def test_of_long_values_the_part_that_differs_is_shown(tmp_path: Path) -> None:
    text = "Welcome to the company of great people. " * 2
    running = config(
        BASE.replace("For sales press 1.", f"{text}For sales press 1, for hours press 5. Thank you."), tmp_path
    )
    new = config(
        BASE.replace("For sales press 1.", f"{text}For sales press 1, for hours press 6. Thank you."), tmp_path
    )
    (change,) = difference(running, new).changes
    assert change.keys == ("say.en: … 1, for hours press 5. Thank you. → … 1, for hours press 6. Thank you.",)


@pytest.mark.parametrize(
    ("longer", "shorter"), [("a" * 200, "a" * 199), ("ab" * 80, "ab" * 40), ("x" + "y" * 90, "y" * 90)]
)
def test_both_sides_of_a_change_are_never_the_same(longer: str, shorter: str, tmp_path: Path) -> None:
    one, other = (config(BASE.replace("For sales press 1.", text), tmp_path) for text in (longer, shorter))
    for before, after in ((one, other), (other, one)):
        ((line,),) = (change.keys for change in difference(before, after).changes)
        old, new = line.removeprefix("say.en: ").split(" → ")
        assert old != new


def test_tables_of_a_list_are_compared_by_what_names_them(tmp_path: Path) -> None:
    slot = '[[menu.main.slot]]\nid = "{}"\nkey = "{}"\ntargets = ["queue:sales"]\n'
    template = '[template.offer]\ntext.en = "An offer."\n'
    running = config(BASE + template + slot.format("promo", 4), tmp_path)
    new = config(BASE + template + slot.format("promo", 5) + slot.format("news", 6), tmp_path)
    (change,) = difference(running, new).changes
    assert change.keys[0] == "slot.promo.key: 4 → 5"
    assert change.keys[1].startswith("slot.news: id = news")
    assert change.keys[1].endswith(" is new")
    turned = config(BASE + template + slot.format("news", 6) + slot.format("promo", 5), tmp_path)
    (change,) = difference(new, turned).changes
    assert change.keys == ("slot: another order",)


def test_what_is_new_and_what_is_gone(tmp_path: Path) -> None:
    start, end = BASE.index('[[agent]]\nid = "piotr"'), BASE.index("[queue.sales]")
    found = changes(tmp_path, (BASE[start:end], ""), more='[queue.more]\nneeds = "sales >= 70"\n')
    assert found == (Change("removed", "agent", "piotr"), Change("added", "queue", "more"))


def test_routes_are_known_by_what_they_say_and_their_order_counts(tmp_path: Path) -> None:
    first, second = '[[route]]\ndid = "100"\nto = "menu:main"\n', '[[route]]\ndid = "101"\nto = "queue:sales"\n'
    (moved,) = changes(tmp_path, (first, ""), (second, second + first))
    assert moved.kind == "moved"
    assert changes(tmp_path, ('did = "101"', 'did = "102"\nlanguage = "uk"')) == (
        Change("removed", "route", "did 101 → queue:sales"),
        Change("added", "route", "did 102, language uk → queue:sales"),
    )


def test_a_change_at_the_end_of_a_long_route_is_one(tmp_path: Path) -> None:
    numbers = ", ".join(f'"+38050111111{n}"' for n in range(9))
    long = f'[[route]]\nfrom = [{numbers}, "0501"]\nto = "queue:sales"\n'
    running, new = (config(BASE + text, tmp_path) for text in (long, long.replace('"0501"', '"0502"')))
    gone, added = difference(running, new).changes
    assert (gone.kind, added.kind) == ("removed", "added")
    assert gone.name != added.name


def test_agents_rank_in_the_order_of_the_file(tmp_path: Path) -> None:
    start, middle, end = (BASE.index(text) for text in ('[[agent]]\nid = "olena"', '[[agent]]\nid = "piotr"', "[queue"))
    olena, piotr = BASE[start:middle], BASE[middle:end]
    (found,) = changes(tmp_path, (olena + piotr, piotr + olena))
    assert (found.kind, found.what) == ("moved", "agent")


def test_numbers_in_the_files_of_lists_count_too(tmp_path: Path) -> None:
    numbers = tmp_path / "vip.csv"
    numbers.write_text("number\n+380501111111\n")
    before = config(BASE + '[[list.vip]]\nfile = "vip.csv"\n', tmp_path)
    numbers.write_text("number\n+380501111111\n+380502222222\n")
    after = config(BASE + '[[list.vip]]\nfile = "vip.csv"\n', tmp_path)
    assert difference(before, after).changes == (Change("changed", "numbers of list", "vip", ("1 → 2 numbers",)),)


def test_sockets_ports_and_voices_wait_for_a_restart_and_the_rest_does_not(tmp_path: Path) -> None:
    running = config(BASE, tmp_path)
    head = '[server]\nlanguage = "uk"\ndata_dir = "elsewhere"\n[sip]\nlisten = ["udp:127.0.0.1:5099"]\n'
    new = config(head + '[rtp]\nports = "30000-30099"\nmedia_timeout = 30\n[tts]\nrate = 170\n' + BASE, tmp_path)
    assert needs_restart(running, new) == ["server.data_dir", "sip.listen", "rtp.ports", "tts.rate"]
    found = difference(running, new)
    assert [change for change in found.changes if change.name == ""] == [
        Change("changed", "server", "", ("language: en → uk",)),
        Change("changed", "rtp", "", ("media_timeout: 60 → 30",)),
    ]
    usable = as_far_as_possible(running, new)
    assert (usable.server.data_dir, usable.sip, usable.rtp.ports, usable.tts) == (
        *(running.server.data_dir, running.sip, running.rtp.ports, running.tts),
    )
    assert (usable.server.language, usable.rtp.media_timeout) == ("uk", 30.0)
    assert needs_restart(usable, new) == needs_restart(running, new), "they are told again the next time"
    assert usable.digest == new.digest


def test_the_http_api_cannot_come_or_go_and_its_tokens_can_change(tmp_path: Path) -> None:
    api = '[api]\nlisten = "127.0.0.1:8099"\n[[api.token]]\nname = "crm"\nrole = "marketing"\n'
    api += 'token = "a-long-token-of-24-letters"\n'
    without, one = config(BASE, tmp_path), config(BASE + api, tmp_path)
    assert difference(without, one).plain() == {"changes": [], "needs_restart": ["api"]}
    assert difference(one, without).plain() == {"changes": [], "needs_restart": ["api"]}
    assert as_far_as_possible(without, one).api is None
    assert as_far_as_possible(one, without).api == one.api
    other = config(BASE + api.replace("a-long", "one-long").replace("8099", "8098"), tmp_path)
    found = difference(one, other)
    assert found.needs_restart == ("api.listen",)
    assert "a-long-token" not in str(found)
    usable = as_far_as_possible(one, other).api
    assert usable is not None
    assert other.api is not None
    assert (usable.listen, usable.tokens) == (one.api and one.api.listen, other.api.tokens)
