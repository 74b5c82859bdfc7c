"""Queues: the distributor's wishes carried out on legs, and callers while they wait."""
