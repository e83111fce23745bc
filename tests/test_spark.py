"""Tables of Spark: lazy, in local mode with two workers, with the rows of one process."""

import shutil
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

import spoilerguard
from spoilerguard import CorpusError, SpoilerClassifier, Story

pytest.importorskip("pyspark", reason='needs pip install "spoilerguard[spark]"')

from pyspark.sql import SparkSession

pytestmark = [
    pytest.mark.slow,  # a Java machine starts
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

REVIEWS = ["Great music. The killer is the nurse, and he dies.", "", None, "Fine acting. In the end Anna dies."] * 5


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
        builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.sql.shuffle.partitions", "4")
        found = builder.getOrCreate()
        found.sparkContext.setLogLevel("ERROR")
        yield found
        found.stop()


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"id": range(20), "text": REVIEWS, "tags.all": [["a"]] * 20})


@pytest.fixture
def table(session: Any) -> Any:
    """The same table in Spark, in more partitions than rows: some are empty."""
    rows = [(number, text, ["a"]) for number, text in enumerate(REVIEWS)]
    return session.createDataFrame(rows, "id long, text string, `tags.all` array<string>").repartition(32)


def rows_of(found: pd.DataFrame) -> list[tuple[Any, ...]]:
    order = [name for name in ("id", "start") if name in found]
    cells = found.sort_values(order).astype(object)
    return list(cells.where(cells.notna(), None).itertuples(index=False, name=None))


STORIES = {0: Story(protect=["music"]), 3: Story(allow=["Anna"])}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"by": "review", "style": "reddit", "threshold": "cautious"},
        {"story": "id", "stories": STORIES},
        {"story": STORIES[0], "by": "review"},
    ],
)
def test_spark_gives_the_rows_of_one_process(options: dict[str, Any], frame: pd.DataFrame, table: Any) -> None:
    found = spoilerguard.spark.classify_table(table, keep="id", **options)
    expected = spoilerguard.classify_table(frame, keep="id", progress=False, **options)
    assert found.columns == list(expected.columns)
    assert rows_of(found.toPandas()) == rows_of(expected)


def test_a_model_of_ones_own_is_broadcast(frame: pd.DataFrame, table: Any, tiny_model: SpoilerClassifier) -> None:
    found = spoilerguard.spark.classify_table(table, keep="id", model=tiny_model).toPandas()
    assert rows_of(found) == rows_of(spoilerguard.classify_table(frame, keep="id", model=tiny_model, progress=False))


def test_kept_columns_have_their_types_and_any_name(table: Any) -> None:
    found = spoilerguard.spark.classify_table(table, keep=["tags.all", "id"], by="review")
    assert found.schema["tags.all"] == table.schema["tags.all"]
    assert [list(row[0]) for row in found.take(2)] == [["a"], ["a"]]


def test_the_probability_of_a_review_is_a_column(frame: pd.DataFrame, table: Any) -> None:
    found = table.select("id", spoilerguard.spark.review_probability()("text").alias("p")).toPandas()
    expected = spoilerguard.classify_table(frame, keep="id", by="review", progress=False)
    assert rows_of(found) == rows_of(expected[["id", "probability"]])


def test_nothing_is_read_or_computed_before_it_is_asked_for(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spoilerguard.tables.scoring.resolve_model", lambda model: pytest.fail("the model was read"))
    found = spoilerguard.spark.classify_table(table, keep="id")
    assert dict(found.dtypes) == {
        "id": "bigint",
        "sentence": "string",
        "start": "bigint",
        "end": "bigint",
        "label": "string",
        "probability": "double",
        "certain": "boolean",
        "marked": "boolean",
    }


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"text": "txt"}, CorpusError, "Did you mean 'text'"),
        ({"text": "id"}, CorpusError, "column 'id' holds bigint, not text"),
        ({"by": "word"}, ValueError, "by must be"),
        ({"threshold": 2}, ValueError, "threshold must lie"),
    ],
)
def test_a_mistake_is_named_before_anything_is_computed(
    options: dict[str, Any], error: type[Exception], message: str, table: Any
) -> None:
    with pytest.raises(error, match=message):
        spoilerguard.spark.classify_table(table, **options)


def test_another_kind_of_table_is_sent_to_its_own_door(frame: pd.DataFrame) -> None:
    with pytest.raises(TypeError, match="expected a table of Spark, got DataFrame"):
        spoilerguard.spark.classify_table(frame)


def test_classify_table_sends_a_table_of_spark_to_its_own_door(table: Any) -> None:
    with pytest.raises(TypeError, match=r"call spoilerguard\.spark\.classify_table"):
        spoilerguard.classify_table(table)
