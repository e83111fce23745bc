"""No text breaks anything: whatever the characters, every public function answers, and answers the same everywhere."""

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import REVIEW_WIDTH, make_network
from scipy.special import logit

import spoilerguard
from spoilerguard import Corpus, SpoilerClassifier
from spoilerguard.challenge import run_challenge
from spoilerguard.checks import check_corpus, find_label_errors
from spoilerguard.cli import main
from spoilerguard.context import CONTEXT_FEATURES, ReviewContext
from spoilerguard.datasets import Challenge, load_challenge, make_corpus
from spoilerguard.features import SentenceVectorizer
from spoilerguard.marks import find_marks, merge_spans
from spoilerguard.markup import without_marks
from spoilerguard.notebook import agreement
from spoilerguard.rendering import STYLES
from spoilerguard.sentences import split
from spoilerguard.verdicts import Explanation, Label

ROOT = Path(__file__).parents[1]
PIECES = [
    *("He dies at the end. ", "Fine music! ", "Mr. Ito", "spoiler ahead: ", "\n", "\r\n", "\r", "\v", "\x1c", "\x85"),
    *("\u2028", "\xa0", "\ud800", "\udfff", "\udc00\ud800", "\0", "\x1b[2J", "\x9b", "\ufeff", "\uffff", "\U0010ffff"),
    *("\u202eend\u202c", "\u2066", "مات. ", "\u200f", "Z" + "\u0301\u0323\u0489" * 20, "\u0301", "e\u0301", "ﷺ", "ﬃ"),
    *(
        "👩\u200d👩\u200d👧",
        "🏳\ufe0f\u200d🌈",
        "\u200d" * 30,
        "🇩",
        "👍🏽",
        "한글",
        "死了。",
        "İ",
        "ß",
        "\u115f",
        "\u3164",
    ),
    *(
        "&#0;",
        "&#xD800;",
        "&#1114112;",
        "&amp;amp;",
        "<b>",
        "</details>",
        "||",
        ">!",
        "“",
        "(",
        "\\",
        "…",
        "1. ",
        "x" * 50,
    ),
]
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80) | st.lists(
    st.sampled_from(PIECES), max_size=25
).map("".join)
hostile = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

pytestmark = pytest.mark.filterwarnings("ignore:.* hold several sentences")  # so may what is generated as a sentence

SENTENCES = ["He dies at the end.", "The killer is the nurse.", "Great music.", "The acting is fine."]


def context(*vector_coef: float) -> ReviewContext:
    weights = np.linspace(1, -1, len(CONTEXT_FEATURES)).tolist()
    return ReviewContext(dict(zip(CONTEXT_FEATURES, weights, strict=True)), 0.1, vector_coef)


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    """A small one with context, which leaves more time for texts; its probabilities spread widely."""
    found = SpoilerClassifier(vectorizer=SentenceVectorizer(n_buckets=2**8), C=1e3).fit(SENTENCES, [1, 1, 0, 0])
    return found.attach(context=context())


@pytest.fixture(scope="module")
def network_model() -> SpoilerClassifier:
    """A small one whose encoder is a network, and whose context stage uses it."""
    vectorizer = SentenceVectorizer(n_buckets=2**8, encoder=make_network(SENTENCES))
    found = SpoilerClassifier(vectorizer=vectorizer, C=10).fit(SENTENCES, [1, 1, 0, 0])
    return found.attach(context=context(*np.linspace(-2, 2, REVIEW_WIDTH)))


@hostile
@given(review=ANY_TEXT)
def test_every_verdict_is_on_a_slice_of_the_review_and_has_a_probability(model: SpoilerClassifier, review: str) -> None:
    for verdict in spoilerguard.classify(review, model=model):
        assert review[verdict.start : verdict.end] == verdict.text
        assert verdict.text.strip()
        assert 0 <= verdict.probability <= 1
        assert isinstance(verdict.label, Label)


