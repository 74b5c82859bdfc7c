"""The grammar of ``config.toml`` as JSON Schema, for editors. ``python -m softswitch.config.schema FILE`` writes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from softswitch.config.model import Config

COMMITTED = Path("docs/config.schema.json")


def render() -> str:
    """The schema as text; the same for the same grammar."""
    schema = _closed(Config.model_json_schema(by_alias=True))
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "softswitch configuration"}
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _closed(schema: Any) -> Any:
    """Where keys have a pattern, others are wrong."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(each) for name, each in schema.items()}
    return {"additionalProperties": False, **closed} if "patternProperties" in closed else closed


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else COMMITTED).write_text(render(), encoding="utf-8")
