from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import threading
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.config import parse_config
from softswitch.inquiries.edge import Inquiries
from softswitch.inquiries.lookups import FileSource, Lookup
from tests.support.http_server import HttpServer, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from softswitch.config import Config

pytestmark = pytest.mark.asyncio


def config(toml: str, folder: Path) -> Config:
    return parse_config(toml.encode(), file="c.toml", folder=folder, env={"KEY": "s3cret"})


class Asked:
    """Puts questions and waits for their answers."""

    def __init__(self, toml: str, folder: Path) -> None:
        self.answers: dict[int, tuple[str, dict[str, str]]] = {}
        self.came = asyncio.Event()
        self.config = config(toml, folder)
        self.inquiries = Inquiries(self.config, self._answered)
        self.questions = 0

    def _answered(self, question: int, outcome: str, values: Mapping[str, str]) -> None:
        assert question not in self.answers
        self.answers[question] = (outcome, dict(values))
        self.came.set()

    def reload(self, toml: str, folder: Path) -> Config:
        """Another configuration; the one before."""
        before, self.config = self.config, config(toml, folder)
        self.inquiries.reconfigure(self.config)
        return before

    def ask(self, target: str, of: Config | None = None, **variables: str) -> int:
        self.questions += 1
        kind, _, name = target.partition(":")
        self.inquiries.ask(self.questions, kind, name, variables, of or self.config)
        return self.questions

    async def answer(self, target: str, of: Config | None = None, **variables: str) -> tuple[str, dict[str, str]]:
        return await self.answer_to(self.ask(target, of, **variables))

    async def answer_to(self, question: int) -> tuple[str, dict[str, str]]:
        async with asyncio.timeout(60):
            while question not in self.answers:
                self.came.clear()
                await self.came.wait()
        return self.answers[question]


@asynccontextmanager
async def asking(toml: str, folder: Path = Path()) -> AsyncIterator[Asked]:
    asked = Asked(toml, folder)
    try:
        yield asked
    finally:
        await asked.inquiries.close()


CUSTOMERS = "phone,name,balance\n+380501234567, Olena ,12.50\n1001,Desk,0\n"


async def test_a_file_is_looked_up_by_its_key_column_and_read_anew_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(CUSTOMERS)
    toml = '[lookup.who]\nfile = "customers.csv"\ncolumn = "phone"\nresult = { customer = "name", owes = "balance" }'
    async with asking(toml, tmp_path) as asked:
        assert await asked.answer("lookup:who", ani="+380501234567") == ("ok", {"customer": "Olena", "owes": "12.50"})
        assert await asked.answer("lookup:who", ani="5") == ("unknown", {})
        file.write_text(CUSTOMERS + "5,Nobody special,1\n")
        assert await asked.answer("lookup:who", ani="5") == ("ok", {"customer": "Nobody special", "owes": "1"})
        file.write_text("other\n1\n")
        assert await asked.answer("lookup:who", ani="5") == ("failed", {})
        file.unlink()
        assert await asked.answer("lookup:who", ani="5") == ("failed", {})


async def test_a_list_is_looked_up_by_numbers_however_they_are_written() -> None:
    toml = (
        '[server]\ncountry = "UA"\n[lookup.vip]\nlist = "vip"\n[[list.vip]]\nnumber = "+380501234567"\nname = "Olena"'
    )
    async with asking(toml) as asked:
        assert await asked.answer("lookup:vip", ani="0501234567") == ("ok", {"name": "Olena"})
        assert await asked.answer("lookup:vip", ani="0501234568") == ("unknown", {})


def database(folder: Path) -> None:
    with sqlite3.connect(folder / "crm.db") as connection:
        connection.execute("CREATE TABLE customers (phone TEXT, pin TEXT, name TEXT, owes REAL, note TEXT)")
        connection.execute("INSERT INTO customers VALUES ('1001', '4711', 'Olena', 12.5, NULL)")
    connection.close()


QUERY = '[lookup.who]\ndatabase = "crm.db"\ntimeout = 0.5\nkey = "{ani}"\nquery = "'


