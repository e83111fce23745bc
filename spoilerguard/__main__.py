"""``python -m spoilerguard`` is the command ``spoilerguard``."""

import sys

from spoilerguard.cli import main

if __name__ == "__main__":
    sys.exit(main())
