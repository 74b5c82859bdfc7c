"""Transfers: by the phone's own means or by keys, and callers left at a numbered place."""
