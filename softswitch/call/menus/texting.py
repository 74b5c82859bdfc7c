"""Text messages to callers: who gets one, and what is written in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivr.texts import fill
from softswitch.speech.template import parse_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from softswitch.config import Config

#: Letters of the longest one, which are many messages on the way already.
LONGEST = 1000
#: What is asked of a gateway.
TO, TEXT = "sms_to", "sms_text"

_NOT_WRITTEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class TextMessage:
    """`to`: in E.164; empty when there is no number that gets text messages.

    `unfit`: placeholders whose values could not be said in their form, as "{sum:money}".
    """

    to: str
    text: str
    unfit: tuple[str, ...] = ()

    @property
    def variables(self) -> dict[str, str]:
        """As the gateway is asked."""
        return {TO: self.to, TEXT: self.text}


def write(config: Config, name: str, known: Mapping[str, str], language: str) -> TextMessage:
    """The message of ``[sms.name]`` to a caller of whom this is *known*, no secret among it.

    Values stand in it as they are, figures as figures; those with a form ("{due:date}") in words. What is not known is
    nothing.
    """
    words = config.sms[name]
    number = config.plan.read(fill(words.to, known))
    default = config.server.language
    chosen = next((wanted for wanted in (language, default) if wanted in words.text), next(iter(words.text)))
    template = parse_template(words.text[chosen])
    everything = dict.fromkeys(template.arguments, "") | dict(known)
    text, unfit = template.attempt(everything, chosen)
    text = _NOT_WRITTEN.sub(" ", text).strip()[:LONGEST]
    return TextMessage(number.e164 if config.plan.gets_texts(number) else "", text, unfit)
