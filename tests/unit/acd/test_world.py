from __future__ import annotations

import math

from acd import events as ev
from acd.dispatcher import Dispatcher
from acd.effects import Connect, Effect, OfferCall
from acd.model import AcdConfig, AgentConfig, QueueConfig
from acd.ticket import Place
from acd.world import World


class People:
    """Everybody does the same."""

    def __init__(self, *, rings: float = 5.0, talks: float = 100.0) -> None:
        self._rings, self._talks = rings, talks

    def rings(self, offer: OfferCall) -> float:
        return self._rings

    def talks(self, call: str, queue: str, agent: str) -> float:
        return self._talks

    def is_reached(self, call: str, queue: str) -> float:
        return 0.0


class Shop:
    """A world with one queue and one agent, and what was seen of it."""

    def __init__(self, people: People) -> None:
        self.seen: list[tuple[float, Effect]] = []
        acd = Dispatcher(AcdConfig((QueueConfig("q", wrap_up=10.0),), (AgentConfig("a"),)))
        self.world = World(acd, people, lambda effect, now: self.seen.append((now, effect)))
        self.world.happen(ev.AgentLoggedIn("a", "1"), 0.0)

    def connected(self) -> list[tuple[float, str]]:
        return [(now, effect.call) for now, effect in self.seen if isinstance(effect, Connect)]


def test_agents_answer_talk_and_take_the_next_one() -> None:
    shop = Shop(People())
    for call in ("first", "second"):
        shop.world.at(10.0, ev.CallJoined(call, "q"))
    shop.world.run(500.0)
    assert shop.connected() == [(15.0, "first"), (130.0, "second")]
    assert shop.world.dispatcher.tickets == {}


def test_time_stops_where_it_is_told_to() -> None:
    shop = Shop(People())
    shop.world.at(10.0, ev.CallJoined("first", "q"))
    shop.world.run(14.9)
    assert shop.connected() == []
    shop.world.run(15.0)
    assert shop.connected() == [(15.0, "first")]
    shop.world.run(1000.0, lambda: True)
    assert shop.world.dispatcher.tickets["first"].place is Place.TALKING


def test_callers_hang_up_while_they_wait_and_not_when_they_talk() -> None:
    shop = Shop(People())
    for call, patience in (("talks", 50.0), ("waits", 50.0)):
        shop.world.at(0.0, ev.CallJoined(call, "q"))
        shop.world.gives_up(call, patience)
    shop.world.run(60.0)
    assert set(shop.world.dispatcher.tickets) == {"talks"}


def test_never_is_never() -> None:
    shop = Shop(People(rings=math.inf))
    shop.world.happen(ev.CallJoined("c", "q"), 0.0)
    shop.world.gives_up("c", 500.0)
    shop.world.run(1000.0)
    assert shop.connected() == []
    assert shop.world.dispatcher.agents["a"].status.value == "on_break"
    assert shop.world.dispatcher.tickets == {}


def test_a_conversation_that_was_cut_short_does_not_end_the_next_one() -> None:
    shop = Shop(People(rings=5.0, talks=100.0))
    shop.world.happen(ev.CallJoined("c", "q"), 0.0)
    shop.world.run(60.0)
    (offer,) = shop.world.dispatcher.tickets["c"].offers
    shop.world.happen(ev.OfferFailed(offer, ev.FailReason.DROPPED), 60.0)
    shop.world.run(110.0)
    assert [at for at, _ in shop.connected()] == [5.0, 70.0]
    assert shop.world.dispatcher.tickets["c"].place is Place.TALKING
    shop.world.run(170.0)
    assert shop.world.dispatcher.tickets == {}
