from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from softswitch.messages import Request
from softswitch.store.cdr import CallRecord, Disposition, Record
from softswitch.store.journal import JournalWriter
from softswitch.store.missed import Missed, Why, asked, due, missed
from softswitch.store.missed_listing import show_callbacks
from tests.unit.softswitch.store.test_cdr import QUEUED

if TYPE_CHECKING:
    from pathlib import Path


def call(
    number: int, caller: str, disposition: Disposition, *, waited: float = 30.0, queue: str = "sales"
) -> CallRecord:
    """The *number*-th call, a minute after the one before."""
    return CallRecord(
        call=f"c{number}",
        caller=caller,
        name="",
        dialled="101",
        phone="",
        trunk="kyiv",
        language="en",
        started=60.0 * number,
        answered=60.0 * number,
        ended=60.0 * number + waited,
        path=(),
        disposition=disposition,
        ended_by="caller",
        cause="",
        sip_status=None,
        q850=None,
        queue=queue,
        agent="",
        waited=waited,
        talked=0.0,
    )


def numbers(found: list[Missed]) -> list[str]:
    return [caller.number for caller in found]


def test_callers_who_waited_in_vain_are_listed_the_longest_ago_first() -> None:
    found = missed(
        [
            call(2, "b", Disposition.NOT_SERVED),
            call(1, "a", Disposition.ABANDONED),
            call(3, "c", Disposition.CUT),
            call(4, "d", Disposition.SERVED),
            call(5, "e", Disposition.SELF_SERVICE),
        ]
    )
    assert [(caller.number, caller.why) for caller in found] == [
        ("a", Why.GAVE_UP),
        ("b", Why.TURNED_AWAY),
        ("c", Why.CUT_OFF),
    ]


def test_who_was_served_later_is_not_called_back() -> None:
    records = [call(1, "a", Disposition.ABANDONED), call(2, "a", Disposition.SERVED)]
    assert missed(records) == []
    assert numbers(missed([*records, call(3, "a", Disposition.ABANDONED)])) == ["a"]


def test_a_customer_who_was_served_at_another_telephone_is_not_called_back() -> None:
    def known(number: int, caller: str, disposition: Disposition, customer_id: str) -> CallRecord:
        return replace(call(number, caller, disposition), customer_id=customer_id)

    gave_up = known(1, "a", Disposition.ABANDONED, "K-1")
    served = known(3, "b", Disposition.SERVED, "K-1")
    assert missed([gave_up, served]) == []
    assert numbers(missed([gave_up, known(3, "b", Disposition.SERVED, "K-2")])) == ["a"]
    assert numbers(missed([gave_up, known(2, "a", Disposition.ABANDONED, "K-2"), served])) == ["a"]
    assert numbers(missed([gave_up, call(2, "a", Disposition.ABANDONED), served])) == ["a"]
    assert numbers(missed([call(1, "a", Disposition.ABANDONED), call(3, "b", Disposition.SERVED)])) == ["a"]


def test_a_number_is_listed_once_with_all_its_tries() -> None:
    (found,) = missed([call(n, "a", Disposition.ABANDONED) for n in (1, 2, 3)])
    assert (found.tries, found.waited, found.at) == (3, 90.0, 180.0)


def test_who_gave_up_at_once_never_waited() -> None:
    records = [call(1, "a", Disposition.ABANDONED, waited=3.0), call(2, "b", Disposition.ABANDONED, waited=6.0)]
    assert numbers(missed(records, short={"sales": 5.0})) == ["b"]


def test_callers_without_a_number_and_calls_without_a_queue_are_nobody_to_call_back() -> None:
    assert missed([call(1, "", Disposition.ABANDONED), call(2, "a", Disposition.CUT, queue="")]) == []


def test_a_callback_stays_on_the_list_until_it_is_over() -> None:
    records = [call(1, "a", Disposition.CALLBACK)]
    order = Record(1, 70.0, "callback.ordered", "c1", {"queue": "sales", "number": "a"})
    (found,) = missed(records, [order])
    assert (found.number, found.why) == ("a", Why.ORDERED)
    assert missed(records, [order, Record(2, 90.0, "acd.call_over", "c1", {"how": "served"})]) == []


