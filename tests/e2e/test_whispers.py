"""What agents are told before a caller is put through, in their own languages, and phones that answer by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.hearing import recognises
from tests.e2e.office import AGENTS, Office, phone_tables, write_music
from tests.support.speech import LANGUAGES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Clients, Switches
    from tests.support.speech import Speech

LABEL = "Acme"
AGENT = """
[[agent]]
id = "sam"
phone = "2003"
auto_answer = true
logged_in = true
"""
#: Everybody has a queue of their own; Sam's agents hear nothing.
CENTRE = """
[music.default]
files = ["music.wav"]

[queue.sam]
agents = ["sam"]
wrap_up = 0

[[route]]
did = "2003"
to = "queue:sam"
""" + "".join(
    f"""
[queue.{agent}]
label = "{LABEL}"
agents = ["{agent}"]
wrap_up = 0
whisper = true

[[route]]
did = "10{n}"
to = "queue:{agent}"
"""
    for n, agent in enumerate(("olena", "piotr", "iryna"), 1)
)


def test_agents_are_told_in_their_own_languages_and_phones_that_are_asked_to_answer_do(
    switches: Switches, clients: Clients, tmp_path: Path, speech: Speech
) -> None:
    agents = AGENTS
    for agent, language in zip(("olena", "piotr", "iryna"), LANGUAGES[1:], strict=True):
        agents = agents.replace(f'id = "{agent}"', f'id = "{agent}"\nlanguage = "{language}"')
    ports = clients.reserve_sipp()
    music = write_music(tmp_path)
    office = Office(switches.start(phone_tables({"2003": ports.uri}) + agents + AGENT + CENTRE), clients, music)
    phones = [office.phone(user) for user in ("1001", "1002", "1003")]
    cara, dan = office.phone("2001"), office.phone("2002")
    calls = [office.dial(cara, f"10{n}") for n in (1, 2, 3)]

    taken = [phone.wait_incoming() for phone in phones]
    for call, desk in zip(calls, taken, strict=True):
        call.play_tone(440)
        desk.answer()
    whispers = [speech.phrase("whisper-wait-short", language, label=LABEL) for language in LANGUAGES[1:]]
    for desk, whisper in zip(taken, whispers, strict=True):
        desk.listen_until(lambda heard, clip=whisper: recognises(heard, clip), what="a whisper")  # type: ignore[misc]
        desk.listen_for_tone(440)
    for n, desk in enumerate(taken):
        scores = [desk.heard_so_far().find(whisper).score for whisper in whispers]
        assert scores.index(max(scores)) == n, scores
    for call in calls:
        heard = call.heard()
        assert all(not recognises(heard, whisper) for whisper in whispers), "a caller heard it"

    machine = clients.sipp("uas-answer", ports=ports, echo=True)
    echoed = office.dial(dan, "2003")
    echoed.wait_confirmed()
    echoed.play_tone(440)
    echoed.listen_for_tone(440)
    echoed.hang_up()
    (invite, *_) = (message for message in machine.wait() if message.method == "INVITE" and not message.sent)
    assert invite.header("Call-Info") == "<sip:pbx.test>;answer-after=0"
    assert invite.header("Alert-Info") == "<http://pbx.test>;info=alert-autoanswer;delay=0"
    assert "answer-after" not in taken[0].invite
