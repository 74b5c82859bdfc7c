"""Figures about queues and agents: pure functions of journal records, a definition and an interval."""

from __future__ import annotations
