"""Lines to the outside: which trunk carries a number, and whether it is there."""
