"""From the tables of a configuration to a flow.

The tables are any objects with the attributes below (the configuration's own classes have them): this module knows
neither TOML nor how it is validated. Whether the graph makes sense is for `ivr.validate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ivr.hours import Rules
from ivr.nodes import (
    GOODBYES,
    INVALID_CHOICE,
    NO_INPUT,
    NOT_CONNECTED,
    External,
    Flow,
    Goto,
    Hours,
    Menu,
    MenuAction,
    Node,
    Phone,
    Prompt,
    Queue,
    Result,
    Say,
    Set,
    Slot,
    Version,
)
from ivr.targets import HANGUP, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ivr.hours import Calendar
    from ivr.hours_grammar import Rule


class OptOutTable(Protocol):
    @property
    def key(self) -> str: ...
    @property
    def say(self) -> Mapping[str, str] | None: ...
    @property
    def then(self) -> Target | None: ...


class VersionTable(Protocol):
    @property
    def to(self) -> Target: ...
    @property
    def percent(self) -> float: ...


class SlotTable(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def key(self) -> str | None: ...
    @property
    def after(self) -> int | None: ...
    @property
    def barge_in(self) -> bool: ...
    @property
    def max_items(self) -> int: ...
    @property
    def max_seconds(self) -> float: ...
    @property
    def templates(self) -> Sequence[str]: ...
    @property
    def targets(self) -> Sequence[Target]: ...
    @property
    def fallback(self) -> Mapping[str, str] | None: ...
    @property
    def webservice(self) -> str | None: ...
    @property
    def wait(self) -> float: ...
    @property
    def advertising(self) -> bool: ...
    @property
    def optout(self) -> OptOutTable | None: ...


class MenuTable(Protocol):
    @property
    def versions(self) -> Sequence[VersionTable]: ...
    @property
    def slots(self) -> Sequence[SlotTable]: ...
    @property
    def say(self) -> Mapping[str, str]: ...
    @property
    def say_also(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def keys(self) -> Mapping[str, Target]: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def timeout(self) -> float: ...
    @property
    def inter_digit(self) -> float: ...
    @property
    def retries(self) -> int: ...
    @property
    def barge_in(self) -> bool | Sequence[bool]: ...
    @property
    def type_ahead(self) -> bool: ...
    @property
    def when_no_input(self) -> Target: ...
    @property
    def when_invalid(self) -> Target: ...

    @property
    def say_again(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def say_invalid(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def say_no_input(self) -> Sequence[Mapping[str, str]]: ...


class SayTable(Protocol):
    @property
    def say(self) -> Mapping[str, str]: ...
    @property
    def say_also(self) -> Sequence[Mapping[str, str]]: ...
    @property
    def then(self) -> Target: ...
    @property
    def barge_in(self) -> bool | Sequence[bool]: ...


class GotoTable(Protocol):
    @property
    def versions(self) -> Sequence[VersionTable]: ...
    @property
    def then(self) -> Target: ...
    @property
    def language(self) -> str | None: ...
    @property
    def priority(self) -> float | None: ...
    @property
    def needs(self) -> str: ...
    @property
    def prefer(self) -> str: ...
    @property
    def when_unavailable(self) -> Sequence[Target]: ...


class CalendarTable(Protocol):
    @property
    def events(self) -> Calendar: ...


class HoursTable(Protocol):
    @property
    def open(self) -> tuple[Rule, ...]: ...
    @property
    def closed(self) -> tuple[Rule, ...]: ...
    @property
    def holidays(self) -> tuple[str, ...]:
        """Names of `ivr.holidays.SETS`."""

    @property
    def open_calendar(self) -> CalendarTable | None: ...
    @property
    def closed_calendar(self) -> CalendarTable | None: ...
    @property
    def timezone(self) -> object | None:
        """Its string is the IANA name, as of a ZoneInfo."""

    @property
    def when_open(self) -> Target: ...
    @property
    def when_closed(self) -> Target: ...
    @property
    def when_special(self) -> Target | None: ...


class QueueTable(Protocol):
    @property
    def when_full(self) -> Target: ...
    @property
    def when_timed_out(self) -> Target: ...
    @property
    def when_empty(self) -> Target | None: ...
    @property
    def overflow_to(self) -> Target | None: ...
    @property
    def exits(self) -> Mapping[str, Target]: ...
    @property
    def exit_menu(self) -> Target | None: ...
    @property
    def survey(self) -> Target | None: ...


class LineTable(Protocol):
    """What rings: a phone, or a number outside on a trunk."""

    @property
    def ring_timeout(self) -> float: ...
    @property
    def when_busy(self) -> Target | None: ...
    @property
    def when_no_answer(self) -> Target | None: ...
    @property
    def when_unavailable(self) -> Target | None: ...


class PhoneTable(LineTable, Protocol):
    @property
    def user(self) -> str: ...


def build_flow(
    *,
    menus: Mapping[str, MenuTable] | None = None,
    says: Mapping[str, SayTable] | None = None,
    hours: Mapping[str, HoursTable] | None = None,
    gotos: Mapping[str, GotoTable] | None = None,
    queues: Mapping[str, QueueTable] | None = None,
    phones: Iterable[PhoneTable] = (),
    trunks: Mapping[str, LineTable] | None = None,
    others: Iterable[Node] = (),
    language: str = "en",
) -> Flow:
    """All tables as one flow, with *others*; `language` is spoken to callers for whom nothing else is known."""
    nodes: list[Node] = [_goodbye(target) for target in (*GOODBYES.values(), NOT_CONNECTED)]
    nodes += [_menu(name, table) for name, table in (menus or {}).items()]
    nodes += [node for name, table in (menus or {}).items() for node in _opt_outs(name, table)]
    nodes += [Say(name, say=_prompts("say", name, table), then=table.then) for name, table in (says or {}).items()]
    nodes += [_hours(name, table) for name, table in (hours or {}).items()]
    nodes += [
        Goto(
            name,
            then=table.then,
            language=table.language or "",
            priority=table.priority,
            needs=table.needs,
            prefer=table.prefer,
            versions=_versions(table.versions),
            fallbacks=tuple(table.when_unavailable),
        )
        for name, table in (gotos or {}).items()
    ]
    nodes += [
        Queue(name, outcomes=_queue_outcomes(table), exits=dict(table.exits), exit_menu=table.exit_menu)
        for name, table in (queues or {}).items()
    ]
    nodes += [Phone(table.user, ring_timeout=table.ring_timeout, outcomes=_outcomes(table)) for table in phones]
    nodes += [
        External(f"@{name}", ring_timeout=table.ring_timeout, outcomes=_outcomes(table))
        for name, table in (trunks or {}).items()
    ]
    return Flow({node.target: node for node in (*nodes, *others)}, language)


def _prompts(kind: str, name: str, table: MenuTable | SayTable) -> tuple[Prompt, ...]:
    """What is said, in its order; the second prompt's key ends in ".2"."""
    also = enumerate(table.say_also, start=2)
    named = [(f"{kind}.{name}", table.say), *((f"{kind}.{name}.{number}", words) for number, words in also)]
    flags = (table.barge_in,) if isinstance(table.barge_in, bool) else table.barge_in
    return tuple(
        Prompt(key, text=dict(words), barge_in=flags[min(number, len(flags) - 1)])
        for number, (key, words) in enumerate(named)
    )


