"""What the parts of call control read from the configuration, and read again when there is another one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ivr.nodes import Flow
    from softswitch.config import Config, Phone, Trunk


@dataclass(frozen=True, slots=True)
class Settings:
    """One configuration: ``flow`` are its menus. Both also know queues that are no more and still have callers.

    ``phones`` and ``trunks`` are no more either: calls that began before are put through to them, and that is all.
    """

    config: Config
    flow: Flow
    phones: Mapping[str, Phone] = field(default_factory=dict)
    trunks: Mapping[str, Trunk] = field(default_factory=dict)


@runtime_checkable
class Reconfigurable(Protocol):
    """A part that goes by the configuration."""

    def reconfigure(self, settings: Settings, now: float) -> None:
        """Everything that begins from now on is done by *settings*."""
