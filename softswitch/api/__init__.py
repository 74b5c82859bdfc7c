"""The HTTP API: what campaigns say, filled by people and systems that are no administrators of the switch."""
