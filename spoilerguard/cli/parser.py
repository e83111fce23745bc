"""The options of every command, and what is said where one of them is wrong."""

import argparse
from collections.abc import Callable
from typing import NoReturn

from spoilerguard.cli import commands
from spoilerguard.cli.output import FORMATS
from spoilerguard.errors import MissingExtraError, SpoilerguardError
from spoilerguard.markup import MARKUPS
from spoilerguard.rendering import STYLES
from spoilerguard.version import __version__

__all__ = ["build_parser"]

_STATUS = "exit status: 0 done, 1 the data has faults (check-data), 2 wrong usage or unreadable input"


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, where argparse would print the usage and end the process."""

    def error(self, message: str) -> NoReturn:
        raise SpoilerguardError(f"{message} (see {self.prog} --help)")


_Command = Callable[[argparse.Namespace], int]
_Add = Callable[[_Command, str, _Parser], argparse.ArgumentParser]


def build_parser() -> argparse.ArgumentParser:
    """The parser; its result carries, as ``run``, the function that does the work."""
    parser = _Parser(
        prog="spoilerguard",
        description="Find the sentences of a review that give the story away.",
        epilog=_STATUS,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    _add_completion(parser)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(run: _Command, purpose: str, shared: _Parser) -> argparse.ArgumentParser:
        """Add a command with the name of the function that carries it out."""
        command = subparsers.add_parser(
            run.__name__.replace("_", "-"),
            help=purpose,
            description=f"{purpose[0].upper()}{purpose[1:]}.",
            epilog=_STATUS,
            allow_abbrev=False,
            parents=[shared],
        )
        command.set_defaults(run=run)
        return command

    _add_review_commands(add)
    _add_corpus_commands(add)
    folder = _Parser(add_help=False)
    folder.add_argument("folder", metavar="DIR", help="where to write them")
    add(commands.samples, "write sample reviews and labelled tables into a folder", folder)
    return parser


class _Incomplete(argparse.Action):
    """Says what completion needs."""

    def __call__(self, *parsed: object) -> NoReturn:
        del parsed
        raise MissingExtraError('--print-completion needs shtab: pip install "spoilerguard[completion]"')


def _add_completion(parser: argparse.ArgumentParser) -> None:
    option = "--print-completion"
    try:
        import shtab
    except ImportError:
        needs = 'needs pip install "spoilerguard[completion]"'
        parser.add_argument(option, nargs="?", metavar="SHELL", action=_Incomplete, help=needs)
    else:
        shtab.add_argument_to(parser, [option])


def _add_review_commands(add: _Add) -> None:
    shared = _Parser(add_help=False)
    shared.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="a review as text, a folder of .txt files, or a table; - or nothing reads standard input",
    )
    shared.add_argument("--column", metavar="NAME", help="of a table (.csv, .tsv, .jsonl, .parquet): the reviews")
    shared.add_argument("--encoding", default="utf-8", help="of texts (default: %(default)s)")
    shared.add_argument(
        "--output", metavar="FILE", help="write there; with --column and the ending of a table, a table"
    )
    shared.add_argument(
        "--markup", choices=tuple(MARKUPS), help="what the reviews are written in (default: plain text)"
    )
    _add_story(shared)
    _add_model(shared)
    classify = add(commands.classify, "label each sentence of each review", shared)
    redact = add(commands.redact, "write each review with its spoilers hidden, and what its author had hidden", shared)
    classify.add_argument("--by", choices=("sentence", "review"), help="a row of a table for each (default: sentence)")
    explain = add(commands.explain, "say which words made the probability of each sentence", shared)
    redact.add_argument(
        "--style", choices=tuple(STYLES), default="block", help="how to hide them (default: %(default)s)"
    )
    redact.add_argument("--mask", metavar="TEXT", help="what stands for hidden text, in styles that take it away")
    for command, formats in ((classify, tuple(FORMATS)), (explain, ("text", "jsonl"))):
        command.add_argument(
            "--format",
            choices=formats,
            default="text",
            help="text to read, or one record for each sentence (default: %(default)s)",
        )
    _add_table_options(classify, redact)


def _add_table_options(*commands_with_tables: argparse.ArgumentParser) -> None:
    for command in commands_with_tables:
        _add_n_jobs(command)
        command.add_argument(
            "--keep", metavar="NAME", action="append", help="a column to keep in the table; repeatable"
        )
        command.add_argument("--resume", action="store_true", help="go on with a table where a run was interrupted")
        command.add_argument(
            "--threshold",
            type=_threshold,
            metavar="P",
            help="probability from which a sentence is a spoiler, or a name: cautious, balanced, lenient",
        )
        command.add_argument(
            "--level",
            choices=("any", "major"),
            default="any",
            help="major: mark only what gives away an ending, a death, a culprit, an identity (default: %(default)s)",
        )


def _add_corpus_commands(add: _Add) -> None:
    _add_train(add)
    shared = _Parser(add_help=False)
    shared.add_argument(
        "corpus", metavar="CORPUS", help="labelled table: .csv, .tsv, .jsonl or .parquet, each also .gz"
    )
    evaluate = add(commands.evaluate, "measure a model on labelled sentences", shared)
    _add_model(evaluate)
    what = evaluate.add_mutually_exclusive_group()
    what.add_argument("--compare", metavar="OTHER", help="a second model: is the one of --model better than it?")
    what.add_argument(
        "--slice-by",
        metavar="NAME",
        action="append",
        default=[],
        help="a column of your own, such as genre, whose values are measured one by one; repeatable",
    )

    check_data = add(commands.check_data, "look for faults in labelled sentences", shared)
    check_data.add_argument("--against", metavar="OTHER", help="the other side of a split: what is in both?")
    check_data.add_argument(
        "--audit", action="store_true", help='look for wrong labels, too (needs "spoilerguard[audit]")'
    )
    check_data.add_argument("--model", help="a model, by folder or name: which of these sentences has it learnt?")

    for command in (evaluate, check_data):
        command.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")


def _add_train(add: _Add) -> None:
    several = _Parser(add_help=False)
    several.add_argument(
        "corpora",
        metavar="CORPUS",
        nargs="+",
        help="labelled table: .csv, .tsv, .jsonl or .parquet, each also .gz; several, and folders of them, by --stream",
    )
    train = add(commands.train, "make a model from labelled sentences", several)
    train.add_argument(
        "--stream", action="store_true", help="read the tables in pieces, twice: for more sentences than memory"
    )
    train.add_argument("--output", metavar="DIR", required=True, help="folder to save the model in")
    train.add_argument("--overwrite", action="store_true", help="replace the model that is in that folder")
    train.add_argument(
        "--base",
        metavar="MODEL",
        help='model to adapt, a folder, "default" or "accurate"; without it training starts afresh',
    )
    train.add_argument("--seed", type=_whole_number, default=0, help="equal seeds give equal models (default: 0)")
    _add_n_jobs(train)


def _add_story(parser: argparse.ArgumentParser) -> None:
    story = parser.add_argument_group("what is known of the work that all reviews are about")
    story.add_argument("--premise", metavar="FILE", help="what every reader may know, as text")
    story.add_argument("--plot", metavar="FILE", help="the whole story, as text")
    story.add_argument("--protect", metavar="WORD", action="append", help="always a spoiler; repeatable")
    story.add_argument("--allow", metavar="WORD", action="append", help="never a spoiler; repeatable")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        default="default",
        help='folder of a saved model, or the name "default" or "accurate" (default: %(default)s)',
    )


def _add_n_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--n-jobs", type=_job_count, default=1, metavar="N", help="processes to use; -1 for all cores (default: 1)"
    )


def _threshold(written: str) -> float | str:
    """A number in [0, 1], or else the name of an operating point, which only the model can check."""
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
