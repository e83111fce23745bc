"""The tables in and below a folder."""

import os
from collections.abc import Sequence
from pathlib import Path

from spoilerguard.errors import CorpusError

__all__ = ["ENDINGS", "table_files"]

ENDINGS = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".json", ".parquet")


def table_files(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """The files of some paths; a folder stands for the tables in and below it, in the order of their names."""
    found: list[Path] = []
    for path in (Path(os.fsdecode(one)) for one in paths):
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(file for file in path.rglob("*") if _is_table(file) and not _is_hidden(file.relative_to(path)))
        if not inside:
            raise CorpusError(f"{path}: holds no table; known are {', '.join(ENDINGS)}, each also with .gz")
        found += inside
    return found


def _is_table(path: Path) -> bool:
    return path.is_file() and path.name.lower().removesuffix(".gz").endswith(ENDINGS)


def _is_hidden(path: Path) -> bool:
    """Whether a name on the way says that this is no part of the table, as Spark's ``_temporary`` does."""
    return any(part.startswith(("_", ".")) or part.endswith(".parts") for part in path.parts)
