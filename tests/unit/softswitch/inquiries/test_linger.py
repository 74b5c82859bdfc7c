from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from softswitch.inquiries.edge import LINGER, Inquiries
from tests.support.virtual_time import run_virtual
from tests.unit.softswitch.inquiries.test_edge import asking, known

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest


class Nearby:
    """Somebody who answers at once, whatever the clock does."""

    opened, closed = 0, 0

    def __init__(self, *_: object) -> None:
        Nearby.opened += 1

    async def ask(self, variables: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        return "ok", {}

    async def close(self) -> None:
        Nearby.closed += 1


def test_nobody_is_kept_for_ever_whom_the_configuration_names_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Inquiries, "_open", Nearby)

    async def scene() -> None:
        async with asking('[webservice.a]\nurl = "http://127.0.0.1:9/a"', tmp_path) as asked:
            assert await asked.answer("webservice:a") == ("ok", {})
            before = asked.reload("", tmp_path)
            await asyncio.sleep(LINGER - 1)
            assert await asked.answer("webservice:a", before) == ("ok", {})
            await asyncio.sleep(LINGER - 1)
            assert (len(known(asked)), Nearby.closed) == (1, 0)
            await asyncio.sleep(LINGER + 2)
            assert (known(asked), Nearby.closed) == ({}, 1)
            assert await asked.answer("webservice:a", before) == ("ok", {})
            assert Nearby.opened == 2, "who is asked once more is there anew"

    run_virtual(scene())
