"""Training on a stream: bounded, repeatable whatever the pieces, and honest about the works that are held out."""

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import make_network
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

import spoilerguard
from spoilerguard import (
    Corpus,
    CorpusError,
    SpoilerClassifier,
    TrainingError,
    classify,
    load,
    save,
    train,
    train_stream,
)
from spoilerguard.calibration import calibration_error
from spoilerguard.cli import main
from spoilerguard.datasets import make_corpus
from spoilerguard.features import SentenceVectorizer
from spoilerguard.training import corpus_stream, survey
from spoilerguard.training.corpus_stream import CorpusStream, DistinctCount, hash_name

CORPUS = make_corpus(works=80, reviews=2, sentences=5)
UNSEEN = make_corpus(works=40, seed=5)


def small(**changed: Any) -> SpoilerClassifier:
    defaults: dict[str, Any] = {"vectorizer": SentenceVectorizer(n_buckets=2**12), "C": 1.0}
    return SpoilerClassifier(**defaults | changed)


def streamed(tables: Any = CORPUS, **options: Any) -> SpoilerClassifier:
    defaults: dict[str, Any] = {"estimator": small(), "n_splits": 3}
    return train_stream(tables, **defaults | options)


def in_pieces(frame: pd.DataFrame, size: int) -> list[pd.DataFrame]:
    return [frame[start : start + size] for start in range(0, len(frame), size)]


def same(one: SpoilerClassifier, other: SpoilerClassifier) -> bool:
    return bool(
        np.array_equal(one.coef_, other.coef_)
        and (one.intercept_, one.context_, one.operating_points_)
        == (other.intercept_, other.context_, other.operating_points_)
    )


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    return streamed()


# what it learns ----------------------------------------------------------------------------------------------------


def test_it_is_nearly_as_good_as_training_on_the_same_sentences_at_once(model: SpoilerClassifier) -> None:
    at_once = train(CORPUS, estimator=small(), n_splits=3)
    scores = [roc_auc_score(UNSEEN.labels, one.decision_function(UNSEEN.sentences)) for one in (model, at_once)]
    assert scores[0] > scores[1] - 0.03  # of few sentences, a fifth held out is missed; of 100,000 it is not


def test_it_has_all_that_a_trained_model_has(model: SpoilerClassifier, tmp_path: Path) -> None:
    assert model.context_ is not None
    assert set(model.operating_points_) == {"alone", "in review"}
    assert model.classes_.tolist() == ["safe", "spoiler"]
    save(model, tmp_path / "model")
    assert same(load(tmp_path / "model"), model)
    assert classify("A lovely score. The maid killed her brother.", model=model)


def test_probabilities_come_true_on_works_that_it_has_not_seen(model: SpoilerClassifier) -> None:
    assert calibration_error(model.predict_proba(UNSEEN.sentences)[:, 1], UNSEEN.labels) < 0.08


def test_the_default_is_the_encoder_of_the_default_model(default_model: SpoilerClassifier) -> None:
    found = train_stream(make_corpus(works=60, reviews=2, sentences=4), n_splits=2)
    assert found.vectorizer_.encoder is not None
    assert found.vectorizer_.n_dimensions == default_model.vectorizer_.n_dimensions


def test_the_weights_of_rows_and_of_classes_count() -> None:
    heavy = Corpus(CORPUS.frame.assign(weight=np.where(CORPUS.labels == 1, 4.0, 1.0)))
    weighted = streamed(heavy)
    assert not same(weighted, streamed())
    assert not same(streamed(estimator=small(class_weight="balanced")), streamed())


def test_rows_of_weight_0_teach_nothing_however_many_stand_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spoilerguard.training.stream._SHUFFLED", 256)
    idle = make_corpus(works=200, seed=8)
    found = streamed([CORPUS.frame, idle.frame.assign(weight=0.0, spoiler=1 - idle.labels)])
    assert found.card_["Trained on"]["sentences that the head has learnt"] < len(CORPUS)
    assert roc_auc_score(UNSEEN.labels, found.decision_function(UNSEEN.sentences)) > 0.8


