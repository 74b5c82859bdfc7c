"""An agent's whole working day in codes: queues left and joined, breaks with a reason, the work after a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.e2e.hearing import recognises
from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music
from tests.support.switch import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.pjsua_agent import PjsuaCall, PjsuaPhone
    from tests.support.speech import Speech

LANGUAGE = "uk"  # the agent's; the switch speaks English
WORDS = """
[break]
1 = "lunch"

[feature]
extend_by = 90
"""


def start(switches: Switches, clients: Clients, folder: Path) -> Office:
    """Only Olena is logged in. She has half a minute after a call, and all callers wait for her."""
    music = write_music(folder)
    olena, *others = AGENTS.split("[[agent]]")[1:]
    agents = f'[[agent]]\nlanguage = "{LANGUAGE}"{olena}' + "".join(
        "[[agent]]" + other.replace("logged_in = true", "logged_in = false") for other in others
    )
    centre = CENTRE.replace('label = "Sales"\n', 'label = "Sales"\nnumber = "1"\n')
    centre = centre.replace('needs = "sales >= 50"\nstrategy = "top-down"', 'strategy = "top-down"')
    centre = centre.replace("ring_timeout = 3\nwrap_up = 0\nannounce", "ring_timeout = 20\nwrap_up = 30\nannounce")
    return Office(switches.start(phone_tables() + agents + centre + WORDS), clients, music)


class Desk:
    """Olena's phone, and what the switch says of her."""

    def __init__(self, office: Office, speech: Speech) -> None:
        self._office = office
        self._speech = speech
        self.phone: PjsuaPhone = office.phone("1001")

    def dial(self, code: str, phrase: str, /, **arguments: int | str) -> None:
        """The switch says, in her language, what it did."""
        call = self._office.dial(self.phone, code)
        call.wait_confirmed()
        call.wait_ended(within=15)
        said = self._speech.phrase(phrase, LANGUAGE, **arguments)
        assert recognises(call.heard(), said), f"{code}: {phrase}"

    def state(self) -> dict[str, Any]:
        agents: list[dict[str, Any]] = self._office.switch.ask("agents")["agents"]
        return next(agent for agent in agents if agent["agent"] == "olena")

    def takes(self, caller: PjsuaCall, *, after: PjsuaCall | None = None) -> PjsuaCall:
        taken = self.phone.wait_incoming(after=None if after is None else after.incoming)
        taken.answer()
        taken.wait_confirmed()
        caller.play_tone(440)
        taken.listen_for_tone(440)
        return taken


def test_a_working_day(switches: Switches, clients: Clients, tmp_path: Path, speech: Speech) -> None:
    office = start(switches, clients, tmp_path)
    desk, cara = Desk(office, speech), office.phone("2001")
    desk.dial("*151", "agent-queue-left", label="Sales")
    call = office.dial(cara, "101")
    call.wait_confirmed()
    call.listen(1.5)
    assert desk.phone.incoming_calls() == [], "she has left the queue"
    desk.dial("*161", "agent-queue-joined", label="Sales")
    taken = desk.takes(call)
    taken.hang_up()
    call.wait_ended()

    eventually(lambda: desk.state()["state"] == "wrap_up", what="wrap-up")
    waiting = office.dial(cara, "101")
    waiting.wait_confirmed()
    desk.dial("*18", "agent-wrap-up-extended", seconds=90)
    assert len(desk.phone.incoming_calls()) == 1, "she is still at work after the first call"
    desk.dial("*17", "agent-wrap-up-ended")
    again = desk.takes(waiting, after=taken)
    again.hang_up()
    waiting.wait_ended()

    desk.dial("*131", "agent-break-started-reason", reason="lunch")
    state = desk.state()
    assert (state["status"], state["reason"]) == ("on_break", "lunch")
    assert [record["agent"] for record in office.records(2, of="2001")] == ["olena", "olena"]
