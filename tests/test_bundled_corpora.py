"""The bundled tables: what their card promises, and that what they teach carries over to real reviews."""

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from spoilerguard import sentences
from spoilerguard.checks import check_corpus
from spoilerguard.checks.duplicates import is_long, lower_words
from spoilerguard.corpus import Corpus
from spoilerguard.datasets import bundled, data_home, load_challenge, load_corpus, load_reviews
from spoilerguard.datasets.bundled import SPLITS
from spoilerguard.errors import CorpusError
from spoilerguard.evaluation import roc_auc
from spoilerguard.model import SpoilerClassifier
from spoilerguard.predicting import predict
from spoilerguard.training import train

DATASETS = Path(__file__).parents[1] / "datasets"
KINDS = {"film", "series", "novel", "comic", "game"}


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATASETS / name).read_text(encoding="utf-8").splitlines()]


def prose(name: str) -> str:
    return " ".join((DATASETS / name).read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def reviews() -> list[dict[str, Any]]:
    return [review for split in SPLITS for review in read(f"reviews/{split}.jsonl")]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_reviews()


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    return read("challenge/challenge.jsonl")


@pytest.fixture(scope="module")
def labelled_elsewhere() -> list[dict[str, Any]]:
    """Labels of reviews whose texts the project may not hold."""
    return read("labels/imdb_reviews.jsonl")


def test_there_are_enough_reviews_sentences_and_works(reviews: list[dict[str, Any]]) -> None:
    assert len(reviews) >= 500
    assert sum(len(review["spans"]) for review in reviews) >= 6000
    assert len({review["work"] for review in reviews}) >= 250


def test_every_kind_and_register_occurs(reviews: list[dict[str, Any]]) -> None:
    assert {review["kind"] for review in reviews} == KINDS
    registers = Counter(review["register"] for review in reviews)
    assert len(registers) >= 15
    assert min(registers.values()) >= 10


def test_spoilers_are_as_rare_and_as_clumped_as_asked_for(reviews: list[dict[str, Any]]) -> None:
    for split, most, most_reviews in (("train", 0.18, 0.5), ("dev", 0.15, 0.4), ("test", 0.15, 0.4)):
        part = [review for review in reviews if review["split"] == split]
        assert 0.08 <= np.mean([label > 0 for review in part for label in review["labels"]]) <= most
        assert 0.3 <= np.mean([any(review["labels"]) for review in part]) <= most_reviews


def test_review_ids_are_unique(reviews: list[dict[str, Any]]) -> None:
    assert len({review["review_id"] for review in reviews}) == len(reviews)


def test_spans_slice_the_text_in_order_and_leave_only_blanks_between_them(reviews: list[dict[str, Any]]) -> None:
    for review in reviews:
        text, end = review["text"], 0
        for start, stop in review["spans"]:
            assert text[start:stop] == text[start:stop].strip() != ""
            assert not text[end:start].strip()
            end = stop
        assert end == len(text)


def test_every_labelling_has_one_label_from_0_to_2_for_each_span(reviews: list[dict[str, Any]]) -> None:
    for review in reviews:
        for name in ("labels", "labels_first", "labels_second"):
            assert len(review[name]) == len(review["spans"])
            assert set(review[name]) <= {0, 1, 2}


def test_two_labellings_agree_and_where_they_do_the_settled_label_is_theirs(reviews: list[dict[str, Any]]) -> None:
    first, second, settled = (
        np.array([label for review in reviews for label in review[name]])
        for name in ("labels_first", "labels_second", "labels")
    )
    assert cohen_kappa_score(first > 0, second > 0) >= 0.8
    assert (settled == first)[first == second].all()


def test_the_card_states_the_agreement_that_the_files_hold(reviews: list[dict[str, Any]]) -> None:
    first = np.array([label > 0 for review in reviews for label in review["labels_first"]])
    second = np.array([label > 0 for review in reviews for label in review["labels_second"]])
    card = prose("README.md")
    assert f"Cohen's kappa is **{cohen_kappa_score(first, second):.3f}**" in card
    assert f"{len(first):,} sentences" in card


def test_the_card_counts_each_split_as_the_files_do(reviews: list[dict[str, Any]]) -> None:
    card = prose("README.md")
    for split in SPLITS:
        part = [review for review in reviews if review["split"] == split]
        labels = [label for review in part for label in review["labels"]]
        spoilers = len(labels) - labels.count(0)
        share = f"{spoilers:,} ({spoilers / len(labels):.1%})"
        works = len({review["work"] for review in part})
        assert f"| {split} | {len(part)} | {works} | {len(labels):,} | {share} |" in card


def test_cutting_the_texts_anew_finds_nearly_all_labelled_sentences(reviews: list[dict[str, Any]]) -> None:
    found = [
        (start, stop) in {(cut.start, cut.end) for cut in cuts}
        for review in reviews
        for cuts in [sentences.split(review["text"])]
        for start, stop in review["spans"]
    ]
    assert np.mean(found) >= 0.95


def test_no_work_and_no_sentence_of_some_length_stands_in_two_splits() -> None:
    splits = [load_reviews(split) for split in SPLITS]  # type: ignore[arg-type]
    for one, other in combinations(splits, 2):
        assert not {work.casefold() for work in one.frame["work"]} & {work.casefold() for work in other.frame["work"]}
        long = [{text for text in map(lower_words, part.sentences) if is_long(text)} for part in (one, other)]
        assert not long[0] & long[1]


def test_the_splits_make_up_the_whole(corpus: Corpus) -> None:
    sizes = [len(load_reviews(split)) for split in SPLITS]  # type: ignore[arg-type]
    assert sum(sizes) == len(corpus)
    assert sizes[0] / len(corpus) == pytest.approx(0.8, abs=0.02)
    assert min(sizes) >= 1200  # what is measured on stays large enough
    assert set(corpus.frame["split"]) == set(SPLITS)


@pytest.mark.slow
def test_check_corpus_finds_nothing_to_mend(corpus: Corpus) -> None:
    report = check_corpus(corpus)
    assert report.ok
    leaks = {name for name in report.names if "both-sides" in name or "duplicate" in name}
    assert leaks <= {"exact-duplicates"}  # headings and ratings: "Verdict", "10/10"


def test_an_unknown_split_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'train', 'dev', 'test' or None, not 'valid'"):
        load_reviews("valid")  # type: ignore[arg-type]


def test_missing_files_are_an_error_that_names_both_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundled, "_FOLDERS", (tmp_path / "package", tmp_path / "checkout"))
    for load in (load_reviews, load_challenge):
        with pytest.raises(CorpusError, match=r"(?s)package.*checkout.*install spoilerguard again"):
            load()


