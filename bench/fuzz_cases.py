"""Cases of the fuzzer: how they are made from a seed, and how they are run."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FRAGMENTS = [
    *(bytes([octet]) for octet in b'\r\n \t\0:;,=<>"\\@?%[]()/*0\x7f\x80\xff'),
    *(b"\r\n", b"\r\n ", b"\r\n\r\n", b"\r\n\t", b" :", b'"', b'\\"', b"<sip:", b">;", b";tag=", b"%00", b"%", b"%zz"),
    *(b"%80", b";;", b"SIP/2.0", b"SIP/2.0/UDP ", b"INVITE ", b"ACK", b"Content-Length: ", b"l:", b"Via: ", b"CSeq: "),
    *(b"Contact: *", b"-1", b"4294967296", b"99999999999999999999", b"0x10", b"1_000", b"+5", b"\xc2\xb2"),
    *("١٢".encode(), b"\xed\xa0\x80", b"\xc0\xaf", b"m=audio ", b"a=rtpmap:", b"c=IN IP4 ", b"0.0.0.0", b"224.0.0.1"),
    *(b"a=", b"v=0\r\n", b"/", b"RTP/AVP", b" 0", b" 255"),
]


class Broken(AssertionError):
    """Something took its input and did not do right by it."""


@dataclass(frozen=True)
class Target:
    """What is fed. *run* gets the bytes of a case, and more chance if it needs any; it returns None, or the CPU seconds
    of its worst input. A system makes its *inputs* itself, so many a case; its *corpus* is empty."""

    name: str
    run: Callable[[bytes, random.Random], float | None]
    corpus: list[bytes]
    largest: int
    refusals: tuple[type[Exception], ...] = ()
    inputs: int = 1


def build(target: Target, rng: random.Random) -> bytes:
    """The bytes of one case."""
    if not target.corpus:
        return b""
    kind = rng.random()
    if kind < 0.03:
        return b"".join(rng.choices(FRAGMENTS, k=rng.randrange(1, 200)))
    data = bytearray(rng.choice(target.corpus))
    if target.name == "sip-stream":
        while rng.random() < 0.5:
            data += rng.choice((b"", b"\r\n\r\n", rng.choice(FRAGMENTS))) + rng.choice(target.corpus)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 10))):
        mutate(data, target.corpus, rng)
    if kind > 0.998:
        # One place blown up to the largest size: what is not linear shows here.
        at = rng.randrange(len(data) + 1)
        piece = rng.choice(FRAGMENTS) + rng.choice((b"", b"", b"a", rng.choice(FRAGMENTS)))
        data[at:at] = piece * ((target.largest - len(data)) // len(piece))
    return bytes(data[: target.largest])


def mutate(data: bytearray, corpus: Sequence[bytes], rng: random.Random) -> None:
    """One change somewhere: a bit, a byte, a piece more or less, a line moved, a piece of another message."""
    size = len(data)
    at = rng.randrange(size + 1)
    match rng.randrange(9):
        case 0 if size:
            data[at % size] ^= 1 << rng.randrange(8)
        case 1 if size:
            data[at % size] = rng.randrange(256)
        case 2:
            data[at:at] = rng.choice(FRAGMENTS)
        case 3:
            del data[at : at + rng.choice((1, 1, 2, 5, 20))]
        case 4:
            end = min(size, at + rng.randrange(1, 60))
            data[at:at] = data[at:end] * rng.choice((1, 1, 2, 30))
        case 5:
            other = rng.choice(corpus)
            start = rng.randrange(len(other))
            data[at : at + rng.randrange(40)] = other[start : start + rng.randrange(80)]
        case 6 if rng.random() < 0.2:
            del data[at:]
        case 7:
            end = at + rng.randrange(1, 6)
            data[at:end] = rng.choice(FRAGMENTS)
        case _:
            lines = bytes(data).split(b"\r\n")
            line = rng.randrange(len(lines))
            lines.insert(rng.randrange(len(lines) + 1), lines[line] if rng.random() < 0.5 else lines.pop(line))
            data[:] = b"\r\n".join(lines)


@dataclass
class Result:
    """*cases* that were run, *refused* ones among them; CPU *seconds* in all, and the *worst* of a single input."""

    cases: int = 0
    refused: int = 0
    seconds: float = 0.0
    worst: float = 0.0
    worst_case: int = 0


def run(target: Target, seed: int, cases: range, limit: float) -> tuple[Result, str]:
    """Run *cases*; the second part says what broke, "" when nothing did. *limit* is CPU seconds an input."""
    result = Result()
    clock = time.process_time
    for case in cases:
        rng = random.Random(seed << 32 | case)
        data = build(target, rng)
        started = clock()
        worst = None
        try:
            worst = target.run(data, rng)
        except target.refusals:
            result.refused += 1
        except Exception as error:
            return result, f"{target.name} seed {seed} case {case}: {error!r}\n{data!r}"
        took = clock() - started
        worst = took if worst is None else worst
        if worst > limit:
            worst = min(worst, _again(target, seed, case))  # once may be the machine's fault
            if worst > limit:
                return result, f"{target.name} seed {seed} case {case}: {worst * 1e3:.1f} ms\n{data!r}"
        result.cases += 1
        result.seconds += took
        if worst > result.worst:
            result.worst, result.worst_case = worst, case
    return result, ""


def _again(target: Target, seed: int, case: int) -> float:
    best = 1e9
    for _ in range(3):
        rng = random.Random(seed << 32 | case)
        data = build(target, rng)
        started = time.process_time()
        worst = None
        with suppress(*target.refusals):
            worst = target.run(data, rng)
        best = min(best, time.process_time() - started if worst is None else worst)
    return best
