"""A start after `kill -9`, a power cut or a stop: the distributor goes on where the journal says that it was."""

from __future__ import annotations

from softswitch.recovery.keeper import SnapshotKeeper, Snapshots
from softswitch.recovery.rebuild import RECOVERED
from softswitch.recovery.recover import Recovered, recover

__all__ = ["RECOVERED", "Recovered", "SnapshotKeeper", "Snapshots", "recover"]
