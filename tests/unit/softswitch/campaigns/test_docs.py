"""What docs/control-points.md shows works as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from softswitch.campaigns.book import Book
from softswitch.campaigns.documents import read
from softswitch.config import flows, parse_config
from tests.support.sim_ports import MemoryJournal, SimClock

DOCS = Path(__file__).parents[4] / "docs" / "control-points.md"
AROUND = """
[say.sales]
say = "Sales."
[say.offer]
say = "The offer."
[[phone]]
user = "1001"
password = "hunter2-Pa55"
[[route]]
did = "100"
to = "webservice:crm"
"""


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)


def test_the_documented_slots_take_the_documented_messages() -> None:
    toml = "\n".join([*blocks("toml"), AROUND])
    config = parse_config(
        toml.encode(), file="docs", folder=Path(), env={"TOKEN_ANN": "0123456789abcdef", "CRM_TOKEN": "x"}
    )
    book = Book(config, flows.flow(config), SimClock(), MemoryJournal())
    documents = [document for document in map(json.loads, blocks("json")) if "bindings" in document]
    assert len(documents) == 2
    for document in documents:
        book.put("promo", read(document), 0.0, by="ann", restructure=False)
    assert config.api is not None
