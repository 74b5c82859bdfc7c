"""Whatever a flow can name is taken out of the file while a caller stands before it, and is there for that caller."""

from __future__ import annotations

import gc
import json
import random
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from ivr.targets import KINDS
from rtp.legs import Echo, Music, Silence, Tone
from softswitch.paths import prompts_dir
from tests.sim.office import CENTRE, Office, bridged, said, statuses
from tests.support.sim_carrier import SimCarrier
from tests.support.sim_phone import PhoneCall, answers

if TYPE_CHECKING:
    from collections.abc import Callable


LINE = ("198.51.100.77", 5060)
NUMBER = "+48221234567"

#: What every old caller comes by, and what all that is taken out leads on to.
BEFORE = """
[[route]]
did = "300"
to = "menu:old"
when_unavailable = "say:old-end"

[menu.old]
say = "Press one."
keys = { 1 = "TARGET" }
timeout = 120

[say.old-end]
say = "That was all."
barge_in = false
"""
#: Of other versions only the number is left.
AFTER = '[[route]]\ndid = "300"\nto = "say:new"\n[say.new]\nsay = "Everything is new."\n'
ENDS = 'then = "say:old-end"\nwhen_failed = "say:old-end"\n'
URL = 'url = "https://erp.example/old"\ntimeout = 60\n'


@dataclass(frozen=True)
class Named:
    """`file`: the tables that go; `target`: what leads there; `check`: that the caller gets what they promised."""

    target: str
    file: str
    check: Callable[[Office, PhoneCall], None]


def hears(*keys: str) -> Callable[[Office, PhoneCall], None]:
    def check(office: Office, call: PhoneCall) -> None:
        office.run(0.3)
        assert said(call) == keys

    return check


def listens(source: object) -> Callable[[Office, PhoneCall], None]:
    def check(office: Office, call: PhoneCall) -> None:
        office.run(0.5)
        assert call.hears == source

    return check


def reaches_the_phone(office: Office, call: PhoneCall) -> None:
    office.run(0.5)
    assert call.hears == Tone("ringback")
    office.run(3)
    assert bridged(call, office.phone("2002").calls[-1])


def goes_on_from_the_phone(office: Office, call: PhoneCall) -> None:
    office.run(0.2)
    office.phone("2002").calls[-1].reject(486)
    hears("en/say.old-end")(office, call)


def reaches_the_line(office: Office, call: PhoneCall) -> None:
    office.run(3)
    line = office.phones["line"]
    assert isinstance(line, SimCarrier)
    assert line.dialled()[-1:] == [NUMBER]
    assert bridged(call, line.calls[-1])


def reaches_the_agent(office: Office, call: PhoneCall) -> None:
    """Who is taken out is logged out, and is to the caller what anybody is who is logged out."""
    hears("en/say.old-end")(office, call)
    (line,) = office.switch.journal.of("agent.unavailable")
    assert line.data == {"agent": "olga", "why": "logged out"}


def is_asked(kind: str) -> Callable[[Office, PhoneCall], None]:
    def check(office: Office, call: PhoneCall) -> None:
        assert "old" in getattr(office.switch.oracle.configs[max(office.switch.oracle.asked)], kind)
        verbs = json.dumps([{"verb": "redirect", "to": "say:old-end"}])
        office.switch.answered({"verbs": verbs} if kind == "verbs" else {"status": "well"})
        hears("en/say.old-end")(office, call)

    return check


def waits_and_is_announced(office: Office, call: PhoneCall) -> None:
    """The queue's own music, comfort, and what follows the longest wait."""
    assert call.hears == Music("jazz")
    office.run(10.2)
    assert said(call) == ("en/queue.old.comfort.1",)
    office.run(10)
    assert said(call) == ("en/say.old-end",)


def leaves_a_message(office: Office, call: PhoneCall) -> None:
    hears("en/voicemail.old")(office, call)
    office.run(6)
    call.press("1")
    office.run(4)
    (message,) = office.switch.boxes.all()
    assert message.box == "old"
    assert [item.id for item in office.switch.mailroom.posted] == [message.id]


def is_promised_a_call(office: Office, call: PhoneCall) -> None:
    call.press("1")
    hears("en/callback.old")(office, call)
    assert [request.kind for request in office.switch.boxes.requests()] == ["old"]


