"""Explanations: what happened with a call and why, told in sentences from the journal."""

from __future__ import annotations
