"""Whoever is asked about the caller of an attempt: they say what the attempt says; only lookups are really made.

What is made of their answers is what the switch makes of them, refusals included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr import effects as fx
from ivr.customers import CUSTOMER_ID
from ivr.events import Answered, Pulled
from ivr.inquiring import UNREADABLE
from ivr.secrecy import secret_names, tells
from ivr.services import NO_NUMBER, Lookup, Sms
from ivr.verbs import VERBS, Verbs
from softswitch.call.menus.texting import write
from softswitch.call.queues.merits import complaint
from softswitch.tryout.replies import answered, looked_up
from softswitch.webservice.client import BODY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ivr.events import Event
    from ivr.nodes import Flow
    from ivr.progress import Progress
    from softswitch.campaigns.book import Book
    from softswitch.config import Config
    from softswitch.tryout.attempt import Attempt, Reply


class Others:
    """*note* takes a kind of step and a line for people."""

    def __init__(
        self, config: Config, flow: Flow, book: Book, attempt: Attempt, note: Callable[[str, str], None]
    ) -> None:
        self._config, self._flow, self._book, self._note = config, flow, book, note
        self._caller = attempt.caller
        self._answers = {name: iter(replies) for name, replies in attempt.answers.items()}

    def answer(self, target: str) -> Reply | None:
        """The next one of *target*, if the attempt has one."""
        return next(self._answers.get(target, iter(())), None)

    def about(self, progress: Progress) -> dict[str, str]:
        """What is known of every call besides its variables."""
        return {
            "ani_raw": self._caller.raw,
            "withheld": "true" if self._caller.withheld else "false",
            CUSTOMER_ID: progress.public.get(CUSTOMER_ID) or self._caller.number,
            "language": progress.language,
        }

    def ask(self, effect: fx.Ask, progress: Progress) -> tuple[float, Event]:
        """After how many seconds there is which answer."""
        kind, name, config = effect.kind, effect.name, self._config
        target, reply = f"{kind}:{name}", self.answer(f"{kind}:{name}")
        found: tuple[str, Mapping[str, str]] | None = None
        if kind == Sms.kind and not self._write(name, progress):
            reply, found = None, (NO_NUMBER, {})
        elif reply is not None:
            found = answered(config, kind, name, reply)
        elif kind == Lookup.kind:
            found, why = looked_up(config, config.lookups[name], self.about(progress) | dict(effect.variables))
            if why:
                self._note("trouble", f"{target}: {why}")
        outcome, values = found or ("unavailable", {})
        if kind == Verbs.kind and VERBS in values and (wrong := complaint(values[VERBS], config.verbs[name])):
            self._note("trouble", f"{target}: {wrong}")
            outcome, values = UNREADABLE, {}
        secret = {*progress.secrets, *secret_names(self._flow)}
        told = ", ".join(f"{name} = {fx.SECRET if name in secret else value}" for name, value in values.items())
        self._note("ask", f"{target} is asked: {outcome}{told and f', {told}'}")
        return 0.0 if reply is None else reply.after, Answered(effect.request, outcome, values)

    def _write(self, name: str, progress: Progress) -> bool:
        """Whether there is a number for the text message."""
        message = write(self._config, name, self.about(progress) | progress.public, progress.language)
        self._note("sms", f'writes to {message.to}: "{message.text}"' if message.to else "has no number to write to")
        for what in message.unfit:
            self._note("trouble", f"sms.{name}: the value of {what} does not fit")
        return bool(message.to)

    def pull(self, effect: fx.Pull, progress: Progress, now: float) -> tuple[float, Event]:
        """The same about a slot. Without an answer what is bound to it is heard."""
        reply = self.answer(f"slot:{effect.slot}")
        if reply is None:
            self._note("ask", f"slot:{effect.slot} is asked: no answer is given, what is bound to it is heard")
            return 0.0, Pulled(effect.request)
        messages = None
        if tells(reply.body, progress.entered):
            self._note("trouble", f"the answer about slot {effect.slot} has a masked entry in it")
        elif reply.body:
            known = progress.public | {"language": effect.variables.get("language", "")}
            messages = self._book.pulled(effect.slot, {BODY: reply.body}, known, now)
        failure = UNREADABLE if reply.body else reply.outcome
        outcome = failure if messages is None else f"{len(messages)} messages"
        self._note("ask", f"slot:{effect.slot} is asked: {outcome}")
        return reply.after, Pulled(effect.request, messages)
