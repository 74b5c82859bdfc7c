"""Identifiers of the running switch: unique, and impossible for a stranger to guess."""

from __future__ import annotations

import os
import random

from sip.ids import MAGIC_COOKIE

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no letters that are mistaken for digits


class RandomIds:
    """`sip.ids.Ids` and the ids of calls and media, from the operating system's entropy."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._random = random.SystemRandom()

    def branch(self) -> str:
        return MAGIC_COOKIE + os.urandom(9).hex()

    def tag(self) -> str:
        return os.urandom(8).hex()

    def call_id(self) -> str:
        return f"{os.urandom(12).hex()}@{self._host}"

    def usage(self) -> str:
        return os.urandom(8).hex()

    def cnonce(self) -> str:
        return os.urandom(8).hex()

    def fraction(self) -> float:
        return self._random.random()

    def call(self) -> str:
        """A call's id: short enough to be read out on the telephone, 50 bits."""
        value = int.from_bytes(os.urandom(7), "big")
        return "".join(_ALPHABET[value >> shift & 31] for shift in range(45, -1, -5))

    def ssrc(self) -> int:
        """A synchronisation source (RFC 3550 §8.1): 32 random bits, not 0."""
        return int.from_bytes(os.urandom(4), "big") or 1
