"""The report on listening comes from another process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from softswitch.campaigns.apart import Reporter, ReportFailed
from softswitch.store.journal import JournalWriter

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.asyncio
async def test_a_report_is_made_apart_and_kept_for_a_moment(tmp_path: Path) -> None:
    now = 0.0
    journal = JournalWriter(tmp_path / "j.db")
    await journal.start()
    try:
        voiced = {"node": "menu:main", "slot": "promo", "campaign": "spring", "version": 1, "segment": ""}
        reporter = Reporter(tmp_path / "j.db", lambda: now)
        for expected, at in ((1, 1.0), (1, 1.5), (3, 4.0)):
            journal.append("ivr.message_voiced", f"c{at}", voiced, at=10.0)
            await journal.flush()
            now = at
            (message,) = (await reporter.listening("spring", 5.0))["messages"]
            assert message["meant_for"] == expected
        assert await reporter.listening("summer") == {"messages": []}
    finally:
        await journal.close()


@pytest.mark.asyncio
async def test_a_journal_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match="there is no database"):
        await Reporter(tmp_path / "none.db", lambda: 0.0).listening("spring")
