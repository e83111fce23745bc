"""Arguments in, exit status out: one run of the command.

A mistake of the user's is one line on standard error, without a traceback. An error of ours keeps its traceback.
"""

import io
import os
import sys
from collections.abc import Sequence

from spoilerguard.cli.inputs import read_story
from spoilerguard.cli.parser import build_parser
from spoilerguard.errors import SpoilerguardError
from spoilerguard.rendering import visible

__all__ = ["main"]

_REFUSED = 2
_INTERRUPTED = 130  # what a shell reports of a program that control-C ended …
_OUTPUT_CLOSED = 141  # … and of one whose reader, such as head, has closed the pipe


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments, without the program's name; those of the process where not given.

    Returns
    -------
    int
        The exit status.

    Examples
    --------
    >>> main(["--version"])
    spoilerguard 0...
    0
    """
    try:
        return _run(argv)
    except SystemExit as finished:  # argparse has shown its help or the version
        return int(finished.code or 0)
    except BrokenPipeError:
        # Python flushes once more on its way out, and would complain that it cannot.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _OUTPUT_CLOSED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (SpoilerguardError, OSError) as error:
        message = str(error)
        if isinstance(error, OSError) and error.strerror:
            message = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        print(f"spoilerguard: {visible(' '.join(message.split()))}", file=sys.stderr)
        return _REFUSED


def _run(argv: Sequence[str] | None) -> int:
    """Parse the arguments and carry out the command.

    It writes UTF-8 with line ends as they are, whatever the locale; a terminal keeps its own encoding.
    """
    if sys.stdout is None:
        raise SpoilerguardError("standard output is closed; send it to a file, or name one by --output")
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8", newline="")
    arguments = build_parser().parse_args(argv)
    if hasattr(arguments, "premise"):
        if [arguments.premise, arguments.plot, *(arguments.files or "-")].count("-") > 1:
            raise SpoilerguardError("standard input can be read once: name a file for the review, or for the story")
        told = arguments.premise, arguments.plot, arguments.protect, arguments.allow
        arguments.story = read_story(*told, arguments.encoding)
    status: int = arguments.run(arguments)
    sys.stdout.flush()
    return status
