"""The configuration as the graph that the IVR walks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ivr.left import CallbackRequest, Voicemail
from ivr.load import build_flow
from ivr.nodes import NOT_CONNECTED, Prompt, Result
from ivr.people import Agent, FindMe
from ivr.rooms import Conference, Park, Record
from softswitch.config import dialogue

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivr.nodes import Flow
    from ivr.targets import Target
    from softswitch.config.model import Config
    from softswitch.config.words.callers import FindMe as FindMeTable
    from softswitch.config.words.messages import CallbackRequest as CallbackTable
    from softswitch.config.words.messages import Voicemail as VoicemailTable
    from softswitch.config.words.rooms import Conference as ConferenceTable
    from softswitch.config.words.rooms import Record as RecordTable


def flow(config: Config) -> Flow:
    """Menus, texts, hours, gotos, queues, phones, trunks and people as nodes."""
    nodes = [
        *map(Agent, config.agents),
        *(_find_me(name, table) for name, table in config.findmes.items()),
        *(Voicemail(name, outcomes=_failed(box), then=box.then) for name, box in config.voicemails.items()),
        *(CallbackRequest(name, outcomes=_failed(asked)) for name, asked in config.callback_requests.items()),
        *(_record(name, table) for name, table in config.records.items()),
        *(_conference(name, table) for name, table in config.conferences.items()),
        *map(Park, () if config.park is None else ("", *config.park.places.numbers)),
    ]
    built = build_flow(
        menus=config.menus,
        says=config.says,
        hours=config.hours,
        gotos=config.gotos,
        queues=config.queues,
        phones=config.phone_list,
        trunks=config.trunks,
        others=nodes,
        language=config.server.language,
    )
    return replace(built, nodes={**built.nodes, **dialogue.places(config)})


def _find_me(name: str, table: FindMeTable) -> FindMe:
    """Who was found and did not take the call is told apart from nobody to be found."""
    outcomes = {
        Result.NO_ANSWER: table.when_no_answer,
        Result.REJECTED: table.when_no_answer,
        Result.BUSY: table.when_no_answer,
        Result.UNAVAILABLE: table.when_nobody or table.when_no_answer,
    }
    return FindMe(name, outcomes={result: target for result, target in outcomes.items() if target is not None})


def _failed(table: VoicemailTable | CallbackTable) -> dict[Result, Target]:
    return {} if table.when_failed is None else {Result.FAILED: table.when_failed}


def _record(name: str, table: RecordTable) -> Record:
    outcomes = {} if table.when_failed is None else {Result.FAILED: table.when_failed}
    return Record(name, say=_spoken(f"record.{name}", table.say), outcomes=outcomes, then=table.then)


def _conference(name: str, table: ConferenceTable) -> Conference:
    outcomes = {Result.BUSY: table.when_full or NOT_CONNECTED, Result.REJECTED: table.when_refused}
    return Conference(
        name,
        say=_spoken(f"conference.{name}", table.say),
        outcomes={result: target for result, target in outcomes.items() if target is not None},
    )


def _spoken(key: str, text: Mapping[str, str] | None) -> tuple[Prompt, ...]:
    return () if text is None else (Prompt(key, text=dict(text)),)


def entries(config: Config) -> dict[tuple[str, ...], Target]:
    """Where calls come in, by the place in the file that says so."""
    found: dict[tuple[str, ...], Target] = {}
    for number, route in enumerate(config.routes):
        found["route", str(number), "to"] = route.to
        for place, target in enumerate(route.when_unavailable):
            found["route", str(number), "when_unavailable", str(place)] = target
    return found
