"""The notebooks as they are committed: executed, without errors, and free of what belongs to one machine.

`.ci/run` executes them anew; here only what is stored is looked at.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
NAMES = ("01_classify_a_review", "02_train_on_your_labels", "03_evaluate_and_compare", "04_tables")
ABSOLUTE_PATH = re.compile(r"(?<![\w.<)/:])/(?:home|root|tmp|usr|work|opt|var|private|Users|mnt)/\w|\b[A-Z]:\\\w")


@pytest.fixture(params=NAMES)
def notebook(request: pytest.FixtureRequest) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((NOTEBOOKS / f"{request.param}.ipynb").read_text(encoding="utf-8"))
    return content


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def texts(notebook: dict[str, Any]) -> list[str]:
    """Everything in it that a reader may see, pictures left out."""
    found = [cell["source"] for cell in notebook["cells"]]
    for output in (output for cell in code_cells(notebook) for output in cell["outputs"]):
        found.append(output.get("text", ""))
        found += [content for kind, content in output.get("data", {}).items() if not kind.startswith("image/")]
    return ["".join(text) for text in found]


def test_there_are_four_notebooks() -> None:
    assert tuple(sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))) == NAMES


def test_a_notebook_is_committed_executed_from_top_to_bottom(notebook: dict[str, Any]) -> None:
    cells = code_cells(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell["outputs"]) for cell in cells) > len(cells) / 2


def test_no_cell_ends_in_an_error_or_a_warning(notebook: dict[str, Any]) -> None:
    outputs = [output for cell in code_cells(notebook) for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]


def test_a_notebook_holds_no_absolute_path(notebook: dict[str, Any]) -> None:
    assert not [text for text in texts(notebook) if ABSOLUTE_PATH.search(text)]


def test_a_notebook_reads_nothing_but_what_a_clone_holds(notebook: dict[str, Any]) -> None:
    sources = "\n".join("".join(cell["source"]) for cell in code_cells(notebook))
    paths = re.findall(r"\.\./[\w./]+", sources)
    assert all((NOTEBOOKS / path).exists() or path.endswith("/reviews/") for path in paths)
    assert not re.search(r"shared|data_home|fetch_|SPOILERGUARD_DATA", sources)


def test_every_notebook_is_explained(notebook: dict[str, Any]) -> None:
    explained = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    assert "".join(explained[0]["source"]).startswith("# ")
    assert len(explained) >= len(code_cells(notebook)) / 2
    assert not [text for text in texts(notebook) if "@@" in text]
