"""Conferences of real phones: each has a tone of its own, hears the others' and not its own."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtp.codecs.g711 import decode
from rtp.legs import Conference, Silence
from tests.e2e.test_media import media
from tests.support.media_phone import MediaPhone

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio]

TONES = {1: 500.0, 2: 800.0, 3: 1300.0}
HOSTS = {1: "127.0.0.2", 2: "127.0.0.3", 3: "127.0.0.4"}


def hears(phone: MediaPhone, *, last: int = 25) -> set[int]:
    """Whose tones are in what the phone has heard last."""
    payload = b"".join(packet.payload for packet in phone.heard[-last:])
    pcm = decode("PCMA" if phone.heard[-1].payload_type == 8 else "PCMU", np.frombuffer(payload, np.uint8))
    time = np.arange(len(pcm)) / 8000
    return {leg for leg, hertz in TONES.items() if abs((np.exp(-2j * np.pi * hertz * time) * pcm).mean()) > 500}


@pytest.mark.parametrize("workers", [1, 2])
async def test_three_phones_hear_each_other_and_not_themselves(tmp_path: Path, workers: int) -> None:
    async with media(tmp_path, workers=workers) as switch:
        with ExitStack() as stack:
            phones = {
                leg: stack.enter_context(MediaPhone(HOSTS[leg], hertz=hertz, law="PCMU" if leg == 2 else "PCMA"))
                for leg, hertz in TONES.items()
            }
            for leg, phone in phones.items():
                phone.talk(switch.connect(leg, phone, Conference("a")))
            ports = {leg: spec.port for leg, spec in ((leg, switch.engine._legs[leg].spec) for leg in phones)}
            assert len({port < switch.ports[4] for port in ports.values()}) == workers

            async def until(wanted: dict[int, set[int]]) -> None:
                def heard() -> bool:
                    return all(len(phone.heard) >= 25 and hears(phone) == wanted[leg] for leg, phone in phones.items())

                await switch.wait(heard, within=10.0)

            await until({1: {2, 3}, 2: {1, 3}, 3: {1, 2}})
            switch.connect(3, phones[3], Silence())
            await until({1: {2}, 2: {1}, 3: set()})
            switch.connect(3, phones[3], Conference("a", heard_by=()))
            await until({1: {2}, 2: {1}, 3: {1, 2}})
