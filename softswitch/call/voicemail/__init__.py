"""Voicemail by telephone: taking messages, listening to them, and the lamps that tell of them."""