async def test_a_database_is_asked_with_the_variables_of_the_call(tmp_path: Path) -> None:
    database(tmp_path)
    toml = QUERY + "SELECT name, owes, note FROM customers WHERE phone = :key AND pin = :pin AND :unheard = ''\""
    async with asking(toml, tmp_path) as asked:
        found = ("ok", {"name": "Olena", "owes": "12.5", "note": ""})
        assert await asked.answer("lookup:who", ani="1001", pin="4711") == found
        assert await asked.answer("lookup:who", ani="1001", pin="' OR 1=1 --") == ("unknown", {})


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM customers",
        "INSERT INTO customers VALUES ('2', '', '', 0, '')",
        "ATTACH 'other.db' AS other",
        "PRAGMA writable_schema = 1",
        "SELECT nothing FROM customers",
        "SELECT 1; SELECT 2",
    ],
)
async def test_a_database_is_only_read(tmp_path: Path, query: str) -> None:
    database(tmp_path)
    async with asking(f'{QUERY}{query}"', tmp_path) as asked:
        assert await asked.answer("lookup:who", ani="1001") == ("failed", {})
    connection = sqlite3.connect(tmp_path / "crm.db")
    assert connection.execute("SELECT count(*) FROM customers").fetchone() == (1,)
    connection.close()
    assert not (tmp_path / "other.db").exists()


