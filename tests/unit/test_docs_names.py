"""The pages name what there is: every code of `check`, every kind of place, and no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.targets import KINDS
from softswitch.config.findings import ERRORS, SILENCEABLE

DOCS = Path(__file__).parents[2] / "docs"
PACKAGE = Path(__file__).parents[2] / "softswitch"


def section(page: str, title: str) -> str:
    text = (DOCS / page).read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_checking_lists_every_code_with_what_it_means() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", section("checking.md", "check"), re.MULTILINE))
    assert rows == SILENCEABLE | ERRORS


def test_every_code_that_is_given_anywhere_has_a_name() -> None:
    given = {
        code
        for file in PACKAGE.rglob("*.py")
        for code in re.findall(r"\bcode=\"([a-z-]+)\"", file.read_text(encoding="utf-8"))
    }
    assert given <= SILENCEABLE.keys() | ERRORS.keys()
    assert "no-such-skill" in given, "codes are found"


def test_menus_lists_every_kind_of_place() -> None:
    first = [line.split("|")[1] for line in section("menus.md", "The places").splitlines() if line.startswith("|")]
    named = {name for cell in first for name in re.findall(r"[`\[]([a-z]+)[.:\]`]", cell)}
    assert named - {"place"} == set(KINDS)


LINKS = sorted((page.name, link) for page in DOCS.glob("*.md") for link in
               re.findall(r"\]\(([a-z-]+\.md)#([a-z0-9-]+)\)", page.read_text(encoding="utf-8")))  # fmt: skip


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_links_into_other_pages_lead_to_a_heading(page: str, link: tuple[str, str]) -> None:
    target, anchor = link
    headings = re.findall(r"^#+ (.*)$", (DOCS / target).read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert anchor in anchors, f"{page} leads to {target}#{anchor}"
