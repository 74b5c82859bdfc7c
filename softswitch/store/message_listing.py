"""What ``softswitch voicemail`` prints: the messages of the boxes, as a table or as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from softswitch.messages import State
from softswitch.store.database import FILE_NAME
from softswitch.store.listing import duration
from softswitch.store.queries import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo
    from pathlib import Path

    from rich.console import Console

    from softswitch.messages import Message


def show_messages(
    data_dir: Path,
    folder: Path,
    console: Console,
    *,
    mail: Callable[[Sequence[Message]], Mapping[str, str]],
    box: str = "",
    as_json: bool = False,
    zone: tzinfo = UTC,
) -> None:
    """The messages in all boxes, or in one, new ones first, then what is said in them. Raises `StoreError`.

    *folder*: where their audio is; *mail*: how the mail about each stands, by its id.
    """
    with Reader(data_dir / FILE_NAME) as reader:
        found = [message for message in reader.messages() if box in ("", message.box)]
    found.sort(key=lambda message: (message.box, message.state is State.HEARD, message.at, message.id))
    stands = mail(found)
    if as_json:
        document = [
            asdict(message) | {"mail": stands.get(message.id), "file": str(folder / message.file_name)}
            for message in found
        ]
        console.file.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    elif not found:
        console.print(Text("there are no messages"))
    else:
        console.print(messages_table(found, stands, zone))
        for message in found:
            if message.transcript:
                console.print(Text(f"\n{message.id}:", style="dim"), Text(message.transcript), sep="\n")


def messages_table(messages: Sequence[Message], mail: Mapping[str, str], zone: tzinfo = UTC) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("box", "left", "from", "came by", "length", "", "mail", "message"):
        table.add_column(column, justify="right" if column == "length" else "left", overflow="fold")
    for message in messages:
        at = datetime.fromtimestamp(message.at, zone).strftime("%Y-%m-%d %H:%M")
        who = " ".join(filter(None, (message.number or "unknown number", message.name and f"({message.name})")))
        texts = (message.box, at, who, message.path, duration(message.seconds), str(message.state))
        table.add_row(*map(Text, texts), _mail(mail.get(message.id, "?")), Text(message.id, style="dim"))
    return table


def _mail(stands: str) -> Text:
    return Text("" if stands == "none" else stands, style={"refused": "red", "waits": "yellow"}.get(stands, ""))
