"""The figures of a simulated day, against a count that is as simple as possible and shares no code with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from acd.figures.agents import Activity
from acd.figures.service_level import VARIANTS
from acd.figures.tally import Standard, Tally
from softswitch.explain.legs import leg_ledgers
from softswitch.explain.story import story
from softswitch.reports.collect import Collector
from softswitch.reports.period import Period
from tests.support.sim_ports import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from softswitch.reports.collect import Collected
    from softswitch.store.cdr import Record

HALF_HOURS = 30
#: Times are kept to the microsecond.
EXACT = 1e-4


def collected(lines: Sequence[Record], minutes: int | None = None) -> Collected:
    end = lines[-1].at + 1
    collector = Collector(Period(EPOCH, end, ZoneInfo("UTC")).intervals(minutes), {}, keep_stays=True)
    for line in lines:
        collector.read(line)
    collector.close_agents(end)
    return collector.close(end)


def check_figures(lines: Sequence[Record]) -> None:
    """Everything below, for one journal."""
    whole, halves = collected(lines), collected(lines, HALF_HOURS)
    _check_calls(lines, whole)
    _check_waits(lines, whole)
    _check_conversations(lines, whole)
    _check_agents(lines, whole)
    _check_parts(whole.queues, halves.queues)
    _check_parts(whole.duties, halves.duties)
    _check_parts(whole.work, halves.work)


def check_accounts(lines: Sequence[Record]) -> None:
    """What holds for every journal, with transfers, callbacks and restarts: nothing is counted twice or lost."""
    if not lines:
        return
    found = collected(lines)
    for tally in (*found.queues.values(), *found.calls.values()):
        assert tally.answered <= tally.conversations
        assert tally.transfers <= tally.conversations
    total, by_queue = found.calls[0], Tally()
    for tally in found.queues.values():
        by_queue += tally
    duties = [duty.spent for duty in found.duties.values()]
    by_agents = sum(spent.get(Activity.TALKING, 0) + spent.get(Activity.HOLD, 0) for spent in duties)
    by_others = sum(_with_others(lines))
    assert total.talk + total.hold == by_queue.talk + by_queue.hold == by_agents + by_others, "talked for other times"
    assert total.conversations == by_queue.conversations
    calls = {line.call for line in lines if line.kind == "call.started"}
    assert total.offered + total.refused <= len(calls), "somebody was counted twice"
    for call in calls:
        mine = [line for line in lines if line.call == call]
        for leg in leg_ledgers(mine):
            assert sum(leg.sums().values()) == leg.ended - leg.began, f"{leg.who} of {call} does not add up"
        told = story(mine)
        assert told[0].kind == "call.started"
        assert all(sentence.text for sentence in told)


def _with_others(lines: Sequence[Record]) -> Iterator[int]:
    """Conversations of callers whom somebody took out of the queue by hand, at telephones of no agents of the queue."""
    sent, since = set[str | None](), dict[str | None, int]()
    for line in lines:
        at = round(line.at * 1e6)
        match line.kind:
            case "queue.sent_on" if line.data["target"].startswith("phone:"):
                sent.add(line.call)
            case "acd.queued" | "acd.rejoined":
                sent.discard(line.call)
            case "call.connected" if line.call in sent:
                since.setdefault(line.call, at)
            case "call.parted" | "call.ended":
                sent.discard(line.call)
                if line.call in since:
                    yield at - since.pop(line.call)
    yield from (round(lines[-1].at * 1e6) - at for at in since.values())


def _check_parts(whole: Mapping[tuple[str, int], Any], parts: Mapping[tuple[str, int], Any]) -> None:
    """Half hours add up to the day."""
    added: dict[str, Any] = {}
    for (name, _), part in parts.items():
        added[name] = added.get(name, type(part)()).__iadd__(part)
    assert added == {name: part for (name, _), part in whole.items()}


def _check_calls(lines: Sequence[Record], found: Collected) -> None:
    """Every caller who came to a queue has exactly one outcome, and it is the one in the journal."""
    how: dict[str, str] = {}
    for line in lines:
        if line.kind == "acd.call_over" and how.get(line.call or "") != "served":
            how[line.call or ""] = line.data["how"]
    naive = Counter(how.values())
    tally = found.calls[0]
    assert tally.offered + tally.refused == len(how)
    assert tally.answered == naive["served"]
    assert tally.abandoned == naive["abandoned"]
    assert tally.overflowed + tally.refused == naive["timed_out"] + naive["full"] + naive["empty"]
    assert (tally.left, tally.waiting, tally.cut) == (0, 0, 0)
    per_queue = Counter(line.data["queue"] for line in lines if line.kind == "acd.queued")
    assert {queue: tally.offered for (queue, _), tally in found.queues.items() if tally.offered} == per_queue
    assert len({(stay.call, stay.arrived) for stay in found.stays}) == len(found.stays)


def _check_waits(lines: Sequence[Record], found: Collected) -> None:
    """Service level by all formulas, ASA and abandonment from waits that are added up call by call."""
    waits: defaultdict[str, float] = defaultdict(float)
    since: dict[str, float] = {}
    answered: dict[str, float] = {}
    abandoned: dict[str, float] = {}
    for line in lines:
        call = line.call or ""
        if line.kind in ("acd.queued", "acd.returned"):
            since[call] = line.at
        elif line.kind in ("acd.connect", "acd.call_over") and call in since:
            waits[call] += line.at - since.pop(call)
        if line.kind == "acd.call_over" and line.data["how"] in ("served", "abandoned"):
            (answered if line.data["how"] == "served" else abandoned)[call] = waits[call]
    figures = found.calls[0].figures(Standard())
    an, ab = len(answered), len(abandoned)
    quick = sum(wait <= 20 for wait in answered.values())
    gone_soon, gone_at_once = sum(w <= 20 for w in abandoned.values()), sum(w < 5 for w in abandoned.values())
    expected = {
        "F1": (quick + gone_soon) / (an + ab),
        "F2": quick / an,
        "F3": quick / (an + ab),
        "F4": quick / (an + ab - gone_soon),
        "F5": (quick + gone_at_once) / (an + ab),
        "F6": quick / (an + ab - gone_at_once),
    }
    for name in VARIANTS:
        level = found.calls[0].figures(Standard(definition=name))["service_level"]
        assert level.value == pytest.approx(expected[name]), f"service level by {name}"
    assert figures["asa"].value == pytest.approx(sum(answered.values()) / an, abs=EXACT)
    assert figures["longest_wait"].value == pytest.approx(max(waits.values()), abs=EXACT)
    offered = found.calls[0].offered
    assert figures["abandonment"].value == pytest.approx((ab - gone_at_once) / (offered - gone_at_once))


def _check_conversations(lines: Sequence[Record], found: Collected) -> None:
    """Queues, agents and call control tell the same time of talking; call control knows nothing of the others."""
    talked, since = 0.0, dict[str | None, float]()
    for line in lines:
        if line.kind == "call.connected" and line.data.get("agent"):
            since[line.call] = line.at
        elif line.kind in ("call.parted", "call.ended") and line.call in since:
            talked += line.at - since.pop(line.call)
    tally = found.calls[0]
    duties = [duty.spent for duty in found.duties.values()]
    by_agents = sum(spent.get(Activity.TALKING, 0) + spent.get(Activity.HOLD, 0) for spent in duties)
    assert tally.talk + tally.hold == by_agents
    assert (tally.talk + tally.hold) / 1e6 == pytest.approx(talked, abs=len(lines) * 1e-6)
    assert tally.hold == sum(spent.get(Activity.HOLD, 0) for spent in duties) > 0
    assert tally.wrap_up == sum(spent.get(Activity.WRAP_UP, 0) for spent in duties) > 0


def _check_agents(lines: Sequence[Record], found: Collected) -> None:
    """From login to logout everything is accounted for, to the microsecond."""
    logged_in: dict[str, float] = {}
    naive: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        if line.kind == "acd.agent":
            agent, here = line.data["agent"], line.data["status"] != "logged_out" or line.data["state"] != "idle"
            if here:
                logged_in.setdefault(agent, line.at)
            elif agent in logged_in:
                naive[agent] += round(line.at * 1e6) - round(logged_in.pop(agent) * 1e6)
    assert not logged_in, "somebody has not gone home"
    assert {agent: sum(duty.spent.values()) for (agent, _), duty in found.duties.items()} == naive
    offers = Counter(line.data["agent"] for line in lines if line.kind == "acd.offer")
    missed = Counter(
        line.data["agent"] for line in lines if line.kind == "acd.offer_over" and line.data["how"] == "no_answer"
    )
    assert Counter({agent: work.offers for (agent, _), work in found.work.items()}) == offers
    assert +Counter({agent: work.no_answers for (agent, _), work in found.work.items()}) == missed
    _check_shifts(lines, found)


def _check_shifts(lines: Sequence[Record], found: Collected) -> None:
    """The distributor's own time sheets, on its own clock, say the same of those who do not log out in a call."""
    talk_on = {
        line.data["agent"]
        for line in lines
        if line.kind == "acd.agent" and line.data["status"] == "logged_out" and line.data["state"] != "idle"
    }
    told: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        if line.kind == "acd.shift":
            told[line.data["agent"]]["login"] += line.data["logged_in"]
            for _, state, _, length in line.data["spent"]:
                told[line.data["agent"]][state] += length
    assert len(told.keys() - talk_on) > 3
    for (agent, _), duty in found.duties.items():
        if agent not in talk_on:
            spent, sheet, rounding = Counter(duty.spent), told[agent], len(lines)  # a microsecond each time
            assert duty.login == pytest.approx(sheet["login"], abs=rounding), f"{agent}'s time differs"
            talked = spent[Activity.TALKING] + spent[Activity.HOLD]
            assert talked == pytest.approx(sheet["talking"], abs=rounding)
            assert spent[Activity.WRAP_UP] == pytest.approx(sheet["wrap_up"], abs=rounding)
            assert spent[Activity.RINGING] == pytest.approx(sheet["offered"], abs=rounding)
