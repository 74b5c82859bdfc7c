from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from softswitch.admin.client import AdminClient, NotRunning
from softswitch.admin.lock import DataDirLock, Locked
from softswitch.admin.protocol import MAX_REQUEST, AdminError, Code, decode, encode, socket_path
from softswitch.admin.server import AdminServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

BIG = 200_000


async def slowly(args: Mapping[str, Any]) -> str:
    await asyncio.sleep(0)
    return "done"


def refuse(args: Mapping[str, Any]) -> None:
    raise AdminError(Code.NOT_FOUND, "there is no such call")


def fail(args: Mapping[str, Any]) -> None:
    raise ZeroDivisionError("secret detail")


VERBS: dict[str, Any] = {
    "echo": lambda args: args,
    "slowly": slowly,
    "refuse": refuse,
    "fail": fail,
    "big": lambda args: "x" * BIG,
    "huge": lambda args: "x" * 8_000_000,
}


@contextlib.asynccontextmanager
async def server(data_dir: Path, **options: Any) -> AsyncIterator[AdminServer]:
    path = socket_path(data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    running = AdminServer(path, VERBS, **options)
    await running.start()
    try:
        yield running
    finally:
        await running.close()


async def ask(data_dir: Path, verb: str, **args: object) -> Any:
    def talk() -> Any:
        with AdminClient(data_dir) as client:
            return client.ask(verb, **args)

    return await asyncio.to_thread(talk)


async def raw(data_dir: Path, data: bytes) -> list[dict[str, Any]]:
    """Everything that is said to *data*, until the server or our patience ends."""
    reader, writer = await asyncio.open_unix_connection(socket_path(data_dir), limit=1 << 24)
    writer.write(data)
    writer.write_eof()
    said = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return [json.loads(line) for line in said.splitlines()]


@pytest.mark.asyncio
async def test_a_verb_is_asked_and_answers(tmp_path: Path) -> None:
    async with server(tmp_path):
        assert await ask(tmp_path, "echo", who="Олена", n=1.5, nothing=None) == {"who": "Олена", "n": 1.5}
        assert await ask(tmp_path, "slowly") == "done"
        assert len(await ask(tmp_path, "big")) == BIG


@pytest.mark.asyncio
async def test_one_connection_asks_many_things_in_turn(tmp_path: Path) -> None:
    async with server(tmp_path):
        lines = [encode({"verb": "echo", "args": {"n": n}, "id": n}) for n in range(50)]
        answers = await raw(tmp_path, b"".join(lines))
    assert [(answer["id"], answer["result"]["n"]) for answer in answers] == [(n, n) for n in range(50)]


@pytest.mark.asyncio
async def test_what_the_switch_refuses_is_an_error_with_its_reason(tmp_path: Path, caplog: Any) -> None:
    async with server(tmp_path):
        with pytest.raises(AdminError, match="there is no such call") as refused:
            await ask(tmp_path, "refuse")
        assert refused.value.code is Code.NOT_FOUND
        with pytest.raises(AdminError, match="there is no verb 'nonsense'"):
            await ask(tmp_path, "nonsense")
        with pytest.raises(AdminError) as broken:
            await ask(tmp_path, "fail")
    assert broken.value.code is Code.INTERNAL
    assert "secret" not in str(broken.value)
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"nonsense",
        b"[]",
        b'"echo"',
        b"{",
        b'{"verb": 7}',
        b'{"verb": "echo", "args": []}',
        b"\xff\xfe",
        b"[" * 5000,
        b'{"verb": "echo", "args": {"n": NaN}}',
        b'{"verb": "echo", "args": {"n": ' + b"9" * 5000 + b"}}",
    ],
)
async def test_bad_requests_are_answered_and_the_next_one_is_served(tmp_path: Path, line: bytes) -> None:
    async with server(tmp_path):
        bad, good = await raw(tmp_path, line + b"\n" + encode({"verb": "echo", "args": {}}))
    assert bad["ok"] is False
    assert bad["error"]["code"] in ("bad-request", "unknown-verb")
    assert good == {"ok": True, "result": {}}


@pytest.mark.asyncio
async def test_a_request_without_end_is_refused_and_costs_no_memory(tmp_path: Path) -> None:
    async with server(tmp_path):
        reader, writer = await asyncio.open_unix_connection(socket_path(tmp_path))
        writer.write(b"x" * (2 * MAX_REQUEST))
        answer = json.loads(await asyncio.wait_for(reader.readline(), 60))
        assert answer["error"]["code"] == "bad-request"
        assert await reader.read() == b""
        writer.close()
        assert await ask(tmp_path, "echo") == {}


