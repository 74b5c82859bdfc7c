"""The call distributor: one pure, deterministic matcher over all queues and agents."""

from __future__ import annotations