def test_a_damaged_case_is_an_error_that_names_line_and_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "challenge").mkdir()
    good = (DATASETS / "challenge" / "challenge.jsonl").read_text(encoding="utf-8").splitlines()[0]
    damaged = good.replace('"kind"', '"sort"')
    (tmp_path / "challenge" / "challenge.jsonl").write_text(f"{good}\n{damaged}\n", encoding="utf-8")
    monkeypatch.setattr(bundled, "_FOLDERS", (tmp_path,))
    with pytest.raises(CorpusError, match="line 2, key 'kind'"):
        load_challenge()


def test_there_are_enough_cases_of_enough_abilities(cases: list[dict[str, Any]]) -> None:
    abilities = Counter(case["ability"] for case in cases)
    assert len(cases) >= 400
    assert len(abilities) >= 15
    assert min(abilities.values()) >= 20


def test_the_cases_of_a_pair_share_ability_and_kind_and_differ_in_words_or_context(cases: list[dict[str, Any]]) -> None:
    assert len({case["id"] for case in cases}) == len(cases)
    assert len({(case["before"], case["sentence"]) for case in cases}) == len(cases)
    for pair in {case["pair"] for case in cases}:
        twins = [case for case in cases if case["pair"] == pair]
        assert len(twins) >= 2
        assert len({case["ability"] for case in twins}) == 1
        assert all(case["id"][:-1] == pair for case in twins)


def test_pairs_contrast_verdicts_unless_their_ability_is_to_keep_the_verdict(cases: list[dict[str, Any]]) -> None:
    for pair in {case["pair"] for case in cases}:
        twins = [case for case in cases if case["pair"] == pair]
        keeps = twins[0]["ability"] in {"names_swapped", "typos_case_emoji"}
        assert len({case["label"] for case in twins}) == (1 if keeps else 2)


def test_both_labellings_of_every_case_agree(cases: list[dict[str, Any]]) -> None:
    assert all(case["label"] == case["label_first"] == case["label_second"] for case in cases)


def test_the_loaded_challenge_is_the_file(cases: list[dict[str, Any]]) -> None:
    loaded = load_challenge()
    assert [case.id for case in loaded] == [case["id"] for case in cases]
    assert [case.spoiler for case in loaded] == [case["label"] == "spoiler" for case in cases]


def test_labels_without_texts_hold_ids_places_and_labels_and_no_text(labelled_elsewhere: list[dict[str, Any]]) -> None:
    for review in labelled_elsewhere:
        assert {"id", "spans", "labels"} <= set(review) <= {"id", "spans", "labels", "labels_second"}
        assert re.fullmatch(r"(train|test)-(pos|neg|unsup)-\d+_\d+", review["id"])
    for sentence in read("labels/goodreads_sentences.jsonl"):
        assert set(sentence) == {"id", "labels"}
        assert type(sentence["id"]) is int
        assert sentence["id"] >= 0
        assert len(sentence["labels"]) == 1