def _by_attempt(key: str, texts: Sequence[Mapping[str, str]]) -> tuple[Prompt, ...]:
    return tuple(Prompt(f"{key}.{number}", text=dict(text)) for number, text in enumerate(texts, 1))


def _goodbye(target: Target) -> Say:
    return Say(target.name, say=(Prompt(target.name),))


def _choice(target: Target) -> Target | MenuAction:
    """The words "repeat" and "back" stand where targets do."""
    return MenuAction(target.kind) if target.kind in tuple(MenuAction) else target


def _menu(name: str, table: MenuTable) -> Menu:
    return Menu(
        name,
        say=_prompts("menu", name, table),
        keys={key: _choice(target) for key, target in table.keys.items()},
        labels=dict(table.labels),
        timeout=table.timeout,
        inter_digit=table.inter_digit,
        retries=table.retries,
        say_again=_by_attempt(f"menu.{name}.again", table.say_again),
        say_invalid=_by_attempt(f"menu.{name}.invalid", table.say_invalid) or INVALID_CHOICE,
        say_no_input=_by_attempt(f"menu.{name}.no-input", table.say_no_input) or NO_INPUT,
        when_no_input=table.when_no_input,
        when_invalid=None if table.when_invalid.kind == MenuAction.REPEAT else table.when_invalid,
        type_ahead=table.type_ahead,
        slots=tuple(map(slot, table.slots)),
        versions=_versions(table.versions),
    )


