"""Drift: texts of another kind raise an alarm, texts of the kind that the model was trained on seldom do."""

import copy
import json
from collections import Counter
from html import unescape
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spoilerguard import SpoilerClassifier, SpoilerguardError, drift, save, train
from spoilerguard.bundled import default_encoder
from spoilerguard.datasets import data_home, load_corpus, make_corpus
from spoilerguard.documents import Documents
from spoilerguard.features import SentenceVectorizer
from spoilerguard.monitoring import Deviation, DriftReport
from spoilerguard.monitoring.comparing import _compare, _sums

CORPUS = make_corpus(works=60, reviews=3, sentences=6)
UNSEEN = make_corpus(works=60, reviews=3, sentences=6, seed=5)


def small() -> SpoilerClassifier:
    """Quick to train: few buckets, one strength of penalty."""
    return SpoilerClassifier(C=0.003, vectorizer=SentenceVectorizer(encoder=default_encoder(), n_buckets=2**10))


def reviews_of(corpus: Any) -> list[str]:
    return [" ".join(part) for _, part in corpus.frame.groupby("review_id", sort=False)["sentence"]]


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    return train(CORPUS, estimator=small(), n_splits=3)


@pytest.fixture(scope="module")
def known() -> list[str]:
    return reviews_of(UNSEEN)


def test_missing_texts_are_left_out(model: SpoilerClassifier, known: list[str]) -> None:
    assert drift(model, [None, *known, float("nan")]) == drift(model, known)  # type: ignore[list-item]


GERMAN = "Die Musik ist schön, und der Film ist nicht zu lang."
SLANG = "Zorkblat grindelt the flurmish quorbs and vrenchy snozzles."


# what is found -----------------------------------------------------------------------------------------------------


def test_works_that_the_model_has_not_seen_look_like_those_of_the_training(
    model: SpoilerClassifier, known: list[str]
) -> None:
    report = drift(model, known)
    assert not report.alarm
    assert report.alarms == ()
    assert "look like those of the training" in str(report)


@pytest.mark.parametrize(
    ("change", "alarm"),
    [
        (lambda text: GERMAN, "language"),
        (lambda text: f"{text} {SLANG}", "vocabulary"),
        (lambda text: " ".join([text] * 5), "length"),
        (lambda text: "In the end the nurse is the killer and Anna dies.", "probability"),
        (lambda text: "The graphics card stutters at high settings on my computer.", "vectors"),
    ],
    ids=["language", "vocabulary", "length", "probability", "vectors"],
)
def test_each_change_raises_the_alarm_that_names_it_and_says_what_to_do(
    change: Any, alarm: str, model: SpoilerClassifier, known: list[str]
) -> None:
    report = drift(model, [change(text) for text in known[:60]])
    assert report.alarm
    assert alarm in report.alarms
    [found] = [one for one in report.deviations if one.name == alarm]
    assert found.value > found.threshold
    assert found.advice in str(report)
    assert found.advice in unescape(report._repr_html_())


@pytest.mark.slow
def test_each_source_is_a_kind_of_its_own_and_the_most_similar_one_is_named() -> None:
    long = make_corpus(works=60, reviews=2, sentences=12, seed=2).frame.assign(source="long")
    short = make_corpus(works=60, reviews=6, sentences=2, seed=3).frame.assign(source="short")
    short["review_id"], short["work"] = "s" + short["review_id"], "s" + short["work"]
    found = train(pd.concat([long, short]), estimator=small(), n_splits=3)
    assert found.profile_ is not None
    assert found.profile_.kinds[0].name == ""
    assert {kind.name for kind in found.profile_.kinds} == {"", "long", "short"}
    for name, sentences in (("long", 12), ("short", 2)):
        unseen = make_corpus(works=60, reviews=2, sentences=sentences, seed=9)
        report = drift(found, reviews_of(unseen))
        assert (report.kind, report.alarm) == (name, False)
        assert f"source '{name}'" in str(report)


