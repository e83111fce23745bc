"""Tables of Dask: lazy, on a cluster of two processes, with the rows of one process."""

from collections.abc import Iterator
from typing import Any

import cloudpickle
import joblib
import pandas as pd
import pytest

import spoilerguard
from spoilerguard import CorpusError, SpoilerClassifier

dask = pytest.importorskip("dask", reason='needs pip install "spoilerguard[dask]"')
dd = pytest.importorskip("dask.dataframe", reason='needs pip install "spoilerguard[dask]"')
distributed = pytest.importorskip("distributed", reason='needs pip install "spoilerguard[dask]"')

# Closing a cluster on a busy machine leaves sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")

REVIEWS = ["Great music. The killer is the nurse, and he dies.", "", None, "Fine acting. In the end Anna dies."] * 5
COLUMNS = ["sentence", "start", "end", "label", "probability", "certain", "marked"]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, distributed.Client(cluster) as connected:
        yield connected


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"id": range(20), "text": REVIEWS}, index=pd.Index(range(0, 40, 2), name="key"))


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)  # Dask has its own type of text


# on this machine ---------------------------------------------------------------------------------------------------


def test_nothing_is_read_or_computed_before_it_is_asked_for(
    frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = dd.from_pandas(frame, npartitions=3)
    with monkeypatch.context() as patch:
        patch.setattr("spoilerguard.tables.scoring.resolve_model", lambda model: pytest.fail("the model was read"))
        found = spoilerguard.dask.classify_table(table)
    assert list(found.columns) == COLUMNS
    assert found.divisions == table.divisions
    with dask.config.set(scheduler="synchronous"):
        computed = found.compute()
    assert computed.dtypes.equals(found.dtypes)


def test_empty_partitions_give_no_row(frame: pd.DataFrame, tiny_model: SpoilerClassifier) -> None:
    table = dd.from_pandas(frame, npartitions=4)
    found = spoilerguard.dask.classify_table(table[table["id"] == 7], keep="id", model=tiny_model)
    with dask.config.set(scheduler="synchronous"):
        assert_same(found.compute(), spoilerguard.classify_table(frame[7:8], keep="id", model=tiny_model))


def test_without_a_cluster_a_model_of_ones_own_goes_along(frame: pd.DataFrame, tiny_model: SpoilerClassifier) -> None:
    found = spoilerguard.dask.classify_table(dd.from_pandas(frame, npartitions=3), model=tiny_model)
    with dask.config.set(scheduler="threads"):
        assert_same(found.compute(), spoilerguard.classify_table(frame, model=tiny_model, progress=False))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"text": "txt"}, CorpusError, "Did you mean 'text'"),
        ({"keep": "label"}, CorpusError, "no column 'label'"),
        ({"by": "word"}, ValueError, "by must be"),
        ({"threshold": 2}, ValueError, "threshold must lie"),
    ],
)
def test_a_mistake_is_named_before_anything_is_computed(
    options: dict[str, Any], error: type[Exception], message: str, frame: pd.DataFrame
) -> None:
    with pytest.raises(error, match=message):
        spoilerguard.dask.classify_table(dd.from_pandas(frame, npartitions=3), **options)


@pytest.mark.parametrize("kind", ["pandas", "series"])
def test_another_kind_of_table_is_sent_to_its_own_door(kind: str, frame: pd.DataFrame) -> None:
    table = frame if kind == "pandas" else dd.from_pandas(frame, npartitions=3)["text"]
    with pytest.raises(TypeError, match=r"expected a table of Dask, got .*Frame|got Series"):
        spoilerguard.dask.classify_table(table)


def test_classify_table_sends_a_table_of_dask_to_its_own_door(frame: pd.DataFrame) -> None:
    with pytest.raises(TypeError, match=r"call spoilerguard\.dask\.classify_table"):
        spoilerguard.classify_table(dd.from_pandas(frame, npartitions=3))


# on a cluster ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{}, {"by": "review"}, {"by": "review", "style": "reddit", "threshold": "cautious"}]
)
def test_a_cluster_gives_the_rows_of_one_process(options: dict[str, Any], frame: pd.DataFrame, client: Any) -> None:
    found = spoilerguard.dask.classify_table(dd.from_pandas(frame, npartitions=3), keep="id", **options)
    assert_same(found.compute(), spoilerguard.classify_table(frame, keep="id", progress=False, **options))


@pytest.mark.slow
def test_a_named_model_is_not_sent_and_any_other_once(
    frame: pd.DataFrame, default_model: SpoilerClassifier, client: Any
) -> None:
    table = dd.from_pandas(frame, npartitions=10)
    expected = spoilerguard.classify_table(frame, progress=False)
    for model in (None, "default", default_model):
        found = spoilerguard.dask.classify_table(table, model=model)
        assert len(cloudpickle.dumps(found.optimize())) < 1_000_000
        assert_same(found.compute(), expected)  # no warning of a large graph, which would be an error here


@pytest.mark.slow
def test_each_worker_reads_its_model_once(frame: pd.DataFrame, client: Any) -> None:
    def times_read() -> int:
        from spoilerguard.tables.scoring import _read_named

        return int(_read_named.cache_info().misses)

    spoilerguard.dask.classify_table(dd.from_pandas(frame, npartitions=10), model="default").compute()
    assert set(client.run(times_read).values()) <= {0, 1}


@pytest.mark.slow
def test_joblib_sends_reviews_to_the_cluster(client: Any, default_model: SpoilerClassifier) -> None:
    def forget() -> None:
        from spoilerguard.bundled import _read_default

        _read_default.cache_clear()

    def has_classified() -> bool:
        from spoilerguard.bundled import _read_default

        return bool(_read_default.cache_info().currsize)

    client.run(forget)
    texts = [text or "" for text in REVIEWS] * 8
    with joblib.parallel_config(backend="dask"):
        found = list(spoilerguard.classify_reviews(texts))
    assert any(client.run(has_classified).values())
    assert found == list(spoilerguard.classify_reviews(texts))
