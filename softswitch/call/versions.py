"""Configurations that are no more in force, each for as long as some call goes by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from softswitch.call.model import Call
    from softswitch.call.settings import Settings
    from softswitch.config import Config, Phone, Trunk


@dataclass(slots=True)
class _Version:
    settings: Settings
    witness: str = ""  # a call that goes by it: looked at first, so that a look at all calls is rare


class Versions:
    """Oldest first. A call goes by the configuration with which it began, to its end."""

    def __init__(self, calls: Mapping[str, Call]) -> None:
        self._calls = calls
        self._versions: list[_Version] = []

    def __len__(self) -> int:
        return len(self._versions)

    def __iter__(self) -> Iterator[Settings]:
        return (version.settings for version in self._versions)

    def add(self, settings: Settings) -> None:
        """*settings* are in force no more."""
        self._versions.append(_Version(settings))
        self.let_go()

    def let_go(self) -> bool:
        """Forget those by which no call goes any more; whether there were any."""
        before = len(self._versions)
        self._versions = [version for version in self._versions if self._in_use(version)]
        return len(self._versions) < before

    def _in_use(self, version: _Version) -> bool:
        config = version.settings.config
        call = self._calls.get(version.witness)
        if call is None or call.config is not config:
            version.witness = next((name for name, call in self._calls.items() if call.config is config), "")
        return bool(version.witness)

    def phones(self, config: Config) -> dict[str, Phone]:
        """Those that *config* has no more."""
        return {
            user: phone
            for version in self
            for user, phone in version.config.phones.items()
            if user not in config.phones
        }

    def trunks(self, config: Config) -> dict[str, Trunk]:
        """Those that *config* has no more."""
        return {
            name: trunk
            for version in self
            for name, trunk in version.config.trunks.items()
            if name not in config.trunks
        }
