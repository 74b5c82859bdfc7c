from __future__ import annotations

import re

from sip.ids import MAGIC_COOKIE, Ids
from softswitch.ids import RandomIds


def test_ids_are_what_the_sip_core_asks_for() -> None:
    ids: Ids = RandomIds("pbx.example")
    assert ids.branch().startswith(MAGIC_COOKIE)
    assert ids.call_id().endswith("@pbx.example")
    assert 0 <= ids.fraction() < 1


def test_no_two_are_alike() -> None:
    ids = RandomIds("x")
    for make in (ids.branch, ids.tag, ids.call_id, ids.usage, ids.cnonce, ids.call):
        assert len({make() for _ in range(2000)}) == 2000


def test_a_call_id_can_be_read_out() -> None:
    assert all(re.fullmatch(r"[0-9a-hjkmnp-z]{10}", RandomIds("x").call()) for _ in range(200))


def test_a_synchronisation_source_is_never_zero() -> None:
    assert all(0 < RandomIds("x").ssrc() < 2**32 for _ in range(200))
