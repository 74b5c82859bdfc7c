"""A configuration tried before anybody calls: what is odd about it, and where calls would go."""

from __future__ import annotations
