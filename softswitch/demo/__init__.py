"""A contact centre in a minute: the real switch on loopback, simulated people at its phones."""

from __future__ import annotations
