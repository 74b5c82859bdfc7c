"""What a stranger can find out about users and numbers: nothing, if the answers to guesses and to real names are alike.

    python -m bench.enumeration --probes 300

Asks the running switch in turns about a user that exists (with a wrong password) and one that does not, about a number
that can be dialled and one that cannot, with each method; compares status, header fields and length of every answer,
and the time it took. The exit status is 1 when answers differ, or times by more than 5 % and more than their spread.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import socket
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.attack import free_place
from bench.servers import Server, settle
from sip.auth import Credentials, answer_challenge
from sip.message import Response
from sip.parser import parse_message

HOST = "127.0.0.66"
METHODS = ("REGISTER", "INVITE", "OPTIONS", "MESSAGE", "SUBSCRIBE")
_PHONE = """
[[phone]]
user = "known1"
password = "the right one"
"""


@dataclass(frozen=True, slots=True)
class Guess:
    """The names have the same length, so that answers which repeat them have it too."""

    user: str
    number: str


GUESSES = (Guess("known1", "9000"), Guess("nobody", "9000"), Guess("known1", "9999"), Guess("nobody", "9999"))

#: Status, names of header fields, and length of an answer without what is random.
Look = tuple[int, tuple[str, ...], int]


class Prober:
    def __init__(self, server: tuple[str, int]) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.settimeout(5.0)
        self._server = server
        self._own = f"{HOST}:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        self._socket.close()

    def probe(self, method: str, guess: Guess) -> tuple[tuple[Look, ...], float]:
        """Ask, and once more with a wrong password if one is wanted: how the answers look, seconds till the last."""
        call_id = os.urandom(8).hex()
        response, took = self._ask(method, guess, call_id, 1, "")
        looks = [look(response)]
        if response.status == 401:
            wrong = Credentials(guess.user, "a wrong one")
            answer = answer_challenge(response, wrong, method=method, uri=self._uri(guess), cnonce=call_id)
            assert answer is not None
            response, took = self._ask(method, guess, call_id, 2, f"{answer.name}: {answer.value}\r\n")
            looks.append(look(response))
        return tuple(looks), took

    def _uri(self, guess: Guess) -> str:
        return f"sip:{guess.number}@bench"

    def _ask(self, method: str, guess: Guess, call_id: str, cseq: int, more: str) -> tuple[Response, float]:
        branch = f"z9hG4bK{os.urandom(8).hex()}"
        target = f"sip:{guess.user}@bench" if method == "REGISTER" else self._uri(guess)

        def request(name: str, to: str, extra: str) -> bytes:
            return (
                f"{name} {self._uri(guess)} SIP/2.0\r\nVia: SIP/2.0/UDP {self._own};branch={branch};rport\r\n"
                f"From: <sip:{guess.user}@bench>;tag=a{cseq}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n"
                f"CSeq: {cseq} {name}\r\nMax-Forwards: 70\r\nContact: <sip:x@{self._own}>\r\n{extra}"
                "Content-Length: 0\r\n\r\n"
            ).encode()

        data = request(method, f"<{target}>", more)
        began = time.perf_counter()
        self._socket.sendto(data, self._server)
        while True:
            response = parse_message(self._socket.recv(8192))
            took = time.perf_counter() - began
            if isinstance(response, Response) and response.status >= 200 and response.top_via.branch == branch:
                break
        if method == "INVITE":
            self._socket.sendto(request("ACK", response.headers.get("To") or "", ""), self._server)
        return response, took


def look(response: Response) -> Look:
    fields = tuple(name for name, _ in response.headers)
    text = "".join(f"{name}: {value}\r\n" for name, value in response.headers)
    return response.status, fields, len(re.sub(r'nonce="[^"]*"', "", text)) + len(response.body)


def compare(server: tuple[str, int], probes: int) -> tuple[dict[str, object], list[str]]:
    """Figures, and what differs."""
    prober, rng = Prober(server), random.Random(1)
    figures: dict[str, object] = {}
    failures = []
    try:
        for method in METHODS:
            looks: dict[Guess, set[tuple[Look, ...]]] = defaultdict(set)
            times: dict[Guess, list[float]] = defaultdict(list)
            for number in range(probes + 10):
                for guess in rng.sample(GUESSES, len(GUESSES)):  # what was asked just before has an effect
                    seen, took = prober.probe(method, guess)
                    looks[guess].add(seen)
                    if number >= 10:
                        times[guess].append(took * 1e3)
            if len(set().union(*looks.values())) != 1:
                failures.append(f"{method}: answers differ: {dict(looks)}")
            medians = [statistics.median(times[guess]) for guess in GUESSES]
            spread = statistics.median(
                [abs(took - medians[at]) for at, guess in enumerate(GUESSES) for took in times[guess]]
            )
            difference = max(medians) - min(medians)
            statuses = [seen[0] for seen in next(iter(looks[GUESSES[0]]))]
            figures[method] = {
                "statuses": statuses,
                "medians (ms)": {f"{g.user} {g.number}": round(m, 3) for g, m in zip(GUESSES, medians, strict=True)},
                "largest difference": f"{difference / min(medians):.1%}",
                "spread (ms, median deviation)": round(spread, 3),
            }
            if difference > 0.05 * min(medians) and difference > spread:
                failures.append(f"{method}: times differ by {difference / min(medians):.1%}")
    finally:
        prober.close()
    return figures, failures


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--probes", type=int, default=300, help="of each guess by each method")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder, place = Path(temporary), free_place()
        config = folder / "config.toml"
        config.write_text(place.configuration(folder / "data") + _PHONE)
        command = [sys.executable, "-m", "softswitch", "run", "--config", str(config)]
        with Server(command, folder / "switch.log", how_to_end="terminate") as server:
            settle(server.pid)
            figures, failures = compare(place.server, chosen.probes)
    print(json.dumps(figures, indent=1))
    for failure in failures:
        print(f"FAILED {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
