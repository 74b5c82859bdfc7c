"""Asking a real server that answers, hangs, lies, redirects and never ends: there is always an outcome, in time."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.config.secrets import Secret
from softswitch.webservice.breaker import Breaker, Circuit
from softswitch.webservice.client import BODY, Answer, Failure, Service, WebserviceClient
from softswitch.webservice.guard import Guard, guarded_client, is_public
from tests.support.http_server import HttpServer, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

LOOPBACK = Guard([ipaddress.ip_network("127.0.0.0/8")])


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@contextlib.asynccontextmanager
async def asking(
    service: Service, *, now: Callable[[], float] | None = None, guard: Guard = LOOPBACK, breaker: Breaker | None = None
) -> AsyncIterator[WebserviceClient]:
    async with guarded_client(guard) as client:
        yield WebserviceClient(service, client, now=now or Time(), breaker=breaker)


async def ask(service: Service, **variables: str) -> Answer:
    async with asking(service) as client:
        return await client.ask(variables)


@pytest.mark.asyncio
async def test_the_question_is_filled_in_and_the_answer_becomes_variables() -> None:
    server = HttpServer([Reply(body='{"status": "у Києві"}'.encode())])
    async with server as url:
        answer = await ask(Service("parcel", url + "/parcels/{digits}?from={ani}"), digits="12/3", ani="+380 5")
    assert answer == Answer({"status": "у Києві"}, status=200)
    assert server.requests[0][0] == "GET /parcels/12%2F3?from=%2B380%205 HTTP/1.1"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "sent", "kind"),
    [
        ("json", b'{"who":"\xd0\x86\xd0\xb2\xd0\xb0\xd0\xbd","n":""}', "application/json"),
        ("form", b"who=%D0%86%D0%B2%D0%B0%D0%BD&n=", "application/x-www-form-urlencoded"),
        ("xml", "<request><who>Іван</who><n></n></request>".encode(), "application/xml; charset=utf-8"),
    ],
)
async def test_a_post_carries_its_fields_in_the_form_that_the_service_takes(body: str, sent: bytes, kind: str) -> None:
    server = HttpServer()
    async with server as url:
        fields = {"who": "{name}", "n": "{unknown}"}
        await ask(Service("crm", url, "POST", body, fields=fields), name="Іван")  # type: ignore[arg-type]
    line, headers, content = server.requests[0]
    assert line.startswith("POST / ")
    assert (headers["content-type"], content) == (kind, sent)


@pytest.mark.asyncio
async def test_headers_carry_names_of_any_script() -> None:
    server = HttpServer()
    async with server as url:
        answer = await ask(Service("a", url, headers={"X-Name": "{name}"}), name="Олена")
    assert answer.failure is None
    assert server.requests[0][1]["x-name"] == "Олена"


@pytest.mark.asyncio
async def test_secrets_are_sent_and_never_shown() -> None:
    server = HttpServer()
    async with server as url:
        service = Service(
            "a", url, bearer=Secret("b3arer"), secret_headers={"X-Key": Secret("k3y")}, headers={"X-Id": "{id}"}
        )
        await ask(service, id="1\r\nX-Evil: 1")
        await ask(Service("b", url, basic=("me", Secret("pass"))))
    headers = server.requests[0][1]
    assert (headers["authorization"], headers["x-key"], headers["x-id"]) == ("Bearer b3arer", "k3y", "1  X-Evil: 1")
    assert server.requests[1][1]["authorization"] == "Basic bWU6cGFzcw=="
    assert not any(word in repr(service) for word in ("b3arer", "k3y"))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (Reply(hang=True), Failure.TIMEOUT),
        (Reply(body=b"[" + b"1," * 5_000_000 + b"1]"), Failure.TOO_LARGE),
        (Reply(body=b"<html>it works</html>", media_type="text/html"), Failure.UNREADABLE),
        (Reply(body=b"{}", cut=True), Failure.UNREACHABLE),
        (Reply(status=302, headers=("Location: http://127.0.0.1:1/",)), Failure.STATUS),
        (Reply(status=404), Failure.STATUS),
        (Reply(body=b"\x1f\x8b", headers=("Content-Encoding: gzip",)), Failure.UNREADABLE),
    ],
    ids=["hangs", "10 MB", "lies", "cut off", "redirects", "not found", "compressed"],
)
async def test_whatever_the_service_does_there_is_an_outcome(reply: Reply, failure: Failure) -> None:
    server = HttpServer([reply])
    async with server as url:
        answer = await ask(Service("bad", url, timeout=0.3 if reply.hang else 20.0, retries=0))
    assert (answer.failure, dict(answer.values)) == (failure, {})
    assert len(server.requests) == 1


@pytest.mark.asyncio
async def test_a_service_that_is_not_there_is_unreachable() -> None:
    async with HttpServer() as url:
        pass
    assert (await ask(Service("gone", url))).failure is Failure.UNREACHABLE
    assert (await ask(Service("nowhere", "http://no-such-host.invalid/"))).failure is Failure.UNREACHABLE
    assert (await ask(Service("odd", "http://[bad/{x}"))).failure is Failure.UNREACHABLE


@pytest.mark.asyncio
async def test_a_question_is_asked_again_after_a_stumble_and_a_post_is_not() -> None:
    server = HttpServer([Reply(status=503), Reply(body=b'{"a": 1}')])
    async with server as url:
        assert (await ask(Service("get", url))).values == {"a": "1"}
        server.replies = [Reply(status=503)]
        assert (await ask(Service("post", url, "POST", "json"))).failure is Failure.STATUS
    assert len(server.requests) == 3


@pytest.mark.asyncio
async def test_an_answer_is_good_for_its_time_and_for_its_question_only() -> None:
    server, time = HttpServer([Reply(body=b'{"n": %d}' % n) for n in range(4)]), Time()
    async with server as url, asking(Service("cached", url + "/{q}", cache=60.0), now=time) as client:
        seen = []
        for at, question in ((0.0, "a"), (59.9, "a"), (59.9, "b"), (60.0, "a")):
            time.now = at
            answer = await client.ask({"q": question})
            seen.append((answer.values["n"], answer.cached))
    assert seen == [("0", False), ("0", True), ("1", False), ("2", False)]


@pytest.mark.asyncio
async def test_nothing_of_one_callers_answer_reaches_another() -> None:
    server = HttpServer([Reply(body=b'{"n": %d}' % n, headers=(f"Set-Cookie: session={n}",)) for n in range(2)])
    async with server as url:
        service = Service("mine", url, cache=60.0, headers={"X-Phone": "{ani}"})
        async with asking(service) as client:
            answers = [await client.ask({"ani": ani}) for ani in ("111", "222", "111")]
    assert [(answer.values["n"], answer.cached) for answer in answers] == [("0", False), ("1", False), ("0", True)]
    assert "cookie" not in server.requests[1][1]


@pytest.mark.asyncio
async def test_impatient_callers_do_not_open_the_circuit() -> None:
    server, breaker = HttpServer([Reply(hang=True)]), Breaker(failures=1)
    async with server as url, asking(Service("slow", url, timeout=30.0), breaker=breaker) as client:
        asked = asyncio.create_task(client.ask({}))
        async with asyncio.timeout(60):
            while not server.requests:  # noqa: ASYNC110 (the server is not ours to be woken by)
                await asyncio.sleep(0)
        asked.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asked
        assert breaker.state is Circuit.CLOSED


@pytest.mark.asyncio
async def test_a_service_with_a_dead_address_is_reached_at_the_next() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    async with HttpServer() as url, guarded_client(LOOPBACK, resolve) as client:
        service = Service("two", f"http://erp.example:{url.rpartition(':')[2]}/")
        assert (await WebserviceClient(service, client, now=Time()).ask({})).failure is None


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::7f00:1",
        "::127.0.0.1",
        "fec0::1",
        "192.0.0.8",
        "198.18.0.1",
        "240.0.0.1",
        "2002:7f00:1::",
        "100.64.0.1",
        "64:ff9b:1::808:808",
        "::ffff:0:8.8.8.8",
    ],
)
def test_addresses_that_only_look_public_are_not(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001::1", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.asyncio
async def test_a_service_that_keeps_failing_is_left_alone_and_then_tried_once() -> None:
    server, time, breaker = HttpServer([Reply(status=500)] * 4), Time(), Breaker(failures=3, pause=30.0)
    async with server as url, asking(Service("sick", url), now=time, breaker=breaker) as client:
        outcomes = []
        for at in (0.0, 1.0, 2.0, 3.0, 31.9, 32.0, 33.0, 62.0):
            time.now = at
            outcomes.append((await client.ask({})).failure)
    assert outcomes == [
        *[Failure.STATUS] * 3, Failure.CIRCUIT_OPEN, Failure.CIRCUIT_OPEN, Failure.STATUS, Failure.CIRCUIT_OPEN, None,
    ]  # fmt: skip
    assert (len(server.requests), breaker.state) == (5, Circuit.CLOSED)


@pytest.mark.asyncio
async def test_a_caller_who_hangs_up_does_not_leave_the_circuit_half_open() -> None:
    server, time = HttpServer([Reply(hang=True)]), Time()
    breaker = Breaker(failures=1, pause=10.0, state=Circuit.OPEN)
    async with server as url, asking(Service("slow", url, timeout=30.0), now=time, breaker=breaker) as client:
        asked = asyncio.create_task(client.ask({}))
        async with asyncio.timeout(60):
            while not server.requests:  # noqa: ASYNC110 (the server is not ours to be woken by)
                await asyncio.sleep(0)
        asked.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asked
        assert breaker.state is Circuit.OPEN
        time.now = 10.0
        assert (await client.ask({})).failure is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]",
             "0.0.0.0", "[fd00::1]", "224.0.0.1", "2130706433"],
)  # fmt: skip
async def test_a_service_inside_our_own_network_is_refused_unless_it_was_named(host: str) -> None:
    async with asking(Service("inside", f"http://{host}:9/", timeout=20.0), guard=Guard()) as client:
        answer = await client.ask({})
    assert answer.failure in (Failure.ADDRESS_REFUSED, Failure.UNREACHABLE)
    assert answer.failure is Failure.ADDRESS_REFUSED or host == "2130706433"


@pytest.mark.asyncio
async def test_a_name_cannot_move_between_the_look_and_the_connection() -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    server = HttpServer()
    async with server as url, guarded_client(LOOPBACK, resolve) as client:
        port = url.rpartition(":")[2]
        service = WebserviceClient(Service("named", f"http://erp.example:{port}/"), client, now=Time())
        assert (await service.ask({})).failure is None
    assert asked == ["erp.example"]
    assert server.requests[0][1]["host"] == f"erp.example:{port}"


@pytest.mark.asyncio
async def test_a_document_is_asked_for_with_its_etag_and_304_is_the_same_once_more() -> None:
    changed = Reply(body=b'{"bindings": [1]}', headers=('ETag: "b"',))
    server = HttpServer([Reply(body=b'{"bindings": []}', headers=('ETag: "a"',)), Reply(304), changed, Reply(304)])
    async with server as url:
        service = Service("crm", url + "/{ani}", document=True)
        async with asking(service) as client:
            found = [await client.ask({"ani": "1"}) for _ in range(4)]
            other = await client.ask({"ani": "2"})
    assert [answer.values[BODY] for answer in found] == ['{"bindings": []}'] * 2 + ['{"bindings": [1]}'] * 2
    assert [answer.cached for answer in found] == [False, True, False, True]
    assert [headers.get("if-none-match") for _, headers, _ in server.requests] == [None, '"a"', '"a"', '"b"', None]
    assert other.values[BODY] == "{}"  # nothing of one caller reaches another


@pytest.mark.asyncio
async def test_a_304_that_nobody_asked_for_is_no_answer() -> None:
    server = HttpServer([Reply(304)])
    async with server as url:
        assert (await ask(Service("crm", url, document=True))).failure is Failure.STATUS


@pytest.mark.asyncio
async def test_a_name_whose_lookup_is_stuck_holds_up_only_its_own_service(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, go_on, real = threading.Semaphore(0), threading.Event(), socket.getaddrinfo

    def look_up(host: str, *args: Any, **options: Any) -> Any:
        if host == "erp.example":
            inside.release()
            go_on.wait(60)
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return real(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    try:
        async with HttpServer() as url, asking(Service("erp", "http://erp.example/", timeout=60)) as stuck:
            waiting = [asyncio.create_task(stuck.ask({"ani": str(n)})) for n in range(40)]
            async with asyncio.timeout(60):
                while not inside.acquire(blocking=False):  # noqa: ASYNC110 (a thread releases it)
                    await asyncio.sleep(0.005)
                await asyncio.to_thread(lambda: None)  # files and names of everybody else
            other = await ask(Service("other", f"http://localhost:{url.rpartition(':')[2]}/", timeout=10))
            assert other.failure is None
            assert not any(task.done() for task in waiting)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
    finally:
        go_on.set()
