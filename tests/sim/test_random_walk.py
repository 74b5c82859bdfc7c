"""Everybody does anything at any time, on a bad network: nothing is lost, nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtp.legs import MediaTimeout
from rtp.negotiate import Direction
from tests.sim.office import CALLERS, DESKS, Office
from tests.support.sim_phone import answers, rejects, rings_on

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.sim_phone import PhoneCall, SimPhone

STEPS = 300
PEOPLE = (*DESKS, *CALLERS[:4])
CALLED = (*("100", "101", "102", "103", "104") * 3, "106", "999", *PEOPLE)
CODES = ("*11", "*11", "*11", "*12", "*13", "*14", "100", "2001")


class Walk:
    def __init__(self, seed: int) -> None:
        self.office = Office(seed=seed, ports=16, latency=0.02, jitter=0.05, loss=0.05, duplication=0.05)
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
        self.chance.choice(reactions)(call)

    def step(self) -> None:
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
                    lambda: call.press(self.chance.choice("0123459*#"), self.chance.choice(("rfc4733", "info"))),
                    lambda: call.press(self.chance.choice("129"), "rfc4733"),
                    call.hang_up,
                    lambda: call.hold(self.chance.choice(tuple(Direction))) if call.talking else None,
                    lambda: call.resume() if call.talking else None,
                    lambda: self.vanish(phone) if self.chance.random() < 0.2 else None,
                    lambda: self.registration(phone),
                    lambda: None,
                )
            )()

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
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error
