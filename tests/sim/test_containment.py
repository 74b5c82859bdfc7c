"""An exception anywhere ends the call it belongs to, on record, and disturbs nobody else.

The N-th use of any port fails, for N = 1, 2, 3 … until a run has no failure left.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from acd.agent import State
from tests.sim.office import Office
from tests.support.sim_phone import answers


class Broken(Exception):
    """What the injected failure raises."""


class Sabotage:
    """Counts every use of the ports it stands before; use number *fails_at* raises."""

    def __init__(self, fails_at: int) -> None:
        self.fails_at, self.uses, self.name = fails_at, 0, ""

    def __call__(self, port: Any) -> Any:
        return _Tampered(port, self)

    def used(self, name: str) -> None:
        self.uses += 1
        if self.uses == self.fails_at:
            self.name = name
            raise Broken(name)


class _Tampered:
    def __init__(self, port: Any, sabotage: Sabotage) -> None:
        self._port, self._sabotage = port, sabotage

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._port, name)

        def use(*args: Any, **named: Any) -> Any:
            if name == "remove_leg":  # what cannot even be let go cannot be counted as left behind
                verb(*args, **named)
            self._sabotage.used(name)
            return None if name == "remove_leg" else verb(*args, **named)

        return use


def working_day(sabotage: Sabotage) -> Office:
    """Two callers through menu and queue to two agents, one hold, a call between phones, one caller who gives up."""
    office = Office(tamper=sabotage)
    for user in ("1001", "1003", "2001", "2002", "2003", "2004"):
        office.phone(user, register=False).register()
    office.run(5)
    for desk in ("1001", "1003"):
        office.phones[desk].on_call = answers(after=2.0)
        office.phones[desk].dial("*11")
    office.run(5)
    first = office.phone("2001").dial("100")
    second = office.phone("2002").dial("101")
    between = office.phone("2003").dial("2004")
    office.run(2)
    first.press("1")
    third = office.phone("2003").dial("101")
    office.run(6)
    first.hold()
    third.hang_up()
    office.run(2)
    first.resume()
    office.run(10)
    for call in (first, second, between):
        call.hang_up()
    office.run(5)
    return office


def test_whatever_fails_costs_one_call_and_no_other(caplog: Any) -> None:
    calm = Sabotage(0)
    working_day(calm).close()
    for number in range(1, calm.uses + 1):
        caplog.clear()
        sabotage = Sabotage(number)
        office = working_day(sabotage)
        where = f"use {number} of the ports, {sabotage.name}"
        assert sabotage.name, where
        office.close()
        assert any(record.exc_info for record in caplog.records), f"{where}: nobody was told"
        ended = office.switch.journal.of("call.ended")
        broken = [line for line in ended if line.data["cause"] == "internal-error"]
        assert len(broken) <= 1, f"{where}: {len(broken)} calls"
        states = Counter(agent.state for agent in office.switch.dispatcher.agents.values())
        assert states[State.IDLE] == len(office.switch.dispatcher.agents), f"{where}: {states}"
        call = office.call("2005", "106")
        call.hang_up()
        office.run(1)


def a_day_on_the_line(sabotage: Sabotage) -> Office:
    """Two callers, a transfer that is given up, and the agent hangs up on the second one."""
    office = Office(tamper=sabotage)
    for user in ("1001", "2001", "2002"):
        office.phone(user, register=False).register()
    office.run(5)
    line = office.phones["1001"].dial("*10")
    office.run(5)
    first = office.phone("2001").dial("101")
    office.run(3)
    line.press("*2")
    office.run(1)
    first.hang_up()
    office.run(6)
    second = office.phone("2002").dial("101")
    office.run(3)
    line.hang_up()
    office.run(3)
    second.hang_up()
    office.run(5)
    return office


def test_whatever_fails_nothing_is_left_of_an_agent_on_the_line() -> None:
    calm = Sabotage(0)
    a_day_on_the_line(calm).close()
    for number in range(1, calm.uses + 1):
        a_day_on_the_line(Sabotage(number)).close()
