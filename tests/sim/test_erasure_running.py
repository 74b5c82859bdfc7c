"""A customer is erased while the switch runs: who waits, has ordered a callback, asked for one, and may come back."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from acd.dispatcher import Dispatcher
from softswitch.call.callbacks.desk import CallbackDesk
from softswitch.config import parse_config
from softswitch.config.acd import acd_config
from softswitch.erasure.desk import ErasureDesk, InUse, Parts
from softswitch.erasure.eraser import demand_no_order
from softswitch.erasure.forms import forms_of
from softswitch.erasure.rewriting import NotErased
from softswitch.explain.replay import PREFIX, RECOVERED, verify
from softswitch.messages import Message, State
from softswitch.store import snapshots
from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader
from softswitch.store.snapshots import Snapshot
from softswitch.voicemail.mailroom import Mailroom
from tests.sim.office import CENTRE, Office
from tests.sim.test_flows_callback_requests import REQUESTS
from tests.sim.test_flows_callbacks import OFFER
from tests.support.journal_file import write_journal
from tests.support.sim_ports import SimClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBER, DIGITS = "+380501234567", "501234567"
OLD = "announce = { position = true, first_after = 5, every = 20 }\n"
SALES = f"resume_within = 600\nannounce = {{ position = false }}\n{OFFER}\n"


@pytest.fixture
def office() -> Iterator[Office]:
    centre = CENTRE.replace(OLD, "").replace("[queue.sales]\n", f"[queue.sales]\n{SALES}")
    found = Office(centre=centre + REQUESTS + '[voicemail.sales]\npin = "4711"\n')
    yield found
    found.close()


class Running:
    """The desk of a switch on virtual time; its lines come to the disk when somebody wants them there."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.folder, self.written = office, folder, 0
        self.snapshots: list[dict[str, Any]] = []

    def erase(self, *, dry_run: bool = False) -> dict[str, Any]:
        return asyncio.run(self._erase(dry_run=dry_run))

    async def _erase(self, *, dry_run: bool) -> dict[str, Any]:
        switch, world = self.office.switch, self.office.world
        config = parse_config(f'[server]\ndata_dir = "{self.folder}"\n'.encode(), file="c", folder=self.folder, env={})
        callbacks = CallbackDesk(
            switch.control,
            switch.dispatcher,
            clock=SimClock(),
            now=lambda: world.now,
            new_id=lambda: "web",
            settle=switch.flush,
        )

        def note(kind: str, data: Any) -> None:
            switch.journal.append(kind, None, data, at=SimClock().wall(world.now))

        mailroom = Mailroom(config, switch.boxes, wall=lambda: world.now, note=note)
        parts = Parts(
            lambda: config,
            switch.control,
            switch.dispatcher,
            callbacks,
            switch.boxes,
            mailroom,
            switch.book.contacts,
            snapshot=lambda: self.snapshots.append(switch.dispatcher.snapshot()),
            wall=lambda: SimClock().wall(world.now),
            note=note,
            kept=self.kept,
        )
        try:
            return await ErasureDesk(parts).erase(NUMBER, by="ann", dry_run=dry_run)
        finally:
            await mailroom.stop()

    async def kept(self) -> None:
        lines = self.office.switch.journal.lines
        if not any(line.kind == "customer.erased" for line in lines):
            (self.folder / FILE_NAME).unlink(missing_ok=True)
            write_journal(self.folder, lines)


def waits(office: Office, number: str = "101") -> Any:
    call = office.trunk().dial(number)
    office.world.run_until(lambda: call.answered_at is not None, what="answer")
    office.run(1)
    return call


def test_who_is_in_a_call_is_not_erased_before_it_is_over(office: Office, tmp_path: Path) -> None:
    call = waits(office)
    running = Running(office, tmp_path)
    with pytest.raises(InUse, match="is in a call now"):
        running.erase()
    assert running.erase(dry_run=True)["calls"] == 1
    call.hang_up()
    office.run(5)
    assert NUMBER in json.dumps(office.switch.dispatcher.snapshot()), "the place is kept"
    erased = running.erase()
    assert (erased["calls"], erased["left"]) == (1, [])
    assert DIGITS not in json.dumps([*running.snapshots, office.switch.dispatcher.snapshot()])
    assert DIGITS.encode() not in (tmp_path / FILE_NAME).read_bytes()
    with Reader(tmp_path / FILE_NAME) as reader:
        found = verify(reader.lines_like((PREFIX, RECOVERED)), Dispatcher(acd_config(office.switch.config)))
    assert found.exact
    office.run(5)
    again = waits(office)
    (ticket,) = office.switch.dispatcher.tickets.values()
    assert office.world.now - ticket.since < 5, "nobody remembers the wait"
    again.hang_up()


def refused_while_stopped(office: Office, folder: Path) -> None:
    """Of what a switch that was stopped now has left, only a switch can take the callback back."""
    folder.mkdir()
    lines = office.switch.journal.lines
    state = Snapshot(len(lines), lines[-1].at, office.world.now, office.switch.dispatcher.snapshot())
    with closing(sqlite3.connect(write_journal(folder, lines), isolation_level=None)) as connection:
        connection.execute(snapshots.PUT, state.row())
    config = parse_config(f'[server]\ndata_dir = "{folder}"\n'.encode(), file="c", folder=folder, env={})
    with pytest.raises(NotErased, match="is to be called back by the queue sales: start the switch"):
        demand_no_order(config, forms_of(NUMBER, config.plan), lines[-1].at)


def test_callbacks_requests_and_messages_are_gone_at_once(office: Office, tmp_path: Path) -> None:
    call = waits(office)
    office.run(9)
    for key in ("2", "1"):
        call.press(key)
        office.run(1)
    office.run(5)
    assert [ticket.number for ticket in office.switch.dispatcher.tickets.values()] == [NUMBER]
    refused_while_stopped(office, tmp_path / "stopped")
    call = waits(office, "130")
    call.press("1")
    office.run(6)
    assert [request.number for request in office.switch.boxes.requests()] == [NUMBER]
    posted = len(office.switch.mailroom.posted)
    office.switch.boxes.put(Message("sales~x~1", "sales", 0.0, State.NEW, "x", NUMBER))
    erased = Running(office, tmp_path).erase()
    assert not office.switch.dispatcher.tickets
    assert office.switch.boxes.requests() == []
    assert office.switch.boxes.all() == []
    assert len(office.switch.mailroom.posted) == posted, "no letter tells the number once more"
    assert not getattr(office.switch.mailroom, "withdrawn", [])
    assert (erased["calls"], erased["messages"], erased["requests"]) == (2, 1, 2)
    assert DIGITS.encode() not in (tmp_path / FILE_NAME).read_bytes()
    (line,) = office.switch.journal.of("customer.erased")
    assert (line.data["by"], line.data["messages"], line.data["name"]) == ("ann", 1, erased["name"])
