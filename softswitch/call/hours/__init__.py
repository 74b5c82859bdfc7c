"""Opening hours: whether they are open, and setting them by hand."""
