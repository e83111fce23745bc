"""Training: repeatable, honest about works that it has not seen, and unwilling to learn from what cannot teach."""

import copy
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from networks import REVIEW_WIDTH, make_network
from scipy.special import expit
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from spoilerguard import Corpus, CorpusError, SpoilerClassifier, TrainingError, classify, load, save, train
from spoilerguard.calibration import calibration_error
from spoilerguard.datasets import make_corpus
from spoilerguard.documents import Standing
from spoilerguard.encoders import ConvolutionalEncoder
from spoilerguard.errors import ModelFormatError
from spoilerguard.features import SentenceVectorizer, TokenBatch
from spoilerguard.persistence.formats.profile_v1 import describe_profile
from spoilerguard.predicting import predict

CORPUS = make_corpus(works=30, reviews=3, sentences=6)
UNSEEN = make_corpus(works=60, seed=5)


def small() -> SpoilerClassifier:
    return SpoilerClassifier(vectorizer=SentenceVectorizer(n_buckets=2**12), C=1.0)


def trained(corpus: Any = CORPUS, **options: Any) -> SpoilerClassifier:
    return train(corpus, **{"estimator": None if "base" in options else small(), "n_splits": 3, **options})


def table(**columns: Any) -> pd.DataFrame:
    frame: pd.DataFrame = CORPUS.frame.assign(**columns)
    return frame


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    return trained()


def alone(corpus: Corpus) -> Corpus:
    """The same sentences, each on its own."""
    return Corpus.from_frame(corpus.frame[["sentence", "spoiler", "work"]])


def lone(frame: pd.DataFrame) -> pd.DataFrame:
    alone: pd.DataFrame = frame.assign(review_id=None, position=None)
    return alone


def profile(model: SpoilerClassifier) -> str:
    return str(describe_profile(model.profile_)) if model.profile_ else ""


def same(one: SpoilerClassifier, other: SpoilerClassifier) -> bool:
    return (
        np.array_equal(one.coef_, other.coef_)
        and (one.intercept_, one.context_, one.operating_points_)
        == (other.intercept_, other.context_, other.operating_points_)
        and one.card_ == other.card_
        and profile(one) == profile(other)
    )


# repeatable --------------------------------------------------------------------------------------------------------


def test_the_model_depends_on_the_seed_and_not_on_the_number_of_processes(model: SpoilerClassifier) -> None:
    assert same(model, trained(n_jobs=2))
    other = trained(seed=1)
    assert other.card_["Made with"]["seed"] == 1
    assert other.intercept_ != model.intercept_


@pytest.mark.slow
def test_equal_bytes_are_saved_whatever_the_number_of_processes(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from spoilerguard import SpoilerClassifier, save, train\n"
        "from spoilerguard.datasets import make_corpus\n"
        "corpus = make_corpus(works=12, reviews=2, sentences=6)\n"
        "for n in (1, 2):\n"
        "    save(train(corpus, estimator=SpoilerClassifier(), n_splits=3, n_jobs=n), f'{sys.argv[1]}/{n}')\n"
    )
    # Threads of linear algebra as they come: their number differs between processes.
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, env=free)
    one, two = ((tmp_path / n / "model.json").read_bytes() for n in "12")
    assert one == two


def test_the_estimator_and_the_corpus_stay_as_they_are(model: SpoilerClassifier) -> None:
    estimator, digest = small(), CORPUS.digest
    train(CORPUS, estimator=estimator, n_splits=3)
    assert not hasattr(estimator, "coef_")
    assert Corpus(CORPUS.frame).digest == digest


def test_a_table_or_a_file_teaches_the_same_as_a_corpus(tmp_path: Any, model: SpoilerClassifier) -> None:
    CORPUS.frame.to_csv(tmp_path / "corpus.csv", index=False)
    for source in (CORPUS.frame, tmp_path / "corpus.csv", str(tmp_path / "corpus.csv")):
        found = trained(source)
        np.testing.assert_array_equal(found.coef_, model.coef_)
        assert found.context_ == model.context_


# honest ------------------------------------------------------------------------------------------------------------


