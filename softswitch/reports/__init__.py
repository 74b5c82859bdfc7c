"""Reports: what the journal adds up to, as tables, CSV and JSON."""

from __future__ import annotations