JAZZ = f'[music.jazz]\nfiles = ["{prompts_dir() / "music" / "default.wav"}"]\n'
PHONE = '[[phone]]\nuser = "2002"\npassword = "secret of 2002"\nwhen_busy = "say:old-end"\n'
TRUNK = '[trunk.line]\nhost = "198.51.100.77"\nqualify = 0\nwhen_busy = "say:old-end"\n'
NAMES: dict[str, Named] = {
    "menu": Named("menu:deeper", '[menu.deeper]\nsay = "x"\nkeys = { 2 = "echo" }\n', hears("en/menu.deeper")),
    "say": Named("say:old-end", "", hears("en/say.old-end")),
    "hours": Named(
        "hours:old",
        '[hours.old]\nopen = ["mon-sun 00:00-24:00"]\nwhen_open = "say:old-end"\nwhen_closed = "hangup"\n',
        hears("en/say.old-end"),
    ),
    "goto": Named("goto:old", '[goto.old]\nthen = "say:old-end"\n', hears("en/say.old-end")),
    "set": Named("set:old", '[set.old]\nthen = "say:old-end"\n', hears("en/say.old-end")),
    "queue": Named(
        "queue:old",
        '[queue.old]\nneeds = "nobody >= 1"\nmusic = "jazz"\nmax_wait = 20\nwhen_timed_out = "say:old-end"\n'
        'announce = { position = false, comfort = true, comfort_every = 10, comfort_say = ["Soon."] }\n' + JAZZ,
        waits_and_is_announced,
    ),
    "phone": Named("phone:2002", PHONE, reaches_the_phone),
    "phone, busy": Named("phone:2002", PHONE, goes_on_from_the_phone),
    "agent": Named("agent:olga", '[[agent]]\nid = "olga"\nphone = "2004"\n', reaches_the_agent),
    "findme": Named("findme:old", '[findme.old]\nring = ["phone:2002"]\n' + PHONE, reaches_the_phone),
    "findme, outside": Named(
        "findme:old", f'[findme.old]\nring = ["external:{NUMBER}@line"]\nconfirm = false\n' + TRUNK, reaches_the_line
    ),
    "external": Named(f"external:{NUMBER}@line", TRUNK, reaches_the_line),
    "external, by its numbers": Named(
        f"external:{NUMBER}", TRUNK.replace("qualify = 0", 'qualify = 0\nnumbers = ["+48*"]'), reaches_the_line
    ),
    "external, by a failover": Named(
        f"external:{NUMBER}@first",
        '[trunk.first]\nhost = "198.51.100.78"\nqualify = 0\nmax_calls = 1\nfailover = ["line"]\n' + TRUNK,
        reaches_the_line,
    ),
    "voicemail": Named("voicemail:old", f'[voicemail.old]\ngreeting = "x"\nmax_seconds = 10\n{ENDS}', leaves_a_message),
    "callback": Named(
        "callback:old",
        '[callback.old]\ndue = "hours:late"\nqueue = "sales"\nconfirm = "x"\nwhen_failed = "say:old-end"\n'
        '[hours.late]\nopen = ["tue 09:00-10:00"]\nwhen_open = "say:old-end"\nwhen_closed = "say:old-end"\n',
        is_promised_a_call,
    ),
    "collect": Named("collect:old", f'[collect.old]\nsay = "x"\ndigits = 1\n{ENDS}', hears("en/collect.old")),
    "lookup": Named(
        "lookup:old", f'[lookup.old]\nlist = "old"\n{ENDS}[[list.old]]\nnumber = "5"\n', is_asked("lookups")
    ),
    "webservice": Named("webservice:old", f"[webservice.old]\n{URL}{ENDS}", is_asked("webservices")),
    "sms": Named(
        "sms:old",
        f'[sms.old]\nwebservice = "old"\nto = "+380501234567"\ntext = "x"\n{ENDS}[webservice.old]\n{URL}{ENDS}',
        is_asked("sms"),
    ),
    "verbs": Named("verbs:old", f'[verbs.old]\n{URL}when_failed = "say:old-end"\n', is_asked("verbs")),
    "survey": Named(
        "survey:old", '[survey.old]\n[[survey.old.question]]\nid = "q"\nsay = "x"\n', hears("en/survey.old.q")
    ),
    "record": Named("record:old", f'[record.old]\nsay = "x"\nmax_seconds = 10\n{ENDS}', hears("en/record.old")),
    "conference": Named("conference:old", '[conference.old]\nsay = "x"\n', hears("en/conference.old")),
    "music": Named("music:jazz", JAZZ, listens(Music("jazz"))),
    "echo": Named("echo", "", listens(Echo())),
    "answer": Named("answer", "", listens(Silence())),
    "hangup": Named("hangup", "", lambda office, call: office.run(1)),
}


