"""The journal reaches a receiver that is down, slow or picky: in order, at least once, nothing left out."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from softswitch.config.secrets import Secret
from softswitch.config.words.systems import DEFAULT_TYPES
from softswitch.outbox.delivery import REFUSALS, Delivery
from softswitch.outbox.events import Event, Selection, event_of
from softswitch.outbox.sinks import EventFile, NotDelivered, Webhook, signature
from softswitch.store.cdr import Record
from softswitch.store.journal import JournalWriter
from tests.support.http_server import HttpServer, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path


class Receiver:
    """A sink in memory that answers as it is told: `answers` are used up first, then everything is taken."""

    name = "receiver"

    def __init__(self) -> None:
        self.taken: list[Event] = []
        self.answers: list[Exception | None] = []
        self.poison = ""
        self.changed = asyncio.Event()

    async def deliver(self, events: Sequence[Event]) -> None:
        self.changed.set()
        answer: Exception | None = self.answers.pop(0) if self.answers else None
        if any(event.document["data"].get("n") == self.poison for event in events):
            answer = NotDelivered("status 422", refused=True)
        if answer is not None:
            raise answer
        self.taken += events

    async def close(self) -> None:
        pass

    @property
    def numbers(self) -> list[object]:
        return [event.document["data"]["n"] for event in self.taken]


async def until(condition: Callable[[], bool], receiver: Receiver) -> None:
    async with asyncio.timeout(60):
        while not condition():
            receiver.changed.clear()
            await receiver.changed.wait()


@contextlib.asynccontextmanager
async def journal(path: Path) -> AsyncIterator[JournalWriter]:
    writer = JournalWriter(path, interval=0.0)
    await writer.start()
    try:
        yield writer
    finally:
        await writer.close(2.0)


def write(writer: JournalWriter, *numbers: object, kind: str = "call.test") -> None:
    for number in numbers:
        writer.append(kind, "c1", {"n": number}, at=1000.0)


def delivery(tmp_path: Path, sink: Any, alarms: list[str] | None = None) -> Delivery:
    return Delivery(
        sink,
        tmp_path / "j.db",
        tmp_path / "outbox" / "receiver",
        source="pbx",
        poll=0.0,
        first_pause=0.0,
        on_alarm=None if alarms is None else alarms.append,
    )


@pytest.mark.asyncio
async def test_what_happens_after_the_start_is_delivered_in_order_and_the_rest_is_left_out(tmp_path: Path) -> None:
    receiver = Receiver()
    async with journal(tmp_path / "j.db") as writer:
        write(writer, "before")
        writer.append("call.started", "c1", {"caller": "+380501234567"}, at=1000.0)
        await writer.flush()
        carrier = delivery(tmp_path, receiver)
        await carrier.start()
        write(writer, 1, 2)
        write(writer, "not wanted", kind="acd.clock")
        write(writer, 3, kind="ivr.node_entered")
        await writer.flush()
        await until(lambda: len(receiver.taken) == 3, receiver)
        await carrier.stop()
    assert receiver.numbers == [1, 2, 3]
    assert receiver.taken[0].document == {
        "id": "pbx-3",
        "version": 1,
        "type": "call.test",
        "at": "1970-01-01T00:16:40.000Z",
        "call": "c1",
        "customer": "+380501234567",
        "customer_id": "+380501234567",
        "data": {"n": 1},
    }


@pytest.mark.asyncio
async def test_events_tell_who_the_customer_is_also_those_of_before_it_was_known(tmp_path: Path) -> None:
    """What waits in the journal is told with what is known by now; the receiver has had the rest."""
    receiver = Receiver()
    async with journal(tmp_path / "j.db") as writer:
        carrier = delivery(tmp_path, receiver)
        await carrier.start()
        writer.append("call.started", "c1", {"n": 0, "caller": "+380501234567"}, at=1000.0)
        writer.append("call.started", "c2", {"n": 0}, at=1000.0)
        writer.append("call.started", "c3", {"n": 0, "customer_id": "K-3"}, at=1000.0)
        await writer.flush()
        await until(lambda: len(receiver.taken) == 3, receiver)
        receiver.answers = [NotDelivered("connection refused")] * 3
        write(writer, 1)
        writer.append("call.identified", "c1", {"n": 2, "customer_id": "K-0"}, at=1000.0)
        writer.append("call.identified", "c1", {"n": 3, "customer_id": "K-1"}, at=1000.0)
        write(writer, 4)
        writer.append("call.test", "c3", {"n": 5}, at=1000.0)
        await writer.flush()
        await until(lambda: len(receiver.taken) == 8, receiver)
        await carrier.stop()
    known = [(event.document["customer"], event.document["customer_id"]) for event in receiver.taken]
    number = "+380501234567"
    assert known[:3] == [(number, number), (None, None), (None, "K-3")]
    assert known[3:] == [(number, "K-1")] * 4 + [(None, "K-3")]


@pytest.mark.asyncio
async def test_a_receiver_that_is_down_misses_nothing_and_the_alarm_is_given_once(tmp_path: Path) -> None:
    receiver, alarms = Receiver(), list[str]()
    receiver.answers = [NotDelivered("connection refused")] * 7
    async with journal(tmp_path / "j.db") as writer:
        carrier = delivery(tmp_path, receiver, alarms)
        await carrier.start()
        for begin in range(0, 500, 50):
            write(writer, *range(begin, begin + 50))
            await writer.flush()
        await until(lambda: len(receiver.taken) == 500, receiver)
        await carrier.stop()
    assert receiver.numbers == list(range(500))
    assert alarms == ["events are not taken by receiver: connection refused", ""]


@pytest.mark.asyncio
async def test_what_nobody_expected_is_logged_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    receiver, alarms = Receiver(), list[str]()
    receiver.answers = [RuntimeError("our own mistake"), RuntimeError("our own mistake")]
    async with journal(tmp_path / "j.db") as writer:
        carrier = delivery(tmp_path, receiver, alarms)
        await carrier.start()
        write(writer, 1, 2)
        await writer.flush()
        await until(lambda: bool(receiver.taken), receiver)
        await carrier.stop()
    assert receiver.numbers == [1, 2]
    assert alarms == ["events are not taken by receiver: RuntimeError: our own mistake", ""]
    assert sum(record.exc_info is not None for record in caplog.records) == 1, "told once, with the place where it was"


@pytest.mark.asyncio
async def test_a_restart_goes_on_where_the_last_delivery_was_taken(tmp_path: Path) -> None:
    receiver = Receiver()
    async with journal(tmp_path / "j.db") as writer:
        carrier = delivery(tmp_path, receiver)
        await carrier.start()
        write(writer, 1)
        await writer.flush()
        await until(lambda: carrier.position == 1 or bool(receiver.taken), receiver)
        await carrier.stop()
        write(writer, 2, 3)
        await writer.flush()
        again = delivery(tmp_path, receiver)
        await again.start()
        await until(lambda: receiver.numbers[-1] == 3, receiver)
        await again.stop()
    assert list(dict.fromkeys(receiver.numbers)) == [1, 2, 3]
    assert len({event.id for event in receiver.taken}) == 3


@pytest.mark.asyncio
async def test_one_event_that_nobody_will_ever_take_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    receiver = Receiver()
    receiver.poison = "bad"
    async with journal(tmp_path / "j.db") as writer:
        carrier = delivery(tmp_path, receiver)
        await carrier.start()
        write(writer, 1, "bad", 2, 3)
        await writer.flush()
        await until(lambda: 3 in receiver.numbers, receiver)
        await carrier.stop()
    assert receiver.numbers == [1, 2, 3]
    assert REFUSALS > 1


@pytest.mark.asyncio
async def test_a_file_has_every_event_on_a_line_and_a_torn_line_is_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"id": "pbx-1"}\n{"id": "pb')
    file = EventFile(path)
    await file.deliver([event_of(Record(2, 5.0, "call.test", "c1", {"name": "Олена"}), "pbx")])
    await file.deliver([event_of(Record(3, 6.0, "call.test", "c1", {}), "pbx")])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["id"] for line in lines] == ["pbx-1", "pbx-2", "pbx-3"]
    assert lines[1]["data"] == {"name": "Олена"}


@pytest.mark.asyncio
async def test_a_file_that_cannot_be_written_is_a_failed_delivery(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("a file where a folder should be")
    with pytest.raises(NotDelivered, match="here"):
        await EventFile(tmp_path / "here" / "events.jsonl").deliver(EVENTS)


EVENTS = [event_of(Record(seq, 5.0, "call.test", "c1", {"имя": "Олена"}), "pbx") for seq in (7, 8)]


@pytest.mark.asyncio
async def test_a_webhook_is_signed_and_can_be_verified() -> None:
    server, secret = HttpServer([Reply(204)]), Secret("whsec")
    async with server as url, httpx2.AsyncClient() as client:
        await Webhook("crm", url, client, lambda: 1234.5, secret).deliver(EVENTS)
    _, headers, body = server.requests[0]
    assert headers["softswitch-signature"] == signature(secret, 1234, body)
    assert headers["softswitch-signature"].startswith("t=1234,v1=")
    assert headers["idempotency-key"] == "pbx-7..8"
    assert [event["id"] for event in json.loads(body)["events"]] == ["pbx-7", "pbx-8"]


@pytest.mark.asyncio
@pytest.mark.parametrize(("status", "refused"), [(500, False), (503, False), (429, False), (302, False), (422, True)])
async def test_an_answer_that_is_no_success_is_told_apart_by_whether_it_can_change(status: int, refused: bool) -> None:
    async with HttpServer([Reply(status)]) as url, httpx2.AsyncClient() as client:
        with pytest.raises(NotDelivered, match=str(status)) as caught:
            await Webhook("crm", url, client, lambda: 0.0).deliver(EVENTS)
    assert caught.value.refused is refused


@pytest.mark.asyncio
async def test_a_receiver_that_hangs_or_is_not_there_is_a_failed_delivery() -> None:
    async with httpx2.AsyncClient() as client:
        async with HttpServer([Reply(hang=True)]) as url:
            with pytest.raises(NotDelivered):
                await Webhook("crm", url, client, lambda: 0.0, timeout=0.05).deliver(EVENTS)
        with pytest.raises(NotDelivered):
            await Webhook("crm", url, client, lambda: 0.0).deliver(EVENTS)


@pytest.mark.asyncio
async def test_only_the_webhooks_own_timeout_counts() -> None:
    async with HttpServer([Reply(204, after=0.2)]) as url, httpx2.AsyncClient(timeout=0.05) as client:
        await Webhook("crm", url, client, lambda: 0.0, timeout=10.0).deliver(EVENTS)


def test_a_selection_is_made_of_words_with_a_star() -> None:
    everyday = Selection(DEFAULT_TYPES)
    assert [
        kind for kind in ("call.ended", "ivr.digit_pressed", "acd.offer", "switch.started") if everyday.wants(kind)
    ] == [
        "call.ended",
        "ivr.digit_pressed",
    ]