def test_a_callback_that_nobody_asked_for_is_over_by_its_own_ticket() -> None:
    records = [call(1, "a", Disposition.ABANDONED)]
    order = Record(1, 70.0, "callback.ordered", "c1", {"queue": "sales", "number": "a", "ticket": "t9"})
    assert missed(records, [order])[0].why is Why.ORDERED
    over = Record(2, 90.0, "acd.call_over", "t9", {"how": "not_reached"})
    assert missed(records, [order, over])[0].why is Why.GAVE_UP


def test_the_promise_goes_on_with_the_call_that_took_the_place_of_the_callback() -> None:
    records = [call(1, "a", Disposition.CALLBACK), call(2, "a", Disposition.ABANDONED)]
    lines = [
        Record(1, 70.0, "callback.ordered", "c1", {"queue": "sales", "number": "a"}),
        Record(2, 120.0, "acd.call_over", "c1", {"how": "absorbed"}),
        Record(3, 150.0, "acd.callback_kept", "c2", {"queue": "sales"}),
    ]
    (found,) = missed(records, lines)
    assert (found.call, found.why) == ("c2", Why.ORDERED)


@pytest.mark.asyncio
async def test_the_list_is_printed_for_people_and_for_programs(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "softswitch.db")
    await writer.start()
    for at, kind, data in QUEUED:
        writer.append(kind, "call-two-4712", data, at=1000.0 + at)
    writer.append("acd.call_over", "call-two-4712", {"queue": "sales", "how": "abandoned"}, at=1100.0)
    writer.append("call.ended", "call-two-4712", {"by": "caller", "cause": "remote"}, at=1100.0)
    await writer.close()

    def printed(**options: Any) -> str:
        output = io.StringIO()
        show_callbacks(tmp_path, Console(file=output, width=200, color_system=None), **options)
        return output.getvalue()

    assert "gave up" in printed(since=900.0)
    (found,) = json.loads(printed(since=900.0, as_json=True))
    assert (found["why"], found["queue"], found["tries"]) == ("gave up", "sales", 1)
    assert printed(since=5000.0) == "nobody is to be called back\n"
    assert json.loads(printed(since=5000.0, as_json=True)) == []


def test_requests_to_be_called_back_are_listed_with_those_who_waited_in_vain() -> None:
    request = Request("later~c1", "later", 10.0, 3600.0, "+380441234567", "Olena", asked=2)
    assert asked([request], {"later": "sales"}) == [
        Missed("+380441234567", "Olena", "sales", 10.0, 0.0, 2, Why.ASKED, "c1", "later")
    ]


@pytest.mark.parametrize("queues", [{}, {"later": ""}])
def test_a_request_that_no_queue_makes_is_listed_without_one(queues: dict[str, str]) -> None:
    (caller,) = asked([Request("later~c1", "later", 10.0, 3600.0, "+380441234567")], queues)
    assert (caller.queue, caller.request) == ("", "later")


@pytest.mark.asyncio
async def test_the_list_has_the_queue_of_a_request_and_not_its_name(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "softswitch.db")
    await writer.start()
    writer.put_left(Request("evening~c1", "evening", 10.0, 3600.0, "+380441234567"))
    await writer.close()
    output = io.StringIO()
    console = Console(file=output, width=200, color_system=None)
    show_callbacks(tmp_path, console, since=0.0, queues={"evening": "sales"})
    line = output.getvalue().splitlines()[1]
    assert "sales" in line
    assert "evening" not in line


def test_requests_that_are_due_are_listed_until_they_are_over() -> None:
    lines = [
        Record(n, 100.0 + n, "callback_request.due", None, {"request": f"sales~c{n}", "queue": "s", "number": f"+{n}"})
        for n in (1, 2)
    ]
    assert due([*lines, Record(3, 110.0, "acd.call_over", "sales~c1", {"how": "served"})]) == [
        Missed("+2", "", "s", 102.0, 0.0, 1, Why.DUE, "c2", "sales")
    ]
