"""Keys pressed by the party: RFC 4733 telephone-events in and out, SIP INFO bodies, and merging the ways a key comes.

A key is reported when it goes down, from the first packet that tells of it: a prompt must stop at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

#: Keys by event code (RFC 4733 §3.2, table 3).
KEYS: Final = "0123456789*#ABCD"

CLOCK_RATE: Final = 8000
MAX_DURATION: Final = 0xFFFF
_END: Final = 0x80
_HALF: Final = 1 << 31
_WRAP: Final = 1 << 32

# ---------------------------------------------------------------------------------------------------- receiving

REMEMBERED_EVENTS: Final = 32
REMEMBERED_FOR: Final = 10.0  # seconds after the last packet of an event; no event pauses longer than that


@dataclass(slots=True)
class _Event:
    """The event heard last; *first* and *timestamp* differ when it goes on under new timestamps."""

    ssrc: int
    code: int
    first: int
    timestamp: int
    duration: int


@dataclass(slots=True)
class TelephoneEventReceiver:
    """One leg's telephone-events → keys, one for each event however many of its packets come, and in what order.

    An event is known by its RTP timestamp (RFC 4733 §2.2), which all its packets share. Two things go on under a new
    timestamp and are still the same key: an event longer than 65,535 units (§2.5.1.3), and any event of the senders
    that wrongly let the timestamp run on.
    """

    _seen: dict[tuple[int, int], float] = field(default_factory=dict)
    _last: _Event | None = None

    def receive(self, payload: bytes, *, ssrc: int, timestamp: int, now: float) -> str | None:
        """The key, when this packet is the first to tell of it. Anything malformed is None."""
        if len(payload) < 4 or payload[0] >= len(KEYS):
            return None
        code, duration = payload[0], int.from_bytes(payload[2:4])
        key = (ssrc, timestamp)
        heard_at = self._seen.pop(key, None)
        self._seen[key] = now  # the latest heard is the last to be forgotten
        if len(self._seen) > REMEMBERED_EVENTS:
            del self._seen[next(iter(self._seen))]
        last = self._last
        if heard_at is not None and now - heard_at > REMEMBERED_FOR:
            last = None  # the timestamp is used again
        elif heard_at is not None:
            if last is not None and (last.ssrc, last.timestamp) == key:
                last.duration = max(last.duration, duration)
            return None
        if last is not None and last.ssrc == ssrc and last.code == code:
            ahead = _difference(timestamp, last.timestamp)
            if ahead <= 0 <= _difference(timestamp, last.first):
                return None  # a straggler of the same key
            if ahead > 0 and _goes_on(last, ahead, duration):
                last.timestamp, last.duration = timestamp, duration
                return None
        self._last = _Event(ssrc, code, timestamp, timestamp, duration)
        return KEYS[code]


def _goes_on(last: _Event, ahead: int, duration: int) -> bool:
    """Whether an event that begins *ahead* units after *last* of the same key is its continuation."""
    if last.duration > MAX_DURATION - CLOCK_RATE and abs(ahead - MAX_DURATION) < 400:
        return True
    # A key cannot go down again before it went up.
    return ahead <= last.duration or (last.duration <= duration and ahead <= duration)


def _difference(a: int, b: int) -> int:
    return (a - b + _HALF) % _WRAP - _HALF


# ------------------------------------------------------------------------------------------------------ sending


@dataclass(frozen=True, slots=True)
class EventPacket:
    """One RTP packet of an event, to be sent *after* seconds from the moment the key went down."""

    after: float
    marker: bool
    timestamp: int
    payload: bytes


def event_packets(
    key: str, timestamp: int, *, duration: float = 0.1, interval: float = 0.02, volume: int = 10
) -> list[EventPacket]:
    """The packets that tell of *key* held for *duration* seconds (RFC 4733 §2.5.1): updates, then the end three times.

    volume: power of the tone in −dBm0, 0 to 63. Raises ValueError for what is no key.
    """
    code = KEYS.find(key.upper())
    if len(key) != 1 or code < 0:
        raise ValueError(f"{key!r} is not a key")
    step, total = round(interval * CLOCK_RATE), round(duration * CLOCK_RATE)
    packets: list[EventPacket] = []
    segment = elapsed = 0
    while elapsed < total:
        elapsed = min(elapsed + step, total)
        if elapsed - segment > MAX_DURATION:
            packets.append(_packet(code, volume, timestamp, segment, segment + MAX_DURATION, elapsed, end=False))
            segment += MAX_DURATION
        if elapsed < total:
            packets.append(_packet(code, volume, timestamp, segment, elapsed, elapsed, end=False))
    for repeat in range(3):
        packets.append(_packet(code, volume, timestamp, segment, elapsed, elapsed + repeat * step, end=True))
    first = packets[0]
    return [EventPacket(first.after, True, first.timestamp, first.payload), *packets[1:]]


def _packet(
    code: int, volume: int, timestamp: int, segment: int, until: int, sent_at: int, *, end: bool
) -> EventPacket:
    payload = bytes((code, (_END if end else 0) | min(max(volume, 0), 63))) + (until - segment).to_bytes(2)
    return EventPacket(sent_at / CLOCK_RATE, False, (timestamp + segment) % _WRAP, payload)


# ----------------------------------------------------------------------------------------------------- SIP INFO


@dataclass(frozen=True, slots=True)
class InfoDigit:
    """A key told of by a SIP INFO request; *duration* in seconds, 0.0 when the sender did not say."""

    digit: str
    duration: float = 0.0


_MAX_INFO_BODY: Final = 512
_SIGNAL: Final = re.compile(r"^[ \t]*signal[ \t]*[=:][ \t]*([0-9*#A-D]{1,2})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_DURATION: Final = re.compile(r"^[ \t]*duration[ \t]*[=:][ \t]*([0-9]{1,6})[ \t]*$", re.IGNORECASE | re.MULTILINE)


def parse_dtmf_info(content_type: str, body: bytes) -> InfoDigit | None:
    """The key in the body of an INFO, or None when it holds none.

    Two bodies are in use: `application/dtmf-relay` ("Signal=5", "Duration=160" in milliseconds) and
    `application/dtmf` (the key alone). Senders mix them up, so either content is taken under either type; some
    write event codes, 10 for "*" to 15 for "D".
    """
    if content_type.partition(";")[0].strip().lower() not in ("application/dtmf-relay", "application/dtmf"):
        return None
    if len(body) > _MAX_INFO_BODY:
        return None
    text = body.decode("latin-1").replace("\r", "\n").strip()
    signal = _SIGNAL.search(text)
    key = _key(signal[1] if signal else text)
    if key is None:
        return None
    duration = _DURATION.search(text)
    return InfoDigit(key, int(duration[1]) / 1000 if duration else 0.0)


def _key(written: str) -> str | None:
    if len(written) == 1 and written.upper() in KEYS:
        return written.upper()
    if len(written) == 2 and written.isascii() and written.isdigit() and 10 <= int(written) < len(KEYS):
        return KEYS[int(written)]
    return None


# ------------------------------------------------------------------------------------------------------ merging

MERGE_WINDOW: Final = 1.0  # seconds; covers one retransmission of an INFO


@dataclass(slots=True)
class _Press:
    digit: str
    at: float
    carriages: set[str]


@dataclass(slots=True)
class DigitMerger:
    """The same press told of in several ways is one digit.

    A way of carrying tells of each press once. So a report joins the oldest recent press of its key that this way has
    not told of yet, and only when there is none it is a new press: two quick presses of one key stay two, in
    whichever order their reports come.
    """

    window: float = MERGE_WINDOW
    _presses: list[_Press] = field(default_factory=list)

    def receive(self, digit: str, carriage: str, at: float) -> str | None:
        """*digit* when this is news, None when it was told of before. *carriage*: "rfc4733", "inband", "info"."""
        self._presses = [press for press in self._presses if at - press.at <= self.window]
        for press in self._presses:
            if press.digit == digit and carriage not in press.carriages:
                press.carriages.add(carriage)
                return None
        self._presses.append(_Press(digit, at, {carriage}))
        return digit
