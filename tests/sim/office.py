"""A small contact centre on virtual time, and its telephones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtp.legs import Bridge, Music, Play
from tests.support.sim_phone import PhoneCall, SimPhone, answers
from tests.support.sim_switch import SimSwitch
from tests.support.sim_world import SimNetwork, SimWorld

if TYPE_CHECKING:
    from collections.abc import Callable

    from acd.agent import State
    from softswitch.store.cdr import CallRecord

PASSWORD = "secret of {}"
TRUNK = ("198.51.100.9", 5060)
CALLERS = ("2001", "2002", "2003", "2004", "2005", "2006")
DESKS = {"1001": "olena", "1002": "piotr", "1003": "iryna", "1004": "marek"}

CENTRE = """
[sip]
domain = "pbx.test"
qualify = 0

[rtp]
media_timeout = 60

[[agent]]
id = "olena"
name = "Olena Koval"
phone = "1001"
pin = "4711"
skills = { sales = 80 }

[[agent]]
id = "piotr"
name = "Piotr Nowak"
phone = "1002"
language = "pl"
skills = { support = 80, everything = 50 }

[[agent]]
id = "iryna"
name = "Iryna Bondar"
phone = "1003"
skills = { sales = 60, everything = 50 }

[[agent]]
id = "marek"
phone = "1004"
skills = { everything = 50 }

[queue.sales]
label = "Sales"
needs = "sales >= 50"
strategy = "top-down"
ring_timeout = 10
wrap_up = 5
announce = { position = true, first_after = 5, every = 20 }

[queue.support]
needs = "support >= 50"
wrap_up = 0
max_wait = 40
max_waiting = 2
when_timed_out = "say:sorry"
when_full = "say:sorry"

[queue.everybody]
needs = "everything >= 50"
strategy = "ring-all"
wrap_up = 0
ring_timeout = 10
announce = { position = false }

[queue.manned]
needs = "sales >= 50"
when_empty = "say:sorry"

[menu.main]
say = { en = "For sales press 1, for support press 2, to hear yourself press 9.", uk = "…" }
keys = { 1 = "queue:sales", 2 = "queue:support", 3 = "phone:1002", 9 = "echo", 50 = "echo" }
timeout = 5
retries = 1

[say.nobody]
say = "Nobody is there."
barge_in = false

[say.sorry]
say = "We are sorry."

[trunk.carrier]
host = "198.51.100.9"
qualify = 0
language = "uk"

[[route]]
did = "100"
to = "menu:main"

[[route]]
did = "101"
to = "queue:sales"

[[route]]
did = "102"
to = "queue:support"

[[route]]
did = "103"
to = "queue:everybody"

[[route]]
did = "104"
to = "queue:manned"

