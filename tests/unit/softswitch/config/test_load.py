from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.model import Strategy
from ivr.targets import Target
from softswitch.config import Config, ConfigError, Problem, load_config, parse_config
from softswitch.config.acd import acd_config
from softswitch.config.findings import SILENCEABLE
from softswitch.config.flows import flow
from softswitch.config.schema import COMMITTED, render
from tests.support.mutated import places, toml

ROOT = Path(__file__).parents[4]
EXAMPLE = (ROOT / "config.toml").read_text(encoding="utf-8")


def parsed(text: str, env: dict[str, str] | None = None) -> Config:
    return parse_config(text.encode(), file="config.toml", folder=ROOT, env=env or {})


def test_the_example_in_the_root_loads_without_a_warning() -> None:
    config = load_config(ROOT / "config.toml", {})
    assert config.warnings == ()
    assert [str(listen) for listen in config.sip.listen] == ["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"]
    assert list(config.phones) == ["1001", "1002", "1003"]
    assert config.routes[0].to == Target("hours", "office")
    assert config.gotos["ukrainian"].language == "uk"
    assert set(config.menus["main"].say) == {"en", "uk", "pl", "ru"}


def test_the_benchmark_numbers_are_those_that_the_generator_dials() -> None:
    config = load_config(ROOT / "bench" / "config.toml", {})
    assert [warning.code for warning in config.warnings] == [
        "outside-busy",
        "outside-busy",
        "no-way-out",
    ]  # nobody listens
    assert {route.did[0]: str(route.to) for route in config.routes if route.did} == {
        "9000": "echo",
        "9001": "music:default",
        "9002": "menu:bench",
        "9003": "queue:bench",
        "9004": "phone:uas",
        "9006": "answer",
    }
    assert {key: str(to) for key, to in config.menus["bench"].keys.items()} == {"1": "echo", "3": "music:default"}
    assert (config.rtp.ports.first, config.rtp.ports.last) == (14000, 14127)
    assert [str(phone.contact) for phone in config.phones.values()] == [
        "sip:uas@127.0.0.3:6100",
        *(f"sip:agent{n}@127.0.0.3:6100" for n in range(1, 21)),
    ]
    assert all(agent.logged_in for agent in config.agents.values())
    assert len(config.agents) == 20
    assert [str(network) for network in config.trunks["bench"].source] == ["127.0.0.2/32"]


def test_an_empty_file_is_a_switch_with_defaults() -> None:
    config = parsed("")
    assert config.rtp.ports.lanes == 64
    assert config.server.data_dir == ROOT / "var"
    assert (config.features.login, config.features.break_) == ("*11", "*13")


