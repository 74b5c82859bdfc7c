"""A caller from outside is never refused, or left in silence, unless `check` has said so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from rtp.legs import Bridge, Music, Play, Tone
from tests.sim.office import CENTRE, Office, bridged, statuses
from tests.sim.test_flows_transfers import served
from tests.support.sim_carrier import SimCarrier
from tests.support.sim_phone import answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.sim_phone import PhoneCall

BYE = '[say.bye]\nsay = "Goodbye."\n'
RESULTS = ("busy", "no_answer", "unavailable")
CLOSED = 'open = ["tue 09:00-10:00"]'  # it is Monday


def nothing(office: Office) -> None:
    """Everything is as it is in the morning: no phone is registered, nobody is logged in."""


def phone_2002(reaction: Callable[[PhoneCall], None]) -> Callable[[Office], None]:
    def before(office: Office) -> None:
        office.phone("2002").on_call = reaction

    return before


def at_peace(office: Office) -> None:
    office.phone("2002").dial("*78")
    office.run(5)


def in_the_room(office: Office) -> None:
    office.call("2001", "190")
    office.call("2003", "190")
    office.run(1)


def carrier_refuses(office: Office) -> None:
    office.phones["other"] = other = SimCarrier(office.switch, ("198.51.100.77", 5060))
    other.on_call = rejects(503)


def another_caller(office: Office) -> None:
    office.trunk().dial("199")
    office.run(1)


@dataclass(frozen=True)
class Case:
    """A file, what has happened before, keys that are pressed, and whether `check` warns of it (`outside-busy`)."""

    file: str
    before: Callable[[Office], None] = nothing
    keys: str = ""
    warned: bool = False
    seconds: float = 40.0
    tags: tuple[str, ...] = field(default=())


def to(target: str, more: str = "") -> str:
    return f'[[route]]\ndid = "199"\nto = "{target}"\n{more}\n'


def menu(target: str) -> str:
    return to("menu:m") + f'[menu.m]\nsay = "Press one."\nkeys = {{ 1 = "{target}" }}\n'


def with_phone(words: str) -> str:
    return f'[[phone]]\nuser = "2009"\npassword = "a-secret-2009"\n{words}\n'


OTHER = '[trunk.other]\nhost = "198.51.100.77"\nqualify = 0\n{}\n'
ROOM = '[conference.room]\nmax_members = 2\n{}\n[[route]]\ndid = "190"\nto = "conference:room"\n'
HOURS = f"[hours.office]\n{CLOSED}\n{{}}\n"

CASES: dict[str, Case] = {
    # numbers
    "a number of a range that is nobody's": Case('[[route]]\ndid = "19*"\nto = "phone:{did}"\n'),
    "a number that is on no list": Case(to("agent:{agent}"), warned=True),
    "a route for others only": Case(
        to("say:bye", 'from = "list:vip"') + BYE + '[[list.vip]]\nnumber = "5"\n', warned=True
    ),
    "a route for the number of another caller": Case(to("say:bye", 'from = "+4822*"') + BYE, warned=True),
    "a route for phones, and a number for both": Case(
        to("queue:sales", 'from = "phone:*"') + to("say:bye", 'from = "trunk:*"') + BYE
    ),
    # hours
    "a route while it is open, and none while it is closed": Case(
        to("queue:sales", 'when = "open:office"')
        + HOURS.format('when_open = "say:bye"\nwhen_closed = "say:bye"')
        + BYE,
        warned=True,
    ),
    "a route for each state of the hours": Case(
        to("queue:sales", 'when = "open:office"')
        + to("say:bye", 'when = "closed:office"')
        + HOURS.format('when_open = "say:bye"\nwhen_closed = "say:bye"')
        + BYE
    ),
    "closed hours that hang up": Case(
        to("hours:office") + HOURS.format('when_open = "queue:sales"\nwhen_closed = "hangup"'), warned=True
    ),
    "closed hours behind a menu": Case(
        menu("hours:office") + HOURS.format('when_open = "queue:sales"\nwhen_closed = "hangup"'), keys="1"
    ),
    # phones and people
    "a phone that is not registered": Case(to("phone:2002"), warned=True),
    "a phone that is not registered, and a way on": Case(to("phone:2002", 'when_unavailable = "say:bye"') + BYE),
    "a phone that is busy": Case(to("phone:2002"), phone_2002(rejects(486)), warned=True),
    "a phone that declines, and a way on": Case(
        to("phone:2002", 'when_unavailable = "say:bye"') + BYE, phone_2002(rejects(603))
    ),
    "a phone that nobody answers, and a way on": Case(
        to("phone:2002", 'when_unavailable = "say:bye"') + BYE, phone_2002(rings_on)
    ),
    "a phone in trouble, and a way on": Case(
        to("phone:2002", 'when_unavailable = "say:bye"') + BYE, phone_2002(rejects(500))
    ),
    "a phone that is not to be disturbed": Case(to("phone:2002", 'when_unavailable = "say:bye"') + BYE, at_peace),
    "a phone with words for busy only": Case(to("phone:2009") + with_phone('when_busy = "say:bye"') + BYE, warned=True),
    "two phones that send callers to each other": Case(
        to("phone:2009")
        + "".join(
            f'[[phone]]\nuser = "{user}"\npassword = "a-secret-{user}"\n'
            f'when_busy = "{on}"\nwhen_no_answer = "{on}"\nwhen_unavailable = "{on}"\n'
            for user, on in (("2009", "phone:2010"), ("2010", "phone:2009"))
        )
    ),
    "an agent who is logged out": Case(to("agent:olena"), warned=True),
    "an agent who is logged out, and a way on": Case(to("agent:olena", 'when_unavailable = "say:bye"') + BYE),
    "nobody of a group is there": Case(
        to("findme:g") + '[findme.g]\nring = ["phone:2002", "agent:olena"]\n', warned=True
    ),
    "nobody of a group, and a way on": Case(
        to("findme:g") + '[findme.g]\nring = ["phone:2002"]\nwhen_no_answer = "say:bye"\n' + BYE,
        phone_2002(rejects(603)),
    ),
    # trunks
    "a number outside, and the carrier refuses": Case(
        to("external:+4822@other") + OTHER.format(""), carrier_refuses, warned=True
    ),
    "a number outside, and a way on": Case(
        to("external:+4822@other") + OTHER.format("\n".join(map('when_{} = "say:bye"'.format, RESULTS))) + BYE,
        carrier_refuses,
    ),
    "a number that no trunk carries": Case(
        to("external:+4822", 'when_unavailable = "say:bye"') + OTHER.format('numbers = ["+380*"]') + BYE
    ),
    "a trunk that is full": Case(to("queue:sales"), another_caller, warned=True, tags=("max_calls",)),
    # queues
    "a queue without agents": Case(to("queue:sales")),
    "a queue that is full": Case(to("queue:q") + '[queue.q]\nneeds = "sales >= 1"\nmax_waiting = 1\n', another_caller),
    "a queue that is full, and hangs up": Case(
        to("queue:q") + '[queue.q]\nneeds = "sales >= 1"\nmax_waiting = 1\nwhen_full = "hangup"\n', another_caller
    ),
    "a queue with nobody, and hangs up": Case(to("queue:q") + '[queue.q]\nneeds = "no >= 1"\nwhen_empty = "hangup"\n'),
    "a queue that is waited in too long": Case(
        to("queue:q") + '[queue.q]\nneeds = "sales >= 1"\nmax_wait = 10\nwhen_timed_out = "hangup"\n'
    ),
    "two queues that send callers to each other": Case(
        to("queue:q")
        + '[queue.q]\nneeds = "no >= 1"\nwhen_empty = "queue:r"\n[queue.r]\nneeds = "no >= 1"\nwhen_empty = "queue:q"\n'
    ),
    "a key of a queue that leads to a phone": Case(
        to("queue:q") + '[queue.q]\nneeds = "sales >= 1"\nexit = { keys = { 1 = "phone:2002" } }\n',
        keys="1",
        warned=True,
    ),
    # rooms, boxes, services
    "a room that is full": Case(to("conference:room") + ROOM.format(""), in_the_room),
    "a room that is full, and a way on": Case(
        to("conference:room", 'when_unavailable = "say:bye"') + ROOM.format("") + BYE, in_the_room
    ),
    "a room of which the caller does not know the PIN": Case(
        to("conference:room") + ROOM.format('pin = "4711"'), keys="1#2#3#"
    ),
    "a box": Case(to("voicemail:b") + '[voicemail.b]\nmail_to = ["a@example.org"]\n'),
    "a service that fails": Case(
        to("webservice:w") + '[webservice.w]\nurl = "https://example.org"\ntimeout = 5\n', warned=True
    ),
    "a service that fails, and a way on": Case(
        to("webservice:w")
        + '[webservice.w]\nurl = "https://example.org"\ntimeout = 5\nthen = "say:bye"\nwhen_failed = "say:bye"\n'
        + BYE
    ),
    "an application that fails": Case(
        to("verbs:v") + '[verbs.v]\nurl = "https://example.org"\ntimeout = 5\n', warned=True
    ),
    "silence": Case(to("answer"), warned=True),
    "refused on purpose": Case(to("hangup", 'reject = "busy"'), warned=True, tags=("on purpose",)),
}


def heard_something(call: PhoneCall) -> bool:
    """Words, music, a ringing tone in an answered call, or somebody."""
    return call.leg is not None and any(isinstance(source, Play | Music | Bridge | Tone) for _, source in call.heard)


@pytest.mark.parametrize("name", CASES)
def test_the_caller_hears_something_or_check_has_warned(name: str) -> None:
    case = CASES[name]
    centre = CENTRE + case.file
    if "max_calls" in case.tags:
        centre = centre.replace("[trunk.carrier]", "[trunk.carrier]\nmax_calls = 1")
    office = Office(centre=centre)
    case.before(office)
    call = office.trunk().dial("199")
    office.run(1)
    for key in case.keys:
        call.press(key)
        office.run(0.5)
    office.run(case.seconds)
    warned = "199" in warnings_of(office) or ("max_calls" in case.tags and "max_calls" in warnings_of(office))
    assert warned == (case.warned and "on purpose" not in case.tags), warnings_of(office)
    refused = max(statuses(call), default=0) >= 400
    assert case.warned or (heard_something(call) and not refused), (statuses(call), call.over)
    office.close()


def warnings_of(office: Office) -> str:
    """What `check` warns of: numbers of routes, and words of trunks."""
    config, found = office.switch.config, list[str]()
    for problem in config.warnings:
        if problem.code == "outside-busy" and problem.where.startswith("route["):
            number = int(problem.where.removeprefix("route[").partition("]")[0])
            found += config.routes[number - 1].did or ()
        elif problem.code == "outside-busy":
            found.append(problem.where)
    return " ".join(found)


@pytest.mark.parametrize("way", [rejects(486), rejects(603), rejects(500), rings_on])
def test_a_transfer_that_fails_leaves_the_caller_with_whoever_had_them(way: Callable[[PhoneCall], None]) -> None:
    office = Office()
    call, agent = served(office)
    office.phone("2002").on_call = way
    agent.transfer("2002")
    office.run(20)
    assert bridged(call, agent)
    agent.transfer("999")
    office.run(1)
    assert bridged(call, agent)
    office.close()


def test_who_is_sent_on_by_somebody_who_hangs_up_comes_back_or_waits_on() -> None:
    office = Office()
    call, agent = served(office)
    office.phone("2002").on_call = rings_on
    agent.phone.on_call = answers(after=1.0)
    agent.transfer("2002")
    office.run(1)
    agent.hang_up()
    office.run(25)
    assert call.talking
    assert heard_something(call)
    office.close()
