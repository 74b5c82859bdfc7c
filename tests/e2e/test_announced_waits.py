"""Phones in four languages wait in queues of every expected wait, and hear it.

So many agents as a wait takes are there and busy, as a formula reckons with what is believed of calls before anything
is learnt. What came to the phones is recorded on the wire and compared with the golden sentences, spoken by another
engine than the switch's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import pytest

from acd.announcements import BOXES
from softswitch.speech.phrases import WAIT_BOXES
from softswitch.tts.synthesizer import SpeechSettings, Synthesizer
from tests.e2e.conftest import demand_root, render
from tests.e2e.hearing import sentences, trimmed
from tests.e2e.office import TRUNK_ADDRESS, Office
from tests.support.audio import read_wav, silence, write_wav
from tests.support.capture import Capture
from tests.support.ports import FIRST, LAST
from tests.support.spectra import recognise, spectrum
from tests.support.speech import LANGUAGES
from tests.support.switch import eventually
from tests.unit.softswitch.speech.test_golden import table

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.e2e.conftest import Clients, Switches

    Known = dict[str, dict[str, NDArray[np.float64]]]


class Staff(NamedTuple):
    agents: int
    wrap_up: int  # seconds after each call


#: Who makes callers wait so long.
STAFF = {
    "1": Staff(6, 0),
    "2": Staff(4, 0),
    "5": Staff(2, 0),
    "10": Staff(1, 30),
    "20": Staff(1, 300),
    "more": Staff(1, 900),
}
WAITS = [(language, box) for box in STAFF for language in LANGUAGES]
RECOGNISED = 0.9
CALLS_OF_A_PHONE = 4
BUSY = "uas-486"


def centre(contact: str) -> str:
    """A queue for each wait and language; all its agents' phones are one that is always busy, and is not rung again."""
    tables = [
        f'[trunk.carrier]\nsource = ["{TRUNK_ADDRESS}"]\n[music.default]\nfiles = ["music.wav"]\n'
        "[offers]\nafter_busy = 600\n"
    ]
    for number, (language, box) in enumerate(WAITS):
        staff = STAFF[box]
        agents = [f"a{number}-{n}" for n in range(staff.agents)]
        for n, agent in enumerate(agents):
            user = f"7{number:02}{n}"
            tables.append(
                f'[[phone]]\nuser = "{user}"\ncontact = "{contact.replace("sipp@", f"{user}@")}"\n'
                f'[[agent]]\nid = "{agent}"\nphone = "{user}"\nlogged_in = true\n'
            )
        tables.append(
            f"[queue.q{number}]\nagents = {agents}\nwrap_up = {staff.wrap_up}\n"
            "announce = { position = false, wait = true, first_after = 6, every = 5 }\n"
            f'[[route]]\ndid = "{language}-{box}"\nto = "queue:q{number}"\nlanguage = "{language}"\n'
        )
    return "\n".join(tables)


@pytest.fixture
def known(tmp_path: Path, rendered: Path) -> Known:
    """Language → box → how the golden sentence sounds. What the switch will say is rendered as well."""
    boxes = {key: box for box, key in WAIT_BOXES.items()}
    texts = {
        language: {boxes[key]: text for key, _, text in table(language, "phrases")[1] if key in boxes}
        for language in LANGUAGES
    }

    async def speak() -> dict[str, dict[str, Path]]:
        other = Synthesizer(SpeechSettings(engine="espeak"), tmp_path / "known")
        await other.start()
        said = [(text, language) for language, of_it in texts.items() for text in of_it.values()]
        ours = asyncio.create_task(render(rendered, said))
        try:
            return {
                language: {box: await other.render(text, language) for box, text in of_it.items()}
                for language, of_it in texts.items()
            }
        finally:
            await ours
            await other.stop()

    return {
        language: {box: spectrum(trimmed(read_wav(path))) for box, path in files.items()}
        for language, files in asyncio.run(speak()).items()
    }


def test_every_wait_is_recognised_in_every_language(
    switches: Switches, clients: Clients, tmp_path: Path, known: Known
) -> None:
    demand_root("record what comes to phones")
    assert [box for box, _ in BOXES] == list(STAFF)
    write_wav(tmp_path / "music.wav", silence(2.0))  # so that sentences have an end
    busy = clients.reserve_sipp()
    agents = sum(STAFF[box].agents for _, box in WAITS)
    clients.sipp(BUSY, ports=busy, calls=agents, at_once=agents)
    office = Office(switches.start(centre(busy.uri)), clients, silence(2.0))
    switch, ports = office.switch, {}
    with Capture(range(FIRST, LAST)) as capture:
        for n in range(0, len(WAITS), CALLS_OF_A_PHONE):
            phone = clients.pjsua(f"ears-{n}", address=TRUNK_ADDRESS)
            phone.use_account(f"+3805012345{n:02d}", server=switch.server, domain=switch.domain)
            for language, box in WAITS[n : n + CALLS_OF_A_PHONE]:
                call = office.dial(phone, f"{language}-{box}")
                call.wait_confirmed()
                ports[language, box] = int(call.statistics()["local"].rpartition(":")[2])

        def heard(wait: tuple[str, str]) -> list[NDArray[np.float32]]:
            return sentences(capture.heard(ports[wait]))

        eventually(lambda: all(map(heard, WAITS)), what="sentences to all", within=25, every=1.0)
    found = {wait: [recognise(spectrum(said), known[wait[0]]) for said in heard(wait)] for wait in WAITS}
    assert {wait: {box for box, _ in said} for wait, said in found.items()} == {wait: {wait[1]} for wait in WAITS}
    assert min(score for said in found.values() for _, score in said) > RECOGNISED
    switch.stop()  # while there is somebody to say goodbye to
