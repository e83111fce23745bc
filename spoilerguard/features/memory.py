"""Vectors that an encoder has given once, kept in a file, so that folds and candidates do not ask for them again.

The file is a database of SQLite, which several processes may read and write at once.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from spoilerguard.features.encoder import Encoder
from spoilerguard.features.tokens import TokenBatch

__all__ = ["encode_once", "remember_vectors"]

_WAIT = 600  # seconds, for another process that is writing
_remembered: ContextVar[str | None] = ContextVar("remembered", default=None)


def encode_once(encoder: Encoder, tokens: TokenBatch, file: str | PathLike[str] | None) -> NDArray[np.float64]:
    """``encoder.encode(tokens)``, in single precision from the file where it holds all of these sentences.

    None means the file of `remember_vectors`, or none at all.
    """
    file = _remembered.get() if file is None else file
    if file is None or not len(tokens):
        return encoder.encode(tokens)
    salt = _fingerprint(encoder)
    sentences = [tokens.codes[first:last] for first, last in zip(tokens.bounds[:-1], tokens.bounds[1:], strict=True)]
    keys = [blake2b(codes.tobytes(), digest_size=16, key=salt).digest() for codes in sentences]
    with closing(sqlite3.connect(fspath(file), timeout=_WAIT)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS vectors (sentence BLOB PRIMARY KEY, vector BLOB)")
        select = "SELECT vector FROM vectors WHERE sentence = ?"
        found = [database.execute(select, (key,)).fetchone() for key in keys]
        if all(found):
            return (
                np.frombuffer(b"".join(row[0] for row in found), np.float32).reshape(len(keys), -1).astype(np.float64)
            )
        vectors = encoder.encode(tokens)
        rows = zip(keys, (vector.tobytes() for vector in vectors.astype(np.float32)), strict=True)
        with database:
            database.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
    return vectors


@contextmanager
def remember_vectors() -> Iterator[None]:
    """Keep the vectors of all that is encoded meanwhile by this process in a temporary file."""
    with TemporaryDirectory(prefix="spoilerguard-") as folder:
        token = _remembered.set(str(Path(folder, "vectors.sqlite")))
        try:
            yield
        finally:
            _remembered.reset(token)


def _fingerprint(encoder: Encoder) -> bytes:
    """What tells one encoder from another: a hash of all that it has learnt."""
    digest = blake2b(type(encoder).__name__.encode(), digest_size=16)
    for name, array in sorted(encoder.arrays().items()):
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.digest()
