"""Everything that is known of one number, for the customer whom it belongs to."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from softswitch.campaigns.contacts import OPTED
from softswitch.campaigns.sealing import sealed
from softswitch.erasure import files
from softswitch.erasure.eraser import Place
from softswitch.erasure.rewriting import NotErased, key_of, open_database
from softswitch.erasure.traces import look, read
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from softswitch.config import Config
    from softswitch.erasure.forms import Forms
    from softswitch.erasure.traces import Line


@dataclass(frozen=True, slots=True)
class Exported:
    """`document` is for JSON; `files` are those it names, by the names that it gives them."""

    document: dict[str, Any]
    files: dict[str, Path]
    lines: int


def export(config: Config, forms: Forms, at: float) -> Exported:
    """The same with what the configuration says of the number."""
    found = export_from(Place.of(config), forms, at)
    return replace(found, document=found.document | {"lists": listed(config, forms)})


def listed(config: Config, forms: Forms) -> dict[str, dict[str, str]]:
    """What lists of callers say of the number."""
    number = config.plan.read(forms.number)
    return {name: dict(row) for name, known in config.lists.items() if (row := known.find(number)) is not None}


def export_from(place: Place, forms: Forms, at: float) -> Exported:
    """*at*: wall time now. Blocking. Raises NotErased when the database cannot be read, OSError and StoreError."""
    data_dir = place.data_dir
    try:
        with Reader(place.database), closing(open_database(place.database, read_only=True)) as connection:
            traces = look(connection, forms)
            seal = sealed(forms.number, key_of(connection))
            wishes = "SELECT seq, at, kind, call, data FROM journal WHERE kind = ? AND data ->> 'number' = ?"
            sealed_lines = [_line(row) for row in connection.execute(wishes, (OPTED, seal))]
    except sqlite3.Error as error:
        raise NotErased(f"the database cannot be read: {error}") from error
    lines = [_of_line(line) for line in traces.lines]
    found = [*files.audio(data_dir, traces), *files.letters(data_dir, forms, traces)]
    named = {str(file.relative_to(data_dir)): file for file in found}
    document = {
        "number": forms.number,
        "at": _iso(at),
        "calls": [
            {"call": call, "lines": [line for line in lines if line["call"] == call]} for call in sorted(traces.calls)
        ],
        "mentioned": [line for line in lines if line["call"] not in traces.calls],
        "messages": [asdict(message) | {"at": _iso(message.at)} for message in traces.messages],
        "callbacks": [asdict(one) | {"at": _iso(one.at), "due": _iso(one.due)} for one in traces.requests],
        "wishes_after_erasure": sealed_lines,
        "files": sorted(named),
    }
    return Exported(document, named, len(lines))


def write_zip(exported: Exported, target: Path) -> None:
    """All of it in one file that only its owner may read. Raises OSError."""
    target.touch(mode=0o600)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("data.json", json.dumps(exported.document, ensure_ascii=False, indent=2))
        for name, file in exported.files.items():
            packed.write(file, f"files/{name}")


def _of_line(line: Line) -> dict[str, Any]:
    return {"line": line.seq, "at": _iso(line.at), "type": line.kind, "call": line.call, "data": read(line.text)}


def _line(row: tuple[int, float, str, str | None, str]) -> dict[str, Any]:
    seq, at, kind, call, text = row
    return {"line": seq, "at": _iso(at), "type": kind, "call": call, "data": read(text)}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
