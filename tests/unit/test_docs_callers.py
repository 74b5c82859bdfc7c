"""The examples of docs/callers.md are configurations that work."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from softswitch.config import parse_config

PAGE = Path(__file__).parents[2] / "docs" / "callers.md"
REST = """
[[phone]]
user = "1001"
password = "secret-1001"
[[phone]]
user = "1002"
password = "secret-1002"
[[agent]]
id = "olena"
phone = "1001"
[[agent]]
id = "piotr"
phone = "1002"
[queue.vip]
[queue.office]
[say.closed]
say = "Closed."
[voicemail.director]
mail_to = "director@example.com"
[mail]
host = "127.0.0.1"
from = "pbx@example.com"
[hours.office]
open = ["mon-fri 09:00-17:00"]
when_open = "menu:main"
when_closed = "say:closed"
"""


def test_the_examples_are_a_configuration_that_works(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "crm.db").close()
    (tmp_path / "vip.csv").write_text("number;name;agent\n+380671112233;Somebody;piotr\n", encoding="utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 6
    config = parse_config(("\n".join(blocks) + REST).encode(), file="callers.md", folder=tmp_path, env={})
    vip = config.lists["vip"].find(config.plan.read("050 123 45 67"))
    assert vip is not None
    assert (vip["agent"], vip["priority"]) == ("olena", "100")
    known = config.lists["vip"].find(config.plan.read("044 222 33 44"))
    assert known == {"customer_id": "K-1704"}
    assert not [warning for warning in config.warnings if warning.where.startswith("route")]
