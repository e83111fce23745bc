"""Run every notebook of a folder from top to bottom, as a reader would; nothing is written back.

Usage: run_notebooks.py FOLDER
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

SECONDS_A_CELL = 120

if __name__ == "__main__":
    for path in sorted(Path(sys.argv[1]).glob("*.ipynb")):
        started = time.monotonic()
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook, timeout=SECONDS_A_CELL, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
        )
        client.execute()
        print(f"{path}: {len(notebook.cells)} cells in {time.monotonic() - started:.0f} s")
