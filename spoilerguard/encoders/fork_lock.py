"""Many threads may compute at once, and none while the process forks.

numpy's linear algebra has threads and locks of its own. A process forked in the middle of a product gets them as they
stand, without the threads that would let go of them, and its first product waits for ever.
"""

import os
from threading import Condition
from types import TracebackType

__all__ = ["computing"]


class _ForkLock:
    """A context for computations; a fork waits for those that run, and holds back new ones until it is done."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As a new process finds it: no fork under way, nobody computing."""
        self._changed, self._computing, self._forking = Condition(), 0, False

    def __enter__(self) -> None:
        with self._changed:
            while self._forking:
                self._changed.wait()
            self._computing += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._computing -= 1
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


computing = _ForkLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=computing.before_fork, after_in_parent=computing.after_fork, after_in_child=computing.reset
    )
