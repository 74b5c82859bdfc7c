"""What queues say and offer to those who wait: keys that mean two things, overflow in its order, numbers of queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from softswitch.config.errors import nearest
from softswitch.config.fields import Wrong, parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from softswitch.config.checks.raw import Raw
    from softswitch.config.errors import Problem
    from softswitch.config.positions import Path

DEFAULT_CALLBACK_KEY = "1"


def check(raw: Raw) -> Iterator[Problem]:
    numbers: dict[str, str] = {}
    for path, number in raw.strings("queue.*.number"):
        if number in numbers:
            yield raw.error(path, f'"{number}" is the number of the queue {numbers[number]} already', "choose another")
        numbers.setdefault(number, str(path[1]))
    for path, queue in raw.select("queue.*"):
        if isinstance(queue, dict):
            yield from _keys(raw, path, queue)
            yield from _callback(raw, path, queue.get("offer_callback"), queue.get("ageing", 1))
            yield from _overflow(raw, path, queue.get("overflow"))
    for path, request in raw.select("callback.*"):
        if isinstance(request, dict):
            yield from _leads_out(raw, (*path, "queue") if "queue" in request else path)
    for path, wrap_up in raw.select("agent.*.wrap_up"):
        if isinstance(wrap_up, dict):
            low, high = wrap_up.get("min", 0), wrap_up.get("max")
            if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
                yield raw.error(path, f"goes from {low:g} to {high:g}", "let max be at least min")


def _keys(raw: Raw, path: Path, queue: dict[str, Any]) -> Iterator[Problem]:
    """The key of the callback is taken before the keys that lead out."""
    offer, leave = queue.get("offer_callback"), queue.get("exit")
    keys = leave.get("keys") if isinstance(leave, dict) else None
    if not offer or not isinstance(keys, dict):
        return
    key = offer.get("key", DEFAULT_CALLBACK_KEY) if isinstance(offer, dict) else DEFAULT_CALLBACK_KEY
    if key in keys:
        where = (*path, "exit", "keys", key)
        yield raw.error(
            where, f'"{key}" is the key of offer_callback', 'choose another: offer_callback = { key = "…" }'
        )


def _callback(raw: Raw, path: Path, offer: Any, ageing: Any) -> Iterator[Problem]:
    if not offer:
        return
    trunks = raw.names("trunk")
    trunk = offer.get("trunk") if isinstance(offer, dict) else None
    if isinstance(trunk, str) and trunk not in trunks:
        where = (*path, "offer_callback", "trunk")
        yield raw.error(where, f"there is no [trunk.{trunk}]", nearest=nearest(trunk, trunks))
    else:
        yield from _leads_out(raw, (*path, "offer_callback"))
    if not isinstance(offer, dict):
        return
    closing, hours = offer.get("closing"), raw.names("hours")
    kind, _, name = closing.partition(":") if isinstance(closing, str) else ("hours", "", "")
    if kind != "hours" or (closing is not None and not name):
        yield raw.error((*path, "offer_callback", "closing"), f'"{closing}" is no opening', 'write "hours:name"')
    elif name and name not in hours:
        likely = nearest(name, hours)
        where = (*path, "offer_callback", "closing")
        yield raw.error(where, f"there is no [hours.{name}]", nearest=likely and f"hours:{likely}")
    priority = offer.get("priority", 0)
    if isinstance(priority, int | float) and priority < 0 and ageing == 0:
        what = "who has hung up may never be called: new callers always come first, however long the wait"
        yield raw.warning((*path, "offer_callback", "priority"), what, "let the queue have an ageing")


def _leads_out(raw: Raw, path: Path) -> Iterator[Problem]:
    """A number outside is promised no callback without a trunk that calls are sent to."""
    trunks = [table for _, table in raw.select("trunk.*")]
    if trunks and not any(isinstance(table, dict) and "host" in table for table in trunks):
        what = "callers from outside cannot be called back: no trunk takes calls"
        yield raw.warning(path, what, 'give one a host = "sip.carrier.example"', code="no-way-to-call-back")


def _overflow(raw: Raw, path: Path, steps: Any) -> Iterator[Problem]:
    if not isinstance(steps, list):
        return
    before = 0.0
    for number, step in enumerate(steps):
        if not isinstance(step, dict):
            continue
        where: Path = (*path, "overflow", number)
        if ("to" in step) == ("also" in step):
            right = 'write { after = 60, also = "queue:name" } or { after = 120, to = "queue:name" }'
            yield raw.error_at_key(where, "needs either to or also", right)
        if "to" in step and number < len(steps) - 1:
            yield raw.error((*where, "to"), "leaves the queue before the next step", "let it be the last step")
        after = step.get("after")
        if isinstance(after, int | float) and not isinstance(after, bool):
            if number and after <= before:
                what = f"{after:g} does not come after {before:g}"
                yield raw.error((*where, "after"), what, "let the times rise")
            before = after
        also = step.get("also")
        if isinstance(also, str):
            try:
                target = parse_target(also)
            except Wrong:
                continue
            if target.kind != "queue" or target.name == path[1]:
                yield raw.error((*where, "also"), f'"{also}" is not another queue', 'write "queue:name"')
