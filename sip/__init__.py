"""A sans-IO SIP stack (RFC 3261 and friends): bytes and time in, bytes and events out."""

from __future__ import annotations
