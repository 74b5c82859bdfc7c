"""All of a file or nothing of it, one reload after another, and what is written down of each."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from softswitch.admin.protocol import AdminError
from softswitch.admin.reloader import Prepared, Reloader
from softswitch.call.hours.opening import Opening
from softswitch.clock import SystemClock
from softswitch.config import load_config
from softswitch.config.calendars.events import Occurrence, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

GOOD = '[[phone]]\nuser = "1001"\npassword = "a-long-secret"\n\n[[route]]\ndid = "100"\nto = "phone:1001"\n'


class Bench:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "config.toml"
        self.file.write_text(GOOD)
        self.taken: list[Prepared] = []
        self.notes: list[tuple[str, Mapping[str, object]]] = []
        self.reloader = Reloader(
            load_config(self.file),
            put_in_force=self.taken.append,
            note=lambda kind, data: self.notes.append((kind, data)),
            silenced=lambda config, flow: self.silenced,
        )
        self.silenced: list[str] = []


def test_a_good_file_is_taken_over_and_written_down_with_its_hash(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.file.write_text(GOOD.replace('"100"', '"200"'))
    outcome = asyncio.run(bench.reloader.reload("SIGHUP"))
    assert (outcome.version, outcome.errors) == (2, ())
    (prepared,) = bench.taken
    assert bench.reloader.config is prepared.config
    assert prepared.config.routes[0].did == ("200",)
    ((kind, data),) = bench.notes
    assert kind == "switch.reloaded"
    assert data["version"] == 2
    assert data["hash"] == outcome.digest == load_config(bench.file).digest
    assert data["changes"] == ["removed route did 100 → phone:1001", "added route did 200 → phone:1001"]


@pytest.mark.parametrize("bad", ["", "nonsense", GOOD.replace("phone:1001", "phone:1002"), GOOD + "unknown = 1\n"])
def test_a_bad_file_changes_nothing_and_says_all_that_is_wrong(tmp_path: Path, bad: str) -> None:
    bench = Bench(tmp_path)
    before = bench.reloader.config
    if bad:
        bench.file.write_text(bad + "[queue.x]\n" if bad != "nonsense" else bad)
    else:
        bench.file.unlink()
    outcome = asyncio.run(bench.reloader.reload("operator"))
    assert outcome.errors
    assert (outcome.version, outcome.digest) == (1, before.digest)
    assert bench.reloader.config is before
    assert bench.taken == []
    assert bench.notes == [
        ("switch.reload_refused", {"by": "operator", "errors": len(outcome.errors), "version": 1}),
    ]


def test_included_files_are_taken_over_with_it_and_a_bad_one_changes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    (tmp_path / "menus").mkdir()
    more = tmp_path / "menus" / "more.toml"
    bench.file.write_text('include = ["menus/*.toml"]\n' + GOOD)
    more.write_text('[say.more]\nsay = "More."\n[[route]]\ndid = "101"\nto = "say:more"\n')
    outcome = asyncio.run(bench.reloader.reload("operator"))
    assert (outcome.version, outcome.errors) == (2, ())
    more.write_text(more.read_text().replace("say:more", "say:mor"))
    bad = asyncio.run(bench.reloader.reload("operator"))
    assert bad.errors == (f'{more}:5:6: route[2].to: there is no [say.mor]; did you mean "say:more"?',)
    assert (bad.version, bad.digest) == (2, outcome.digest)
    more.write_text(more.read_text().replace("say:mor", "say:more").replace("More.", "Much more."))
    told = asyncio.run(bench.reloader.look(bench.file))
    assert [(change.what, change.name) for change in told.difference.changes] == [("say", "more")]


def test_a_faulty_catalogue_is_a_bad_configuration_as_it_is_at_the_start(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    own = tmp_path / "var" / "prompts" / "en"
    own.mkdir(parents=True)
    (own / "catalog.toml").write_text('[voicemail-thanks]\ntext = "{x:loudly}"')
    outcome = asyncio.run(bench.reloader.reload("operator"))
    assert "loudly" in outcome.errors[0]
    assert bench.taken == []


def test_a_look_changes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    other = tmp_path / "other.toml"
    other.write_text(GOOD + '[[route]]\ndid = "300"\nto = "echo"\n')
    outcome = asyncio.run(bench.reloader.look(other))
    assert [change.name for change in outcome.difference.changes] == ["did 300 → echo"]
    assert (bench.taken, bench.notes, bench.reloader.version) == ([], [], 1)


def test_messages_that_would_not_be_heard_any_more_are_among_the_warnings(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    before = asyncio.run(bench.reloader.look(bench.file)).warnings
    bench.silenced = ['warning: slot "promo": campaign "spring" falls silent']
    for asked in (bench.reloader.look(bench.file), bench.reloader.reload("operator")):
        assert asyncio.run(asked).warnings == (*before, *bench.silenced)


def test_reloads_at_the_same_time_come_one_after_another(tmp_path: Path) -> None:
    bench = Bench(tmp_path)

    async def three() -> list[int]:
        outcomes = await asyncio.gather(*(bench.reloader.reload(str(n)) for n in range(3)))
        return [outcome.version for outcome in outcomes]

    assert asyncio.run(three()) == [2, 3, 4]


def test_a_switch_reloads_its_own_file_and_no_other(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    verbs = bench.reloader.verbs()

    async def ask(verb: str, **args: Any) -> Any:
        return await verbs[verb](args)

    with pytest.raises(AdminError, match=r"runs from .*config\.toml, and reloads nothing else"):
        asyncio.run(ask("config.reload", file=str(tmp_path / "other.toml")))
    with pytest.raises(AdminError, match="are texts"):
        asyncio.run(ask("config.diff", file=5))
    answer = asyncio.run(ask("config.reload", file=str(bench.file), by="me"))
    assert (answer["version"], answer["changes"], answer["needs_restart"]) == (2, [], [])


def test_calendars_are_reckoned_aside_so_that_calls_go_on_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = "BEGIN:VEVENT\nDTSTART:20200101T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEND:VEVENT"
    (tmp_path / "closed.ics").write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\n{event}\nEND:VCALENDAR\n")
    bench = Bench(tmp_path)
    bench.file.write_text(
        GOOD + '[hours.office]\nopen = ["daily"]\nclosed_calendar = "closed.ics"\n'
        'when_open = "phone:1001"\nwhen_closed = "hangup"\n[[route]]\ndid = "101"\nto = "hours:office"\n'
    )
    reckon, where = Series.ruled, []

    def ruled(series: Series, year: int) -> Iterator[Occurrence]:
        where.append(threading.current_thread())
        return reckon(series, year)

    monkeypatch.setattr(Series, "ruled", ruled)
    assert asyncio.run(bench.reloader.reload("operator")).errors == ()
    assert where
    assert threading.main_thread() not in where
    opening, clock = Opening(bench.taken[0].flow, SystemClock().local), SystemClock()
    reckoned = len(where)
    opening.look_ahead(clock.now())
    opening.next_change("office", clock.now())
    assert len(where) == reckoned
