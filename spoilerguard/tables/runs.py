"""A run from sources to a file: what is read, what is done with it, and what must be equal to resume it."""

import hashlib
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from spoilerguard.documents import Documents
from spoilerguard.predicting import predict
from spoilerguard.tables.columns import kinds, results
from spoilerguard.tables.frames import ROW, attach
from spoilerguard.tables.language import warn_of_foreign
from spoilerguard.tables.parts import Parts
from spoilerguard.tables.progress import progress_bar
from spoilerguard.tables.scoring import Batch, Job, Scores, batches, score_batches
from spoilerguard.tables.sources import Piece, Source, pieces
from spoilerguard.tables.writing import Types

__all__ = ["SOURCE", "Run"]

SOURCE = "source"  # the column that names the file, where several are read
_PROBE = "A quiet film, well acted. In the end the gardener turns out to be her father, and he dies."


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
        total, warned = sum(source.n_rows for source in self.sources), False
        with progress_bar(total, self.progress, done=skip) as bar:
            for piece, scores in _scored(pieces(self.sources, self.text, skip), self.job, self.n_jobs, bar):
                warned = warned or warn_of_foreign(scores.foreign, piece.source, piece.first)
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
        if output.exists() and any(_is_file(source.name, output) for source in self.sources):
            raise ValueError(f"{output}: is the table that is read; name another file for output.")
        parts = Parts(output, self.types)
        parts.open(self._record(), resume=resume)
        done = parts.n_rows
        try:
            for n_rows, frame in self.frames(done):
                parts.add(frame, done, done + n_rows)
                done += n_rows
        except BaseException:
            parts.leave()
            raise
        parts.finish()
        return output

    def _stories(self) -> Mapping[str, Any]:
        """What must be equal of the stories, where there are any."""
        if not self.job.has_stories:
            return {}
        column = "" if self.job.stories is None else str(self.job.story)
        stories = {"": self.job.story} if self.job.stories is None else self.job.stories
        return {"story": column, "stories": _digest(stories)}

    def _record(self) -> Mapping[str, Any]:
        """What must be equal for a run to go on where another one stopped."""
        logits = predict(self.job.read_model(), Documents.from_reviews([_PROBE])).logit
        rule = self.job.rule()
        return {
            "sources": [[Path(source.name).name, source.size, source.n_rows] for source in self.sources],
            "text": str(self.text),
            "columns": list(self.types),
            "style": self.job.style,
            "markup": self.job.markup,
            **self._stories(),
            "level": rule.level,
            "thresholds": {str(standing): value for standing, value in rule.thresholds.items()},
            "model": [round(float(logit), 4) for logit in logits],  # what it says of two sentences
        }


def _digest(stories: Mapping[str, Any]) -> str:
    written = json.dumps({work: story.to_dict() for work, story in stories.items()}, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


def _is_file(name: str, output: Path) -> bool:
    return Path(name).exists() and output.samefile(name)


def _scored(stream: Iterator[Piece], job: Job, n_jobs: int | None, bar: Any) -> Iterator[tuple[Piece, Scores]]:  # noqa: ANN401
    """Each piece with its scores. Processes get batches across the ends of pieces, so that none waits for another."""
    waiting: deque[tuple[Piece, int]] = deque()

    def texts() -> Iterator[Batch]:
        for piece in stream:
            found = list(batches(piece.texts, job.stories_of(piece.frame)))
            waiting.append((piece, len(found)))
            yield from found

    parts: list[Scores] = []
    for part in score_batches(texts(), job, n_jobs):
        parts.append(part)
        bar.update(len(part.lengths))
        if len(parts) == waiting[0][1]:
            yield waiting.popleft()[0], Scores.concat(parts)
            parts = []
