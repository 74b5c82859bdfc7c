"""Words of the journal in plain ones."""

from __future__ import annotations

#: Steps of menus, before their names.
NODES = {"menu": "enters menu", "say": "hears the text", "phone": "is put through to phone", "music": "hears music"}
#: What led out of a step, where that says something.
VIA = {
    "no-input": "no key was pressed",
    "invalid": "a wrong key",
    "no-try-left": "entered often enough",
    "busy": "busy",
    "rejected": "declined",
    "no-answer": "no answer",
    "unavailable": "not there",
}
#: How an offer ended, after the agent's name.
OFFER_OVER = {
    "no_answer": "does not answer",
    "rejected": "declines",
    "busy": "is busy",
    "unreachable": "cannot be reached",
    "dropped": "is lost before a word was said",
    "answered_elsewhere": "rang too; somebody else was faster",
    "caller_gone": "rings no more: the caller is gone",
    "caller_away": "rings no more: the caller listens to the exit menu",
    "caller_changed": "rings no more: may not serve the caller as changed",
    "agent_gone": "cannot take it any more",
}
#: How a caller left a queue.
CALL_OVER = {
    "abandoned": "the caller gives up",
    "timed_out": "the longest wait is over",
    "full": "full, not let in",
    "empty": "nobody is logged in who could ever serve this caller",
    "exit": "the caller leaves by key",
    "transferred": "goes on elsewhere",
    "overflowed": "overflows",
    "overflow": "overflows",
    "absorbed": "the customer has ordered twice: this order is over",
    "expired": "it is too late to call back",
    "cancelled": "not to be called back any more",
    "not_reached": "could not be reached often enough",
    "restart": "cut off by a restart of the switch",
}