@pytest.mark.asyncio
async def test_who_does_not_read_holds_up_nobody(tmp_path: Path) -> None:
    async with server(tmp_path, read_within=600.0) as running:
        _, writer = await asyncio.open_unix_connection(socket_path(tmp_path))
        writer.write(encode({"verb": "huge", "args": {}}) * 3)
        assert await ask(tmp_path, "echo", n=1) == {"n": 1}
        assert running.clients
        writer.close()


@pytest.mark.asyncio
async def test_who_does_not_read_is_cut_off(tmp_path: Path) -> None:
    async with server(tmp_path, read_within=0.2) as running:
        reader, writer = await asyncio.open_unix_connection(socket_path(tmp_path))
        writer.write(encode({"verb": "huge", "args": {}}) * 3)
        assert await ask(tmp_path, "echo") == {}  # who came later is served, so the first has been let in
        async with asyncio.timeout(60):
            while running.clients:  # noqa: ASYNC110 (nothing tells us)
                await asyncio.sleep(0.01)
        assert len(await reader.read()) < 8_000_000
        writer.close()


@pytest.mark.asyncio
async def test_who_says_nothing_is_forgotten(tmp_path: Path) -> None:
    async with server(tmp_path, idle=0.05):
        reader, writer = await asyncio.open_unix_connection(socket_path(tmp_path))
        assert await asyncio.wait_for(reader.read(), 60) == b""
        writer.close()


@pytest.mark.asyncio
async def test_too_many_clients_are_told_so(tmp_path: Path) -> None:
    async with server(tmp_path, max_clients=2):
        held = [await asyncio.open_unix_connection(socket_path(tmp_path)) for _ in range(2)]
        for reader, writer in held:
            writer.write(encode({"verb": "echo"}))
            await reader.readline()
        with pytest.raises((AdminError, NotRunning)) as refused:
            await ask(tmp_path, "echo")
        assert "2 commands" in str(refused.value) or "closed" in str(refused.value)
        for _, writer in held:
            writer.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300))
def test_no_octets_make_decoding_raise_anything_else(data: bytes) -> None:
    with contextlib.suppress(AdminError):
        decode(data)


@pytest.mark.asyncio
async def test_only_the_owner_may_connect(tmp_path: Path) -> None:
    async with server(tmp_path):
        assert stat.S_IMODE(os.stat(socket_path(tmp_path)).st_mode) == 0o600


@pytest.mark.asyncio
async def test_the_socket_is_gone_after_the_switch(tmp_path: Path) -> None:
    async with server(tmp_path):
        assert socket_path(tmp_path).exists()
    assert not socket_path(tmp_path).exists()


def test_no_switch_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="no switch is running here: there is no"):
        AdminClient(tmp_path)


def test_a_socket_left_by_a_killed_switch_is_recognised(tmp_path: Path) -> None:
    leave_a_socket(tmp_path)
    with pytest.raises(NotRunning, match="was killed"):
        AdminClient(tmp_path)


@pytest.mark.asyncio
async def test_a_socket_left_by_a_killed_switch_is_replaced(tmp_path: Path) -> None:
    leave_a_socket(tmp_path)
    async with server(tmp_path):
        assert await ask(tmp_path, "echo") == {}


def leave_a_socket(data_dir: Path) -> None:
    path = socket_path(data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def test_a_long_data_dir_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    assert len(str(socket_path(deep))) < 100
    assert socket_path(deep) != socket_path(tmp_path / ("e" * 120))


def test_a_data_dir_is_one_switchs_at_a_time(tmp_path: Path) -> None:
    first, second = DataDirLock(tmp_path), DataDirLock(tmp_path)
    first.take()
    with pytest.raises(Locked, match=rf"process {os.getpid()}"):
        second.take()
    first.release()
    second.take()
    second.release()


def test_the_lock_of_a_killed_switch_is_free(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from softswitch.admin.lock import DataDirLock\n"
        f"DataDirLock(Path({str(tmp_path)!r})).take(); print('taken', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[4]
    ) as p:
        assert p.stdout is not None
        assert p.stdout.readline() == b"taken\n"
        with pytest.raises(Locked):
            DataDirLock(tmp_path).take()
        p.kill()
    lock = DataDirLock(tmp_path)
    lock.take()
    lock.release()
