"""Opening hours: days counted from Easter, and hours that are set by hand, by telephone and by the operator, over a
kill, until they are over by themselves.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter  # type: ignore[import-untyped]

from tests.e2e.hearing import record_tones
from tests.e2e.office import Office, phone_tables, write_music
from tests.support.switch import eventually

if TYPE_CHECKING:
    from datetime import date
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
WEST, EAST, LATER = 600.0, 1000.0, 1500.0  # tones of their texts


def feasts(today: date) -> str:
    """Hours one after another: two that are closed on Easter and so many days that it is today, and one a month off.

    Tomorrow is in them too, for a test by midnight. Their texts are tones.
    """
    west, east = ((today - easter(today.year, method)).days for method in (EASTER_WESTERN, EASTER_ORTHODOX))
    return (
        "".join(
            f"""
[hours.{name}]
open = ["daily"]
closed = ["{feast}{days:+}", "{feast}{days + 1:+}"]
timezone = "UTC"
when_open = "hangup"
when_closed = "say:{name}"

[say.{name}]
say = "A tone."
then = "{then}"
"""
            for name, feast, days, then in (
                ("west", "easter", west, "hours:east"),
                ("east", "orthodox-easter", east, "hours:later"),
                ("later", "easter", west + 30, "hangup"),
            )
        )
        + '\n[[route]]\ndid = "101"\nto = "hours:west"\n'
    )


def test_hours_are_closed_by_telephone_and_open_again_by_themselves(
    switches: Switches, clients: Clients, speech: Speech, tmp_path: Path
) -> None:
    words = phone_tables() + HOURS + feasts(datetime.fromtimestamp(time.time(), UTC).date())
    record_tones(tmp_path, 0.5, say__west=WEST, say__east=EAST, say__later=LATER)
    office = Office(switches.start(words), clients, write_music(tmp_path))
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
        return next(dict(hours) for hours in office.switch.ask("hours")["hours"] if hours["hours"] == "office")

    feast = office.dial(cara, "101")
    feast.wait_confirmed()
    feast.wait_ended(within=20)
    assert [len(feast.heard().tone_spans(hz)) for hz in (WEST, EAST, LATER)] == [1, 1, 0]

    assert hears(cara, "100", OPEN, CLOSED)
    assert hears(cara, "*30*1*2", "hours-not-allowed", "hours-closed")
    assert hears(olena, "*30*1*2", "hours-closed", "hours-not-allowed")
    assert hears(cara, "100", CLOSED, OPEN)
    told = office.switch.tell("explain", "route", "--did", "100", "--phone", "2001")
    assert "hours office are set to closed by 1001 until it is released" in told
    office.switch.kill_and_start_again()
    assert (shown()["state"], shown()["forced_by"], shown()["next_change"]) == ("closed", "1001", None)
    assert hears(cara, "100", CLOSED, OPEN)

    until = datetime.fromtimestamp(int(time.time()) + 8, UTC).isoformat()
    assert f"office is closed until {until[:10]}" in office.switch.tell("hours", "office", "closed", "--until", until)
    eventually(lambda: shown()["state"] == "open", what="the end of what was set by hand")
    assert hears(cara, "100", OPEN, CLOSED)
