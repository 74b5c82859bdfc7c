"""A distributor whose journal is written as the switch writes it, by one process after another."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from acd.effects import Journal
from acd.events import AgentBreakEnded, AgentLoggedIn, CallJoined, CallLeft, ConversationEnded, OfferAnswered
from acd.model import AcdConfig, AgentConfig, QueueConfig
from acd.ticket import Place
from softswitch.store.cdr import Record

if TYPE_CHECKING:
    from acd.dispatcher import Dispatcher
    from acd.events import Event

CONFIG = AcdConfig((QueueConfig("sales", wrap_up=7.0),), tuple(AgentConfig(f"agent{i}", position=i) for i in range(9)))


class Life:
    """One process: its clock shows ``wall - offset``. Records are appended to *records*."""

    def __init__(self, acd: Dispatcher, offset: float, records: list[Record]) -> None:
        self.acd, self.offset, self.records = acd, offset, records
        self.calls = 0

    def note(self, kind: str, at: float, data: dict[str, object]) -> None:
        self.records.append(Record(len(self.records) + 1, at + self.offset, kind, None, json.loads(json.dumps(data))))

    def do(self, event: Event, now: float) -> None:
        self.acd.receive(event, now)
        for effect in self.acd.effects():
            if isinstance(effect, Journal):
                data = {name: value for name, value in effect.record.items() if name != "kind"}
                self.note(f"acd.{effect.record['kind']}", effect.record["at"], data)

    def work(self, now: float, events: int, seed: int = 1) -> float:
        """Some calls and what becomes of them; returns the time when they are over."""
        chance = random.Random(seed)
        for agent in self.acd.agents:
            self.do(AgentLoggedIn(agent, f"phone of {agent}"), now)
        for _ in range(events):
            now += chance.expovariate(1.0)
            waiting = [t.call for t in self.acd.tickets.values() if t.place is not Place.TALKING]
            talking = [t.call for t in self.acd.tickets.values() if t.place is Place.TALKING]
            ringing = [offer.id for offer in self.acd.offers.values() if not offer.answered]
            match chance.randrange(10):
                case 0 | 1 | 2 | 3 if len(waiting) < 40:
                    self.calls += 1
                    self.do(CallJoined(f"call {self.offset:g} {self.calls}", "sales"), now)
                case 4 | 5 | 6 if ringing:
                    self.do(OfferAnswered(chance.choice(ringing)), now)
                case 7 if waiting:
                    self.do(CallLeft(chance.choice(waiting)), now)
                case 8:
                    self.do(AgentBreakEnded(chance.choice(list(self.acd.agents))), now)
                case _ if talking:
                    self.do(ConversationEnded(chance.choice(talking)), now)
        return now