def test_secrets_come_from_where_the_file_says_and_are_never_shown(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("9753\n")
    config = parsed(
        f"""
[[phone]]
user = "1"
password = {{ env = "PHONE_1" }}
[[phone]]
user = "2"
password = "written-here"
[[agent]]
id = "a"
phone = "1"
pin = {{ file = "{tmp_path / "pin"}" }}
""",
        {"PHONE_1": "from-the-environment"},
    )
    first, second = (phone.password for phone in config.phones.values())
    pin = config.agents["a"].pin
    assert first is not None
    assert second is not None
    assert pin is not None
    assert [first.reveal(), second.reveal(), pin.reveal()] == ["from-the-environment", "written-here", "9753"]
    shown = f"{config!r} {config} {config.model_dump()} {config.model_dump_json()} {first} {first!r}"
    for secret in ("from-the-environment", "written-here", "9753"):
        assert secret not in shown


def test_passwords_that_are_easily_guessed_are_warned_of_wherever_they_are_kept(tmp_path: Path) -> None:
    (tmp_path / "third").write_text("10030000\n")
    config = parsed(
        f"""
phone = [
  {{ user = "1001", password = {{ env = "FIRST" }} }},
  {{ user = "1002", password = "k9-wrt" }},
  {{ user = "10030000", password = {{ file = "{tmp_path / "third"}" }} }},
  {{ user = "1004", password = {{ env = "FOURTH" }} }},
]
""",
        {"FIRST": "k9-abc", "FOURTH": "long-enough"},
    )
    assert [warning.render("c") for warning in config.warnings] == [
        f"c:{line}:{column}: warning: phone[{line - 2}].password: is easily guessed; use 8 characters or more "
        "[weak-password]"
        for line, column in ((3, 20), (4, 20), (5, 24))
    ]


def test_a_configuration_cannot_be_changed() -> None:
    config = parsed("")
    with pytest.raises(ValueError, match="frozen"):
        config.server.language = "uk"


def test_the_host_of_a_trunk_is_one_of_its_sources() -> None:
    config = parsed('[trunk.a]\nhost = "192.0.2.1"\nsource = ["198.51.100.0/24"]\n[trunk.b]\nhost = "192.0.2.2"')
    assert [str(network) for network in config.trunks["a"].source] == ["198.51.100.0/24", "192.0.2.1/32"]
    assert [str(network) for network in config.trunks["b"].source] == ["192.0.2.2/32"]


def test_a_plain_text_is_in_the_language_of_the_switch() -> None:
    config = parsed('[server]\nlanguage = "pl"\n[say.a]\nsay = "Dzień dobry"\n[[route]]\nto = "say:a"')
    assert config.says["a"].say == {"pl": "Dzień dobry"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_editors_of_all_systems_may_write_the_file(encoding: str, newline: str) -> None:
    data = EXAMPLE.replace("\n", newline).encode(encoding)
    assert parse_config(data, file="c", folder=ROOT, env={}).menus.keys() == {"language", "main"}


def test_a_file_that_is_not_there_is_said_so() -> None:
    with pytest.raises(ConfigError, match=r"^/nowhere/config\.toml:1:1: cannot be read: No such file or directory$"):
        load_config("/nowhere/config.toml", {})


PHONE = '[[phone]]\nuser = "1"\npassword = "long-enough"\n'
AGENT = f'{PHONE}[[agent]]\nid = "a"\nphone = "1"\nskills = {{ sales = 50, en = 80 }}\n'


WARNINGS = {
    f'{AGENT}[queue.s]\nneeds = "sales > 50"': (
        "8:8: warning: queue.s: nobody can serve this queue; no agent has the skills that it needs"
    ),
    "[queue.s]": "1:8: warning: queue.s: nobody can serve this queue; there are no agents",
    f'{AGENT}[queue.s]\nneeds = "seles >= 5"\nwhen_empty = "hangup"': (
        '9:1: warning: queue.s.needs: nobody has the skill "seles"; did you mean "sales"?'
    ),
    f'{AGENT}[queue.s]\nneeds = "{{language}} >= 50"\n[goto.uk]\nlanguage = "uk"\nthen = "queue:s"': (
        '8:8: warning: queue.s: nobody can serve callers whose language is uk; add when_empty = "…" or relax the needs'
    ),
    f"{AGENT}[queue.a]\nageing = 0\n[queue.b]\npriority = 5": (
        "8:8: warning: queue.a: callers may wait for ever: everybody who serves it serves b first; "
        "let ageing be more than 0, or give it an agent of its own"
    ),
    '[say.x]\nsay = "x"\n[[route]]\nto = "echo"': "1:6: warning: say.x: no call ever comes to say:x",
    f'{PHONE}[[route]]\nto = "echo"': (
        "4:1: warning: route[1]: takes the calls that phones make to the phones 1; "
        'add from = "trunk:*", or choose other numbers'
    ),
    '[[route]]\ndid = "*13"\nto = "echo"': (
        '2:1: warning: route[1].did: is never reached from phones: "*13" is the feature code for break; '
        'choose another number, or another code: [feature] break = "…"'
    ),
    '[[phone]]\nuser = "1"\npassword = "1234"': (
        "3:1: warning: phone[1].password: is easily guessed; use 8 characters or more"
    ),
    '[say.x]\nsay = { en = "x", pl = "x" }\n[goto.uk]\nlanguage = "uk"\nthen = "say:x"': (
        '2:1: warning: say.x.say: has no text in uk; those callers hear the text in "en"'
    ),
    '[queue.s]\noffer_callback = true\n[trunk.in]\nsource = ["192.0.2.1"]': (
        "2:1: warning: queue.s.offer_callback: callers from outside cannot be called back: no trunk takes calls; "
        'give one a host = "sip.carrier.example"'
    ),
}


@pytest.mark.parametrize(("text", "expected"), WARNINGS.items(), ids=WARNINGS.values())
def test_what_works_and_is_probably_not_meant_is_a_warning(text: str, expected: str) -> None:
    shown = {warning.render("c").removesuffix(f" [{warning.code}]"): warning.code for warning in parsed(text).warnings}
    assert shown[f"c:{expected}"] in SILENCEABLE
    assert shown[f"c:{expected}"] != "odd"


def test_a_relaxed_queue_is_served_by_whoever_a_later_step_admits() -> None:
    text = f'{AGENT}[queue.s]\nneeds = "sales > 50"\nrelax = [ {{ after = 5, needs = "sales >= 50" }} ]'
    assert parsed(text).warnings == ()


def test_the_distributor_gets_queues_and_agents() -> None:
    acd = acd_config(load_config(ROOT / "config.toml", {}))
    sales, support = acd.queues
    assert (sales.id, sales.label, str(sales.needs)) == ("sales", "Sales", "sales >= 50 and {language} >= 50")
    assert [(step.after, str(step.needs)) for step in sales.relax][1] == (60, "sales >= 20")
    assert (sales.max_wait, sales.max_waiting, sales.when_full, sales.when_empty) == (600, 50, "say:later", None)
    assert sales.announce.position
    assert sales.announce.first_after == 5
    assert support.strategy is Strategy.FEWEST_CALLS
    assert [(agent.id, agent.position, agent.skills["sales"]) for agent in acd.agents] == [
        ("olena", 0, 80),
        ("piotr", 1, 30),
    ]


def test_agents_of_a_queue_are_a_list_or_have_tiers() -> None:
    second = '[[agent]]\nid = "b"\nphone = "1"\n'
    config = parsed(f'{AGENT}{second}[queue.x]\nagents = ["b", "a"]\n[queue.y]\nagents = {{ a = 2, b = 1 }}\n[queue.z]')
    x, y, z = acd_config(config).queues
    assert [(member.agent, member.tier) for member in x.agents] == [("b", 1), ("a", 1)]
    assert [(member.agent, member.tier) for member in y.agents] == [("a", 2), ("b", 1)]
    assert z.agents == ()


def test_the_flow_has_a_node_for_every_target_of_the_file() -> None:
    config = load_config(ROOT / "config.toml", {})
    found = flow(config)
    for target in ("hours:office", "menu:language", "goto:polish", "say:later", "queue:sales", "phone:1001"):
        assert found.find(Target.parse(target)) is not None, target
    assert found.language == "en"


def test_the_committed_schema_is_that_of_the_grammar() -> None:
    assert (ROOT / COMMITTED).read_text(encoding="utf-8") == render(), "python -m softswitch.config.schema"


# ------------------------------------------------------------------------------------------------------ any input


def _load_or_refuse(data: bytes) -> None:
    """Anything is a configuration or a `ConfigError` with readable problems; check and run cannot differ."""
    problems: tuple[Problem, ...] = ()
    try:
        config = parse_config(data, file="c", folder=ROOT, env={})
    except ConfigError as error:
        problems = error.problems or (Problem(0, 0, "", ""),)
    else:
        acd_config(config)
        flow(config)
        repr(config)
    assert all(problem.line >= 1 and problem.column >= 1 and problem.what for problem in problems)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_politely(data: bytes) -> None:
    _load_or_refuse(data)


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_example_never_crashes_the_loader(data: st.DataObject) -> None:
    text = EXAMPLE
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 30))
        inserted = data.draw(st.sampled_from(["", '"', "[", "]", "{", "= 1", "\n", "[[route]]\n", "\\", "é", "#", "."]))
        text = text[:at] + inserted + text[at + cut :]
    _load_or_refuse(text.encode())


