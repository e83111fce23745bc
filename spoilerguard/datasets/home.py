"""The texts lie outside the repository, since their owners forbid passing them on; this finds them."""

import os
from pathlib import Path

__all__ = ["data_home"]


def data_home() -> Path:
    """The folder with the project's data: ``SPOILERGUARD_DATA``, else ``../shared/data`` beside the checkout.

    Returns
    -------
    pathlib.Path
        It need not exist.

    Examples
    --------
    >>> (data_home() / "gold" / "dev.jsonl").name
    'dev.jsonl'
    """
    named = os.environ.get("SPOILERGUARD_DATA")
    return Path(named).expanduser() if named else Path(__file__).parents[3] / "shared" / "data"
