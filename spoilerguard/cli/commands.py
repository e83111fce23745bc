"""The five verbs: each takes its parsed arguments, calls the library, prints, and returns the exit status.

What a verb needs is imported by it, so that help, and a verdict on one review, do not wait for pandas.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import spoilerguard
from spoilerguard.cli.reading import read_review
from spoilerguard.cli.writing import write_text, write_verdicts
from spoilerguard.errors import SpoilerguardError

if TYPE_CHECKING:
    from spoilerguard.model import SpoilerClassifier

__all__ = ["Command", "check_data", "classify", "evaluate", "redact", "train"]

Command = Callable[[argparse.Namespace], int]

_DONE, _FAULTY = 0, 1


def classify(arguments: argparse.Namespace) -> int:
    """Print a verdict for each sentence of a review."""
    review = read_review(arguments.file)
    verdicts = spoilerguard.classify(review, model=arguments.model, threshold=arguments.threshold)
    write_verdicts(verdicts, arguments.format, sys.stdout)
    return _DONE


def redact(arguments: argparse.Namespace) -> int:
    """Print a review with its spoilers hidden."""
    review = read_review(arguments.file)
    hidden = spoilerguard.redact(review, style=arguments.style, model=arguments.model, threshold=arguments.threshold)
    write_text(hidden, sys.stdout)
    return _DONE


def train(arguments: argparse.Namespace) -> int:
    """Make a model and save it."""
    _demand_room(Path(arguments.output))
    base = None if arguments.base is None else spoilerguard.load(arguments.base)
    corpus = spoilerguard.load_corpus(arguments.corpus)
    model = spoilerguard.train(
        corpus, base=base, seed=arguments.seed, n_jobs=arguments.n_jobs, progress=sys.stderr.isatty()
    )
    spoilerguard.save(model, arguments.output)
    print(f"trained on {corpus!r}")
    _print_operating_points(model)
    print(f"saved to {arguments.output}")
    return _DONE


def evaluate(arguments: argparse.Namespace) -> int:
    """Print how well a model does, alone or beside another."""
    model = spoilerguard.load(arguments.model)
    other = None if arguments.compare is None else spoilerguard.load(arguments.compare)
    corpus = spoilerguard.load_corpus(arguments.corpus)
    if other is None:
        _print_report(spoilerguard.evaluate(model, corpus), arguments.format)
        return _DONE
    if arguments.format == "text":
        print(f"a is {arguments.compare}, b is {arguments.model or 'the default model'}")
    _print_report(spoilerguard.compare(other, model, corpus), arguments.format)
    return _DONE


def check_data(arguments: argparse.Namespace) -> int:
    """Print what is wrong with a labelled table; the status tells whether it must be mended."""
    from spoilerguard.checks import check_corpus

    corpus = spoilerguard.load_corpus(arguments.corpus)
    against = None if arguments.against is None else spoilerguard.load_corpus(arguments.against)
    report = check_corpus(corpus, against=against, audit=arguments.audit)
    _print_report(report, arguments.format)
    return _DONE if report.ok else _FAULTY


def _print_report(report: Any, style: str) -> None:  # noqa: ANN401 - every report has str and to_json
    write_text((report.to_json() if style == "json" else str(report)).rstrip("\n") + "\n", sys.stdout)


def _print_operating_points(model: "SpoilerClassifier") -> None:
    for name, point in sorted(model.operating_points_.items(), key=lambda named: named[1].threshold):
        print(
            f"{name:>9}: from {point.threshold:.2f}, {point.precision:.0%} of the marked are spoilers, "
            f"{point.recall:.0%} of the spoilers are marked"
        )


def _demand_room(output: Path) -> None:
    """Refuse, before the work and not after it, to write over what is no model."""
    if output.exists() and not output.is_dir():
        raise SpoilerguardError(f"{output}: is a file; name a folder for --output")
    if output.is_dir() and any(output.iterdir()) and not (output / "model.json").exists():
        raise SpoilerguardError(f"{output}: holds other things than a model; name a new or empty folder for --output")
