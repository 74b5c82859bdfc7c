"""Benchmarks: what calls cost, measured from outside with phones simulated on our own cores. `python -m bench`."""
