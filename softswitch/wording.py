"""All that a configuration says by itself, so that it is rendered before anybody calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.texts import is_fixed
from softswitch.call.agents.features import feature_prompts
from softswitch.call.agents.verifying import verification_prompts
from softswitch.call.agents.whisper import whisper_prompts
from softswitch.call.hours.codes import hours_prompts
from softswitch.call.left import message_prompts
from softswitch.call.queues.waiting import queue_prompts
from softswitch.call.ringing.find_me import find_me_prompts
from softswitch.call.transfers.parking import park_prompts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivr.nodes import Flow, Prompt
    from softswitch.config import Config


def standing_prompts(config: Config, flow: Flow) -> Iterator[Prompt]:
    """Everything that the configuration says."""
    for node in flow.nodes.values():
        for name in ("say", "say_again", "say_invalid", "say_no_input", "confirm", "filler"):
            yield from filter(is_fixed, getattr(node, name, ()))
        yield from (slot.fallback for slot in getattr(node, "slots", ()) if slot.fallback is not None)
    yield from feature_prompts(config)
    yield from queue_prompts(config.queues)
    yield from message_prompts(config)
    yield from whisper_prompts(config.queues, config.server.language)
    yield from verification_prompts(config)
    yield from find_me_prompts(config)
    yield from hours_prompts(config)
    yield from park_prompts(config)
