"""Plots: they draw what the report says, into the axes that they are given, and can be read without colour."""

import sys
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from networks import make_network
from scipy.special import expit, logit

from spoilerguard import plots
from spoilerguard.corpus import Corpus
from spoilerguard.documents import Standing
from spoilerguard.encoders import ConvolutionalEncoder
from spoilerguard.errors import MissingExtraError
from spoilerguard.evaluation import Report
from spoilerguard.evaluation.evaluating import report_of
from spoilerguard.evaluation.scored_corpus import ScoredCorpus
from spoilerguard.features import SentenceVectorizer
from spoilerguard.model import SpoilerClassifier

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

Chart = Callable[..., Any]  # the stubs of matplotlib know less of its artists than the artists do
CHARTS: list[Chart] = [plots.precision_recall, plots.reliability, plots.score_distribution, plots.error_by_place]
SENTENCES = [
    "The killer dies.",
    "Then the killer dies again.",
    "DIES!",
    "What music.",
    "Fine music, fine acting.",
    "x2",
]


def made_report(*, reviews: bool = True) -> Report:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"sentence": "word " * 5, "spoiler": (rng.random(400) < 0.2).astype(int)})
    frame = frame.assign(work=[f"w{row // 20}" for row in range(400)])
    corpus = Corpus.from_frame(frame.assign(review_id=frame.work) if reviews else frame)
    in_review = rng.normal(-2, 1, 400) + 2 * corpus.labels
    logits = {Standing.ALONE: in_review + rng.normal(0, 1, 400), Standing.IN_REVIEW: in_review}
    points = {name: np.full(400, at) for name, at in {"cautious": 0.1, "balanced": 0.3, "lenient": 0.6}.items()}
    scored = ScoredCorpus(corpus, np.arange(400), logits, dict.fromkeys(Standing, points))
    return report_of(scored, n_bootstrap=50, seed=0)


@pytest.fixture(scope="module")
def report() -> Report:
    return made_report()


@pytest.fixture(scope="module")
def model() -> SpoilerClassifier:
    vectorizer = SentenceVectorizer(n_buckets=2**16)
    return SpoilerClassifier(vectorizer=vectorizer, C=10).fit(SENTENCES, [1, 1, 1, 0, 0, 0])


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_draws_into_the_axes_given_and_gives_them_back(chart: Chart, report: Report) -> None:
    _, ax = plt.subplots()
    assert chart(report, ax=ax) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_without_axes_makes_its_own(chart: Chart, report: Report) -> None:
    assert chart(report).figure is plt.gcf()


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_names_its_axes_its_title_and_its_lines(chart: Chart, report: Report) -> None:
    ax = chart(report)
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert ax.get_title(loc="left")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(labels) == len(set(labels)) >= 2


@pytest.mark.parametrize("chart", CHARTS)
def test_no_two_texts_lie_over_each_other(chart: Chart, report: Report) -> None:
    ax = chart(report)
    ax.figure.canvas.draw()
    texts = [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, ax.yaxis.label, ax._left_title]
    boxes = [text.get_window_extent() for text in (*texts, *ax.get_legend().get_texts()) if text.get_text()]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]


@pytest.mark.parametrize("chart", CHARTS)
def test_a_standing_that_is_not_in_the_report_is_refused_by_name(chart: Chart, report: Report) -> None:
    with pytest.raises(ValueError, match="'sideways' is not in this report"):
        chart(report, standing="sideways")


def test_precision_and_recall_are_those_of_the_report_with_its_points_marked(report: Report) -> None:
    ax: Any = plots.precision_recall(report, standing="in review")
    curves = report.curves[Standing.IN_REVIEW]
    lines = {line.get_label(): line for line in ax.get_lines()}
    average = report.metric("average_precision", "in review").value
    np.testing.assert_allclose(lines[f"in review, average precision {average:.3f}"].get_ydata(), curves.precision)
    marked = {tuple(line.get_xydata()[0]) for line in ax.get_lines() if len(line.get_xdata()) == 1}
    points = [point for point in report.operating_points if point.standing == "in review"]
    assert {(point.recall.value, point.precision.value) for point in points} <= marked


def test_standings_and_points_differ_in_more_than_colour(report: Report) -> None:
    lines: Any = plots.precision_recall(report).get_lines()
    curves = {line.get_linestyle() for line in lines if len(line.get_xdata()) > 5}
    markers = [line.get_marker() for line in lines if not len(line.get_xdata())]
    assert curves == {"-", "--"}
    assert len(markers) == len(set(markers)) == 3


