"""Work in several processes by joblib, where that can be trusted: errors of the input, and frozen programs."""

import sys
from collections.abc import Iterable, Iterator
from numbers import Integral
from typing import Any

from spoilerguard.user_warnings import warn_user

__all__ = ["n_processes", "run_jobs"]


def n_processes(n_jobs: int | None) -> int:
    """`n_jobs`; for None what a ``joblib.parallel_config`` around the call says, else 1.

    It is 1 in a frozen program: there, a process that joblib starts would run the whole program again.
    """
    if getattr(sys, "frozen", False):
        if n_jobs not in {None, 1}:
            warn_user(
                f"n_jobs={n_jobs} has no effect in a frozen program: all work is done in this process.", always=True
            )
        return 1
    if n_jobs is None:
        joblib: Any = sys.modules.get("joblib")  # nobody has set anything where it was not imported
        return int(joblib.Parallel(n_jobs=None).n_jobs) if hasattr(joblib, "Parallel") else 1
    if not isinstance(n_jobs, Integral) or n_jobs == 0:
        raise ValueError(f"n_jobs must be a whole number other than 0, got {n_jobs!r}.")
    return int(n_jobs)


def run_jobs(jobs: Iterable[Any], n_jobs: int) -> Iterator[Any]:
    """The results of joblib's `delayed` calls, in order, `jobs` read as they are needed.

    An error while reading `jobs` is raised after the results of the jobs before it: joblib would stop its processes
    while they work, and print their complaints.
    """
    from joblib import Parallel  # one process does without it

    faults = []

    def read() -> Iterator[Any]:
        try:
            yield from jobs
        except Exception as fault:  # noqa: BLE001 - raised below
            faults.append(fault)

    yield from Parallel(n_jobs=n_jobs, return_as="generator")(read())
    if faults:
        raise faults[0]
