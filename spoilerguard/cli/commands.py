"""The five commands: each takes its parsed arguments, calls the library, prints, and returns the exit status.

The library imports a name when it is first used, so that help, and the verdicts on one review, do not wait for pandas.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import spoilerguard
from spoilerguard.cli.output import FORMATS, write_text
from spoilerguard.errors import SpoilerguardError

if TYPE_CHECKING:
    from spoilerguard.checks import CheckReport
    from spoilerguard.evaluation import Comparison, Report

__all__ = ["check_data", "classify", "evaluate", "redact", "train"]

_DONE, _FAULTY = 0, 1


def classify(arguments: argparse.Namespace) -> int:
    """Print a verdict for each sentence of a review."""
    review = _read_review(arguments.file)
    verdicts = spoilerguard.classify(review, model=arguments.model, threshold=arguments.threshold)
    FORMATS[arguments.format](verdicts, sys.stdout)
    return _DONE


def redact(arguments: argparse.Namespace) -> int:
    """Print a review with its spoilers hidden."""
    review = _read_review(arguments.file)
    hidden = spoilerguard.redact(review, style=arguments.style, model=arguments.model, threshold=arguments.threshold)
    write_text(hidden, sys.stdout)
    return _DONE


def train(arguments: argparse.Namespace) -> int:
    """Make a model, save it, and print its operating points."""
    _check_output(Path(arguments.output))
    corpus = spoilerguard.load_corpus(arguments.corpus)
    model = spoilerguard.train(
        corpus, base=arguments.base, seed=arguments.seed, n_jobs=arguments.n_jobs, progress=sys.stderr.isatty()
    )
    spoilerguard.save(model, arguments.output)
    lines = [f"trained on {corpus!r}"]
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
        _print_report(spoilerguard.evaluate(arguments.model, arguments.corpus), arguments.format)
        return _DONE
    comparison = spoilerguard.compare(arguments.compare, arguments.model, arguments.corpus)
    if arguments.format == "text":
        write_text(f"a is {arguments.compare}, b is {arguments.model}\n", sys.stdout)
    _print_report(comparison, arguments.format)
    return _DONE


def check_data(arguments: argparse.Namespace) -> int:
    """Print what is wrong with a labelled table; the status tells whether it must be mended."""
    from spoilerguard.checks import check_corpus

    report = check_corpus(arguments.corpus, against=arguments.against, audit=arguments.audit)
    _print_report(report, arguments.format)
    return _DONE if report.ok else _FAULTY


def _read_review(name: str) -> str:
    """The text of a file, or of standard input for ``-``. Line ends stay as they are, a byte order mark is dropped."""
    if name != "-":
        content, source = Path(name).read_bytes(), name
    elif sys.stdin is None:
        raise SpoilerguardError("standard input is closed; name a file, or send the review through a pipe")
    else:
        content, source = sys.stdin.buffer.read(), "standard input"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SpoilerguardError(f"{source}: not UTF-8 but UTF-16, by its first two bytes; save it as UTF-8")
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        fault = f"byte 0x{content[error.start]:02x} at offset {error.start}"
        raise SpoilerguardError(f"{source}: not UTF-8: {fault}; save it as UTF-8") from error


def _check_output(folder: Path) -> None:
    """Refuse, before the work and not after it, to write over what is no model."""
    if folder.exists() and not folder.is_dir():
        raise SpoilerguardError(f"{folder}: is a file; name a folder for --output")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "model.json").exists():
        raise SpoilerguardError(f"{folder}: holds other things than a model; name a new or empty folder for --output")


def _print_report(report: "Report | Comparison | CheckReport", style: str) -> None:
    write_text((report.to_json() if style == "json" else str(report)).rstrip("\n") + "\n", sys.stdout)
