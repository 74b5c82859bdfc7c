"""Files of calls: those that are shipped pass, what differs is shown, mistakes are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.__main__ import cli
from softswitch.tryout.calltest import Expected, _differences
from softswitch.tryout.walk import Walk

ROOT = Path(__file__).parents[4]
CONFIG = ROOT / "config.toml"
TEST = """
[[test]]
name = "Sales"
did = "100"
phone = "1003"
at = "2026-11-23 10:00"
digits = "1,1"
[test.expect]
"""


def run(*args: object) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [str(arg) for arg in (*args, "--config", CONFIG)])
    return done.exit_code, done.output


def given(folder: Path, text: str) -> Path:
    path = folder / "a.calltest.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_calls_that_are_shipped_go_as_they_should() -> None:
    code, output = run("test", ROOT / "examples" / "office.calltest.toml")
    assert (code, output.splitlines()[-1]) == (0, "7 passed, 0 failed"), output


DIFFERENT = {
    'path = ["hours:office", "menu:main"]': ["path:", "> expected menu:main     found menu:language"],
    'path = ["…", "queue:support"]': ["expected … → queue:support", "found    hours:office → menu:language"],
    'prompts = ["For sales", "Welcome"]': [
        'prompts: "Welcome" is not said at its place',
        "said: Welcome. For English",
    ],
    'prompts = "Bonjour"': ['prompts: "Bonjour" is not said'],
    'not_said = "Welcome"': ['not_said: "Welcome" is said: Welcome. For English, press 1.'],
    'end = "queue:support"': ["end: expected 'queue:support', found 'queue:sales'"],
    'queue = "support"': ["queue: expected 'support', found 'sales'"],
    "priority = 5": ["priority: expected 5.0, found 0.0"],
    'language = "uk"': ["language: expected 'uk', found 'en'"],
    'keys = "1"': ["keys: expected '1', found '11'"],
    'variables = { did = "101" }': ["variables.did: expected '101', found '100'"],
}


@pytest.mark.parametrize("expected", DIFFERENT)
def test_what_differs_is_shown_with_the_whole_walk(tmp_path: Path, expected: str) -> None:
    code, output = run("test", given(tmp_path, TEST + expected))
    assert code == 1
    assert "FAILED a.calltest.toml: Sales" in output
    for line in DIFFERENT[expected]:
        assert line in output
    assert "|    1.0 s  presses 1" in output
    assert output.endswith("0 passed, 1 failed\n")


SAME = (
    'path = ["…", "menu:main", "queue:sales"]',
    'path = ["hours:office", "…"]',
    'path = ["…", "goto:english", "…", "…"]',
    'prompts = ["Welcome", "Для української", "For sales"]',
    'not_said = ["Goodbye"]\nend = "queue:sales"\npriority = 0\nkeys = "11"',
)


@pytest.mark.parametrize("expected", SAME)
def test_what_is_as_expected_passes(tmp_path: Path, expected: str) -> None:
    assert run("test", given(tmp_path, TEST + expected))[0] == 0


GOOD = TEST + 'end = "x"'
MISTAKES = {
    TEST + 'ending = "x"': '9:1: test[1].expect.ending: unknown key; did you mean "end"?',
    GOOD.replace("at =", "att ="): '6:1: test[1].att: unknown key; did you mean "at"?',
    GOOD.replace('"100"', "100"): '4:7: test[1].did: should be a string; write "100"',
    GOOD.replace('did = "100"', ""): '2:1: test[1]: needs the key "did"',
    TEST: '8:7: test[1].expect: expects nothing, so it proves nothing; write for example end = "queue:sales"',
    TEST + "end = “x”": '9:7: not valid TOML: “ is no quotation mark here; write straight ones: "…"',
    "a = ": "1:5: not valid TOML: a key without a value; write key = value",
    "": '1:1: needs the key "test"',
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_file_with_mistakes_is_not_run(tmp_path: Path, text: str) -> None:
    code, output = run("test", path := given(tmp_path, text))
    assert code == 2
    lines = output.splitlines()
    assert f"{path}:{MISTAKES[text]}" in lines
    assert len(lines) == 1 + ("att =" in text)  # without its moment


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("queue:sale = 'full'", 'there is no queue "sale" that could answer; did you mean "queue:sales"?'),
        ("webservice:parcl = 'ok'", 'there is no webservice "parcl" that could answer; there are none'),
        ("menu:main = 'ok'", '"menu:main" is nobody who answers; write one of queue, phone, agent, '),
        ("queue:sales = 'timeot'", '"timeot" is no result; there are '),
    ],
)
def test_answers_are_of_somebody_who_is_there(tmp_path: Path, answer: str, told: str) -> None:
    target, _, outcome = answer.partition(" = ")
    given_answer = f'answers = {{ "{target}" = {outcome} }}'
    code, output = run("test", given(tmp_path, GOOD.replace("[test.expect]", f"{given_answer}\n[test.expect]")))
    assert code == 1
    assert told in output
    code, output = run("try", "--did", "100", "--phone", "1003", "--answer", f"{target}={outcome[1:-1]}")
    assert code == 2
    assert told in output


def test_an_attempt_that_makes_no_sense_fails_its_test_alone(tmp_path: Path) -> None:
    passing = TEST + 'end = "queue:sales"\n'
    path = given(tmp_path, passing.replace("1003", "1009") + passing)
    code, output = run("test", path)
    assert code == 1
    assert 'there is no phone "1009"' in output
    assert "1 passed, 1 failed" in output


def test_as_json(tmp_path: Path) -> None:
    code, output = run("test", given(tmp_path, TEST + 'end = "echo"'), "--json")
    answer = json.loads(output)
    assert (code, answer["passed"], answer["failed"]) == (1, 0, 1)
    assert answer["tests"][0]["walk"]["path"][-1] == "queue:sales"


def test_try_prints_the_walk() -> None:
    code, output = run("try", "--did", "100", "--phone", "1003", "--at", "2026-11-23 10:00", "--digits", "1,1")
    assert code == 0
    assert "1003 calls 100 from phone 1003, Monday 2026-11-23 10:00 Europe/Kyiv" in output
    assert output.endswith("path: hours:office → menu:language → goto:english → menu:main → queue:sales\n")
    code, output = run("try", "--did", "100", "--phone", "1003", "--at", "never")
    assert (code, output) == (2, '"never" is no time: write "2026-12-25 10:00" or "10:00"\n')
    code, output = run("try", "--did", "1003", "--phone", "1001", "--answer", "phone:1003=no-answer", "--json")
    assert json.loads(output)["path"] == ["phone:1003", "queue:support"]


def test_check_tells_codes_as_json_and_is_strict_when_asked(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[[phone]]\nuser = "1"\npassword = "weak"\n')
    weak = ["check", "--config", str(file)]
    assert CliRunner().invoke(cli, weak).exit_code == 0
    strict = CliRunner().invoke(cli, [*weak, "--strict"])
    assert strict.exit_code == 1
    assert "phone[1].password: is easily guessed; use 8 characters or more [weak-password]" in strict.output
    answer = json.loads(CliRunner().invoke(cli, [*weak, "--json"]).output)
    assert (answer["good"], [found["code"] for found in answer["warnings"]]) == (True, ["weak-password"])
    file.write_text('[lint]\nignore = ["weak-password"]\n' + file.read_text())
    assert CliRunner().invoke(cli, [*weak, "--strict"]).exit_code == 0
    file.write_text("x = 1\n[rtp]\nports = 1\n")
    bad = CliRunner().invoke(cli, [*weak, "--json"])
    answer = json.loads(bad.output)
    assert (bad.exit_code, answer["good"]) == (2, False)
    assert [(found["code"], found["line"]) for found in answer["errors"]] == [("unknown-key", 1), ("bad-value", 3)]


@pytest.mark.parametrize(
    ("pressed", "expected", "fits"), [("1••2", "1472", True), ("1••2", "1473", False), ("••", "472", False)]
)
def test_keys_of_a_masked_entry_are_taken_to_be_right(pressed: str, expected: str, fits: bool) -> None:
    assert bool(list(_differences(Expected(keys=expected), Walk(keys=list(pressed))))) is not fits
