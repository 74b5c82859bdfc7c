"""Recording: the `record` node, and whatever else is written to a file."""
