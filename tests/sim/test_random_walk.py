"""Everybody does anything at any time, on a bad network: nothing is lost, nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from acd.events import CallChanged
from acd.ticket import Place
from ivr.targets import Target
from rtp.legs import MediaTimeout
from rtp.negotiate import Direction
from softswitch.call.queues.sending import send_on
from tests.sim.figures import check_accounts
from tests.sim.office import CALLERS, CENTRE, DESKS, Office
from tests.sim.test_flows_waiting import LEAVE
from tests.support.sim_phone import answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.sim_phone import PhoneCall, SimPhone

STEPS = 300
PEOPLE = (*DESKS, *CALLERS[:4])
QUEUES = ("101", "102", "103", "104")
CALLED = (*("100", *QUEUES) * 3, "106", "999", "*6", "701", "702", *PEOPLE)
CODES = ("*11", "*11", "*11", "*12", "*13", "*14", "*6", "701", "702", "100", *QUEUES, "2001")
SENT_TO = (*QUEUES, "100", "106", "999", "*6", "*6", "701", *PEOPLE)

#: Every queue has something between an agent's answer and the connection, ways out, and holds that last too long.
WORDS = {
    "sales": """
whisper = true
exit_menu = "menu:leave"
exit = { keys = { 7 = "queue:support", 8 = "phone:2004" } }
offer_callback = { after = 6, key = "2", tries = 2, retry_after = [10], expires_after = 120, greeting = false }
max_hold = 8
when_held_too_long = "ring-back"
resume_within = 30
""",
    "support": """
auto_answer = true
exit = { keys = { 1 = "queue:sales", 2 = "say:sorry", 9 = "echo" } }
max_hold = 8
when_held_too_long = "queue"
""",
    "everybody": """
whisper = { tone = true }
exit_menu = "menu:leave"
offer_callback = { at_once = true, key = "1", first = "agent", tries = 1, expires_after = 60 }
""",
    "manned": """
