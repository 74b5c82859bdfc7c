"""A working day of a contact centre, played by scripted people on a bad network."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from acd.agent import Status
from rtp.legs import Bridge, MediaTimeout
from tests.support.sim_phone import PhoneCall, SimPhone
from tests.support.sim_switch import SimSwitch
from tests.support.sim_world import SimNetwork, SimWorld

if TYPE_CHECKING:
    from collections.abc import Callable

HOUR = 3600.0
LANGUAGES = ("en", "uk", "ru", "pl")
QUEUES = ("sales", "support", "billing")
MEDIA_TIMEOUT = 60.0

#: Whom callers may reach, by skill and language.
STAFF = {
    "anna": "sales = 80, support = 20, en = 90, uk = 100",
    "borys": "sales = 70, uk = 100, ru = 80",
    "celina": "sales = 60, billing = 60, pl = 100, en = 70",
    "daryna": "support = 90, uk = 100, en = 60, ru = 70",
    "emil": "support = 70, pl = 90, en = 80",
    "fedir": "support = 60, billing = 80, ru = 90, uk = 90",
    "hanna": "billing = 90, en = 90, uk = 60",
    "ivan": "sales = 50, support = 50, billing = 50, en = 60, uk = 60, ru = 60, pl = 60",
}

CENTRE = """
[sip]
domain = "pbx.test"

[trunk.carrier]
source = ["198.51.100.0/24"]

[[route]]
did = "100"
to = "menu:language"

[menu.language]
say = "English 1, Ukrainian 2, Russian 3, Polish 4"
keys = { 1 = "goto:en", 2 = "goto:uk", 3 = "goto:ru", 4 = "goto:pl" }
timeout = 8
when_no_input = "menu:topic"

[menu.topic]
say = "Sales 1, support 2, billing 3"
keys = { 1 = "queue:sales", 2 = "queue:support", 3 = "queue:billing", "*" = "back" }
timeout = 8
when_no_input = "queue:sales"

[say.sorry]
say = "We are sorry."

[queue.sales]
needs = "sales >= 50 and {language} >= 50"
relax = [ { after = 60, needs = "sales >= 20" } ]
max_wait = 600
when_timed_out = "say:sorry"
wrap_up = 10

[queue.support]
needs = "support >= 50 and {language} >= 50"
strategy = "fewest-calls"
max_waiting = 8
when_full = "say:sorry"
wrap_up = 20
priority = 20

