"""Opening hours: days counted from Easter, and hours that are set by hand, by telephone, by the operator
and over HTTP, over a kill, until they are over by themselves.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2
import numpy as np
from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter  # type: ignore[import-untyped]

from tests.e2e.hearing import record_tones
from tests.e2e.office import Office, phone_tables, write_music
from tests.support.switch import eventually

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.e2e.conftest import Clients, Switches
    from tests.support.audio import Recording
    from tests.support.pjsua_agent import PjsuaPhone
    from tests.support.ports import Ports
    from tests.support.speech import Speech

RECOGNISED = 0.7
TOKEN = "0123456789abcdef-portal"
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

[api]
listen = "127.0.0.1:{{port}}"

[[api.token]]
name = "portal"
role = "admin"
token = "{TOKEN}"
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


def likeness(heard: Recording, clip: NDArray[np.float32]) -> float:
    """Half a second at a time: the whole is not found any more where the buffer of a phone has slipped."""
    pieces = np.array_split(clip, max(1, len(clip) // 4000))
    return float(np.median([heard.find(piece).score for piece in pieces]))


def test_hours_are_closed_by_telephone_and_open_again_by_themselves(
    switches: Switches, clients: Clients, speech: Speech, ports: Ports, tmp_path: Path
) -> None:
    port = ports.one()
    words = (
        phone_tables() + HOURS.replace("{port}", str(port)) + feasts(datetime.fromtimestamp(time.time(), UTC).date())
    )
    record_tones(tmp_path, 0.5, say__west=WEST, say__east=EAST, say__later=LATER)
    office = Office(switches.start(words), clients, write_music(tmp_path))
    olena, cara = office.phone("1001"), office.phone("2001")

    def hears(phone: PjsuaPhone, number: str, *phrases: str) -> None:
        """What is said is the first of the phrases rather than any other."""
        call = office.dial(phone, number)
        call.wait_confirmed()
        call.wait_ended(within=15)
        clips = [speech.phrase(p) if p.startswith("hours-") else speech.text(p) for p in phrases]
        scores = [likeness(call.heard(), clip) for clip in clips]
        told = f"{number}: {dict(zip(phrases, scores, strict=True))}\n{office.switch.diagnosis()}"
        assert scores[0] > RECOGNISED, told
        assert scores[0] == max(scores), told

    def shown() -> dict[str, Any]:
        return next(dict(hours) for hours in office.switch.ask("hours")["hours"] if hours["hours"] == "office")

    feast = office.dial(cara, "101")
    feast.wait_confirmed()
    feast.wait_ended(within=20)
    heard = [feast.heard().tone_seconds(hz) > 0.25 for hz in (WEST, EAST, LATER)]
    assert heard == [True, True, False], office.switch.diagnosis()

    hears(cara, "100", OPEN, CLOSED)
    hears(cara, "*30*1*2", "hours-not-allowed", "hours-closed")
    hears(olena, "*30*1*2", "hours-closed", "hours-not-allowed")
    hears(cara, "100", CLOSED, OPEN)
    told = office.switch.tell("explain", "route", "--did", "100", "--phone", "2001")
    assert "hours office are set to closed by 1001 until it is released" in told
    office.switch.kill_and_start_again()
    assert (shown()["state"], shown()["forced_by"], shown()["next_change"]) == ("closed", "1001", None)
    hears(cara, "100", CLOSED, OPEN)

    assert "office is open: daily" in office.switch.tell("hours", "office", "auto")
    url, token = f"http://127.0.0.1:{port}/hours/office", {"authorization": f"Bearer {TOKEN}"}
    with httpx2.Client(headers=token, trust_env=False, timeout=10.0) as web:
        assert web.put(url, content='{"state": "closed"}').json()["forced_by"] == "portal"
        assert shown()["state"] == "closed"
        assert web.delete(url).json()["state"] == shown()["state"] == "open"
        end = datetime.fromtimestamp(int(time.time()) + 4, UTC).isoformat()
        assert web.put(url, content=json.dumps({"state": "closed", "until": end})).json()["next_change"] == end
    eventually(lambda: shown()["state"] == "open", what="the end of what was set by hand")
    hears(cara, "100", OPEN, CLOSED)
