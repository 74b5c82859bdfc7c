"""The running switch seen and steered by its operators: a socket of one user's, and the commands that use it."""

from __future__ import annotations
