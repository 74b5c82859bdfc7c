"""``softswitch explain``: what the command line does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from acd.dispatcher import Dispatcher
from softswitch.explain.legs import leg_ledgers
from softswitch.explain.nobody import why_nobody
from softswitch.explain.output import as_json, as_text
from softswitch.explain.replay import RECOVERED, verify
from softswitch.explain.story import story
from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader
from softswitch.store.snapshots import StateReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from softswitch.config import Config
    from softswitch.store.cdr import Record

LAST = "last"


class ExplainError(Exception):
    """There is no such call; the message says what there is."""


def explain_call(config: Config, call: str, console: Console, *, json: bool = False) -> None:
    """Tell the story of a call: its id, the beginning of it, or "last". Raises ExplainError and `StoreError`."""
    with Reader(_database(config)) as reader, reader.snapshot():
        call = _find(reader, call)
        records = _lines(reader, call)
        config_then = _configured(reader, records)
        queues = {str(queue.get("id")): queue for queue in _tables(config_then.get("queues"))}

        def nobody(queued: Record, joined: Mapping[str, Any]) -> list[str]:
            queue = queues.get(str(queued.data.get("queue")))
            agents = _tables(config_then.get("agents"))
            return [] if queue is None else why_nobody(joined, queue, agents, reader.agents_before(queued.seq))

        told = story(records, queues, nobody)
        legs = leg_ledgers(sorted([*records, *_wrap_ups(reader, records)], key=lambda record: record.seq))
    if json:
        console.file.write(as_json(call, told, legs) + "\n")  # as it is: rich would fold long lines
    else:
        console.print(as_text(call, told, legs, config.server.timezone), soft_wrap=True)


def explain_replay(config: Config, console: Console) -> bool:
    """Replay the whole journal and say whether every decision was reproduced. Raises ExplainError and `StoreError`.

    Where its beginning has been deleted, from the snapshot of that moment on.
    """
    with StateReader(_database(config)) as reader, reader.snapshot():
        begin = reader.pruned_to()
        found = verify(reader.lines_like(("acd.", RECOVERED), begin + 1), _state_at(reader, begin) if begin else None)
    what = f"{found.inputs} inputs, {found.decisions} decisions, {found.restarts} starts"
    if found.exact:
        console.print(Text(f"{what}: replayed exactly"))
    else:
        console.print(Text(f"{what} until the replay differed from the journal:"))
        for one in found.differences:
            console.print(
                Text(f"line {one.seq}: written {one.written}\n{'':{6 + len(str(one.seq))}}decided {one.decided}")
            )
    return found.exact


def _state_at(reader: StateReader, seq: int) -> Dispatcher:
    stored = reader.snapshot_at(seq)
    if stored is None:
        raise ExplainError(f"the journal before line {seq} has been deleted, and there is no snapshot of that moment")
    try:
        return Dispatcher.restore(stored.read().state)
    except Exception as error:
        raise ExplainError(f"the snapshot of line {seq} cannot be used: {error}") from error


def _database(config: Config) -> Path:
    return config.server.data_dir / FILE_NAME


def _find(reader: Reader, wanted: str) -> str:
    if wanted == LAST:
        newest = reader.newest_call()
        if newest is None:
            raise ExplainError("there are no calls yet")
        return newest
    found = reader.calls_like(wanted) if wanted else []
    if wanted in found:
        return wanted
    if len(found) == 1:
        return found[0]
    if not found:
        raise ExplainError(f'there is no call whose id begins with "{wanted}"; "softswitch calls" lists them')
    raise ExplainError(f'several calls begin with "{wanted}": {", ".join(found[:5])}{" …" if len(found) > 5 else ""}')


def _lines(reader: Reader, call: str) -> list[Record]:
    """Every line about a call; of one that calls back, with what the distributor says of the order meanwhile."""
    records = reader.journal(call)
    order = next((record.data.get("callback_of") for record in records if record.kind == "call.started"), None)
    if order and order != call:
        records += [r for r in reader.journal(str(order)) if r.seq > records[0].seq and r.kind.startswith("acd.")]
    return sorted(records, key=lambda record: record.seq)


def _configured(reader: Reader, records: Sequence[Record]) -> Mapping[str, Any]:
    """What was configured for queues and agents when the call came to a queue."""
    joined = next((record.seq for record in records if record.kind == "acd.call_joined"), None)
    configured = None if joined is None else reader.last_before("acd.reconfigured", joined)
    config = None if configured is None else configured.data.get("config")
    return config if isinstance(config, dict) else {}


def _tables(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _wrap_ups(reader: Reader, records: Sequence[Record]) -> list[Record]:
    """What the agents did behind their conversations."""
    found = []
    for record in records:
        if record.kind == "acd.call_over" and record.data.get("agent"):
            for line in reader.agent_after(str(record.data["agent"]), record.seq):
                if line.call is None:
                    found.append(line)
                if line.data.get("state") != "wrap_up":
                    break
    return list({line.seq: line for line in found}.values())