def test_every_kind_of_target_is_tried() -> None:
    """A kind that is added has to be added above, too."""
    assert {named.target.partition(":")[0] for named in NAMES.values()} == set(KINDS)


def file_of(own: str) -> str:
    """The whole file with *own* tables; phone 2002 is in it before the first reload."""
    phones = "".join(
        f'[[phone]]\nuser = "{user}"\npassword = "secret of {user}"\n'
        for user in ("1001", "1002", "1003", "1004", "2001", "2003", "2004")
    )
    more = "" if 'user = "2002"' in own or "[say.new]" in own else PHONE.replace('when_busy = "say:old-end"\n', "")
    return own + CENTRE + phones + more


def start(named: Named) -> Office:
    office = Office(centre=file_of(BEFORE.replace("TARGET", named.target) + named.file), phones=False)
    office.phones["line"] = SimCarrier(office.switch, LINE)
    office.phone("2002").on_call = answers(after=2.0)
    return office


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reloads", [1, 3])
def test_who_came_before_finds_what_was_there_then(name: str, reloads: int) -> None:
    named = NAMES[name]
    office = start(named)
    call = office.call("2001", "300")
    office.run(1)
    for number in range(reloads):
        office.switch.reload(file_of(AFTER + f'[say.only-{number}]\nsay = "x"\n'))
    newer = office.call("2003", "300")
    office.run(0.2)
    assert said(newer) == ("en/say.new",)
    call.press("1")
    office.run(0.1)
    named.check(office, call)
    assert office.switch.journal.of("ivr.not_there") == []
    assert max(statuses(call)) == 200
    hang_up(office)
    assert_nothing_is_kept(office)
    office.close()


@pytest.mark.parametrize("name", NAMES)
def test_what_came_with_a_reload_is_there_for_new_callers(name: str) -> None:
    named = NAMES[name]
    office = Office(centre=file_of(AFTER), phones=False)
    office.phones["line"] = SimCarrier(office.switch, LINE)
    office.switch.reload(file_of(BEFORE.replace("TARGET", named.target) + named.file))
    office.phone("2002").on_call = answers(after=2.0)
    call = office.call("2001", "300")
    office.run(1)
    call.press("1")
    office.run(0.1)
    named.check(office, call)
    hang_up(office)
    office.close()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_versions_come_and_go_each_caller_comes_to_the_place_of_their_own(seed: int) -> None:
    """Every file has something else behind the key; callers of many of them press it at any moment."""
    rng = random.Random(seed)
    office = start(NAMES["phone"])
    version, versions, calls = "phone", dict[str, str](), list[PhoneCall]()
    for _ in range(60):
        for call in [call for call in calls if call.talking]:
            if rng.random() < 0.3:
                call.press("1") if rng.random() < 0.8 else call.hang_up()
        idle = [
            user for user in ("2001", "2003", "2004", "1001", "1002") if all(c.over for c in office.phone(user).calls)
        ]
        if idle and rng.random() < 0.7:
            calls.append(office.call(rng.choice(idle), "300"))
            versions[str(office.switch.journal.of("call.started")[-1].call)] = version
        office.run(rng.uniform(0.0, 1.5))
        version = rng.choice(list(NAMES))
        office.switch.reload(file_of(BEFORE.replace("TARGET", NAMES[version].target) + NAMES[version].file))
        assert office.switch.control.reconfiguring.versions <= len(office.switch.control.calls)
    came = 0
    for name, known in versions.items():
        first, *then = (str(line.data["node"]) for line in office.switch.journal.of("ivr.node_entered", name))
        assert first == "menu:old"
        assert then[:1] in ([], [NAMES[known].target], ["hangup"]), f"{name} began by the file with {known}"
        came += then[:1] == [NAMES[known].target]
    assert came > 5
    assert office.switch.journal.of("ivr.not_there") == []
    hang_up(office)
    assert_nothing_is_kept(office)
    office.close()


def hang_up(office: Office) -> None:
    for phone in office.phones.values():
        for call in phone.calls:
            call.hang_up()
    office.run(1)


