"""Ringing somebody: where they are, whether they can be rung, what their telephone shows, who answers first."""
