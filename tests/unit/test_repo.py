"""What the repository promises about itself."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from softswitch.config import load_config

ROOT = Path(__file__).resolve().parents[2]
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))


def test_the_example_configuration_is_good_without_a_warning() -> None:
    assert load_config(ROOT / "config.toml", {}).warnings == ()


def test_the_benchmarks_configuration_is_good() -> None:
    config = load_config(ROOT / "bench" / "config.toml", {})
    assert len([agent for agent in config.agents.values() if agent.logged_in]) == 20


@pytest.mark.parametrize("page", ADRS, ids=lambda page: page.stem)
def test_every_decision_has_its_number_and_a_status(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]}: ")
    assert re.search(r"^Status: (accepted|superseded by \d{4})$", text, re.MULTILINE)
    assert len(text.split()) < 500, "a decision is at most a page"


def test_the_decisions_are_numbered_without_a_gap() -> None:
    assert [int(page.name[:4]) for page in ADRS] == list(range(1, len(ADRS) + 1))


def test_all_packages_belong_to_one_distribution() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "softswitch"
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(packages) == ["acd", "ivr", "rtp", "sip", "softswitch"]
    assert all((ROOT / package / "py.typed").exists() for package in packages)


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named
    assert named <= targets


def test_the_lock_file_pins_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    assert {re.split(r"[^A-Za-z0-9-]", name, maxsplit=1)[0].lower() for name in wanted} <= pinned


@pytest.mark.parametrize("folder", ["unit", "sim"])
def test_no_test_waits_for_real_time(folder: str) -> None:
    # asyncio.sleep runs on the virtual loop of tests/support/virtual_time.py
    sleeping = [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "tests" / folder).rglob("*.py"))
        if re.search(r"(?<!asyncio\.)\bsleep\(", file.read_text(encoding="utf-8")) and file != Path(__file__)
    ]
    assert sleeping == []
