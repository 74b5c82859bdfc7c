"""The distributor, the calls and the legs tell the same story: who waits waits everywhere, who talks has somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acd.agent import State
from acd.ticket import CALLED_BACK, Place
from softswitch.call.model import Stage
from softswitch.call.transfers.states import State as Sending

if TYPE_CHECKING:
    from acd.dispatcher import Dispatcher
    from acd.offers import Offer
    from acd.ticket import Ticket
    from softswitch.call.control import CallControl
    from softswitch.call.model import Call

#: Where the distributor may have the caller, by where the call is; None: nowhere.
_PLACES: dict[Stage, frozenset[Place | None]] = {
    Stage.QUEUED: frozenset({Place.WAITING, Place.OFFERED, Place.TALKING}),
    Stage.TALKING: frozenset({Place.TALKING, None}),
    Stage.IVR: frozenset({None}),
    Stage.RINGING: frozenset({None}),
    Stage.CALLING_BACK: frozenset({Place.CALLBACK_OFFERED, Place.DIALLING}),
}


def check(control: CallControl, dispatcher: Dispatcher) -> None:
    """Between any two events. Raises AssertionError with a sentence."""
    for call in control.calls.values():
        _check_call(control, dispatcher, call)
    for ticket in dispatcher.tickets.values():
        _check_ticket(control, dispatcher, ticket)
    for offer in dispatcher.offers.values():
        _check_offer(control, dispatcher, offer)
    offers = control.offers
    unknown = (offers._attempts.keys() | offers._answered.keys()) - dispatcher.offers.keys()
    assert not unknown, f"offers {sorted(unknown)} ring or were answered, and are over"


def _check_call(control: CallControl, dispatcher: Dispatcher, call: Call) -> None:
    ticket = dispatcher.tickets.get(call.queued_as)
    place = None if ticket is None else ticket.place
    story = f"{call.call} is {call.stage.name}, {call.queued_as} is {'nowhere' if place is None else place.value}"
    if call.stage is Stage.ASIDE:
        kept = place is Place.AWAY or not control.waiting.has_place(call) or control.orders.ordered(call)
        assert kept, story
    elif control.transfers.sending(call) is not None:
        assert place in (None, Place.TALKING), story
    elif call.ticket and call.stage in (Stage.IVR, Stage.RINGING):  # a customer who was called back hears the greeting
        assert place in (None, *CALLED_BACK), story
    else:
        assert place in _PLACES[call.stage], story
    if call.stage is Stage.TALKING:
        assert (call.agent is not None) == (place is Place.TALKING), f"{story}, and talks with {call.agent}"
        other = control.legs.get(call.b_leg)
        assert other is not None, f"{story}, and talks with nobody"
        if call.agent is not None:
            assert call.offer in dispatcher.offers, f"{story}, on an offer that is over"


def _check_ticket(control: CallControl, dispatcher: Dispatcher, ticket: Ticket) -> None:
    if ticket.place is not Place.TALKING:
        return
    (offer,) = ticket.offers
    agent = dispatcher.offers[offer].agent
    call = control.queues._call_of(ticket.call, dispatcher.now)
    assert call is not None, f"{ticket.call} talks with {agent}, and there is no such call"
    transfer = control.transfers.sending(call)
    talks = call.stage is Stage.TALKING and (call.agent, call.offer) == (agent, offer)
    is_told = call.stage is Stage.QUEUED and offer in control.offers._answered
    sends = transfer is not None and transfer.state is Sending.TRYING and transfer.agent == agent
    assert talks or is_told or sends, f"{ticket.call} talks with {agent}, {call.call} is {call.stage.name}"
    leg = control.offers._answered[offer] if is_told else control.legs.get(call.b_leg)
    leg = transfer.leg if sends and transfer is not None else leg
    assert leg is not None, f"{agent} talks with {ticket.call} without a leg"
    assert not leg.ended, f"{agent} talks with {ticket.call} and has hung up"


def _check_offer(control: CallControl, dispatcher: Dispatcher, offer: Offer) -> None:
    agent = dispatcher.agents[offer.agent]
    if agent.state is State.OFFERED:
        assert offer.id in control.offers._attempts, f"{agent.id} is offered {offer.call} and nothing rings"
    elif agent.state is State.RESERVED:
        assert offer.id in control.offers._answered, f"{agent.id} waits for {offer.call} without a leg"
