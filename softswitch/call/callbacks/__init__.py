"""Callbacks: ordered by key, by program or when it is closed, and dialled when their turn has come."""
