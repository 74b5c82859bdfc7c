"""Whatever services do with what a caller has entered masked: nobody reads it afterwards."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from softswitch.outbox.events import event_of
from tests.sim.office import CENTRE, Office
from tests.support.sim_phone import answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from softswitch.store.cdr import Record

ECHOING = """
[collect.pin]
say = "PIN?"
digits = "4-12"
mask = true
variable = "pin"
then = "webservice:crm"

[webservice.crm]
url = "https://crm.example/{pin}"
customer_id = "{client}"
say = "Code {echo}, {name}."
when.way = { app = "verbs:app" }
then = "set:shown"

[set.shown]
label = "{label}{echo}"
language = "{tongue}"
data = { copy = "{pin}{echo}", segment = "{name}" }
then = "queue:sales"

[verbs.app]
url = "https://app.example/"
masked = ["pin"]
when_failed = "set:shown"

[verification.identity]
ask = "Ask for {echo}."
show = "{echo} {name} {copy}"

[[route]]
did = "140"
to = "collect:pin"
"""
WORDS = 'verify = "identity"\noffer_callback = { after = 4, key = "2", abandoned_after = 8 }\n'
OLD = "announce = { position = true, first_after = 5, every = 20 }\n"
NAMES = ("echo", "name", "client", "label", "tongue", "pin", "customer_id", "agent", "segment", "verified")


def office() -> Office:
    centre = CENTRE.replace(OLD, "").replace("[queue.sales]\n", f"[queue.sales]\n{WORDS}")
    return Office(centre=centre.replace("[[route]]", f"{ECHOING}\n[[route]]", 1))


def everything(office: Office) -> str:
    """All that is written down, and all that other systems are told."""
    lines = office.switch.journal.lines
    return re.sub(r"[0-9]+\.[0-9]+", "…", json.dumps(_told(lines)))


def _told(lines: list[Record]) -> list[object]:
    return [(line.kind, line.data, event_of(line, "pbx").document["data"]) for line in lines]


secrets = st.integers(10**7, 10**12 - 1).map(str)
echoes = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from(["{}", "is {}.", "x{}y", "Olena", "{}, {}", "K-17"]), max_size=6
)
APPS = (
    '[{{"verb": "say", "text": "{0}"}}, {{"verb": "queue", "name": "sales"}}]',
    '[{{"verb": "set", "label": "{0}", "data": {{"copy": "<{0}>"}}}}, {{"verb": "queue", "name": "sales"}}]',
    '[{{"verb": "play", "name": "{0}"}}]',
    '[{{"verb": "{0}"}}]',
    '[{{"verb": "redirect", "to": "queue:{0}"}}]',
    '{{"error": "no {0}"}}',
    '[{{"verb": "set", "needs": "({0}", "language": "uk"}}]',
)


@example(secret="12345678", echo={}, app=APPS[-1], served=False)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=secrets, echo=echoes, app=st.none() | st.sampled_from(APPS), served=st.booleans())
def test_no_record_event_log_or_telephone_has_a_secret_that_services_repeat(
    secret: str, echo: Mapping[str, str], app: str | None, served: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    there = office()
    call = there.call("2001", "140")
    there.run(1)
    for digit in secret + "#":
        call.press(digit)
        there.run(0.2)
    asked, variables = there.switch.oracle.asked[max(there.switch.oracle.asked)]
    assert (asked, variables["pin"]) == ("webservice:crm", secret)
    there.switch.answered(
        {name: text.format(secret, secret) for name, text in echo.items()} | {"way": (app and "app") or ""}
    )
    there.run(0.5)
    if app is not None:
        there.switch.answered({"verbs": app.format(secret)})
    there.run(5)
    agent = there.agent("1001", answers(after=1.0)) if served else None
    there.run(8)
    call.hang_up()
    there.run(2)
    assert secret not in everything(there)
    assert secret not in caplog.text
    if agent is not None:
        assert not any(secret in str(taken.invite) for taken in agent.calls if taken.invite is not None)
    about = [ticket.about for ticket in there.switch.dispatcher.tickets.values()]
    assert secret not in str(about)
    there.close()
