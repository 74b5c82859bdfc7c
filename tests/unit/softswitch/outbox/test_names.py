"""Webhooks whose name nobody finds: they wait, and nobody else's files and names do."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.config import parse_config
from softswitch.outbox.feeds import Feeds
from softswitch.store.journal import JournalWriter
from tests.support.http_server import HttpServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.asyncio
async def test_a_webhook_whose_name_is_stuck_holds_up_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on, real = threading.Event(), threading.Event(), socket.getaddrinfo

    def look_up(host: Any, *args: Any, **options: Any) -> Any:
        if host in ("crm.example", b"crm.example"):
            entered.set()
            go_on.wait(30)
            host = "127.0.0.1"
        return real(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    server = HttpServer()
    async with server as url:
        hook = f'[[webhook]]\nname = "crm"\nurl = "http://crm.example:{url.rpartition(":")[2]}/"\nevents = ["test.*"]\n'
        config = parse_config(hook.encode(), file="c.toml", folder=tmp_path, env={})
        config = config.model_copy(update={"server": config.server.model_copy(update={"data_dir": tmp_path})})
        journal = JournalWriter(tmp_path / "j.db")
        await journal.start()
        feeds = Feeds(config, tmp_path / "j.db", wall=lambda: 0.0)
        try:
            await feeds.start()
            journal.append("test.a", None, {"n": 1}, at=0.0)
            async with asyncio.timeout(60):
                while not entered.is_set():  # noqa: ASYNC110 (a thread sets it)
                    await asyncio.sleep(0.005)
                await asyncio.to_thread(lambda: None)
            assert server.requests == []
            go_on.set()
            async with asyncio.timeout(60):
                while not server.requests:  # noqa: ASYNC110 (nothing tells us)
                    await asyncio.sleep(0.01)
            assert server.requests[0][1]["host"].startswith("crm.example")
        finally:
            go_on.set()
            await feeds.stop()
            await journal.close()
