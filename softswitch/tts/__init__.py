"""Speech synthesis: text → an audio file on disk, rendered by a process of its own."""

from __future__ import annotations
