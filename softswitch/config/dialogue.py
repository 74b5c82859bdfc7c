"""What callers enter and are asked as places of the flow; one table may come to several, named "parcel/ask"."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ivr.entries import NOT_VALID, NOTHING_ENTERED, Collect, Valid
from ivr.nodes import NOT_CONNECTED, Node, Prompt, Question, Say, Set
from ivr.services import UNKNOWN, Lookup, Sms, Webservice
from ivr.targets import HANGUP, Target
from ivr.verbs import Verbs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from softswitch.config.model import Config
    from softswitch.config.words import dialogue as words

    Text = Mapping[str, str]

SCALES = {"csat": range(1, 6), "nps": range(11), "ces": range(1, 8)}
_LONGEST = 32
#: Seconds beyond its own time limit after which whoever was asked is given up.
GRACE = 1.0
#: How often a call may enter a secret at one place, if the file does not say.
SECRET_TRIES = 3


def places(config: Config) -> dict[Target, Node]:
    """All of them, by where they are."""
    found: dict[Target, Node] = {}
    for name, entry in config.collects.items():
        asked = _collect("collect", name, entry, entry.then, entry.when_failed)
        fallbacks = _fallbacks(entry.when_unavailable, (entry.then,), entry.when_failed)
        found[asked.target] = replace(asked, fallbacks=fallbacks)
    for name, known in config.sets.items():
        found[Target("set", name)] = _set(name, known)
    for name, lookup in config.lookups.items():
        found |= _lookup(name, lookup)
    for name, service in config.webservices.items():
        found |= _webservice(name, service)
    for name, message in config.sms.items():
        found |= _sms(name, message, config.webservices.get(message.webservice))
    for name, survey in config.surveys.items():
        found |= _survey(name, survey)
    for name, app in config.verbs.items():
        found[Target("verbs", name)] = Verbs(
            name,
            when_failed=app.when_failed or NOT_CONNECTED,
            patience=app.timeout + GRACE,
            masked=frozenset(app.masked),
            **_meanwhile(f"verbs.{name}", app.meanwhile),  # type: ignore[arg-type]
        )
    return found


def _set(name: str, table: words.Set) -> Set:
    return Set(
        name,
        then=table.then,
        language=table.language or "",
        priority=table.priority,
        needs=table.needs,
        prefer=table.prefer,
        data=dict(table.data) | ({"label": table.label} if table.label else {}),
        optout=table.optout,
        customer_id=table.customer_id,
        fallbacks=tuple(table.when_unavailable),
    )


def _fallbacks(written: Sequence[Target], leads: Iterable[Target], failed: Target | None) -> tuple[Target, ...]:
    """Those that are written; without any, who is led to nobody by a variable goes where failures lead."""
    filled = any("{" in target.name for target in leads)
    return tuple(written) or ((failed,) if filled and failed not in (None, HANGUP) else ())


def _answers(table: words.Inquiry | words.Sms) -> Iterator[Target]:
    yield table.then
    for cases in table.when.values():
        yield from cases.values()


def _collect(kind: str, name: str, entry: words.Entry, then: Target, when_failed: Target | None) -> Collect:
    key = f"{kind}.{name}"
    shortest, longest = _length(entry)
    same_length = shortest == longest
    return Collect(
        name,
        variable=entry.variable,
        say=(Prompt(key, dict(entry.say), barge_in=entry.barge_in),),
        shortest=shortest,
        longest=longest,
        end=("" if same_length else "#") if entry.end is None else entry.end,
        valid=Valid(entry.valid),
        pattern=entry.pattern,
        date_format=entry.date_format,
        secret=entry.mask,
        timeout=entry.timeout,
        inter_digit=entry.inter_digit,
        retries=entry.retries,
        tries=entry.tries or (SECRET_TRIES if entry.mask else 0),
        confirm=_read_back(key, entry),
        say_again=_by_attempt(f"{key}.again", entry.say_again),
        say_invalid=_by_attempt(f"{key}.invalid", entry.say_invalid) or NOT_VALID,
        say_no_input=_by_attempt(f"{key}.no-input", entry.say_no_input) or NOTHING_ENTERED,
        then=then,
        when_failed=when_failed or NOT_CONNECTED,
        type_ahead=entry.type_ahead,
    )


def _length(entry: words.Entry) -> tuple[int, int]:
    if entry.digits is not None:
        return entry.digits.shortest, entry.digits.longest
    needed = {"pesel": 11, "date": len(entry.date_format)}.get(entry.valid)
    return (needed, needed) if needed else (1, _LONGEST)


def _by_attempt(key: str, texts: Sequence[Text]) -> tuple[Prompt, ...]:
    return tuple(Prompt(f"{key}.{number}", dict(text)) for number, text in enumerate(texts, 1))


def _read_back(key: str, entry: words.Entry) -> tuple[Prompt, ...]:
    """The entry in its form, and the question whether it is right."""
    if entry.confirm is False:
        return ()
    if entry.confirm is not True:
        return (Prompt(f"{key}.confirm", dict(entry.confirm)), Prompt("entry-confirm"))
    if entry.valid == "date":
        back = Prompt("read-back-date", args={"value": "{value}"})
    elif entry.valid == "amount" and entry.currency:
        back = Prompt("read-back-money", args={"value": f"{{value}} {entry.currency}"})
    elif entry.valid == "amount":
        back = Prompt("read-back-number", args={"value": "{value}"})
    else:
        back = Prompt("read-back-digits", args={"value": "{value}"})
    return (back, Prompt("entry-confirm"))


def _spoken(place: Target, key: str, text: Text | None, then: Target) -> tuple[Target, dict[Target, Node]]:
    """Where to go so that *text*, if there is one, is said before *then*."""
    if text is None:
        return then, {}
    return place, {place: Say(place.name, (Prompt(key, dict(text)),), then)}


def _meanwhile(key: str, table: words.Meanwhile) -> dict[str, object]:
    filler = () if table.say is None else (Prompt(f"{key}.meanwhile", dict(table.say)),)
    return {"filler": filler, "music": table.music, "filler_after": table.after}


def _webservice(name: str, table: words.Webservice) -> dict[Target, Node]:
    here, key = Target("webservice", name), f"webservice.{name}"
    asks = here if table.collect is None else Target("webservice", f"{name}/ask")
    then, found = _spoken(Target("webservice", f"{name}/say"), key, table.say, table.then)
    if table.collect is not None:
        found[here] = _collect("webservice", f"{name}.collect", table.collect, asks, table.when_failed)
    found[asks] = Webservice(
        asks.name,
        then=then,
        when_failed=table.when_failed or NOT_CONNECTED,
        when={variable: dict(cases) for variable, cases in table.when.items()},
        patience=table.timeout + GRACE,
        customer_id=table.customer_id,
        fallbacks=_fallbacks(table.when_unavailable, _answers(table), table.when_failed),
        **_meanwhile(key, table.meanwhile),  # type: ignore[arg-type]
    )
    return found


def _sms(name: str, table: words.Sms, gateway: words.Webservice | None) -> dict[Target, Node]:
    """Without a gateway, which is reported with its name, nobody is asked for long."""
    here, key = Target("sms", name), f"sms.{name}"
    then, found = _spoken(Target("sms", f"{name}/say"), key, table.say, table.then)
    found[here] = Sms(
        name,
        then=then,
        when_failed=table.when_failed or NOT_CONNECTED,
        when={variable: dict(cases) for variable, cases in table.when.items()},
        patience=GRACE + (0.0 if gateway is None else gateway.timeout),
        fallbacks=_fallbacks((), _answers(table), table.when_failed),
        **_meanwhile(key, table.meanwhile),  # type: ignore[arg-type]
    )
    return found


def _lookup(name: str, table: words.Lookup) -> dict[Target, Node]:
    here, key = Target("lookup", name), f"lookup.{name}"
    then, found = _spoken(Target("lookup", f"{name}/say"), key, table.say, table.then)
    found[here] = Lookup(
        name,
        then=then,
        when_failed=table.when_failed or NOT_CONNECTED,
        when={variable: dict(cases) for variable, cases in table.when.items()},
        outcomes={UNKNOWN: table.when_unknown} if table.when_unknown is not None else {},
        patience=table.timeout + GRACE,
        customer_id=table.customer_id,
        fallbacks=_fallbacks(table.when_unavailable, _answers(table), table.when_unknown or table.when_failed),
        **_meanwhile(key, table.meanwhile),  # type: ignore[arg-type]
    )
    return found


def _survey(name: str, table: words.Survey) -> dict[Target, Node]:
    """Each question leads to the next, answered or not; then thanks."""
    key = f"survey.{name}"
    then, found = _spoken(Target("survey", f"{name}/thanks"), f"{key}.thanks", table.thanks, table.then)
    for number, question in reversed(list(enumerate(table.questions, 1))):
        last = then
        place = Target("survey", name if number == 1 and table.say is None else f"{name}/{number}")
        found[place] = Question(
            place.name,
            say=(Prompt(f"{key}.{question.id}", dict(question.say)),),
            keys={str(score): last for score in SCALES[question.scale]},
            timeout=table.timeout,
            retries=table.retries,
            when_no_input=last,
            question=question.id,
            scale=question.scale,
        )
        then = place
    if table.say is not None:
        found[Target("survey", name)] = Say(name, (Prompt(key, dict(table.say)),), then)
    return found
