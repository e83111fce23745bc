"""The commands: each takes its parsed arguments, calls the library, prints, and returns the exit status.

The library imports a name when it is first used, so that help, and the verdicts on one review, do not wait for pandas.
"""

import argparse
import shutil
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import spoilerguard
from spoilerguard.cli.inputs import Input, read_inputs
from spoilerguard.cli.output import FORMATS, write_text
from spoilerguard.cli.reasons import write_explanations, write_reasons
from spoilerguard.cli.tables import is_for_tables, write_table
from spoilerguard.errors import SpoilerguardError
from spoilerguard.rendering import redact_verdicts

if TYPE_CHECKING:
    from spoilerguard import Verdict
    from spoilerguard.checks import CheckReport
    from spoilerguard.evaluation import Comparison, Report

__all__ = ["check_data", "classify", "evaluate", "explain", "redact", "samples", "train"]

_DONE, _FAULTY = 0, 1
_LARGE = 200_000  # characters: verdicts on a longer review are written as they come


def classify(arguments: argparse.Namespace) -> int:
    """Print a verdict for each sentence of each review, or make a table of a table."""
    if is_for_tables(arguments):
        write_table(arguments, by=arguments.by or "sentence")
        return _DONE
    several = _are_several(arguments)
    with _output(arguments) as stream:
        for number, (one, verdicts) in enumerate(_classified(arguments)):
            origin = one if several else None
            FORMATS[arguments.format](verdicts, stream, origin, first=number == 0, level=arguments.level)
            stream.flush()
    return _DONE


def explain(arguments: argparse.Namespace) -> int:
    """Print, for each sentence of each review, which words made its probability."""
    with _output(arguments) as stream:
        for one in _inputs(arguments):
            options = {"model": arguments.model, "markup": arguments.markup, "story": arguments.story}
            explanations, origin = spoilerguard.explain(one.text, **options), one if _are_several(arguments) else None
            if arguments.format == "jsonl":
                write_explanations(explanations, stream, origin)
            else:
                write_reasons(spoilerguard.classify(one.text, **options), explanations, stream, origin)
            stream.flush()
    return _DONE


def redact(arguments: argparse.Namespace) -> int:
    """Print each review with its spoilers hidden, and what its author had hidden, or add them to a table."""
    hiding = {"style": arguments.style, "mask": arguments.mask, "markup": arguments.markup}
    try:
        redact_verdicts("", [], **hiding)
    except ValueError as error:
        raise SpoilerguardError(str(error)) from error
    if is_for_tables(arguments):
        write_table(arguments, by="review", style=arguments.style)
        return _DONE
    several = _are_several(arguments)
    with _output(arguments) as stream:
        for one in _inputs(arguments):
            hidden = spoilerguard.redact(one.text, **_deciding(arguments), **hiding, story=arguments.story)
            write_text(f"{one.heading}\n{hidden.rstrip()}\n\n" if several else hidden, stream)
            stream.flush()
    return _DONE


def samples(arguments: argparse.Namespace) -> int:
    """Write the samples that come with the package into a folder, and print their names."""
    from spoilerguard.datasets.bundled import SAMPLES, sample

    folder = Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in SAMPLES:
        if (folder / name).exists():
            raise SpoilerguardError(f"{folder / name}: is there already; name another folder")
    for name in SAMPLES:
        shutil.copyfile(sample(name), folder / name)
        write_text(f"{folder / name}\n", sys.stdout)
    return _DONE


def _inputs(arguments: argparse.Namespace) -> Iterator[Input]:
    return read_inputs(arguments.files, arguments.column, arguments.encoding)


def _deciding(arguments: argparse.Namespace) -> dict[str, Any]:
    """What decides which sentences are spoilers."""
    return {"model": arguments.model, "threshold": arguments.threshold, "level": arguments.level}


def _are_several(arguments: argparse.Namespace) -> bool:
    """Whether records must say which review they belong to."""
    return arguments.column is not None or len(arguments.files) > 1 or any(map(Path.is_dir, map(Path, arguments.files)))


def _classified(arguments: argparse.Namespace) -> "Iterator[tuple[Input, Sequence[Verdict]]]":
    """Each review with its verdicts, as they come; a review may come in several parts."""
    options = {**_deciding(arguments), "markup": arguments.markup, "story": arguments.story}
    if not _are_several(arguments):
        [one] = _inputs(arguments)
        if len(one.text) <= _LARGE or arguments.format == "text":
            yield one, spoilerguard.classify(one.text, **options)
        else:
            yield from ((one, part) for part in _parts(one.text, arguments))
        return
    waiting: deque[Input] = deque()

    def texts() -> Iterator[str]:
        for one in _inputs(arguments):
            waiting.append(one)
            yield one.text

    progress = sys.stderr.isatty()
    for verdicts in spoilerguard.classify_reviews(texts(), n_jobs=arguments.n_jobs, progress=progress, **options):
        yield waiting.popleft(), verdicts