@hostile
@given(sentences=st.lists(ANY_TEXT, max_size=6), place=st.integers(0, 5))
def test_a_sentence_on_its_own_is_classified_the_same_in_any_batch(
    model: SpoilerClassifier, sentences: list[str], place: int
) -> None:
    verdicts = spoilerguard.classify(sentences, model=model)
    assert [(verdict.text, verdict.start, verdict.end) for verdict in verdicts] == [(s, 0, len(s)) for s in sentences]
    for sentence, verdict in list(zip(sentences, verdicts, strict=True))[place:]:
        assert spoilerguard.classify([sentence], model=model) == [verdict]


@hostile
@given(reviews=st.lists(ANY_TEXT, max_size=5))
def test_reviews_apart_and_in_one_stream_are_classified_the_same(model: SpoilerClassifier, reviews: list[str]) -> None:
    apart = [spoilerguard.classify(review, model=model) for review in reviews]
    assert list(spoilerguard.classify_reviews(reviews, model=model)) == apart


@hostile
@given(reviews=st.lists(ANY_TEXT, max_size=5))
def test_a_network_classifies_reviews_and_sentences_alike_in_any_batch(
    network_model: SpoilerClassifier, reviews: list[str]
) -> None:
    for together, apart in (
        (
            [v for found in spoilerguard.classify_reviews(reviews, model=network_model) for v in found],
            [v for review in reviews for v in spoilerguard.classify(review, model=network_model)],
        ),
        (
            spoilerguard.classify(reviews, model=network_model),
            [v for review in reviews for v in spoilerguard.classify([review], model=network_model)],
        ),
    ):
        assert [(v.text, v.start, v.end, v.certain) for v in together] == [
            (v.text, v.start, v.end, v.certain) for v in apart
        ]
        # a product of matrices may round differently in another batch: by one step of single precision at most
        found, expected = (logit([v.probability for v in verdicts]) for verdicts in (together, apart))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@hostile
