"""Fixtures of the end-to-end tests: clients and switches that are closed again, whatever happens in the test."""

from __future__ import annotations

import os
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.office import AGENTS, CENTRE, Office, phone_tables, write_music
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


def demand(is_there: bool, what: str, how: str) -> None:
    """A missing client skips the test with the command that installs it; in CI (`CI` is set) it fails it."""
    if is_there:
        return
    text = f"{what} is missing; install it with: {how}"
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
        demand(sipp.is_installed(), "SIPp", "sudo apt-get install --no-install-recommends sip-tester")
        where = ports or self.reserve_sipp()
        running = Sipp.start(scenario, self._folder, port=where.sip, media_port=where.media[0], **settings)
        self._stack.callback(running.stop)
        return running


@pytest.fixture
def clients(ports: Ports, tmp_path: Path) -> Iterator[Clients]:
    with ExitStack() as stack:
        yield Clients(ports, tmp_path, stack)


class Switches:
    def __init__(self, ports: Ports, folder: Path, speech: Path, stack: ExitStack) -> None:
        self._ports = ports
        self._speech = speech
        self._folder = folder
        self._stack = stack

    def start(self, body: str, *, digest: tuple[str, ...] = ("MD5",)) -> Switch:
        """A switch that is stopped, and must stop well, at the end of the test."""
        # Speech rendered for one test serves the next: rendering is most of the time that a start takes.
        (self._folder / "data").mkdir()
        (self._folder / "data" / "speech").symlink_to(self._speech, target_is_directory=True)
        running = Switch(body, self._folder, self._ports, digest=digest)
        self._stack.callback(running.stop)
        return running


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache of rendered speech that all switches share."""
    return tmp_path_factory.mktemp("speech")


@pytest.fixture
def switches(ports: Ports, tmp_path: Path, rendered: Path) -> Iterator[Switches]:
    with ExitStack() as stack:
        yield Switches(ports, tmp_path, rendered, stack)


@pytest.fixture
def office(switches: Switches, clients: Clients, tmp_path: Path) -> Office:
    """The contact centre of `tests.e2e.office`, running."""
    music = write_music(tmp_path)
    return Office(switches.start(phone_tables() + AGENTS + CENTRE), clients, music)


@pytest.fixture
def speech(office: Office) -> Speech:
    return Speech(office.switch.data / "speech")
