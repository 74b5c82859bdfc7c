"""Conferences: getting into a room, and being there."""
