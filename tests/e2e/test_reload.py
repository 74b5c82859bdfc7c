"""A hundred reloads while real telephones call, wait, press keys and talk: nobody notices, except by the new menus."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from softswitch.admin.client import AdminClient
from softswitch.paths import prompts_dir
from softswitch.phones.phone import SimulatedPhone
from softswitch.phones.ticker import Ticker
from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader
from tests.support.audio import sine, write_wav
from tests.support.switch import eventually

if TYPE_CHECKING:
    from softswitch.store.cdr import Record
    from tests.e2e.conftest import Clients, Switches
    from tests.support.pjsua_agent import PjsuaCall
    from tests.support.switch import Switch

RELOADS = 100
CALLERS, AGENTS = 8, 6
TALK, BETWEEN = 0.4, 0.05  # seconds
#: What each caller presses; "": nothing, they dial the queue.
KEYS = ("1", "2", "", "3", "4", "5", "6", "7")
#: Two who talk all the time.
TALKERS = ("6001", "6002")

PEOPLE = (
    "".join(
        f'[[phone]]\nuser = "{user}"\npassword = "secret-{user}"\n'
        for user in [f"30{n:02}" for n in range(AGENTS)] + [f"40{n:02}" for n in range(CALLERS)] + ["5000", *TALKERS]
    )
    + "".join(
        f'[[agent]]\nid = "agent{n}"\nphone = "30{n:02}"\nskills = {{ all = 100 }}\nlogged_in = true\n'
        for n in range(AGENTS)
    )
    + f'[[agent]]\nid = "olga"\nphone = "{TALKERS[1]}"\nskills = {{ other = 100 }}\nlogged_in = true\n'
)

#: Everything called ``even`` or ``odd`` is there in every second version only; what callers press leads to one or the
#: other, through a web service and an application that are not there, or people who are nowhere; and through hours and
#: a list that stay and say the contrary in every second version: whoever goes by another version's is hung up on.
CENTRE = """
[[route]]
did = "100"
to = "menu:main"

[[route]]
did = "101"
to = "queue:{queue}"

[[route]]
did = "102"
to = "queue:other"

[menu.main]
say = "tone"
keys = {{ 1 = "queue:{queue}", 2 = "queue:both", 3 = "lookup:known", 4 = "webservice:{queue}", 5 = "verbs:{queue}", \
6 = "hours:office", 7 = "findme:{queue}" }}
timeout = 20

[lookup.known]
list = "known"
then = "{known}"
when_unknown = "{unknown}"

[[list.known]]
number = "{number}"

[hours.office]
open = ["mon-sun 00:00-24:00"]
closed = [{closed}]
when_open = "{opened}"
when_closed = "{shut}"

[music.{queue}]
files = ["{music}"]

[webservice.{queue}]
url = "http://127.0.0.1:1/{queue}"
allow_private = ["127.0.0.1"]
when_failed = "queue:{queue}"

[verbs.{queue}]
url = "http://127.0.0.1:1/{queue}"
allow_private = ["127.0.0.1"]
when_failed = "queue:{queue}"

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
music = "{queue}"

