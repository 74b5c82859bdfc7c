"""A stranger who guesses users, passwords and numbers learns nothing: not by what is said, nor by how long it takes."""

from __future__ import annotations

import re
import statistics
import time
from itertools import count
from typing import TYPE_CHECKING

import pytest

from sip.auth import Credentials, answer_challenge
from sip.flow import Flow, Transport
from sip.message import Response
from sip.parser import parse_message
from tests.support.sim_switch import ADDRESS, SimSwitch
from tests.support.sim_world import SimNetwork, SimWorld

if TYPE_CHECKING:
    from collections.abc import Iterator

STRANGER = ("198.51.100.66", 5060)
FLOW = Flow(Transport.UDP, ADDRESS, STRANGER)
CONFIG = """
[sip]
domain = "pbx.test"

[[phone]]
user = "known1"
password = "the right one"

[[phone]]
user = "known2"
password = "another"

[[route]]
did = "1001"
to = "echo"
"""
USERS = ("known1", "nobody")
NUMBERS = ("1001", "9999", "known2", "nobody")


class Stranger:
    def __init__(self) -> None:
        self.world = SimWorld()
        network = SimNetwork(self.world)
        self.switch = SimSwitch(self.world, network, CONFIG)
        self.heard: list[bytes] = []
        network.hosts[STRANGER] = lambda data, flow: self.heard.append(data)
        self.serial = count(100_000)  # always as long

    def ask(self, method: str, user: str, number: str, password: str = "") -> tuple[list[bytes], float]:
        """Every response to a request, and to the same with credentials; CPU seconds that they took."""
        self.heard.clear()
        call_id = f"guess-{next(self.serial)}"
        took = self._send(method, user, number, call_id, 1, "")
        challenge = parse_message(self.heard[-1])
        assert isinstance(challenge, Response)
        if challenge.status == 401 and password:
            credentials = Credentials(user, password)
            answer = answer_challenge(challenge, credentials, method=method, uri=f"sip:{number}@pbx.test", cnonce="c")
            assert answer is not None
            took += self._send(method, user, number, call_id, 2, f"{answer.name}: {answer.value}\r\n")
        return list(self.heard), took

    def _send(self, method: str, user: str, number: str, call_id: str, cseq: int, more: str) -> float:
        to = user if method == "REGISTER" else number

        def request(name: str, extra: str) -> bytes:
            return (
                f"{name} sip:{number}@pbx.test SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP 198.51.100.66;branch=z9hG4bK{call_id}-{cseq}\r\n"
                f"From: <sip:{user}@pbx.test>;tag=a\r\nTo: <sip:{to}@pbx.test>\r\nCall-ID: {call_id}\r\n"
                f"CSeq: {cseq} {name}\r\nContact: <sip:x@198.51.100.66>\r\n{extra}Content-Length: 0\r\n\r\n"
            ).encode()

        data = request(method, more)
        began = time.process_time_ns()
        self.switch._receive(data, FLOW)
        took = (time.process_time_ns() - began) / 1e9
        self.world.run(0.1)
        if method == "INVITE":
            self.switch._receive(request("ACK", ""), FLOW)
        return took


def looks(responses: list[bytes]) -> Iterator[tuple[int, list[str], int]]:
    """Status, header fields and length, without what is random."""
    for data in responses:
        message = parse_message(data)
        assert isinstance(message, Response)
        plain = re.sub(rb'nonce="[^"]*"', b"", data)
        yield message.status, [name for name, _ in message.headers], len(plain) - len(message.to.tag or "")


@pytest.mark.parametrize("password", ["", "a wrong one"])
@pytest.mark.parametrize("method", ["REGISTER", "INVITE", "OPTIONS", "MESSAGE", "SUBSCRIBE", "REFER", "BYE"])
def test_answers_to_guesses_and_to_real_names_are_alike(method: str, password: str) -> None:
    stranger = Stranger()
    for numbers in (NUMBERS[:2], NUMBERS[2:]):  # as long as each other
        seen = [list(looks(stranger.ask(method, user, number, password)[0])) for user in USERS for number in numbers]
        assert seen == seen[:1] * 4
        if method in ("REGISTER", "INVITE"):
            assert [status for status, _, _ in seen[0]] == ([401, 403] if password else [401])
    assert not stranger.switch.journal.of("call.started")
    assert not stranger.switch.bindings.kept


def test_the_right_password_is_told_from_a_wrong_one() -> None:
    responses, _ = Stranger().ask("REGISTER", "known1", "1001", "the right one")
    assert [parse_message(data).status for data in responses] == [401, 200]  # type: ignore[union-attr]


@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
def test_a_guess_takes_as_long_as_a_real_name(method: str) -> None:
    """Of processor time; a busy machine is given three tries."""
    differences = []
    for _ in range(3):
        stranger = Stranger()
        times: dict[str, list[float]] = {user: [] for user in USERS}
        for turn in range(600):
            user = USERS[turn % 2]
            times[user].append(stranger.ask(method, user, "1001", "a wrong one")[1])
        known, unknown = (statistics.median(times[user][20:]) for user in USERS)
        differences.append(abs(known - unknown) / unknown)
        if differences[-1] < 0.05:
            return
    raise AssertionError(f"known and unknown users differ by {[f'{each:.1%}' for each in differences]}")