_VALUES: list[Any] = [
    0, -1, 10**9, 1.5, True, "", "x", "menu:main", "queue:sales", "*", "\x00", "é" * 50, [], ["x"], [1, "x"], [[]], {},
    {"en": "x"}, {"x": 1}, {"env": "X"}, {"file": "."}, {"after": 1, "needs": "("}, "99999999999", "1-2", "{language}",
]  # fmt: skip


TABLES = tomllib.loads(EXAMPLE)
PLACES = places(TABLES)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(_VALUES), st.booleans()), min_size=1, max_size=4))
def test_a_wrong_value_anywhere_never_crashes_the_loader(changes: list[tuple[tuple[Any, ...], Any, bool]]) -> None:
    tables = copy.deepcopy(TABLES)
    for path, value, rename in changes:
        holder: Any = tables
        try:
            for part in path[:-1]:
                holder = holder[part]
            if rename and isinstance(holder, dict):
                holder[str(path[-1]) + "x"] = holder.pop(path[-1])
            else:
                holder[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    _load_or_refuse(toml(tables).encode())


def test_what_the_loader_says_is_in_the_file() -> None:
    """Each wrong value alone is reported at the place where it is written."""
    for path in PLACES:
        tables = copy.deepcopy(TABLES)
        holder: Any = tables
        for part in path[:-1]:
            holder = holder[part]
        if isinstance(holder[path[-1]], str | int | float) and isinstance(path[-1], str):
            holder[path[-1]] = ["\x01"]
            lines = toml(tables).splitlines()
            wrong = next(number for number, line in enumerate(lines, 1) if "\\u0001" in line)
            with pytest.raises(ConfigError) as caught:
                parse_config("\n".join(lines).encode(), file="c", folder=ROOT, env={})
            assert any(problem.line == wrong for problem in caught.value.problems), path


def test_a_text_that_is_said_in_several_languages_lacks_none_of_them() -> None:
    config = parsed(
        '[menu.x]\nsay = "For English press 1."\nsay_also = [{ uk = "Для української натисніть два." }]\n'
        'keys = { 1 = "echo", 2 = "goto:uk" }\n[goto.uk]\nlanguage = "uk"\nthen = "echo"\n'
        '[[route]]\ndid = "1"\nto = "menu:x"'
    )
    assert "missing-language" not in {warning.code for warning in config.warnings}
    assert [dict(text) for text in config.menus["x"].say_also] == [{"uk": "Для української натисніть два."}]