def test_reliability_shows_each_bin_with_its_interval(report: Report) -> None:
    ax: Any = plots.reliability(report, standing="alone")
    band = report.curves[Standing.ALONE].reliability
    drawn = next(line for line in ax.get_lines() if len(line.get_xdata()) == 10)
    np.testing.assert_allclose(drawn.get_xydata(), np.column_stack([band.at, band.value]))


def test_the_threshold_stands_at_its_place_on_the_logit_axis(report: Report) -> None:
    ax: Any = plots.score_distribution(report)
    line = next(line for line in ax.get_lines() if "balanced" in str(line.get_label()))
    assert line.get_xdata()[0] == pytest.approx(logit(0.3))
    for tick, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True):
        assert expit(tick) == pytest.approx(float(label.get_text()))


def test_errors_by_place_need_reviews() -> None:
    alone = made_report(reviews=False)
    with pytest.raises(ValueError, match="review_id"):
        plots.error_by_place(alone)
    plots.precision_recall(alone)


def test_ngrams_are_read_back_from_the_sentences(model: SpoilerClassifier) -> None:
    found = plots.heaviest_ngrams(model, SENTENCES, n=6)
    assert [ngram.contribution > 0 for ngram in found] == [True] * 3 + [False] * 3
    assert [ngram.contribution for ngram in found] == sorted((ngram.contribution for ngram in found), reverse=True)
    assert {"dies", "music"} <= {ngram.text for ngram in found}


def test_what_reads_alike_is_one_entry_whatever_its_case(model: SpoilerClassifier) -> None:
    found = {ngram.text: ngram for ngram in plots.heaviest_ngrams(model, SENTENCES, n=1000, min_sentences=1)}
    assert found["dies"].sentences == 3
    assert not [text for text in found if text != text.lower() or text != " ".join(text.split())]


def test_a_piece_of_a_word_is_marked_as_one(model: SpoilerClassifier) -> None:
    texts = {ngram.text for ngram in plots.heaviest_ngrams(model, SENTENCES, n=1000, min_sentences=1)}
    assert {"kil…", "…ille…", "…ler"} <= texts


@pytest.mark.parametrize("encoder", [None, make_network(SENTENCES)])
def test_contributions_of_all_ngrams_add_up_to_the_logit(encoder: ConvolutionalEncoder | None) -> None:
    vectorizer = SentenceVectorizer(n_buckets=2**10, encoder=encoder)
    model = SpoilerClassifier(vectorizer=vectorizer, C=10).fit(SENTENCES, [1, 1, 1, 0, 0, 0])
    sentence = "Then the killer dies to fine music."
    found = plots.heaviest_ngrams(model, [sentence], n=10_000, min_sentences=1)
    total = sum(ngram.contribution for ngram in found) + model.intercept_
    assert total == pytest.approx(model.decision_function([sentence])[0], abs=1e-4)


def test_rare_ngrams_are_left_out(model: SpoilerClassifier) -> None:
    found = plots.heaviest_ngrams(model, SENTENCES, n=1000, min_sentences=3)
    assert found
    assert min(ngram.sentences for ngram in found) == 3


@pytest.mark.parametrize(("sentences", "n"), [([], 20), (SENTENCES, 0), ([" ", "?"], 5)])
def test_nothing_to_show_is_an_empty_chart(model: SpoilerClassifier, sentences: list[str], n: int) -> None:
    assert len(plots.feature_weights(model, sentences, n).patches) == 0


def test_feature_weights_are_drawn_largest_first_with_their_texts(model: SpoilerClassifier) -> None:
    ngrams = plots.heaviest_ngrams(model, SENTENCES, 6)
    ax: Any = plots.feature_weights(model, SENTENCES, 6)
    assert [text.get_text() for text in ax.get_yticklabels()] == [f"“{ngram.text}”" for ngram in ngrams]
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([ngram.contribution for ngram in ngrams])
    assert ax.yaxis_inverted()


def test_dollar_signs_in_a_text_are_no_formula(model: SpoilerClassifier) -> None:
    ax: Any = plots.feature_weights(model, ["dies $\\frac{$ dies", "dies $\\frac{$"], 400, min_sentences=1)
    ax.figure.canvas.draw()


def test_one_string_in_place_of_sentences_is_refused(model: SpoilerClassifier) -> None:
    with pytest.raises(TypeError, match="pass a list of strings"):
        plots.heaviest_ngrams(model, "The killer dies.")


def test_without_matplotlib_the_command_that_installs_it_is_named(
    monkeypatch: pytest.MonkeyPatch, report: Report
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingExtraError, match=r'pip install "spoilerguard\[plots\]"'):
        plots.reliability(report)
