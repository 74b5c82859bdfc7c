"""Opening hours set by hand: by telephone and by the operator, over a kill, until they are over by themselves."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.e2e.office import Office, phone_tables, write_music
from tests.support.switch import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.pjsua_agent import PjsuaPhone
    from tests.support.speech import Speech

RECOGNISED = 0.7
OPEN, CLOSED = "We are here for you. What can we do?", "Nobody is in the office today."
HOURS = f"""
[hours.office]
open = ["daily"]
number = "1"
forced_by = "1001"
when_open = "say:open"
when_closed = "say:closed"

[say.open]
say = "{OPEN}"

[say.closed]
say = "{CLOSED}"

[[route]]
did = "100"
to = "hours:office"
"""


def test_hours_are_closed_by_telephone_and_open_again_by_themselves(
    switches: Switches, clients: Clients, speech: Speech, tmp_path: Path
) -> None:
    office = Office(switches.start(phone_tables() + HOURS), clients, write_music(tmp_path))
    olena, cara = office.phone("1001"), office.phone("2001")

    def hears(phone: PjsuaPhone, number: str, *phrases: str) -> bool:
        """Whether what is said is the first of the phrases rather than any other."""
        call = office.dial(phone, number)
        call.wait_confirmed()
        call.wait_ended(within=15)
        heard = call.heard()
        scores = [heard.find(speech.phrase(p) if p.startswith("hours-") else speech.text(p)).score for p in phrases]
        return scores[0] > RECOGNISED and scores[0] == max(scores)

    def shown() -> dict[str, Any]:
        (hours,) = office.switch.ask("hours")["hours"]
        return dict(hours)

    assert hears(cara, "100", OPEN, CLOSED)
    assert hears(cara, "*30*1*2", "hours-not-allowed", "hours-closed")
    assert hears(olena, "*30*1*2", "hours-closed", "hours-not-allowed")
    assert hears(cara, "100", CLOSED, OPEN)
    office.switch.kill_and_start_again()
    assert (shown()["state"], shown()["forced_by"], shown()["next_change"]) == ("closed", "1001", None)
    assert hears(cara, "100", CLOSED, OPEN)

    until = datetime.fromtimestamp(int(time.time()) + 8, UTC).isoformat()
    assert f"office is closed until {until[:10]}" in office.switch.tell("hours", "office", "closed", "--until", until)
    eventually(lambda: shown()["state"] == "open", what="the end of what was set by hand")
    assert hears(cara, "100", OPEN, CLOSED)
