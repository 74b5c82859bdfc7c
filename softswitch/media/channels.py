"""The channels of music that the configuration has, each with its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivr.targets import DEFAULT_MUSIC
from softswitch.paths import prompts_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from softswitch.config import Config
    from softswitch.media.engine import MediaEngine


class Channels:
    """A channel that is no more plays on for whoever listens to it; one whose files are the same is not touched."""

    def __init__(self, media: MediaEngine, config: Config) -> None:
        self._media = media
        self._files: dict[str, list[str]] = {}
        self._set(config)

    def preload(self) -> None:
        """No caller should wait for a minute of music to be encoded."""
        self._load(self._files)

    def reconfigure(self, config: Config) -> None:
        """What callers of new queues hear is loaded before they come."""
        self._load(self._set(config))

    def _set(self, config: Config) -> Mapping[str, Sequence[str]]:
        """Those that are new or have other files."""
        wanted = {DEFAULT_MUSIC: [str(prompts_dir() / "music" / "default.wav")]}
        wanted |= {name: [str(file) for file in music.files] for name, music in config.music.items()}
        changed = {name: files for name, files in wanted.items() if self._files.get(name) != files}
        for name, files in changed.items():
            self._media.set_music(name, files)
        self._files |= wanted
        return changed

    def _load(self, channels: Mapping[str, Sequence[str]]) -> None:
        for files in channels.values():
            for file in files:
                self._media.preload(file)