whisper = { say = "Somebody." }
max_hold = 5
when_held_too_long = "announce"
""",
}


PARK = """
[park]
places = "701-702"
timeout = 20
"""


def centre() -> str:
    text = CENTRE.replace("[say.nobody]", f"{LEAVE}\n[say.nobody]")
    for queue, words in WORDS.items():
        text = text.replace(f"[queue.{queue}]\n", f"[queue.{queue}]\n{words}")
    return text + PARK


class Walk:
    def __init__(self, seed: int) -> None:
        self.office = Office(
            seed=seed, centre=centre(), ports=16, latency=0.02, jitter=0.05, loss=0.05, duplication=0.05
        )
        self.chance = self.office.world.random
        for user in PEOPLE:
            phone = self.office.phone(user, register=False)
            phone.register(300)
            phone.on_call = self.react
        self.office.run(2)
        for desk in DESKS:
            self.office.phones[desk].dial("*11")

    def react(self, call: PhoneCall) -> None:
        """To being called."""

        def early(call: PhoneCall) -> None:
            call.early_media()
            call.after(self.chance.uniform(0, 5), call.answer)

        reactions: tuple[Callable[[PhoneCall], None], ...] = (
            answers(after=self.chance.uniform(0, 8), ring=self.chance.random() < 0.8),
            answers(after=self.chance.uniform(0, 0.1)),
            rejects(self.chance.choice((302, 404, 480, 486, 500, 603)), after=self.chance.uniform(0, 4)),
            rings_on,
            early,
        )
        willing = self.chance.random() < 0.6  # else too few conversations come about
        self.chance.choice(reactions[:2] if willing else reactions)(call)

    def step(self) -> None:
        if self.chance.random() < 0.08:
            self.by_hand()
        phone = self.office.phones[self.chance.choice(PEOPLE)]
        numbers = CODES if phone.user in DESKS else CALLED
        calls = [call for call in phone.calls if not call.over]
        call = self.chance.choice(calls) if calls else None
        if phone.gone:
            if self.chance.random() < 0.3:
                phone.reappear()
                phone.register(300)
        elif call is None or self.chance.random() < 0.1:
            if phone.user in CALLERS or self.chance.random() < 0.2:
                phone.dial(self.chance.choice(numbers), late_offer=self.chance.random() < 0.2)
        else:
            self.chance.choice(
                (
                    lambda: call.press(self.chance.choice("0123456789*#"), self.chance.choice(("rfc4733", "info"))),
                    lambda: call.press(self.chance.choice("12789*"), "rfc4733"),
                    lambda: self.send_on(call, calls),
                    lambda: self.send_on(call, calls),
                    lambda: self.order(call),
                    call.hang_up,
                    lambda: call.hold(self.chance.choice(tuple(Direction))) if call.talking else None,
                    lambda: call.resume() if call.talking else None,
                    lambda: self.vanish(phone) if self.chance.random() < 0.2 else None,
                    lambda: self.registration(phone),
                    lambda: None,
                )
            )()

    def by_hand(self) -> None:
        """An operator moves somebody who waits to another queue, or sends them somewhere."""
        switch, now = self.office.switch, self.office.world.now
        waiting = [t.call for t in switch.dispatcher.tickets.values() if t.place is not Place.TALKING]
        if not waiting:
            return
        ticket = self.chance.choice(sorted(waiting))
        if self.chance.random() < 0.6:
            queue = self.chance.choice(("sales", "support", "everybody", "manned"))
            switch.control.queues.receive(CallChanged(ticket, queue), now)
        else:
            calls = [call for call in switch.control.calls.values() if call.queued_as == ticket]
            target = Target.parse(self.chance.choice(("agent:piotr", "phone:2006", "menu:leave", "say:sorry")))
            for call in calls[:1]:
                send_on(switch.control, call, target, now)
        switch.control.on_changed(now)
        switch.flush()

    def order(self, call: PhoneCall) -> None:
        """A callback, by the keys of both queues; the number is right."""
        call.press(self.chance.choice("12"))
        call.after(self.chance.uniform(0.1, 4.0), lambda: call.press("1"))

    def send_on(self, call: PhoneCall, calls: list[PhoneCall]) -> None:
        """By the telephone's own button or by keys; blind, or after talking to somebody else."""
        to = self.chance.choice(SENT_TO)
        others = [other for other in calls if other is not call and other.talking]
        match self.chance.choice(("refer", "attended", "dial", "keys", "keys", "hurried keys")):
            case "refer" if call.talking:
                call.transfer(to)
            case "attended" if call.talking and others:
                call.transfer(self.chance.choice(others))
            case "dial" if call.talking and not others:
                call.hold()
                call.phone.dial(to)
            case "keys":
                call.press(f"{self.chance.choice(('*2', '*3'))}{to}#")
            case "hurried keys":
                call.press(self.chance.choice(("*2", "*3", "*6", "#", "*", f"{to}#")))

    def vanish(self, phone: SimPhone) -> None:
        legs = [call.leg for call in phone.calls if not call.over and call.leg is not None]
        phone.vanish()
        self.office.world.call_later(60.0, lambda: self.silent(legs))

    def silent(self, legs: list[int]) -> None:
        for leg in legs:
            if leg in self.office.switch.media.specs:
                self.office.switch.on_media(MediaTimeout(leg, 60.0))

    def registration(self, phone: SimPhone) -> None:
        if self.chance.random() < 0.5:
            phone.unregister()
        else:
            phone.register(300)


@pytest.mark.parametrize("seed", range(1, 9))
def test_whatever_people_do_every_call_ends_once_and_leaves_nothing(seed: int) -> None:
    walk = Walk(seed)
    office = walk.office
    try:
        for _ in range(STEPS):
            walk.step()
            office.run(walk.chance.choice((0.0, 0.02, 0.1, 0.5, 1.0, 4.0)))
        for phone in office.phones.values():
            if phone.gone:
                phone.reappear()
        office.run(70)
        office.close()
        check_accounts(office.switch.journal.lines)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error