def test_sentences_on_their_own_are_compared_as_such() -> None:
    alone = CORPUS.frame[["sentence", "spoiler", "work"]]
    found = train(alone, estimator=small(), n_splits=3)
    assert not drift(found, UNSEEN.sentences, by="sentence").alarm
    assert "length" in drift(found, reviews_of(UNSEEN)).alarms


def test_a_model_without_an_encoder_is_watched_without_vectors(known: list[str]) -> None:
    found = train(CORPUS, estimator=SpoilerClassifier(vectorizer=SentenceVectorizer(n_buckets=2**12)), n_splits=3)
    report = drift(found, known)
    assert [one.name for one in report.deviations] == ["vocabulary", "language", "length", "probability"]
    assert not report.alarm
    assert drift(found, [GERMAN] * 30).alarm


# the report --------------------------------------------------------------------------------------------------------


def test_the_report_is_plain_values_json_and_a_table(model: SpoilerClassifier, known: list[str]) -> None:
    report = drift(model, [*known[:30], *[GERMAN] * 10])
    plain = report.to_dict()
    assert (plain["n_texts"], plain["alarm"]) == (40, True)
    again = json.loads(report.to_json())
    assert [one["name"] for one in again["deviations"]] == [one["name"] for one in plain["deviations"]]
    assert report.to_frame()["alarm"].tolist() == [one.alarm for one in report.deviations]
    assert repr(report) == f"DriftReport({str(report).splitlines()[0]})"
    assert "<table>" in report._repr_html_()


def test_what_passes_no_threshold_gives_no_advice() -> None:
    report = DriftReport(40, "", (Deviation("length", 0.1, 0.2, 100.0, 110.0),))
    assert (report.alarm, report.deviations[0].advice) == (False, "")
    assert "alarm above" in str(report)


# the profile -------------------------------------------------------------------------------------------------------


def test_a_saved_model_gives_the_same_report(model: SpoilerClassifier, known: list[str], tmp_path: Any) -> None:
    save(model, tmp_path / "model")
    assert drift(str(tmp_path / "model"), known[:40]).to_dict() == drift(model, known[:40]).to_dict()


@pytest.mark.parametrize("method", ["adapt", "partial_fit"])
@pytest.mark.filterwarnings("ignore:.*has learnt from further labels")
def test_whoever_changes_the_weights_loses_the_profile(method: str, model: SpoilerClassifier, known: list[str]) -> None:
    found, flags = copy.deepcopy(model), UNSEEN.labels[:40]
    labels = flags if method == "adapt" else found.classes_[flags]
    getattr(found, method)(UNSEEN.sentences[:40], labels)
    with pytest.raises(SpoilerguardError, match="has no profile"):
        drift(found, known)


def test_thresholds_fall_with_the_number_of_texts_and_stay_beyond_the_largest_sample(model: SpoilerClassifier) -> None:
    assert model.profile_ is not None
    [kind, *_] = model.profile_.kinds
    for name in ("length", "probability", "vectors"):
        assert kind.threshold(name, 10) > kind.threshold(name, int(kind.sizes[-1]))
        assert kind.threshold(name, 10**6) == kind.threshold(name, int(kind.sizes[-1]))


def test_a_corpus_of_few_works_gives_no_profile() -> None:
    assert train(make_corpus(works=9, reviews=6, seed=1), estimator=small(), n_splits=3).profile_ is None


# refused -----------------------------------------------------------------------------------------------------------


def test_a_model_without_a_profile_says_to_train_it_anew(tiny_model: SpoilerClassifier) -> None:
    with pytest.raises(SpoilerguardError, match=r"has no profile.*train it anew, with spoilerguard\.train"):
        drift(tiny_model, ["Fine."] * 20)


