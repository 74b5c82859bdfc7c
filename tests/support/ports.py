"""Ports for clients that must be told theirs: a window per test run, so that runs side by side do not meet."""

from __future__ import annotations

import socket
from itertools import cycle

FIRST, LAST, WINDOW = 22000, 32000, 400  # below the range the kernel hands out by itself


class Ports:
    """Hands out free ports of 127.0.0.x. A window's first port stays bound as the lock that keeps others out."""

    def __init__(self) -> None:
        self._bases = iter(range(FIRST, LAST, WINDOW))
        self._locks: list[socket.socket] = []
        self._open_window()

    def _open_window(self) -> None:
        for base in self._bases:
            lock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                lock.bind(("127.0.0.1", base))
            except OSError:
                lock.close()
                continue
            self._locks.append(lock)
            # Evens only, so that a port and the odd one after it make an RTP and RTCP pair.
            self._next = cycle(range(base + 2, base + WINDOW - 1, 2))
            return
        raise RuntimeError(f"all port windows between {FIRST} and {LAST} are in use")

    def one(self) -> int:
        """An even port that is free, with the odd port after it, for UDP and TCP."""
        return self.run_of(2)

    def run_of(self, count: int) -> int:
        """The first of `count` neighbouring free ports, beginning with an even one."""
        while True:
            for _ in range(WINDOW):
                first = next(self._next)
                if first % WINDOW + count <= WINDOW and all(_is_free(first + i) for i in range(count)):
                    for _ in range((count - 1) // 2):
                        next(self._next)
                    return first
            self._open_window()  # somebody who knows nothing of windows sits in this one

    def close(self) -> None:
        for lock in self._locks:
            lock.close()


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1 if kind == socket.SOCK_STREAM else 0)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True
