"""Numbers and what is counted with them, as words in English, Ukrainian, Russian and Polish."""

from __future__ import annotations
