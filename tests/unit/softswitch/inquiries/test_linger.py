from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from softswitch.inquiries.edge import LINGER
from tests.support.virtual_time import run_virtual
from tests.unit.softswitch.inquiries.test_edge import asking, known

if TYPE_CHECKING:
    from pathlib import Path


def test_nobody_is_kept_for_ever_whom_the_configuration_names_no_more(tmp_path: Path) -> None:
    toml = '[webservice.a]\nurl = "http://127.0.0.1:9/a"'

    async def scene() -> None:
        async with asking(toml, tmp_path) as asked:
            assert await asked.answer("webservice:a") == ("address-refused", {})
            before = asked.reload("", tmp_path)
            await asyncio.sleep(LINGER - 1)
            assert await asked.answer("webservice:a", before) == ("address-refused", {})
            await asyncio.sleep(LINGER - 1)
            assert len(known(asked)) == 1
            await asyncio.sleep(LINGER + 2)
            assert known(asked) == {}
            assert await asked.answer("webservice:a", before) == ("address-refused", {}), "it is made anew"

    run_virtual(scene())