def test_no_word_stands_for_its_source() -> None:
    alike = make_corpus(works=80, seed=3).frame
    rich = alike[(alike["spoiler"] == 1) | (np.arange(len(alike)) % 4 == 0)].assign(source="wiki")
    rich = rich.assign(
        review_id=rich["review_id"] + "-w", work=rich["work"] + "-w", sentence="Wiki: " + rich["sentence"]
    )
    both = [CORPUS.frame.assign(source="films"), rich]
    hidden = [part.assign(source=None) for part in both]
    name = ["Wiki: the acting felt fresh.", "the acting felt fresh."]
    shifts = [np.subtract(*streamed(tables).decision_function(name)) for tables in (both, hidden)]
    assert shifts[0] < shifts[1]


# repeatable --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [7, 100, 10_000])
def test_the_model_does_not_depend_on_the_size_of_the_pieces(size: int, model: SpoilerClassifier) -> None:
    assert same(streamed(in_pieces(CORPUS.frame, size)), model)


def test_the_model_depends_on_the_seed_and_not_on_the_number_of_processes(model: SpoilerClassifier) -> None:
    assert same(streamed(n_jobs=2), model)
    other = streamed(seed=1)
    assert other.card_["Made with"]["seed"] == 1
    assert not same(other, model)


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "csv.gz", "jsonl.gz"])
def test_every_kind_of_file_teaches_the_same(
    ending: str, tmp_path: Path, model: SpoilerClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus_stream, "ROWS_AT_ONCE", 64)
    for number, part in enumerate(in_pieces(CORPUS.frame, 500)):
        write(part, tmp_path / f"part{number}.{ending}")
    assert same(streamed(tmp_path), model)


def test_a_folder_its_files_and_a_function_that_names_them_teach_the_same(
    tmp_path: Path, model: SpoilerClassifier
) -> None:
    for number, part in enumerate(in_pieces(CORPUS.frame, 500)):
        write(part, tmp_path / f"part{number}.csv")
    assert same(streamed(sorted(tmp_path.iterdir())), model)
    assert same(streamed(lambda: iter(sorted(tmp_path.iterdir()))), model)


def write(frame: pd.DataFrame, path: Path) -> None:
    if "jsonl" in path.name:
        frame.to_json(path, orient="records", lines=True)
    elif "parquet" in path.name:
        pytest.importorskip("pyarrow")
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if "tsv" in path.name else ",")


def test_columns_may_have_other_names(model: SpoilerClassifier) -> None:
    frame = CORPUS.frame.rename(columns={"sentence": "body", "spoiler": "tag"})
    assert same(streamed(frame, columns={"sentence": "body", "spoiler": "tag"}), model)


def test_whole_reviews_are_cut_by_their_spans(tmp_path: Path) -> None:
    rows = []
    for number, (_, review) in enumerate(CORPUS.frame.groupby("review_id", sort=False)):
        sentences = review["sentence"].tolist()
        ends = np.cumsum([len(sentence) + 1 for sentence in sentences]).tolist()
        spans = [[end - 1 - len(one), end - 1] for end, one in zip(ends, sentences, strict=True)]
        labels = review["spoiler"].tolist()
        rows.append({"text": " ".join(sentences), "spans": spans, "labels": labels, "work": f"work {number // 2}"})
    path = tmp_path / "reviews.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    found = streamed(path).card_["Trained on"]
    assert (found["sentences"], found["reviews"], found["works"]) == (len(CORPUS), len(rows), 80)


