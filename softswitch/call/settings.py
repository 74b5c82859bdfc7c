"""What the parts of call control read from the configuration, and read again when there is another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from ivr.nodes import Flow
    from softswitch.config import Config


@dataclass(frozen=True, slots=True)
class Settings:
    """One configuration: ``flow`` are its menus. Both also know queues that are no more and still have callers."""

    config: Config
    flow: Flow


@runtime_checkable
class Reconfigurable(Protocol):
    """A part that goes by the configuration."""

    def reconfigure(self, settings: Settings, now: float) -> None:
        """Everything that begins from now on is done by *settings*."""
