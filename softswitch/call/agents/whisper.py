"""What an agent hears between the answer and the caller: a tone, or the queue and how long the caller waited.

The caller goes on hearing music. Words that are not rendered by then are left out: a caller waits for a whisper as
long as it lasts, and not for a synthesiser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.nodes import Prompt
from rtp.legs import Tone
from softswitch.call.timers import Timers
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from softswitch.call.control import CallControl
    from softswitch.call.model import Leg
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.config.words.centre import Queue

#: Seconds of a tone, and the longest delay of a connection by words that are still being rendered.
TONE, PATIENCE = 0.3, 0.5
ZIP = "waiting"  # its first 0.2 s


class Whispers:
    """All agents who are being told whom they will talk with."""

    def __init__(self, control: CallControl, config: Config) -> None:
        self._control = control
        self._queues = config.queues
        self._language = config.server.language
        self._agents = config.agents
        self._tones: Timers[int] = Timers()
        self._after: dict[int, Callable[[float], None]] = {}

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        config = settings.config
        self._queues, self._language, self._agents = config.queues, config.server.language, config.agents

    def __len__(self) -> int:
        return len(self._after) + len(self._tones)

    def wanted(self, queue: str, *, tone: bool) -> bool:
        """Whether there is anything to tell; *tone*: at least that the line is open."""
        return tone or self._queues[queue].whisper is not None

    def tell(
        self,
        leg: Leg,
        agent: str,
        queue: str,
        waited: float,
        now: float,
        then: Callable[[float], None],
        question: Prompt | None = None,
    ) -> None:
        """Tell the agent on *leg*; *then* puts the caller through. Nothing happens when the leg is gone before.

        *question*: what the agent is to ask the caller is said last; it takes the place of a tone.
        """
        words = self._queues[queue].whisper
        more = () if question is None else (question,)
        if (words is None or words.tone) and not more:
            self._after[leg.leg] = then
            self._control.legs.hear(leg, Tone(ZIP))
            self._tones.set(leg.leg, now + TONE)
        elif words is None or words.tone:
            self.ask(leg, agent, more, now, then)
        else:
            prompt = whisper_prompt(queue, self._queues[queue], waited, self._language)
            self.ask(leg, agent, (prompt, *more), now, then)

    def ask(self, leg: Leg, agent: str, prompts: tuple[Prompt, ...], now: float, then: Callable[[float], None]) -> None:
        """Words for the agent on *leg*, in the agent's language."""
        self._after[leg.leg] = then
        language = self._agents[agent].language if agent in self._agents else None
        self._control.prompts.say_to(
            leg, prompts, language or self._language, now, lambda at: self._told(leg.leg, at), patience=PATIENCE
        )

    def forget(self, leg: int) -> None:
        """*leg* is over."""
        self._after.pop(leg, None)
        self._tones.set(leg, None)

    def _told(self, leg: int, now: float) -> None:
        if (then := self._after.pop(leg, None)) is not None:
            then(now)

    def next_deadline(self) -> float | None:
        return self._tones.next_deadline()

    def handle_timeout(self, now: float) -> None:
        while (handle := self._tones.pop_due(now)) is not None:
            leg = self._control.legs.get(handle)
            with self._control.contain(None if leg is None else leg.call, now):
                self._told(handle, now)


def whisper_prompt(name: str, queue: Queue, waited: float | None, language: str) -> Prompt:
    """What the agent of *queue* hears."""
    words = queue.whisper
    if words is not None and words.say is not None:
        return Prompt(f"queue.{name}.whisper", text=dict(words.say))
    return phrases.whisper(queue.label or name, waited if words is not None and words.wait else None)


def whisper_prompts(queues: Mapping[str, Queue], language: str) -> Iterator[Prompt]:
    """The whispers of all queues, as far as they can be rendered ahead: waits of up to ten minutes."""
    for name, queue in queues.items():
        words = queue.whisper
        if words is not None and not words.tone:
            waits = range(0, 11 * phrases.MINUTE, phrases.MINUTE) if words.wait and words.say is None else (0,)
            yield from (whisper_prompt(name, queue, float(waited), language) for waited in waits)
        if queue.offer_callback is not None:
            yield phrases.whisper_callback(queue.label or name)