def test_the_file_of_goodreads_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_stream, "ROWS_AT_ONCE", 16)
    path = tmp_path / "goodreads.json"
    lines = [
        {"review_id": name, "book_id": work, "review_sentences": part[["spoiler", "sentence"]].to_numpy().tolist()}
        for (work, name), part in CORPUS.frame.groupby(["work", "review_id"], sort=False)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    sizes = [len(piece.corpus) for piece in CorpusStream.of(path)]
    assert (sum(sizes), max(sizes) < 64) == (len(CORPUS), True)


# whole reviews -----------------------------------------------------------------------------------------------------


@given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=12), cut=st.integers(1, 9), loose=st.booleans())
def test_every_review_comes_in_one_piece_and_in_the_order_of_its_positions(
    sizes: list[int], cut: int, loose: bool
) -> None:
    rows = [
        {
            "sentence": f"{review} {place}.",
            "spoiler": place % 2,
            "review_id": None if loose and review % 2 else f"r{review}",
            "position": None if loose and review % 2 else size - place,
        }
        for review, size in enumerate(sizes)
        for place in range(size)
    ]
    frame = pd.DataFrame(rows, dtype=object)
    pieces = list(CorpusStream.of(in_pieces(frame, cut)))
    together = Corpus.from_frame(frame)
    assert [one for piece in pieces for one in piece.corpus.sentences] == together.sentences
    assert np.concatenate([piece.corpus.lengths for piece in pieces]).tolist() == together.lengths.tolist()
    assert np.concatenate([piece.groups for piece in pieces]).tolist() == together.groups.tolist()


def test_a_review_may_run_over_the_end_of_a_file(tmp_path: Path, model: SpoilerClassifier) -> None:
    cut = 7  # in the middle of the second review
    CORPUS.frame[:cut].to_csv(tmp_path / "a.csv", index=False)
    CORPUS.frame[cut:].to_csv(tmp_path / "b.csv", index=False)
    assert same(streamed([tmp_path / "a.csv", tmp_path / "b.csv"]), model)


def test_rows_of_a_review_that_stand_apart_are_refused_whatever_the_pieces() -> None:
    frame = CORPUS.frame.sample(frac=1, random_state=0)
    for size in (3, 10_000):
        with pytest.raises(CorpusError, match="came before: the rows of a review must follow one another"):
            streamed(in_pieces(frame, size))


def test_a_review_that_has_no_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_stream, "_MAX_REVIEW", 100)
    with pytest.raises(CorpusError, match="is 'review_id' the right column"):
        streamed(CORPUS.frame.assign(review_id="all", position=None, work="one"))


# honest ------------------------------------------------------------------------------------------------------------


def test_the_head_has_learnt_no_work_on_which_it_is_calibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    work_of = dict(zip(CORPUS.sentences, CORPUS.groups, strict=True))
    learnt: set[str] = set()
    counted: set[str] = set()
    judged: set[str] = set()
    frequencies, transform = SentenceVectorizer.document_frequencies, SentenceVectorizer.transform
    decide = SpoilerClassifier.decision_function

    def counting(self: SentenceVectorizer, X: list[str]) -> NDArray[np.int64]:
        counted.update(work_of[sentence] for sentence in X)
        return frequencies(self, X)

    def learning(self: SentenceVectorizer, X: list[str], *rest: Any) -> Any:
        learnt.update(work_of[sentence] for sentence in X)
        return transform(self, X, *rest)

    def judging(self: SpoilerClassifier, X: list[str], *rest: Any) -> Any:
        judged.update(work_of[sentence] for sentence in X)
        return decide(self, X, *rest)

    monkeypatch.setattr(SentenceVectorizer, "document_frequencies", counting)
    monkeypatch.setattr(SentenceVectorizer, "transform", learning)
    monkeypatch.setattr(SpoilerClassifier, "decision_function", judging)
    streamed()
    assert learnt == counted
    assert judged
    assert not judged & learnt
    assert judged | learnt == set(CORPUS.groups)


def test_sentences_without_work_are_held_out_by_review_and_without_review_by_row() -> None:
    by_review = streamed(CORPUS.frame.assign(work=None)).card_["Trained on"]
    assert by_review["works"] == 160
    alone = streamed(CORPUS.frame.assign(work=None, review_id=None, position=None)).card_["Trained on"]
    assert alone["works"] == len(CORPUS)
    assert 0.15 < alone["works held out"] / len(CORPUS) < 0.25


