"""Audio codecs as table look-ups over whole batches of frames."""

from __future__ import annotations
