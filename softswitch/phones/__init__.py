"""Simulated phones on the switch's own SIP and RTP cores: real sockets, real packets, nobody at the handset."""

from __future__ import annotations
