"""examples/crm.py is a CRM that the switch can ask: its messages fit, its recordings can be played."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.campaigns.audio import RemoteAudio
from softswitch.campaigns.book import Book
from softswitch.config import Config, flows, parse_config
from softswitch.inquiries.edge import Inquiries
from softswitch.webservice.client import BODY
from tests.support.sim_ports import MemoryJournal, SimClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[4]
EXAMPLE = ROOT / "examples" / "crm.py"
AROUND = """
[menu.main]
say = "Hello."
keys = { 1 = "echo" }

[campaigns.audio]
allow_private = ["127.0.0.1"]

[[route]]
did = "100"
to = "menu:main"
"""


def documented() -> str:
    """The slot, the template and the web service as docs/control-points.md has them."""
    page = (ROOT / "docs" / "control-points.md").read_text(encoding="utf-8")
    (lines,) = (block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if 'id = "renewal"' in block)
    return str(lines)


@pytest.fixture
def config() -> Iterator[Config]:
    spec = importlib.util.spec_from_file_location("crm", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    crm: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(crm)
    server = crm.serve(0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    text = AROUND + documented().replace("127.0.0.1:8091", f"127.0.0.1:{server.server_address[1]}")
    yield parse_config(text.encode(), file="c.toml", folder=Path(), env={})
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.asyncio
async def test_the_example_says_what_a_caller_hears_and_plays_it(config: Config, tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    answers: asyncio.Queue[tuple[str, Mapping[str, str]]] = asyncio.Queue()
    inquiries = Inquiries(config, lambda question, outcome, values: answers.put_nowait((outcome, values)))
    fetched = asyncio.Event()
    audio = RemoteAudio(
        config.campaigns.audio, tmp_path, wall=loop.time, note=lambda kind, data: None, on_ready=fetched.set
    )
    book = Book(config, flows.flow(config), SimClock(), MemoryJournal())
    try:
        for number, caller in enumerate(("1001", "1001", "9999")):
            inquiries.ask(number, "slot", "picks", {"ani": caller}, config)
        found = [await asyncio.wait_for(answers.get(), 60) for _ in range(3)]
        assert [outcome for outcome, _ in found] == ["ok"] * 3
        heard = [book.pulled("renewal", values, {"ani": "1001", "language": "en"}, 0.0) for _, values in found]
        assert sorted(len(messages or ()) for messages in heard) == [0, 1, 1]
        (message,) = next(messages for messages in heard if messages)
        assert json.loads(next(values for _, values in found if "renewal" in values[BODY])[BODY])["bindings"]
        assert message.prompt.audio is not None
        audio.want(message.prompt.audio)
        await asyncio.wait_for(fetched.wait(), 60)
        assert audio.find(message.prompt.audio, "en") is not None
    finally:
        await inquiries.close()
        await audio.stop()
