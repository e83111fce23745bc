"""The project's own tables: what their card promises, and that what they teach carries over to real reviews."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from spoilerguard import sentences
from spoilerguard.checks import check_corpus
from spoilerguard.checks.sameness import LONG, worded
from spoilerguard.context import review_logits
from spoilerguard.corpus import Corpus
from spoilerguard.datasets import data_home, load_challenge, load_corpus, load_reviews, owned
from spoilerguard.errors import CorpusError
from spoilerguard.evaluation import roc_auc
from spoilerguard.model import SpoilerClassifier
from spoilerguard.training import train

DATASETS = Path(__file__).parents[1] / "datasets"
KINDS = {"film", "series", "novel", "comic", "game"}


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATASETS / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def reviews() -> list[dict[str, Any]]:
    return [review for split in owned.SPLITS for review in read(f"reviews/{split}.jsonl")]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return load_reviews()


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    return read("challenge/challenge.jsonl")


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
    labels = [label > 0 for review in reviews for label in review["labels"]]
    spoiling = [any(review["labels"]) for review in reviews]
    assert 0.08 <= np.mean(labels) <= 0.15
    assert 0.3 <= np.mean(spoiling) <= 0.4


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
    card = (DATASETS / "README.md").read_text(encoding="utf-8")
    assert f"Cohen's kappa is **{cohen_kappa_score(first, second):.3f}**" in card
    assert f"{len(first):,} sentences" in card


def test_cutting_the_texts_anew_finds_nearly_all_labelled_sentences(reviews: list[dict[str, Any]]) -> None:
    found = [
        (start, stop) in {(cut.start, cut.end) for cut in cuts}
        for review in reviews
        for cuts in [sentences.split(review["text"])]
        for start, stop in review["spans"]
    ]
    assert np.mean(found) >= 0.95


def test_no_work_and_no_sentence_of_some_length_stands_in_two_splits() -> None:
    splits = [load_reviews(split) for split in owned.SPLITS]  # type: ignore[arg-type]
    for one, other in combinations(splits, 2):
        assert not {work.casefold() for work in one.frame["work"]} & {work.casefold() for work in other.frame["work"]}
        told = [{text for text in map(worded, part.sentences) if text.count(" ") >= LONG - 1} for part in (one, other)]
        assert not told[0] & told[1]


def test_the_splits_make_up_the_whole(corpus: Corpus) -> None:
    sizes = [len(load_reviews(split)) for split in owned.SPLITS]  # type: ignore[arg-type]
    assert sum(sizes) == len(corpus)
    assert sizes[0] / len(corpus) == pytest.approx(0.7, abs=0.02)
    assert set(corpus.frame["split"]) == set(owned.SPLITS)


def test_the_projects_own_check_finds_nothing_to_mend(corpus: Corpus) -> None:
    report = check_corpus(corpus)
    assert report.ok
    leaks = {name for name in report.names if "both-sides" in name or "duplicate" in name}
    assert leaks <= {"exact-duplicates"}  # headings and ratings: "Verdict", "10/10"


def test_an_unknown_split_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'train', 'dev', 'test' or None, not 'valid'"):
        load_reviews("valid")  # type: ignore[arg-type]


def test_missing_files_are_an_error_that_names_both_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(owned, "_PLACES", (tmp_path / "package", tmp_path / "checkout"))
    for load in (load_reviews, load_challenge):
        with pytest.raises(CorpusError, match=r"(?s)package.*checkout.*install spoilerguard again"):
            load()


def test_a_damaged_case_is_an_error_that_names_line_and_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "challenge").mkdir()
    good = (DATASETS / "challenge" / "challenge.jsonl").read_text(encoding="utf-8").splitlines()[0]
    damaged = good.replace('"kind"', '"sort"')
    (tmp_path / "challenge" / "challenge.jsonl").write_text(f"{good}\n{damaged}\n", encoding="utf-8")
    monkeypatch.setattr(owned, "_PLACES", (tmp_path,))
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


@pytest.mark.data
def test_what_the_train_split_teaches_carries_over_to_real_reviews() -> None:
    gold = data_home() / "gold" / "dev.jsonl"
    if not gold.is_file():
        pytest.skip(f"{gold} is not there")
    real = load_corpus(gold)
    model = train(load_reviews("train"), estimator=SpoilerClassifier())  # no word vectors: they come from other data
    assert roc_auc(real.labels, review_logits(model, real.sentences, real.lengths)) >= 0.80
