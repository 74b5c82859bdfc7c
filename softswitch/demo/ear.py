"""Listening at a phone while the call goes on. The arithmetic runs in a thread: no packet waits for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from softswitch.phones.call import CallState
from softswitch.phones.recognition import find

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from softswitch.phones.call import PhoneCall
    from softswitch.phones.recognition import Clip

_LOOK_EVERY: Final = 0.25
#: A frame that went out late stands in the recording where it should have been.
_SLACK: Final = 0.2
#: How much of music has to be heard to be sure of it, in seconds.
_MUSIC: Final = 1.0
#: Announcements of other places in the queue differ in a word or two.
_CERTAIN: Final = 0.85


class Ear:
    """Recognises clips in what *call* hears. Instants are those of the event loop."""

    def __init__(self, call: PhoneCall) -> None:
        self._call = call
        self._loop = asyncio.get_running_loop()

    async def hears(self, clip: Clip, *, since: float, within: float) -> float | None:
        """When *clip* began to sound, after *since*; None when it did not in time."""
        deadline = self._loop.time() + within
        while True:
            at = await self._find(clip, since)
            if at is not None or self._loop.time() > deadline or self._call.state is CallState.ENDED:
                return at
            await asyncio.sleep(_LOOK_EVERY)

    async def hears_music(self, music: Clip, *, within: float) -> bool:
        """Whether the last second heard is a part of *music* some time soon."""
        deadline = self._loop.time() + within
        while self._loop.time() < deadline and self._call.state is not CallState.ENDED:
            now = self._loop.time()
            heard = self._call.line.heard.samples(now - _MUSIC - 0.1, now - 0.1)
            if (await asyncio.to_thread(music.position_of, heard)).recognised:
                return True
            await asyncio.sleep(_LOOK_EVERY)
        return False

    async def announcements(self, clips: Mapping[int, Clip]) -> AsyncIterator[int]:
        """The keys of *clips*, each time one of them has been heard, until the call ends or the task is cancelled."""
        since = self._loop.time()
        longest = max(clip.seconds for clip in clips.values())
        while self._call.state is not CallState.ENDED:
            await asyncio.sleep(_LOOK_EVERY)
            begin = max(since, self._loop.time() - longest - 2.0)
            heard = self._call.line.heard.samples(begin)
            found = await asyncio.to_thread(find, clips, heard)
            key = max(found, key=lambda key: found[key].score)
            if found[key].score >= _CERTAIN:
                since = begin + found[key].offset + clips[key].seconds
                yield key

    async def _find(self, clip: Clip, since: float) -> float | None:
        begin = max(since - _SLACK, self._loop.time() - clip.seconds - 3.0)
        match = await asyncio.to_thread(clip.find_in, self._call.line.heard.samples(begin))
        return begin + match.offset if match.recognised else None