[queue.billing]
needs = "billing >= 50"
strategy = "ring-all"
when_empty = "say:sorry"
wrap_up = 5
""" + "".join(f'[goto.{language}]\nthen = "menu:topic"\nlanguage = "{language}"\n' for language in LANGUAGES)


def staff_tables() -> str:
    tables = []
    for number, (agent, skills) in enumerate(STAFF.items(), 1001):
        tables.append(f'[[phone]]\nuser = "{number}"\npassword = "secret of {agent}"\n')
        tables.append(f'[[agent]]\nid = "{agent}"\nphone = "{number}"\nskills = {{ {skills} }}\n')
    return "\n".join(tables)


class Day:
    """``live()`` lets it pass; afterwards ``callers`` and ``agents`` remember what happened to them."""

    def __init__(self, seed: int, *, calls: int = 500, hours: float = 8.0) -> None:
        self.world = SimWorld(seed)
        self.chance = self.world.random
        self.network = SimNetwork(self.world, latency=0.02, jitter=0.08, loss=0.05, duplication=0.03)
        self.switch = SimSwitch(self.world, self.network, CENTRE + staff_tables())
        self.length, self.wanted = hours * HOUR, calls
        self.callers: dict[str, PhoneCall] = {}
        self.vanished: set[str] = set()
        self.open = True
        self.agents = {
            agent: SimPhone(self.switch, str(number), (f"203.0.113.{number - 1000}", 5060), f"secret of {agent}")
            for number, agent in enumerate(STAFF, 1001)
        }

    def live(self) -> None:
        for number, (agent, phone) in enumerate(self.agents.items()):
            phone.register(1200)
            phone.on_call = self._offered
            phone.on_talk = self._talked_to
            half = self.length / 2  # two shifts, and some stay all day
            begin, end = ((0.0, half), (half - 600, self.length), (0.0, self.length))[number % 3]
            self.world.call_later(begin + 60 * self.chance.random(), lambda a=agent: self._work(a))  # type: ignore[misc]
            self.world.call_later(end, lambda a=agent: self._go_home(a))  # type: ignore[misc]
        self.world.call_later(120, self._next_caller)
        for _ in range(int(self.length // 60) + 5):
            self.world.run(60)
            self.switch.check()
        self.open = False
        for phone in self.agents.values():
            phone.stay_quiet()
        self.world.run(1500)  # callers who wait for nobody give up
        for call in self.callers.values():
            call.hang_up()
        self.world.run(300)

    # --- callers
    def _next_caller(self) -> None:
        if len(self.callers) >= self.wanted:
            return
        number = f"+38050{len(self.callers):07d}"
        serial = len(self.callers)
        phone = SimPhone(self.switch, number, (f"198.51.100.{serial % 250 + 1}", 5060 + serial // 250))
        call = self.callers[number] = phone.dial("100")
        phone.on_talk = self._answered
        rush = 2.5 if self.world.now % HOUR < 900 else 0.6
        mean = 0.8 * self.length / self.wanted
        self.world.call_later(self.chance.expovariate(rush / mean), self._next_caller)
        if self.chance.random() < 0.02:
            call.after(self.chance.random() * 3, call.hang_up)
        elif self.chance.random() < 0.03:
            call.after(self.chance.random() * 120, lambda: self._vanish(call))

    def _answered(self, call: PhoneCall) -> None:
        after = self.chance.uniform
        keys = [str(self.chance.randint(1, 4)), str(self.chance.randint(1, 3))]
        if self.chance.random() < 0.1:
            keys.insert(self.chance.randint(0, 2), self.chance.choice("579*#"))
        at = 0.0
        for key in keys:
            at += after(0.5, 7)
            way = self.chance.choice(("rfc4733", "info", "inband"))
            call.after(at, lambda key=key, way=way: call.press(key, by=way))  # type: ignore[misc]
        call.after(at + self.chance.expovariate(1 / 150), lambda: self._lose_patience(call))

    def _lose_patience(self, call: PhoneCall) -> None:
        if not isinstance(call.hears, Bridge):
            call.hang_up()

    def _vanish(self, call: PhoneCall) -> None:
        """The battery is empty; the switch notices that the media has stopped."""
        self.vanished.add(call.number if call.invite is not None else call.phone.user)
        call.phone.vanish()
        self.world.call_later(MEDIA_TIMEOUT, lambda: self._silent(call.leg))

    def _silent(self, leg: int | None) -> None:
        if leg is not None and leg in self.switch.media.specs:
            self.switch.on_media(MediaTimeout(leg, MEDIA_TIMEOUT))

    # --- agents
    def _offered(self, call: PhoneCall) -> None:
        mood = self.chance.random()
        call.ring()
        if mood < 0.80:
            call.after(self.chance.uniform(0.5, 9), call.answer)
        elif mood < 0.88:
            call.after(self.chance.uniform(0.5, 5), lambda: call.reject(self.chance.choice((486, 603, 480))))
        elif mood < 0.90:
            self._disappear(call)

    def _talked_to(self, call: PhoneCall) -> None:
        """An agent talks. Either hangs up when it is over; sometimes one holds for a while, or is gone."""
        if call.invite is None:
            return  # a code was dialled
        length = self.chance.expovariate(1 / 120)
        caller = self.callers[call.number]
        leaver: Callable[[], None] = call.hang_up if self.chance.random() < 0.5 else caller.hang_up
        call.after(length, leaver)
        if self.chance.random() < 0.2:
            holder = self.chance.choice((call, caller))
            call.after(length * 0.3, lambda: holder.hold() if holder.talking else None)
            call.after(length * 0.6, lambda: holder.resume() if holder.talking else None)
        if self.chance.random() < 0.01:
            call.after(length * 0.5, lambda: self._disappear(call))
        call.after(length + 600, call.hang_up)

    def _disappear(self, call: PhoneCall) -> None:
        """The agent's telephone is unplugged, and comes back."""
        phone = call.phone
        self._vanish(call)

        def plug_in() -> None:
            phone.reappear()
            if self.open:
                phone.register(1200)

        self.world.call_later(self.chance.uniform(100, 900), plug_in)

    def _work(self, agent: str) -> None:
        self.agents[agent].dial("*11")
        self.world.call_later(self.chance.uniform(600, 3600), lambda: self._rest(agent))

    def _rest(self, agent: str) -> None:
        if self._status(agent) is Status.AVAILABLE and self.open:
            self.agents[agent].dial("*13")
            self.world.call_later(self.chance.uniform(120, 600), lambda: self._return(agent))
        elif self.open:
            self._return(agent)

    def _return(self, agent: str) -> None:
        """Also from the break that the switch gives to who does not answer."""
        if self._status(agent) is Status.ON_BREAK:
            self.agents[agent].dial("*14")
        self.world.call_later(self.chance.uniform(300, 1800), lambda: self._rest(agent))

    def _go_home(self, agent: str) -> None:
        if self._status(agent) is not Status.LOGGED_OUT:
            self.agents[agent].dial("*12")
            self.world.call_later(30, lambda: self._go_home(agent))

    def _status(self, agent: str) -> Status:
        return self.switch.dispatcher.agents[agent].status

    # --- looking back
    def talks(self) -> dict[str, list[tuple[str, PhoneCall]]]:
        """By number: the agents who picked up for that caller, and their side of it."""
        found: dict[str, list[tuple[str, PhoneCall]]] = {number: [] for number in self.callers}
        for agent, phone in self.agents.items():
            for call in phone.calls:
                if call.invite is not None and call.answered_at is not None:
                    found[call.number].append((agent, call))
        return found

    def summary(self) -> str:
        counted = Counter(record.disposition.value for record in self.switch.records() if record.trunk)
        return f"seed {self.world.seed}: " + ", ".join(f"{n} {what}" for what, n in sorted(counted.items()))
