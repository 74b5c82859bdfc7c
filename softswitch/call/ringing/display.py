"""What the telephone of somebody who is rung shows: what the caller chose, and who it is."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from ivr.labels import LABEL, LABELS

if TYPE_CHECKING:
    from softswitch.call.model import Call
    from softswitch.config.words.centre import Display

#: Variable of a call: what its list, its route or a node on the way says of the caller ("VIP").
MARK = "label"
#: Characters of the labels of all keys on the way in a header.
LONGEST_PATH = 200
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")


def announced(call: Call, words: Display, domain: str, *, label: str = "") -> tuple[tuple[str, str], ...]:
    """Headers by which telephones choose how to ring, and others read what was chosen: the last label and all of them.

    *label* stands in as it does in `shown`. RFC 3261 §20.4 and §20.9; `info` is what most telephones compare.
    """
    known = call.session.progress.public
    last, path = (clean(known.get(name, "")) for name in (LABEL, LABELS))
    last = last or clean(label)
    if not words.alert or not last:
        return ()
    info = _quoted(cut(clean(words.rings.get(last, last)), words.max_length))
    chosen = f";label={_quoted(cut(last, words.max_length))}"
    chosen += f";path={_quoted(cut(path, LONGEST_PATH))}" if path else ""
    return (
        ("Alert-Info", f"<http://{domain}>;info={info}"),
        ("Call-Info", f"<sip:{domain}>;purpose=info{chosen}"),
    )


def _quoted(text: str) -> str:
    """A token as it stands, anything else as a quoted string."""
    if _TOKEN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def shown(call: Call, words: Display, *, label: str = "") -> str:
    """The display name for *call*; *label* stands in when the caller has chosen nothing that has one."""
    known = call.session.progress.public
    chosen = known.get(LABELS if words.show == "path" else LABEL, "") or label
    return composed(" ".join(part for part in (known.get(MARK, ""), chosen) if part), call.caller.shown, words)


def composed(label: str, who: str, words: Display) -> str:
    """Both in their order, on one line and not longer than telephones show."""
    label, who = clean(label), clean(who)
    if words.label == "nothing" or not label:
        return cut(who, words.max_length)
    if words.label == "replace":
        return cut(label, words.max_length)
    if words.label == "append":
        return cut(f"{who} ({label})", words.max_length)
    return cut(f"{label}: {who}", words.max_length)


def clean(text: str) -> str:
    """*text* without what has no place in a header or turns the text around it: control and format characters."""
    kept = (" " if character.isspace() else character for character in text)
    return " ".join("".join(each for each in kept if unicodedata.category(each)[0] != "C").split())


def cut(text: str, longest: int) -> str:
    """At most *longest* characters; an accent is never parted from its letter."""
    if len(text) <= longest:
        return text
    end = longest - 1
    while end > 0 and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip() + "…"