def assert_nothing_is_kept(office: Office) -> None:
    control, config = office.switch.control, office.switch.config
    assert control.reconfiguring.versions == 0
    assert control.reconfiguring.kept == set()
    assert control.trunks._trunks.keys() == config.trunks.keys()
    assert control.phones._former == {}
    assert control.callbacks._former == {}
    assert not {aor for aor, _ in office.switch.bindings.kept} - config.phones.keys()


def test_a_version_is_let_go_with_its_last_call_and_not_before() -> None:
    """Callers of several versions, who leave in another order than they came."""
    office = start(Named("phone:2002", PHONE + NAMES["queue"].file, reaches_the_phone))
    control = office.switch.control
    known, calls = [weakref.ref(office.switch.config)], [office.call("2001", "300")]
    for number, user in enumerate(("2003", "2004", "1001")):
        file = file_of(AFTER.replace('"say:new"', '"menu:new"') + NEW_MENU + f'[say.only-{number}]\nsay = "x"\n')
        office.switch.reload(file)
        known.append(weakref.ref(office.switch.config))
        calls.append(office.call(user, "300"))
    assert control.reconfiguring.versions == 3
    assert control.phones.places("2002", office.world.now), "the first caller may want it"
    for number, left in ((1, 2), (2, 1), (0, 0)):
        calls[number].hang_up()
        office.run(1)
        assert control.reconfiguring.versions == left
        assert bool(control.phones.places("2002", office.world.now)) == (left > 0)
        assert control.reconfiguring.kept == ({"old"} if left else set())
    office.phones["2002"].stay_quiet()
    assert [line.data["phone"] for line in office.switch.journal.of("phone.unregistered")] == ["2002"]
    office.run(60)
    gc.collect()
    assert [ref() is not None for ref in known] == [False, False, False, True]
    calls[3].hang_up()
    office.close()


NEW_MENU = '[menu.new]\nsay = "x"\nkeys = { 1 = "echo" }\ntimeout = 120\n'


def test_new_callers_and_transfers_do_not_come_to_what_is_kept_for_old_ones() -> None:
    office = start(NAMES["phone"])
    old = office.call("2001", "300")
    office.switch.reload(file_of(AFTER))
    assert office.switch.control.phones.places("2002", office.world.now)
    new = office.phone("2003").dial("2002")
    office.run(1)
    assert statuses(new)[-1] == 404
    old.press("1")
    office.run(4)
    there = office.phone("2002").calls[-1]
    assert bridged(old, there)
    old.transfer("2002")
    office.run(1)
    assert office.phone("2001").notified[-1:] == [404] or office.phone("2001").referred[-1:] == [404]
    assert bridged(old, there)
    old.hang_up()
    office.run(1)
    assert_nothing_is_kept(office)
    office.close()


def test_a_phone_that_is_no_more_may_call_nobody_and_cannot_register_again() -> None:
    office = start(NAMES["phone"])
    old = office.call("2001", "300")
    office.switch.reload(file_of(AFTER))
    gone = office.phone("2002")
    gone.register()
    office.run(1)
    assert gone.registered in (401, 403)
    call = gone.dial("300")
    office.run(1)
    assert statuses(call)[-1] in (401, 403)
    old.press("1")
    office.run(4)
    assert bridged(old, gone.calls[-1]), "where it was registered it is rung"
    gone.stay_quiet()
    old.hang_up()
    office.close()


def test_a_conversation_over_a_trunk_that_is_no_more_goes_on_and_is_sent_on_by_a_new_one() -> None:
    office = start(NAMES["external"])
    call = office.call("2001", "300")
    call.press("1")
    office.run(3)
    line = office.phones["line"].calls[-1]
    assert bridged(call, line)
    other = SimCarrier(office.switch, ("198.51.100.79", 5060))
    office.phones["other"] = other
    new = '[trunk.new]\nhost = "198.51.100.79"\nqualify = 0\n'
    route = '[[route]]\ndid = "+49*"\nto = "external:{did}@new"\n'
    office.switch.reload(file_of(AFTER + new + route))
    assert bridged(call, line)
    assert office.switch.control.trunks.calls("line") == 1
    call.transfer("+4930123456")
    office.run(4)
    assert other.dialled() == ["+4930123456"]
    assert bridged(line, other.calls[-1])
    line.hang_up()
    office.run(2)
    assert_nothing_is_kept(office)
    office.close()
