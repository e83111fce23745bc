"""A run from sources to a file, which may be interrupted at any time and resumed.

Finished rows lie as parts in a folder beside the output, ``verdicts.parquet.parts``: each file is named by the rows
that it holds, and gets its name when it is whole. A run that ends joins them to the output, in one step, and removes
the folder. A run that is interrupted joins what is finished, and leaves the folder for the next one. Where the process
is killed, only the last part is lost.
"""

import json
import re
import shutil
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from spoilerguard.documents import Documents
from spoilerguard.errors import SpoilerguardError
from spoilerguard.predictions import predict
from spoilerguard.tables.columns import kinds, results
from spoilerguard.tables.frames import ROW, attach
from spoilerguard.tables.progress import progress_bar
from spoilerguard.tables.scoring import Job, Scores, batches, score_batches
from spoilerguard.tables.sources import Piece, Source, pieces
from spoilerguard.tables.writing import Types, find_format

__all__ = ["SOURCE", "Run"]

SOURCE = "source"  # the column that names the file, where several are read
_PROBE = "A quiet film, well acted. In the end the gardener turns out to be her father, and he dies."
_RECORD = "_run.json"
_PART = re.compile(r"(\d{12})-(\d{12})\..+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is read, and what is done with it."""

    sources: Sequence[Source]
    text: str
    keep: Sequence[str]
    job: Job
    n_jobs: int | None = 1
    progress: bool = True

    @property
    def types(self) -> Types:
        """The columns of the result, with their types."""
        found: dict[str, Any] = {SOURCE: "text"} if len(self.sources) > 1 else {}
        found[ROW] = "int"
        for name in self.keep:
            kind, *others = [source.types[name] for source in self.sources]
            found[str(name)] = kind if all(other == kind for other in others) else "json"
        return {**found, **kinds(self.job)}

    def frames(self, skip: int = 0) -> Iterator[tuple[int, pd.DataFrame]]:
        """Results of some rows each, after the first `skip` rows, with the number of rows that they are about."""
        names = list(self.types)
        total = sum(source.n_rows for source in self.sources)
        with progress_bar(total, self.progress, done=skip) as bar:
            for piece, scores in _scored(pieces(self.sources, self.text, skip), self.job, self.n_jobs, bar):
                found = results(piece.texts, scores, self.job)
                frame = attach(piece.frame, self.keep, found).reset_index(drop=True)
                frame.insert(0, ROW, piece.first + found.rows, allow_duplicates=True)
                if len(self.sources) > 1:
                    frame.insert(0, SOURCE, piece.source, allow_duplicates=True)
                frame.columns = pd.Index(names)
                yield len(piece.texts), frame

    def to_frame(self) -> pd.DataFrame:
        """All results in memory."""
        frames = [frame for _, frame in self.frames()]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(self.types))

    def write(self, output: Path, *, resume: bool) -> Path:
        """Carry it out into a file."""
        form = find_format(output)
        if output.exists() and any(_is_file(source.name, output) for source in self.sources):
            raise ValueError(f"{output}: is the table that is read; name another file for output.")
        parts = _Parts(output, self._record(), resume=resume)
        try:
            done = parts.n_rows
            for n_rows, frame in self.frames(done):
                parts.add(done, done + n_rows, lambda path, frame=frame: form.write_part(frame, path, self.types))
                done += n_rows
        except BaseException:
            parts.leave(lambda files, path: form.join(files, path, self.types))
            raise
        parts.join(lambda files, path: form.join(files, path, self.types))
        shutil.rmtree(parts.folder)
        return output

    def _record(self) -> Mapping[str, Any]:
        """What must be equal for a run to go on where another one stopped."""
        logits = predict(self.job.read_model(), Documents.from_reviews([_PROBE])).logit
        return {
            "sources": [[Path(source.name).name, source.size, source.n_rows] for source in self.sources],
            "text": str(self.text),
            "columns": list(self.types),
            "style": self.job.style,
            "markup": self.job.markup,
            "thresholds": {str(standing): value for standing, value in self.job.thresholds().items()},
            "model": [round(float(logit), 4) for logit in logits],  # what it says of two sentences
        }


def _is_file(name: str, output: Path) -> bool:
    return Path(name).exists() and output.samefile(name)


def _scored(stream: Iterator[Piece], job: Job, n_jobs: int | None, bar: Any) -> Iterator[tuple[Piece, Scores]]:  # noqa: ANN401
    """Each piece with its scores. Processes get batches across the ends of pieces, so that none waits for another."""
    waiting: deque[tuple[Piece, int]] = deque()

    def texts() -> Iterator[list[str | None]]:
        for piece in stream:
            found = list(batches(piece.texts))
            waiting.append((piece, len(found)))
            yield from found

    parts: list[Scores] = []
    for part in score_batches(texts(), job, n_jobs):
        parts.append(part)
        bar.update(len(part.lengths))
        if len(parts) == waiting[0][1]:
            yield waiting.popleft()[0], Scores.concat(parts)
            parts = []


class _Parts:
    """The folder of finished parts beside an output."""

    def __init__(self, output: Path, record: Mapping[str, Any], *, resume: bool) -> None:
        self.output = output
        self.folder = output.with_name(f"{output.name}.parts")
        self.ending = "".join(output.suffixes[-2:]) if output.name.lower().endswith(".gz") else output.suffix
        file = self.folder / _RECORD
        if not file.exists():
            # A folder of somebody else is an error; an empty one is what a kill at this line leaves.
            self.folder.mkdir(exist_ok=all(path.name.startswith("unfinished") for path in self.folder.glob("*")))
            unfinished = self.folder / "unfinished.json"
            unfinished.write_text(json.dumps(record), encoding="utf-8")
            unfinished.replace(file)
        elif not resume:
            raise SpoilerguardError(
                f"{self.folder}: {self.n_rows:,} finished rows of an interrupted run; go on with resume=True "
                "(--resume), or delete the folder to start again"
            )
        else:
            self._check(json.loads(file.read_text(encoding="utf-8")), record)

    def _check(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        differing = [name for name in new if old.get(name) != new[name]]
        if differing:
            raise SpoilerguardError(
                f"{self.folder}: the interrupted run was about something else ({', '.join(differing)}); "
                "call it as before, or delete the folder to start again"
            )

    @property
    def files(self) -> list[tuple[int, Path]]:
        """The parts, in order and without a gap, each with the row behind its last one."""
        found: list[tuple[int, Path]] = []
        for path in sorted(self.folder.iterdir()):
            match = _PART.fullmatch(path.name)
            if match and int(match[1]) == (found[-1][0] if found else 0):
                found.append((int(match[2]), path))
        return found

    @property
    def n_rows(self) -> int:
        """How many rows are finished."""
        return self.files[-1][0] if self.files else 0

    def add(self, first: int, end: int, write: Any) -> None:  # noqa: ANN401
        """Write a part, which counts when it has its name."""
        unfinished = self.folder / f"unfinished{self.ending}"
        write(unfinished)
        unfinished.replace(self.folder / f"{first:012d}-{end:012d}{self.ending}")

    def join(self, join: Any) -> None:  # noqa: ANN401
        """Make the output of all parts, in one step."""
        unfinished = self.folder / f"joined{self.ending}"
        join([path for _, path in self.files], unfinished)
        unfinished.replace(self.output)

    def leave(self, join: Any) -> None:  # noqa: ANN401
        """Put what is finished into the output; where nothing is, leave all as it was."""
        if self.files:
            self.join(join)
        else:
            shutil.rmtree(self.folder)
