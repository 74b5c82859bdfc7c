"""Who calls, and whom they dialled: what a trunk says of it, what of that is believed, and who that number is to us."""
