"""The demonstration: a small office on loopback, real SIP and RTP."""

from __future__ import annotations
