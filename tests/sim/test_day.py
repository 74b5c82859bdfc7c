"""Eight hours of a contact centre on a network that loses, repeats and reorders: every call is accounted for once."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

import pytest

from acd.agent import State
from softswitch.store.cdr import CallRecord, Disposition
from tests.sim.day import Day
from tests.sim.figures import check_figures
from tests.support.sim_ports import EPOCH

if TYPE_CHECKING:
    from tests.support.sim_phone import PhoneCall

CALLS = 500

#: Longest time that a message which was lost again and again may have taken (RFC 3261: 0.5 + 1 + 2 + 4 s and more).
LATE = 9.0


@pytest.mark.parametrize("seed", range(1, 6))
def test_every_call_of_a_day_is_accounted_for_exactly_once(seed: int) -> None:
    day = Day(seed, calls=CALLS)
    day.live()
    try:
        _check(day)
    except AssertionError as error:
        raise AssertionError(f"{day.summary()}: {error}") from error


def _check(day: Day) -> None:
    assert len(day.callers) == CALLS
    day.switch.check()
    day.switch.check_ledger()
    day.switch.check_nothing_left()
    for agent in day.switch.dispatcher.agents.values():
        assert agent.state is State.IDLE, f"{agent.id} is still {agent.state}"

    records = {record.caller: record for record in day.switch.records() if record.trunk}
    began = Counter(line.data["caller"] for line in day.switch.journal.of("call.started") if line.data.get("trunk"))
    never_arrived = {n for n in day.vanished & day.callers.keys() - began.keys() if not day.callers[n].responses}
    placed = day.callers.keys() - never_arrived
    assert began == Counter(dict.fromkeys(placed, 1)), "each caller is on record once"
    talks, off = day.talks(), []
    for number in sorted(placed):
        off += _compare(records[number], day.callers[number], talks[number], gone=number in day.vanished)
    assert median(off) < 0.15, "records and telephones agree to a fraction of a second, but for what was lost"

    check_figures(day.switch.journal.lines)
    kinds = Counter(record.disposition for record in records.values())
    assert kinds[Disposition.SERVED] > CALLS * 0.3
    assert kinds[Disposition.ABANDONED] > CALLS * 0.05
    assert not kinds[Disposition.IN_PROGRESS]
    assert len({record.agent for record in records.values() if record.agent}) >= 6, "nearly everybody worked"


def _compare(record: CallRecord, caller: PhoneCall, talks: list[tuple[str, PhoneCall]], *, gone: bool) -> list[float]:
    """By how many seconds the record differs from what the telephones went through."""
    about = f"{record.call} of {record.caller}"
    assert record.ended is not None
    assert sum(segment.seconds for segment in record.path) == pytest.approx(record.seconds), f"{about}: the path leaks"
    off: list[float] = []
    epoch = record.started - caller.began
    assert 0 <= epoch - EPOCH < LATE, f"{about}: began at another time"
    if caller.answered_at is not None:
        assert record.answered is not None, f"{about}: the caller was answered, the record was not"
        off.append(caller.answered_at - (record.answered - EPOCH))
    if record.disposition is Disposition.SERVED:
        agent, side = max(talks, key=lambda talk: _length(talk[1]))
        assert record.agent in {name for name, _ in talks}, f"{about}: {record.agent} never picked up"
        if not gone and not side.phone.gone and side.cause != "":
            assert record.agent == agent, f"{about}: talked with {agent}, not {record.agent}"
            off.append(_length(side) - record.talked)
    elif talks:
        longest = max(_length(side) for _, side in talks)
        assert longest < 4 * LATE or gone, f"{about}: an agent talked {longest:.1f} s, the record knows nothing of it"
    if not gone and caller.cause == "remote":
        assert record.ended_by in ("switch", "agent"), f"{about}: the switch ended it, not {record.ended_by}"
    assert all(abs(seconds) < 4 * LATE for seconds in off), f"{about}: off by {off}"
    return [abs(seconds) for seconds in off]


def _length(call: PhoneCall) -> float:
    assert call.answered_at is not None
    return (call.phone.world.now if call.ended_at is None else call.ended_at) - call.answered_at
