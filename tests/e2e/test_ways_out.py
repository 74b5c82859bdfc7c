"""Where callers are sent who cannot be served: the queue is full, nobody is there, it takes too long. They hear why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.hearing import RECOGNISED, recognises
from tests.e2e.office import AGENTS, Office, phone_tables, write_music

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.pjsua_agent import PjsuaCall
    from tests.support.speech import Speech

CLOSED = "Nobody is here to talk with you now."
LATER = "All seats of the waiting room are taken."
SORRY = "We are sorry that it took so long."
CENTRE = f"""
[music.default]
files = ["music.wav"]

[say.closed]
say = {{ en = "{CLOSED}" }}

[say.later]
say = {{ en = "{LATER}" }}

[say.sorry]
say = {{ en = "{SORRY}" }}

[queue.sales]
needs = "sales >= 50"
announce = {{ position = false }}
when_empty = "say:closed"

[queue.narrow]
announce = {{ position = false }}
max_waiting = 1
when_full = "say:later"
max_wait = 4
when_timed_out = "say:sorry"

[queue.rude]
announce = {{ position = false }}
max_wait = 1

[[route]]
did = "101"
to = "queue:sales"

[[route]]
did = "102"
to = "queue:narrow"

[[route]]
did = "103"
to = "queue:rude"
language = "pl"
"""


def test_full_empty_and_too_long_are_told_apart(
    switches: Switches, clients: Clients, tmp_path: Path, speech: Speech
) -> None:
    music = write_music(tmp_path)
    nobody_in = AGENTS.replace("logged_in = true", "logged_in = false")
    office = Office(switches.start(phone_tables() + nobody_in + CENTRE), clients, music)
    cara, dan = office.phone("2001"), office.phone("2002")

    def told(call: PjsuaCall) -> str:
        """What the caller had been told when the switch hung up."""
        call.wait_ended(within=15)
        texts = {text: speech.text(text) for text in (CLOSED, LATER, SORRY)}
        texts["queue-timed-out"] = speech.phrase("queue-timed-out", "pl")
        heard = call.heard()
        return " and ".join(name for name, clip in texts.items() if recognises(heard, clip))

    patient = office.dial(cara, "102")
    patient.wait_confirmed()
    late = office.dial(dan, "102")
    rude = office.dial(dan, "103")
    nobody = office.dial(dan, "101")
    assert told(nobody) == CLOSED
    assert told(late) == LATER
    assert told(rude) == "queue-timed-out"
    assert told(patient) == SORRY
    assert patient.heard().part(1, 3).position_in(music).score > RECOGNISED, "music until then"
