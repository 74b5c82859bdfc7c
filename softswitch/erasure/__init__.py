"""A customer's right to be forgotten, and to know what is known: everything about one number, erased or handed out."""
