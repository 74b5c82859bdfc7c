"""Expected waits of the running switch: what is learnt, the process that simulates, and when it is asked."""

from __future__ import annotations
