"""Events for other systems: each line of the journal that somebody wants, delivered in order and at least once."""
