"""Simulated phones on the switch's own cores."""

from __future__ import annotations
