"""Bindings as people and CRM systems write them, and what is wrong with them, by the name of the field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr import conditions
from ivr.campaigns import Template, ValueRefused, read_instant, reference, seconds
from ivr.nodes import Audio
from ivr.slots import Binding, prompt_key
from softswitch.campaigns import mistakes
from softswitch.config.checks.said_keys import said_keys
from softswitch.config.fields import Wrong, likely_language, parse_target
from softswitch.speech.template import parse_template

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from ivr.nodes import Flow, Prompt, Slot
    from ivr.targets import Target

#: Of one slot.
MOST_BINDINGS = 50
_LONGEST_URL = 2000


class BindingDocument(BaseModel):
    """A message of a campaign at a slot. The first one that is active and for the caller is heard."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    campaign: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["spring-2026"])]
    template: Annotated[str, Field(max_length=64)]
    values: Annotated[
        dict[str, str | dict[str, str]],
        Field(max_length=50, description="By field of the template; a text may have one for each language."),
    ] = {}
    active_from: Annotated[
        str | None,
        Field(max_length=40, description="Local time of the switch, or with an offset. None: at once."),
    ] = None
    active_until: Annotated[str | None, Field(max_length=40, description="None: until it is taken back.")] = None
    condition: Annotated[
        str, Field(max_length=1000, description="On variables of the call.", examples=["segment in [gold, silver]"])
    ] = ""
    percent: Annotated[
        int | float, Field(ge=0, le=100, description="Of all callers; always the same ones by their number.")
    ] = 100
    target: Annotated[
        str | None,
        Field(
            max_length=100,
            description='Where the slot\'s key leads. None: the first target of the slot; "": nowhere, for a text that '
            "does not tell callers to press it.",
        ),
    ] = None
    audio: Annotated[
        str | dict[str, str] | None,
        Field(
            description="Where a recording of the message is (http or https), perhaps one for each language. It is "
            "fetched in the background; while it is not here, the text is spoken.",
            examples=["https://cdn.example/spring/en.mp3"],
        ),
    ] = None
    draft: Annotated[bool, Field(description="Heard by dialling the preview number only.")] = False


class BindingsDocument(BaseModel):
    """All messages of one slot, in their order."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    bindings: Annotated[list[BindingDocument], Field(max_length=MOST_BINDINGS)]


class Invalid(Exception):
    """What is wrong, all of it: (field, message)."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{where}: {message}" for where, message in problems))
        self.problems = tuple(problems)


class NotAllowed(Exception):
    """Somebody of this role may not do that."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the configuration allows: the slot, the templates, the menus, the clock on the wall."""

    slot: Slot
    templates: Mapping[str, Template]
    flow: Flow
    zone: tzinfo


def read(data: object) -> list[BindingDocument]:
    """The documents in a request. Raises Invalid."""
    try:
        return BindingsDocument.model_validate(data).bindings
    except ValidationError as error:
        raise Invalid(mistakes.problems(error.errors(), data, BindingsDocument)) from None


def compiled(
    documents: Sequence[BindingDocument],
    versions: Sequence[int],
    ground: Ground,
    *,
    restructure: bool = True,
    strict: bool = False,
) -> tuple[Binding, ...]:
    """What callers hear. Without *restructure* keys lead only where the slot allows it. With *strict* what would do
    nothing is wrong, too: people who write it mean something else; but what is bound already goes on.

    Raises Invalid with everything that is wrong, NotAllowed.
    """
    problems: list[tuple[str, str]] = []
    found: list[Binding] = []
    campaigns = [document.campaign for document in documents]
    for number, (document, version) in enumerate(zip(documents, versions, strict=True)):
        where = f"bindings[{number}]"
        if document.campaign in campaigns[:number]:
            problems.append((f"{where}.campaign", f'"{document.campaign}" is bound here already'))
        try:
            found.append(_binding(document, version, ground, restructure=restructure, strict=strict))
        except Invalid as wrong:
            problems += [(f"{where}.{field}", message) for field, message in wrong.problems]
    if problems:
        raise Invalid(problems)
    return tuple(found)


