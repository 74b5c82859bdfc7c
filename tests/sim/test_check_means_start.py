"""What `check` accepts starts and takes calls, and what it refuses does not start: with configurations of all sorts."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from softswitch.briefing import briefing
from softswitch.config import ConfigError, flows, parse_config
from softswitch.inquiries.edge import Inquiries
from softswitch.paths import prompts_dir
from softswitch.speech.catalogue import MissingPrompt
from softswitch.tryout.command import Request, attempt
from softswitch.tryout.walk import walk
from softswitch.voice import find_speech, spoken_languages
from softswitch.wording import standing_prompts
from tests.sim.office import CALLERS, DESKS, PASSWORD, Office, phone_table
from tests.sim.test_flows_reload_sections import centre
from tests.support.mutated import mutated

if TYPE_CHECKING:
    from softswitch.config import Config
    from softswitch.speech.resolve import Resolver

MORE = """
[mail]
host = "mail.example"
from = "switch@example.com"

[template.plain]
text = { en = "{words:text max 200}" }

[[menu.all-a.slot]]
id = "promo"
key = "#"
targets = ["say:end-a"]

[music.calm]
files = ["prompts/music/default.wav"]

[[webhook]]
name = "crm"
url = "https://crm.example/events"
secret = "a-secret-of-ours"

[break]
1 = "Lunch"

[feature]
preview = "*80*"
"""
WHOLE = centre("a") + MORE + "".join(map(phone_table, (*DESKS, *CALLERS)))
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def read(text: str) -> Config | None:
    try:
        return parse_config(text.encode(), file="c", folder=Path(), env={})
    except ConfigError:
        return None


@cache
def speech(language: str) -> Resolver:
    return find_speech((prompts_dir(),), language)


def start(text: str, config: Config) -> None:
    """Everything that the start of the process builds of a configuration, and a call to every number."""
    list(briefing(config))
    resolver = speech(config.server.language)
    for prompt in standing_prompts(config, flows.flow(config)):
        for language in spoken_languages(config):
            try:
                resolver.resolve(prompt, language)
            except MissingPrompt:
                assert not prompt.text, "a text of the file can be said"

    async def ask() -> None:
        await Inquiries(config, lambda *_: None).close()

    asyncio.run(ask())
    office = Office(centre=text, phones=False)
    caller = next(iter(config.phones), "")
    numbers = [did for route in config.routes for did in route.did or ()]
    for number in numbers:
        if caller or config.trunks:
            walk(config, attempt(config, Request(number.rstrip("*"), phone=caller), NOW))
    secret = config.phones[caller].password if caller else None
    if secret is not None and secret.reveal() == PASSWORD.format(caller):
        phone = office.phone(caller, register=False)
        for number in numbers[:4]:
            call = phone.dial(number.rstrip("*"))
            office.run(2)
            if not call.over:
                call.hang_up()
            office.run(1)
    office.switch.reload(text)
    office.run(1)


def test_the_whole_starts() -> None:
    config = read(WHOLE)
    assert config is not None
    start(WHOLE, config)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_check_accepts_starts(seed: int) -> None:
    """One in a few is as good as before; the others are refused with a reason (see the loader's own tests)."""
    rng = random.Random(seed)
    text, config = "", None
    for _ in range(20):
        text = mutated(rng, WHOLE)
        if (config := read(text)) is not None:
            break
    assert config is not None, "hardly any change is accepted"
    start(text, config)
