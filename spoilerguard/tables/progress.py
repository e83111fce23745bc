"""A progress bar: reviews done, how many a second, and when the end will come."""

import warnings
from typing import Any

__all__ = ["progress_bar"]


def progress_bar(total: int, progress: bool, done: int = 0) -> Any:  # noqa: ANN401, FBT001 - tqdm has no types
    """A bar of tqdm for a terminal or a notebook. It is silent elsewhere: a log does not want a thousand bars."""
    from tqdm import TqdmWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)  # a notebook that lacks widgets gets a bar of characters
        from tqdm.auto import tqdm
    return tqdm(total=total, initial=done, unit=" reviews", disable=None if progress else True)
