"""The small contact centre that the end-to-end tests call: its configuration, and phones that register with it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader
from tests.support.audio import RATE, write_wav

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from softswitch.store.cdr import Record
    from tests.e2e.conftest import Clients
    from tests.support.baresip import BaresipPhone
    from tests.support.pjsua_agent import PjsuaCall, PjsuaPhone
    from tests.support.switch import Switch

PASSWORDS = {user: f"secret-{user}" for user in ("1001", "1002", "1003", "2001", "2002", "2003")}
NAMES = {
    "1001": "Olena Koval",
    "1002": "Piotr Nowak",
    "1003": "Iryna Bondar",
    "2001": "Cara Novak",
    "2002": "Dan Hale",
    "2003": "Sam Plain",  # for phones that leave without unregistering
}
PIN = "471193"  # Olena's
TRUNK_ADDRESS = "127.0.0.7"
WELCOME = (
    "Welcome to the office. For sales press 1, for support press 2, to hear yourself press 9. Thank you for calling."
)
STEP_TWO = "This is the second step. You have pressed one key so far."

AGENTS = f"""
[[agent]]
id = "olena"
name = "Olena Koval"
phone = "1001"
pin = "{PIN}"
skills = {{ sales = 80 }}
logged_in = true

[[agent]]
id = "piotr"
name = "Piotr Nowak"
phone = "1002"
skills = {{ support = 80 }}
logged_in = true

[[agent]]
id = "iryna"
name = "Iryna Bondar"
phone = "1003"
skills = {{ sales = 60 }}
logged_in = true
"""

CENTRE = f"""
[trunk.carrier]
name = "Carrier"
source = ["{TRUNK_ADDRESS}"]

[[route]]
did = "100"
to = "menu:main"

[[route]]
did = "101"
to = "queue:sales"

[[route]]
did = "102"
to = "queue:all"

[[route]]
did = "103"
to = "queue:nobody"

[[route]]
did = "1031"
to = "queue:nobody"
language = "uk"

[[route]]
did = "1032"
to = "queue:nobody"
language = "ru"

[[route]]
did = "1033"
to = "queue:nobody"
language = "pl"

[[route]]
did = "104"
to = "menu:one"

[[route]]
did = "105"
to = "phone:2002"

[[route]]
did = "106"
to = "conference:open"

[[route]]
did = "107"
to = "record:statement"

[[route]]
did = "9000"
to = "echo"

[[route]]
did = "9001"
to = "music:default"

[music.default]
files = ["music.wav"]

[menu.main]
say = {{ en = "{WELCOME}" }}
keys = {{ 1 = "queue:sales", 2 = "queue:support", 9 = "echo" }}
timeout = 20
retries = 1

[menu.one]
say = {{ en = "{WELCOME}" }}
keys = {{ 5 = "menu:two" }}
timeout = 20
retries = 1

[menu.two]
say = {{ en = "{STEP_TWO}" }}
keys = {{ 5 = "echo" }}
timeout = 20
retries = 1

[conference.open]
chime = false

[record.statement]
review = false
silence_ends = 2
then = "echo"

[queue.sales]
label = "Sales"
needs = "sales >= 50"
strategy = "top-down"
agents = {{ olena = 1, iryna = 2 }}
ring_timeout = 3
wrap_up = 0
announce = {{ position = true, first_after = 2, every = 60 }}

[queue.all]
label = "All"
needs = "sales >= 50"
strategy = "ring-all"
ring_timeout = 20
wrap_up = 0

[queue.nobody]
label = "Nobody"
needs = "sales >= 100"
announce = {{ position = true, first_after = 1, every = 60 }}

[queue.support]
label = "Support"
needs = "support >= 50"
ring_timeout = 3
wrap_up = 0
"""


def phone_tables(contacts: dict[str, str] | None = None) -> str:
    """The phones; those in `contacts` (user → URI) do not register."""
    tables = []
    for user, name in NAMES.items():
        contact = (contacts or {}).get(user)
        way = f'contact = "{contact}"' if contact else f'password = "{PASSWORDS[user]}"'
        tables.append(f'[[phone]]\nuser = "{user}"\nname = "{name}"\n{way}\n')
    return "\n".join(tables)


def melody(seconds: float = 12.0) -> NDArray[np.float32]:
    """Music whose every second differs from every other: a walk over a scale, with overtones."""
    notes = np.random.default_rng(20).permutation(np.repeat(np.arange(16), 6))
    parts = []
    for note in notes[: round(seconds / 0.125)]:
        t = np.arange(round(0.125 * RATE)) / RATE
        hz = 220 * 2 ** (note / 8)
        decay = np.exp(-6 * t)
        parts.append(0.25 * decay * (np.sin(2 * np.pi * hz * t) + 0.5 * np.sin(2 * np.pi * 2.01 * hz * t)))
    return np.concatenate(parts).astype(np.float32)


def write_music(folder: Path) -> NDArray[np.float32]:
    music = melody()
    write_wav(folder / "music.wav", music)
    return music


class Office:
    """The running centre, and its people."""

    def __init__(self, switch: Switch, clients: Clients, music: NDArray[np.float32]) -> None:
        self.switch = switch
        self.clients = clients
        self.music = music
        self.opened = time.time()

    def phone(self, user: str, *, register: bool = True, **settings: Any) -> PjsuaPhone:
        """A pjsua2 phone of one of the users, registered unless told otherwise."""
        account = {name: settings.pop(name) for name in ("transport", "hold", "expires") if name in settings}
        phone = self.clients.pjsua(user, **settings)
        phone.use_account(
            user,
            server=self.switch.server,
            domain=self.switch.domain,
            password=PASSWORDS[user],
            display_name=NAMES[user],
            register=register,
            **account,
        )
        if register:
            assert phone.wait_registration()["status"] == 200
        return phone

    def baresip(self, user: str, **settings: Any) -> BaresipPhone:
        """A baresip phone of one of the users, registered unless it is given a password that is not its own."""
        own = "password" not in settings
        phone = self.clients.baresip(
            user,
            server=self.switch.server,
            domain=self.switch.domain,
            password=settings.pop("password", PASSWORDS[user]),
            display_name=NAMES[user],
            **settings,
        )
        if own:
            phone.wait_registered()
        return phone

    def outside_caller(self, name: str = "+380501234567") -> PjsuaPhone:
        """A caller who comes in over the trunk: known by the address, without a password."""
        phone = self.clients.pjsua(name.lstrip("+"), address=TRUNK_ADDRESS)
        phone.use_account(name, server=self.switch.server, domain=self.switch.domain, display_name="Outside")
        return phone

    def records(self, count: int, *, of: str = "") -> list[dict[str, Any]]:
        """The records of the test's own calls, or of one caller's, once there are `count` that are over."""
        return self.switch.wait_calls(count, of=of, since=self.opened)

    def journal(self, *kinds: str) -> list[Record]:
        """What is written down of these kinds, in order."""
        with Reader(self.switch.data / FILE_NAME) as reader:
            return list(reader.lines(kinds))

    def dial(self, phone: PjsuaPhone, number: str) -> PjsuaCall:
        return phone.call(self.switch.uri(number))
