from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sip.flow import Flow, Transport
from sip.registrar import Binding
from sip.uri import Uri
from softswitch.clock import SystemClock
from softswitch.registrations import KeptBindings, restorable
from softswitch.store.journal import JournalWriter

if TYPE_CHECKING:
    from pathlib import Path

UDP = Flow(Transport.UDP, ("192.0.2.1", 5060), ("192.0.2.50", 5062))
TCP = Flow(Transport.TCP, ("192.0.2.1", 5060), ("192.0.2.51", 41000), 3)


def binding(aor: str, flow: Flow, expires_at: float) -> Binding:
    return Binding(aor, Uri.parse(f"sip:{aor}@{flow.remote[0]}:{flow.remote[1]}"), flow, expires_at, "abc@x", 7, 0.5)


@pytest.mark.asyncio
async def test_registrations_over_udp_outlast_the_process(tmp_path: Path) -> None:
    clock = SystemClock()
    now = clock.now()
    writer = JournalWriter(tmp_path / "db")
    await writer.start()
    kept = KeptBindings(writer, clock)
    kept.put(binding("1001", UDP, now + 600), now)
    kept.put(binding("1002", TCP, now + 600), now)
    kept.put(binding("1003", UDP, now + 600), now)
    kept.put(binding("gone", UDP, now + 600), now)
    kept.remove(binding("1003", UDP, now + 600))
    await writer.close()

    again = JournalWriter(tmp_path / "db")
    await again.start()
    try:
        stored = await again.load_bindings(clock.wall(now))
        later = now + 1000  # another process, another monotonic clock
        restored = list(restorable(stored, {"1001", "1002", "1003"}, later, clock.wall(now)))
    finally:
        await again.close()
    assert [found.aor for found in restored] == ["1001"]
    assert restored[0].flow == UDP
    assert restored[0].contact == Uri.parse("sip:1001@192.0.2.50:5062")
    assert restored[0].expires_at == pytest.approx(later + 600, abs=0.1)
    assert (restored[0].call_id, restored[0].cseq, restored[0].q) == ("abc@x", 7, 0.5)
