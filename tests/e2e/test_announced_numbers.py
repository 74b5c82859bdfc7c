"""Phones in four languages wait in a queue of a thousand, at every place whose number is a different kind of word.

Who stands in front gives up, and everybody is told the next place. What came to the phones is recorded on the wire,
where a busy machine takes nothing out of it, and compared with the golden sentences, spoken by another engine than the
switch's.
"""

from __future__ import annotations

import asyncio
import itertools
from functools import partial
from typing import TYPE_CHECKING

import pytest

from softswitch.paths import prompts_dir
from softswitch.speech.catalogue import Catalogue
from softswitch.speech.phrases import position
from softswitch.store.database import FILE_NAME
from softswitch.store.queries import Reader
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
from tests.unit.softswitch.speech.test_golden import POSITIONS, table

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from tests.e2e.conftest import Clients, Switches
    from tests.support.audio import Recording
    from tests.support.pjsua_agent import PjsuaCall, PjsuaPhone

Known = dict[str, dict[int, "NDArray[np.float64]"]]
ROUNDS = len(LANGUAGES) - 1  # so often the first caller leaves: each place is then held in all languages
#: Where a phone stands: whoever is `ROUNDS` places or fewer behind one of the numbers.
PLACES = sorted({place + behind for place in POSITIONS for behind in range(ROUNDS + 1)})
#: What the phones hear there: one place fewer whenever the first one leaves.
HEARD = sorted({place - left for place in PLACES for left in range(ROUNDS + 1) if place >= left})
CALLS_OF_A_PHONE = 4
RECOGNISED = 0.9
CENTRE = f"""
[trunk.carrier]
source = ["{TRUNK_ADDRESS}"]

[music.default]
files = ["music.wav"]

[queue.crowd]
needs = "patience >= 50"
announce = {{ position = true, first_after = 0.5, every = 5 }}
""" + "".join(
    f'\n[[route]]\ndid = "{language}"\nto = "queue:crowd"\nlanguage = "{language}"\n' for language in LANGUAGES
)


def language_at(place: int) -> str:
    return LANGUAGES[place % len(LANGUAGES)]


