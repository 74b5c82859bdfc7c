"""Who is run first: the beat of a media worker, then the threads beside it, then everybody else.

The threads beside the beat go before ordinary processes, too: one that is not run while it has the interpreter would
hold the beat up for as long.
"""

from __future__ import annotations

import contextlib
import os

_BEAT, _BESIDE = 2, 1


def raise_priority() -> None:
    """Be run before ordinary processes, where that is permitted: a beat that comes late is heard."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_BEAT))


def stand_back() -> None:
    """Let the beat go first; called in a thread that the beat has started, which has its priority from there."""
    with contextlib.suppress(OSError, AttributeError):
        if os.sched_getscheduler(0) == os.SCHED_RR:  # to Linux a thread is scheduled by itself
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_BESIDE))
