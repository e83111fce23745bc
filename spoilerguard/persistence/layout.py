"""The files of a model folder, how large each may be, what is said about it, and what can be wrong with it."""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from numpy.typing import NDArray

__all__ = ["LIMITS", "MODEL_JSON", "README", "WEIGHTS", "Arrays", "ContentOf", "Fault", "Missing", "Stamp"]

MODEL_JSON = "model.json"
WEIGHTS = "weights.npz"
README = "README.md"

# Bytes; a model of the default size stays below a hundredth of it. Weights are held to it unpacked as well.
LIMITS = {MODEL_JSON: 8 << 20, README: 8 << 20, WEIGHTS: 256 << 20}

_DAMAGED = "Copy the folder again, or save the model anew."


class Stamp(NamedTuple):
    """What ``model.json`` says about another file of the folder."""

    n_bytes: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> "Stamp":
        """The stamp of a file that holds `data`."""
        return cls(len(data), hashlib.sha256(data).hexdigest())


Arrays = dict[str, NDArray[Any]]
ContentOf = Callable[[str, Stamp], bytes]  # from a file's name, the content that fits the stamp


class Fault(Exception):  # noqa: N818 - never leaves this package: users see ModelFormatError
    """A fault of one file; `load` and `save` turn it into the `ModelFormatError` that also names the folder."""

    def __init__(self, file: str, what: str, remedy: str = _DAMAGED) -> None:
        super().__init__(f"{file} {what}")
        self.file = file
        self.what = what
        self.remedy = remedy


class Missing(Fault):
    """The file is not there at all."""
