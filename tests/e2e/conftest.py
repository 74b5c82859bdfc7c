"""Fixtures of the end-to-end tests: clients and switches that are closed again, whatever happens in the test."""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.tts.synthesizer import SpeechSettings, SynthesisFailed, Synthesizer
from tests.e2e.office import AGENTS, CENTRE, STEP_TWO, WELCOME, Office, phone_tables, write_music
from tests.support import baresip, sipp
from tests.support.baresip import BaresipPhone
from tests.support.pjsua_agent import PjsuaPhone
from tests.support.ports import Ports
from tests.support.sipp import Sipp
from tests.support.speech import Speech
from tests.support.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

MEDIA_PORTS = 18
SIPP_MEDIA_PORTS = 8


class SippPorts:
    def __init__(self, sip: int, first_media: int) -> None:
        self.sip = sip
        self.media = range(first_media, first_media + SIPP_MEDIA_PORTS)

    @property
    def uri(self) -> str:
        return f"sip:sipp@127.0.0.1:{self.sip}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/e2e" in item.path.as_posix():
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(90))


def demand_sipp() -> None:
    demand(sipp.is_installed(), "SIPp", "sudo apt-get install --no-install-recommends sip-tester")


def demand_root(what: str) -> None:
    """Root only; CI is root."""
    demand(os.geteuid() == 0, f"the right to {what}", "sudo")


def demand(is_there: bool, what: str, how: str) -> None:
    """A missing client skips the test with the command that installs it; in CI (`CI` is set) it fails it."""
    if is_there:
        return
    text = f"{what} is missing; get it with: {how}"
    if os.environ.get("CI"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


@pytest.fixture(scope="session")
def ports() -> Iterator[Ports]:
    window = Ports()
    yield window
    window.close()


class Clients:
    """Makes clients with ports and folders of their own."""

    def __init__(self, ports: Ports, folder: Path, stack: ExitStack) -> None:
        self._ports = ports
        self._folder = folder
        self._stack = stack

    def pjsua(self, name: str, **settings: Any) -> PjsuaPhone:
        """A pjsua2 phone without an account."""
        demand(find_spec("pjsua2") is not None, "pjsua2", "pip install pjsua2-python==2.15.1.post1 (Python < 3.13)")
        phone = PjsuaPhone(
            name, self._folder, port=self._ports.one(), rtp_port=self._ports.run_of(MEDIA_PORTS), **settings
        )
        self._stack.callback(phone.close)
        return phone

    def baresip(self, user: str, **settings: Any) -> BaresipPhone:
        demand(baresip.is_installed(), "baresip", "sudo apt-get install --no-install-recommends baresip-core")
        phone = BaresipPhone(
            user,
            self._folder,
            port=self._ports.one(),
            rtp_port=self._ports.run_of(MEDIA_PORTS),
            control_port=self._ports.one(),
            **settings,
        )
        self._stack.callback(phone.close)
        return phone

    def reserve_sipp(self) -> SippPorts:
        """Ports for a SIPp that is to be listened to, or to be known to the switch, before it starts."""
        return SippPorts(self._ports.one(), self._ports.run_of(SIPP_MEDIA_PORTS))

    def sipp(self, scenario: str, *, ports: SippPorts | None = None, **settings: Any) -> Sipp:
        demand_sipp()
        where = ports or self.reserve_sipp()
        running = Sipp.start(scenario, self._folder, port=where.sip, media_port=where.media[0], **settings)
        self._stack.callback(running.stop)
        return running


@pytest.fixture
def clients(ports: Ports, tmp_path: Path) -> Iterator[Clients]:
    with ExitStack() as stack:
        yield Clients(ports, tmp_path, stack)


class Switches:
    """Starts switches, which share what was rendered: rendering is most of the time that a first start takes."""

    def __init__(self, ports: Ports, folder: Path, speech: Path, stack: ExitStack) -> None:
        self._ports = ports
        self._speech = speech
        self._folder = folder
        self._stack = stack

    def start(self, body: str, **settings: Any) -> Switch:
        """A switch that is stopped, and must stop well, at the end."""
        (self._folder / "data").mkdir(exist_ok=True)
        (self._folder / "data" / "speech").symlink_to(self._speech, target_is_directory=True)
        running = Switch(body, self._folder, self._ports, **settings)
        self._stack.callback(running.stop)
        return running


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of rendered speech that all switches share, with what the tests wait for already in it.

    What a switch does not find there it renders by itself: the long welcome of `test_process` is not among these.
    """
    folder = tmp_path_factory.mktemp("speech")
    asyncio.run(render(folder, Speech(folder).texts([WELCOME, STEP_TWO])))
    return folder


async def render(folder: Path, texts: list[tuple[str, str]]) -> None:
    """Have texts with their languages in the cache, however busy the machine will be when they are needed."""
    synthesizer = Synthesizer(SpeechSettings(), folder)
    await synthesizer.start()
    try:
        for text, language in texts:
            done: asyncio.Future[Path | SynthesisFailed] = asyncio.get_running_loop().create_future()
            if synthesizer.request(text, language, done.set_result) is None:
                outcome = await asyncio.wait_for(done, 30)
                assert not isinstance(outcome, SynthesisFailed), outcome
    finally:
        await synthesizer.stop()


@pytest.fixture
def switches(ports: Ports, tmp_path: Path, rendered: Path) -> Iterator[Switches]:
    with ExitStack() as stack:
        yield Switches(ports, tmp_path, rendered, stack)


@pytest.fixture(scope="module")
def shared_switch(
    ports: Ports, tmp_path_factory: pytest.TempPathFactory, rendered: Path
) -> Iterator[tuple[Switch, NDArray[np.float32]]]:
    """One switch for all tests of a module, and its music."""
    folder = tmp_path_factory.mktemp("office")
    music = write_music(folder)
    with ExitStack() as stack:
        yield Switches(ports, folder, rendered, stack).start(phone_tables() + AGENTS + CENTRE), music


@pytest.fixture
def office(shared_switch: tuple[Switch, NDArray[np.float32]], clients: Clients) -> Iterator[Office]:
    """The contact centre of `tests.e2e.office`. The switch goes on to the next test; the phones do not.

    For tests that leave nothing behind once their phones have unregistered. An offer that came to nothing does: the
    agent is left alone for a while. Such tests take `own_office`.
    """
    switch, music = shared_switch
    assert switch.is_running, f"the switch ended in an earlier test\n{switch.diagnosis()}"
    yield Office(switch, clients, music)
    switch.check_log()


@pytest.fixture
def own_office(switches: Switches, clients: Clients, tmp_path: Path) -> Office:
    """The same, with a switch of the test's own."""
    music = write_music(tmp_path)
    return Office(switches.start(phone_tables() + AGENTS + CENTRE), clients, music)


@pytest.fixture
def speech(rendered: Path) -> Speech:
    return Speech(rendered)