def test_the_card_says_what_was_learnt_and_what_was_held_out(model: SpoilerClassifier) -> None:
    found = model.card_["Trained on"]
    learnt = found["sentences that the head has learnt"]
    held_out = found["sentences held out, for calibration, context and operating points"]
    assert learnt + held_out == found["sentences"] == len(CORPUS)
    assert (found["spoilers"], found["works"], found["reviews"]) == (CORPUS.labels.sum(), 80, 160)
    assert 0.1 < held_out / len(CORPUS) < 0.3
    assert {row["standing"] for row in model.card_["Metrics on the works held out"]} == {"alone", "in review"}


# bounded -----------------------------------------------------------------------------------------------------------


def test_what_is_held_out_has_a_bound_and_the_rest_is_learnt(
    monkeypatch: pytest.MonkeyPatch, model: SpoilerClassifier
) -> None:
    monkeypatch.setattr(survey, "_MAX_HELD_OUT", 120)
    fewer = streamed()
    names = [one.card_["Trained on"]["works held out"] for one in (model, fewer)]
    assert names[1] < names[0]
    held_out = fewer.card_["Trained on"]["sentences held out, for calibration, context and operating points"]
    assert 0 < held_out <= 120
    assert same(streamed(in_pieces(CORPUS.frame, 50)), fewer)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length() -> None:
    def endless(n_works: int) -> Callable[[], Iterator[pd.DataFrame]]:
        def frames() -> Iterator[pd.DataFrame]:
            for work in range(0, n_works, 30):
                frame = make_corpus(works=30, seed=work).frame
                yield frame.assign(work=frame["work"] + f"-{work}", review_id=frame["review_id"] + f"-{work}")

        return frames

    peaks = []
    for n_works in (3_000, 9_000):
        tracemalloc.start()
        streamed(endless(n_works))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


@given(st.sets(st.text(min_size=1), max_size=60))
def test_few_names_are_counted_exactly(names: set[str]) -> None:
    count = DistinctCount()
    for name in [*names, *names]:
        count.add(hash_name(name))
    assert len(count) == len(names)


def test_many_names_are_estimated_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_stream, "_MAX_NAMES", 1000)
    count = DistinctCount()
    for number in range(50_000):
        count.add(hash_name(str(number)))
    assert len(count._known) <= 1000
    assert abs(len(count) / 50_000 - 1) < 0.2


# refused at once ---------------------------------------------------------------------------------------------------