async def test_callers_at_a_locked_database_leave_another_one_free(tmp_path: Path) -> None:
    database(tmp_path)
    with sqlite3.connect(tmp_path / "open.db") as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
        connection.execute("INSERT INTO customers VALUES ('Olena')")
    connection.close()
    query = 'query = "SELECT name FROM customers"'
    words = [f'[lookup.{name}]\ndatabase = "{name}.db"\ntimeout = 20.0\n{query}' for name in ("crm", "open")]
    lock = sqlite3.connect(tmp_path / "crm.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    async with asking("\n".join(words), tmp_path) as asked:
        stuck = [asked.ask("lookup:crm") for _ in range(20)]
        assert await asked.answer("lookup:open") == ("ok", {"name": "Olena"})
        assert not set(stuck) & asked.answers.keys()
        lock.close()


async def test_a_query_that_takes_too_long_is_given_up_and_holds_nobody_up(tmp_path: Path) -> None:
    database(tmp_path)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    async with asking(f'{QUERY}{endless}"', tmp_path) as asked:
        outcome, _ = await asked.answer("lookup:who", ani="1001")
        assert outcome in ("timeout", "failed")


async def test_a_web_service_is_asked_and_its_answer_brings_variables(caplog: pytest.LogCaptureFixture) -> None:
    server = HttpServer([Reply(body=json.dumps({"order": {"status": "on its way", "sum": 12.5}}).encode())])
    async with server as url:
        toml = f"""
[webservice.parcel]
url = "{url}/parcels/{{digits}}"
allow_private = ["127.0.0.0/8"]
bearer = {{ env = "KEY" }}
result = {{ status = "order.status", sum = "order.sum" }}
"""
        async with asking(toml) as asked:
            answer = await asked.answer("webservice:parcel", digits="0042")
    assert answer == ("ok", {"status": "on its way", "sum": "12.5"})
    line, headers, _ = server.requests[0]
    assert line == "GET /parcels/0042 HTTP/1.1"
    assert headers["authorization"] == "Bearer s3cret"
    assert "s3cret" not in caplog.text


SMS = """
[sms.link]
webservice = "gateway"
text = "See {site}."
[webservice.gateway]
method = "POST"
url = "@/messages"
allow_private = ["127.0.0.0/8"]
body = "json"
fields = { to = "{sms_to}", text = "{sms_text}", ref = "{call}" }
bearer = { env = "KEY" }
result = { sms_id = "id" }
cache = 600
"""
PAID = {"sms_to": "+380501234567", "sms_text": "Чек: 12\u00a0₴", "call": "c1"}


async def test_a_gateway_is_asked_to_send_every_text_message(caplog: pytest.LogCaptureFixture) -> None:
    server = HttpServer([Reply(body=b'{"id": 71}'), Reply(status=201, body=b'{"id": 72}'), Reply(status=503)])
    async with server as url, asking(SMS.replace("@", url)) as asked:
        assert await asked.answer("sms:link", None, **PAID) == ("ok", {"sms_id": "71"})
        assert await asked.answer("sms:link", None, **PAID) == ("ok", {"sms_id": "72"})
        assert await asked.answer("sms:link", None, **PAID) == ("status", {})
        assert await asked.answer("sms:other", None, **PAID) == ("unavailable", {})
    line, headers, body = server.requests[0]
    assert (line, headers["authorization"]) == ("POST /messages HTTP/1.1", "Bearer s3cret")
    assert json.loads(body) == {"to": "+380501234567", "text": "Чек: 12\u00a0₴", "ref": "c1"}
    assert "sms link: status 503" in caplog.text
    assert "380501234567" not in caplog.text


async def test_a_gateway_that_is_asked_with_a_get_is_asked_once() -> None:
    toml = SMS.replace('method = "POST"', "").replace('body = "json"', "retries = 3").replace("fields", "#")
    server = HttpServer([Reply(status=503)] * 4)
    async with server as url, asking(toml.replace("@/", f"{url}/{{sms_to}}/{{sms_text}}/")) as asked:
        assert await asked.answer("sms:link", None, **PAID) == ("status", {})
    assert [line.split()[1][:17] for line, *_ in server.requests] == ["/%2B380501234567/"]


async def test_failures_have_names_and_no_log_shows_what_was_entered(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="softswitch")
    toml = '[webservice.check]\nurl = "http://127.0.0.1:9/{pin}"\ntimeout = 1'
    async with asking(toml) as asked:
        assert await asked.answer("webservice:check", pin="907856") == ("address-refused", {})
        assert await asked.answer("webservice:other") == ("unavailable", {})
        assert await asked.answer("oracle:delphi") == ("unavailable", {})
    assert "webservice check: address-refused" in caplog.text
    assert "907856" not in caplog.text


async def test_a_question_that_is_forgotten_is_never_answered(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    toml = '[lookup.who]\nfile = "customers.csv"'
    async with asking(toml, tmp_path) as asked:
        forgotten = asked.ask("lookup:who", ani="1001")
        asked.inquiries.forget(forgotten)
        assert (await asked.answer("lookup:who", ani="1001"))[0] == "ok"
        assert forgotten not in asked.answers


async def test_another_configuration_keeps_what_has_not_changed(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    one = '[webservice.a]\nurl = "http://127.0.0.1:9/a"\n[webservice.b]\nurl = "http://127.0.0.1:9/b"\ntimeout = 0.1\n'
    async with asking(one, tmp_path) as asked:
        for name in ("webservice:a", "webservice:b"):
            assert await asked.answer(name) == ("address-refused", {})
        before = known(asked)
        asked.reload(one.replace("9/b", "9/c") + '[lookup.who]\nfile = "customers.csv"', tmp_path)
        for name in ("webservice:a", "webservice:b"):
            assert await asked.answer(name) == ("address-refused", {})
        assert known(asked)["webservice", "a"] == before["webservice", "a"]
        assert len(known(asked)["webservice", "b"]) == 2
        assert (await asked.answer("lookup:who", ani="1001"))[0] == "ok"


def known(asked: Asked) -> dict[tuple[str, str], list[object]]:
    """Everybody whose connections are kept."""
    return {where: [one.source for one in versions] for where, versions in asked.inquiries._known.items()}


TWO = """
[webservice.parcel]
url = "{url}/parcels"
allow_private = ["127.0.0.0/8"]
[verbs.app]
url = "{url}/app"
allow_private = ["127.0.0.0/8"]
[lookup.who]
list = "vip"
[lookup.file]
file = "customers.csv"
[[list.vip]]
number = "1001"
name = "Olena"
"""


async def test_whoever_a_reload_takes_away_or_changes_still_answers_for_calls_that_began_before_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "customers.csv").write_text("phone,name\n1001,Desk\n")
    server = HttpServer(answer=lambda path, body: Reply(body=json.dumps({"from": path}).encode()))
    async with server as url, asking(TWO.format(url=url), tmp_path) as asked:
        late = asked.ask("webservice:parcel")
        before = asked.reload(f'[webservice.parcel]\nurl = "{url}/new"\nallow_private = ["127.0.0.0/8"]', tmp_path)
        assert await asked.answer("webservice:parcel") == ("ok", {"from": "/new"})
        assert await asked.answer_to(late) == ("ok", {"from": "/parcels"})
        assert await asked.answer("webservice:parcel", before) == ("ok", {"from": "/parcels"})
        assert (await asked.answer("verbs:app", before))[0] == "ok"
        assert await asked.answer("lookup:who", before, ani="1001") == ("ok", {"name": "Olena"})
        assert (await asked.answer("lookup:file", before, ani="1001"))[1]["name"] == "Desk"
        for gone in ("verbs:app", "lookup:who", "lookup:file"):
            assert await asked.answer(gone) == ("unavailable", {})


class SlowFile(FileSource):
    """One that is read only when the disk lets it, and counts how often."""

    reads = 0

    def __init__(self, path: Path) -> None:
        super().__init__(path, None)
        self.disk = threading.Event()

    def _load(self) -> Any:
        self.reads += 1
        assert self.disk.wait(30.0)
        return super()._load()


async def test_a_file_that_takes_longer_than_the_time_limit_is_read_once_and_then_there(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    words = config('[lookup.who]\nfile = "customers.csv"\ntimeout = 0.1', tmp_path).lookups["who"]
    assert words.file is not None
    file = SlowFile(words.file)
    lookup = Lookup("who", words, file)
    impatient = [lookup.ask({"ani": "1001"}) for _ in range(5)]
    assert [outcome for outcome, _ in await asyncio.gather(*impatient)] == ["timeout"] * 5
    file.disk.set()
    await file.read()
    assert await lookup.ask({"ani": "1001"}) == ("ok", {"phone": "1001", "name": "Desk", "balance": "0"})
    assert file.reads == 1
    file.disk.clear()
    (tmp_path / "customers.csv").write_text(CUSTOMERS + "1002,New,0\n")
    patient = Lookup("who", words.model_copy(update={"timeout": 5.0}), file)
    assert (await patient.ask({"ani": "1001"}))[0] == "ok", "what is known of old is told meanwhile"
    assert await patient.ask({"ani": "1002"}) == ("unknown", {})
    file.disk.set()
    await file.read()
    assert (await patient.ask({"ani": "1002"}))[0] == "ok"
    assert file.reads == 2


async def test_files_are_read_before_anybody_asks(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    async with asking('[lookup.who]\nfile = "customers.csv"\ntimeout = 0.001', tmp_path) as asked:
        await asyncio.gather(*(source.read() for source in asked.inquiries._files._sources.values()))
        source = asked.inquiries._files.open(tmp_path / "customers.csv", None)
        assert source._rows is not None


APPLICATION = """
[verbs.app]
url = "{url}/call"
allow_private = ["127.0.0.0/8"]
bearer = {{ env = "KEY" }}
[queue.sales]
"""


async def test_an_application_is_told_everything_and_says_what_to_do() -> None:
    verbs = json.dumps([{"verb": "say", "text": "Hello."}, {"verb": "queue", "name": "sales"}])
    server = HttpServer([Reply(body=verbs.encode())])
    async with server as url, asking(APPLICATION.format(url=url)) as asked:
        assert await asked.answer("verbs:app", ani="1001", choice="1") == ("ok", {"verbs": verbs})
    line, headers, body = server.requests[0]
    assert line == "POST /call HTTP/1.1"
    assert headers["authorization"] == "Bearer s3cret"
    assert json.loads(body) == {"ani": "1001", "choice": "1"}


@pytest.mark.parametrize(
    ("reply", "outcome", "says"),
    [
        (Reply(status=500), "status", "status 500"),
        (Reply(body=b" " * 300_000), "too-large", "too-large"),
    ],
)
async def test_an_answer_that_cannot_be_carried_out_is_no_answer(
    reply: Reply, outcome: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with HttpServer([reply]) as url, asking(APPLICATION.format(url=url)) as asked:
        assert await asked.answer("verbs:app") == (outcome, {})
    assert says in caplog.text
