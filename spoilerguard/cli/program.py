"""One run of the command: arguments in, exit status out, and no trace of Python for a mistake of the user's."""

import io
import os
import sys
from collections.abc import Sequence

from spoilerguard.cli.arguments import UsageError, build_parser
from spoilerguard.cli.terminal import visible
from spoilerguard.errors import SpoilerguardError

__all__ = ["main"]

_REFUSED = 2
_INTERRUPTED = 130  # what a shell reports of a program that control-C ended …
_UNREAD = 141  # … and of one whose reader, such as head, had enough


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
        status = _run(argv)
        sys.stdout.flush()
    except SystemExit as finished:  # argparse has shown its help or the version
        return int(finished.code or 0)
    except BrokenPipeError:
        _let_go_of_stdout()
        return _UNREAD
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (UsageError, SpoilerguardError, OSError) as error:
        return _refuse(error)
    return status


def _run(argv: Sequence[str] | None) -> int:
    _prepare_stdout()
    arguments = build_parser().parse_args(argv)
    status: int = arguments.run(arguments)
    return status


def _prepare_stdout() -> None:
    """Write UTF-8 with line ends as they are, whatever the locale; a terminal keeps its own encoding."""
    stdout = sys.stdout
    if not isinstance(stdout, io.TextIOWrapper):
        return
    if stdout.isatty():
        stdout.reconfigure(errors="replace")
    else:
        stdout.reconfigure(encoding="utf-8", newline="")


def _let_go_of_stdout() -> None:
    """Keep Python from complaining, on its way out, that it cannot flush."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(error: Exception) -> int:
    message = str(error)
    if isinstance(error, OSError) and error.strerror:
        message = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    print(f"spoilerguard: {visible(' '.join(message.split()))}", file=sys.stderr)
    return _REFUSED
