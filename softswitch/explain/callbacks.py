"""Customers who are to be called back, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def requested(data: Mapping[str, Any]) -> str:
    return f"wants to be called back at {data.get('number')}, and keeps the place"


def dialled(data: Mapping[str, Any]) -> str:
    return "the customer's phone is being rung"


def answered(data: Mapping[str, Any]) -> str:
    return "the customer answers the callback"


def kept(data: Mapping[str, Any]) -> str:
    return "hangs up; the promise to call back holds"


def called_again(data: Mapping[str, Any]) -> str:
    return f"the customer calls again (call {data.get('by')}): the order rests until that is over"


def sent_on(data: Mapping[str, Any]) -> str:
    return "is elsewhere by somebody's hand: the order rests until it is known what comes of that"


def rejoined(data: Mapping[str, Any]) -> str:
    return f"nobody took the customer there: waits on in queue {data.get('queue')}, before all others"


def line_free(data: Mapping[str, Any]) -> str:
    return f"nobody served that call ({data.get('by')}): is still to be called back, in the old place"


def over(data: Mapping[str, Any]) -> str:
    tries = data.get("tries")
    return f"the callback is over: {data.get('result')}" + (f", tries: {tries}" if tries else "")


def released(data: Mapping[str, Any]) -> str:
    return f"{data.get('agent')} is kept no longer"


def dial(data: Mapping[str, Any]) -> str:
    agent = f"; {data['agent']} is on the line" if data.get("agent") else ""
    return f"is called back, try {data.get('tries')}{agent}"


def not_reached(data: Mapping[str, Any]) -> str:
    return f"was not reached: {str(data.get('reason')).replace('_', ' ')} (try {data.get('tries')})"


def cancelled(data: Mapping[str, Any]) -> str:
    reason = f": {data['reason']}" if data.get("reason") else ""
    return f"is not to be called back any more{reason}"


TELL_CALLBACKS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "acd.callback_requested": requested,
    "acd.callback_dialled": dialled,
    "acd.callback_answered": answered,
    "acd.callback_kept": kept,
    "acd.called_again": called_again,
    "acd.sent_on": sent_on,
    "acd.rejoined": rejoined,
    "acd.line_free": line_free,
    "acd.callback_over": over,
    "acd.released": released,
    "acd.dial": dial,
    "acd.not_reached": not_reached,
    "acd.callback_cancelled": cancelled,
}