[[route]]
did = "106"
to = "answer"
"""


def phone_table(user: str) -> str:
    table = (
        f'[[phone]]\nuser = "{user}"\npassword = "{PASSWORD.format(user)}"\nname = "Desk {user}"\nring_timeout = 15\n'
    )
    return table + ('when_busy = "say:nobody"\n' if user == "2005" else "")


class Office:
    """``Office()`` has a switch that runs; telephones are switched on when they are first asked for."""

    def __init__(
        self,
        *,
        seed: int = 1,
        ports: int = 1000,
        tamper: Callable[[Any], Any] = lambda port: port,
        centre: str = CENTRE,
        phones: bool = True,
        **network: float,
    ) -> None:
        """*phones*: put those of desks and callers into the configuration; else it has its own."""
        self.world = SimWorld(seed)
        self.network = SimNetwork(self.world, **network)  # type: ignore[arg-type]
        self.centre = centre + ("".join(map(phone_table, (*DESKS, *CALLERS))) if phones else "")
        self.switch = SimSwitch(self.world, self.network, self.centre, ports=ports, tamper=tamper)
        self.phones: dict[str, SimPhone] = {}

    def phone(self, user: str, *, register: bool = True) -> SimPhone:
        if user not in self.phones:
            address = (f"203.0.113.{len(self.phones) + 1}", 5060)
            phone = self.phones[user] = SimPhone(self.switch, user, address, PASSWORD.format(user))
            if register:
                phone.register()
                self.world.run_until(lambda: phone.registered == 200, what=f"registration of {user}")
        return self.phones[user]

    def second(self, user: str) -> SimPhone:
        """Another device of the same user."""
        phone = SimPhone(self.switch, user, (f"203.0.113.{len(self.phones) + 1}", 5060), PASSWORD.format(user))
        self.phones[f"{user} {len(self.phones)}"] = phone
        phone.register()
        self.run(1)
        return phone

    def restart(self, *, after: float = 1.0, centre: str = "") -> None:
        """The switch is killed, and after so many seconds there is another one, perhaps of another configuration."""
        before = self.switch
        before.kill()
        self.world.run(after)
        self.centre = centre or self.centre
        self.switch = SimSwitch(self.world, self.network, self.centre, before=before)
        for phone in self.phones.values():
            phone.switch = self.switch

    def reload(self, *changes: tuple[str, str], more: str = "") -> None:
        """The operator replaces texts of the file, adds *more* at its end, and has the switch read it again."""
        for old, new in changes:
            assert old in self.centre, f"the file has no {old!r}"
            self.centre = self.centre.replace(old, new)
        self.centre += more
        self.switch.reload(self.centre)

    def trunk(self) -> SimPhone:
        """A carrier's side of a trunk, as one telephone without a password."""
        if "carrier" not in self.phones:
            self.phones["carrier"] = SimPhone(self.switch, "+380501234567", TRUNK)
        return self.phones["carrier"]

    def agent(self, desk: str, on_call: Callable[[PhoneCall], None] | None = None) -> SimPhone:
        """Log in the agent of a desk by dialling the code; *on_call* is what the telephone does from then on."""
        phone = self.phone(desk)
        phone.on_call = on_call or answers(after=2.0)
        call = phone.dial("*11")
        self.world.run_until(lambda: call.over, what=f"end of the login at {desk}")
        return phone

    def call(self, user: str, number: str, **more: object) -> PhoneCall:
        """A caller dials and is answered."""
        call = self.phone(user).dial(number, **more)  # type: ignore[arg-type]
        self.world.run_until(lambda: call.answered_at is not None, what=f"answer to {user} at {number}")
        return call

    def run(self, seconds: float) -> None:
        """Let time pass; the switch is looked at after everything that happens."""
        until = self.world.now + seconds
        while self.world.step(until):
            self.switch.check()
        self.world.now = until

    def close(self) -> None:
        """Everybody hangs up and wants no callback; then nothing may be left of any call."""
        for _ in range(2):  # who hung up may have been called back at once
            for phone in self.phones.values():
                phone.stay_quiet()
                for call in phone.calls:
                    if not call.over:
                        call.hang_up()
            self.run(1)
            self.switch.cancel_callbacks()
        self.run(150)
        self.switch.check_ledger()
        self.switch.check_nothing_left()


# --- what tests look at
MUSIC = Music("default")


def bridged(one: PhoneCall, other: PhoneCall) -> bool:
    """Each hears the other."""
    assert one.leg is not None
    assert other.leg is not None
    return one.hears == Bridge(other.leg) and other.hears == Bridge(one.leg)


def record_of(call: PhoneCall) -> CallRecord:
    """The record of a call that a telephone made."""
    made = [other for other in call.phone.calls if other.invite is None]
    own = [record for record in call.phone.switch.records() if record.phone == call.phone.user]
    return own[made.index(call)]


def state_of(office: Office, agent: str) -> State:
    return office.switch.dispatcher.agents[agent].state


def said(call: PhoneCall) -> tuple[str, ...]:
    """What is being said to the party."""
    source = call.hears
    return source.items if isinstance(source, Play) else ()


def statuses(call: PhoneCall) -> list[int]:
    return [response.status for response in call.responses]