def test_it_learns_and_context_takes_nothing_away(model: SpoilerClassifier) -> None:
    on_its_own = roc_auc_score(UNSEEN.labels, model.decision_function(UNSEEN.sentences))
    in_review = roc_auc_score(UNSEEN.labels, predict(model, UNSEEN.documents).logit)
    assert on_its_own > 0.8
    assert in_review > on_its_own - 0.03


def test_probabilities_come_true_on_works_that_it_has_not_seen(model: SpoilerClassifier) -> None:
    predicted_alone = model.predict_proba(UNSEEN.sentences)[:, 1]
    in_review = expit(predict(model, UNSEEN.documents).logit)
    assert calibration_error(predicted_alone, UNSEEN.labels) < 0.08
    assert calibration_error(in_review, UNSEEN.labels) < 0.08
    uncalibrated = small().fit(CORPUS.sentences, CORPUS.labels).predict_proba(UNSEEN.sentences)[:, 1]
    assert calibration_error(uncalibrated, UNSEEN.labels) > calibration_error(predicted_alone, UNSEEN.labels)


def test_no_fold_is_predicted_by_a_model_that_has_seen_its_works(monkeypatch: pytest.MonkeyPatch) -> None:
    work_of = dict(zip(CORPUS.sentences, CORPUS.groups, strict=True))
    seen: set[str] = set()
    fit, decide = SpoilerClassifier.fit_flags, SpoilerClassifier.decision_function

    def watched_fit(self: SpoilerClassifier, X: list[str], *rest: Any, **options: Any) -> SpoilerClassifier:
        seen.clear()
        seen.update(work_of[sentence] for sentence in X)
        return fit(self, X, *rest, **options)

    def watched_decide(self: SpoilerClassifier, X: list[str], *rest: Any) -> Any:
        assert not seen & {work_of[sentence] for sentence in X}
        return decide(self, X, *rest)

    monkeypatch.setattr(SpoilerClassifier, "fit_flags", watched_fit)
    monkeypatch.setattr(SpoilerClassifier, "decision_function", watched_decide)
    trained()