@pytest.mark.parametrize(
    ("texts", "options", "error", "message"),
    [
        (["Fine film."] * 9, {}, ValueError, "10 texts or more, got 9"),
        (["Fine film."] * 9 + ["", "  "], {}, ValueError, "got 9"),
        ([], {}, ValueError, "got 0"),
        ("Fine film.", {}, TypeError, "iterable of strings"),
        (["Fine."] * 10 + [7], {}, TypeError, "Element 10 is 7"),
        (["Fine."] * 10, {"by": "word"}, ValueError, "by must be"),
    ],
    ids=["few", "blank", "none", "a string", "a number", "by"],
)
def test_what_cannot_be_compared_is_refused(
    texts: Any, options: dict[str, Any], error: type[Exception], message: str, model: SpoilerClassifier
) -> None:
    with pytest.raises(error, match=message):
        drift(model, texts, **options)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_table_is_refused_by_a_message_that_asks_for_a_column(library: str, model: SpoilerClassifier) -> None:
    module = pytest.importorskip(library)
    table = (module.table if library == "pyarrow" else module.DataFrame)({"text": ["Fine."] * 10, "id": [1] * 10})
    with pytest.raises(TypeError, match=r"got (DataFrame|Table): pass one of its columns"):
        drift(model, table)


# real texts --------------------------------------------------------------------------------------------------------

N_DRAWS = 300


@pytest.fixture(scope="module")
def films() -> tuple[SpoilerClassifier, list[str], list[str]]:
    """A model of reviews of half the films; reviews of the other half, drawn as those were, and from a larger pool."""
    corpus = load_corpus(data_home() / "gold" / "train.jsonl")
    pool = pd.read_parquet(data_home() / "imdb_reviews.parquet")
    works = sorted({*pool["work"], *corpus.groups})
    half = np.random.default_rng(0).permutation(len(works)) < len(works) / 2
    seen = np.array(works)[half].tolist()
    of_films = corpus.frame["source"].str.startswith("imdb").to_numpy(bool)
    learnt = np.isin(corpus.groups.astype(str), seen)
    vectorizer = SentenceVectorizer(encoder=default_encoder(), n_buckets=2**16)
    model = train(corpus.take(of_films & learnt), estimator=SpoilerClassifier(C=0.003, vectorizer=vectorizer))
    lines = (data_home() / "gold" / "train.jsonl").read_text(encoding="utf-8").strip().split("\n")
    alike = [
        review["text"]
        for review in map(json.loads, lines)
        if review["stratum"] == "random" and review["work"] not in seen
    ]
    return model, alike, pool[~pool["work"].isin(seen)].sample(1000, random_state=0)["text"].tolist()


def alarm_rates(model: SpoilerClassifier, texts: list[str], name: str) -> dict[int, float]:
    """Share of samples of so many texts that raise an alarm."""
    profile, random = model.profile_, np.random.default_rng(1)
    assert profile is not None
    sums = _sums(model, Documents.from_reviews(texts), profile)
    rates, which = {}, Counter[str]()
    for size in (10, 25, 50, 100, 200):
        drawn = [random.choice(len(texts), size, replace=False) for _ in range(N_DRAWS)]
        reports = [_compare(sums.take(rows), profile) for rows in drawn]
        rates[size] = round(float(np.mean([report.alarm for report in reports])), 3)
        which.update(name for report in reports for name in report.alarms)
    print(f"\n{name}, alarms by number of texts: {rates}; {dict(which)}")  # noqa: T201
    return rates


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(
    not (data_home() / "pool").is_dir(), reason="needs the texts: set SPOILERGUARD_DATA to their folder"
)
def test_films_after_films_raise_few_alarms_and_games_after_films_nearly_always(
    films: tuple[SpoilerClassifier, list[str], list[str]],
) -> None:
    model, alike, from_pool = films
    known = {name: alarm_rates(model, texts, name) for name, texts in (("alike", alike), ("from the pool", from_pool))}
    others = {}
    for kind in ("games", "books", "series"):
        texts = pd.read_parquet(data_home() / "pool" / f"{kind}.parquet")["text"]
        others[kind] = alarm_rates(model, texts[texts.str.len() > 200].sample(250, random_state=0).tolist(), kind)
    assert max(rate for rates in known.values() for rate in rates.values()) <= 0.05
    assert min(rate for rates in others.values() for size, rate in rates.items() if size >= 25) >= 0.95
    assert others["games"][10] >= 0.8