def test_an_iterator_is_refused_and_told_what_to_pass() -> None:
    with pytest.raises(TypeError, match=r"can be read once only.*a function that returns a new iterator"):
        streamed(part for part in in_pieces(CORPUS.frame, 100))
    for wrong in (3, None):
        with pytest.raises(TypeError, match="expected paths, tables or a function"):
            streamed(wrong)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="spoiler"), "missing column 'spoiler'"),
        (lambda frame: frame.drop(columns="sentence"), "missing column 'sentence'"),
        (lambda frame: frame[:0], "empty; it needs at least one row"),
        (lambda frame: frame.assign(sentence=[*frame["sentence"][:-1], " "]), "row 799, column 'sentence': empty"),
        (lambda frame: frame.assign(spoiler=[*frame["spoiler"][:-1], "maybe"]), "row 799, column 'spoiler': unknown"),
        (lambda frame: frame.assign(work=[f"w{row}" for row in range(len(frame))]), "one review under two works"),
    ],
)
def test_what_no_corpus_may_hold_is_refused_with_its_place(change: Any, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        streamed(change(CORPUS.frame))


def test_a_fault_of_the_last_file_shows_before_the_first_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CORPUS.frame.to_csv(tmp_path / "a.csv", index=False)
    CORPUS.frame.drop(columns="spoiler").to_csv(tmp_path / "b.csv", index=False)
    monkeypatch.setattr(CorpusStream, "__iter__", None)
    with pytest.raises(CorpusError, match=r"b\.csv: missing column 'spoiler'"):
        streamed(tmp_path)
    with pytest.raises(CorpusError, match="no such file"):
        streamed([tmp_path / "a.csv", tmp_path / "c.csv"])
    (tmp_path / "none").mkdir()
    with pytest.raises(CorpusError, match="holds no table"):
        streamed(tmp_path / "none")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (CORPUS.frame.assign(spoiler=0), "holds no spoiler: a model needs both kinds"),
        (CORPUS.frame.assign(spoiler=1), "holds no safe sentence"),
        (CORPUS.frame.assign(weight=0), "holds no spoiler of a weight above 0"),
        (CORPUS.frame[:40], "These are the works held out.*spoilerguard.train makes more of them"),
    ],
)
def test_data_that_cannot_teach_a_model_is_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        streamed(frame)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"estimator": LogisticRegression()}, TypeError, "unfitted SpoilerClassifier, got LogisticRegression"),
        ({"estimator": small(C=0)}, ValueError, "C must be above 0"),
        ({"seed": True}, TypeError, "seed must be a whole number, got True"),
        ({"seed": -1}, ValueError, "seed must be from 0"),
        ({"n_splits": 1}, ValueError, "n_splits must be from 2"),
    ],
)
def test_an_argument_that_is_wrong_is_named_before_a_table_is_opened(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        streamed("there is no such table.csv", **options)


def test_a_seed_of_numpy_counts_as_the_same_seed(model: SpoilerClassifier) -> None:
    assert same(streamed(seed=np.int64(0)), model)


def test_empty_tables_among_others_are_passed_over(tmp_path: Path, model: SpoilerClassifier) -> None:
    assert same(streamed([CORPUS.frame[:0], CORPUS.frame, CORPUS.frame[:0]]), model)
    CORPUS.frame.to_csv(tmp_path / "a.csv", index=False)
    CORPUS.frame[:0].to_csv(tmp_path / "b.csv", index=False)
    (tmp_path / "c.jsonl").touch()
    assert same(streamed(tmp_path), model)


def test_sentences_that_look_like_reviews_are_warned_of() -> None:
    long = CORPUS.frame.assign(sentence=CORPUS.frame["sentence"] + " We liked the music. We left early.")
    with pytest.warns(UserWarning, match="hold several sentences"):
        streamed(long)


# with an encoder, and in a shell -----------------------------------------------------------------------------------


def test_each_sentence_to_learn_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = make_network(CORPUS.sentences)
    n_encoded = 0
    encode = type(encoder).encode

    def counting(self: Any, tokens: Any) -> NDArray[np.float64]:
        nonlocal n_encoded
        n_encoded += len(tokens)
        return encode(self, tokens)

    monkeypatch.setattr(type(encoder), "encode", counting)
    found = streamed(estimator=small(vectorizer=SentenceVectorizer(n_buckets=2**12, encoder=encoder)))
    assert n_encoded == len(CORPUS)
    assert len(found.coef_) == 2 * 2**12 + encoder.n_dimensions


def test_the_command_trains_on_several_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = make_corpus(works=60, reviews=2, sentences=4).frame
    frame[:100].to_csv(tmp_path / "a.csv", index=False)
    frame[100:].to_csv(tmp_path / "b.csv", index=False)
    names = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    output = str(tmp_path / "model")
    assert main(["train", "--stream", *names, "--output", output]) == 0
    assert "trained on 480 sentences of 60 works" in capsys.readouterr().out
    assert spoilerguard.load(output).operating_points_
    for wrong, message in (
        ([*names], "several tables are read by --stream only"),
        (["--stream", "--base", "default", *names], "--base needs all labels at once"),
    ):
        assert main(["train", "--output", f"{output}-2", *wrong]) == 2
        assert message in capsys.readouterr().err
