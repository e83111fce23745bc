"""Run every notebook of a folder from top to bottom, as a reader would.

Usage: run_notebooks.py FOLDER [--write]
With --write, the notebooks are stored with their new outputs; without it, nothing is written.
"""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

SECONDS_A_CELL = 600
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}

if __name__ == "__main__":
    os.environ["PYTHONWARNINGS"] = "ignore:IProgress not found"  # of tqdm, where ipywidgets is not installed
    for path in sorted(Path(sys.argv[1]).glob("*.ipynb")):
        started = time.monotonic()
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook,
            timeout=SECONDS_A_CELL,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(path.parent)}},
        )
        client.execute()
        if "--write" in sys.argv:
            notebook.metadata = METADATA | {"language_info": {"name": "python"}}  # no version of this machine's Python
            nbformat.write(notebook, path)
        print(f"{path}: {len(notebook.cells)} cells in {time.monotonic() - started:.0f} s", flush=True)
