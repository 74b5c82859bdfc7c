"""What control and a media worker say to each other over their socket.

A frame is a 4-byte length and a JSON list of messages; a message is a list whose first item is its verb. Specs, events
and answers are lists of their fields, in order. Both ends are of one version: a worker of another one is replaced.
"""

from __future__ import annotations

import json
import struct
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from rtp import legs
from rtp.legs import Bridge, Carriage, Conference, Echo, LegSpec, MediaEvent, Music, Play, Silence, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtp.legs import Source

VERSION: Final = 2
MAX_FRAME: Final = 16 << 20

# control → worker
PUT = "put"  # spec
REMOVE = "remove"  # leg
CHANNEL = "channel"  # name, items
PRELOAD = "preload"  # path, codec
FORGET = "forget"  # path: the file has changed
DISCARD = "discard"  # path of a recording that nobody wants
LIST = "list"
EXIT = "exit"
# worker → control
HELLO = "hello"  # facts about the worker
LEGS = "legs"  # specs
EVENT = "event"  # name, fields

Message = list[Any]

_LENGTH = struct.Struct("!I")
_EVENTS: Final[dict[str, type[Any]]] = {
    cls.__name__: cls
    for cls in (
        legs.Latched,
        legs.Digit,
        legs.PlayFinished,
        legs.AssetUnavailable,
        legs.MusicPosition,
        legs.MediaTimeout,
        legs.Recorded,
        legs.RecordingQuiet,
        legs.LegStats,
        legs.LegRefused,
        legs.WorkerHealth,
    )
}
_SOURCES: Final[dict[str, type[Any]]] = {
    cls.__name__: cls for cls in (Silence, Play, Music, Echo, Bridge, Tone, Conference)
}


class ProtocolError(ValueError):
    """The other end is not what it should be; the connection is of no more use."""


def encode(messages: Sequence[Message]) -> bytes:
    body = json.dumps(messages, separators=(",", ":")).encode()
    return _LENGTH.pack(len(body)) + body


class Decoder:
    """Bytes of a stream → messages, whatever way the stream was cut."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        self._data += data
        messages: list[Message] = []
        while len(self._data) >= _LENGTH.size:
            (size,) = _LENGTH.unpack_from(self._data)
            if size > MAX_FRAME:
                raise ProtocolError(f"frame of {size} bytes")
            end = _LENGTH.size + size
            if len(self._data) < end:
                break
            try:
                batch = json.loads(self._data[_LENGTH.size : end])
            except ValueError as error:
                raise ProtocolError(f"not JSON: {error}") from error
            del self._data[:end]
            if not isinstance(batch, list) or not all(isinstance(message, list) and message for message in batch):
                raise ProtocolError("not a list of messages")
            messages += batch
        return messages


def spec_to_wire(spec: LegSpec) -> Message:
    wire: Message = list(_SPEC_FIELDS(spec))
    source = spec.source
    wire[_SOURCE_AT] = [type(source).__name__, *(getattr(source, name) for name in _FIELDS[type(source)])]
    return wire


def spec_from_wire(wire: Message) -> LegSpec:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in wire]
    name, *arguments = wire[_SOURCE_AT]
    source: Source = _SOURCES[name](*(tuple(item) if isinstance(item, list) else item for item in arguments))
    values[_SOURCE_AT] = source
    return LegSpec(*values)


def event_to_wire(event: MediaEvent) -> Message:
    return [EVENT, type(event).__name__, [getattr(event, name) for name in _FIELDS[type(event)]]]


def event_from_wire(name: str, values: Iterable[Any]) -> MediaEvent:
    cls = _EVENTS[name]
    arguments: list[Any] = [tuple(value) if isinstance(value, list) else value for value in values]
    if cls is legs.Digit:
        arguments[2] = Carriage(arguments[2])
    event: MediaEvent = cls(*arguments)
    return event


_CLASSES: Final[list[type[Any]]] = [LegSpec, *_EVENTS.values(), *_SOURCES.values()]
_FIELDS: Final = {cls: tuple(field.name for field in fields(cls)) for cls in _CLASSES}
_SPEC_FIELDS: Final = attrgetter(*_FIELDS[LegSpec])
_SOURCE_AT: Final = _FIELDS[LegSpec].index("source")