@pytest.mark.parametrize("name", ["imdb_reviews", "goodreads_sentences"])
def test_labels_without_texts_are_0_to_2_under_ids_that_occur_once(name: str) -> None:
    rows = read(f"labels/{name}.jsonl")
    assert len({row["id"] for row in rows}) == len(rows)
    labels = [label for row in rows for key in ("labels", "labels_second") for label in row.get(key, [])]
    assert {type(label) for label in labels} == {int}
    assert set(labels) == {0, 1, 2}


def test_spans_without_texts_ascend_without_overlap_one_a_label(labelled_elsewhere: list[dict[str, Any]]) -> None:
    for review in labelled_elsewhere:
        edges = [edge for span in review["spans"] for edge in span]
        assert all(type(edge) is int for edge in edges)
        assert edges[0] >= 0
        assert all(start < end for start, end in review["spans"])
        assert edges == sorted(edges)
        assert {len(review[key]) for key in review if key.startswith("labels")} == {len(review["spans"])}


def test_the_card_of_the_labels_without_texts_states_what_they_hold(labelled_elsewhere: list[dict[str, Any]]) -> None:
    card = prose("labels/README.md")
    twice = [review for review in labelled_elsewhere if "labels_second" in review]
    first, second = (np.array([x for review in twice for x in review[key]]) for key in ("labels", "labels_second"))
    assert f"read {len(twice)} reviews ({len(first):,} sentences)" in card
    assert f"Cohen's kappa is **{cohen_kappa_score(first > 0, second > 0):.3f}**" in card
    assert f"**{cohen_kappa_score(first, second):.3f}** for the three labels" in card
    assert f"| {len(labelled_elsewhere):,} reviews of" in card
    labels = [label for review in labelled_elsewhere for label in review["labels"]]
    assert f"| {len(labels):,} | {len(labels) - labels.count(0):,} (" in card
    assert f"| {len(read('labels/goodreads_sentences.jsonl')):,} single sentences" in card


def test_soft_labels_are_of_as_many_texts_and_sentences_as_their_card_says_and_of_none_that_is_labelled() -> None:
    with np.load(DATASETS / "labels" / "soft_labels.npz") as arrays:
        names, sizes, logits = (arrays[name] for name in ("id", "n_sentences", "logits"))
    assert len(set(names.tolist())) == len(names)
    assert logits.shape == (sizes.sum(), 3)
    assert f"{len(names):,} further texts ({len(logits):,} sentences)" in prose("labels/README.md")
    assert not {row["id"] for row in read("labels/other_kinds.jsonl")} & set(names.tolist())


@pytest.mark.data
def test_spans_without_texts_fit_their_texts(labelled_elsewhere: list[dict[str, Any]]) -> None:
    pytest.importorskip("pyarrow", reason="reading parquet needs pyarrow")
    path = data_home() / "imdb_reviews.parquet"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    pool = pd.read_parquet(path).set_index("review_id")["text"]
    cut_alike = []
    for review in labelled_elsewhere:
        text, end = pool[review["id"]], 0
        for start, stop in review["spans"]:
            assert text[start:stop].strip()
            assert not text[end:start].strip()
            end = stop
        assert end <= len(text)
        assert not text[end:].strip()
        cut_alike.append([[cut.start, cut.end] for cut in sentences.split(text)] == review["spans"])
    assert np.mean(cut_alike) >= 0.93  # they were cut before wrapped lines were joined and run-ons parted


@pytest.mark.data
def test_sentences_labelled_without_texts_stand_in_their_table_and_the_tags_are_as_poor_as_the_card_says() -> None:
    path = data_home() / "goodreads_sentences.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    rows = read("labels/goodreads_sentences.jsonl")
    table = pd.read_csv(path).iloc[[row["id"] for row in rows]]  # an id beyond the table raises
    assert not table["sentence"].duplicated().any()
    tagged, spoiler = table["spoiler"].to_numpy() > 0, np.array([row["labels"][0] > 0 for row in rows])
    card = prose("labels/README.md")
    assert f"of {tagged.sum()} tagged sentences {(tagged & spoiler).sum()} are spoilers" in card
    assert f"(**precision {100 * spoiler[tagged].mean():.1f} %**)" in card
    missed = (spoiler & ~tagged).sum()
    assert f"**the tag misses {missed} ({100 * missed / spoiler.sum():.0f} %)**" in card


@pytest.mark.data
@pytest.mark.slow
def test_what_the_train_split_teaches_carries_over_to_real_reviews() -> None:
    gold = data_home() / "gold" / "dev.jsonl"
    if not gold.is_file():
        pytest.skip(f"{gold} is not there")
    real = load_corpus(gold)
    model = train(load_reviews("train"), estimator=SpoilerClassifier())  # no word vectors: they come from other data
    assert roc_auc(real.labels, predict(model, real.documents).logit) >= 0.80
