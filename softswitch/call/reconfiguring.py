"""Another configuration while calls go on.

Every session walks the flow with which its call began. A queue that is no more is kept as long as somebody may come to
it or is in it: first for everybody who was in a call when it went, then, closed, for those who are still in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acd.agent import Status
from acd.events import AgentLoggedOut, Reconfigured
from acd.model import plain_config
from softswitch.call.settings import Settings
from softswitch.config.acd import acd_config

if TYPE_CHECKING:
    from collections.abc import Iterable

    from acd.dispatcher import Dispatcher
    from softswitch.call.control import CallControl
    from softswitch.call.settings import Reconfigurable
    from softswitch.config import Config
    from softswitch.config.words.centre import Queue


class Reconfiguring:
    """*parts* are told of every change, in this order."""

    def __init__(
        self, control: CallControl, settings: Settings, dispatcher: Dispatcher, parts: Iterable[Reconfigurable]
    ) -> None:
        self._control = control
        self._dispatcher = dispatcher
        self._parts = tuple(parts)
        self._asked = self._in_force = settings
        self._older: set[str] = set()  # calls in which somebody may come to a queue that is no more
        self._gone: dict[str, Queue] = {}
        self._closed = False  # nobody can come to them any more

    @property
    def settings(self) -> Settings:
        """What new calls go by, without what is kept for old ones."""
        return self._asked

    @property
    def kept(self) -> frozenset[str]:
        """Queues that are no more and are still needed."""
        return frozenset(self._gone)

    def apply(self, settings: Settings, now: float) -> None:
        """Go by *settings* from now on."""
        control, former, config = self._control, self._in_force, settings.config
        self._asked = settings
        self._older = set(control.calls)
        needed = former.config.queues if self._older else self._dispatcher.closing | self._occupied()
        self._gone = {
            # a number belongs to who has it now
            name: words.model_copy(update={"number": None})
            for name, words in former.config.queues.items()
            if name not in config.queues and name in needed
        }
        self._closed = not self._older
        self._tell(former, now)
        self._tell_distributor(now)
        self._move_agents(former.config, now)

    def adopt(self, former: Settings, gone: Iterable[str], now: float) -> None:
        """These queues of before a restart are no more and still have somebody to call back; *former* knows them."""
        self._gone = {name: former.config.queues[name] for name in gone}
        self._closed = True
        self._tell(former, now)

    def settle(self, now: float) -> None:
        """Let go of what nobody needs any more."""
        if not self._gone:
            return
        if not self._closed:
            self._older &= self._control.calls.keys()
            if self._older:
                return
            self._closed = True
            self._tell_distributor(now)
        if not self._gone.keys() <= (closing := self._dispatcher.closing):
            self._gone = {name: words for name, words in self._gone.items() if name in closing}
            self._tell(self._in_force, now)

    def _occupied(self) -> set[str]:
        return {ticket.queue for ticket in self._dispatcher.tickets.values()}

    def _tell(self, former: Settings, now: float) -> None:
        asked = self._asked
        if self._gone:
            # their goodbyes and where they lead are still known; what is there now comes first
            flow = replace(asked.flow, nodes={**former.flow.nodes, **asked.flow.nodes})
            asked = Settings(with_queues(asked.config, self._gone), flow)
        self._in_force = asked
        for part in self._parts:
            with self._control.contain(None, now):
                part.reconfigure(asked, now)

    def _tell_distributor(self, now: float) -> None:
        config = self._asked.config
        queues = acd_config(config if self._closed else with_queues(config, self._gone))
        if plain_config(self._dispatcher.config) != plain_config(queues):
            self._control.queues.prepare(queues.queues, now)
            self._control.queues.receive(Reconfigured(queues), now)

    def _move_agents(self, former: Config, now: float) -> None:
        """Who sits at a phone that is no more cannot work there; who is new and works from the start begins."""
        control, config = self._control, self._asked.config
        for agent in sorted(self._dispatcher.agents.values(), key=lambda agent: agent.id):
            if agent.status is not Status.LOGGED_OUT and agent.phone not in config.phones:
                control.queues.receive(AgentLoggedOut(agent.id, f"phone {agent.phone} is gone"), now)
        for new in config.agents.values():
            if new.logged_in and new.id not in former.agents:
                control.log_in(new.id, new.phone, now)


def with_queues(config: Config, more: dict[str, Queue]) -> Config:
    """*config* with queues besides its own."""
    return config.model_copy(update={"queues": {**config.queues, **more}})