def _binding(document: BindingDocument, version: int, ground: Ground, *, restructure: bool, strict: bool) -> Binding:
    slot, problems = ground.slot, list[tuple[str, str]]()
    prompt, target = None, None
    condition: conditions.Condition = conditions.ALWAYS
    instants: dict[str, float] = {}
    template = ground.templates.get(document.template)
    if template is None or (slot.templates and template.name not in slot.templates):
        allowed = ", ".join(slot.templates or sorted(ground.templates)) or "none"
        problems.append(("template", f'"{document.template}" is no template of this slot; allowed: {allowed}'))
    else:
        if strict:
            problems += _useless(document, template, slot)
        try:
            prompt = _prompt(template, document, prompt_key(slot.id, document.campaign, version), slot)
            prompt = replace(prompt, audio=_audio(document, prompt, slot))
        except ValueRefused as refused:
            problems.append((refused.where, str(refused)))
    for name, written in (("active_from", document.active_from), ("active_until", document.active_until)):
        if written is not None:
            try:
                instants[name] = read_instant(written, ground.zone)
            except (ValueError, OverflowError):
                problems.append((name, 'should be a time such as "2026-05-21T09:00" or "2026-05-21T09:00:00+03:00"'))
    if instants.get("active_until", float("inf")) <= instants.get("active_from", float("-inf")):
        problems.append(("active_until", "is not after active_from"))
    try:
        condition = conditions.parse(document.condition)
    except conditions.ConditionError as error:
        problems.append(("condition", str(error)))
    try:
        target = _target(document.target, ground, restructure=restructure)
    except Wrong as wrong:
        problems.append(("target", wrong.what))
    if problems or prompt is None or template is None:
        raise Invalid(problems)
    references = [(reference(value), template.fields[name]) for name, value in document.values.items()]
    filled_by = tuple((variable, one) for variable, one in references if variable is not None)
    return Binding(
        document.campaign,
        version,
        prompt,
        condition=condition,
        needs=frozenset(variable for variable, _ in filled_by),
        filled_by=filled_by,
        longest=slot.max_seconds,
        percent=float(document.percent),
        target=target,
        draft=document.draft,
        **instants,
    )


def _useless(document: BindingDocument, template: Template, slot: Slot) -> Iterator[tuple[str, str]]:
    """What nobody would ever hear, and a key that callers are told of and that leads nowhere."""
    for name, value in document.values.items():
        field = template.fields.get(name)
        if field is not None and field.kind == "text" and isinstance(value, dict):
            for language in sorted(value.keys() - template.text.keys()):
                yield f"values.{name}.{language}", _no_such_language(language, template.text)
    if document.target == "" and slot.key:
        for language, words in template.text.items():
            if slot.key in said_keys(words, language):
                yield "target", f'leads nowhere, and the template tells callers in "{language}" to press {slot.key}'
                return


def _no_such_language(language: str, known: Collection[str]) -> str:
    likely = likely_language(language)
    meant = f'; did you mean "{likely}"?' if likely in known else ""
    return f"the template has no such language; it has {', '.join(known)}{meant}"


def _prompt(template: Template, document: BindingDocument, key: str, slot: Slot) -> Prompt:
    try:
        prompt = template.prompt(key, document.values)
    except ValueRefused as refused:
        raise ValueRefused(f"values.{refused.where}", str(refused)) from None
    for language, words in prompt.text.items():
        try:
            if prompt.args or "{" in words:
                template_text = parse_template(words)
                if template_text.arguments <= prompt.args.keys():  # else some are variables of the call
                    template_text.say(prompt.args, language)
        except ValueError as error:
            raise ValueRefused("values", f'cannot be said in "{language}": {error}') from None
    if (length := seconds(prompt)) > slot.max_seconds:
        raise ValueRefused("values", f"takes about {length:.0f} s to say; this slot allows {slot.max_seconds:g} s")
    return prompt


def _audio(document: BindingDocument, prompt: Prompt, slot: Slot) -> Audio | None:
    written = document.audio
    if written is None:
        return Audio(instead=slot.fallback) if slot.fallback is not None else None
    urls = written if isinstance(written, dict) else dict.fromkeys(prompt.text, written)
    for language, url in urls.items():
        where = "audio" if isinstance(written, str) else f"audio.{language}"
        if language not in prompt.text:
            raise ValueRefused(where, _no_such_language(language, prompt.text))
        if not _is_web_address(url):
            raise ValueRefused(where, 'should be an address such as "https://cdn.example/spring.mp3"')
    return Audio(dict(urls), slot.max_seconds, slot.fallback)


def _is_web_address(url: str) -> bool:
    """Names and passwords have no place in it: everybody who may look at the slot would read them."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    return usable and "@" not in parts.netloc and url.isprintable() and " " not in url and len(url) <= _LONGEST_URL


def _target(written: str | None, ground: Ground, *, restructure: bool) -> Target | None:
    slot = ground.slot
    if written is None:
        return slot.targets[0] if slot.key and slot.targets else None
    if not written:
        return None
    if not slot.key:
        raise Wrong("this slot has no key that could lead anywhere")
    target = parse_target(written)
    if target in slot.targets:
        return target
    if not restructure:
        raise NotAllowed(
            f'this slot leads to {", ".join(map(str, slot.targets)) or "nowhere"}; "{written}" needs an admin'
        )
    if ground.flow.find(target) is None:
        raise Wrong(f'there is no "{written}"')
    return target


def plain(document: BindingDocument, version: int) -> dict[str, Any]:
    """As it is kept and shown."""
    return {"version": version, **document.model_dump()}


def from_plain(data: Mapping[str, Any]) -> tuple[BindingDocument, int]:
    """Raises Invalid for what was written by a version with other words."""
    words = {name: value for name, value in data.items() if name != "version"}
    try:
        return BindingDocument.model_validate(words), int(data["version"])
    except ValidationError as error:
        raise Invalid(mistakes.problems(error.errors(), words, BindingDocument)) from None
    except (KeyError, TypeError, ValueError):
        raise Invalid([("version", "should be a whole number")]) from None
