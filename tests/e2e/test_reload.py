"""A hundred reloads while real telephones call, wait, press keys and talk: nobody notices, except by the new menus."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from softswitch.admin.client import AdminClient
from softswitch.phones.phone import SimulatedPhone
from softswitch.phones.ticker import Ticker
from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader
from tests.support.audio import sine, write_wav
from tests.support.switch import eventually

if TYPE_CHECKING:
    from softswitch.store.cdr import Record
    from tests.e2e.conftest import Switches
    from tests.support.switch import Switch

RELOADS = 100
CALLERS, AGENTS = 8, 6
TALK, BETWEEN = 0.4, 0.05  # seconds
#: What each caller presses; "": nothing, they dial the queue.
KEYS = ("1", "2", "", "3", "4", "5", "6", "7")

PEOPLE = "".join(
    f'[[phone]]\nuser = "{user}"\npassword = "secret-{user}"\n'
    for user in [f"30{n:02}" for n in range(AGENTS)] + [f"40{n:02}" for n in range(CALLERS)] + ["5000"]
) + "".join(
    f'[[agent]]\nid = "agent{n}"\nphone = "30{n:02}"\nskills = {{ all = 100 }}\nlogged_in = true\n'
    for n in range(AGENTS)
)

#: Everything called ``even`` or ``odd`` is there in every second version only; what callers press leads to one or the
#: other, through a lookup, a web service and an application that are not there, hours, or people who are nowhere.
CENTRE = """
[[route]]
did = "100"
to = "menu:main"

[[route]]
did = "101"
to = "queue:{queue}"

[menu.main]
say = "tone"
keys = {{ 1 = "queue:{queue}", 2 = "queue:both", 3 = "lookup:{queue}", 4 = "webservice:{queue}", 5 = "verbs:{queue}", \
6 = "hours:{queue}", 7 = "findme:{queue}" }}
timeout = 20

[lookup.{queue}]
list = "{queue}"
then = "queue:{queue}"
when_unknown = "queue:{queue}"

[[list.{queue}]]
number = "4003"

[webservice.{queue}]
url = "http://127.0.0.1:1/{queue}"
allow_private = ["127.0.0.1"]
when_failed = "queue:{queue}"

[verbs.{queue}]
url = "http://127.0.0.1:1/{queue}"
allow_private = ["127.0.0.1"]
when_failed = "queue:{queue}"

[hours.{queue}]
open = ["mon-sun 00:00-24:00"]
when_open = "goto:{queue}"
when_closed = "hangup"

[goto.{queue}]
then = "set:{queue}"

[set.{queue}]
then = "queue:{queue}"

[findme.{queue}]
ring = ["phone:5000"]
when_nobody = "queue:{queue}"

[queue.{queue}]
needs = "all >= 50"
wrap_up = 0
ring_timeout = 5
when_timed_out = "say:{queue}-is-over"

[say.{queue}-is-over]
say = "Goodbye."

[queue.both]
needs = "all >= 50"
wrap_up = 0
ring_timeout = {ring_timeout}
"""


def test_a_hundred_reloads_drop_no_call_misroute_none_and_log_nobody_out(switches: Switches) -> None:
    switch = switches.start(PEOPLE + centre(1))
    recording = switch.data / "prompts" / "en" / "tone.wav"
    recording.parent.mkdir(parents=True)
    write_wav(recording, sine(440, 3.0))
    made, errors = asyncio.run(play(switch))
    assert not errors, f"{len(errors)} of {made} calls went wrong:\n" + "\n".join(errors[:10])
    assert made > 50, "that was no load"
    states = [(agent["agent"], agent["status"]) for agent in switch.ask("agents")["agents"]]
    assert states == [(f"agent{n}", "available") for n in range(AGENTS)]
    eventually(lambda: len(journal(switch, "call.ended")) == made, what="the end of every call")
    check_journal(switch)


def centre(version: int) -> str:
    return CENTRE.format(queue=queue_of(version), ring_timeout=5 + version % 7)


def queue_of(version: int) -> str:
    return "even" if version % 2 == 0 else "odd"


async def play(switch: Switch) -> tuple[int, list[str]]:
    """Callers call until the last reload is done; how many calls there were, and what was wrong with them."""
    ticker = Ticker()

    async def answer(call: Any) -> None:
        await asyncio.sleep(0.05)
        call.answer()

    def phone(user: str) -> SimulatedPhone:
        address = ("127.0.0.1", switch.port)
        return SimulatedPhone(
            user, f"secret-{user}", server=address, domain=switch.domain, ticker=ticker, policy=answer
        )

    desks = [phone(f"30{n:02}") for n in range(AGENTS)]
    callers = [phone(f"40{n:02}") for n in range(CALLERS)]
    done, made, errors = asyncio.Event(), [0], list[str]()
    for each in (*desks, *callers):
        await each.start()
        await each.register()
    people = [asyncio.create_task(call_again(caller, n, done, made, errors)) for n, caller in enumerate(callers)]
    try:
        await reload_all(switch)
    finally:
        done.set()
        await asyncio.gather(*people)
        for each in (*callers, *desks):
            await each.close()
    return made[0], errors


async def reload_all(switch: Switch) -> None:
    head = switch.config.read_text().removesuffix(PEOPLE + centre(1))
    with AdminClient(switch.data) as operator:
        for version in range(2, RELOADS + 2):
            switch.config.write_text(head + PEOPLE + centre(version))
            outcome = await asyncio.to_thread(operator.ask, "config.reload", by="test")
            assert (outcome["version"], outcome["errors"]) == (version, []), outcome
            await asyncio.sleep(0.05)


async def call_again(
    phone: SimulatedPhone, number: int, done: asyncio.Event, made: list[int], errors: list[str]
) -> None:
    """Some come by the menu, each by a key of their own, some straight to the queue; everybody talks a while."""
    key = KEYS[number % len(KEYS)]
    while not done.is_set():
        made[0] += 1
        call = phone.dial("100" if key else "101")
        try:
            await call.answered()
            if key:
                await asyncio.sleep(0.2 + 0.05 * number)
                await call.press(key)
            await asyncio.sleep(TALK + 0.1 * number)
            if call.end is not None:
                errors.append(f"{phone.user}: was cut off: {call.end.why}")
            call.hang_up()
            await call.ended(5)
        except Exception as error:
            errors.append(f"{phone.user}: {error}")
        await asyncio.sleep(BETWEEN)


def journal(switch: Switch, *kinds: str) -> list[Record]:
    with Reader(switch.data / FILE_NAME) as reader:
        return list(reader.lines(kinds))


def check_journal(switch: Switch) -> None:
    """Who began while a version was in force was led where that version leads; every call got what it came for."""
    records = journal(switch, "switch.reloaded", "call.started", "acd.queued", "acd.connect", "call.ended")
    version, wanted, served = 1, dict[str, str](), set[str]()
    for record in records:
        call = record.call or ""
        match record.kind:
            case "switch.reloaded":
                version = int(record.data["version"])
            case "call.started":
                wanted[call] = queue_of(version)
            case "acd.queued":
                assert record.data["queue"] in (wanted[call], "both"), f"{call} was led astray"
            case "acd.connect":
                served.add(call)
            case "call.ended":
                assert record.data["by"] == "caller", f"{call} was ended by {record.data['by']}"
    assert version == RELOADS + 1
    assert len(served) > len(wanted) * 0.9, f"only {len(served)} of {len(wanted)} callers were served"
