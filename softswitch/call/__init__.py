"""Call control: synchronous, and sees the world through `softswitch.ports` only."""

from __future__ import annotations
