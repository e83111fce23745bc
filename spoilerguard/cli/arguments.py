"""What may be written behind ``spoilerguard``; a table of verbs, each with what carries it out."""

import argparse
from typing import Any, NoReturn

from spoilerguard import __version__
from spoilerguard.cli import commands

__all__ = ["UsageError", "build_parser"]

_STATUS = "exit status: 0 done, 1 the data has faults (check-data), 2 wrong usage or unreadable input"
_STYLES = ("block", "html", "markdown", "discord", "reddit", "goodreads")


class UsageError(Exception):
    """The arguments make no sense; the message says which, and where to read on."""


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, where argparse would print the usage and end the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def build_parser() -> argparse.ArgumentParser:
    """The parser; its result carries, as ``run``, the function that does the work."""
    parser = _Parser(
        prog="spoilerguard",
        description="Find the sentences of a review that give the story away.",
        epilog=_STATUS,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_add_classify, _add_redact, _add_train, _add_evaluate, _add_check_data):
        add(verbs)
    return parser


def _add_classify(verbs: Any) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    verb = _add(verbs, "classify", commands.classify, "judge every sentence of a review")
    _add_review(verb)
    verb.add_argument(
        "--format",
        choices=("text", "jsonl", "csv"),
        default="text",
        help="text, for eyes (default), or one record for each sentence",
    )
    _add_judgement(verb)


def _add_redact(verbs: Any) -> None:  # noqa: ANN401
    verb = _add(verbs, "redact", commands.redact, "write the review with its spoilers hidden")
    _add_review(verb)
    verb.add_argument("--style", choices=_STYLES, default="block", help="how to hide them (default: %(default)s)")
    _add_judgement(verb)


def _add_train(verbs: Any) -> None:  # noqa: ANN401
    verb = _add(verbs, "train", commands.train, "make a model from labelled sentences")
    _add_corpus(verb)
    verb.add_argument("--output", metavar="DIR", required=True, help="folder to save the model in")
    verb.add_argument("--base", metavar="MODEL", help="model to adapt, instead of starting afresh")
    verb.add_argument("--seed", type=_whole_number, default=0, help="equal seeds give equal models (default: 0)")
    verb.add_argument(
        "--n-jobs", type=_job_count, default=1, metavar="N", help="processes to use; -1 for all cores (default: 1)"
    )


def _add_evaluate(verbs: Any) -> None:  # noqa: ANN401
    verb = _add(verbs, "evaluate", commands.evaluate, "measure a model on labelled sentences")
    _add_corpus(verb)
    _add_model(verb)
    verb.add_argument("--compare", metavar="OTHER", help="a model that stands (a): is the judged one (b) better?")
    _add_report_format(verb)


def _add_check_data(verbs: Any) -> None:  # noqa: ANN401
    verb = _add(verbs, "check-data", commands.check_data, "look for faults in labelled sentences")
    _add_corpus(verb)
    verb.add_argument("--against", metavar="OTHER", help="the other side of a split: what stands on both?")
    verb.add_argument("--audit", action="store_true", help='look for wrong labels, too (needs "spoilerguard[audit]")')
    _add_report_format(verb)


def _add(verbs: Any, name: str, run: commands.Command, purpose: str) -> argparse.ArgumentParser:  # noqa: ANN401
    verb: argparse.ArgumentParser = verbs.add_parser(
        name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.", epilog=_STATUS, allow_abbrev=False
    )
    verb.set_defaults(run=run)
    return verb


def _add_review(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", metavar="FILE", help="one review as UTF-8 text; - reads standard input")


def _add_corpus(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("corpus", metavar="CORPUS", help="labelled table: .csv, .tsv, .jsonl or .parquet, each also .gz")


def _add_model(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--model", metavar="DIR", help="folder of a saved model (default: the one in the package)")


def _add_judgement(verb: argparse.ArgumentParser) -> None:
    _add_model(verb)
    verb.add_argument(
        "--threshold",
        type=_threshold,
        metavar="P",
        help="probability from which a sentence is a spoiler, or the model's name for one: cautious, balanced, lenient",
    )


def _add_report_format(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")


def _threshold(written: str) -> float | str:
    """A number in [0, 1], or else the name of an operating point, which only the model can judge."""
    try:
        number = float(written)
    except ValueError:
        return written
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{written} is not a probability: give a number from 0 to 1, or a name")
    return number


def _whole_number(written: str) -> int:
    if not written.isascii() or not written.isdigit() or int(written) >= 2**32:
        raise argparse.ArgumentTypeError(f"{written!r} is not a whole number from 0 to {2**32 - 1}")
    return int(written)


def _job_count(written: str) -> int:
    try:
        count = int(written)
    except ValueError:
        count = 0
    if count == 0:
        raise argparse.ArgumentTypeError(f"{written!r} is no number of processes: give 1 or more, or -1 for all cores")
    return count
