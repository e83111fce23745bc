"""The command ``spoilerguard``: what the library does, for a shell.

Exit status: 0 done; 1 the data has faults (``check-data``); 2 wrong usage or unreadable input, with one line on
standard error; 130 interrupted; 141 the reader of the output has closed it.
"""

from spoilerguard.cli.program import main

__all__ = ["main"]
