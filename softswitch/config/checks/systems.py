"""Other systems, and what campaigns may fill: each is named once, and what is mentioned is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.texts import placeholders
from softswitch.callers.numbers import NumberPlan
from softswitch.config.checks.variables import known_variables
from softswitch.config.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.model import Config
    from softswitch.config.positions import Path

MIN_TOKEN = 16


def check(raw: Raw) -> Iterator[Problem]:
    for pattern, what in (("webhook.*.name", "webhook"), ("api.token.*.name", "token"), ("menu.*.slot.*.id", "slot")):
        seen: dict[str, str] = {}
        for path, name in raw.strings(pattern):
            if name in seen:
                yield raw.error(path, f'another {what} is "{name}" already ({seen[name]})', "choose another")
            seen.setdefault(name, raw.positions.told(raw.positions.of_value(path).line))
    for path, url in raw.strings("webhook.*.url"):
        if url.startswith("http://") and not any(near in url for near in ("//127.", "//localhost", "//[::1]")):
            yield raw.warning(
                path,
                "is not encrypted: who listens on the way reads who called",
                'write "https://…"',
                code="not-encrypted",
            )
    yield from _tokens(raw)
    yield from _each_token(raw, raw.strings("api.token.*.token"))
    yield from _slots(raw)
    yield from _messages(raw)


def check_tokens(config: Config, raw: Raw) -> Iterator[Problem]:
    """All of them, those too that are kept in the environment or in files."""
    tokens = () if config.api is None else config.api.tokens
    written: Iterator[Path] = (("api", "token", number, "token") for number in range(len(tokens)))
    yield from _each_token(raw, zip(written, (known.token.reveal() for known in tokens), strict=True))


def _each_token(raw: Raw, tokens: Iterable[tuple[Path, str]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, token in tokens:
        if len(token) < MIN_TOKEN:
            right = 'write { env = "NAME" }, and make one with: openssl rand -hex 24'
            yield raw.error(path, f"can be guessed: a token has {MIN_TOKEN} characters or more", right)
        elif token in seen:
            yield raw.error(path, "is somebody else's token already", "everybody has one of their own")
        seen.add(token)


def _tokens(raw: Raw) -> Iterator[Problem]:
    boxes = raw.names("voicemail")
    for path, box in raw.strings("api.token.*.boxes", "api.token.*.boxes.*"):
        if box not in boxes:
            yield raw.error(path, f"there is no [voicemail.{box}]", nearest=nearest(box, boxes))
    for path, known in raw.select("api.token.*"):
        if isinstance(known, dict) and known.get("role") == "agent" and not known.get("boxes"):
            yield raw.warning((*path, "role"), "may do nothing", 'add boxes = ["…"], whose messages they may hear')


def _messages(raw: Raw) -> Iterator[Problem]:
    """Text messages: no secret leaves with one, and a number that is always the same gets it."""
    secret = known_variables(raw).secret
    for path, text in raw.strings("sms.*.to", "sms.*.text", "sms.*.text.*"):
        for name in placeholders(text):
            if name in secret:
                yield raw.error(path, f"{{{name}}} is a secret, and goes into no text message", "leave it out")
    country = next((value for _, value in raw.strings("server.country")), "")
    try:
        plan = NumberPlan(country)
    except ValueError:
        return  # reported with the country
    for path, number in raw.strings("sms.*.to"):
        if not placeholders(number) and not plan.gets_texts(plan.read(number)):
            yield raw.error(
                path, f'"{number}" gets no text messages', 'write "+380501234567", or "{ani}" for the caller'
            )


def _slots(raw: Raw) -> Iterator[Problem]:
    templates = raw.names("template")
    for path, name in raw.strings("menu.*.slot.*.templates.*"):
        if name not in templates:
            yield raw.error(path, f"there is no [template.{name}]", nearest=nearest(name, templates))
    services = raw.names("webservice")
    for path, name in raw.strings("menu.*.slot.*.webservice", "sms.*.webservice"):
        if name not in services:
            yield raw.error(path, f"there is no [webservice.{name}]", nearest=nearest(name, services))
    for path, menu in raw.select("menu.*"):
        if not isinstance(menu, dict) or not isinstance(menu.get("slot"), list):
            continue
        own = menu.get("keys", {})
        taken = dict.fromkeys(map(str, own) if isinstance(own, dict) else (), "the menu")
        for number, slot in enumerate(menu["slot"]):
            if not isinstance(slot, dict):
                continue
            where = (*path, "slot", number)
            optout = slot.get("optout")
            for place, key in (
                ((*where, "key"), slot.get("key")),
                ((*where, "optout", "key"), optout.get("key") if isinstance(optout, dict) else None),
            ):
                if isinstance(key, str):
                    if key in taken:
                        yield raw.error(place, f'"{key}" is a key of {taken[key]} already', "choose another")
                    taken.setdefault(key, f'the slot "{slot.get("id")}"')
            if slot.get("targets") and not slot.get("key"):
                yield raw.error((*where, "targets"), "are where a key leads, and this slot has none", 'add key = "…"')
            also = menu.get("say_also")
            texts = 1 + (len(also) if isinstance(also, list) else 0)
            if isinstance(after := slot.get("after"), int) and after > texts:
                yield raw.error((*where, "after"), f"the menu says {texts} texts only", f"0 to {texts}")