def _parts(review: str, arguments: argparse.Namespace) -> "Iterator[list[Verdict]]":
    """The verdicts on a long review, some thousand sentences at a time, with a progress bar on a terminal."""
    from tqdm import tqdm

    from spoilerguard.bundled import resolve_model
    from spoilerguard.decisions import DecisionRule
    from spoilerguard.documents import Documents
    from spoilerguard.predicting import predict

    model = resolve_model(arguments.model)
    rule = DecisionRule.of(model, arguments.threshold, arguments.level)
    documents = Documents.from_reviews([review], arguments.markup, [arguments.story])
    with tqdm(total=len(documents), unit=" sentences", disable=not sys.stderr.isatty()) as bar:
        for batch in documents.batches():
            yield predict(model, batch).to_verdicts(rule)
            bar.update(len(batch))


@contextmanager
def _output(arguments: argparse.Namespace) -> Iterator[TextIO]:
    """The file of ``--output``, or standard output."""
    if arguments.output is None:
        yield sys.stdout
    else:
        with Path(arguments.output).open("w", encoding="utf-8", newline="") as stream:
            yield stream


def train(arguments: argparse.Namespace) -> int:
    """Make a model, save it, and print its operating points."""
    _check_output(Path(arguments.output), overwrite=arguments.overwrite)
    options = {"seed": arguments.seed, "n_jobs": arguments.n_jobs, "progress": sys.stderr.isatty()}
    if arguments.stream:
        if arguments.base is not None:
            raise SpoilerguardError("--base needs all labels at once: leave it or --stream out")
        model = spoilerguard.train_stream(arguments.corpora, **options)
        found = model.card_["Trained on"]
        lines = [f"trained on {found['sentences']:,} sentences of {found['works']:,} works"]
    elif len(arguments.corpora) > 1:
        raise SpoilerguardError("several tables are read by --stream only; or put them into one")
    else:
        corpus = spoilerguard.load_corpus(arguments.corpora[0])
        model = spoilerguard.train(corpus, base=arguments.base, **options)
        lines = [f"trained on {corpus!r}"]
        if "Learnt before" in model.card_:
            lines.append(str(model.card_["Learnt before"]))
    spoilerguard.save(model, arguments.output)
    for standing, points in model.operating_points_.items():
        for name, point in sorted(points.items(), key=lambda named: named[1].threshold):
            lines.append(
                f"{name:>9}, {standing}: from {point.threshold:.2f}, {point.precision:.0%} of the marked are spoilers, "
                f"{point.recall:.0%} of the spoilers are marked"
            )
    write_text("\n".join([*lines, f"saved to {arguments.output}\n"]), sys.stdout)
    return _DONE


def evaluate(arguments: argparse.Namespace) -> int:
    """Print how well a model does, alone or beside another."""
    if arguments.compare is None:
        report = spoilerguard.evaluate(arguments.model, arguments.corpus, slice_by=arguments.slice_by)
        _print_report(report, arguments.format)
        return _DONE
    comparison = spoilerguard.compare(arguments.compare, arguments.model, arguments.corpus)
    _print_report(comparison, arguments.format)
    return _DONE


def check_data(arguments: argparse.Namespace) -> int:
    """Print what is wrong with a labelled table; the status tells whether it must be mended."""
    from spoilerguard.checks import check_corpus

    options = {"against": arguments.against, "audit": arguments.audit, "model": arguments.model}
    report = check_corpus(arguments.corpus, **options)
    _print_report(report, arguments.format)
    return _DONE if report.ok else _FAULTY


def _check_output(folder: Path, *, overwrite: bool) -> None:
    """Refuse, before the work and not after it, to write over what is no model, or over a model unless asked to."""
    from spoilerguard.persistence import is_harmless

    if folder.exists() and not folder.is_dir():
        raise SpoilerguardError(f"{folder}: is a file; name a folder for --output")
    shown = folder.is_dir() and any(not is_harmless(entry.name) for entry in folder.iterdir())
    holds_model = (folder / "model.json").exists()
    if holds_model and not overwrite:
        raise SpoilerguardError(f"{folder}: holds a model; name another folder for --output, or add --overwrite")
    if shown and not holds_model:
        raise SpoilerguardError(f"{folder}: holds other things than a model; name a new or empty folder for --output")


def _print_report(report: "Report | Comparison | CheckReport", style: str) -> None:
    write_text((report.to_json() if style == "json" else str(report)).rstrip("\n") + "\n", sys.stdout)
