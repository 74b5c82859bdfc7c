"""What a caller hears and presses while waiting in a queue.

Announcements follow one another and never delay anything: the connection stops them, a key is acted on in the middle of
any. A key that leads out of the queue hands the caller to the IVR with the ticket still in its place; who comes back
has the old place, whoever else takes the caller gives it up. Once an agent has answered, and is being told who it is,
the caller is as good as connected: keys lead out again only if that agent is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acd.events import CallAway, CallReturned
from ivr.events import Returned
from ivr.nodes import Prompt, Queue, Result
from ivr.targets import Target
from rtp.legs import Music
from softswitch.call.model import Stage
from softswitch.call.stages import Input
from softswitch.speech import phrases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from softswitch.call.control import CallControl
    from softswitch.call.model import Call, Leg
    from softswitch.call.queues.distributor import Merits
    from softswitch.call.settings import Settings
    from softswitch.config import Config
    from softswitch.config.words.centre import Queue as QueueWords


@dataclass(slots=True)
class Stay:
    """One caller in one queue."""

    pending: list[Prompt] = field(default_factory=list)  # to be said when what is being said is over
    comforts: int = 0  # messages of comfort heard so far
    offered: bool = False  # a callback: its key is live
    lost: Result | None = None  # why the place is gone that the caller, who is aside, counts on
    merits: Merits | None = None  # what the caller, who is aside, brought along
    home: str = ""  # the queue that the caller, who is aside, knows the place to be in
    late: str = ""  # the key that was pressed when an agent had answered already


class Waiting:
    """Everybody who waits, and those who step aside for a moment."""

    def __init__(self, control: CallControl, config: Config) -> None:
        self._control = control
        self._queues = config.queues
        self._language = config.server.language
        self._stays: dict[str, Stay] = {}

    def reconfigure(self, settings: Settings, now: float) -> None:
        """See `softswitch.call.settings.Reconfigurable`."""
        self._queues, self._language = settings.config.queues, settings.config.server.language

    def __len__(self) -> int:
        return len(self._stays)

    # ------------------------------------------------------------------------------------------------ coming and going
    def begin(self, call: Call, leg: Leg) -> None:
        """The caller is in the queue, or back in it."""
        self._stays.setdefault(call.call, Stay())
        self.music(call, leg)

    def moved(self, call: Call) -> None:
        """The caller is in another queue: what is being said of the place in the one before is true no more."""
        stay = self._stays.get(call.call)
        if stay is None:
            return
        stay.pending.clear()
        stay.comforts, stay.offered, stay.late = 0, False, ""
        leg = self._control.legs.get(call.a_leg)
        if call.stage is Stage.QUEUED and leg is not None:
            self._control.prompts.stop(call)
            self.music(call, leg)

    def over(self, call: Call) -> None:
        """The caller does not wait any more."""
        self._stays.pop(call.call, None)

    def music(self, call: Call, leg: Leg) -> None:
        """From where it was left. Keys may come as tones, where any of them means something."""
        assert call.queue is not None
        queue = self._queues[call.queue]
        listens = bool(queue.exits or queue.exit_menu or queue.offer_callback)
        self._control.legs.hear(leg, Music(queue.music), detect_inband=listens)

    # ------------------------------------------------------------------------------------------------ saying
    def announce(self, call: Call, prompt: Prompt, now: float) -> None:
        """Say *prompt* as soon as nothing else is being said; what comes in one moment is said in one go."""
        stay = self._stays.get(call.call)
        if stay is None or call.stage is not Stage.QUEUED:
            return
        stay.pending.append(prompt)
        if len(stay.pending) == 1 and not self._control.prompts.speaking(call):
            self._control.later(now, lambda at: self._speak(call, at), call=call.call)

    def comfort(self, call: Call, now: float) -> None:
        stay = self._stays.get(call.call)
        if stay is not None and call.queue is not None:
            own = comfort_prompts(call.queue, self._queues[call.queue])
            prompt = own[stay.comforts % len(own)] if own else phrases.comfort(stay.comforts)
            stay.comforts += 1
            self.announce(call, prompt, now)

    def offer_callback(self, call: Call, key: str, now: float) -> None:
        """From now on *key* orders a callback."""
        if (stay := self._stays.get(call.call)) is not None:
            stay.offered = True
            self.announce(call, phrases.callback_offer(key), now)

    def _speak(self, call: Call, now: float) -> None:
        stay = self._stays.get(call.call)
        if stay is None or call.stage is not Stage.QUEUED or not stay.pending:
            return
        prompts, stay.pending = tuple(stay.pending), []
        self._control.prompts.say(call, prompts, call.language, now, lambda at: self._said(call, at))

    def _said(self, call: Call, now: float) -> None:
        """More of the same, or the music."""
        stay, leg = self._stays.get(call.call), self._control.legs.get(call.a_leg)
        if stay is None or leg is None or call.stage is not Stage.QUEUED:
            return
        if stay.pending:
            self._speak(call, now)
        else:
            self.music(call, leg)

    # ------------------------------------------------------------------------------------------------ keys
    def pressed(self, call: Call, digit: str, now: float) -> bool:
        """A key while the caller waits; True when it means something here."""
        if call.stage is Stage.ASIDE:
            return self._control.orders.pressed(call, digit, now)
        if call.stage is not Stage.QUEUED or call.queue is None:
            return False
        queue, stay = self._queues[call.queue], self._stays.get(call.call)
        offer = queue.offer_callback
        orders = offer is not None and digit == offer.key and (offer.at_once or (stay is not None and stay.offered))
        if orders and call.ticket:
            return False  # is being called back already
        node = call.session.flow.find(Target(Queue.kind, call.queue))
        if not orders and (not isinstance(node, Queue) or node.exit_for(digit) is None):
            return False
        if self._control.queues.is_talking(call):
            if stay is not None:
                stay.late = digit
        elif self.step_aside(call, now):
            if orders:
                self._control.orders.ask(call, now)
            else:
                self._control.menus.receive(call, Returned(Result.KEY, digit), now)
        return True

    def agent_lost(self, call: Call, now: float) -> None:
        """The agent who had answered is gone before the connection: the key that was too late is in time again."""
        stay = self._stays.get(call.call)
        if stay is not None and stay.late:
            digit, stay.late = stay.late, ""
            self.pressed(call, digit, now)

    def step_aside(self, call: Call, now: float) -> bool:
        """The caller does something else for a while; whatever is being said is over."""
        if not self._control.advance(call, Input.STEP_ASIDE):
            return False
        self._control.prompts.stop(call)
        if (stay := self._stays.get(call.call)) is not None:
            stay.pending.clear()
            stay.home, stay.merits = call.queue or "", self._control.queues.merits(call)
        self._control.note("queue.aside", call, now, queue=call.queue)
        self._control.queues.receive(CallAway(call.queued_as), now)
        return call.stage is Stage.ASIDE  # the distributor may have had other news

    # ------------------------------------------------------------------------------------------------ aside
    def back(self, call: Call, now: float, *, silently: bool) -> None:
        """The caller, who is in the queue again, was aside: the old place, unless it is gone."""
        stay = self._stays.get(call.call)
        lost = None if stay is None else stay.lost
        if lost is None:
            if stay is not None and stay.merits is not None:  # a menu on the way may have had its say
                self._control.queues.know_again(call, stay.merits, now)
            self._control.queues.receive(CallReturned(call.queued_as), now)
            if not silently:
                self.announce(call, phrases.exit_returned(), now)
        else:
            self.over(call)
            self._control.later(now, lambda at: self._control.queues.give_back(call, lost, at), call=call.call)

    def lose_place(self, call: Call, result: Result) -> None:
        """The queue does not keep the place of a caller who is aside; they are told when they come back."""
        if (stay := self._stays.get(call.call)) is not None:
            stay.lost = result

    def knows(self, call: Call) -> bool:
        """Whether the caller has been waiting, and nothing has ended that for good."""
        return call.call in self._stays

    def is_home(self, call: Call, queue: str) -> bool:
        """Whether *queue* is where the caller, who is aside, has the place, or had it before being moved meanwhile."""
        stay = self._stays.get(call.call)
        return stay is not None and queue in (call.queue, stay.home)

    def has_place(self, call: Call) -> bool:
        """Whether the distributor still has a ticket of the caller, who is aside."""
        stay = self._stays.get(call.call)
        return stay is not None and stay.lost is None


def comfort_prompts(name: str, queue: QueueWords) -> list[Prompt]:
    """The queue's own texts, said in turn; none: those of the catalogue."""
    texts = enumerate(queue.announce.comfort_say, start=1)
    return [Prompt(f"queue.{name}.comfort.{number}", text=dict(words)) for number, words in texts]


def queue_prompts(queues: Mapping[str, QueueWords]) -> Iterator[Prompt]:
    """What callers in these queues may hear, as far as it can be rendered ahead."""
    for name, queue in queues.items():
        if own := comfort_prompts(name, queue):
            yield from own
        elif queue.announce.comfort:
            yield from map(phrases.comfort, range(len(phrases.COMFORTS)))
        if queue.announce.wait:
            yield from map(phrases.wait, phrases.WAIT_BOXES)
        if queue.exits or queue.exit_menu is not None:
            yield phrases.exit_returned()
        if queue.resume_within:
            yield phrases.resumed()
        if (offer := queue.offer_callback) is not None:
            yield phrases.callback_offer(offer.key)
            yield from (phrases.confirm_number(), phrases.enter_callback_number(), phrases.callback_number_invalid())
            yield from (phrases.callback_confirmed(), phrases.callback_failed(), phrases.callback_duplicate())
            yield phrases.callback_greeting(offer.company or queue.label)
            if queue.announce.wait:
                yield from filter(None, map(phrases.callback_expected, phrases.WAIT_BOXES))