@pytest.mark.parametrize("as_base", [False, True], ids=["estimator", "base"])
def test_each_sentence_is_encoded_once_whatever_is_tried_and_held_out(
    as_base: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectorizer = SentenceVectorizer(n_buckets=2**12, encoder=make_network(CORPUS.sentences))
    unfitted = SpoilerClassifier(vectorizer=vectorizer, C=1.0)
    start: dict[str, Any] = {"estimator": unfitted}
    if as_base:
        start = {"base": copy.deepcopy(unfitted).fit(CORPUS.sentences, CORPUS.labels)}
        start["base"].memory_ = None  # else it would say that it has learnt this before
    encode, read = ConvolutionalEncoder.encode, []

    def counted(self: ConvolutionalEncoder, tokens: TokenBatch) -> Any:
        read.append(len(tokens))
        return encode(self, tokens)

    monkeypatch.setattr(ConvolutionalEncoder, "encode", counted)
    found = train(CORPUS, **start, n_splits=3)
    assert sum(read) == len(CORPUS)
    assert found.context_ is not None
    assert len(found.context_.vector_coef) == REVIEW_WIDTH


def test_probabilities_and_thresholds_are_set_on_calibration_sources_alone() -> None:
    natural = CORPUS.frame.assign(source="natural")
    rich = make_corpus(works=30, spoilers=0.8, seed=3).frame.assign(source="rich")
    found = trained(pd.concat([natural, rich]), calibration_sources=["natural"])
    assert found.predict_proba(UNSEEN.sentences)[:, 1].mean() == pytest.approx(UNSEEN.labels.mean(), abs=0.06)
    everything = trained(pd.concat([natural, rich]))
    assert everything.predict_proba(UNSEEN.sentences)[:, 1].mean() > UNSEEN.labels.mean() + 0.06
    assert same(found, trained(pd.concat([natural, rich]), calibration_sources="natural"))


def test_operating_points_go_from_cautious_over_balanced_to_lenient(model: SpoilerClassifier) -> None:
    points = model.operating_points_
    for standing in Standing:
        cautious, balanced, lenient = (points[standing][name] for name in ("cautious", "balanced", "lenient"))
        assert 0 < cautious.threshold <= balanced.threshold <= lenient.threshold < 1
        assert cautious.recall >= 0.8
        assert lenient.precision >= 0.6
        for point in (cautious, balanced, lenient):
            assert point.precision_interval[0] <= point.precision <= point.precision_interval[1]


def test_the_default_threshold_is_the_balanced_one(model: SpoilerClassifier) -> None:
    text = " ".join(UNSEEN.sentences[:30])
    assert classify(text, model=model) == classify(text, model=model, threshold="balanced")
    by_name = [
        sum(v.label == "spoiler" for v in classify(text, model=model, threshold=n)) for n in ("cautious", "lenient")
    ]
    assert by_name[0] >= by_name[1]


def test_the_card_says_what_a_reader_should_know(model: SpoilerClassifier) -> None:
    card = model.card_
    assert card["Trained on"] | {"corpus sha256": CORPUS.digest} == {
        "corpus": "make_corpus(seed=0)",
        "corpus sha256": CORPUS.digest,
        "sentences": 540,
        "spoilers": int(CORPUS.labels.sum()),
        "reviews": 90,
        "works": 30,
    }
    assert sum(row["sentences"] for row in card["Sources"]) == 540
    metrics = {(row["standing"], row["metric"]): row for row in card["Out-of-fold metrics, by work"]}
    assert {standing for standing, _ in metrics} == {"alone", "in review"}
    assert {name for _, name in metrics} == {"roc_auc", "average_precision", "calibration_error", "base_rate"}
    assert all(row["low"] <= row["value"] <= row["high"] for row in metrics.values())
    assert {"spoilerguard", "numpy", "scikit-learn", "seed"} <= set(card["Made with"])
    assert card["Known limits"]


def test_it_can_be_saved_and_loaded_whole(model: SpoilerClassifier, tmp_path: Any) -> None:
    save(model, tmp_path / "model")
    again = load(tmp_path / "model")
    text = " ".join(UNSEEN.sentences[:30])
    assert classify(text, model=again) == classify(text, model=model)


# sentences on their own, and models to start from ------------------------------------------------------------------


def test_sentences_on_their_own_teach_no_context() -> None:
    found = trained(alone(CORPUS))
    assert found.context_ is None
    assert set(found.operating_points_) == {Standing.ALONE}
    review = " ".join(UNSEEN.sentences[:6])
    assert classify(review, model=found, threshold="cautious")


def test_a_base_is_corrected_and_stays_as_it_is(model: SpoilerClassifier) -> None:
    new = make_corpus(works=12, seed=9).frame
    new["sentence"] = [
        f"Zeppelin {'up' if spoiler else 'down'}: {text}"
        for spoiler, text in zip(new["spoiler"], new["sentence"], strict=True)
    ]
    before = copy.deepcopy(model)
    adapted = trained(Corpus.from_frame(new), base=model)
    assert same(model, before)
    assert roc_auc_score(UNSEEN.labels, adapted.decision_function(UNSEEN.sentences)) > 0.75
    up, down = adapted.decision_function(["Zeppelin up", "Zeppelin down"])
    assert up > down


def test_a_base_lends_its_context_to_sentences_on_their_own(model: SpoilerClassifier) -> None:
    adapted = trained(alone(make_corpus(works=12, seed=9)), base=model)
    assert adapted.context_ is not None
    assert model.context_ is not None
    place, own = "place", "own logit"  # the one has nothing to do with the logits, the other is one
    assert adapted.context_.weights[place] == pytest.approx(model.context_.weights[place])
    assert adapted.context_.weights[own] != pytest.approx(model.context_.weights[own])
    for standing in Standing:
        kept = adapted.operating_points_[standing] == model.operating_points_[standing]
        assert kept == (standing == Standing.IN_REVIEW)
    found = predict(adapted, UNSEEN.documents).logit
    assert roc_auc_score(UNSEEN.labels, found) > 0.75


def test_a_profile_is_of_logits_in_review_where_the_base_alone_knows_the_context(model: SpoilerClassifier) -> None:
    assert model.context_ is not None
    base = copy.deepcopy(model).attach(context=model.context_.rescale(1, 9))  # in a review all are spoilers
    new = make_corpus(works=12, seed=9, reviews=2).frame
    few = new["review_id"].isin(new["review_id"].unique()[:6])
    found = trained(pd.concat([new[few], lone(new[~few])]), base=base)
    assert found.profile_ is not None
    probability = predict(found, Corpus.from_frame(new[few]).documents).probability
    expected = few.mean() * probability.mean() + (~few).mean() * new["spoiler"][~few].mean()
    assert found.profile_.kinds[0].summary.probability == pytest.approx(expected, abs=0.05)


def test_a_base_may_be_a_folder_or_a_name(model: SpoilerClassifier, tmp_path: Any) -> None:
    save(model, tmp_path / "model")
    new = make_corpus(works=12, seed=9)
    assert same(trained(new, base=tmp_path / "model"), trained(new, base=model))


def test_weights_count() -> None:
    turned = CORPUS.frame.assign(spoiler=1 - CORPUS.labels, weight=0.01, work="turned " + CORPUS.frame["work"])
    turned["review_id"] = "turned " + turned["review_id"]
    more = make_corpus(works=3, seed=7).frame  # else every sentence would bear both labels
    found = trained(pd.concat([CORPUS.frame, turned, more]))
    assert roc_auc_score(UNSEEN.labels, found.decision_function(UNSEEN.sentences)) > 0.8


def test_a_card_names_the_largest_sources_and_puts_the_others_together() -> None:
    frame = CORPUS.frame.assign(source=[f"page {row}" if row % 9 else "site" for row in range(len(CORPUS))])
    card = trained(frame).card_
    names = [source["source"] for source in card["Sources"]]
    assert len(names) == 257
    assert {"site", "all others"} <= set(names)
    assert sum(source["sentences"] for source in card["Sources"]) == len(CORPUS)
    assert {point["source"] for point in card["Operating points by source, on works left out"]} <= set(names)


def reviews_of_one_work() -> pd.DataFrame:
    here = CORPUS.frame["work"] == CORPUS.frame["work"].iloc[0]
    ids, others = CORPUS.frame["review_id"], lone(CORPUS.frame[~here])
    copies = [CORPUS.frame[here].assign(review_id=ids + f" {copy}") for copy in range(5)]
    found: pd.DataFrame = pd.concat([others, *copies])
    return found


def reviews_of_site_1_only() -> pd.DataFrame:
    here = CORPUS.frame["source"] == "site 1"
    return pd.concat([CORPUS.frame[here], lone(CORPUS.frame[~here])])


@pytest.mark.parametrize(
    ("frame", "options"),
    [
        (reviews_of_one_work(), {}),
        (reviews_of_site_1_only(), {"calibration_sources": ["site 0"]}),
        (lone(CORPUS.frame), {}),
    ],
    ids=["reviews of one work", "no review to calibrate on", "no review"],
)
def test_reviews_that_cannot_teach_or_calibrate_a_context_leave_a_model_of_sentences(
    frame: pd.DataFrame, options: dict[str, Any]
) -> None:
    model = trained(frame, **options)
    assert model.context_ is None
    assert set(model.operating_points_) == {Standing.ALONE}


def test_rows_of_weight_0_change_no_probability_and_no_threshold(model: SpoilerClassifier) -> None:
    idle = UNSEEN.frame.assign(spoiler=1 - UNSEEN.labels, weight=0.0, work="idle " + UNSEEN.frame["work"])
    # Folds and the rarity of n-grams move a little; labels turned around would move everything.
    found = trained(pd.concat([CORPUS.frame, idle.assign(review_id="idle " + idle["review_id"])]))
    assert calibration_error(expit(found.decision_function(UNSEEN.sentences)), UNSEEN.labels) < 0.1
    assert found.operating_points_[Standing.ALONE]["balanced"].f1 == pytest.approx(
        model.operating_points_[Standing.ALONE]["balanced"].f1, abs=0.05
    )


# refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("corpus", "options", "message"),
    [
        (table(spoiler=0), {}, "holds no spoiler"),
        (table(spoiler=1), {}, "holds no safe sentence"),
        (table(work="Film", review_id=None, position=None), {}, "works only, fewer than the 3 folds"),
        (CORPUS, {"n_splits": 31}, "30 works only, fewer than the 31 folds"),
        (table(sentence="He dies."), {}, "bears both labels"),
        (table(weight=0), {}, "holds no spoiler of a weight above 0"),
        (table(weight=CORPUS.labels), {}, "holds no safe sentence of a weight above 0"),
        (
            table(weight=np.where(CORPUS.frame["source"] == "site 0", CORPUS.labels, 1)),
            {"calibration_sources": ["site 0"]},
            r"\['site 0'\] lack",
        ),
        (
            CORPUS,
            {"calibration_sources": ["elsewhere"]},
            r"source \['elsewhere'\]; the sources are \['site 0', 'site 1'\]",
        ),
        (CORPUS, {"calibration_sources": "elsewhere"}, r"source \['elsewhere'\]"),
        (CORPUS, {"calibration_sources": ["site 0", "stie 1"]}, r"source \['stie 1'\]"),
        (CORPUS, {"calibration_sources": []}, r"\[\] lack spoilers"),
        (table(source=np.where(CORPUS.labels == 1, "a", "b")), {"calibration_sources": ["a"]}, r"\['a'\] lack"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str | dict) else "",
)
def test_what_cannot_teach_is_refused_and_the_reason_given(corpus: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        trained(corpus, **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"base": "default", "estimator": small()}, TypeError, "estimator= would have no effect: give one of them"),
        ({"base": "nowhere"}, ModelFormatError, "'nowhere' is no folder"),
        ({"base": Path(__file__).parent}, ModelFormatError, r"model\.json is missing"),
        ({"base": "defualt"}, ModelFormatError, "Did you mean 'default'"),
        ({"base": 7}, TypeError, "model must be a SpoilerClassifier, a folder, a name or None, got int"),
        ({"base": small()}, NotFittedError, "not fitted yet"),
        ({"estimator": "default"}, TypeError, "estimator must be an unfitted SpoilerClassifier, got str"),
        ({"estimator": LogisticRegression()}, TypeError, r"got LogisticRegression.*cross_validate\(fit="),
        ({"estimator": SpoilerClassifier(C=0)}, ValueError, "C must be above 0"),
        ({"estimator": SpoilerClassifier(threshold=2)}, ValueError, "threshold must lie in"),
        ({"seed": None}, TypeError, "seed must be a whole number, got None"),
        ({"seed": 1.5}, TypeError, "seed must be a whole number, got 1.5"),
        ({"seed": -1}, ValueError, "seed must be from 0"),
        ({"n_splits": 1}, ValueError, "n_splits must be from 2"),
        ({"n_splits": "3"}, TypeError, "n_splits must be a whole number, got '3'"),
        ({"n_jobs": 0}, ValueError, "n_jobs must be a whole number other than 0, got 0"),
        ({"n_jobs": "2"}, ValueError, "n_jobs must be a whole number other than 0, got '2'"),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, dict) else "",
)
def test_an_argument_that_is_wrong_is_named_before_the_corpus_is_read(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        train("there is no such table.csv", **options)


@pytest.mark.parametrize("corpus", [pd.DataFrame(), pd.DataFrame({"sentence": ["He dies."]}), "nowhere.csv"], ids=str)
def test_what_is_no_corpus_is_a_fault_of_the_corpus(corpus: Any) -> None:
    with pytest.raises(CorpusError):
        trained(corpus)


def test_progress_is_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    trained(progress=True)
    assert "folds: 100%" in capsys.readouterr().err
    trained()
    assert capsys.readouterr().err == ""


def test_a_base_whose_spoiler_sorts_first_learns_further() -> None:
    corpus = make_corpus(works=12, seed=3)
    words = np.where(corpus.labels == 1, "Spoiler", "safe")
    base = SpoilerClassifier(vectorizer=SentenceVectorizer(n_buckets=2**12), C=1.0).fit(corpus.sentences, words)
    assert base.spoiler_index_ == 0
    further = train(make_corpus(works=12, seed=4), base=base, n_splits=3)
    assert roc_auc_score(UNSEEN.labels, -further.decision_function(UNSEEN.sentences)) > 0.8