def _versions(tables: Sequence[VersionTable]) -> tuple[Version, ...]:
    return tuple(Version(table.to, table.percent) for table in tables)


def slot(table: SlotTable) -> Slot:
    return Slot(
        table.id,
        key=table.key or "",
        after=table.after,
        barge_in=table.barge_in,
        max_items=table.max_items,
        max_seconds=table.max_seconds,
        templates=tuple(table.templates),
        targets=tuple(table.targets),
        fallback=None if table.fallback is None else Prompt(f"slot-fallback.{table.id}", text=dict(table.fallback)),
        asks=table.webservice or "",
        wait=table.wait,
        advertising=table.advertising,
        optout_key=table.optout.key if table.optout else "",
        optout=_opting_out(table.id) if table.optout else None,
    )


def _opting_out(slot: str) -> Target:
    return Target(Set.kind, f"{slot}/optout")


def _opt_outs(menu: str, table: MenuTable) -> Iterator[Node]:
    """Where the keys lead of those who want no offers: it is noted, they are told so, and they go on."""
    for found in table.slots:
        if (wish := found.optout) is not None:
            told = Target(Say.kind, f"{found.id}/opted-out")
            said = Prompt("opted-out") if wish.say is None else Prompt(f"opted-out.{found.id}", text=dict(wish.say))
            yield Set(_opting_out(found.id).name, then=told, optout=True)
            yield Say(told.name, (said,), wish.then or Target(Menu.kind, menu))


def _hours(name: str, table: HoursTable) -> Hours:
    return Hours(
        name,
        rules=Rules(
            tuple(table.open),
            tuple(table.closed),
            tuple(table.holidays),
            open_calendar=table.open_calendar.events if table.open_calendar else None,
            closed_calendar=table.closed_calendar.events if table.closed_calendar else None,
        ),
        when_open=table.when_open,
        when_closed=table.when_closed,
        when_special=table.when_special,
        timezone="" if table.timezone is None else str(table.timezone),
    )


def _queue_outcomes(table: QueueTable) -> dict[Result, Target]:
    wanted = {Result.FULL: table.when_full, Result.TIMED_OUT: table.when_timed_out, Result.EMPTY: table.when_empty}
    outcomes = {
        result: GOODBYES[result] if target is None or target == HANGUP else target for result, target in wanted.items()
    }
    if table.survey is not None:
        outcomes[Result.ENDED] = table.survey
    return outcomes if table.overflow_to is None else outcomes | {Result.OVERFLOWED: table.overflow_to}


def _outcomes(table: LineTable) -> dict[Result, Target]:
    wanted = {
        Result.BUSY: table.when_busy,
        Result.REJECTED: table.when_busy,
        Result.NO_ANSWER: table.when_no_answer,
        Result.UNAVAILABLE: table.when_unavailable,
    }
    return {result: target for result, target in wanted.items() if target is not None}