@given(review=ANY_TEXT, thresholds=st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_a_higher_threshold_never_adds_a_spoiler(
    model: SpoilerClassifier, review: str, thresholds: list[float]
) -> None:
    more, fewer = (
        {v.start for v in spoilerguard.classify(review, model=model, threshold=at) if v.label is Label.SPOILER}
        for at in sorted(thresholds)
    )
    assert fewer <= more


@hostile
@given(review=ANY_TEXT, threshold=st.floats(0, 1))
def test_redaction_blackens_the_spoilers_and_what_was_marked_and_nothing_else(
    model: SpoilerClassifier, review: str, threshold: float
) -> None:
    shown = spoilerguard.redact(review, model=model, threshold=threshold)
    verdicts = spoilerguard.classify(review, model=model, threshold=threshold)
    marks = find_marks(review)
    spans = [(verdict.start, verdict.end) for verdict in verdicts if verdict.label is Label.SPOILER]
    spans = merge_spans([*spans, *marks.hidden, *((cut.start, cut.end) for cut in marks.cuts)])
    for start, end in spans:
        assert set(shown[start:end]) <= {"█", *"\n\r\v\f\x1c\x1d\x1e"}
    for (_, start), (end, _) in pairwise([(0, 0), *spans, (len(review), len(review))]):
        between = review[start:end]
        neutral = re.sub("[\u2028\u2029]", "\n", re.sub("[\u202a-\u202e\u2066-\u2069]", "\ufffd", between))
        assert shown[start:end] == neutral or not between.strip()


@hostile
@given(review=ANY_TEXT, threshold=st.floats(0, 1))
def test_a_redacted_review_can_be_written_wherever_the_review_can(
    model: SpoilerClassifier, review: str, threshold: float
) -> None:
    for style in STYLES:
        hidden = spoilerguard.redact(review, style=style, model=model, threshold=threshold)
        hidden.encode("utf-8", "strict" if style == "html" or review.isprintable() else "surrogatepass")


@hostile
@given(review=ANY_TEXT, alone=st.booleans())
def test_explanations_add_up_to_the_verdict(model: SpoilerClassifier, review: str, alone: bool) -> None:
    text = [review, review] if alone else review
    verdicts = spoilerguard.classify(text, model=model)
    for verdict, why in zip(verdicts, spoilerguard.explain(text, model=model), strict=True):
        assert why.text == verdict.text
        assert why.probability == pytest.approx(verdict.probability, abs=1e-12)
        total = sum(part.weight for part in why.contributions) + why.intercept + why.context
        assert total == pytest.approx(why.logit, abs=1e-9)
        assert all(why.text[part.start : part.end] == part.text for part in why.contributions)


@hostile
@given(review=ANY_TEXT)
def test_the_highlighted_review_can_always_be_written(model: SpoilerClassifier, review: str) -> None:
    verdicts: Any = spoilerguard.classify(review, model=model, threshold=0.05)
    for shown in (str(verdicts), verdicts.to_html(spoilerguard.explain(review, model=model))):
        assert shown.encode().decode() == shown


@hostile
@given(sentences=st.lists(ANY_TEXT, min_size=2, max_size=6))
def test_any_texts_can_be_learnt_from_stored_and_judged_again(sentences: list[str], tmp_path: Path) -> None:
    labels = np.arange(len(sentences)) % 2
    trained = SpoilerClassifier(vectorizer=SentenceVectorizer(n_buckets=2**6), C=1.0).fit(sentences, labels)
    trained.partial_fit(sentences, labels)
    assert np.isfinite(trained.coef_).all()
    spoilerguard.save(trained, tmp_path / "model")
    again = spoilerguard.load(tmp_path / "model").predict_proba(sentences)
    np.testing.assert_array_equal(again, trained.predict_proba(sentences))


@hostile
@given(sentences=st.lists(ANY_TEXT.filter(str.strip), min_size=1, max_size=6))
def test_a_corpus_keeps_any_sentence_as_it_is_and_reads_it_without_marks(sentences: list[str]) -> None:
    corpus = spoilerguard.load_corpus(pd.DataFrame({"sentence": pd.Series(sentences, dtype=object), "spoiler": 0}))
    assert corpus.documents.texts == corpus.frame["sentence"].to_list() == sentences
    assert corpus.sentences == [without_marks(sentence) for sentence in sentences]
    assert len(corpus.digest) == 64


@pytest.mark.parametrize("style", ["text", "jsonl", "csv"])
@hostile
@given(text=ANY_TEXT, broken=st.binary(max_size=4))
def test_the_command_answers_or_refuses_any_bytes_in_one_line(
    style: str, text: str, broken: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "review.txt"
    file.write_bytes(text.encode("utf-8", "ignore") + broken)
    status = main(["classify", "--format", style, str(file)])
    out, err = capsys.readouterr()
    assert (status, err.count("\n")) in ((0, 0), (2, 1))
    if style == "jsonl" and not status:
        review = file.read_bytes().decode().removeprefix("\ufeff")
        for row in map(json.loads, io.StringIO(out)):
            assert review[row["start"] : row["end"]] == row["text"]


# reasons of the model that people use --------------------------------------------------------------------------------


def own_reviews() -> list[str]:
    """The labelled reviews of this project that no model has been trained on."""
    lines = (ROOT / "datasets" / "reviews" / "test.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


def without(why: Explanation, count: int) -> str:
    """The sentence without the words that speak most for a spoiler."""
    text = why.text
    for part in sorted(sorted(why.contributions, key=lambda part: -part.weight)[:count], key=lambda part: -part.start):
        text = text[: part.start] + text[part.end :]
    return text


def test_without_their_three_top_words_nine_of_ten_likely_spoilers_of_our_reviews_fall_in_probability() -> None:
    sentences = [s.text for review in own_reviews() for s in split(review)]
    likely = [why for why in spoilerguard.explain(sentences) if why.probability > 0.3]
    assert len(likely) >= 10
    after = spoilerguard.classify([without(why, 3) for why in likely])
    risen = [why.text for why, verdict in zip(likely, after, strict=True) if verdict.probability >= why.probability]
    assert len(risen) <= len(likely) / 10, risen  # what stood around a word weighs otherwise without it


HALF = "\ud800"  # of a pair: scraped JSON holds such, and Arrow, in which pandas keeps text, refuses it


def scraped() -> pd.DataFrame:
    """A corpus with half a character in every text and every name."""
    names = dict.fromkeys(("sentence", "work", "review_id", "source", "annotator"), HALF)
    frame = make_corpus(works=40).frame.assign(annotator="ada", split="train")
    return frame.assign(**{name: frame[name].astype(object) + half for name, half in names.items()})


TABLES: dict[str, Callable[[SpoilerClassifier, Corpus], object]] = {
    "verdicts": lambda model, corpus: spoilerguard.classify(corpus.sentences[0], model=model).to_frame(),
    "table": lambda model, corpus: spoilerguard.classify_table(corpus.frame.head(), text="sentence", model=model),
    "report": lambda model, corpus: spoilerguard.evaluate(model, corpus).to_frame(),
    "mistakes": lambda model, corpus: spoilerguard.evaluate(model, corpus).worst_errors(),
    "comparison": lambda model, corpus: spoilerguard.compare(model, model, corpus).to_frame(),
    "checks": lambda model, corpus: check_corpus(corpus).to_frame(),
    "label errors": lambda model, corpus: find_label_errors(corpus, [0.5] * len(corpus)),
    "suggestions": lambda model, corpus: spoilerguard.suggest(
        corpus.frame, 3, text="sentence", work="work", model=model
    ),
    "drift": lambda model, corpus: spoilerguard.drift("default", corpus.frame["sentence"]).to_frame(),
    "training": lambda model, corpus: spoilerguard.train(corpus, n_splits=3).card_,
    "stream": lambda model, corpus: spoilerguard.train_stream([corpus.frame]).card_,
    "challenge": lambda model, corpus: run_challenge(
        model, Challenge(tuple(replace(case, sentence=case.sentence + HALF) for case in load_challenge()))
    ).to_frame(),
    "agreement": lambda model, corpus: agreement(*(labelled(label) for label in (0, 1))).disagreements,
}


def labelled(label: int) -> pd.DataFrame:
    """A review of one sentence, with its label."""
    return pd.DataFrame({"text": [f"He dies{HALF}."], "spans": [[[0, 9]]], "labels": [[label]]}, dtype=object)


@pytest.mark.parametrize("made", TABLES)
def test_half_a_character_breaks_no_table(model: SpoilerClassifier, made: str) -> None:
    TABLES[made](model, spoilerguard.load_corpus(scraped()))


# memory ------------------------------------------------------------------------------------------------------------

PROSE = (
    "The keeper walked to the shore. Nobody had seen the twins since the storm, and Mr. Ito said so. In the end she "
    "dies!\nLovely photography, though. "
)
# What stands in a text again and again; bytes of memory above the text's own for each character, as measured and
# then half as much again. A verdict takes 0.2 kB as long as it is kept, and 0.4 kB more while it is made.
GROWTH = {
    "prose": (PROSE, 24),
    "newlines": ("\n", 2),
    "word": ("x", 4),
    "quotes": ("“a. ", 240),
    "lines": ("a.\n", 290),
}
MEASURE = """
import resource, sys
import spoilerguard
unit, size = sys.argv[1], int(sys.argv[2])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
spoilerguard.classify("He dies. Fine." * 1000)
text = (unit * (size // len(unit) + 1))[:size]
before = peak()
verdicts = spoilerguard.classify(text)
print(peak() - before)
"""


def growth(unit: str, size: int) -> float:
    """Growth of the peak of memory, in bytes, for `classify` on a text of this size, in a process of its own."""
    pytest.importorskip("resource", reason="only POSIX systems tell the peak of memory")
    command = [sys.executable, "-c", MEASURE, unit, str(size)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=900)
    return float(result.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("family", GROWTH)
def test_a_text_takes_a_bounded_share_of_memory(family: str) -> None:
    unit, bytes_per_character = GROWTH[family]
    assert growth(unit, 800_000) <= 800_000 * bytes_per_character + 32e6


@pytest.mark.slow
@pytest.mark.parametrize(("unit", "most"), [("x", 200e6), (PROSE, 5e8)], ids=["one word", "prose"])
def test_ten_megabytes_take_no_more_than_half_a_gigabyte(unit: str, most: float) -> None:
    assert growth(unit, 10_000_000) < most
