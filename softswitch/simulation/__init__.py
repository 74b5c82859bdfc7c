"""A virtual day of the contact centre: the configured queues and agents, the product's own matcher, drawn callers."""

from __future__ import annotations
