"""The life of a call as a table: every (stage, input) leads on, or is ignored for a reason."""

from __future__ import annotations

from enum import Enum, auto
from itertools import product

from softswitch.call.model import Stage


class Input(Enum):
    """What changes the stage of a call."""

    ENTER_QUEUE = auto()
    STEP_ASIDE = auto()  # a key pressed in the queue leads to a menu; the place is kept
    LEAVE_PLACE = auto()  # somebody else has the caller now, or the queue does not keep the place any longer
    CUSTOMER_ANSWERED = auto()  # the one whom we call back
    RING_PHONE = auto()
    CONNECT = auto()  # an agent or a phone answered and both hear each other
    RETURN = auto()  # the queue or phone gives the caller back to the IVR
    PEER_GONE = auto()  # the party the caller talked with hung up
    AGENT_LOST = auto()  # the agent's phone is gone without a goodbye: back to the same place in the queue
    SENT_ON = auto()  # a transfer: the IVR takes the caller to the target
    COME_BACK = auto()  # the target did not take the caller, and the sender is still there
    FETCHED = auto()  # somebody dials the place where the caller was left
    CALLER_GONE = auto()
    END = auto()  # the switch ends the call


S, X = Stage, Input

TRANSITIONS: dict[tuple[Stage, Input], Stage] = {
    (S.IVR, X.ENTER_QUEUE): S.QUEUED,
    (S.IVR, X.RING_PHONE): S.RINGING,
    (S.QUEUED, X.CONNECT): S.TALKING,
    (S.QUEUED, X.RETURN): S.IVR,
    (S.QUEUED, X.STEP_ASIDE): S.ASIDE,
    (S.ASIDE, X.ENTER_QUEUE): S.QUEUED,
    (S.ASIDE, X.LEAVE_PLACE): S.IVR,
    (S.CALLING_BACK, X.CUSTOMER_ANSWERED): S.IVR,
    (S.RINGING, X.CONNECT): S.TALKING,
    (S.RINGING, X.RETURN): S.IVR,
    (S.TALKING, X.PEER_GONE): S.IVR,
    (S.TALKING, X.AGENT_LOST): S.QUEUED,
    (S.TALKING, X.SENT_ON): S.IVR,
    (S.IVR, X.COME_BACK): S.TALKING,
    (S.IVR, X.FETCHED): S.TALKING,
    **{(stage, X.CALLER_GONE): S.ENDED for stage in Stage if stage is not S.ENDED},
    **{(stage, X.END): S.ENDED for stage in Stage if stage is not S.ENDED},
}

#: Two things that cross on the wire: the later one finds the call elsewhere and means nothing any more.
IGNORED: frozenset[tuple[Stage, Input]] = frozenset(
    {
        *product([S.ENDED], Input),
        (S.IVR, X.RETURN),
        (S.IVR, X.PEER_GONE),
        (S.IVR, X.CONNECT),
        (S.QUEUED, X.PEER_GONE),
        (S.RINGING, X.PEER_GONE),
        (S.TALKING, X.RETURN),
        (S.TALKING, X.CONNECT),
        (S.ASIDE, X.CONNECT),
        *product([S.IVR, S.RINGING, S.TALKING], [X.STEP_ASIDE]),
        *product([S.IVR, S.QUEUED, S.RINGING, S.TALKING], [X.LEAVE_PLACE]),
        (S.CALLING_BACK, X.CONNECT),
        (S.CALLING_BACK, X.RETURN),
        *product([S.IVR, S.QUEUED, S.ASIDE, S.RINGING, S.CALLING_BACK], [X.SENT_ON]),
        *product([S.QUEUED, S.ASIDE, S.RINGING, S.TALKING, S.CALLING_BACK], [X.COME_BACK]),
    }
)

#: The IVR asks for a queue or a phone only while it has the caller (who leaves the place in a queue before a phone
#: rings); an agent is lost out of a conversation; nobody is aside twice; a callback is answered once; who is fetched
#: from a place is there.
IMPOSSIBLE: frozenset[tuple[Stage, Input]] = frozenset(
    {
        *product([S.QUEUED, S.RINGING, S.TALKING], [X.ENTER_QUEUE, X.RING_PHONE]),
        *product([S.IVR, S.QUEUED, S.ASIDE, S.RINGING, S.CALLING_BACK], [X.AGENT_LOST]),
        *product([S.ASIDE], [X.STEP_ASIDE, X.RING_PHONE, X.RETURN, X.PEER_GONE]),
        *product([S.CALLING_BACK], [X.ENTER_QUEUE, X.RING_PHONE, X.STEP_ASIDE, X.LEAVE_PLACE, X.PEER_GONE]),
        *product([S.IVR, S.QUEUED, S.ASIDE, S.RINGING, S.TALKING], [X.CUSTOMER_ANSWERED]),
        *product([S.QUEUED, S.ASIDE, S.RINGING, S.TALKING, S.CALLING_BACK], [X.FETCHED]),
    }
)


def advance(stage: Stage, event: Input) -> Stage | None:
    """The stage after *event*, or None when it means nothing in *stage*."""
    return TRANSITIONS.get((stage, event))
