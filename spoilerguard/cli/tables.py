"""Tables from file to file: what ``classify`` and ``redact`` do where ``--output`` names a table."""

import argparse
import sys
from pathlib import Path
from typing import Any

import spoilerguard
from spoilerguard.errors import SpoilerguardError

__all__ = ["is_for_tables", "write_table"]

_ENDINGS = (".csv", ".tsv", ".jsonl", ".parquet")
_OPTIONS = ("by", "keep", "resume")


def is_for_tables(arguments: argparse.Namespace) -> bool:
    """Whether a table is to become a table; with ``--format``, verdicts are written as ever.

    Raises
    ------
    SpoilerguardError
        Where an option was given that makes sense for that only.
    """
    output = str(arguments.output or "").lower().removesuffix(".gz")
    wanted = (
        arguments.column is not None and output.endswith(_ENDINGS) and vars(arguments).get("format") in (None, "text")
    )
    if wanted and (not arguments.files or "-" in arguments.files):
        raise SpoilerguardError("a table is read from a file or a folder, not from standard input: name it")
    if wanted and vars(arguments).get("mask") is not None:
        raise SpoilerguardError("--mask is for texts; in a table, choose a --style")
    given = [name for name in _OPTIONS if vars(arguments).get(name)]
    if given and not wanted:
        raise SpoilerguardError(
            f"--{given[0]} is for tables: name the --column of reviews, and an --output that ends in "
            f"{', '.join(_ENDINGS)}, without --format"
        )
    return wanted


def write_table(arguments: argparse.Namespace, **options: Any) -> None:  # noqa: ANN401 - those of `classify_table`
    """Classify the tables that are named, and write the result."""
    try:
        spoilerguard.classify_table(
            arguments.files,
            text=arguments.column,
            keep=arguments.keep,
            output=arguments.output,
            resume=arguments.resume,
            n_jobs=arguments.n_jobs,
            model=arguments.model,
            threshold=arguments.threshold,
            level=arguments.level,
            markup=arguments.markup,
            story=arguments.story,
            **options,
        )
    except KeyboardInterrupt:
        if Path(f"{arguments.output}.parts").exists():
            print(
                f"\nspoilerguard: {arguments.output}: interrupted; it holds what is finished, and --resume goes on",
                file=sys.stderr,
            )
        raise
    except ValueError as error:
        raise SpoilerguardError(str(error)) from error
