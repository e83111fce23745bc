"""Where PyInstaller finds the hook of this package (entry point ``pyinstaller40``)."""

from pathlib import Path

__all__ = ["get_hook_dirs"]


def get_hook_dirs() -> list[str]:
    """The folder of `hook-spoilerguard.py`."""
    return [str(Path(__file__).parent)]
