"""Asking somebody else's web service in the middle of a call, so that whatever it does harms nobody's call."""
