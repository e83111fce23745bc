"""Finished parts of a run beside its output, so that it may be interrupted at any time and resumed.

They lie in a folder, ``verdicts.parquet.parts``: each file is named by the rows that it is about, and gets its name
when it is whole. A run that ends joins them to the output, in one step, and removes the folder. A run that is
interrupted joins what is finished, and leaves the folder for the next one. Where the process is killed, only the last
part is lost.
"""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from spoilerguard.errors import SpoilerguardError
from spoilerguard.tables.writing import Types, find_format

__all__ = ["Parts"]

_RECORD = "_run.json"
_PART = re.compile(r"(\d{12})-(\d{12})\..+")


class Parts:
    """The folder of finished parts beside an output.

    Parameters
    ----------
    output : Path
    types : mapping
        The columns of the result, with their types.
    """

    def __init__(self, output: Path, types: Types) -> None:
        self._output, self._types = output, types
        self._format = find_format(output)
        self._ending = "".join(output.suffixes[-2:]) if output.name.lower().endswith(".gz") else output.suffix
        self._folder = output.with_name(f"{output.name}.parts")

    def open(self, record: Mapping[str, Any], *, resume: bool) -> None:
        """Make the folder, or go on with one whose run was about the same.

        Raises
        ------
        SpoilerguardError
            Where an interrupted run is in the way, or was about something else.
        """
        file = self._folder / _RECORD
        if not file.exists():
            # A folder of somebody else is an error; an empty one is what a kill at this line leaves.
            self._folder.mkdir(exist_ok=all(path.name.startswith("unfinished") for path in self._folder.glob("*")))
            unfinished = self._folder / "unfinished.json"
            unfinished.write_text(json.dumps(record), encoding="utf-8")
            unfinished.replace(file)
            return
        if not resume:
            raise SpoilerguardError(
                f"{self._folder}: {self.n_rows:,} finished rows of an interrupted run; go on with resume=True "
                "(--resume), or delete the folder to start again"
            )
        old = json.loads(file.read_text(encoding="utf-8"))
        if differing := [name for name in {**record, **old} if old.get(name) != record.get(name)]:
            raise SpoilerguardError(
                f"{self._folder}: the interrupted run was about something else ({', '.join(differing)}); "
                "call it as before, or delete the folder to start again"
            )

    @property
    def n_rows(self) -> int:
        """How many rows of the sources are finished."""
        return self._files[-1][0] if self._files else 0

    @property
    def _files(self) -> list[tuple[int, Path]]:
        """The parts, in order and without a gap, each with the row behind its last one."""
        found: list[tuple[int, Path]] = []
        for path in sorted(self._folder.iterdir()):
            match = _PART.fullmatch(path.name)
            if match and int(match[1]) == (found[-1][0] if found else 0):
                found.append((int(match[2]), path))
        return found

    def add(self, frame: pd.DataFrame, first: int, end: int) -> None:
        """Write the results on some rows, which count when the file has its name."""
        unfinished = self._folder / f"unfinished{self._ending}"
        self._format.write_part(frame, unfinished, self._types)
        unfinished.replace(self._folder / f"{first:012d}-{end:012d}{self._ending}")

    def finish(self) -> None:
        """Make the output of all parts, and remove them."""
        self._join()
        shutil.rmtree(self._folder)

    def leave(self) -> None:
        """Put what is finished into the output; where nothing is, leave all as it was."""
        if self._files:
            self._join()
        else:
            shutil.rmtree(self._folder)

    def _join(self) -> None:
        joined = self._folder / f"unfinished-joined{self._ending}"
        self._format.join([path for _, path in self._files], joined, self._types)
        joined.replace(self._output)
