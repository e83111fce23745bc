"""What a model has learnt from, it knows: no sentence is forgotten, few are made up, and judges are told."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spoilerguard import Corpus, SpoilerClassifier, compare, evaluate, load, save, train
from spoilerguard.checks import check_corpus
from spoilerguard.datasets import make_corpus
from spoilerguard.features import SentenceVectorizer
from spoilerguard.memory import MAX_BYTES, MAX_LAYERS, Overlap, SentenceMemory

WORDS = st.text("abcdé ß.,!’\u0130\ud800", min_size=1, max_size=30)


def numbered(n: int, name: str) -> list[str]:
    return [f"In the {name} end he dies alone {number}." for number in range(n)]


def unseen(memory: SentenceMemory, n: int = 20_000) -> float:
    """The share of sentences that were never added and are found."""
    return float(memory.holds(numbered(n, "other")).mean())


def distinct(works: int, seed: int, **columns: Any) -> Corpus:
    """Invented reviews whose sentences are their own: no two corpora share any."""
    frame = make_corpus(works=works, seed=seed).frame
    frame["sentence"] = [f"{text} ({seed}, {row})" for row, text in enumerate(frame["sentence"])]
    frame["work"] = [f"{work} {seed}" for work in frame["work"]]
    frame["review_id"] = [f"{review} {seed}" for review in frame["review_id"]]
    return Corpus.from_frame(frame.assign(**columns))


def small(corpus: Corpus, **options: Any) -> SpoilerClassifier:
    if "base" not in options:
        options["estimator"] = SpoilerClassifier(vectorizer=SentenceVectorizer(n_buckets=2**10), C=1.0)
    return train(corpus, n_splits=3, **options)


@pytest.fixture(scope="module")
def learnt() -> Corpus:
    return distinct(60, 1)


@pytest.fixture(scope="module")
def model(learnt: Corpus) -> SpoilerClassifier:
    return small(learnt)


# the filter --------------------------------------------------------------------------------------------------------


@given(st.lists(st.lists(st.lists(WORDS, min_size=5, max_size=8).map(" ".join), max_size=20), max_size=5))
def test_no_sentence_is_forgotten_however_it_was_added(batches: list[list[str]]) -> None:
    memory = SentenceMemory()
    for batch in batches:
        memory = memory.add(batch)
    for batch in batches:
        assert memory.holds(batch).tolist() == memory.counts(batch).tolist()
        again = [f"  {sentence.replace(' ', '  ')}!?" for sentence in batch]
        assert memory.holds(again).tolist() == memory.counts(batch).tolist()


@pytest.mark.parametrize("batches", [[20_000], [10] * 300, [100, 20_000], [1] * 70 + [5000]], ids=str)
def test_no_more_than_one_sentence_in_a_hundred_is_made_up_and_the_rate_is_known(batches: list[int]) -> None:
    memory = SentenceMemory()
    for number, size in enumerate(batches):
        memory = memory.add(numbered(size, f"{number}th"))
    assert unseen(memory) < 0.01
    assert unseen(memory) == pytest.approx(memory.false_positive_rate, abs=0.002)
    assert memory.n_sentences == pytest.approx(sum(batches), rel=0.05)


def test_a_sentence_takes_fourteen_bits_and_short_ones_none() -> None:
    memory = SentenceMemory().add([*numbered(10_000, "first"), "Lovely music!", "He dies alone here."])
    assert sum(layer.nbytes for layer in memory.layers) == 17_500
    assert not memory.holds(["Lovely music!", "He dies alone here."]).any()
    assert SentenceMemory().add(["Lovely music!"]).layers == ()


def test_a_memory_that_begins_with_one_sentence_may_grow_as_large_as_any() -> None:
    layers: list[Any] = []
    while (layer := SentenceMemory._next_layer(layers, 1)) is not None:
        layers.append(layer)
    assert len(layers) <= MAX_LAYERS
    assert sum(layer.nbytes for layer in layers) == MAX_BYTES


def test_what_there_is_no_room_for_is_not_remembered_and_the_rest_stays_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spoilerguard.memory.MAX_BYTES", 1000)
    memory = SentenceMemory().add(numbered(200, "first")).add(numbered(5000, "second"))
    assert sum(layer.nbytes for layer in memory.layers) <= 1000
    assert memory.holds(numbered(200, "first")).all()
    assert unseen(memory) < 0.02
    assert memory.add(numbered(10, "third")).n_sentences == memory.n_sentences


def test_equal_sentences_in_any_order_give_equal_bits() -> None:
    one, other = (SentenceMemory().add(order) for order in (numbered(90, "a"), numbered(90, "a")[::-1] * 2))
    np.testing.assert_array_equal(one.layers[0], other.layers[0])
    assert not one.layers[0].flags.writeable


@pytest.mark.parametrize(
    ("n_seen", "n_asked", "rate", "beyond"),
    [
        (0, 0, 0.0, False),
        (5, 5, 0.001, False),
        (10, 1000, 0.01, False),
        (25, 1000, 0.01, False),
        (430, 1000, 0.01, True),
        (10, 10, 0.001, True),
        (1000, 100_000, 0.001, False),
        (1000, 1000, 1.0, False),
    ],
)
def test_only_what_chance_does_not_explain_counts(n_seen: int, n_asked: int, rate: float, beyond: bool) -> None:
    assert Overlap(n_seen, n_asked, 1000, rate).is_beyond_chance == beyond


# the model ---------------------------------------------------------------------------------------------------------


def test_train_fills_it_and_each_way_of_learning_on_adds_to_it(learnt: Corpus, model: SpoilerClassifier) -> None:
    assert model.memory_ is not None
    assert model.memory_.overlap(learnt.sentences).share == 1
    new = numbered(40, "new")
    for method, labels in (("adapt", [1, 0] * 20), ("partial_fit", ["spoiler", "safe"] * 20)):
        with pytest.warns(UserWarning, match="has learnt from further labels"):
            taught = getattr(copy.deepcopy(model), method)(new, labels)
        assert taught.memory_.holds(new).all()
        assert taught.memory_.overlap(learnt.sentences).share == 1
    assert not model.memory_.holds(new).any()
    afresh = copy.deepcopy(model).fit(new, [1, 0] * 20)
    assert afresh.memory_ is not None
    assert afresh.memory_.n_sentences == pytest.approx(40, abs=2)


def test_it_is_stored_with_the_model_and_a_model_without_it_is_read_as_before(
    learnt: Corpus, model: SpoilerClassifier, tmp_path: Path
) -> None:
    save(model, tmp_path / "with")
    again = load(tmp_path / "with")
    assert again.memory_ is not None
    assert again.memory_.holds(learnt.sentences).all()
    forgetful = copy.deepcopy(model)
    forgetful.memory_ = None
    save(forgetful, tmp_path / "without")
    assert load(tmp_path / "without").memory_ is None
    assert evaluate(forgetful, learnt, n_bootstrap=5).overlap is None  # and no warning


def test_the_limits_of_the_format_are_those_of_the_filter() -> None:
    from spoilerguard.persistence.formats import memory_v1

    assert (memory_v1._MAX_LAYERS, memory_v1._MAX_LAYER_BYTES) == (MAX_LAYERS, MAX_BYTES)


# the judges --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mixed(learnt: Corpus) -> Corpus:
    """Half of it is new."""
    return Corpus.concat([learnt.take(np.arange(300)), distinct(20, 2).take(np.arange(300))])


def test_a_report_says_how_much_of_the_corpus_was_learnt_and_measures_both_parts(
    model: SpoilerClassifier, learnt: Corpus, mixed: Corpus
) -> None:
    message = r"50 % of these sentences .* were in the model's training.*other works"
    with pytest.warns(UserWarning, match=message) as caught:
        report = evaluate(model, mixed, n_bootstrap=5)
    assert [warning.filename for warning in caught] == [__file__]
    assert report.overlap is not None
    assert report.overlap.share == pytest.approx(0.5, abs=0.02)
    assert report.overlap.share_of_training == pytest.approx(300 / len(learnt), rel=0.05)
    assert {"learnt: yes", "learnt: no"} <= set(report.slices)
    assert report.to_dict()["overlap"]["n_seen"] == report.overlap.n_seen
    assert "50 % of these sentences" in str(report)


def test_where_all_was_learnt_no_slice_repeats_the_whole(model: SpoilerClassifier, learnt: Corpus) -> None:
    with pytest.warns(UserWarning, match="100 % of these sentences"):
        assert not any(name.startswith("learnt") for name in evaluate(model, learnt, n_bootstrap=5).slices)


def test_on_new_works_nothing_is_said(model: SpoilerClassifier) -> None:
    new = distinct(20, 3)
    report = evaluate(model, new, n_bootstrap=5)  # a warning would be an error
    assert report.overlap is not None
    assert not report.overlap.is_beyond_chance
    assert not any(name.startswith("learnt") for name in report.slices)
    assert "learnt-by-the-model" not in check_corpus(new, model=model).names


def test_a_comparison_says_which_model_has_learnt_the_corpus(model: SpoilerClassifier, mixed: Corpus) -> None:
    other = small(distinct(30, 4))
    with pytest.warns(UserWarning, match="in the second’s training"):
        found = compare(other, model, mixed, n_bootstrap=5)
    assert [note[:4] for note in found.notes] == ["50 %"]


def test_the_checks_name_the_rows_that_a_model_has_learnt(model: SpoilerClassifier, mixed: Corpus) -> None:
    [finding] = [one for one in check_corpus(mixed, model=model) if one.name == "learnt-by-the-model"]
    assert finding.severity == "error"
    assert finding.count == pytest.approx(300, abs=3)
    assert finding.rows == (0, 1, 2, 3, 4)


def test_a_base_is_calibrated_on_works_that_are_new_to_it(model: SpoilerClassifier, learnt: Corpus) -> None:
    new = distinct(40, 5)
    with pytest.warns(UserWarning, match="thresholds rest on the") as caught:
        taught = small(Corpus.concat([learnt, new]), base=model)
    assert [warning.filename for warning in caught] == [__file__]
    assert f"rest on the {len(new):,} sentences of works that are new" in taught.card_["Learnt before"]
    metrics = {row["metric"]: row["value"] for row in taught.card_["Out-of-fold metrics, by work"]}
    assert metrics["base_rate"] == pytest.approx(new.labels[new.in_review].mean(), abs=0.02)


def test_a_base_that_has_learnt_everything_before_is_warned_of(model: SpoilerClassifier, learnt: Corpus) -> None:
    with pytest.warns(UserWarning, match="100 % of these sentences.*in the base model's training.*too few"):
        taught = small(learnt, base=model)
    assert "too sure of themselves" in taught.card_["Learnt before"]


def test_a_base_says_nothing_of_new_works(model: SpoilerClassifier) -> None:
    assert "Learnt before" not in small(distinct(30, 6), base=model).card_


def test_pandas_tables_are_warned_of_too(model: SpoilerClassifier, learnt: Corpus) -> None:
    with pytest.warns(UserWarning, match="100 % of these"):
        evaluate(model, learnt.frame.head(60), n_bootstrap=5)