[queue.other]
needs = "other >= 50"
music = "{queue}"
"""
#: What every reload changes.
CHANGES = {
    *(
        ("menu", "main"),
        ("hours", "office"),
        ("lookup", "known"),
        ("list", "known"),
        ("queue", "both"),
        ("queue", "other"),
    ),
    *((what, name) for what in ("queue", "music", "webservice", "set") for name in ("even", "odd")),
}


def test_a_hundred_reloads_drop_no_call_misroute_none_and_log_nobody_out(switches: Switches, clients: Clients) -> None:
    switch = switches.start(PEOPLE + centre(1))
    recording = switch.data / "prompts" / "en" / "tone.wav"
    recording.parent.mkdir(parents=True)
    write_wav(recording, sine(440, 3.0))
    call, taken = conversation(switch, clients)
    made, errors = asyncio.run(play(switch))
    talk(call, taken)
    call.hang_up()
    taken.wait_ended()
    assert not errors, f"{len(errors)} of {made} calls went wrong:\n" + "\n".join(errors[:10])
    assert made > 50, "that was no load"
    states = [(agent["agent"], agent["status"]) for agent in switch.ask("agents")["agents"]]
    assert states[:AGENTS] == [(f"agent{n}", "available") for n in range(AGENTS)]
    assert len(journal(switch, "acd.agent_logged_in")) == AGENTS + 1, "once, at the beginning"
    assert journal(switch, "acd.agent_logged_out") == []
    eventually(lambda: len(journal(switch, "call.ended")) == made + 1, what="the end of every call")
    check_journal(switch)


def centre(version: int) -> str:
    queue, music = queue_of(version), prompts_dir() / "music" / "default.wav"
    ways = {"even": ("hangup", "queue:even"), "odd": ("queue:odd", "hangup")}[queue]
    hours = {"even": ("hangup", "goto:even"), "odd": ("goto:odd", "hangup")}[queue]
    return CENTRE.format(
        queue=queue,
        ring_timeout=5 + version % 7,
        music=music,
        number={"even": "9999", "odd": "4003"}[queue],
        known=ways[0],
        unknown=ways[1],
        closed={"even": '"mon-sun 00:00-24:00"', "odd": ""}[queue],
        opened=hours[0],
        shut=hours[1],
    )


def queue_of(version: int) -> str:
    return "even" if version % 2 == 0 else "odd"


def conversation(switch: Switch, clients: Clients) -> tuple[PjsuaCall, PjsuaCall]:
    """Somebody and an agent, with telephones of another make, who begin to talk before the first reload."""
    caller, agent = (clients.pjsua(user) for user in TALKERS)
    for user, phone in zip(TALKERS, (caller, agent), strict=True):
        phone.register(user, f"secret-{user}", server=switch.server, domain=switch.domain, display_name=user)
    call = caller.call(f"sip:102@{switch.domain}")
    taken = agent.wait_incoming()
    taken.answer()
    call.wait_confirmed()
    taken.wait_confirmed()
    call.play_tone(440)
    taken.play_tone(1000)
    talk(call, taken)
    return call, taken


def talk(call: PjsuaCall, taken: PjsuaCall) -> None:
    """Each hears the other's tone at this moment."""
    since = time.monotonic()
    taken.listen_for_tone(440, since=since)
    call.listen_for_tone(1000, since=since)


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
            assert {(change["what"], change["name"]) for change in outcome["changes"]} >= CHANGES
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
    kinds = ("call.started", "ivr.key_chosen", "ivr.node_entered", "acd.queued", "acd.connect", "call.ended")
    version, wanted, served = 1, dict[str, str](), set[str]()
    versions: dict[str, str] = {}
    for record in journal(switch, "switch.reloaded", *kinds):
        call, data = record.call or "", record.data
        match record.kind:
            case "switch.reloaded":
                version = int(data["version"])
            case "call.started":
                versions[call] = queue_of(version)
                wanted[call] = "other" if data["dialled"] == "102" else queue_of(version)
            case "ivr.key_chosen" if data["key"] == "2":
                wanted[call] = "both"
            case "ivr.node_entered":
                name = str(data["node"]).partition(":")[2].partition("/")[0]
                assert name not in {"even", "odd"} - {versions[call]}, f"{call} was led astray to {data['node']}"
            case "acd.queued":
                assert data["queue"] == wanted[call], f"{call} was led astray to {data['queue']}"
            case "acd.connect":
                served.add(call)
            case "call.ended":
                assert data["by"] == "caller", f"{call} was ended by {data['by']}"
    assert version == RELOADS + 1
    assert len(served) > len(wanted) * 0.9, f"only {len(served)} of {len(wanted)} callers were served"