class Crowd:
    """Everybody who waits."""

    def __init__(self, office: Office, capture: Capture) -> None:
        self._office = office
        self._capture = capture
        self._ports: dict[int, int] = {}
        self._phones = [self._phone(n) for n in range(-(-len(PLACES) // CALLS_OF_A_PHONE))]
        self._numbers = (f"+38044{number}" for number in itertools.count(1000000))
        self.calls: dict[int, PjsuaCall] = {}  # by place

    def _phone(self, n: int) -> PjsuaPhone:
        switch = self._office.switch
        phone = self._office.clients.pjsua(f"ears-{n}", address=TRUNK_ADDRESS)
        phone.use_account(f"+3805012345{n:02d}", server=switch.server, domain=switch.domain)
        return phone

    def gather(self) -> None:
        """One after the other, so that they stand in this order."""
        lines = (phone for phone in self._phones for _ in range(CALLS_OF_A_PHONE))
        standing = 0
        for place, phone in zip(PLACES, lines, strict=False):
            if place > standing:
                self._mute(place - standing)
            self.calls[place] = self._office.dial(phone, language_at(place))
            self.calls[place].wait_confirmed()
            self._ports[place] = int(self.calls[place].statistics()["local"].rpartition(":")[2])
            standing = place + 1

    def heard(self, place: int) -> Recording:
        return self._capture.heard(self._ports[place])

    def _mute(self, count: int) -> None:
        """Callers without sound."""
        switch = self._office.switch
        callers = self._office.clients.sipp(
            "uac-wait-muted",
            remote=switch.server,
            domain=switch.domain,
            service="en",
            address=TRUNK_ADDRESS,
            calls=count,
            at_once=count,
            rate=300,
            rows=list(itertools.islice(self._numbers, count)),
        )
        answered = partial(callers.received, status=200, method="INVITE")
        eventually(lambda: len(answered()) == count, within=30, what="all answered", every=0.3)

    def wait_told(self, left: int) -> None:
        """Until all who are there have been told the place that they have since the first `left` ones left."""
        wanted = {place: place - left for place in PLACES if place >= left}

        latest: dict[int, int] = {}

        def told() -> bool:
            said: dict[str, list[int]] = {}
            with Reader(self._office.switch.data / FILE_NAME) as reader:
                for line in reader.lines({"acd.announced"}):
                    said.setdefault(line.data["call"], []).append(line.data["ahead"])
            latest.update((places[0], places[-1]) for places in said.values())
            return wanted.items() <= latest.items()

        def missing() -> str:
            return repr({place: latest.get(place) for place in wanted if wanted[place] != latest.get(place)})

        eventually(told, within=20, what="announcements to all", diagnosis=missing, every=0.25)


def heard_last(crowd: Crowd, place: int, known: Known) -> int:
    """The last place that was said to whoever stood at *place*; -1: none yet, or not to its end."""
    said = sentences(crowd.heard(place))
    number, score = recognise(spectrum(said[-1]), known[language_at(place)]) if said else (-1, 0.0)
    return number if score > RECOGNISED else -1


def wait_heard(crowd: Crowd, known: Known) -> None:
    """Until all who are there have heard the last of their places."""
    wanted = {place: place - ROUNDS for place in PLACES if place >= ROUNDS}

    def heard() -> bool:
        for place in [place for place, number in wanted.items() if heard_last(crowd, place, known) == number]:
            del wanted[place]
        return not wanted

    eventually(heard, within=20, what="everybody's last place", diagnosis=lambda: repr(wanted))


@pytest.fixture
def known(tmp_path: Path, rendered: Path) -> Known:
    """Language → place → how it sounds: golden sentences, and for the places between them those of the catalogue.

    What the switch will say is rendered as well, so that nobody waits for it.
    """
    catalogue = Catalogue.load(prompts_dir())
    prompts = {place: position(place) for place in HEARD}
    texts = {
        language: {place: catalogue.text(prompt.key, language, prompt.args) for place, prompt in prompts.items()}
        for language in LANGUAGES
    }
    said = [(text, language) for language in LANGUAGES for text in texts[language].values()]
    for language in LANGUAGES:
        texts[language] |= {int(place): text for place, text in table(language, "queue")[1]}

    async def speak() -> dict[str, dict[int, Path]]:
        other = Synthesizer(SpeechSettings(engine="espeak"), tmp_path / "known")
        await other.start()
        ours = asyncio.create_task(render(rendered, said))
        try:
            return {
                language: {place: await other.render(text, language) for place, text in texts[language].items()}
                for language in LANGUAGES
            }
        finally:
            await ours
            await other.stop()

    return {
        language: {place: spectrum(trimmed(read_wav(path))) for place, path in files.items()}
        for language, files in asyncio.run(speak()).items()
    }


@pytest.mark.timeout(180)
def test_every_place_is_recognised_in_every_language(
    switches: Switches, clients: Clients, tmp_path: Path, known: Known
) -> None:
    demand_root("record what comes to phones")
    write_wav(tmp_path / "music.wav", silence(2.0))  # so that sentences have an end
    office = Office(switches.start(CENTRE), clients, silence(2.0))
    with Capture(range(FIRST, LAST)) as capture:
        crowd = Crowd(office, capture)
        crowd.gather()
        for left in range(ROUNDS + 1):
            if left:
                crowd.calls[left - 1].hang_up()
            crowd.wait_told(left)
            eventually(lambda first=left: heard_last(crowd, first, known) == 0, what="next one")  # type: ignore[misc]
        wait_heard(crowd, known)

    told: dict[int, list[int]] = {}
    scores = []
    for place in PLACES:
        found = [recognise(spectrum(sentence), known[language_at(place)]) for sentence in sentences(crowd.heard(place))]
        told[place] = [number for number, _ in itertools.groupby(number for number, _ in found)]
        scores += [score for _, score in found]
    assert told == {place: [place - left for left in range(min(place, ROUNDS) + 1)] for place in PLACES}
    assert min(scores) > RECOGNISED
    office.switch.stop()  # while there is somebody to say goodbye to
