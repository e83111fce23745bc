"""Many threads may compute at once, and none while the process forks.

numpy's linear algebra has threads and locks of its own. A process forked in the middle of a product gets them as they
stand, without the threads that would let go of them, and its first product waits for ever.
"""

import os
from threading import Condition
from types import TracebackType

__all__ = ["computing"]


class _Gate:
    """Open to all who compute; a fork closes it, and waits for those inside."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As a new process finds it: open, with nobody inside."""
        self._changed, self._inside, self._closed = Condition(), 0, False

    def __enter__(self) -> None:
        with self._changed:
            while self._closed:
                self._changed.wait()
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody in, and wait until the last one is out."""
        self._changed.acquire()
        self._closed = True
        while self._inside:
            self._changed.wait()

    def open(self) -> None:
        """Let them in again."""
        self._closed = False
        self._changed.notify_all()
        self._changed.release()


computing = _Gate()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=computing.close, after_in_parent=computing.open, after_in_child=computing.reset)
