"""``df["text"].spoilers``: a column of reviews, flagged, redacted or classified."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import spoilerguard.pandas
from spoilerguard import CorpusError, SpoilerClassifier, classify_table, redact

ROOT = Path(__file__).parents[1]
REVIEWS = ["Great music. The killer is the nurse.", None, "", "Fine acting."]


@pytest.fixture
def column() -> Any:
    index = pd.Index([3, 3, 1, 0], name="film")
    return pd.Series(REVIEWS, index=index, name="body", dtype=object)


def test_flag_says_of_each_review_whether_it_holds_a_spoiler(column: Any, tiny_model: SpoilerClassifier) -> None:
    found = column.spoilers.flag(model=tiny_model)
    assert found.tolist() == [True, pd.NA, False, False]
    assert found.dtype == "boolean"
    assert found.name == "body"
    assert found.index.equals(column.index)
    assert column[found].tolist() == REVIEWS[:1]


def test_redact_gives_the_reviews_with_their_spoilers_hidden(column: Any, tiny_model: SpoilerClassifier) -> None:
    found = column.spoilers.redact(style="reddit", model=tiny_model)
    wanted = [pd.NA if text is None else redact(text, style="reddit", model=tiny_model) for text in REVIEWS]
    assert found.tolist() == wanted
    assert found.name == "body"
    assert column.spoilers.redact(model=tiny_model).iloc[0].count("█") > 0


def test_classify_gives_the_rows_of_classify_table(column: Any, tiny_model: SpoilerClassifier) -> None:
    for by in ("sentence", "review"):
        found = column.spoilers.classify(by=by, model=tiny_model)
        pd.testing.assert_frame_equal(found, classify_table(column.to_frame(), text="body", by=by, model=tiny_model))


def test_flagged_reviews_follow_the_threshold(column: Any, tiny_model: SpoilerClassifier) -> None:
    assert column.spoilers.flag(model=tiny_model, threshold=0.0).tolist() == [True, pd.NA, False, True]
    assert column.spoilers.flag(model=tiny_model, threshold=1.0).tolist() == [False, pd.NA, False, False]


def test_a_column_of_numbers_is_refused() -> None:
    with pytest.raises(CorpusError, match="holds int, not text"):
        pd.Series([1, 2]).spoilers.flag()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "imports",
    [
        "import pandas, spoilerguard",
        "import pandas, spoilerguard.errors",
        "import spoilerguard, pandas, spoilerguard.pandas",
        "import spoilerguard, pandas; spoilerguard.Label",
    ],
)
def test_the_accessor_is_there_after_importing(imports: str) -> None:
    code = f"{imports}; assert hasattr(pandas.Series, 'spoilers')"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120, cwd=ROOT)


def test_beside_pandas_the_import_costs_one_small_module() -> None:
    code = "import pandas, sys; before = set(sys.modules); import spoilerguard; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert set(done.stdout.split()) == {"spoilerguard", "spoilerguard.version", "spoilerguard.pandas"}


def test_reloading_does_not_warn_of_an_accessor_that_is_there() -> None:
    code = "import pandas, importlib, spoilerguard; importlib.reload(spoilerguard)"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120, cwd=ROOT)


def test_the_module_is_documented() -> None:
    assert spoilerguard.pandas.Spoilers.__doc__
