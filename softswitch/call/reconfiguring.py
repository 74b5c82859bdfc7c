"""Another configuration while calls go on.

Every call goes by the configuration with which it began, and so what is no more is kept for it: phones and trunks are
rung, queues are entered. When the last call that may want it is over it is let go; a queue, once nobody is in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from acd.agent import Status
from acd.events import AgentLoggedOut, Reconfigured
from acd.model import plain_config
from softswitch.call.settings import Settings
from softswitch.call.versions import Versions
from softswitch.config.acd import acd_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acd.dispatcher import Dispatcher
    from ivr.nodes import Flow
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
        self._versions = Versions(control.calls)
        self._gone: dict[str, tuple[Queue, Flow]] = {}  # queues that are no more, and the menus that they had
        self._open: dict[str, Queue] = {}  # those of them to which somebody may still come

    @property
    def settings(self) -> Settings:
        """What new calls go by, without what is kept for old ones."""
        return self._asked

    @property
    def kept(self) -> frozenset[str]:
        """Queues that are no more and are still needed."""
        return frozenset(self._gone)

    @property
    def versions(self) -> int:
        """How many configurations of before still have calls."""
        return len(self._versions)

    def apply(self, settings: Settings, now: float) -> None:
        """Go by *settings* from now on."""
        former, self._asked = self._asked, settings
        self._versions.add(former)
        self._find_open()
        needed = self._open.keys() | self._dispatcher.closing | self._occupied()
        self._keep(former, needed)
        self._tell(now)
        self._tell_distributor(now)
        self._move_agents(former.config, now)

    def adopt(self, former: Settings, gone: Iterable[str], now: float) -> None:
        """These queues of before a restart are no more and still have somebody to call back; *former* knows them."""
        self._keep(former, frozenset(gone))
        self._tell(now)

    def settle(self, now: float) -> None:
        """Let go of what nobody needs any more."""
        if not self._versions and not self._gone:
            return
        over = len(self._versions) > 0 and self._versions.let_go()
        if over:
            self._find_open()
            self._tell_distributor(now)
        needed = self._open.keys() | self._dispatcher.closing
        if not self._gone.keys() <= needed or (over and self._has_idle_lines()):
            self._keep(self._asked, needed)
            self._tell(now)

    def _has_idle_lines(self) -> bool:
        """Whether phones or trunks are kept for nobody any more."""
        config, kept = self._asked.config, self._in_force
        phones, trunks = self._versions.phones(config), self._versions.trunks(config)
        return not (kept.phones.keys() <= phones.keys() and kept.trunks.keys() <= trunks.keys())

    def _occupied(self) -> set[str]:
        return {ticket.queue for ticket in self._dispatcher.tickets.values()}

    def _find_open(self) -> None:
        self._open = {
            name: _nameless(words)
            for version in self._versions
            for name, words in version.config.queues.items()
            if name not in self._asked.config.queues
        }

    def _keep(self, former: Settings, needed: Iterable[str]) -> None:
        """Of all queues that are no more, those that are *needed*."""
        known = dict(self._gone)
        for version in (*self._versions, former):
            known |= {name: (_nameless(words), version.flow) for name, words in version.config.queues.items()}
        wanted = frozenset(needed) - self._asked.config.queues.keys()
        self._gone = {name: kept for name, kept in known.items() if name in wanted}

    def _tell(self, now: float) -> None:
        asked = self._asked
        if self._gone:
            # their goodbyes and where they lead are still known; what is there now comes first
            flows = {id(flow): flow for _, flow in self._gone.values()}.values()
            nodes = {target: node for flow in flows for target, node in flow.nodes.items()}
            config = with_queues(asked.config, {name: words for name, (words, _) in self._gone.items()})
            asked = Settings(config, replace(asked.flow, nodes={**nodes, **asked.flow.nodes}))
        phones, trunks = self._versions.phones(asked.config), self._versions.trunks(asked.config)
        self._in_force = asked = replace(asked, phones=phones, trunks=trunks)
        for part in self._parts:
            with self._control.contain(None, now):
                part.reconfigure(asked, now)

    def _tell_distributor(self, now: float) -> None:
        queues = acd_config(with_queues(self._asked.config, self._open))
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


def _nameless(queue: Queue) -> Queue:
    """A number belongs to who has it now."""
    return queue.model_copy(update={"number": None})


def with_queues(config: Config, more: Mapping[str, Queue]) -> Config:
    """*config* with queues besides its own."""
    return config.model_copy(update={"queues": {**config.queues, **more}}) if more else config
