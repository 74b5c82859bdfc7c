"""What campaigns and roll-outs did to a call, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_INSTEAD = {
    "text": "its text is spoken",
    "fallback": "the fallback of the slot is heard",
    "nothing": "nothing is heard",
}


def voiced(data: Mapping[str, Any]) -> str:
    version = f", version {data['version']}" if data.get("version") else ""
    return f"slot {data.get('slot')} has a message for the caller: campaign {data.get('campaign')}{version}"


def version_chosen(data: Mapping[str, Any]) -> str:
    place, to = (str(data.get(name)).replace(":", " ", 1) for name in ("node", "to"))
    which = "the present version" if place == to else f"the version {to}"
    return f"of {place} the caller has {which}, as {float(data.get('percent', 0)):g} % of the callers"


def slot_asked(data: Mapping[str, Any]) -> str:
    seconds = f"{float(data.get('seconds', 0)):.1f} s"
    if data.get("outcome") != "ok":
        return f"slot {data.get('slot')}: nobody has said what to tell this caller ({data.get('outcome')}, {seconds})"
    count = int(data.get("messages", 0))
    what = {0: "nothing", 1: "1 message"}.get(count, f"{count} messages")
    return f"slot {data.get('slot')}: {what} for this caller, after {seconds}"


def audio_missing(data: Mapping[str, Any]) -> str:
    said = str(data.get("said"))
    return f"the recording of {data.get('prompt')} is not here: {_INSTEAD.get(said, said)}"


def opted(data: Mapping[str, Any]) -> str:
    what = f"offers of campaign {data['campaign']}" if data.get("campaign") else "offers"
    return f"wants no {what} any more" if data.get("out") else f"wants {what} again"


TELL_CAMPAIGNS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "ivr.message_voiced": voiced,
    "ivr.version_chosen": version_chosen,
    "ivr.slot_asked": slot_asked,
    "ivr.audio_missing": audio_missing,
    "contact.opted": opted,
}
