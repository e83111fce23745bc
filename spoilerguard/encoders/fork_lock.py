"""Many threads may compute at once, each on one core, and none while the process forks.

numpy's linear algebra has threads and locks of its own. A process forked in the middle of a product gets them as they
stand, without the threads that would let go of them, and its first product waits for ever.

A second thread of the linear algebra takes as much time of a processor again and brings next to nothing, so it has one
while an encoder computes; ``n_jobs`` says how many cores work.
"""

import os
from contextlib import ExitStack
from functools import cache
from threading import Condition
from types import TracebackType

from threadpoolctl import ThreadpoolController

__all__ = ["computing"]


class _ForkLock:
    """A context for computations; a fork waits for those that run, and holds back new ones until it is done."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As a new process finds it: no fork under way, nobody computing."""
        self._changed, self._computing, self._forking = Condition(), 0, False
        self._limit = ExitStack()

    def __enter__(self) -> None:
        with self._changed:
            while self._forking:
                self._changed.wait()
            if not self._computing:  # the limit is the process's, so the first sets it and the last lifts it
                self._limit.enter_context(_thread_pools().limit(limits=1, user_api="blas"))
            self._computing += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._computing -= 1
            if not self._computing:
                self._limit.close()
            self._changed.notify_all()

    def before_fork(self) -> None:
        """Hold back new computations, and wait for those that run."""
        self._changed.acquire()
        self._forking = True
        while self._computing:
            self._changed.wait()

    def after_fork(self) -> None:
        """Let computations begin again."""
        self._forking = False
        self._changed.notify_all()
        self._changed.release()


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()


computing: _ForkLock = _ForkLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=computing.before_fork, after_in_parent=computing.after_fork, after_in_child=computing.reset
    )
